package pricing

import (
	"fmt"

	"github.com/keelshop/commerce/fault"
)

// VersionError says that the rules were changed since they were read.
type VersionError struct{ Have, Want int64 }

func (e *VersionError) Error() string {
	return fmt.Sprintf("the pricing rules are at version %d, not %d: read them again and decide", e.Have, e.Want)
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
