package credit

import (
	"fmt"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/orders"
)

// NotFoundError says that there is no such balance. It does not repeat the code
// that was looked for.
type NotFoundError struct{ Balance ID }

func (e *NotFoundError) Error() string {
	if e.Balance == "" {
		return "there is no such gift card or store credit"
	}
	return fmt.Sprintf("there is no balance %s", e.Balance)
}

// Unwrap returns fault.NotFound.
func (e *NotFoundError) Unwrap() error { return fault.NotFound }

// ShortError says that a balance does not hold what was to be taken out of it,
// or cannot hold what was to be put in.
type ShortError struct {
	Balance    ID
	Want, Have money.Amount
}

func (e *ShortError) Error() string {
	return fmt.Sprintf("balance %s has %v left, which does not allow for %v", e.Balance, e.Have, e.Want)
}

// Unwrap returns fault.Refused.
func (e *ShortError) Unwrap() error { return fault.Refused }

// CodeTakenError says that there is a gift card with this code.
type CodeTakenError struct{ Balance ID }

func (e *CodeTakenError) Error() string {
	return fmt.Sprintf("gift card %s has this code: give another one, or none", e.Balance)
}

// Unwrap returns fault.Conflict.
func (e *CodeTakenError) Unwrap() error { return fault.Conflict }

// CardSpentError says that a gift card that was bought cannot be taken back: it
// has paid for something, or does not hold any more what it was sold for.
type CardSpentError struct {
	Order      orders.ID
	Line, Unit int
	Sold, Left money.Amount
}

func (e *CardSpentError) Error() string {
	return fmt.Sprintf("gift card %d of line %d of order %s was used: %v of %v are left", e.Unit, e.Line, e.Order, e.Left, e.Sold)
}

// Unwrap returns fault.Refused.
func (e *CardSpentError) Unwrap() error { return fault.Refused }

// CardStateError says that an order has no such gift card, or that it is not
// issued: not yet, or not any more.
type CardStateError struct {
	Order      orders.ID
	Line, Unit int
	Have       CardState // "" if there is none
}

func (e *CardStateError) Error() string {
	if e.Have == "" {
		return fmt.Sprintf("order %s has no gift card %d on line %d", e.Order, e.Unit, e.Line)
	}
	return fmt.Sprintf("gift card %d of line %d of order %s is %s, not %s", e.Unit, e.Line, e.Order, e.Have, CardIssued)
}

// Unwrap returns fault.Refused.
func (e *CardStateError) Unwrap() error { return fault.Refused }
