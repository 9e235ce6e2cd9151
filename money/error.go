package money

import (
	"fmt"
	"strings"

	"github.com/keelshop/commerce/fault"
)

// OverflowError says that a result does not fit into 64 bits.
type OverflowError struct {
	Expr string // what was computed, such as "92233720368547758.07 EUR × 2"
}

func (e *OverflowError) Error() string {
	return e.Expr + " is outside the range of 64 bits"
}

// Unwrap returns fault.Invalid.
func (e *OverflowError) Unwrap() error { return fault.Invalid }

func overflow(format string, args ...any) error {
	return &OverflowError{Expr: fmt.Sprintf(format, args...)}
}

// CurrencyMismatchError says that an amount is not in the currency that its context asks for. A currency is empty
// when an amount without one is involved.
type CurrencyMismatchError struct {
	Want, Have Currency
}

func (e *CurrencyMismatchError) Error() string {
	return fmt.Sprintf("an amount in %s is needed here, and this one is in %s", e.Want.orNone(), e.Have.orNone())
}

// Unwrap returns fault.Invalid.
func (e *CurrencyMismatchError) Unwrap() error { return fault.Invalid }

// UnknownCurrencyError says that a code is not that of a currency in which amounts can be kept.
type UnknownCurrencyError struct {
	Code string // what was found, shortened
}

func (e *UnknownCurrencyError) Error() string {
	if e.Code == "" {
		return "the currency is missing"
	}
	return fmt.Sprintf("%q is not the ISO 4217 code of a currency with minor units", e.Code)
}

// Unwrap returns fault.Invalid.
func (e *UnknownCurrencyError) Unwrap() error { return fault.Invalid }

func unknownCurrency(c Currency) error {
	return &UnknownCurrencyError{Code: shorten(string(c))}
}

// ParseError says why a text is not what it should be.
type ParseError struct {
	Want   string // what was expected, such as "an amount"
	Input  string // what was found, shortened
	Reason string
}

func (e *ParseError) Error() string {
	return fmt.Sprintf("%q is not %s: %s", e.Input, e.Want, e.Reason)
}

// Unwrap returns fault.Invalid.
func (e *ParseError) Unwrap() error { return fault.Invalid }

func parseError(want, input, reason string) error {
	return &ParseError{Want: want, Input: shorten(input), Reason: reason}
}

// AllocateError says why an amount cannot be handed out.
type AllocateError struct {
	Amount Amount
	Reason string
}

func (e *AllocateError) Error() string {
	return fmt.Sprintf("%v cannot be handed out: %s", e.Amount, e.Reason)
}

// Unwrap returns fault.Invalid.
func (e *AllocateError) Unwrap() error { return fault.Invalid }

// shorten keeps hostile input from filling logs and records.
func shorten(s string) string {
	const limit = 64
	if len(s) <= limit {
		return s
	}
	return strings.ToValidUTF8(s[:limit], "") + "…"
}
