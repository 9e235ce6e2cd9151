package payments

import (
	"fmt"
	"time"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/orders"
)

// NotFoundError says that there is no such payment attempt.
type NotFoundError struct{ Attempt ID }

func (e *NotFoundError) Error() string { return fmt.Sprintf("there is no payment %s", e.Attempt) }

// Unwrap returns fault.NotFound.
func (e *NotFoundError) Unwrap() error { return fault.NotFound }

// UnknownProviderError says that a store has no payment provider of this name.
type UnknownProviderError struct{ Provider string }

func (e *UnknownProviderError) Error() string {
	return fmt.Sprintf("there is no payment provider %q: open the store with it", e.Provider)
}

// Unwrap returns fault.Invalid.
func (e *UnknownProviderError) Unwrap() error { return fault.Invalid }

// BusyError says that a provider was not asked at all, since too many requests
// to it are under way, or since it does not answer.
type BusyError struct {
	Provider string
	Err      error // why the caller stopped waiting, or the provider is left alone
}

func (e *BusyError) Error() string {
	return fmt.Sprintf("payment provider %s was not asked: %v", e.Provider, e.Err)
}

// Unwrap returns fault.Unavailable.
func (e *BusyError) Unwrap() error { return fault.Unavailable }

// ThrottledError says that nothing was begun, since a payment provider does not
// answer or has more to do than it can: come back after Wait, or pay in another
// way.
type ThrottledError struct {
	Provider string
	Wait     time.Duration
}

func (e *ThrottledError) Error() string {
	return fmt.Sprintf("payment provider %s cannot take more at the moment: try again in %v", e.Provider, e.Wait)
}

// Unwrap returns fault.Unavailable.
func (e *ThrottledError) Unwrap() error { return fault.Unavailable }

// NoAnswerError says that a provider was asked and gave no answer that says
// what happened.
type NoAnswerError struct {
	Provider string
	Err      error
}

func (e *NoAnswerError) Error() string {
	return fmt.Sprintf("payment provider %s did not say what happened: %v", e.Provider, e.Err)
}

// Unwrap returns fault.Uncertain. The cause's own code would mislead.
func (e *NoAnswerError) Unwrap() []error {
	return []error{fault.Uncertain, fault.Wrap(fault.Uncertain, e.Err, "")}
}

// AmountError says that more money was asked for than there is.
type AmountError struct {
	Order      orders.ID
	Verb       string // "capture", "void" or "refund"
	Want, Have money.Amount
}

func (e *AmountError) Error() string {
	return fmt.Sprintf("order %s: cannot %s %v, only %v is left to", e.Order, e.Verb, e.Want, e.Have)
}

// Unwrap returns fault.Refused.
func (e *AmountError) Unwrap() error { return fault.Refused }

// UnbalancedError says that the debits and credits of a ledger transaction
// differ. It is a mistake in this program and stops the store.
type UnbalancedError struct {
	Order orders.ID
	Txn   string
	Off   money.Amount // debits − credits
}

func (e *UnbalancedError) Error() string {
	return fmt.Sprintf("ledger transaction %q of order %s is off by %v", e.Txn, e.Order, e.Off)
}

// Unwrap returns fault.Broken.
func (e *UnbalancedError) Unwrap() error { return fault.Broken }

// ElsewhereError says that payments are being made under the store's name which
// are not its own: it is a copy of a store that sells on, with the same account
// at the provider. Nothing is given back until people have cleared what was
// found.
type ElsewhereError struct {
	Provider string
	Payment  string // the first such
	MadeAt   time.Time
}

func (e *ElsewhereError) Error() string {
	return fmt.Sprintf("payment %s was made at %s on %s by another copy of this store: nothing is given back by itself", e.Payment, e.Provider, e.MadeAt.Format(time.DateTime))
}

// Unwrap returns fault.Conflict.
func (e *ElsewhereError) Unwrap() error { return fault.Conflict }
