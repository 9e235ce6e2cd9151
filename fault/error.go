package fault

import (
	"errors"
	"fmt"
	"iter"
)

// Error is a code, a text and perhaps a cause. Make one with [New] or [Wrap].
//
// It has no Unwrap method: the cause is found by errors.Is, errors.As and errors.AsType all the same, except for
// the cause's own code, which this error's code replaces. Otherwise an Uncertain error whose cause was a NotFound
// would pass for both, and a caller who checks for one of them would take the wrong step.
type Error struct {
	Code Code   // what the caller can do; zero counts as Broken
	Msg  string // one sentence a caller can act on, or what was being done when Err occurred
	Err  error  // the cause; may be nil

	whole bool // Msg already contains the text of Err
}

// New returns an error with the given code and text.
func New(code Code, format string, args ...any) error {
	return &Error{Code: code, Msg: fmt.Sprintf(format, args...)}
}

// Wrap returns an error with the given code, whatever the code of err was. The text says what was being done;
// the text of err follows it. A nil err makes the same error as [New]: a failure is never turned into success.
func Wrap(code Code, err error, format string, args ...any) error {
	return &Error{Code: code, Msg: fmt.Sprintf(format, args...), Err: err}
}

// Error returns the text, followed by that of the cause.
func (e *Error) Error() string {
	switch {
	case e.whole:
		return e.Msg
	case e.Err == nil && e.Msg == "":
		return e.FaultCode().Error()
	case e.Err == nil:
		return e.Msg
	case e.Msg == "":
		return e.Err.Error()
	}
	return e.Msg + ": " + e.Err.Error()
}

// Is reports whether target is this error's code, or is found in the cause and is not a code.
func (e *Error) Is(target error) bool {
	if code, ok := target.(Code); ok {
		return e.FaultCode() == code
	}
	return e.Err != nil && errors.Is(e.Err, target)
}

// As finds this error's code, or an error of the target's type in the cause.
func (e *Error) As(target any) bool {
	if code, ok := target.(*Code); ok {
		*code = e.FaultCode()
		return true
	}
	return e.Err != nil && errors.As(e.Err, target)
}

// FaultCode returns the code, and Broken when none was given.
func (e *Error) FaultCode() Code { return e.Code.orBroken() }

// chain yields err and all that it wraps, the outer before the inner and the first before the second.
func chain(err error) iter.Seq[error] {
	return func(yield func(error) bool) { walk(err, yield) }
}

func walk(err error, visit func(error) bool) bool {
	if err == nil {
		return true
	}
	if !visit(err) {
		return false
	}
	switch e := err.(type) {
	case *Error:
		return walk(e.Err, visit)
	case interface{ Unwrap() error }:
		return walk(e.Unwrap(), visit)
	case interface{ Unwrap() []error }:
		for _, inner := range e.Unwrap() {
			if !walk(inner, visit) {
				return false
			}
		}
	}
	return true
}
