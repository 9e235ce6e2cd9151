package stripe_test

import (
	"cmp"
	"fmt"
	"testing"
	"time"

	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/checkout"
	"github.com/keelshop/commerce/commercetest"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/orders"
	"github.com/keelshop/commerce/payments"
	"github.com/keelshop/commerce/payments/simulator/stripeserver"
	"github.com/keelshop/commerce/payments/stripe"
)

// TestAnUnreliableStripe: one request of eight is turned away, and one of
// seventeen fails after it was done, with an answer that it gets again however often it
// asks.
// In the end everybody has what they paid for or their money, once.
func TestAnUnreliableStripe(t *testing.T) {
	t.Parallel() // it waits most of the time
	clock := commercetest.NewClock()
	s := open(t, clock.Option())
	s.server.Disturb(3, stripeserver.Trouble{Unavailable: 6, Limited: 3, Busy: 3, Broken: 6})
	tokens := []string{"pm_card_visa", "pm_card_visa", "pm_card_visa", "pm_card_chargeDeclined"}
	const tries = 30
	placed := 0
	for i := range tries {
		basket, err := s.Carts.AddLine(t.Context(), cart.AddLine{SKU: "mug", Quantity: 2})
		s.must(basket, err)
		buy := checkout.Complete{Cart: basket.ID, PayWith: stripe.Name, Token: tokens[i%len(tokens)], AuthorizeOnly: i%3 == 0, Key: fmt.Sprint("buy ", i)}
		for range 2 {
			_, _ = s.Checkout.Complete(t.Context(), buy) // some fail, and are known to have or not
		}
	}
	all := func(do func(orders.Order)) {
		for o, err := range s.Orders.All(t.Context(), orders.Filter{}) {
			s.must(o, err)
			do(o)
		}
	}
	all(func(o orders.Order) { // some of which fails
		clock.Advance(time.Hour)
		_ = s.Checkout.Recover(t.Context(), string(o.ID))
	})
	all(func(o orders.Order) {
		if o.Status == orders.Placed && o.PaymentStatus == orders.Authorized {
			_, _ = s.Payments.Capture(t.Context(), payments.Capture{Attempt: payments.ID(s.attempt(o.ID)), Key: "capture " + string(o.ID)})
		}
	})
	all(func(o orders.Order) {
		if o.Status == orders.Placed && o.Captured.Minor() > 0 {
			_, _ = s.Payments.Refund(t.Context(), payments.Refund{Order: o.ID, Amount: money.New(1000, "EUR"), Reason: "a scratch", Key: "refund " + string(o.ID)})
		}
	})
	s.server.Disturb(0, stripeserver.Trouble{})
	began := time.Now()
	for due := true; due; { // until every answer is known
		if time.Since(began) > 2*time.Minute {
			t.Fatal("some answers do not become known")
		}
		clock.Advance(time.Minute)
		due = false
		all(func(o orders.Order) {
			err := cmp.Or(s.Checkout.Recover(t.Context(), string(o.ID)), s.Payments.Settle(t.Context(), o.ID))
			if err != nil && !fault.Retryable(err) {
				t.Fatalf("looking after order %s: %v", o.ID, err)
			}
			due = due || err != nil || o.Status == orders.Pending
		})
		if due {
			<-time.After(50 * time.Millisecond) // the breaker's time is not the clock's
		}
	}
	owner, kept := map[string]orders.ID{}, map[orders.ID]int64{}
	all(func(o orders.Order) {
		attempts, err := s.Payments.ByOrder(t.Context(), o.ID)
		s.must(attempts, err)
		for _, a := range attempts {
			owner[a.ProviderID] = o.ID
		}
	})
	for _, c := range s.bank.Charges() {
		kept[owner[c.Key]] += c.Captured.Minor() - c.Refunded.Minor()
	}
	if lost := kept[""]; lost != 0 {
		t.Errorf("the bank keeps %d of payments that no order knows", lost)
	}
	made := 0
	all(func(o orders.Order) {
		made++
		want := int64(0)
		if o.Status == orders.Placed {
			placed++
			want = o.Captured.Minor() - o.Refunded.Minor()
		}
		if o.Status == orders.Pending || kept[o.ID] != want || o.Captured.Minor() > 2500 || o.Refunded.Minor() > 1000 {
			t.Errorf("order %s is %s, captured %v, refunded %v, and the bank keeps %d", o.ID, o.Status, o.Captured, o.Refunded, kept[o.ID])
		}
	})
	// While Stripe is left alone for having failed too often, nothing is begun.
	if made == 0 || placed == 0 || s.server.Failed() == 0 {
		t.Errorf("%d orders of %d tries, %d placed, %d requests failed", made, tries, placed, s.server.Failed())
	}
}
