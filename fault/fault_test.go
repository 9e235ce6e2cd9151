package fault_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/keelshop/commerce/fault"
)

var allCodes = []fault.Code{
	fault.Invalid, fault.NotFound, fault.Conflict, fault.Refused,
	fault.Denied, fault.Unavailable, fault.Uncertain, fault.Broken,
}

func TestEveryWayToCarryACode(t *testing.T) {
	for _, code := range allCodes {
		for name, err := range map[string]error{
			"bare":       code,
			"new":        fault.New(code, "order %d", 7),
			"wrap":       fault.Wrap(code, io.EOF, "read"),
			"wrap nil":   fault.Wrap(code, nil, "read"),
			"recode":     fault.Wrap(code, fault.New(fault.Denied, "inner"), "outer"),
			"typed":      &codedError{code: code},
			"fmt":        fmt.Errorf("outer: %w", fmt.Errorf("inner: %w", code)),
			"fmt new":    fmt.Errorf("outer: %w", fault.New(code, "inner")),
			"joined":     errors.Join(io.EOF, fault.New(code, "second")),
			"with cause": &codedError{code: code, cause: context.Canceled},
			"coded":      fmt.Errorf("outer: %w", computedError(code)),
		} {
			if !errors.Is(err, code) {
				t.Errorf("%v, %s: errors.Is does not find the code", code, name)
			}
			if got := fault.CodeOf(err); got != code {
				t.Errorf("%v, %s: CodeOf = %v", code, name, got)
			}
			for _, other := range allCodes {
				if other != code && errors.Is(err, other) {
					t.Errorf("%v, %s: also passes for %v", code, name, other)
				}
			}
		}
	}
}

func TestCodeOfOtherErrors(t *testing.T) {
	for _, test := range []struct {
		err  error
		want fault.Code
	}{
		{nil, 0},
		{io.EOF, fault.Broken},
		{context.Canceled, fault.Unavailable},
		{fmt.Errorf("call: %w", context.DeadlineExceeded), fault.Unavailable},
		{fault.Wrap(fault.Uncertain, context.Canceled, "wait"), fault.Uncertain},
		{errors.Join(context.Canceled, fault.Uncertain), fault.Uncertain},
		{errors.Join(fault.NotFound, fault.Denied), fault.NotFound},
		{fault.New(0, "no code given"), fault.Broken},
		{fault.Code(0), fault.Broken},
		{fault.Code(200), fault.Broken},
		{&fault.Error{}, fault.Broken},
	} {
		if got := fault.CodeOf(test.err); got != test.want {
			t.Errorf("CodeOf(%v) = %v, want %v", test.err, got, test.want)
		}
	}
}

func TestRetryable(t *testing.T) {
	want := map[fault.Code]bool{fault.Unavailable: true, fault.Uncertain: true}
	for _, code := range allCodes {
		if got := fault.Retryable(fault.New(code, "x")); got != want[code] {
			t.Errorf("Retryable(%v) = %v", code, got)
		}
	}
	if fault.Retryable(nil) || fault.Retryable(io.EOF) {
		t.Error("success or an unknown error is not retryable")
	}
}

func TestCauseIsFound(t *testing.T) {
	cause := &codedError{code: fault.Refused, cause: io.ErrUnexpectedEOF}
	err := fmt.Errorf("checkout: %w", fault.Wrap(fault.Uncertain, cause, "pay"))

	if !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Error("errors.Is does not reach the cause")
	}
	if got, ok := errors.AsType[*codedError](err); !ok || got != cause {
		t.Error("errors.AsType does not reach the cause")
	}
	if got, ok := errors.AsType[*fault.Error](err); !ok || got.Err != cause {
		t.Error("errors.AsType does not find the *Error itself")
	}
	if code, ok := errors.AsType[fault.Code](err); !ok || code != fault.Uncertain {
		t.Errorf("errors.AsType finds the code %v", code)
	}
	if errors.Is(err, fault.Refused) {
		t.Error("the cause's code shines through")
	}
}

func TestText(t *testing.T) {
	for _, test := range []struct {
		err  error
		want string
	}{
		{fault.New(fault.NotFound, "cart %s does not exist", "c1"), "cart c1 does not exist"},
		{fault.Wrap(fault.Broken, io.EOF, "read page %d", 3), "read page 3: EOF"},
		{fault.Wrap(fault.Broken, io.EOF, ""), "EOF"},
		{fault.New(fault.NotFound, ""), "not found"},
		{fault.Wrap(0, nil, ""), "broken"},
		{fmt.Errorf("cart c1: %w", fault.NotFound), "cart c1: not found"},
	} {
		if got := test.err.Error(); got != test.want {
			t.Errorf("got %q, want %q", got, test.want)
		}
	}
}

func TestCodeNames(t *testing.T) {
	golden := []string{ // numbers and names are on the wire: this list only ever grows
		"none", "invalid", "not_found", "conflict", "refused", "denied", "unavailable", "uncertain", "broken", "code_9",
	}
	for n, want := range golden {
		if got := fault.Code(n).String(); got != want {
			t.Errorf("Code(%d) = %q, want %q", n, got, want)
		}
	}
	for _, code := range allCodes {
		text, err := code.MarshalText()
		if err != nil {
			t.Fatal(err)
		}
		var back fault.Code
		if err := back.UnmarshalText(text); err != nil || back != code {
			t.Errorf("%q came back as %v, %v", text, back, err)
		}
	}
	for _, code := range []fault.Code{0, 9} {
		if text, err := code.MarshalText(); !errors.Is(err, fault.Invalid) {
			t.Errorf("Code(%d) marshals as %q, %v", uint8(code), text, err)
		}
	}
	for _, text := range []string{"", "none", "code_9", "Broken"} {
		if err := new(fault.Code).UnmarshalText([]byte(text)); !errors.Is(err, fault.Invalid) {
			t.Errorf("%q is accepted as a code", text)
		}
	}
}

// codedError has both a code and a cause.
type codedError struct {
	code  fault.Code
	cause error
}

func (e *codedError) Error() string   { return "coded" }
func (e *codedError) Unwrap() []error { return []error{e.code, e.cause} }

// computedError has a code that its fields decide.
type computedError fault.Code

func (e computedError) Error() string         { return "computed" }
func (e computedError) FaultCode() fault.Code { return fault.Code(e) }
func (e computedError) Is(target error) bool  { return target == e.FaultCode() }
