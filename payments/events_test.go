package payments_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/keelshop/commerce/payments"
	"github.com/keelshop/commerce/payments/simulator"
)

// told returns the moments of a payment as "kind amount at".
func (s *shop) told(it sale) (out []string) {
	s.t.Helper()
	all, err := s.pay.Moments(s.ctx, it.order)
	s.must(err)
	begun := s.attempt(it).CreatedAt
	for _, m := range all {
		out = append(out, fmt.Sprintf("%s %v %v", m.Kind, m.Amount, m.At.Sub(begun)))
	}
	return out
}

// TestPaymentsTellAllThatBecameOfThem: each step of a payment has its time and
// its money, however much comes after it, and the same news twice is none.
func TestPaymentsTellAllThatBecameOfThem(t *testing.T) {
	s := newShop(t)
	it := s.begin("pm_card_threeDSecure2Required", false)
	if got := s.told(it); !slices.Equal(got, []string{"payment.created 12.50 EUR 0s"}) {
		t.Errorf("before anything is heard: %q", got)
	}
	s.finish(it, payments.Outcome{State: payments.Unknown})
	s.engine.Advance(time.Minute)
	s.ask(it)
	s.engine.Advance(time.Minute)
	s.must(s.bank.Confirm(string(it.pay), true))
	for range 2 {
		s.ask(it)
	}
	for n, minor := range []int64{1000, 150} {
		s.engine.Advance(time.Hour)
		_, err := s.pay.Capture(s.ctx, payments.Capture{Attempt: it.pay, Amount: eur(minor), Final: n == 1})
		s.must(err)
	}
	s.engine.Advance(time.Hour)
	_, err := s.pay.Refund(s.ctx, payments.Refund{Order: it.order, Amount: eur(50), Reason: "a scratch"})
	s.must(err)
	s.finish(it, payments.Outcome{State: payments.Authorized}) // old news
	if got, want := s.told(it), []string{
		"payment.unknown 12.50 EUR 0s", "payment.needs_action 12.50 EUR 1m0s", "payment.authorized 12.50 EUR 2m0s",
		"payment.captured 10.00 EUR 1h2m0s", "payment.captured 1.50 EUR 2h2m0s", "payment.refund_succeeded 0.50 EUR 3h2m0s",
	}; !slices.Equal(got, want) {
		t.Errorf("told is\n%q, want\n%q", got, want)
	}
	if a := s.attempt(it); a.Authorized != eur(total) || a.Captured != eur(1150) || a.Voided != eur(100) || a.Refunded != eur(50) {
		t.Errorf("the payment is %+v", a)
	}

	late := s.begin(simulator.TokenPending, false)
	s.ask(late)
	s.must(s.bank.Decide(string(late.pay), true))
	s.ask(late)
	s.finish(late, payments.Outcome{State: payments.Voided})
	s.finish(late, payments.Outcome{State: payments.Captured}) // it was taken after all
	if a := s.attempt(late); a.Captured != eur(total) || !a.Voided.IsZero() {
		t.Errorf("the payment is %+v", a)
	}
	if got, want := s.told(late), []string{
		"payment.pending 12.50 EUR 0s", "payment.authorized 12.50 EUR 0s", "payment.voided 12.50 EUR 0s", "payment.captured 12.50 EUR 0s",
	}; !slices.Equal(got, want) {
		t.Errorf("told is\n%q, want\n%q", got, want)
	}
}

// texts returns what is said to the moments of a kind.
func (s *shop) texts(it sale, kind string) (out []string) {
	s.t.Helper()
	all, err := s.pay.Moments(s.ctx, it.order)
	s.must(err)
	for _, m := range all {
		if m.Kind == kind {
			out = append(out, m.Text)
		}
	}
	return out
}

// A payment that was declined and then came after all keeps why it was declined.
func TestARefusalKeepsItsReason(t *testing.T) {
	s := newShop(t)
	it := s.begin("pm_card_visa", false)
	s.finish(it, payments.Outcome{State: payments.Declined, Decline: payments.DeclineInsufficientFunds})
	s.finish(it, payments.Outcome{State: payments.Captured})
	if got := s.texts(it, "payment.declined"); !slices.Equal(got, []string{"simulator: insufficient_funds"}) {
		t.Errorf("it was declined for %q", got)
	}
	if a := s.attempt(it); a.Decline != "" || a.Captured != eur(total) {
		t.Errorf("the payment is %+v", a)
	}
}

// What a provider lets go without being asked is told, and what it was asked to
// let go is told once.
func TestWhatAProviderLetsGoIsTold(t *testing.T) {
	s := newShop(t)
	by := s.begin("pm_card_visa", false)
	s.finish(by, payments.Outcome{State: payments.Authorized})
	s.engine.Advance(time.Minute)
	s.finish(by, payments.Outcome{State: payments.Captured, Amount: eur(1000), Final: true}) // it says so of itself
	late := s.begin("pm_card_visa", false)
	s.finish(late, payments.Outcome{State: payments.Authorized})
	s.finish(late, payments.Outcome{State: payments.Captured, Amount: eur(200)})
	s.engine.Advance(time.Hour)
	s.finish(late, payments.Outcome{State: payments.Voided}) // what is left of it has run out
	asked := s.begin("pm_card_visa", false)
	s.ask(asked)
	s.engine.Advance(time.Minute)
	_, err := s.pay.Capture(s.ctx, payments.Capture{Attempt: asked.pay, Amount: eur(1000)})
	s.must(err)
	_, err = s.pay.Void(s.ctx, payments.Void{Attempt: asked.pay})
	s.must(err)
	for _, c := range []struct {
		name string
		it   sale
		want []string
	}{
		{"a capture that is final", by, []string{"payment.authorized 12.50 EUR 0s", "payment.captured 10.00 EUR 1m0s", "payment.voided 2.50 EUR 1m0s"}},
		{"one that ran out", late, []string{"payment.authorized 12.50 EUR 0s", "payment.captured 2.00 EUR 0s", "payment.voided 10.50 EUR 1h0m0s"}},
		{"one that was let go", asked, []string{"payment.authorized 12.50 EUR 0s", "payment.captured 10.00 EUR 1m0s", "payment.void_succeeded 2.50 EUR 1m0s"}},
	} {
		if got := s.told(c.it); !slices.Equal(got, c.want) {
			t.Errorf("%s: told is\n%q, want\n%q", c.name, got, c.want)
		}
	}
}
