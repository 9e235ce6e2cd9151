package credit

import (
	"context"
	"time"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/payments"
)

// Issue makes a gift card.
type Issue struct {
	Amount    money.Amount `cbor:"1,keyasint"`
	ExpiresAt time.Time    `cbor:"-"` // zero is never
	// Code is that of a card which exists elsewhere. By default the store makes
	// one that nobody can guess. It is not kept.
	Code   string `cbor:"-" command:"secret"`
	Reason string `cbor:"2,keyasint,omitempty"`
	Key    string `cbor:"-"` // idempotency key; asking again with it gives the same code

	Expires int64  `cbor:"3,keyasint,omitempty" command:"stamped"`
	ID      ID     `cbor:"4,keyasint" command:"stamped"`
	Last4   string `cbor:"5,keyasint" command:"stamped"`
}

// Issued is a new gift card and its code, which the store tells only once: it
// keeps none.
type Issued struct {
	Balance
	Code string
}

// ChangedEvent is the data of the events credit.issued, credit.granted,
// credit.adjusted and credit.disabled.
type ChangedEvent struct {
	Balance  ID             `json:"balance"`
	Kind     Kind           `json:"kind"`
	Customer string         `json:"customer,omitempty"`
	Currency money.Currency `json:"currency"`
	Amount   int64          `json:"amount"` // by which what is left has changed, minor units
	Left     int64          `json:"left"`
	Disabled bool           `json:"disabled,omitempty"`
	Reason   string         `json:"reason,omitempty"`
}

const maxReason = 500

// Kind returns "credit.issue".
func (Issue) Kind() command.Kind { return "credit.issue" }

// Validate refuses amounts that are not above nothing.
func (c Issue) Validate() error { return checkGiven(c.Amount, c.Reason) }

func checkGiven(a money.Amount, reason string) error {
	switch {
	case !a.IsPositive() || a.Minor() > payments.MaxAmount:
		return fault.Wrong("amount", "the amount is %v: it must be above nothing, and within %d minor units", a, int64(payments.MaxAmount))
	case a.Currency().Check() != nil:
		return a.Currency().Check()
	}
	return checkReason(reason)
}

func checkReason(reason string) error {
	if len(reason) > maxReason {
		return fault.Wrong("reason", "the reason is longer than %d bytes", maxReason)
	}
	return payments.RefusePAN(reason)
}

func (c Issue) apply(tx *command.Tx) (ID, error) {
	made, err := insert(tx, Balance{ID: c.ID, Kind: GiftCard, Last4: c.Last4, ExpiresAt: instant(c.Expires)}, c.Amount.Currency())
	if err != nil {
		return "", err
	}
	if !made {
		return "", &CodeTakenError{Balance: c.ID}
	}
	return c.ID, put(tx, c.ID, "credit.issued", c.Amount.Minor(), c.Reason)
}

// put changes what a balance was issued with and tells of it.
func put(tx *command.Tx, balance ID, event string, minor int64, reason string) error {
	b, err := balanceTx(tx.Tx, balance)
	if err != nil {
		return err
	}
	if err := b.move(tx, change{issued: minor}); err != nil {
		return err
	}
	return b.tell(tx, event, minor, reason)
}

func (b Balance) tell(tx *command.Tx, event string, minor int64, reason string) error {
	return tx.Emit(event, string(b.ID), ChangedEvent{
		Balance: b.ID, Kind: b.Kind, Customer: string(b.Customer), Currency: b.Issued.Currency(),
		Amount: minor, Left: b.Left.Minor(), Disabled: b.Disabled, Reason: reason,
	})
}

// Issue runs the command and returns the card with its code. It is a
// *CodeTakenError if there is a card with the code.
func (s *Service) Issue(ctx context.Context, c Issue) (Issued, error) {
	c.Key = command.KeyOr(s.engine, c.Key)
	if c.Code == "" {
		c.Code = newCode(s.engine.Hash("gift card code", command.PrincipalOf(ctx)+"\x00"+c.Key))
	}
	code, err := NormalizeCode(c.Code)
	if err != nil {
		return Issued{}, err
	}
	if err := payments.RefusePAN(code); err != nil {
		return Issued{}, err
	}
	balance, slot := s.giftCardOf(code)
	call := command.Call{Key: c.Key, Slot: slot, Prepare: func(command.Stamp) error {
		c.ID, c.Last4, c.Expires = balance, code[len(code)-4:], millis(c.ExpiresAt)
		return nil
	}}
	return command.DoThen(ctx, s.engine, &c, call, func(ctx context.Context, b ID) (Issued, error) {
		out, err := s.Get(ctx, b)
		return Issued{Balance: out, Code: c.Code}, err
	})
}
