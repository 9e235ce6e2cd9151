package checkout

import (
	"context"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/orders"
	"github.com/keelshop/commerce/payments"
)

// Resolve says what became of a payment, or of something that was asked of a
// provider afterwards, which the provider does not tell: somebody has looked at
// the provider's own pages. It is booked as the provider's word would be, so
// that an order that waits for it is placed or canceled.
type Resolve struct {
	Payment payments.ID `cbor:"1,keyasint"`
	// Operation is the number of what was asked afterwards; 0 is the payment.
	Operation int `cbor:"2,keyasint,omitempty"`
	// State is what it came to: of a payment, authorized, captured, declined or
	// canceled; of an operation, what it was to do, or declined.
	State payments.State `cbor:"3,keyasint"`
	// Reference is what the provider calls it; "" if that is not known.
	Reference string `cbor:"4,keyasint,omitempty"`
	Reason    string `cbor:"5,keyasint"` // how they know
	Key       string `cbor:"-"`
}

// resolved is the answer of Resolve.
type resolved struct {
	Order orders.ID `cbor:"1,keyasint"`
}

// Kind returns "checkout.resolve".
func (Resolve) Kind() command.Kind { return "checkout.resolve" }

// Validate requires a reason.
func (c Resolve) Validate() error {
	if err := id.Check(payments.Prefix, string(c.Payment)); err != nil {
		return err
	}
	if c.Reason == "" || len(c.Reason) > maxReason || len(c.Reference) > maxReference || c.Operation < 0 {
		return fault.Wrong("reason", "say how it is known, in up to %d bytes, and what the provider calls it in up to %d", maxReason, maxReference)
	}
	if err := payments.RefusePAN(c.Reference); err != nil {
		return err
	}
	return payments.RefusePAN(c.Reason)
}

const (
	maxReason    = 500
	maxReference = 255
)

func (c Resolve) apply(tx *command.Tx) (resolved, error) {
	err := payments.ResolveTx(tx, payments.Resolution{
		Payment: c.Payment, Operation: c.Operation, State: c.State, Reference: c.Reference, Reason: c.Reason,
	})
	if err != nil {
		return resolved{}, err
	}
	a, err := payments.AttemptTx(tx.Tx, c.Payment)
	if err != nil || c.Operation > 0 {
		return resolved{Order: a.Order}, err
	}
	said := payments.Outcome{State: c.State, ProviderID: c.Reference}
	if c.State == payments.Declined {
		said.Decline, said.Raw = payments.DeclineGeneric, "resolved by hand"
	}
	_, err = finish{Order: a.Order, Attempt: a.ID, Outcome: said}.apply(tx)
	return resolved{Order: a.Order}, err
}

// Resolve runs the command and returns the order as it is then. It returns a
// *payments.NotFoundError, fault.Refused for what is decided already, and
// fault.Invalid for a state that it cannot come to.
func (s *Service) Resolve(ctx context.Context, c Resolve) (orders.Order, error) {
	slot, err := id.SlotOf(string(c.Payment))
	if err != nil {
		return orders.Order{}, err
	}
	return command.DoThen(ctx, s.engine, &c, command.Call{Key: c.Key, Slot: slot}, func(ctx context.Context, r resolved) (orders.Order, error) {
		_ = s.payments.Settle(ctx, r.Order) // what follows from it; or the timer does it
		return s.orders.Get(ctx, r.Order)
	})
}
