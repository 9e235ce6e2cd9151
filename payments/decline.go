package payments

// DeclineCode says in neutral words why a payment was declined, so that a shop
// can tell the shopper what to do. The provider's own word is kept beside it.
type DeclineCode string

// The decline codes. A provider's unknown reason is DeclineGeneric.
const (
	DeclineGeneric           DeclineCode = "declined"
	DeclineInsufficientFunds DeclineCode = "insufficient_funds"
	DeclineExpired           DeclineCode = "expired"
	DeclineIncorrectDetails  DeclineCode = "incorrect_details" // a wrong number, check digits or postcode
	DeclineAuthentication    DeclineCode = "authentication_failed"
	DeclineFraud             DeclineCode = "suspected_fraud" // also lost and stolen: do not tell the shopper which
	DeclineLimit             DeclineCode = "limit_exceeded"
	DeclineUnsupported       DeclineCode = "unsupported" // currency, amount or method
	DeclineProcessing        DeclineCode = "processing_error"
	DeclineState             DeclineCode = "wrong_state" // a refund of what was not captured, say
)

// Advice says what a shopper may try after a decline.
type Advice string

// The advices.
const (
	AdviseRetry     Advice = "retry"      // the same method may work later
	AdviseFix       Advice = "fix"        // the same method with corrected details
	AdviseNewMethod Advice = "new_method" // another card or another way to pay
)

// Advice returns what to tell the shopper.
func (c DeclineCode) Advice() Advice {
	switch c {
	case DeclineProcessing:
		return AdviseRetry
	case DeclineIncorrectDetails, DeclineAuthentication:
		return AdviseFix
	}
	return AdviseNewMethod
}
