package pricing

import (
	"fmt"

	"github.com/keelshop/commerce/fault"
)

// VersionError says that the rules were changed since they were read.
type VersionError struct{ Have, Want int64 }

func (e *VersionError) Error() string {
	return fmt.Sprintf("the pricing rules are at version %d, not %d: read them again and decide", e.Have, max(0, e.Want))
}

// Unwrap returns fault.Conflict.
func (e *VersionError) Unwrap() error { return fault.Conflict }

// NotFoundError says that there is no such rule.
type NotFoundError struct {
	Kind Kind
	ID   string
}

func (e *NotFoundError) Error() string { return fmt.Sprintf("there is no %s %q", e.Kind, e.ID) }

// Unwrap returns fault.NotFound.
func (e *NotFoundError) Unwrap() error { return fault.NotFound }

// ExistsError says that a rule or a code is there already that was to be new.
type ExistsError struct {
	Kind Kind
	ID   string
}

func (e *ExistsError) Error() string {
	return fmt.Sprintf("there is a %s %q already: read it and decide", e.Kind, e.ID)
}

// Unwrap returns fault.Conflict.
func (e *ExistsError) Unwrap() error { return fault.Conflict }

// LineError says that a line cannot be priced: it has no units, or costs or
// weighs less than nothing.
type LineError struct {
	Line                             int // from 1
	Quantity, UnitPrice, WeightGrams int64
}

func (e *LineError) Error() string {
	return fmt.Sprintf("line %d: %d units at %d of %d grams cannot be priced", e.Line, e.Quantity, e.UnitPrice, e.WeightGrams)
}

// Unwrap returns fault.Invalid.
func (e *LineError) Unwrap() error { return fault.Invalid }

// GivenError says that a discount that was given cannot be: there is no such
// line, it is below zero, or it is more than is left of what the line costs.
type GivenError struct {
	Line         int // from 1
	Name         string
	Amount, Left int64 // minor units
}

func (e *GivenError) Error() string {
	return fmt.Sprintf("line %d: a discount of %d cannot be given for %q, of the line %d is left", e.Line, e.Amount, e.Name, e.Left)
}

// Unwrap returns fault.Invalid.
func (e *GivenError) Unwrap() error { return fault.Invalid }

// FullError says that a store has as many rules of a kind as it may.
type FullError struct {
	Kind Kind
	Max  int
}

func (e *FullError) Error() string {
	return fmt.Sprintf("the store has %d rules of kind %s, as many as it may: remove one", e.Max, e.Kind)
}

// Unwrap returns fault.Refused.
func (e *FullError) Unwrap() error { return fault.Refused }

// TaxesError says that the taxes of a cart are not known, in a store that does
// not sell by estimates.
type TaxesError struct {
	Refused bool   // the tax provider does not take the request, such as for its address
	Detail  string // what the provider said
}

func (e *TaxesError) Error() string {
	if e.Refused {
		return fmt.Sprintf("the taxes are not known (%s): correct the address", e.Detail)
	}
	return fmt.Sprintf("the taxes are not known (%s): try again in a moment", e.Detail)
}

// Unwrap returns fault.Invalid if the request was refused, and otherwise
// fault.Unavailable.
func (e *TaxesError) Unwrap() error {
	if e.Refused {
		return fault.Invalid
	}
	return fault.Unavailable
}
