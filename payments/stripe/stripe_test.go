package stripe_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/payments"
	"github.com/keelshop/commerce/payments/paymentstest"
	"github.com/keelshop/commerce/payments/simulator"
	"github.com/keelshop/commerce/payments/simulator/stripeserver"
	"github.com/keelshop/commerce/payments/stripe"
)

// attemptKey is the metadata under which the provider keeps the store's key.
const attemptKey = "commerce_attempt"

func harness(t *testing.T, multi bool) paymentstest.Harness {
	server := stripeserver.New(simulator.New())
	web := httptest.NewServer(server)
	t.Cleanup(web.Close)
	opts := []stripe.Option{stripe.WithURL(web.URL), stripe.WithWebhookSecrets("whsec_old", secret)}
	if multi {
		opts = append(opts, stripe.WithMulticapture())
	}
	p, err := stripe.New("sk_test_x", opts...)
	if err != nil {
		t.Fatal(err)
	}
	var provider payments.Provider = p
	if breaks := broken[os.Getenv(brokenBy)]; breaks != nil {
		provider = breaks(p)
	}
	return paymentstest.Harness{
		Provider: provider, Currency: "EUR", Approve: "pm_card_visa", Decline: "pm_card_visa_chargeDeclined",
		Challenge: "pm_card_threeDSecure2Required", OneCapture: !multi,
		Voucher: stripeserver.TokenBoleto, PendingRefund: "pm_card_pendingRefund", FailedRefund: "pm_card_refundFail",
		DecideRefund: func(_, _, id string, ok bool) error { return server.DecideRefund(id, ok) },
		Currencies:   []money.Currency{"JPY", "KWD", "ISK", "UGX", "MGA", "CLF"},
		SetClock:     func(now time.Time) { server.SetClock(func() time.Time { return now }) },
		Event:        event,
		Sign: func(body []byte, at time.Time, forged bool) map[string][]string {
			with := secret
			if forged {
				with = "whsec_of_somebody_else"
			}
			return map[string][]string{"Stripe-Signature": {stripeserver.Sign(body, at.Unix(), with)}}
		},
		Decide: func(key string, paid bool) error {
			id, _ := server.ByMetadata(attemptKey, key)
			return server.Decide(id, paid)
		},
		Browser: func(key, token string) error {
			id, _ := server.ByMetadata(attemptKey, key)
			return browser(server, id, token)
		},
		Confirm: func(key string, ok bool) error {
			id, _ := server.ByMetadata(attemptKey, key)
			return server.Confirm(id, ok)
		},
	}
}

// event is one of Stripe's, of a PaymentIntent, or of an account.
func event(id, kind, key string) []byte {
	if kind == "" {
		kind = "payment_intent.succeeded"
	}
	of := map[string]any{"id": "pi_1", "object": "payment_intent", "metadata": map[string]string{attemptKey: key}}
	if key == "" {
		of = map[string]any{"id": "acct_1", "object": "account"}
	}
	body, err := json.Marshal(map[string]any{"id": id, "object": "event", "type": kind, "data": map[string]any{"object": of}})
	if err != nil {
		panic(err)
	}
	return body
}

// browser confirms a PaymentIntent as Stripe's script does, with a card.
func browser(server http.Handler, intent, card string) error {
	r := httptest.NewRequest(http.MethodPost, "/v1/payment_intents/"+intent+"/confirm",
		strings.NewReader(url.Values{"payment_method": {card}, "client_secret": {intent + "_secret"}}.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Authorization", "Bearer pk_test_x")
	w := httptest.NewRecorder()
	if server.ServeHTTP(w, r); w.Code != http.StatusOK {
		return fmt.Errorf("the server answered %d: %s", w.Code, w.Body)
	}
	return nil
}

// A browser confirms what it has the secret of, and does nothing else.
func TestBrowserNeedsTheSecret(t *testing.T) {
	server := stripeserver.New(simulator.New())
	ask := func(method, path, key, form string) int {
		r := httptest.NewRequest(method, path, strings.NewReader(form))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Authorization", "Bearer "+key)
		w := httptest.NewRecorder()
		server.ServeHTTP(w, r)
		return w.Code
	}
	if got := ask("POST", "/v1/payment_intents", "sk_test_x", "amount=500&currency=eur"); got != 200 {
		t.Fatalf("making a payment: %d", got)
	}
	const intent = "/v1/payment_intents/pi_sim000001"
	for _, c := range []struct {
		method, path, form string
		want               int
	}{
		{"POST", "/v1/payment_intents", "amount=500&currency=eur&client_secret=_secret", 401},
		{"GET", "/v1/payment_intents", "", 401},
		{"POST", intent + "/cancel", "client_secret=pi_sim000001_secret", 401},
		{"POST", intent + "/confirm", "payment_method=pm_card_visa", 401},
		{"POST", intent + "/confirm", "payment_method=pm_card_visa&client_secret=pi_sim000002_secret", 401},
		{"GET", intent + "?client_secret=pi_sim000001_secret", "", 200},
		{"POST", intent + "/confirm", "payment_method=pm_card_visa&client_secret=pi_sim000001_secret", 200},
	} {
		if got := ask(c.method, c.path, "pk_test_x", c.form); got != c.want {
			t.Errorf("%s %s with %s: %d, want %d", c.method, c.path, c.form, got, c.want)
		}
	}
}

func TestKeepsTheProvidersPromises(t *testing.T) {
	t.Run("one capture", func(t *testing.T) {
		paymentstest.Run(t, func(t *testing.T) paymentstest.Harness { return harness(t, false) })
	})
	t.Run("several captures", func(t *testing.T) {
		paymentstest.Run(t, func(t *testing.T) paymentstest.Harness { return harness(t, true) })
	})
}
