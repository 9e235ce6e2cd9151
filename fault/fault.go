// Package fault says what a caller can do about an error.
//
// A [Code] is not a category of cause. Two errors with the same code call for the same next step: mend the
// request, read again, ask again with the same key, wake an operator. A code is itself an error, so that the
// standard library finds it:
//
//	if errors.Is(err, fault.NotFound) { … }
//
// [CodeOf] returns the code of an error, for a switch; every error that is not nil has one.
//
// # Giving an error a code
//
// When the text is all a caller needs, use [New] or [Wrap]. When a caller needs the noun, declare a type that
// unwraps to its code; nothing else is required:
//
//	type OutOfStockError struct {
//		SKU        string
//		Want, Have int64
//	}
//
//	func (e *OutOfStockError) Error() string {
//		return fmt.Sprintf("only %d of %s are left, %d were asked for", e.Have, e.SKU, e.Want)
//	}
//
//	func (e *OutOfStockError) Unwrap() error { return fault.Refused }
//
// A type that also has a cause returns both, the code first: []error{fault.Refused, e.Err}. CodeOf then returns the
// first; errors.Is finds the cause's code too, so a cause whose code would mislead is wrapped with [Wrap] first.
//
// A type whose code depends on its fields may implement [Coded] instead. Since errors.Is does not know that method,
// such a type says the same in Is: return target == e.FaultCode().
//
// To say what was being done without changing the code, use fmt.Errorf with %w.
//
// # Between nodes
//
// [Types] carries errors, typed ones included, over a network and into a stored record.
package fault

import (
	"context"
	"errors"
)

// Coded is an error that names its own code. What it wraps does not change it.
type Coded interface {
	error

	// FaultCode returns the code. Zero counts as Broken.
	FaultCode() Code
}

// Error makes a Code usable as an error. It returns the code in plain words, such as "not found".
func (c Code) Error() string {
	if c == NotFound {
		return "not found"
	}
	return c.String()
}

// FaultCode returns c itself, so that a bare code is [Coded].
func (c Code) FaultCode() Code { return c }

// CodeOf returns the code of err, and 0 only when err is nil.
//
// When several errors in the chain carry a code, the outermost one counts; among errors joined side by side, the
// first. An error without a code is [Unavailable] when it is context.Canceled or context.DeadlineExceeded, since
// code that may have had an effect says [Uncertain] itself. Any other error is [Broken]: nobody foresaw it.
func CodeOf(err error) Code {
	if err == nil {
		return 0
	}
	for e := range chain(err) {
		if coded, ok := e.(Coded); ok {
			return coded.FaultCode().orBroken()
		}
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return Unavailable
	}
	return Broken
}

// Retryable reports whether the same request with the same idempotency key may succeed if it is simply sent
// again: its code is [Unavailable] or [Uncertain]. A caller whose own context has ended needs a new one first.
func Retryable(err error) bool {
	c := CodeOf(err)
	return c == Unavailable || c == Uncertain
}
