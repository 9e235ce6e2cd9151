package accounts

import (
	"fmt"
	"time"

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

// UnverifiedError says that a customer has not shown that mail to their e-mail
// address reaches them, or that they have none.
type UnverifiedError struct{ Customer CustomerID }

func (e *UnverifiedError) Error() string {
	return fmt.Sprintf("the e-mail address of customer %s is not verified: verify it first", e.Customer)
}

// Unwrap returns fault.Refused.
func (e *UnverifiedError) Unwrap() error { return fault.Refused }

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

// WrongPasswordError says that nobody has this e-mail address with this
// password. Which of the two is wrong, it does not say.
type WrongPasswordError struct{}

func (e *WrongPasswordError) Error() string { return "the e-mail address or the password is wrong" }

// Unwrap returns fault.Denied.
func (e *WrongPasswordError) Unwrap() error { return fault.Denied }

// OutgrownPasswordError says that a password is right and opens nothing any
// more: its owner has joined the staff, who need longer ones.
type OutgrownPasswordError struct {
	Min int // characters
}

func (e *OutgrownPasswordError) Error() string {
	return fmt.Sprintf("staff need a password of at least %d characters, and yours is shorter: reset it", e.Min)
}

// Unwrap returns fault.Denied.
func (e *OutgrownPasswordError) Unwrap() error { return fault.Denied }

// ThrottledError says that log-ins with an e-mail address have failed too often
// in a row. It is the same whether or not somebody has the address.
type ThrottledError struct {
	Wait time.Duration // until the next is looked at
}

func (e *ThrottledError) Error() string {
	return fmt.Sprintf("too many log-ins have failed: try again in %v, or reset the password", e.Wait.Round(time.Second))
}

// Unwrap returns fault.Unavailable.
func (e *ThrottledError) Unwrap() error { return fault.Unavailable }

// NoSessionError says that a token opens no session: it has expired, was ended,
// or never was one.
type NoSessionError struct{}

func (e *NoSessionError) Error() string { return "nobody is logged in with this token: log in" }

// Unwrap returns fault.Denied.
func (e *NoSessionError) Unwrap() error { return fault.Denied }

// NoLetterError says that a letter is good for nothing: it has expired, was
// used, was for another e-mail address, or never was one.
type NoLetterError struct{}

func (e *NoLetterError) Error() string {
	return "this link has expired or was used already: ask for another"
}

// Unwrap returns fault.NotFound.
func (e *NoLetterError) Unwrap() error { return fault.NotFound }

// TooManyLettersError says that a customer has enough letters that work.
type TooManyLettersError struct{ Customer CustomerID }

func (e *TooManyLettersError) Error() string {
	return fmt.Sprintf("customer %s has %d letters that work: they should look for one of them", e.Customer, mostLetters)
}

// Unwrap returns fault.Refused.
func (e *TooManyLettersError) Unwrap() error { return fault.Refused }

// movedError says that what a command went by has changed since: look again
// and repeat it.
type movedError struct{ Customer CustomerID }

func (e *movedError) Error() string { return "the customer was changed at the same time: try again" }

// Unwrap returns fault.Unavailable, so that it is never recorded as an answer.
func (e *movedError) Unwrap() error { return fault.Unavailable }
