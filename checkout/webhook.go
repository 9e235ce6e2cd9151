package checkout

import (
	"context"
	"errors"
	"fmt"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/orders"
	"github.com/keelshop/commerce/payments"
)

// TimerHear is the kind of the durable timers that deal with webhooks which
// were written down and not dealt with. Its subject is the order.
const TimerHear = "checkout.hear"

// hearDue is when such a timer is due: always, so that an order has one.
const hearDue = 1

// Webhook takes a request that a payment provider sent. When it returns nil,
// the request has been written down, once however often it came, and answering
// 200 is right. Then the provider is asked how the payment stands, by the same
// commands as for the shopper's own call; if it cannot say now, that is done in
// the background. What a webhook says happened is never believed.
//
// It returns fault.Denied for a request that the provider did not sign,
// fault.Invalid for one that cannot be read, and a
// *payments.UnknownProviderError.
func (s *Service) Webhook(ctx context.Context, provider string, r payments.WebhookRequest) error {
	n, err := s.payments.Parse(ctx, provider, r)
	if err != nil || n.Attempt == "" {
		return err
	}
	slot, err := id.SlotOf(string(n.Attempt))
	if err != nil {
		return nil // somebody else's payment
	}
	noted, err := command.Do[noted](ctx, s.engine, &note{Attempt: n.Attempt, Provider: provider, Event: n.Event, Told: n.Kind}, command.Call{Slot: slot})
	if errors.Is(err, fault.NotFound) {
		return nil // another store's
	}
	if err != nil || !noted.Fresh {
		return err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), finishTimeout)
	defer cancel()
	_ = s.hear(ctx, slot, noted.Order) // it is written down: the timer goes on
	return nil
}

// HearTimer is the handler of TimerHear timers.
func (s *Service) HearTimer(ctx context.Context, subject string) error {
	slot, err := id.SlotOf(subject)
	if err != nil {
		return err
	}
	return s.hear(ctx, slot, orders.ID(subject))
}

// hear asks the providers about an order of which something was told. A notice
// is dealt with once the provider of its payment has said how that stands. What
// is said of the order's other payments is taken in, and nobody waits for it.
func (s *Service) hear(ctx context.Context, slot id.Slot, order orders.ID) error {
	told, err := s.payments.Unheard(ctx, order)
	if err != nil {
		return err
	}
	silent, err := s.learn(ctx, slot, order)
	if err != nil {
		return err
	}
	done := make([]payments.Noted, 0, len(told))
	var open error
	for _, n := range told {
		if about, ok := silent[n.Attempt]; ok && !about.over {
			open = about.err
			continue
		}
		done = append(done, n)
	}
	if open != nil && len(done) == 0 {
		return open // the timer asks again
	}
	_, err = command.Do[struct{}](ctx, s.engine, &heard{Order: order, Notices: done}, command.Call{Slot: slot})
	return errors.Join(err, open)
}

// silence is that a provider did not say how a payment stands.
type silence struct {
	err  error
	over bool // it does not know, and nothing is expected of the payment any more
}

// learn asks the providers how all payments of an order stand, takes in what
// they say and goes on by it. It returns those of which nothing was said.
func (s *Service) learn(ctx context.Context, slot id.Slot, order orders.ID) (map[payments.ID]silence, error) {
	attempts, err := s.payments.ByOrder(ctx, order)
	if err != nil {
		return nil, err
	}
	silent := map[payments.ID]silence{}
	pending := false
	for _, a := range attempts {
		outcome, err := s.lookUp(ctx, a)
		if err != nil {
			silent[a.ID] = silence{err, outcome.State == payments.Unknown && over(a)}
			continue
		}
		if outcome.State == payments.NotFound {
			continue
		}
		f, err := s.finish(ctx, slot, a, outcome)
		if err != nil {
			return nil, err
		}
		pending = f.Status == orders.Pending
	}
	if len(attempts) > 1 && pending {
		if err := s.drive(ctx, slot, order); err != nil {
			return nil, err
		}
	}
	return silent, s.payments.Settle(ctx, order)
}

// lookUp asks how a payment stands. If the provider does not say, it is a
// *payments.NoAnswerError; the outcome's state is "" if it was not reached.
func (s *Service) lookUp(ctx context.Context, a payments.Attempt) (payments.Outcome, error) {
	p, err := s.payments.Provider(a.Provider)
	if err != nil {
		return payments.Outcome{}, err
	}
	o, err := p.Retrieve(ctx, a.LookupRequest())
	if err != nil {
		return payments.Outcome{}, fmt.Errorf("asking %s about %s: %w", a.Provider, a.ID, err)
	}
	if unsaid(a, o) {
		return o, &payments.NoAnswerError{Provider: a.Provider, Err: fmt.Errorf("of %s it says %s", a.ID, o.State)}
	}
	return o, nil
}

// unsaid reports whether a provider that was asked about a payment has told
// nothing: what it told by webhook may be news that it is yet to see itself.
func unsaid(a payments.Attempt, o payments.Outcome) bool {
	seen := a.State == payments.NeedsAction || a.State == payments.Pending
	return o.State == payments.Unknown || o.State == payments.NotFound && seen
}

// over reports whether all that a payment can come to has come. What is
// authorized is yet to be taken or let go.
func over(a payments.Attempt) bool { return a.State.Settled() && a.State != payments.Authorized }

// note writes down that a provider has told something.
type note struct {
	Attempt  payments.ID `cbor:"1,keyasint"`
	Provider string      `cbor:"2,keyasint"`
	Event    string      `cbor:"3,keyasint"`
	Told     string      `cbor:"4,keyasint,omitempty"`
}

// noted is the answer of note.
type noted struct {
	Order orders.ID `cbor:"1,keyasint"`
	Fresh bool      `cbor:"2,keyasint,omitempty"` // false if it came before
}

// Kind returns "checkout.note".
func (note) Kind() command.Kind { return "checkout.note" }

// Validate refuses what is not an attempt's ID.
func (c note) Validate() error { return id.Check(payments.Prefix, string(c.Attempt)) }

func (c note) apply(tx *command.Tx) (noted, error) {
	a, err := payments.AttemptTx(tx.Tx, c.Attempt)
	if err != nil {
		return noted{}, err
	}
	if a.Provider != c.Provider {
		return noted{}, &payments.NotFoundError{Attempt: c.Attempt}
	}
	fresh, err := payments.NoteTx(tx, a, payments.Notice{Event: c.Event, Kind: c.Told, Attempt: c.Attempt})
	if err != nil || !fresh {
		return noted{Order: a.Order}, err
	}
	return noted{Order: a.Order, Fresh: true}, tx.SetTimer(hearDue, TimerHear, string(a.Order))
}

// heard says that notices have been dealt with.
type heard struct {
	Order   orders.ID        `cbor:"1,keyasint"`
	Notices []payments.Noted `cbor:"2,keyasint,omitempty"`
}

// Kind returns "checkout.heard".
func (heard) Kind() command.Kind { return "checkout.heard" }

// Validate returns nil: hear has read the notices.
func (heard) Validate() error { return nil }

func (c heard) apply(tx *command.Tx) (struct{}, error) {
	left, err := payments.HeardTx(tx, c.Order, c.Notices)
	if err != nil || left {
		return struct{}{}, err
	}
	return struct{}{}, tx.ClearTimer(hearDue, TimerHear, string(c.Order))
}
