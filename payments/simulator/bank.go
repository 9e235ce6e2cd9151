package simulator

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/payments"
)

// Charge is one payment in the bank's books.
type Charge struct {
	Key, ProviderID, Order, Store, Token          string
	State                                         payments.State
	Asked, Authorized, Captured, Voided, Refunded money.Amount
	Requests                                      int // how often Pay was called under Key
}

// Charges returns everything that the bank was asked to charge, by key.
func (s *Simulator) Charges() []Charge {
	var out []Charge
	for i := range s.banks {
		b := &s.banks[i]
		b.mu.Lock()
		for _, p := range b.payments {
			if !p.tombstone() {
				out = append(out, p.charge())
			}
		}
		b.mu.Unlock()
	}
	slices.SortFunc(out, func(a, b Charge) int { return strings.Compare(a.Key, b.Key) })
	return out
}

// List yields every payment in the bank's books: it has no clock.
func (s *Simulator) List(context.Context, time.Time) iter.Seq2[payments.Listed, error] {
	return func(yield func(payments.Listed, error) bool) {
		for _, c := range s.Charges() {
			l := payments.Listed{Key: c.Key, ProviderID: c.ProviderID, Store: c.Store, State: c.State, Captured: c.Captured, Refunded: c.Refunded,
				Held: money.New(c.Authorized.Minor()-c.Captured.Minor()-c.Voided.Minor(), c.Asked.Currency())}
			if !yield(l, nil) {
				return
			}
		}
	}
}

// Charge returns what the bank was asked to charge under a key.
func (s *Simulator) Charge(key string) (c Charge, ok bool) {
	err := s.with(key, func(p *payment) { c, ok = p.charge(), !p.tombstone() })
	return c, ok && err == nil
}

func (p *payment) charge() Charge {
	return Charge{
		Key: p.request.Key, ProviderID: p.id, Order: p.request.Order, Store: p.request.Store, Token: p.request.Token, State: p.state, Requests: p.requests,
		Asked: p.request.Amount, Authorized: p.amount(p.authorized), Captured: p.amount(p.captured),
		Voided: p.amount(p.voided), Refunded: p.amount(p.refunded),
	}
}

// Held returns what the bank holds for the shop: captured and not refunded.
func (s *Simulator) Held(c money.Currency) (money.Amount, error) {
	sum := money.Zero(c)
	for _, charge := range s.Charges() {
		if charge.Asked.Currency() != c {
			continue
		}
		var err error
		if sum, err = money.Sum(c, sum, charge.Captured, money.New(-charge.Refunded.Minor(), c)); err != nil {
			return money.Amount{}, err
		}
	}
	return sum, nil
}

// Confirm does what a shopper does with 3-D Secure: ok passes it, which lets
// the card decide, and not ok fails it.
func (s *Simulator) Confirm(key string, ok bool) error {
	return s.finish(key, payments.NeedsAction, func(p *payment) {
		if ok {
			p.decide()
			return
		}
		p.state, p.decline, p.raw = payments.Declined, payments.DeclineAuthentication, "authentication_failed"
	})
}

// Decide ends a pending payment.
func (s *Simulator) Decide(key string, approve bool) error {
	return s.finish(key, payments.Pending, func(p *payment) {
		if !approve {
			p.card.decline, p.card.raw = payments.DeclineGeneric, "generic_decline"
		}
		p.decide()
	})
}

func (s *Simulator) finish(key string, from payments.State, fn func(*payment)) error {
	state := payments.NotFound
	err := s.with(key, func(p *payment) {
		if state = p.state; state == from {
			fn(p)
		}
	})
	if err == nil && state != from {
		err = fmt.Errorf("payment %s is %s, not %s", key, state, from)
	}
	return err
}

// DecideRefund ends a pending refund of a payment.
func (s *Simulator) DecideRefund(paymentKey, key string, ok bool) error {
	var found bool
	err := s.with(paymentKey, func(p *payment) {
		o := p.answers[key]
		if found = o.State == payments.Pending; !found {
			return
		}
		p.refunding -= o.Amount.Minor()
		if !ok {
			o.State, o.Amount = payments.Declined, money.Amount{}
			o.Decline, o.Raw = payments.DeclineGeneric, "declined"
		} else {
			o.State = payments.Refunded
			p.refunded += o.Amount.Minor()
		}
		p.answers[key] = o
	})
	if err == nil && !found {
		err = fmt.Errorf("payment %s has no pending refund %s", paymentKey, key)
	}
	return err
}

// bury makes a payment that was not seen one that was canceled.
func (s *Simulator) bury(key string) {
	b := s.bankOf(key)
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, ok := b.payments[key]; !ok {
		b.payments[key] = &payment{id: s.idOf("pay", key), state: payments.Canceled}
	}
}

// Peek tells how a payment stands, without counting as a request: no fault
// comes between.
func (s *Simulator) Peek(key string) (payments.Outcome, error) {
	var o payments.Outcome
	err := s.with(key, func(p *payment) { o = p.outcome() })
	return o, err
}
