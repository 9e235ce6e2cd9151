package checkout_test

import (
	"testing"
	"time"

	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/checkout"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/seal"
	"github.com/keelshop/commerce/orders"
	"github.com/keelshop/commerce/payments"
	"github.com/keelshop/commerce/payments/simulator"
)

func (s *shop) keeps(who accounts.CustomerID, token string) (payments.Method, error) {
	return s.payments.SaveMethod(s.ctx(), payments.SaveMethod{Customer: who, Provider: "simulator", Token: seal.Personal(token)})
}

// TestMethodsAreKept: a customer keeps cards, pays with them again and again,
// and nobody else does.
func TestMethodsAreKept(t *testing.T) {
	s := newShop(t, 2)
	s.sells("mug", 20)
	ann, bob := s.shopper(0), s.arrives("bob").who
	visa, err := s.keeps(ann, approves)
	if err != nil || !visa.Default || visa.Brand != "visa" || visa.Last4 != "4242" || visa.ExpiresYear == 0 {
		t.Fatalf("got %+v, %v", visa, err)
	}
	master, err := s.keeps(ann, "pm_card_mastercard")
	if err != nil || master.Default {
		t.Fatalf("got %+v, %v", master, err)
	}
	s.must(s.payments.PreferMethod(s.ctx(), payments.PreferMethod{Customer: ann, Method: master.ID}))
	all, err := s.payments.Methods(s.ctx(), ann)
	if err != nil || len(all) != 2 {
		t.Errorf("got %+v, %v", all, err)
	}
	for _, m := range all {
		if m.Default != (m.ID == master.ID) || m.Brand != map[payments.MethodID]string{visa.ID: "visa", master.ID: "mastercard"}[m.ID] {
			t.Errorf("got %+v", m)
		}
	}
	_, err = s.keeps(ann, declines)
	if said := as[*payments.MethodDeclinedError](s, err); said.Code != payments.DeclineGeneric {
		t.Errorf("got %+v", said)
	}
	_, err = s.keeps(ann, "4242424242424242")
	s.wants(err, fault.Invalid)

	buy := func(who accounts.CustomerID, m payments.MethodID) (checkout.Result, error) {
		return s.complete(checkout.Complete{Cart: s.basketFor(who, 2), PayWith: "simulator", Token: string(m)})
	}
	for range 2 {
		if r, err := buy(ann, visa.ID); err != nil || r.Status != orders.Placed || r.Captured != euro(2*price) {
			t.Errorf("got %+v, %v", r, err)
		}
	}
	_, err = buy(bob, visa.ID)
	as[*payments.NoMethodError](s, err)
	_, err = s.complete(checkout.Complete{Cart: s.basketFor(ann, 1), PayWith: "manual", Token: string(visa.ID)})
	as[*payments.NoMethodError](s, err)
	err = s.payments.RemoveMethod(s.ctx(), payments.RemoveMethod{Customer: bob, Method: visa.ID})
	as[*payments.NoMethodError](s, err)
	s.must(s.payments.RemoveMethod(s.ctx(), payments.RemoveMethod{Customer: ann, Method: visa.ID}))
	_, err = buy(ann, visa.ID)
	as[*payments.NoMethodError](s, err)
	if s.bank.Kept() != 1 {
		t.Errorf("the bank keeps %d methods", s.bank.Kept())
	}

	s.must(s.payments.ForgetCustomer(s.ctx(), ann))
	s.must(s.people.Erase(s.ctx(), accounts.Erase{Customer: ann}))
	if all, err := s.payments.Methods(s.ctx(), ann); err != nil || len(all) != 0 || s.bank.Kept() != 0 {
		t.Errorf("an erased customer has %+v, the bank %d, %v", all, s.bank.Kept(), err)
	}
	_, err = s.keeps(ann, approves)
	s.wants(err, fault.CodeOf(&accounts.ErasedError{}))
	for _, found := range s.audit() {
		t.Error(found)
	}
}

// TestMethodsAreFinished: what the bank did not answer is kept or dropped in the
// background, and an order that was paid with a removed card ends.
func TestMethodsAreFinished(t *testing.T) {
	s := newShop(t, 2)
	s.sells("mug", 20)
	ann := s.shopper(0)
	s.bank.SetFaults(func(c simulator.Call) simulator.Fault {
		return map[payments.OperationKind]simulator.Fault{"method": simulator.LostAnswer, "forget": simulator.Unreached}[c.Of]
	})
	_, err := s.keeps(ann, approves)
	s.wants(err, fault.Uncertain)
	if all, err := s.payments.Methods(s.ctx(), ann); err != nil || len(all) != 0 {
		t.Errorf("got %+v, %v", all, err)
	}
	s.bank.SetFaults(nil)
	s.engine.Advance(2 * time.Minute)
	s.settle()
	all, err := s.payments.Methods(s.ctx(), ann)
	if err != nil || len(all) != 1 || !all[0].Default || s.bank.Kept() != 1 {
		t.Fatalf("got %+v, %v, the bank keeps %d", all, err, s.bank.Kept())
	}
	// The request to pay never arrives, and the card is removed meanwhile.
	s.bank.SetFaults(func(c simulator.Call) simulator.Fault { return simulator.Unreached })
	r, err := s.complete(checkout.Complete{Cart: s.basketFor(ann, 2), PayWith: "simulator", Token: string(all[0].ID)})
	if err != nil || r.Status != orders.Pending {
		t.Fatalf("got %+v, %v", r, err)
	}
	s.wants(s.payments.ForgetCustomer(s.ctx(), ann), fault.Unavailable) // the bank has not confirmed it
	s.bank.SetFaults(nil)
	s.recovers()
	if o := s.order(r.ID); o.Status != orders.Canceled || s.bank.Kept() != 0 {
		t.Errorf("the order is %s, the bank keeps %d methods", o.Status, s.bank.Kept())
	}
	for _, found := range s.audit() {
		t.Error(found)
	}
}

// TestARemovedMethodHasPerhapsPaid: the bank was paid with a card and its answer
// was lost, and the card is removed before anybody asks again. The bank is asked
// what came of it: a decline would give money back that bought something.
func TestARemovedMethodHasPerhapsPaid(t *testing.T) {
	s := newShop(t, 2)
	s.sells("mug", 20)
	ann := s.shopper(0)
	lost := func(c simulator.Call) simulator.Fault {
		if c.Of == payments.KindPayment && !c.Lookup {
			return simulator.LostAnswer
		}
		return simulator.None
	}
	// again pays with a card, loses the answer, removes the card and asks again.
	again := func(name string, pay func(payments.MethodID) (orders.ID, error)) orders.ID {
		card, err := s.keeps(ann, approves)
		s.must(err)
		s.bank.SetFaults(lost)
		if _, err := pay(card.ID); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		s.bank.SetFaults(nil)
		s.must(s.payments.RemoveMethod(s.ctx(), payments.RemoveMethod{Customer: ann, Method: card.ID}))
		o, err := pay(card.ID)
		s.must(err)
		if got := s.order(o); got.Status != orders.Placed || got.PaymentStatus != orders.Paid {
			t.Errorf("%s: the order is %s and %s", name, got.Status, got.PaymentStatus)
		}
		return o
	}
	basket := s.basketFor(ann, 2)
	o := again("a checkout", func(m payments.MethodID) (orders.ID, error) {
		r, err := s.checkout.Complete(s.ctx(), checkout.Complete{Cart: basket, PayWith: "simulator", Token: string(m), Key: "buy"})
		return r.ID, err
	})
	_, err := s.checkout.Confirm(s.ctx(), checkout.Change{Order: o, Version: s.order(o).Version, Reason: "one more", Add: []checkout.AddedLine{{SKU: "mug", Quantity: 1}}})
	s.must(err)
	again("a further payment", func(m payments.MethodID) (orders.ID, error) {
		r, err := s.checkout.Pay(s.ctx(), checkout.Pay{Order: o, Tender: checkout.Tender{PayWith: "simulator", Token: string(m)}, Key: "pay"})
		return r.Order.ID, err
	})

	// While the bank does not answer, nothing is known.
	card, err := s.keeps(ann, approves)
	s.must(err)
	basket = s.basketFor(ann, 1)
	s.bank.SetFaults(lost)
	buy := checkout.Complete{Cart: basket, PayWith: "simulator", Token: string(card.ID), Key: "unheard"}
	_, err = s.checkout.Complete(s.ctx(), buy)
	s.must(err)
	s.must(s.payments.RemoveMethod(s.ctx(), payments.RemoveMethod{Customer: ann, Method: card.ID}))
	s.bank.SetFaults(func(simulator.Call) simulator.Fault { return simulator.Unreached })
	if r, err := s.checkout.Complete(s.ctx(), buy); err != nil || r.Status != orders.Pending {
		t.Errorf("got %+v, %v", r, err)
	}
	s.bank.SetFaults(nil)
	s.recovers()
	for _, found := range s.audit() {
		t.Error(found)
	}
}

// TestACustomerIsForgotten: as long as the bank keeps a card of theirs, also one
// that it was just asked to keep, a customer is not said to be forgotten.
func TestACustomerIsForgotten(t *testing.T) {
	s := newShop(t, 2)
	ann := s.shopper(0)
	_, err := s.keeps(ann, approves)
	s.must(err)
	s.bank.SetFaults(func(c simulator.Call) simulator.Fault {
		return map[payments.OperationKind]simulator.Fault{"method": simulator.LostAnswer, "forget": simulator.Unreached}[c.Of]
	})
	_, err = s.keeps(ann, "pm_card_mastercard")
	s.wants(err, fault.Uncertain)
	for range 2 {
		s.wants(s.payments.ForgetCustomer(s.ctx(), ann), fault.Unavailable)
	}
	if all, err := s.payments.Methods(s.ctx(), ann); err != nil || len(all) != 0 || s.bank.Kept() != 2 {
		t.Errorf("one can pay with %+v, the bank keeps %d, %v", all, s.bank.Kept(), err)
	}
	s.bank.SetFaults(nil)
	for range 2 {
		s.must(s.payments.ForgetCustomer(s.ctx(), ann))
	}
	if s.bank.Kept() != 0 {
		t.Errorf("the bank still keeps %d methods", s.bank.Kept())
	}
	s.must(s.people.Erase(s.ctx(), accounts.Erase{Customer: ann}))
	s.must(s.payments.ForgetCustomer(s.ctx(), ann))
	s.recovers()
}
