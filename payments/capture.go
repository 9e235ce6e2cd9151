package payments

import (
	"context"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/sqlite"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/orders"
)

// Capture takes authorized money of a placed order, in one or more parts.
type Capture struct {
	Attempt ID `cbor:"1,keyasint"`
	// Amount defaults to everything that is left.
	Amount money.Amount `cbor:"2,keyasint,omitempty"`
	Reason string       `cbor:"3,keyasint,omitempty"`
	// Final lets go of what the capture leaves: the shopper's bank need not hold
	// it until it runs out.
	Final bool   `cbor:"4,keyasint,omitempty"`
	Key   string `cbor:"-"` // idempotency key
}

// operationReceipt names the operation that a command recorded.
type operationReceipt struct {
	Number int `cbor:"1,keyasint"`
}

const maxReason = 500

// Kind returns "payments.capture".
func (Capture) Kind() command.Kind { return "payments.capture" }

// Validate refuses amounts that are not above nothing.
func (c Capture) Validate() error {
	if _, err := slotOf(Prefix, string(c.Attempt)); err != nil {
		return err
	}
	return checkAsked(c.Amount, c.Reason)
}

func checkAsked(a money.Amount, reason string) error {
	if a != (money.Amount{}) && !a.IsPositive() {
		return fault.Wrong("amount", "the amount is %v: it must be above nothing", a)
	}
	if len(reason) > maxReason {
		return fault.Wrong("reason", "the reason is longer than %d bytes", maxReason)
	}
	return RefusePAN(reason)
}

func (c Capture) apply(tx *command.Tx) (operationReceipt, error) {
	a, err := AttemptTx(tx.Tx, c.Attempt)
	if err != nil {
		return operationReceipt{}, err
	}
	o, err := orders.HeadTx(tx.Tx, a.Order)
	if err != nil {
		return operationReceipt{}, err
	}
	if o.Status != orders.Placed {
		return operationReceipt{}, &orders.StatusError{Order: a.Order, Have: string(o.Status), Want: string(orders.Placed)}
	}
	b, err := readBooks(tx, a.Order)
	if err != nil {
		return operationReceipt{}, err
	}
	if b.under(a.ID, KindCapture)+b.under(a.ID, KindVoid) > 0 {
		return operationReceipt{}, fault.New(fault.Conflict, "payment %s has a capture or a void under way: see how it ends first", a.ID)
	}
	want, err := asked(a.Order, "capture", c.Amount, a.Open())
	if err != nil {
		return operationReceipt{}, err
	}
	err = b.add(tx, a, Operation{Kind: KindCapture, Amount: want, Reason: c.Reason, Final: c.Final})
	return operationReceipt{Number: b.operations[len(b.operations)-1].Number}, err
}

// asked returns how much is meant: everything that is left unless an amount
// was given.
func asked(o orders.ID, verb string, amount, left money.Amount) (money.Amount, error) {
	if amount == (money.Amount{}) {
		amount = left
	}
	if amount.Currency() != left.Currency() {
		return money.Amount{}, fault.Wrong("amount", "the order is in %s, not in %s", left.Currency(), amount.Currency())
	}
	if !amount.IsPositive() || amount.Minor() > left.Minor() {
		return money.Amount{}, &AmountError{Order: o, Verb: verb, Want: amount, Have: left}
	}
	return amount, nil
}

// Capture records the wish and asks the provider at once. The operation that
// it returns may have failed; one that is not final is carried on with in the
// background. It is an *AmountError if less is left, and an
// *orders.StatusError if the order is not placed.
func (s *Service) Capture(ctx context.Context, c Capture) (Operation, error) {
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

// carryOn settles the order of an operation that the command under key has
// recorded, and returns what became of it. An error of the settling is the
// timer's to meet again and to report.
func (s *Service) carryOn(ctx context.Context, key string, a ID, n int) (Operation, error) {
	read := func(ctx context.Context) (Operation, error) { return s.operation(ctx, a, n) }
	op, err := command.Then(ctx, key, read)
	if err != nil || op.State.Final() {
		return op, err
	}
	_ = s.Settle(ctx, op.Order)
	return command.Then(ctx, key, read)
}

func (s *Service) operation(ctx context.Context, a ID, n int) (op Operation, err error) {
	slot, err := slotOf(Prefix, string(a))
	if err != nil {
		return Operation{}, err
	}
	err = s.engine.View(ctx, slot, func(tx *sqlite.Tx) error {
		op, err = operationTx(tx, a, n)
		return err
	})
	return op, err
}
