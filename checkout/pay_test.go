package checkout_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/keelshop/commerce/checkout"
	"github.com/keelshop/commerce/credit"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/orders"
	"github.com/keelshop/commerce/payments"
	"github.com/keelshop/commerce/payments/simulator"
)

// changed sells two mugs and adds a third one to the order, which is then due.
func (s *shop) changed(token string) orders.Order {
	s.Helper()
	s.sells("mug", 10)
	r, err := s.buy("mug", 2, token)
	s.must(err)
	o, err := s.checkout.Confirm(s.ctx(), checkout.Change{Order: r.ID, Version: r.Version, Reason: "one more", Add: []checkout.AddedLine{{SKU: "mug", Quantity: 1}}})
	s.must(err)
	return o
}

func (s *shop) due(o orders.ID, minor int64) {
	s.Helper()
	if due, err := s.checkout.Due(s.ctx(), o); err != nil || due != euro(minor) {
		s.Errorf("%v is due, %v; want %v", due, err, euro(minor))
	}
}

// TestAChangeIsPaidFor: what a change of an order makes due is paid by a further
// payment, once however often it is asked for, in parts and by any means.
func TestAChangeIsPaidFor(t *testing.T) {
	s := newShop(t, 2)
	o := s.changed(approves)
	s.due(o.ID, price)
	if o.PaymentStatus != orders.PartiallyPaid {
		t.Errorf("the order is %s", o.PaymentStatus)
	}
	first := checkout.Pay{Order: o.ID, Tender: part(byCard(approves), 250), Key: "a"}
	for range 2 {
		got, err := s.checkout.Pay(s.ctx(), first)
		if err != nil || got.Payment.State != payments.Captured || !got.Payment.Further || got.Payment.Amount != euro(250) || got.Order.Captured != euro(2*price+250) {
			t.Fatalf("got %+v, %v", got, err)
		}
	}
	s.due(o.ID, price-250)
	_, err := s.checkout.Pay(s.ctx(), checkout.Pay{Order: o.ID, Tender: part(byCard(approves), price-249)})
	as[*payments.AmountError](s, err)
	_, err = s.checkout.Pay(s.ctx(), checkout.Pay{Order: o.ID, Tender: byCard(declines)})
	as[*checkout.DeclinedError](s, err)
	if got := s.order(o.ID); got.Status != orders.Placed || got.PaymentStatus != orders.PartiallyPaid {
		t.Errorf("after a decline the order is %s and %s", got.Status, got.PaymentStatus)
	}
	card := s.card(300)
	if got, err := s.checkout.Pay(s.ctx(), checkout.Pay{Order: o.ID, Tender: checkout.Tender{PayWith: credit.GiftCards, Token: card.Code}}); err != nil || got.Payment.Amount != euro(300) {
		t.Fatalf("got %+v, %v", got, err)
	}
	if got, err := s.checkout.Pay(s.ctx(), checkout.Pay{Order: o.ID, Tender: checkout.Tender{PayWith: "manual"}}); err != nil || got.Payment.Amount != euro(price-550) || got.Payment.State != payments.Authorized && got.Payment.State != payments.Captured {
		t.Fatalf("got %+v, %v", got, err)
	}
	_, err = s.checkout.Pay(s.ctx(), checkout.Pay{Order: o.ID, Tender: byCard(approves)})
	s.wants(err, fault.Refused)
	s.settle()
	// A canceled order gives all of it back, to whoever paid.
	if _, err := s.orders.Cancel(s.ctx(), orders.Cancel{Order: o.ID, Reason: "test"}); err != nil {
		t.Fatal(err)
	}
	s.settle()
	s.holds(card.ID, 300, 0, 0)
	if got := s.order(o.ID); got.Captured != got.Refunded || got.Authorized.Minor() != got.Captured.Minor()+got.Voided.Minor() {
		t.Errorf("the canceled order keeps money: %+v", got)
	}
	_, err = s.checkout.Pay(s.ctx(), checkout.Pay{Order: o.ID, Tender: byCard(approves)})
	as[*orders.StatusError](s, err)
	for _, found := range s.audit() {
		t.Error(found)
	}
}

// TestAFurtherPaymentIsFinished: what the bank does not say at once is learned
// by a webhook, by the shopper who comes back or by the timer, and meanwhile
// nobody can pay the same again.
func TestAFurtherPaymentIsFinished(t *testing.T) {
	s := newShop(t, 2)
	for name, c := range map[string]struct {
		token string
		act   func(payments.Attempt)
		state payments.State
	}{
		"the answer is lost":        {simulator.TokenLostAnswer, func(payments.Attempt) {}, payments.Captured},
		"the shopper proves it":     {challenges, func(a payments.Attempt) { s.must(s.bank.Confirm(string(a.ID), true)) }, payments.Captured},
		"the shopper fails to":      {challenges, func(a payments.Attempt) { s.must(s.bank.Confirm(string(a.ID), false)) }, payments.Declined},
		"the shopper walks away":    {challenges, func(payments.Attempt) { s.engine.Advance(time.Hour) }, payments.Canceled},
		"the shopper thinks better": {challenges, func(a payments.Attempt) { _, err := s.checkout.AbandonPayment(s.ctx(), a.ID); s.must(err) }, payments.Canceled},
		"the order is canceled": {challenges, func(a payments.Attempt) {
			_, err := s.orders.Cancel(s.ctx(), orders.Cancel{Order: a.Order, Reason: "test"})
			s.must(err)
		}, payments.Canceled},
	} {
		o := s.changed(approves)
		got, err := s.checkout.Pay(s.ctx(), checkout.Pay{Order: o.ID, Tender: byCard(c.token), Key: name})
		if err != nil || got.Payment.State.Settled() {
			t.Fatalf("%s: got %+v, %v", name, got, err)
		}
		s.due(o.ID, 0)
		_, err = s.checkout.Pay(s.ctx(), checkout.Pay{Order: o.ID, Tender: byCard(approves)})
		s.wants(err, fault.Refused)
		c.act(got.Payment)
		if c.state != payments.Canceled {
			_, err = s.checkout.Resume(s.ctx(), o.ID)
			s.must(err)
		}
		s.recovers()
		if a, err := s.payments.Get(s.ctx(), got.Payment.ID); err != nil || a.State != c.state {
			t.Errorf("%s: the payment is %s, %v; want %s", name, a.State, err, c.state)
		}
		if s.order(o.ID).Status == orders.Placed {
			s.due(o.ID, map[bool]int64{true: 0, false: price}[c.state == payments.Captured])
		}
		if timers := s.engine.Timers(checkout.TimerPay); len(timers) > 0 {
			t.Errorf("%s: %v is still looked after", name, timers)
		}
	}
	for _, found := range s.audit() {
		t.Error(found)
	}
}

// TestWhatIsDueIsPaidOnce: many who pay the same at once pay it once together.
func TestWhatIsDueIsPaidOnce(t *testing.T) {
	s := newShop(t, 2)
	o := s.changed(approves)
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			_, err := s.checkout.Pay(s.ctx(), checkout.Pay{Order: o.ID, Tender: part(byCard(approves), 500)})
			if err != nil && fault.CodeOf(err) != fault.Refused {
				t.Error(err)
			}
		})
	}
	all.Wait()
	s.due(o.ID, price-1000)
	for _, found := range s.audit() {
		t.Error(found)
	}
}

// TestARefundChoosesItsPayments: a refund goes where it was sent, also after the
// bank has refused once, never beyond what a payment has, and else to the first.
func TestARefundChoosesItsPayments(t *testing.T) {
	s := newShop(t, 2)
	s.sells("mug", 10)
	card := s.card(1000)
	r, err := s.checkout.Complete(s.ctx(), checkout.Complete{Cart: s.basket("mug", 4), Tenders: []checkout.Tender{
		{PayWith: credit.GiftCards, Token: card.Code}, part(byCard(approves), 1500), byCard(approves),
	}})
	s.must(err)
	s.settle()
	attempts, err := s.payments.ByOrder(s.ctx(), r.ID)
	s.must(err)
	refunded := func(want ...int64) {
		t.Helper()
		s.settle()
		all, err := s.payments.ByOrder(s.ctx(), r.ID)
		s.must(err)
		for i, a := range all {
			if a.Refunded != euro(want[i]) {
				t.Errorf("payment %d has given back %v, want %v", a.Number, a.Refunded, euro(want[i]))
			}
		}
	}
	_, err = s.payments.Refund(s.ctx(), payments.Refund{Order: r.ID, Amount: euro(700), To: []payments.RefundTo{{Payment: attempts[2].ID, Amount: euro(600)}}})
	s.must(err)
	refunded(100, 0, 600)
	for _, to := range [][]payments.RefundTo{
		{{Payment: attempts[1].ID, Amount: euro(1501)}},
		{{Payment: attempts[1].ID, Amount: euro(1000)}, {Payment: attempts[2].ID, Amount: euro(1000)}},
	} {
		_, err = s.payments.Refund(s.ctx(), payments.Refund{Order: r.ID, Amount: euro(1800), To: to})
		as[*payments.AmountError](s, err)
	}
	_, err = s.payments.Refund(s.ctx(), payments.Refund{Order: r.ID, Amount: euro(100), To: []payments.RefundTo{{Payment: "pay_" + payments.ID(r.ID[4:]), Amount: euro(1)}}})
	as[*payments.NotFoundError](s, err)
	refunded(100, 0, 600)

	g, err := s.orders.GrantRefund(s.ctx(), orders.GrantRefund{Order: r.ID, Lines: []orders.RefundLine{{Line: 1, Quantity: 1}}, Reason: "broken"})
	s.must(err)
	_, err = s.payments.ReleaseRefund(s.ctx(), payments.ReleaseRefund{Order: r.ID, Grant: g.Number, To: []payments.RefundTo{{Payment: attempts[1].ID, Amount: euro(price + 1)}}})
	as[*payments.AmountError](s, err)
	_, err = s.payments.ReleaseRefund(s.ctx(), payments.ReleaseRefund{Order: r.ID, Grant: g.Number, To: []payments.RefundTo{{Payment: attempts[1].ID, Amount: euro(price)}}})
	s.must(err)
	refunded(100, price, 600)
	s.must(s.orderRefunds(r.ID, 3050))
	refunded(1000, 1500, 2500)
	for _, found := range s.audit() {
		t.Error(found)
	}
}

// orderRefunds pays back an amount to the payments in their order.
func (s *shop) orderRefunds(o orders.ID, minor int64) error {
	_, err := s.payments.Refund(s.ctx(), payments.Refund{Order: o, Amount: euro(minor)})
	return err
}

// TestACanceledOrderIsNotPaid: a further payment that never reached the bank is
// let go once its order is canceled, whoever comes back to it.
func TestACanceledOrderIsNotPaid(t *testing.T) {
	s := newShop(t, 2)
	for name, comes := range map[string]func(checkout.Pay, payments.ID) error{
		"the shopper": func(c checkout.Pay, _ payments.ID) error {
			got, err := s.checkout.Pay(s.ctx(), c)
			if err == nil && got.Payment.State != payments.Canceled {
				t.Errorf("the shopper is told that the payment is %s", got.Payment.State)
			}
			return err
		},
		"the timer": func(_ checkout.Pay, of payments.ID) error { return s.checkout.PayTimer(s.ctx(), string(of)) },
	} {
		o := s.changed(approves)
		s.bank.SetFaults(func(simulator.Call) simulator.Fault { return simulator.Unreached })
		c := checkout.Pay{Order: o.ID, Tender: byCard(approves), Key: name}
		got, err := s.checkout.Pay(s.ctx(), c)
		s.must(err)
		_, err = s.orders.Cancel(s.ctx(), orders.Cancel{Order: o.ID, Reason: "test"})
		s.must(err)
		s.bank.SetFaults(nil)
		s.must(comes(c, got.Payment.ID))
		if charge, asked := s.bank.Charge(string(got.Payment.ID)); asked {
			t.Errorf("%s: the bank was asked for %+v", name, charge)
		}
		if a, err := s.payments.Get(s.ctx(), got.Payment.ID); err != nil || a.State != payments.Canceled {
			t.Errorf("%s: the payment is %s, %v", name, a.State, err)
		}
		s.recovers()
	}
	for _, found := range s.audit() {
		t.Error(found)
	}
}

// TestAllAuthorizationsRunOut: an order whose payments are only authorized is
// canceled when the last of them runs out, be it of the checkout or a further
// one; an order that was free stands.
func TestAllAuthorizationsRunOut(t *testing.T) {
	s := newShop(t, 2)
	for _, first := range []int{0, 1} {
		s.sells("mug", 10)
		r, err := s.complete(checkout.Complete{Cart: s.basket("mug", 2), PayWith: "simulator", Token: approves, AuthorizeOnly: true})
		s.must(err)
		o, err := s.checkout.Confirm(s.ctx(), checkout.Change{Order: r.ID, Version: r.Version, Reason: "one more", Add: []checkout.AddedLine{{SKU: "mug", Quantity: 1}}})
		s.must(err)
		_, err = s.checkout.Pay(s.ctx(), checkout.Pay{Order: o.ID, Tender: byCard(approves), AuthorizeOnly: true})
		s.must(err)
		all, err := s.payments.ByOrder(s.ctx(), o.ID)
		s.must(err)
		for i, status := range []orders.Status{orders.Placed, orders.Canceled} {
			s.runsOut(all[(first+i)%2])
			if got := s.order(o.ID); got.Status != status {
				t.Errorf("after %d of 2 ran out, payment %d first, the order is %s", i+1, first+1, got.Status)
			}
		}
		s.recovers()
	}
	for _, found := range s.audit() {
		t.Error(found)
	}
}

// runsOut has the bank let go of what it holds, and tell of it.
func (s *shop) runsOut(a payments.Attempt) {
	s.Helper()
	_, err := s.bank.Void(s.ctx(), payments.VoidRequest{Key: "bank " + string(a.ID), PaymentKey: string(a.ID), ProviderID: a.ProviderID})
	s.must(err)
	s.must(s.checkout.HearTimer(s.ctx(), string(a.Order)))
}

// TestMoneyThatComesLateGoesBack: a further payment that was given up brings
// money after all. What the order does not need any more goes back to that
// payment, and only once, also if goods were taken off the order meanwhile.
func TestMoneyThatComesLateGoesBack(t *testing.T) {
	s := newShop(t, 2)
	for name, c := range map[string]struct {
		meanwhile func(orders.Order)
		back      int64
	}{
		"nobody has paid": {func(orders.Order) {}, 0},
		"somebody has paid": {func(o orders.Order) {
			_, err := s.checkout.Pay(s.ctx(), checkout.Pay{Order: o.ID, Tender: byCard(approves)})
			s.must(err)
		}, price},
		"somebody has paid a part": {func(o orders.Order) {
			_, err := s.checkout.Pay(s.ctx(), checkout.Pay{Order: o.ID, Tender: part(byCard(approves), 400)})
			s.must(err)
		}, 400},
		"it is canceled": {func(o orders.Order) {
			_, err := s.checkout.Confirm(s.ctx(), checkout.Change{Order: o.ID, Version: o.Version, Reason: "fewer", Cancel: []orders.LineQuantity{{Line: 2, Quantity: 1}}})
			s.must(err)
		}, price},
	} {
		o := s.changed(approves)
		got, err := s.checkout.Pay(s.ctx(), checkout.Pay{Order: o.ID, Tender: byCard(challenges)})
		s.must(err)
		late := got.Payment.ID
		_, err = s.checkout.Resolve(s.ctx(), checkout.Resolve{Payment: late, State: payments.Canceled, Reason: "they called"})
		s.must(err)
		c.meanwhile(s.order(o.ID))
		s.must(s.bank.Confirm(string(late), true))
		s.must(s.checkout.HearTimer(s.ctx(), string(o.ID)))
		s.settle()
		o = s.order(o.ID)
		if o.Refunded != euro(c.back) || o.RefundGranted != euro(c.back) || o.PaymentStatus == orders.Overcharged {
			t.Errorf("%s: of %v captured %v are granted and %v refunded, it is %s", name, o.Captured, o.RefundGranted, o.Refunded, o.PaymentStatus)
		}
		if a, err := s.payments.Get(s.ctx(), late); err != nil || name != "it is canceled" && a.Refunded != euro(c.back) {
			t.Errorf("%s: the late payment gave back %v, %v", name, a.Refunded, err)
		}
	}
	if got := all(s, s.payments.Troubles(s.ctx())); len(got) != 0 {
		t.Errorf("there are %+v", got)
	}
	for _, found := range s.audit() {
		t.Error(found)
	}
}

// deaf is an engine whose process dies before it can book what a provider said.
type deaf struct{ command.Engine }

func (e deaf) Submit(ctx context.Context, env command.Envelope) (command.Answer, error) {
	if env.Kind == "checkout.finish" {
		return command.Answer{}, fault.New(fault.Unavailable, "the process is dead")
	}
	return e.Engine.Submit(ctx, env)
}

// TestFurtherGiftCardWhoseAnswerIsLost: a balance that was taken for a further
// payment and is not booked with the order yet is no contradiction, as long as
// the payment's timer is there.
func TestFurtherGiftCardWhoseAnswerIsLost(t *testing.T) {
	for _, forgotten := range []bool{false, true} {
		m := mutation{}
		if forgotten {
			m.command = after("checkout.pay_order", `DELETE FROM timers WHERE kind = 'checkout.pay'`)
		}
		r := &recorder{TB: t}
		s := newMutant(r, 2, m)
		o := s.changed(approves)
		card := s.card(5000)
		s.settle() // nothing else is left to be seen to
		s.boot(deaf{s.engine}, s.bank)
		_, err := s.checkout.Pay(s.ctx(), checkout.Pay{Order: o.ID, Tender: checkout.Tender{PayWith: credit.GiftCards, Token: card.Code}})
		if fault.CodeOf(err) != fault.Uncertain {
			t.Fatalf("got %v", err)
		}
		found := strings.Join(s.audit(), "\n")
		if strings.Contains(found, "credit.balance_has_an_order") != forgotten {
			t.Errorf("with the timer deleted (%t), Verify says %q", forgotten, found)
		}
		if !forgotten {
			s.boot(s.engine, s.bank)
			s.engine.Advance(time.Minute)
			s.settle()
			s.due(o.ID, 0)
		}
		r.cleanup()
	}
}

// TestWhatWasPaidBackIsNotPaidAgain: all of an order came back and was paid back,
// then something else is added to it. What is held for that is due, what is late is
// kept, and nothing is left to refund.
func TestWhatWasPaidBackIsNotPaidAgain(t *testing.T) {
	s := newShop(t, 2)
	s.sells("mug", 10)
	back := func() orders.Order {
		r, err := s.buy("mug", 1, approves)
		s.must(err)
		_, err = s.orders.Ship(s.ctx(), orders.Ship{Order: r.ID})
		s.must(err)
		o, err := s.orders.Return(s.ctx(), orders.Return{Order: r.ID, Lines: []orders.LineQuantity{{Line: 1, Quantity: 1}}, Reason: "broken"})
		s.must(err)
		s.settle()
		o = s.order(o.ID)
		if o.Refunded != euro(price) {
			t.Fatalf("%v are refunded", o.Refunded)
		}
		o, err = s.checkout.Confirm(s.ctx(), checkout.Change{Order: o.ID, Version: o.Version, Reason: "another", Add: []checkout.AddedLine{{SKU: "mug", Quantity: 1}}})
		s.must(err)
		s.due(o.ID, price)
		return o
	}
	o := back()
	_, err := s.payments.Refund(s.ctx(), payments.Refund{Order: o.ID, Amount: euro(1), Reason: "again"})
	as[*payments.AmountError](s, err)
	held, err := s.checkout.Pay(s.ctx(), checkout.Pay{Order: o.ID, Tender: byCard(approves), AuthorizeOnly: true})
	s.must(err)
	s.settle()
	if a, err := s.payments.Get(s.ctx(), held.Payment.ID); err != nil || a.State != payments.Authorized {
		t.Fatalf("what is held for the order is %s, %v", a.State, err)
	}
	_, err = s.payments.Capture(s.ctx(), payments.Capture{Attempt: held.Payment.ID})
	s.must(err)
	s.settle()
	if o := s.order(o.ID); o.Captured != euro(2*price) || o.Refunded != euro(price) {
		t.Errorf("%v are captured and %v refunded", o.Captured, o.Refunded)
	}
	s.due(o.ID, 0)

	o = back()
	late, err := s.checkout.Pay(s.ctx(), checkout.Pay{Order: o.ID, Tender: byCard(challenges)})
	s.must(err)
	_, err = s.checkout.Resolve(s.ctx(), checkout.Resolve{Payment: late.Payment.ID, State: payments.Canceled, Reason: "they called"})
	s.must(err)
	s.must(s.bank.Confirm(string(late.Payment.ID), true))
	s.must(s.checkout.HearTimer(s.ctx(), string(o.ID)))
	s.settle()
	if o := s.order(o.ID); o.Captured != euro(2*price) || o.Refunded != euro(price) {
		t.Errorf("late: %v are captured and %v refunded", o.Captured, o.Refunded)
	}
	s.due(o.ID, 0)
	delete(s.received, "mug")
	for _, found := range s.audit() {
		t.Error(found)
	}
}
