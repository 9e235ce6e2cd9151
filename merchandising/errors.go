package merchandising

import (
	"fmt"

	"github.com/keelshop/commerce/fault"
)

// VersionError says that the rules were changed since they were read.
type VersionError struct{ Have, Want int64 }

func (e *VersionError) Error() string {
	return fmt.Sprintf("the rules of merchandising are at version %d, not %d: read them again and decide", e.Have, max(0, e.Want))
}

// Unwrap returns fault.Conflict.
func (e *VersionError) Unwrap() error { return fault.Conflict }

// UnknownRuleError says that there is no rule for a text.
type UnknownRuleError struct{ Locale, Query string }

func (e *UnknownRuleError) Error() string {
	return fmt.Sprintf("there is no rule for %q in the locale %q", e.Query, e.Locale)
}

// Unwrap returns fault.NotFound.
func (e *UnknownRuleError) Unwrap() error { return fault.NotFound }

// TooManyError says that the store has as many rules as it may have.
type TooManyError struct{ Most int64 }

func (e *TooManyError) Error() string {
	return fmt.Sprintf("the store has %d rules of merchandising, which is the limit: remove one first", e.Most)
}

// Unwrap returns fault.Refused.
func (e *TooManyError) Unwrap() error { return fault.Refused }
