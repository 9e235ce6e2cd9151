package payments

import (
	"context"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/orders"
)

// Void lets go of what a payment of a placed order has authorized and nobody
// has captured: it will not be needed, and the shopper's bank holds it until
// it runs out. Of an order of which nothing was captured yet it is no way: who
// does not want its money cancels it.
type Void struct {
	Attempt ID     `cbor:"1,keyasint"`
	Reason  string `cbor:"2,keyasint,omitempty"`
	Key     string `cbor:"-"` // idempotency key
}

// Kind returns "payments.void".
func (Void) Kind() command.Kind { return "payments.void" }

// Validate refuses what is not an attempt's ID, and a reason that is too long.
func (c Void) Validate() error {
	if _, err := slotOf(Prefix, string(c.Attempt)); err != nil {
		return err
	}
	if len(c.Reason) > maxReason {
		return fault.Wrong("reason", "the reason is longer than %d bytes", maxReason)
	}
	return RefusePAN(c.Reason)
}

func (c Void) apply(tx *command.Tx) (operationReceipt, error) {
	a, err := AttemptTx(tx.Tx, c.Attempt)
	if err != nil {
		return operationReceipt{}, err
	}
	b, err := readBooks(tx, a.Order)
	if err != nil {
		return operationReceipt{}, err
	}
	switch {
	case b.order.Status != orders.Placed:
		return operationReceipt{}, &orders.StatusError{Order: a.Order, Have: string(b.order.Status), Want: string(orders.Placed)}
	case b.under(a.ID, KindCapture)+b.under(a.ID, KindVoid) > 0:
		return operationReceipt{}, fault.New(fault.Conflict, "payment %s has a capture or a void under way: see how it ends first", a.ID)
	case !a.Open().IsPositive():
		return operationReceipt{}, &AmountError{Order: a.Order, Verb: "void", Want: a.Authorized, Have: a.Open()}
	case !b.order.Captured.IsPositive():
		return operationReceipt{}, fault.New(fault.Refused, "nothing of order %s was captured: cancel it to let its money go", a.Order)
	}
	err = b.add(tx, a, Operation{Kind: KindVoid, Amount: a.Open(), Reason: c.Reason})
	return operationReceipt{Number: b.operations[len(b.operations)-1].Number}, err
}

// Void records the wish and asks the provider at once, as Capture does. What
// cannot be needed any more is let go without: once all that the order still
// costs was captured. It is an *AmountError if nothing is held, an
// *orders.StatusError if the order is not placed, and fault.Refused while
// nothing of the order was captured.
func (s *Service) Void(ctx context.Context, c Void) (Operation, error) {
	slot, err := slotOf(Prefix, string(c.Attempt))
	if err != nil {
		return Operation{}, err
	}
	key := command.KeyOr(s.engine, c.Key)
	made, err := command.Do[operationReceipt](ctx, s.engine, &c, command.Call{Key: key, Slot: slot})
	if err != nil {
		return Operation{}, err
	}
	return s.carryOn(ctx, key, c.Attempt, made.Number)
}
