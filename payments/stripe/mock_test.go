package stripe_test

import (
	"bufio"
	"context"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/payments"
	"github.com/keelshop/commerce/payments/stripe"
)

// TestStripesOwnMockTakesTheRequests sends every kind of request to
// stripe-mock, which checks them against Stripe's OpenAPI description and
// answers with examples. What the examples say is not looked at: that the
// requests are right is.
func TestStripesOwnMockTakesTheRequests(t *testing.T) {
	url, seen := startMock(t), &statuses{}
	p, err := stripe.New("sk_test_123", stripe.WithURL(url), stripe.WithReturnURL("https://shop.example/back"), stripe.WithMulticapture(),
		stripe.WithHTTPClient(&http.Client{Transport: seen}))
	if err != nil {
		t.Fatal(err)
	}
	const key, intent = "pay_01KAJ3W7Q8Z5D4F6G7H8J9K0M1", "pi_1Example"
	price := money.New(1250, "EUR")
	ask := payments.PayRequest{Key: key, Order: "ord_1", Token: "pm_card_visa", Amount: price, ProviderID: intent}
	for _, c := range []struct {
		name string
		ask  func(context.Context) (payments.Outcome, error)
	}{
		{"prepare", func(ctx context.Context) (payments.Outcome, error) { return p.Prepare(ctx, ask) }},
		{"prepare for later capture", func(ctx context.Context) (payments.Outcome, error) {
			later := ask
			later.AutoCapture = true
			return p.Prepare(ctx, later)
		}},
		{"pay", func(ctx context.Context) (payments.Outcome, error) { return p.Pay(ctx, ask) }},
		{"capture", func(ctx context.Context) (payments.Outcome, error) {
			return p.Capture(ctx, payments.CaptureRequest{Key: key + "/1", PaymentKey: key, ProviderID: intent, Amount: price, Total: price})
		}},
		{"void", func(ctx context.Context) (payments.Outcome, error) {
			return p.Void(ctx, payments.VoidRequest{Key: key + "/2", PaymentKey: key, ProviderID: intent})
		}},
		{"refund", func(ctx context.Context) (payments.Outcome, error) {
			return p.Refund(ctx, payments.RefundRequest{Key: key + "/3", PaymentKey: key, ProviderID: intent, Amount: price, Reason: "test"})
		}},
		{"retrieve", func(ctx context.Context) (payments.Outcome, error) {
			return p.Retrieve(ctx, payments.LookupRequest{Of: payments.KindPayment, Key: key, PaymentKey: key, PaymentID: intent})
		}},
		{"retrieve a refund", func(ctx context.Context) (payments.Outcome, error) {
			return p.Retrieve(ctx, payments.LookupRequest{Of: payments.KindRefund, Key: key + "/3", ProviderID: "re_1", PaymentKey: key, PaymentID: intent})
		}},
		{"search a refund", func(ctx context.Context) (payments.Outcome, error) {
			return p.Retrieve(ctx, payments.LookupRequest{Of: payments.KindRefund, Key: key + "/3", PaymentKey: key, PaymentID: intent})
		}},
		{"pay with a kept method", func(ctx context.Context) (payments.Outcome, error) {
			kept := ask
			kept.Key, kept.Customer = key+"k", "cus_1"
			return p.Prepare(ctx, kept)
		}},
		{"keep a method", func(ctx context.Context) (payments.Outcome, error) {
			_, err := p.SaveMethod(ctx, payments.SaveRequest{Key: "pmt_1", Owner: "cus_01", Token: "pm_card_visa"})
			return payments.Outcome{}, err
		}},
		{"list", func(ctx context.Context) (payments.Outcome, error) {
			for _, err := range p.List(ctx, time.Now().Add(-time.Hour)) {
				if err != nil {
					return payments.Outcome{}, err
				}
			}
			return payments.Outcome{}, nil
		}},
		{"forget a method", func(ctx context.Context) (payments.Outcome, error) {
			return payments.Outcome{}, p.ForgetMethod(ctx, payments.ForgetRequest{Key: "pmt_1/forget", Customer: "cus_1", Method: "pm_1"})
		}},
	} {
		seen.all = nil
		o, err := c.ask(t.Context())
		if err != nil || len(seen.all) == 0 {
			t.Errorf("%s: %+v, %v after %d requests", c.name, o, err, len(seen.all))
		}
		for _, answer := range seen.all {
			if !strings.HasPrefix(answer, "200 ") {
				t.Errorf("%s: %s", c.name, answer)
			}
		}
	}
	// The mock does check.
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/v1/refunds", strings.NewReader("payment_intnt=pi_1"))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer sk_test_123")
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusBadRequest {
		t.Errorf("a misspelt parameter was answered with %s", answer.Status)
	}
}

// statuses is a transport that remembers the answers.
type statuses struct{ all []string }

func (s *statuses) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := http.DefaultTransport.RoundTrip(r)
	if err == nil {
		s.all = append(s.all, answer.Status+" to "+r.Method+" "+r.URL.Path)
	}
	return answer, err
}

// noProxy is what the go command says when modules can be had from nowhere.
var noProxy = regexp.MustCompile(`GOPROXY=off|dial tcp|proxyconnect|no such host|i/o timeout|TLS handshake timeout|connection refused|network is unreachable`)

// startMock builds stripe-mock, as tools/go.mod pins it, and runs it on a free
// port. It returns its address.
func startMock(t *testing.T) string {
	if testing.Short() {
		t.Skip("stripe-mock is not built in short mode")
	}
	bin := filepath.Join(t.TempDir(), "stripe-mock")
	build := exec.CommandContext(t.Context(), "go", "build", "-modfile=../../tools/go.mod", "-o", bin, "github.com/stripe/stripe-mock")
	build.Env = append(os.Environ(), "GOFLAGS=-mod=mod")
	if out, err := build.CombinedOutput(); err != nil && noProxy.Match(out) {
		t.Skipf("the requests were NOT checked against stripe-mock: it is not in the module cache, and no module proxy can be reached: %v\n%s", err, out)
	} else if err != nil {
		t.Fatalf("stripe-mock, which checks the requests, was not built: %v\n%s", err, out)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	cmd := exec.CommandContext(ctx, bin, "-http-addr", "127.0.0.1:0")
	t.Cleanup(func() {
		cancel()
		_ = cmd.Wait() // it was killed
	})
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = cmd.Stdout
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	listening := regexp.MustCompile(`Listening for HTTP at address: (\S+)`)
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if m := listening.FindStringSubmatch(lines.Text()); m != nil {
			return "http://" + m[1]
		}
	}
	t.Fatal("stripe-mock did not start")
	return ""
}
