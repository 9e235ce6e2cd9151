package accounts

import (
	"fmt"

	"github.com/keelshop/commerce/fault"
)

// UnknownCustomerError says that a customer does not exist. Customer is "" if
// they were looked up by e-mail address, which no error repeats.
type UnknownCustomerError struct{ Customer CustomerID }

func (e *UnknownCustomerError) Error() string {
	if e.Customer == "" {
		return "there is no customer with this e-mail address"
	}
	return fmt.Sprintf("there is no customer %s", e.Customer)
}

// Unwrap returns fault.NotFound.
func (e *UnknownCustomerError) Unwrap() error { return fault.NotFound }

// UnknownAddressError says that a customer has no such address.
type UnknownAddressError struct {
	Customer CustomerID
	Address  AddressID
}

func (e *UnknownAddressError) Error() string {
	return fmt.Sprintf("customer %s has no address %s", e.Customer, e.Address)
}

// Unwrap returns fault.NotFound.
func (e *UnknownAddressError) Unwrap() error { return fault.NotFound }

// EmailTakenError says that an e-mail address belongs to another customer. It
// names neither, since whoever is told may be a stranger.
type EmailTakenError struct{}

func (e *EmailTakenError) Error() string {
	return "this e-mail address belongs to another customer: sign in, or use another"
}

// Unwrap returns fault.Conflict.
func (e *EmailTakenError) Unwrap() error { return fault.Conflict }

// EmailBusyError says that another customer is taking or giving up an e-mail
// address just now. Which of the two comes true is known within seconds.
type EmailBusyError struct{}

func (e *EmailBusyError) Error() string {
	return "this e-mail address is being taken or given up right now: try again in a few seconds"
}

// Unwrap returns fault.Unavailable.
func (e *EmailBusyError) Unwrap() error { return fault.Unavailable }

// VersionError says that a customer was changed since they were read.
type VersionError struct {
	Customer   CustomerID
	Have, Want int64 // their version, and the one that the command was made for
}

func (e *VersionError) Error() string {
	return fmt.Sprintf("customer %s is at version %d, not %d: read them again and decide", e.Customer, e.Have, e.Want)
}

// Unwrap returns fault.Conflict.
func (e *VersionError) Unwrap() error { return fault.Conflict }

// ErasedError says that a customer was erased and cannot be changed any more.
type ErasedError struct{ Customer CustomerID }

func (e *ErasedError) Error() string { return fmt.Sprintf("customer %s was erased", e.Customer) }

// Unwrap returns fault.Refused.
func (e *ErasedError) Unwrap() error { return fault.Refused }

// movedError says that what a command went by has changed since: look again
// and repeat it.
type movedError struct{ Customer CustomerID }

func (e *movedError) Error() string { return "the customer was changed at the same time: try again" }

// Unwrap returns fault.Unavailable, so that it is never recorded as an answer.
func (e *movedError) Unwrap() error { return fault.Unavailable }
