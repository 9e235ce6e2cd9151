package inventory

import (
	"fmt"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/fault"
)

// OutOfStockError says that goods cannot be had anywhere. It counts as
// fault.Refused.
type OutOfStockError struct {
	SKU catalog.SKU
	// Want is how many were asked for, Have how many could be sold at once.
	Want, Have int64
	// Lines holds every line that cannot be filled; the fields above are
	// those of the first.
	Lines []Short
}

func (e *OutOfStockError) Error() string {
	more := ""
	if n := len(e.Lines) - 1; n > 0 {
		more = fmt.Sprintf(", and %d more are short", n)
	}
	return fmt.Sprintf("%d of %s were asked for and %d are left%s", e.Want, e.SKU, e.Have, more)
}

// Unwrap returns fault.Refused.
func (e *OutOfStockError) Unwrap() error { return fault.Refused }

// Short is one line that an allowance is too small for.
type Short struct {
	Pool PoolID
	SKU  catalog.SKU
	// Want is how many were asked for, Have how many the shard may sell now.
	Want, Have int64
	// Free is that of the demand.
	Free bool
}

// ShortError says that a shard's allowance is too small. It is not an answer:
// other shards may have the goods. Give its lines to [Service.Fill]. It counts
// as fault.Unavailable.
type ShortError struct{ Lines []Short }

func (e *ShortError) Error() string {
	if len(e.Lines) == 0 {
		return "stock must be brought to this shard first"
	}
	l := e.Lines[0]
	return fmt.Sprintf("stock must be brought to this shard first: %d of %d for %s, %d short lines in all", l.Have, l.Want, l.SKU, len(e.Lines))
}

// Unwrap returns fault.Unavailable.
func (e *ShortError) Unwrap() error { return fault.Unavailable }

// StateError says that a reservation is not in the state that a step needs. It
// counts as fault.Conflict.
type StateError struct {
	Reservation string
	Have        State // "" when there is none of this name
	Want        State // "" when there must be none
}

func (e *StateError) Error() string {
	have, want := e.Have, e.Want
	if have == "" {
		have = "absent"
	}
	if want == "" {
		want = "absent"
	}
	return fmt.Sprintf("reservation %s is %s, it must be %s", e.Reservation, have, want)
}

// Unwrap returns fault.Conflict.
func (e *StateError) Unwrap() error { return fault.Conflict }

// QuantityError says that more of a pool was to be released, shipped or
// returned than the reservation holds for that. It counts as fault.Refused.
type QuantityError struct {
	Reservation string
	Pool        PoolID
	Want, Have  int64
}

func (e *QuantityError) Error() string {
	return fmt.Sprintf("reservation %s has %d of %s for this, not %d", e.Reservation, e.Have, e.Pool, e.Want)
}

// Unwrap returns fault.Refused.
func (e *QuantityError) Unwrap() error { return fault.Refused }

// SourcingVersionError says that the places that a store sells from have changed
// since the caller read them. It counts as fault.Conflict.
type SourcingVersionError struct{ Have, Want int64 }

func (e *SourcingVersionError) Error() string {
	return fmt.Sprintf("somebody has changed the places, which are at version %d, not %d: look at them again", e.Have, e.Want)
}

// Unwrap returns fault.Conflict.
func (e *SourcingVersionError) Unwrap() error { return fault.Conflict }

// VersionError says that a pool's on-hand quantity has changed since the caller
// read it. It counts as fault.Conflict.
type VersionError struct {
	Pool       PoolID
	Have, Want int64
}

func (e *VersionError) Error() string {
	return fmt.Sprintf("the stock of %s is at version %d, not %d: read it again", e.Pool, e.Have, e.Want)
}

// Unwrap returns fault.Conflict.
func (e *VersionError) Unwrap() error { return fault.Conflict }
