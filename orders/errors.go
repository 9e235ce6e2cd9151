package orders

import (
	"fmt"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/money"
)

// NotFoundError says that there is no such order.
type NotFoundError struct{ Order ID }

func (e *NotFoundError) Error() string { return fmt.Sprintf("there is no order %s", e.Order) }

// Unwrap returns fault.NotFound.
func (e *NotFoundError) Unwrap() error { return fault.NotFound }

// StatusError says that an order is not in a state that allows what was asked.
type StatusError struct {
	Order ID
	Have  string
	Want  string
}

func (e *StatusError) Error() string {
	return fmt.Sprintf("order %s is %s; this needs it to be %s", e.Order, e.Have, e.Want)
}

// Unwrap returns fault.Conflict.
func (e *StatusError) Unwrap() error { return fault.Conflict }

// QuantityError says that more of a line was asked for than there is to ship
// or to return.
type QuantityError struct {
	Order      ID
	Line       int
	Want, Have int64
	Verb       string // "ship", "cancel", "return", "receive" or "pay back"
}

func (e *QuantityError) Error() string {
	return fmt.Sprintf("order %s line %d: %d to %s, but only %d can be", e.Order, e.Line, e.Want, e.Verb, e.Have)
}

// Unwrap returns fault.Refused.
func (e *QuantityError) Unwrap() error { return fault.Refused }

// VersionError says that an order has changed since it was read.
type VersionError struct {
	Order      ID
	Want, Have int64
}

func (e *VersionError) Error() string {
	return fmt.Sprintf("order %s is at version %d, not %d: read it again and decide", e.Order, e.Have, e.Want)
}

// Unwrap returns fault.Conflict.
func (e *VersionError) Unwrap() error { return fault.Conflict }

// PaymentError says that an order's money cannot have changed in this way.
type PaymentError struct {
	Order  ID
	What   string       // the sum that would be impossible, such as "captured"
	Have   money.Amount // the sum before
	Change int64        // minor units
}

func (e *PaymentError) Error() string {
	return fmt.Sprintf("order %s has %v %s: a change by %d minor units is impossible", e.Order, e.Have, e.What, e.Change)
}

// Unwrap returns fault.Conflict.
func (e *PaymentError) Unwrap() error { return fault.Conflict }

// TakenError says that a new order got the ID of another: make a new ID.
type TakenError struct{ Order ID }

func (e *TakenError) Error() string { return fmt.Sprintf("there is an order %s: try again", e.Order) }

// Unwrap returns fault.Unavailable, so that it is never recorded as an answer.
func (e *TakenError) Unwrap() error { return fault.Unavailable }
