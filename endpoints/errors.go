package endpoints

import (
	"fmt"

	"github.com/keelshop/commerce/fault"
)

// UnknownEndpointError says that an endpoint does not exist.
type UnknownEndpointError struct{ Endpoint ID }

func (e *UnknownEndpointError) Error() string {
	return fmt.Sprintf("there is no endpoint %s", e.Endpoint)
}

// Unwrap returns fault.NotFound.
func (e *UnknownEndpointError) Unwrap() error { return fault.NotFound }

// VersionError says that an endpoint was changed since it was read.
type VersionError struct {
	Endpoint   ID
	Have, Want int64 // its version, and the one that the command was made for
}

func (e *VersionError) Error() string {
	return fmt.Sprintf("endpoint %s is at version %d, not %d: read it again and decide", e.Endpoint, e.Have, e.Want)
}

// Unwrap returns fault.Conflict.
func (e *VersionError) Unwrap() error { return fault.Conflict }

// TooManyError says that the store has as many endpoints as it may have.
type TooManyError struct{ Most int64 }

func (e *TooManyError) Error() string {
	return fmt.Sprintf("the store has %d endpoints, which is the limit: remove one first", e.Most)
}

// Unwrap returns fault.Refused.
func (e *TooManyError) Unwrap() error { return fault.Refused }

// LeaseError says that another node, or another run, delivers.
type LeaseError struct{ Holder string }

func (e *LeaseError) Error() string { return fmt.Sprintf("node %q delivers webhooks now", e.Holder) }

// Unwrap returns fault.Refused.
func (e *LeaseError) Unwrap() error { return fault.Refused }

// StaleError says that an endpoint's position was moved by a replay, so that
// what was being delivered does not count any more.
type StaleError struct{ Endpoint ID }

func (e *StaleError) Error() string {
	return fmt.Sprintf("endpoint %s was told to start again elsewhere", e.Endpoint)
}

// Unwrap returns fault.Conflict.
func (e *StaleError) Unwrap() error { return fault.Conflict }
