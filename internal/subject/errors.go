package subject

import "github.com/keelshop/commerce/fault"

// KeyExistsError says that the subject got another data key in the meantime.
// The proposer seals anew under the stored one. It is fault.Unavailable, so
// that it is never recorded as the answer of a command.
type KeyExistsError struct{ Subject string }

func (e *KeyExistsError) Error() string {
	return "another data key was made for " + e.Subject + " at the same time: try again"
}

// Unwrap returns fault.Unavailable.
func (e *KeyExistsError) Unwrap() error { return fault.Unavailable }

// ErasedError says that the subject's data key was deleted, and with it all
// that was sealed under it. There will be no other.
type ErasedError struct{ Subject string }

func (e *ErasedError) Error() string { return "the personal data of " + e.Subject + " was erased" }

// Unwrap returns fault.Refused.
func (e *ErasedError) Unwrap() error { return fault.Refused }
