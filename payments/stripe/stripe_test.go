package stripe_test

import (
	"net/http/httptest"
	"testing"

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
	opts := []stripe.Option{stripe.WithURL(web.URL)}
	if multi {
		opts = append(opts, stripe.WithMulticapture())
	}
	p, err := stripe.New("sk_test_x", opts...)
	if err != nil {
		t.Fatal(err)
	}
	return paymentstest.Harness{
		Provider: p, Currency: "EUR", Approve: "pm_card_visa", Decline: "pm_card_visa_chargeDeclined",
		Challenge: "pm_card_threeDSecure2Required", OneCapture: !multi,
		Voucher: stripeserver.TokenBoleto,
		Decide: func(key string, paid bool) error {
			id, _ := server.ByMetadata(attemptKey, key)
			return server.Decide(id, paid)
		},
		Confirm: func(key string, ok bool) error {
			id, _ := server.ByMetadata(attemptKey, key)
			return server.Confirm(id, ok)
		},
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
