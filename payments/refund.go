package payments

import (
	"context"
	"errors"

	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/orders"
)

// Refund grants a placed order's shopper money back, such as for a late
// delivery, and pays it: orders.GrantRefund and its release in one. Goods that
// come back are orders.Return, which grants by itself.
type Refund struct {
	Order orders.ID `cbor:"1,keyasint"`
	// Amount defaults to everything that was captured and not granted back.
	Amount money.Amount `cbor:"2,keyasint,omitempty"`
	Reason string       `cbor:"3,keyasint,omitempty"`
	// To says which payments it goes to. What they leave goes to the payments in
	// their order, as all of it does without.
	To  []RefundTo `cbor:"4,keyasint,omitempty"`
	Key string     `cbor:"-"` // idempotency key
}

// RefundEvent is the data of the event payment.refund_granted.
type RefundEvent struct {
	Order    orders.ID      `json:"order"`
	Currency money.Currency `json:"currency"`
	Amount   int64          `json:"amount"` // minor units
	Reason   string         `json:"reason,omitempty"`
}

// Kind returns "payments.refund".
func (Refund) Kind() command.Kind { return "payments.refund" }

// Validate refuses amounts that are not above nothing.
func (c Refund) Validate() error {
	if _, err := slotOf("ord", string(c.Order)); err != nil {
		return err
	}
	if err := checkTo(c.To); err != nil {
		return err
	}
	return checkAsked(c.Amount, c.Reason)
}

func (c Refund) apply(tx *command.Tx) (struct{}, error) {
	b, err := readBooks(tx, c.Order)
	if err != nil {
		return struct{}{}, err
	}
	o := b.order
	if o.Status != orders.Placed {
		return struct{}{}, &orders.StatusError{Order: c.Order, Have: string(o.Status), Want: string(orders.Placed)}
	}
	owed, err := b.owed(tx)
	if err != nil {
		return struct{}{}, err
	}
	left := money.New(o.Captured.Minor()-o.Refunded.Minor()-owed, o.Currency)
	amount, err := asked(c.Order, "refund", c.Amount, left)
	if err != nil {
		return struct{}{}, err
	}
	if err := orders.GrantOtherTx(tx, &o, amount, c.Reason); err != nil {
		return struct{}{}, err
	}
	if err := b.choose(tx, c.To, amount); err != nil {
		return struct{}{}, err
	}
	return struct{}{}, tx.Emit("payment.refund_granted", string(c.Order),
		RefundEvent{Order: c.Order, Currency: o.Currency, Amount: amount.Minor(), Reason: c.Reason})
}

// Refund grants the refund and asks the provider at once. It returns the
// order's operations; one that is not final is carried on with in the
// background, and one that failed is tried again. It is an *AmountError if
// less is left of the order or of a payment that is named, and an *orders.StatusError if the order is not placed.
func (s *Service) Refund(ctx context.Context, c Refund) ([]Operation, error) {
	slot, err := slotOf("ord", string(c.Order))
	if err != nil {
		return nil, err
	}
	key := command.KeyOr(s.engine, c.Key)
	if _, err := command.Do[struct{}](ctx, s.engine, &c, command.Call{Key: key, Slot: slot}); err != nil {
		return nil, err
	}
	_ = s.Settle(ctx, c.Order) // the timer meets its error again and reports it
	return command.Then(ctx, key, func(ctx context.Context) ([]Operation, error) { return s.Operations(ctx, c.Order) })
}

// GiveBackTx grants back what a payment has just brought beyond what its order
// costs and what is owed back of it anyway, to that payment. It is for money that
// nobody expected any more. It is called in apply with an order that the caller
// has read and changed in this transaction, and stores it.
func GiveBackTx(tx *command.Tx, o *orders.Order, a Attempt, came money.Amount) error {
	b, err := readBooks(tx, o.ID)
	if err != nil {
		return err
	}
	b.order = *o
	more, err := b.excess(tx)
	if err != nil {
		return err
	}
	excess := money.New(min(came.Minor(), more), o.Currency)
	if !excess.IsPositive() {
		return orders.Save(tx, o)
	}
	err = orders.GrantOtherTx(tx, o, excess, "came after the payment was given up")
	if _, capped := errors.AsType[*orders.CapError](err); capped {
		return orders.Save(tx, o) // the money is here all the same: see Overcharged
	}
	if err != nil {
		return err
	}
	return b.choose(tx, []RefundTo{{Payment: a.ID, Amount: excess}}, excess)
}
