package payments

import (
	"context"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/orders"
)

// RecordRefund says that somebody has given money of a payment back outside of
// its provider, which refuses to: by bank transfer, since the card is closed.
// It settles what is owed, and the provider is not asked for it any more.
type RecordRefund struct {
	Attempt ID `cbor:"1,keyasint"`
	// Amount defaults to all that is owed, as far as this payment goes.
	Amount money.Amount `cbor:"2,keyasint,omitempty"`
	// Reference is what the other way of paying calls it. It must be given.
	Reference string `cbor:"3,keyasint"`
	Reason    string `cbor:"4,keyasint,omitempty"`
	Key       string `cbor:"-"` // idempotency key
}

// Kind returns "payments.record_refund".
func (RecordRefund) Kind() command.Kind { return "payments.record_refund" }

// Validate refuses amounts that are not above nothing, and a refund without a
// reference.
func (c RecordRefund) Validate() error {
	if _, err := slotOf(Prefix, string(c.Attempt)); err != nil {
		return err
	}
	if c.Reference == "" || len(c.Reference) > maxProviderID {
		return fault.Wrong("reference", "say under which reference the money was given back, in up to %d bytes", maxProviderID)
	}
	if err := RefusePAN(c.Reference); err != nil {
		return err
	}
	return checkAsked(c.Amount, c.Reason)
}

func (c RecordRefund) apply(tx *command.Tx) (operationReceipt, error) {
	a, err := AttemptTx(tx.Tx, c.Attempt)
	if err != nil {
		return operationReceipt{}, err
	}
	b, err := readBooks(tx, a.Order)
	if err != nil {
		return operationReceipt{}, err
	}
	if b.under(a.ID, KindRefund) > 0 {
		return operationReceipt{}, fault.New(fault.Conflict, "payment %s has a refund under way: see how it ends first", a.ID)
	}
	owed, err := b.owed(tx)
	if err != nil {
		return operationReceipt{}, err
	}
	for _, other := range b.attempts {
		owed -= b.under(other.ID, KindRefund)
	}
	left := money.New(max(0, min(owed, a.Captured.Minor()-a.Refunded.Minor())), a.Amount.Currency())
	amount, err := asked(a.Order, "refund", c.Amount, left)
	if err != nil {
		return operationReceipt{}, err
	}
	if err := b.add(tx, a, Operation{Kind: KindRefund, Amount: amount, Reason: c.Reason}); err != nil {
		return operationReceipt{}, err
	}
	op := b.operations[len(b.operations)-1]
	op.State, op.ProviderID, op.Raw = OpSucceeded, c.Reference, byHand
	if err := updateOperation(tx, op); err != nil {
		return operationReceipt{}, err
	}
	if err := gaveBack(tx, &a, op, ByHand); err != nil {
		return operationReceipt{}, err
	}
	return operationReceipt{Number: op.Number}, tx.Emit("payment.refunded", string(op.Attempt), op.event())
}

// byHand is what stands for a provider's word with money that people gave back.
const byHand = "by hand"

// gaveBack books money of a payment that went back from an account.
func gaveBack(tx *command.Tx, a *Attempt, op Operation, from Account) error {
	was := *a
	a.Refunded = money.New(a.Refunded.Minor()+op.Amount.Minor(), a.Amount.Currency())
	if err := updateAttempt(tx, a); err != nil {
		return err
	}
	if err := eventOf(&was, a, tx.At).keep(tx, was.State); err != nil {
		return err
	}
	if err := Post(tx, "refund "+op.Key(), a.Order, tx.At, transfer(Receivable, from, op.Amount)); err != nil {
		return err
	}
	return orders.RecordPayment(tx, a.Order, orders.PaymentDelta{Refunded: op.Amount.Minor()})
}

// RecordRefund runs the command and returns the operation that stands for it.
// It is an *AmountError if less is owed, fault.Conflict while the provider may
// still give the money back, and fault.Refused for a payment with a Purse.
func (s *Service) RecordRefund(ctx context.Context, c RecordRefund) (Operation, error) {
	slot, err := slotOf(Prefix, string(c.Attempt))
	if err != nil {
		return Operation{}, err
	}
	if err := s.refusePurse(ctx, c.Attempt); err != nil {
		return Operation{}, err
	}
	key := command.KeyOr(s.engine, c.Key)
	made, err := command.Do[operationReceipt](ctx, s.engine, &c, command.Call{Key: key, Slot: slot})
	if err != nil {
		return Operation{}, err
	}
	return command.Then(ctx, key, func(ctx context.Context) (Operation, error) { return s.operation(ctx, c.Attempt, made.Number) })
}

// refusePurse keeps people from giving back by hand what a balance has paid:
// the balance would not hear of it and contradict the order for good.
func (s *Service) refusePurse(ctx context.Context, attempt ID) error {
	a, err := s.Get(ctx, attempt)
	if err != nil {
		return err
	}
	if _, ok := s.purses[a.Provider]; ok {
		return fault.New(fault.Refused, "payment %s was made by %s: refund it to its balance, not by hand", a.ID, a.Provider)
	}
	return nil
}
