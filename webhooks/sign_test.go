package webhooks_test

import (
	"errors"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/keelshop/commerce/endpoints"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/webhooks"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

const (
	first  = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	second = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
)

func signed(t *testing.T, secret string, at time.Time, body string) http.Header {
	t.Helper()
	key, err := standardwebhooks.NewWebhook(secret)
	if err != nil {
		t.Fatal(err)
	}
	signature, err := key.Sign("evt_1", at, []byte(body))
	if err != nil {
		t.Fatal(err)
	}
	h := http.Header{}
	h.Set("webhook-id", "evt_1")
	h.Set("webhook-timestamp", strconv.FormatInt(at.Unix(), 10))
	h.Set("webhook-signature", signature)
	return h
}

func TestVerify(t *testing.T) {
	now := time.Now()
	good := signed(t, first, now, `{"a":1}`)
	change := func(key, value string) http.Header {
		h := good.Clone()
		h.Set(key, value)
		return h
	}
	for name, test := range map[string]struct {
		header  http.Header
		body    string
		secrets []string
		want    fault.Code
	}{
		"as it came":        {good, `{"a":1}`, []string{first}, 0},
		"either secret":     {good, `{"a":1}`, []string{second, first}, 0},
		"either signature":  {change("webhook-signature", "v1,AAAA v1a,x "+good.Get("webhook-signature")), `{"a":1}`, []string{first}, 0},
		"another secret":    {good, `{"a":1}`, []string{second}, fault.Denied},
		"another body":      {good, `{"a":2}`, []string{first}, fault.Denied},
		"written anew":      {good, `{"a": 1}`, []string{first}, fault.Denied},
		"another id":        {change("webhook-id", "evt_2"), `{"a":1}`, []string{first}, fault.Denied},
		"another time":      {change("webhook-timestamp", strconv.FormatInt(now.Unix()+1, 10)), `{"a":1}`, []string{first}, fault.Denied},
		"no time":           {change("webhook-timestamp", "now"), `{"a":1}`, []string{first}, fault.Denied},
		"no signature":      {change("webhook-signature", ""), `{"a":1}`, []string{first}, fault.Denied},
		"half a signature":  {change("webhook-signature", "v1,"), `{"a":1}`, []string{first}, fault.Denied},
		"another version":   {change("webhook-signature", "v2"+good.Get("webhook-signature")[2:]), `{"a":1}`, []string{first}, fault.Denied},
		"an old one":        {signed(t, first, now.Add(-6*time.Minute), `{}`), `{}`, []string{first}, fault.Denied},
		"one to come":       {signed(t, first, now.Add(6*time.Minute), `{}`), `{}`, []string{first}, fault.Denied},
		"no headers":        {http.Header{}, `{}`, []string{first}, fault.Denied},
		"no secret":         {good, `{"a":1}`, nil, fault.Invalid},
		"an empty secret":   {good, `{"a":1}`, []string{""}, fault.Invalid},
		"a secret too weak": {good, `{"a":1}`, []string{"whsec_AAAA"}, fault.Invalid},
		"no base64":         {good, `{"a":1}`, []string{"whsec_!"}, fault.Invalid},
	} {
		if err := webhooks.Verify(test.header, []byte(test.body), test.secrets...); fault.CodeOf(err) != test.want {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// The vector is the standard's own: secret, ID, time, body and signature.
func TestSignatureIsTheStandardOne(t *testing.T) {
	key, err := standardwebhooks.NewWebhook(first)
	if err != nil {
		t.Fatal(err)
	}
	got, err := key.Sign("msg_p5jXN8AQM9LWM0D4loKWxJek", time.Unix(1614265330, 0), []byte(`{"test": 2432232314}`))
	if want := "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="; err != nil || got != want {
		t.Errorf("got %s, %v, want %s", got, err, want)
	}
}

// A secret that ends while a queue runs does not sign any more.
func TestSecretsEnd(t *testing.T) {
	now := time.Now()
	h := http.Header{}
	secrets := []endpoints.Secret{{Text: first}, {Text: second, ExpiresAt: now.Add(time.Second)}}
	for at, want := range map[time.Time]fault.Code{now: 0, now.Add(time.Second): fault.Denied} {
		if err := webhooks.Sign(h, "evt_1", at, []byte(`{}`), secrets); err != nil {
			t.Fatal(err)
		}
		if err := webhooks.Verify(h, []byte(`{}`), first); err != nil {
			t.Error(err)
		}
		if err := webhooks.Verify(h, []byte(`{}`), second); fault.CodeOf(err) != want {
			t.Errorf("got %v", err)
		}
	}
}

func FuzzVerify(f *testing.F) {
	f.Add("evt_1", "1614265330", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", []byte(`{}`))
	f.Fuzz(func(t *testing.T, id, at, signature string, body []byte) {
		h := http.Header{"Webhook-Id": {id}, "Webhook-Timestamp": {at}, "Webhook-Signature": {signature}}
		if err := webhooks.Verify(h, body, first); !errors.Is(err, fault.Denied) {
			t.Errorf("got %v", err)
		}
	})
}
