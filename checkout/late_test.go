package checkout_test

import (
	"testing"

	"github.com/keelshop/commerce/checkout"
	"github.com/keelshop/commerce/orders"
	"github.com/keelshop/commerce/payments"
	"github.com/keelshop/commerce/payments/simulator"
)

// more adds one mug to a placed order.
func (s *shop) more(o orders.Order) orders.Order {
	s.Helper()
	o = s.order(o.ID)
	o, err := s.checkout.Confirm(s.ctx(), checkout.Change{Order: o.ID, Version: o.Version, Reason: "one more", Add: []checkout.AddedLine{{SKU: "mug", Quantity: 1}}})
	s.must(err)
	return o
}

// givenUp begins a further payment that waits for its shopper, and gives it up
// without the bank knowing.
func (s *shop) givenUp(o orders.Order, authorizeOnly bool) payments.ID {
	s.Helper()
	got, err := s.checkout.Pay(s.ctx(), checkout.Pay{Order: o.ID, Tender: byCard(challenges), AuthorizeOnly: authorizeOnly})
	s.must(err)
	_, err = s.checkout.Resolve(s.ctx(), checkout.Resolve{Payment: got.Payment.ID, State: payments.Canceled, Reason: "they called"})
	s.must(err)
	return got.Payment.ID
}

// TestNothingIsOutstandingOnceTooMuchWentBack: an order that was paid twice and
// got one of the two back is paid. What a later change adds is due, all of it.
func TestNothingIsOutstandingOnceTooMuchWentBack(t *testing.T) {
	s := newShop(t, 2)
	o := s.changed(approves)
	late := s.givenUp(o, false)
	_, err := s.checkout.Pay(s.ctx(), checkout.Pay{Order: o.ID, Tender: byCard(approves)})
	s.must(err)
	s.must(s.bank.Confirm(string(late), true))
	s.must(s.checkout.HearTimer(s.ctx(), string(o.ID)))
	s.settle()
	o = s.order(o.ID)
	if !o.Outstanding().IsZero() || o.ExcessGranted != euro(price) || o.PaymentStatus != orders.Paid {
		t.Errorf("%v is outstanding of an order that is %s, %v were too much", o.Outstanding(), o.PaymentStatus, o.ExcessGranted)
	}
	o = s.more(o)
	if due, err := s.checkout.Due(s.ctx(), o.ID); err != nil || due != euro(price) {
		t.Errorf("%v is due, %v", due, err)
	}
	_, err = s.checkout.Pay(s.ctx(), checkout.Pay{Order: o.ID, Tender: byCard(approves)})
	s.must(err)
	s.settle()
	if o = s.order(o.ID); !o.Outstanding().IsZero() || o.PaymentStatus != orders.Paid {
		t.Errorf("then %v is outstanding, it is %s", o.Outstanding(), o.PaymentStatus)
	}
	for _, found := range s.audit() {
		t.Error(found)
	}
}

// TestAuthorizationsThatComeLateAreLetGo: a further payment that was given up is
// authorized after all. If what it was for is paid otherwise or gone, the bank
// is told to let go of it, also if it does not answer at first.
func TestAuthorizationsThatComeLateAreLetGo(t *testing.T) {
	s := newShop(t, 2)
	for name, c := range map[string]struct {
		meanwhile func(orders.Order)
		state     payments.State
	}{
		"nobody has paid": {func(orders.Order) {}, payments.Authorized},
		"somebody has paid": {func(o orders.Order) {
			_, err := s.checkout.Pay(s.ctx(), checkout.Pay{Order: o.ID, Tender: byCard(approves)})
			s.must(err)
		}, payments.Voided},
		"somebody has paid a part": {func(o orders.Order) {
			_, err := s.checkout.Pay(s.ctx(), checkout.Pay{Order: o.ID, Tender: part(byCard(approves), 400)})
			s.must(err)
		}, payments.Authorized}, // the rest may be captured
		"it is canceled": {func(o orders.Order) {
			_, err := s.checkout.Confirm(s.ctx(), checkout.Change{Order: o.ID, Version: o.Version, Reason: "fewer", Cancel: []orders.LineQuantity{{Line: 2, Quantity: 1}}})
			s.must(err)
		}, payments.Voided},
	} {
		o := s.changed(approves)
		late := s.givenUp(o, true)
		c.meanwhile(s.order(o.ID))
		s.must(s.bank.Confirm(string(late), true))
		s.bank.SetFaults(func(call simulator.Call) simulator.Fault {
			if call.Of == payments.KindVoid && !call.Lookup && call.Attempt == 1 {
				return simulator.LostAnswer
			}
			return simulator.None
		})
		_ = s.checkout.HearTimer(s.ctx(), string(o.ID)) // it may be said to be uncertain
		s.bank.SetFaults(nil)
		s.settle()
		a, err := s.payments.Get(s.ctx(), late)
		charge, _ := s.bank.Charge(string(late))
		if err != nil || a.State != c.state || charge.State != c.state {
			t.Errorf("%s: the payment is %s, the bank says %s, %v", name, a.State, charge.State, err)
		}
		if o = s.order(o.ID); o.Status != orders.Placed || c.state == payments.Voided && !o.Outstanding().IsZero() {
			t.Errorf("%s: the order is %s, %v is outstanding", name, o.Status, o.Outstanding())
		}
	}
	for _, found := range s.audit() {
		t.Error(found)
	}
}
