package checkout_test

import (
	"context"
	"iter"
	"testing"
	"time"

	"github.com/keelshop/commerce/checkout"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/orders"
	"github.com/keelshop/commerce/payments"
	"github.com/keelshop/commerce/payments/simulator"
)

func all[T any](s *shop, seq iter.Seq2[T, error]) (out []T) {
	s.Helper()
	for v, err := range seq {
		s.must(err)
		out = append(out, v)
	}
	return out
}

// TestPeopleResolve: a payment whose bank never answers stands in the queue
// after a day, and what somebody found out about it places or cancels the order,
// once, with their name.
func TestPeopleResolve(t *testing.T) {
	for _, c := range []struct {
		token  string
		state  payments.State
		status orders.Status
	}{
		{simulator.TokenLostAnswer, payments.Captured, orders.Placed},
		{simulator.TokenUnreached, payments.Declined, orders.Canceled},
		{simulator.TokenUnreached, payments.Canceled, orders.Canceled},
	} {
		s := newShop(t, 2)
		s.sells("mug", 20)
		r, err := s.buy("mug", 2, c.token)
		s.must(err)
		s.bank.SetFaults(func(simulator.Call) simulator.Fault { return simulator.Unreached })
		if got := all(s, s.payments.Troubles(s.ctx())); len(got) != 0 {
			t.Errorf("at once there are %+v", got)
		}
		s.engine.Advance(25 * time.Hour)
		_ = s.recover()
		got := all(s, s.payments.Troubles(s.ctx()))
		if len(got) != 1 || got[0].Kind != payments.StaysUnknown || got[0].Order != r.ID || got[0].Amount != euro(2*price) {
			t.Fatalf("there are %+v", got)
		}
		how := checkout.Resolve{Payment: got[0].Payment, State: payments.Voided, Reason: "seen in their pages", Reference: "ch_1"}
		_, err = s.checkout.Resolve(s.ctx(), how)
		s.wants(err, fault.Invalid)
		how.State, how.Key = c.state, "once"
		for range 2 {
			if o, err := s.checkout.Resolve(s.ctx(), how); err != nil || o.Status != c.status {
				t.Fatalf("the order is %s, %v; want %s", o.Status, err, c.status)
			}
		}
		how.Key = "twice"
		_, err = s.checkout.Resolve(s.ctx(), how)
		s.wants(err, fault.Refused)
		s.bank.SetFaults(nil)
		s.recovers()
		if got := all(s, s.payments.Troubles(s.ctx())); len(got) != 0 {
			t.Errorf("afterwards there are %+v", got)
		}
		found, err := s.payments.Resolutions(s.ctx(), r.ID)
		if err != nil || len(found) != 1 || found[0].State != c.state || found[0].Reason != how.Reason || found[0].Reference != "ch_1" || found[0].At.IsZero() {
			t.Errorf("got %+v, %v", found, err)
		}
		for _, found := range s.audit() {
			t.Error(found)
		}
	}
}

// TestRefundsThatFailAreQueued: a refund that the bank refuses again and again
// waits for somebody, until it is given back otherwise.
func TestRefundsThatFailAreQueued(t *testing.T) {
	s := newShop(t, 2)
	s.sells("mug", 20)
	r, err := s.buy("mug", 2, "pm_card_refundFail")
	s.must(err)
	s.must(s.orderRefunds(r.ID, 1000))
	for range 8 {
		s.settle()
		s.engine.Advance(30 * time.Hour)
	}
	got := all(s, s.payments.Troubles(s.ctx()))
	if len(got) != 1 || got[0].Kind != payments.RefundFails || got[0].Failed < 3 || got[0].Order != r.ID || got[0].Decline == "" {
		t.Fatalf("there are %+v", got)
	}
	_, err = s.payments.RecordRefund(s.ctx(), payments.RecordRefund{Attempt: got[0].Payment, Reference: "transfer 7", Reason: "the card is closed"})
	s.must(err)
	if got := all(s, s.payments.Troubles(s.ctx())); len(got) != 0 {
		t.Errorf("afterwards there are %+v", got)
	}
}

// TestMoneyInVainIsFound: what the bank holds of a payment that the store took
// for ended is let go by the comparison of the books, and what it goes on
// holding is written down.
func TestMoneyInVainIsFound(t *testing.T) {
	s := newShop(t, 2)
	s.sells("mug", 20)
	r, err := s.complete(checkout.Complete{Cart: s.basket("mug", 2), PayWith: "simulator", Token: challenges, AuthorizeOnly: true})
	s.must(err)
	a := s.attempt(r.ID)
	// Somebody says that nothing came of it, and then the shopper proves it.
	if o, err := s.checkout.Resolve(s.ctx(), checkout.Resolve{Payment: a.ID, State: payments.Canceled, Reason: "they called"}); err != nil || o.Status != orders.Canceled {
		t.Fatalf("got %s, %v", o.Status, err)
	}
	s.must(s.bank.Confirm(string(a.ID), true))
	if c, _ := s.bank.Charge(string(a.ID)); c.Authorized != euro(2*price) || !c.Voided.IsZero() {
		t.Fatalf("the bank has %+v", c)
	}
	got, err := s.checkout.Reconcile(s.ctx(), "simulator", time.Time{})
	if err != nil || got.Learned != 1 {
		t.Errorf("got %+v, %v", got, err)
	}
	s.recovers()
	if c, _ := s.bank.Charge(string(a.ID)); c.Voided != euro(2*price) {
		t.Errorf("the bank still has %+v", c)
	}
	if o := s.order(r.ID); o.Status != orders.Canceled || o.Authorized != o.Voided {
		t.Errorf("the order is %+v", o)
	}

	liar := newMutant(t, 2, mutation{provider: func(p payments.Provider) payments.Provider {
		return &voidlessLister{voidless{p}, p.(payments.Lister)}
	}})
	liar.sells("mug", 5)
	r, err = liar.complete(checkout.Complete{Cart: liar.basket("mug", 2), PayWith: "simulator", Token: approves, AuthorizeOnly: true})
	liar.must(err)
	_, err = liar.orders.Cancel(liar.ctx(), orders.Cancel{Order: r.ID, Reason: "test"})
	liar.must(err)
	liar.settle()
	got, err = liar.checkout.Reconcile(liar.ctx(), "simulator", time.Time{})
	if err != nil || len(got.Open) != 1 || got.Open[0].Kind != payments.StillHeld || got.Open[0].Theirs != euro(2*price) {
		t.Errorf("got %+v, %v", got, err)
	}
	liar.must(liar.payments.Clear(liar.ctx(), payments.Clear{Differs: payments.StillHeld, Provider: "simulator", Payment: got.Open[0].Key, Note: "they let go of it"}))
}

// voidlessLister is a voidless provider that lists its payments.
type voidlessLister struct {
	voidless
	lister payments.Lister
}

func (p *voidlessLister) List(ctx context.Context, since time.Time) iter.Seq2[payments.Listed, error] {
	return p.lister.List(ctx, since)
}

// TestAVoidSaysNothingOfItsPayment: that a bank has not let go of a payment which
// nobody knows the outcome of does not say that it was declined.
func TestAVoidSaysNothingOfItsPayment(t *testing.T) {
	s := newShop(t, 2)
	o := s.changed(approves)
	paid, err := s.checkout.Pay(s.ctx(), checkout.Pay{Order: o.ID, Tender: byCard(challenges)})
	s.must(err)
	_, err = s.orders.Cancel(s.ctx(), orders.Cancel{Order: o.ID, Reason: "test"})
	s.must(err)
	s.bank.SetFaults(func(simulator.Call) simulator.Fault { return simulator.Unreached })
	_ = s.payments.Settle(s.ctx(), o.ID)
	how := checkout.Resolve{Payment: paid.Payment.ID, Operation: 1, State: payments.Declined, Reason: "seen in their pages"}
	_, err = s.checkout.Resolve(s.ctx(), how)
	s.wants(err, fault.Refused)
	if a, err := s.payments.Get(s.ctx(), paid.Payment.ID); err != nil || a.State.Settled() {
		t.Errorf("the payment is %s, %v", a.State, err)
	}
	s.bank.SetFaults(nil)
	s.must(s.bank.Confirm(string(paid.Payment.ID), true))
	how.Operation, how.State = 0, payments.Captured
	_, err = s.checkout.Resolve(s.ctx(), how)
	s.must(err)
	s.recovers()
	if got := s.order(o.ID); got.Captured != euro(3*price) || got.Refunded != got.Captured {
		t.Errorf("the order has %v and gave back %v", got.Captured, got.Refunded)
	}
	for _, found := range s.audit() {
		t.Error(found)
	}
}
