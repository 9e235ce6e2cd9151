package stripe_test

import (
	"context"
	"fmt"
	"iter"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/payments"
	"github.com/keelshop/commerce/payments/stripe"
)

// brokenBy is the environment variable that names the promise which the provider
// under test breaks.
const brokenBy = "COMMERCE_BROKEN_PROMISE"

// broken are providers that break one promise each, by the test that is to
// notice.
var broken = map[string]func(*stripe.Provider) payments.Provider{
	"refund_at_once":                 func(p *stripe.Provider) payments.Provider { return &keyless{Provider: p} },
	"refund_that_is_decided_later":   func(p *stripe.Provider) payments.Provider { return &hasty{p} },
	"refund_that_fails":              func(p *stripe.Provider) payments.Provider { return &hasty{p} },
	"capture_at_once":                func(p *stripe.Provider) payments.Provider { return &keyless{Provider: p} },
	"same_key_for_another_payment":   func(p *stripe.Provider) payments.Provider { return &keyless{Provider: p} },
	"currencies":                     func(p *stripe.Provider) payments.Provider { return &twoDigits{p} },
	"amounts_that_cannot_be_written": func(p *stripe.Provider) payments.Provider { return &rounding{p} },
	"list_by_time":                   func(p *stripe.Provider) payments.Provider { return &listing{Provider: p, whole: true} },
	"list_in_pages":                  func(p *stripe.Provider) payments.Provider { return &listing{Provider: p, most: 100} },
	"list_tells_what_became_of_it":   func(p *stripe.Provider) payments.Provider { return &listing{Provider: p, gross: true} },
	"webhook_that_nobody_signed":     func(p *stripe.Provider) payments.Provider { return &trusting{p} },
	"webhook_that_is_old":            func(p *stripe.Provider) payments.Provider { return &trusting{p} },
	"webhook_about_something_else":   func(p *stripe.Provider) payments.Provider { return &trusting{p} },
}

// TestBrokenPromisesAreCaught: the tests of providers fail for a provider that
// breaks what they test.
func TestBrokenPromisesAreCaught(t *testing.T) {
	for test := range broken {
		t.Run(test, func(t *testing.T) {
			t.Parallel()
			cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestKeepsTheProvidersPromises$/^several_captures$/^"+test+"$")
			cmd.Env = append(os.Environ(), brokenBy+"="+test)
			out, err := cmd.CombinedOutput()
			if err == nil || !strings.Contains(string(out), "--- FAIL: TestKeepsTheProvidersPromises/several_captures/"+test+" ") {
				t.Errorf("it is not noticed: %v\n%s", err, out)
			}
		})
	}
}

// keyless takes each request for a new one.
type keyless struct {
	*stripe.Provider
	n atomic.Int64
}

func (p *keyless) again(key string) string { return fmt.Sprint(key, "/", p.n.Add(1)) }

func (p *keyless) Prepare(ctx context.Context, r payments.PayRequest) (payments.Outcome, error) {
	r.Key = p.again(r.Key)
	return p.Provider.Prepare(ctx, r)
}

func (p *keyless) Pay(ctx context.Context, r payments.PayRequest) (payments.Outcome, error) {
	r.Key = p.again(r.Key)
	return p.Provider.Pay(ctx, r)
}

func (p *keyless) Capture(ctx context.Context, r payments.CaptureRequest) (payments.Outcome, error) {
	r.Key = p.again(r.Key)
	return p.Provider.Capture(ctx, r)
}

func (p *keyless) Refund(ctx context.Context, r payments.RefundRequest) (payments.Outcome, error) {
	r.Key = p.again(r.Key)
	return p.Provider.Refund(ctx, r)
}

// hasty says that a refund is done once it was asked for.
type hasty struct{ *stripe.Provider }

func (p *hasty) Refund(ctx context.Context, r payments.RefundRequest) (payments.Outcome, error) {
	o, err := p.Provider.Refund(ctx, r)
	o.State, o.Amount, o.Decline = payments.Refunded, r.Amount, ""
	return o, err
}

// twoDigits takes every currency for one of two decimals.
type twoDigits struct{ *stripe.Provider }

func (p *twoDigits) Refund(ctx context.Context, r payments.RefundRequest) (payments.Outcome, error) {
	for n := r.Amount.Currency().Digits(); n < 2; n++ {
		r.Amount = money.New(r.Amount.Minor()/10, r.Amount.Currency())
	}
	return p.Provider.Refund(ctx, r)
}

// rounding charges what can be written.
type rounding struct{ *stripe.Provider }

func (p *rounding) Prepare(ctx context.Context, r payments.PayRequest) (payments.Outcome, error) {
	r.Amount = money.New(r.Amount.Minor()/100*100, r.Amount.Currency())
	return p.Provider.Prepare(ctx, r)
}

// listing lists too much, too little, or without what went back.
type listing struct {
	*stripe.Provider
	whole, gross bool
	most         int
}

func (p *listing) List(ctx context.Context, since time.Time) iter.Seq2[payments.Listed, error] {
	if p.whole {
		since = time.Time{}
	}
	n := 0
	return func(yield func(payments.Listed, error) bool) {
		for l, err := range p.Provider.List(ctx, since) {
			if n++; p.most > 0 && n > p.most {
				return
			}
			if p.gross {
				l.Refunded = money.Zero(l.Refunded.Currency())
			}
			if !yield(l, err) {
				return
			}
		}
	}
}

// trusting takes every webhook for signed.
type trusting struct{ *stripe.Provider }

func (p *trusting) Parse(context.Context, payments.WebhookRequest) (payments.Notice, error) {
	return payments.Notice{Event: "evt_1", Kind: "payment_intent.succeeded", Attempt: "pay_1"}, nil
}
