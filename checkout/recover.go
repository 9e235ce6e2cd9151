package checkout

import (
	"context"
	"fmt"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/orders"
	"github.com/keelshop/commerce/payments"
)

// Recover finishes a checkout whose driver died or never heard the provider's
// answer. It is called by the timer of the order, again and again until the
// provider has said; it may be called for any order at any time.
func (s *Service) Recover(ctx context.Context, subject string) error {
	slot, err := id.SlotOf(subject)
	if err != nil {
		return err
	}
	o, err := s.orders.Get(ctx, orders.ID(subject))
	if err != nil {
		return err
	}
	attempts, err := s.payments.ByOrder(ctx, o.ID)
	if err != nil {
		return err
	}
	if o.Status != orders.Pending || len(attempts) == 0 {
		return s.forget(ctx, slot, o.ID)
	}
	for _, a := range attempts {
		if a.State.Paid() {
			continue
		}
		provider, err := s.payments.Provider(a.Provider)
		if err != nil {
			return err
		}
		outcome, err := s.ask(ctx, provider, a)
		if err != nil {
			return fmt.Errorf("asking %s about %s: %w", a.Provider, a.ID, err)
		}
		f, err := s.finish(ctx, slot, a, outcome)
		if err != nil || f.Status != orders.Pending || !f.State.Paid() {
			return err
		}
	}
	return nil
}

// ask learns the outcome of an attempt. What is in the provider's hands is
// looked up; what never reached it is sent again with the same key.
func (s *Service) ask(ctx context.Context, p payments.Provider, a payments.Attempt) (payments.Outcome, error) {
	outcome, err := p.Retrieve(ctx, a.LookupRequest())
	if err != nil {
		return payments.Outcome{}, err
	}
	// Once the provider may have forgotten the key, asking it to pay again
	// could pay twice, and only looking up is safe.
	old := s.engine.Now().Sub(a.CreatedAt) > payments.KeyLife
	switch {
	case outcome.State == payments.NotFound && !old:
		return s.payments.Pay(ctx, a)
	case outcome.State == payments.NotFound:
		// It never arrived and never will: the key is not used any more.
		return payments.Outcome{State: payments.Canceled, Amount: a.Amount}, nil
	case outcome.State == payments.NeedsAction && (a.State == payments.NeedsAction || a.State == payments.Pending):
		// The shopper's time is up, or the voucher's. Only the provider's word ends
		// the hold.
		return p.Void(ctx, a.VoidRequest())
	}
	return outcome, nil
}

// Resume carries on with an order, or a further payment for it, after the shopper has acted, or when a provider's webhook
// says that something has changed. It asks the provider, so what the shopper
// or the webhook claims is never trusted.
func (s *Service) Resume(ctx context.Context, order orders.ID) (Result, error) {
	slot, err := id.SlotOf(string(order))
	if err != nil {
		return Result{}, err
	}
	attempts, err := s.payments.ByOrder(ctx, order)
	if err != nil {
		return Result{}, err
	}
	if err := s.resumeFurther(ctx, slot, attempts); err != nil {
		return Result{}, err
	}
	if len(attempts) > 0 && !attempts[len(attempts)-1].Further {
		a := payments.Current(attempts)
		p, err := s.payments.Provider(a.Provider)
		if err != nil {
			return Result{}, err
		}
		if outcome, err := p.Retrieve(ctx, a.LookupRequest()); err == nil && outcome.State != payments.NotFound {
			f, err := s.finish(ctx, slot, a, outcome)
			if err == nil && len(attempts) > 1 && f.Status == orders.Pending {
				err = s.drive(ctx, slot, order)
			}
			if err != nil {
				return Result{}, err
			}
		}
	}
	return s.result(ctx, order)
}

// Abandon gives a pending order up for the shopper. The payment that it waits
// for is voided at the provider, and only its answer ends the hold: if the
// payment went through after all and there is no other to wait for, the order is
// placed.
func (s *Service) Abandon(ctx context.Context, order orders.ID) (Result, error) {
	slot, err := id.SlotOf(string(order))
	if err != nil {
		return Result{}, err
	}
	o, err := s.orders.Get(ctx, order)
	if err != nil {
		return Result{}, err
	}
	attempts, err := s.payments.ByOrder(ctx, order)
	if err != nil {
		return Result{}, err
	}
	if o.Status != orders.Pending || len(attempts) == 0 {
		return Result{}, &orders.StatusError{Order: order, Have: string(o.Status), Want: string(orders.Pending)}
	}
	for _, a := range attempts {
		if a.State.Paid() {
			continue
		}
		p, err := s.payments.Provider(a.Provider)
		if err != nil {
			return Result{}, err
		}
		outcome, err := p.Void(ctx, a.VoidRequest())
		if err != nil {
			return Result{}, fault.Wrap(fault.Unavailable, err, "asking %s to let go of order %s", a.Provider, order)
		}
		f, err := s.finish(ctx, slot, a, outcome)
		if err != nil {
			return Result{}, err
		}
		if f.Status != orders.Pending {
			break
		}
	}
	if len(attempts) > 1 {
		_ = s.payments.Settle(ctx, order) // the other payments are let go; or the timer does it
	}
	return s.result(ctx, order)
}

// forget clears the timer of an order that needs no recovery.
func (s *Service) forget(ctx context.Context, slot id.Slot, order orders.ID) error {
	_, err := command.Do[struct{}](ctx, s.engine, &forget{Order: order}, command.Call{Slot: slot})
	return err
}

// forget removes the timer of an order that is not pending.
type forget struct {
	Order orders.ID `cbor:"1,keyasint"`
}

func (forget) Kind() command.Kind { return "checkout.forget" }

// Validate returns nil: Recover has checked.
func (forget) Validate() error { return nil }

func (c forget) apply(tx *command.Tx) (struct{}, error) {
	o, err := orders.GetTx(tx.Tx, c.Order)
	if err != nil || o.Status == orders.Pending {
		return struct{}{}, err
	}
	return struct{}{}, clearTimer(tx, &o)
}
