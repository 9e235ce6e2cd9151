package checkout_test

import (
	"context"
	"testing"
	"time"

	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/checkout"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/orders"
	"github.com/keelshop/commerce/payments"
	"github.com/keelshop/commerce/payments/simulator"
	"github.com/keelshop/commerce/pricing"
)

// TestRecoveryWaitsForTheBank: a bank that has not decided is asked once an
// hour, which is no failure; it tells by itself when it has.
func TestRecoveryWaitsForTheBank(t *testing.T) {
	s := newShop(t, 2)
	s.sells("mug", 5)
	r, err := s.buy("mug", 2, simulator.TokenPending)
	if err != nil || r.Status != orders.Pending {
		t.Fatalf("got %s, %v", r.Status, err)
	}
	for range 3 {
		s.engine.Advance(59 * time.Minute)
		if due := s.engine.Timers(checkout.TimerRecover); len(due) != 0 {
			t.Errorf("before an hour has passed the timers of %v are due", due)
		}
		s.engine.Advance(time.Minute)
		if due := s.engine.Timers(checkout.TimerRecover); len(due) != 1 {
			t.Errorf("after an hour the timers of %v are due", due)
		}
		s.must(s.recover())
	}
	s.engine.Advance(time.Hour)
	s.isA(r.ID, orders.Pending, cart.Locking)
	s.stockIs("mug", 3, 2, 0)
	s.must(s.bank.Decide(string(s.attempt(r.ID).ID), true))
	s.must(s.recover())
	s.isA(r.ID, orders.Placed, cart.Completed)
	if due := s.engine.Timers(checkout.TimerRecover); len(due) != 0 {
		t.Errorf("the timers of %v are left", due)
	}
}

// TestShopperWhoWalksAway has half an hour; then the attempt is voided at the
// bank and the goods are free.
func TestShopperWhoWalksAway(t *testing.T) {
	s := newShop(t, 2)
	s.sells("mug", 5)
	c := s.basket("mug", 2)
	r, err := s.pay(c, challenges)
	if err != nil || r.NextAction == nil || r.NextAction.Kind != payments.Challenge {
		t.Fatalf("got %+v, %v", r.NextAction, err)
	}
	if again, err := s.pay(c, challenges); err != nil || again.ID != r.ID || again.NextAction == nil {
		t.Errorf("a second click: got %s, %v, %v", again.ID, again.NextAction, err)
	}
	s.engine.Advance(29 * time.Minute)
	s.must(s.recover())
	s.isA(r.ID, orders.Pending, cart.Locking)
	s.engine.Advance(time.Minute)
	s.must(s.recover())
	s.isA(r.ID, orders.Canceled, cart.Active)
	s.stockIs("mug", 5, 0, 0)
	if err := s.bank.Confirm(string(s.attempt(r.ID).ID), true); err == nil {
		t.Error("the bank lets the shopper confirm what was given up")
	}
}

func TestResumeBelievesTheBankAlone(t *testing.T) {
	s := newShop(t, 2)
	s.sells("mug", 5)
	r, err := s.buy("mug", 1, challenges)
	s.must(err)
	if got, err := s.checkout.Resume(s.ctx(), r.ID); err != nil || got.Status != orders.Pending || got.NextAction == nil {
		t.Errorf("before the challenge: got %s, %v", got.Status, err)
	}
	s.must(s.bank.Confirm(string(s.attempt(r.ID).ID), true))
	for range 2 { // a webhook may come twice
		if got, err := s.checkout.Resume(s.ctx(), r.ID); err != nil || got.Status != orders.Placed || got.NextAction != nil {
			t.Errorf("after the challenge: got %s, %v", got.Status, err)
		}
	}
	failed, err := s.buy("mug", 1, challenges)
	s.must(err)
	s.must(s.bank.Confirm(string(s.attempt(failed.ID).ID), false))
	_, err = s.checkout.Resume(s.ctx(), failed.ID)
	if d := as[*checkout.DeclinedError](s, err); d.Code != string(payments.DeclineAuthentication) {
		t.Errorf("got %v", err)
	}
	s.stockIs("mug", 4, 0, 1)
}

// TestAbandon: a shopper gives up. If the payment has gone through meanwhile,
// the order is placed all the same.
func TestAbandon(t *testing.T) {
	for _, c := range []struct {
		name, token string
		before      func(*shop, string) error
		ends        orders.Status
		code        fault.Code
	}{
		{"challenged", challenges, nil, orders.Canceled, 0},
		{"undecided", simulator.TokenPending, nil, orders.Canceled, 0},
		{"never reached", simulator.TokenUnreached, nil, orders.Canceled, 0},
		{"went through", simulator.TokenLostAnswer, nil, orders.Placed, 0},
		{"decided for", simulator.TokenPending, func(s *shop, key string) error { return s.bank.Decide(key, true) }, orders.Placed, 0},
		{"decided against", simulator.TokenPending, func(s *shop, key string) error { return s.bank.Decide(key, false) }, orders.Canceled, fault.Refused},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newShop(t, 1)
			s.sells("mug", 5)
			r, err := s.buy("mug", 2, c.token)
			s.must(err)
			if c.before != nil {
				s.must(c.before(s, string(s.attempt(r.ID).ID)))
			}
			got, err := s.checkout.Abandon(s.ctx(), r.ID)
			s.wants(err, c.code)
			if err == nil && got.Status != c.ends {
				t.Errorf("got %s, want %s", got.Status, c.ends)
			}
			if c.ends == orders.Placed {
				s.isA(r.ID, orders.Placed, cart.Completed)
			} else {
				s.isA(r.ID, orders.Canceled, cart.Active)
				s.stockIs("mug", 5, 0, 0)
			}
			_, err = s.checkout.Abandon(s.ctx(), r.ID)
			as[*orders.StatusError](s, err)
			// A request to pay that was on its way all the time changes nothing.
			before := s.order(r.ID)
			late := s.attempt(r.ID).PayRequest()
			known, _ := s.bank.Charge(late.Key)
			late.Store = known.Store
			_, err = s.bank.Pay(s.ctx(), late)
			if err != nil && c.token != simulator.TokenUnreached {
				t.Error(err)
			}
			s.engine.Advance(time.Hour)
			s.must(s.recover())
			if after := s.order(r.ID); after.Status != before.Status || after.Version != before.Version {
				t.Errorf("a late request changed %+v to %+v", before, after)
			}
			for _, problem := range s.audit() {
				t.Error(problem)
			}
		})
	}
}

// TestRecoverIsHarmless: it may be called for any order, at any time, by
// anybody, at the same time as the driver.
func TestRecoverIsHarmless(t *testing.T) {
	s := newShop(t, 2)
	s.sells("mug", 100)
	placed, err := s.buy("mug", 1, approves)
	s.must(err)
	_, err = s.buy("mug", 1, declines)
	declined := as[*checkout.DeclinedError](s, err)
	for _, o := range []orders.ID{placed.ID, declined.Order} {
		before := s.order(o)
		s.must(s.checkout.Recover(s.ctx(), string(o)))
		if after := s.order(o); after.Version != before.Version {
			t.Errorf("recovery changed order %s from version %d to %d", o, before.Version, after.Version)
		}
	}
	s.wants(s.checkout.Recover(s.ctx(), "ord_01KAJ3W7Q8Z5D4F6G7H8J9K0M1"), fault.NotFound)
	s.wants(s.checkout.Recover(s.ctx(), "no order"), fault.Invalid)
	for range 20 {
		r, err := s.buy("mug", 1, simulator.TokenLostAnswer)
		s.must(err)
		done := make(chan error, 4)
		for range 2 {
			go func() { done <- s.checkout.Recover(s.ctx(), string(r.ID)) }()
			go func() { _, err := s.checkout.Resume(s.ctx(), r.ID); done <- err }()
		}
		for range 4 {
			s.must(<-done)
		}
		s.isA(r.ID, orders.Placed, cart.Completed)
	}
	for _, problem := range s.audit() {
		t.Error(problem)
	}
}

// TestPaymentThatNeverArrived is sent again while the bank surely remembers
// keys; after that it is given up.
func TestPaymentThatNeverArrived(t *testing.T) {
	s := newShop(t, 2)
	s.sells("mug", 5)
	down := func(c simulator.Call) simulator.Fault { return simulator.Unreached }
	s.bank.SetFaults(down)
	again, err := s.buy("mug", 1, approves)
	s.must(err)
	lost, err := s.buy("mug", 1, approves)
	s.must(err)
	s.engine.Advance(10 * time.Hour)
	if err := s.recover(); err == nil {
		t.Error("the bank cannot be reached, and recovery says nothing")
	}
	s.bank.SetFaults(nil)
	s.must(s.checkout.Recover(s.ctx(), string(again.ID)))
	s.isA(again.ID, orders.Placed, cart.Completed)
	s.engine.Advance(11 * time.Hour)
	s.must(s.recover())
	s.isA(lost.ID, orders.Canceled, cart.Active)
	if n := len(s.bank.Charges()); n != 1 {
		t.Errorf("the bank has %d charges, want 1", n)
	}
	s.stockIs("mug", 4, 0, 1)
}

// TestFinishThatIsLost: the log cannot be written when the bank has answered.
// The caller hears of it, and recovery brings the answer in.
func TestFinishThatIsLost(t *testing.T) {
	for _, token := range []string{approves, declines, challenges} {
		s := newShop(t, 1)
		s.sells("mug", 5)
		down := true
		s.engine.Drop = func(e command.Envelope) bool { return down && e.Kind == "checkout.finish" }
		c := checkout.Complete{Cart: s.basket("mug", 1), PayWith: "simulator", Token: token, Key: "k"}
		_, err := s.checkout.Complete(s.ctx(), c)
		s.wants(err, fault.Uncertain)
		o := orders.ID(s.cart(c.Cart).Order)
		s.isA(o, orders.Pending, cart.Locking)
		s.engine.Restart()
		s.engine.Advance(time.Minute)
		if err := s.recover(); err == nil {
			t.Error("recovery cannot write either, and says nothing")
		}
		down = false
		s.must(s.recover())
		switch token {
		case approves:
			s.isA(o, orders.Placed, cart.Completed)
		case declines:
			s.isA(o, orders.Canceled, cart.Active)
		case challenges:
			r, err := s.checkout.Complete(s.ctx(), c)
			if err != nil || r.ID != o || r.NextAction == nil {
				t.Errorf("asked again: got %s, %v, %v", r.ID, r.NextAction, err)
			}
		}
		for _, problem := range s.audit() {
			t.Error(problem)
		}
	}
}

// TestCallerWhoLeaves: a caller that stops waiting while the bank is asked
// leaves a pending order, and asking again with the same key finishes it.
func TestCallerWhoLeaves(t *testing.T) {
	s := newShop(t, 1)
	s.sells("mug", 5)
	for _, f := range []simulator.Fault{simulator.Hang, simulator.HangAfter} {
		ctx, leave := context.WithCancel(s.ctx())
		s.bank.SetFaults(func(simulator.Call) simulator.Fault { leave(); return f })
		c := checkout.Complete{Cart: s.basket("mug", 1), PayWith: "simulator", Token: approves, Key: "key" + string(rune('0'+f))}
		left, err := s.checkout.Complete(ctx, c)
		if err != nil || left.Status != orders.Pending {
			t.Errorf("got %s, %v; want the pending order", left.Status, err)
		}
		s.bank.SetFaults(nil)
		r, err := s.checkout.Complete(s.ctx(), c)
		if err != nil || r.Status != orders.Placed {
			t.Errorf("asked again: got %s, %v", r.Status, err)
		}
		if charge, ok := s.bank.Charge(string(s.attempt(r.ID).ID)); !ok || charge.Captured != euro(price) {
			t.Errorf("the bank has %+v", charge)
		}
	}
}

// stingy is a provider that takes less than it was asked for.
type stingy struct{ payments.Provider }

func (p stingy) Pay(ctx context.Context, r payments.PayRequest) (payments.Outcome, error) {
	r.Amount = euro(r.Amount.Minor() - 1)
	return p.Provider.Pay(ctx, r)
}

// TestUnderpaid: an order is not placed for less than it costs. What did come
// goes back.
func TestUnderpaid(t *testing.T) {
	for _, later := range []bool{false, true} {
		s := newMutant(t, 1, mutation{provider: func(p payments.Provider) payments.Provider { return stingy{p} }})
		s.sells("mug", 5)
		c := s.basket("mug", 2)
		_, err := s.checkout.Complete(s.ctx(), checkout.Complete{Cart: c, PayWith: "simulator", Token: approves, AuthorizeOnly: later})
		d := as[*checkout.DeclinedError](s, err)
		s.isA(d.Order, orders.Canceled, cart.Active)
		s.stockIs("mug", 5, 0, 0)
		s.must(s.payments.Settle(s.ctx(), d.Order))
		if o := s.order(d.Order); o.Captured != o.Refunded || o.Authorized.Minor() != o.Voided.Minor()+o.Captured.Minor() {
			t.Errorf("the canceled order keeps money: %+v", o)
		}
		if held, err := s.bank.Held("EUR"); err != nil || !held.IsZero() {
			t.Errorf("the bank holds %v, %v", held, err)
		}
		for _, problem := range s.audit() {
			t.Error(problem)
		}
	}
}

// A store says for how long a checkout that waits for its shopper keeps goods.
func TestTheStoreSaysHowLongGoodsAreKept(t *testing.T) {
	s := newShop(t, 2)
	s.sells("mug", 5)
	_, err := s.pricing.PutSettings(s.ctx(), pricing.PutSettings{Settings: pricing.Settings{HoldMinutes: 90}})
	s.must(err)
	r, err := s.pay(s.basket("mug", 2), challenges)
	s.must(err)
	s.engine.Advance(89 * time.Minute)
	s.must(s.recover())
	s.isA(r.ID, orders.Pending, cart.Locking)
	s.stockIs("mug", 3, 2, 0)
	s.engine.Advance(time.Minute)
	s.must(s.recover())
	s.isA(r.ID, orders.Canceled, cart.Active)
	s.stockIs("mug", 5, 0, 0)
}
