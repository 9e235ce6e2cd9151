package checkout_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"testing"
	"time"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/orders"
	"github.com/keelshop/commerce/payments"
	"github.com/keelshop/commerce/payments/simulator"
)

// forgetful is a bank that leaves payments out of its list, or does not find
// one that it is asked for.
type forgetful struct {
	*simulator.Simulator
	hides func(payments.Listed) bool
	lost  string // the key of the payment that it does not find
	// lists, unless nil, is what happens before it lists, and edits what it does
	// to each line.
	lists func()
	edits func(*payments.Listed)
	// since, unless nil, says what is in a list since a time.
	since func(payments.Listed, time.Time) bool
}

// newForgetful returns a shop with such a bank.
func newForgetful(t *testing.T) (*shop, *forgetful) {
	var bank *forgetful
	s := newMutant(t, 2, mutation{provider: func(p payments.Provider) payments.Provider {
		bank = &forgetful{Simulator: p.(*simulator.Simulator)}
		return bank
	}})
	return s, bank
}

func (f *forgetful) Retrieve(ctx context.Context, r payments.LookupRequest) (payments.Outcome, error) {
	if r.Key == f.lost {
		return payments.Outcome{}, errors.New("the archive is closed")
	}
	return f.Simulator.Retrieve(ctx, r)
}

func (f *forgetful) List(ctx context.Context, since time.Time) iter.Seq2[payments.Listed, error] {
	return func(yield func(payments.Listed, error) bool) {
		if f.lists != nil {
			f.lists()
		}
		for l, err := range f.Simulator.List(ctx, since) {
			if f.edits != nil {
				f.edits(&l)
			}
			if f.since != nil && !f.since(l, since) {
				continue
			}
			if (f.hides == nil || !f.hides(l)) && !yield(l, err) {
				return
			}
		}
	}
}

func (s *shop) reconciles(want ...payments.DiscrepancyKind) []payments.Discrepancy {
	s.Helper()
	r, err := s.checkout.Reconcile(s.ctx(), "simulator", s.engine.Now().Add(-72*time.Hour))
	s.must(err)
	if len(r.Open) != len(want) {
		s.Fatalf("found %+v, want %v", r.Open, want)
	}
	for i, d := range r.Open {
		if d.Kind != want[i] {
			s.Errorf("found %+v, want %s", d, want[i])
		}
	}
	return r.Open
}

// open returns what nobody has looked at.
func (s *shop) open() (out []payments.Discrepancy) {
	s.Helper()
	for d, err := range s.payments.Discrepancies(s.ctx(), false) {
		s.must(err)
		out = append(out, d)
	}
	return out
}

// TestReconcileLearns: what only the bank knows is taken in.
func TestReconcileLearns(t *testing.T) {
	s := newShop(t, 2)
	s.sells("mug", 5)
	lost, err := s.buy("mug", 1, simulator.TokenLostAnswer)
	s.must(err)
	slow, err := s.buy("mug", 1, simulator.TokenPending)
	s.must(err)
	s.must(s.bank.Decide(string(s.attempt(slow.ID).ID), true))
	s.reconciles()
	for _, o := range []orders.ID{lost.ID, slow.ID} {
		if got := s.order(o); got.Status != orders.Placed || got.Captured != euro(price) {
			t.Errorf("order %s is %s, captured %v", o, got.Status, got.Captured)
		}
	}
	s.reconciles()
}

// TestReconcileFreezes: an amount that differs whoever is asked is written down
// once, and keeps the order's money where it is until somebody has looked.
func TestReconcileFreezes(t *testing.T) {
	s := newShop(t, 2)
	s.sells("mug", 5)
	r, err := s.buy("mug", 2, approves)
	s.must(err)
	a := s.attempt(r.ID)
	_, err = s.bank.Refund(s.ctx(), payments.RefundRequest{Key: "dashboard", PaymentKey: string(a.ID), Amount: euro(300)})
	s.must(err)
	for range 2 {
		found := s.reconciles(payments.AmountDiffers)
		if d := found[0]; d.Key != string(a.ID) || d.Order != r.ID || d.Ours != euro(2*price) || d.Theirs != euro(2*price-300) {
			t.Errorf("found %+v", d)
		}
	}
	if got := s.open(); len(got) != 1 || got[0].FoundAt.IsZero() {
		t.Errorf("written down are %+v", got)
	}
	_, err = s.payments.Refund(s.ctx(), payments.Refund{Order: r.ID, Amount: euro(500)})
	s.must(err)
	s.engine.Advance(24 * time.Hour)
	s.settle()
	if c, _ := s.bank.Charge(string(a.ID)); c.Refunded != euro(300) {
		t.Errorf("the money moved: the bank gave back %v", c.Refunded)
	}
	clear := payments.Clear{Differs: payments.AmountDiffers, Provider: "simulator", Payment: string(a.ID)}
	s.wants(s.payments.Clear(s.ctx(), clear), fault.Invalid)
	clear.Note = "refunded by hand at the bank, for the same reason"
	s.must(s.payments.Clear(s.ctx(), clear))
	s.engine.Advance(2 * time.Hour)
	s.settle()
	if c, _ := s.bank.Charge(string(a.ID)); c.Refunded != euro(800) {
		t.Errorf("after a look the bank gave back %v", c.Refunded)
	}
	if got := s.open(); len(got) != 0 {
		t.Errorf("still open are %+v", got)
	}
	clear.Payment = "pay_1"
	s.wants(s.payments.Clear(s.ctx(), clear), fault.NotFound)
}

// refundsAtTheBank gives money of an order back past the shop.
func (s *shop) refundsAtTheBank(o orders.ID, key string, minor int64) {
	s.Helper()
	_, err := s.bank.Refund(s.ctx(), payments.RefundRequest{Key: key, PaymentKey: string(s.attempt(o).ID), Amount: euro(minor)})
	s.must(err)
}

// TestReconcileGoesOn: an order that cannot be looked up does not keep others
// from being reported.
func TestReconcileGoesOn(t *testing.T) {
	s, bank := newForgetful(t)
	s.sells("mug", 5)
	var bought []orders.ID
	for i := range 3 {
		r, err := s.buy("mug", 1, approves)
		s.must(err)
		s.refundsAtTheBank(r.ID, fmt.Sprint("dashboard ", i), 300)
		bought = append(bought, r.ID)
	}
	bank.lost = string(s.attempt(bought[1]).ID)
	_, err := s.checkout.Reconcile(s.ctx(), "simulator", time.Time{})
	if err == nil || !strings.Contains(err.Error(), string(bought[1])) {
		t.Errorf("nothing is said of the order that was not found: %v", err)
	}
	reported := map[orders.ID]bool{}
	for _, d := range s.open() {
		reported[d.Order] = true
	}
	if !reported[bought[0]] || !reported[bought[2]] {
		t.Errorf("written down are %v of %v", reported, bought)
	}
}

// TestReconcileLooksTwice: an order that was not looked up again is not frozen.
func TestReconcileLooksTwice(t *testing.T) {
	s, bank := newForgetful(t)
	s.sells("mug", 5)
	odd, err := s.buy("mug", 1, approves)
	s.must(err)
	healthy, err := s.buy("mug", 1, approves)
	s.must(err)
	s.refundsAtTheBank(odd.ID, "dashboard", 300)
	times := 0
	bank.lists = func() {
		if times++; times == 2 {
			s.refundsAtTheBank(healthy.ID, "meanwhile", 300)
		}
	}
	if found := s.reconciles(payments.AmountDiffers); found[0].Order != odd.ID {
		t.Errorf("found %+v", found[0])
	}
	s.reconciles(payments.AmountDiffers, payments.AmountDiffers)
}

// TestReconcileWaits: money that is on its way back is not yet a difference,
// though the bank counts it as gone.
func TestReconcileWaits(t *testing.T) {
	s, bank := newForgetful(t)
	s.sells("mug", 5)
	r, err := s.buy("mug", 1, "pm_card_pendingRefund")
	s.must(err)
	_, err = s.payments.Refund(s.ctx(), payments.Refund{Order: r.ID, Amount: euro(300)})
	s.must(err)
	s.settle()
	all, err := s.payments.Operations(s.ctx(), r.ID)
	s.must(err)
	if len(all) != 1 || all[0].State != payments.OpPending {
		t.Fatalf("the operations are %+v", all)
	}
	bank.edits = func(l *payments.Listed) { l.Refunded = euro(300) }
	s.reconciles()
}

// TestReconcileLeavesTheNewAlone: what was begun while the bank's list was read
// cannot be in it.
func TestReconcileLeavesTheNewAlone(t *testing.T) {
	s, bank := newForgetful(t)
	s.sells("mug", 5)
	_, err := s.buy("mug", 1, approves)
	s.must(err)
	bank.hides = func(payments.Listed) bool { return true }
	s.reconciles()
	s.engine.Advance(5 * time.Minute)
	s.reconciles(payments.MissingPayment)
}

// TestReconcileFindsMore: what somebody has put right stays so, and is frozen
// again when the books differ by something else.
func TestReconcileFindsMore(t *testing.T) {
	s := newShop(t, 2)
	s.sells("mug", 5)
	r, err := s.buy("mug", 2, approves)
	s.must(err)
	s.refundsAtTheBank(r.ID, "first", 300)
	s.reconciles(payments.AmountDiffers)
	clear := payments.Clear{Differs: payments.AmountDiffers, Provider: "simulator", Payment: string(s.attempt(r.ID).ID), Note: "seen"}
	s.must(s.payments.Clear(s.ctx(), clear))
	_, err = s.payments.Refund(s.ctx(), payments.Refund{Order: r.ID, Amount: euro(500)})
	s.must(err)
	s.settle()
	s.reconciles(payments.AmountDiffers)
	if got := s.open(); len(got) != 0 {
		t.Errorf("the same difference is open again: %+v", got)
	}
	s.engine.Advance(time.Hour)
	s.refundsAtTheBank(r.ID, "second", 200)
	s.reconciles(payments.AmountDiffers)
	got := s.open()
	if len(got) != 1 || got[0].Ours != euro(2*price-500) || got[0].Theirs != euro(2*price-1000) || !got[0].FoundAt.Equal(s.engine.Now()) {
		t.Errorf("open are %+v", got)
	}
}

// TestReconcileSeesBothSides: a payment that only one side knows is written
// down, and left alone.
func TestReconcileSeesBothSides(t *testing.T) {
	s, bank := newForgetful(t)
	s.sells("mug", 5)
	r, err := s.buy("mug", 1, approves)
	s.must(err)
	_, err = s.bank.Pay(s.ctx(), payments.PayRequest{Key: "another shop's", Token: approves, Amount: euro(100), AutoCapture: true})
	s.must(err)
	s.engine.Advance(5 * time.Minute)
	s.reconciles(payments.UnknownPayment)
	if c, _ := s.bank.Charge("another shop's"); !c.Refunded.IsZero() {
		t.Error("another shop's money was given back")
	}
	id := string(s.attempt(r.ID).ID)
	bank.hides = func(l payments.Listed) bool { return l.Key == id }
	found := s.reconciles(payments.UnknownPayment, payments.MissingPayment)
	if found[1].Key != id || found[1].Ours != euro(price) {
		t.Errorf("found %+v", found[1])
	}
	if got := s.open(); len(got) != 2 {
		t.Errorf("written down are %+v", got)
	}
	if _, err := s.checkout.Reconcile(s.ctx(), "manual", time.Time{}); fault.CodeOf(err) != fault.Invalid {
		t.Errorf("a provider that lists nothing: %v", err)
	}
}
