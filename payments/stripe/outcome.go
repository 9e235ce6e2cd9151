package stripe

import (
	"errors"
	"fmt"

	"github.com/keelshop/commerce/payments"
	stripe "github.com/stripe/stripe-go/v85"
)

// outcome says how a PaymentIntent stands. One that waits for a method of
// payment was declined if the store has tried one. In the shopper's browser,
// one that was declined may be followed by a better one.
func outcome(i *stripe.PaymentIntent) (payments.Outcome, error) {
	o := payments.Outcome{ProviderID: i.ID}
	var err error
	switch i.Status {
	case stripe.PaymentIntentStatusSucceeded:
		o.State, o.Final = payments.Captured, true
		o.Amount, err = amount(i.AmountReceived, string(i.Currency))
	case stripe.PaymentIntentStatusRequiresCapture:
		o.State = payments.Authorized
		if i.AmountReceived > 0 { // captured in part, with more to come
			o.State = payments.Captured
			o.Amount, err = amount(i.AmountReceived, string(i.Currency))
			break
		}
		o.Amount, err = amount(i.AmountCapturable, string(i.Currency))
	case stripe.PaymentIntentStatusProcessing:
		o.State = payments.Pending
	case stripe.PaymentIntentStatusRequiresAction:
		if o.State, o.Next = payments.NeedsAction, voucher(i); o.Next != nil {
			o.State = payments.Pending
			break
		}
		o.Next = next(i)
	case stripe.PaymentIntentStatusCanceled:
		o.State = payments.Canceled
	case stripe.PaymentIntentStatusRequiresConfirmation:
		o.State = payments.Unknown
	case stripe.PaymentIntentStatusRequiresPaymentMethod:
		switch {
		case i.Metadata[metaBrowser] != "":
			o.State = payments.NeedsAction
			o.Next = &payments.NextAction{Kind: payments.ClientSDK, ClientSecret: i.ClientSecret}
		case i.LastPaymentError != nil:
			return declined(i.LastPaymentError, i.ID), nil
		default:
			o.State = payments.Unknown
		}
	default:
		return o, fmt.Errorf("a PaymentIntent in the unknown status %q", i.Status)
	}
	return o, err
}

func next(i *stripe.PaymentIntent) *payments.NextAction {
	if a := i.NextAction; a != nil && a.RedirectToURL != nil {
		return &payments.NextAction{Kind: payments.Redirect, URL: a.RedirectToURL.URL, ClientSecret: i.ClientSecret}
	}
	return &payments.NextAction{Kind: payments.ClientSDK, ClientSecret: i.ClientSecret}
}

func declined(e *stripe.Error, id string) payments.Outcome {
	raw := string(e.DeclineCode)
	if raw == "" {
		raw = string(e.Code)
	}
	return payments.Outcome{State: payments.Declined, ProviderID: id, Decline: decline(e), Raw: raw}
}

// refusal returns Stripe's own word that a request was not carried out. What
// leaves that open, such as a failure of Stripe's, is none; nor is a key that
// was used for another request, which must not count as an answer to this one.
func refusal(err error) (*stripe.Error, bool) {
	e, ok := errors.AsType[*stripe.Error](err)
	if !ok || e.HTTPStatusCode >= 500 || e.HTTPStatusCode == 429 || e.HTTPStatusCode == 409 ||
		e.HTTPStatusCode == 401 || e.HTTPStatusCode == 403 {
		return nil, false
	}
	switch e.Type {
	case stripe.ErrorTypeCard, stripe.ErrorTypeInvalidRequest:
		return e, true
	}
	return nil, false
}

// plain is an error in one line; that of Stripe's library is a JSON object.
func plain(err error) error {
	e, ok := errors.AsType[*stripe.Error](err)
	if !ok {
		return err
	}
	return &Error{Status: e.HTTPStatusCode, Type: string(e.Type), Code: string(e.Code), RequestID: e.RequestID, Message: e.Msg}
}

// Error is Stripe's answer to a request whose outcome it leaves open.
type Error struct {
	Status    int    // of HTTP
	Type      string // as in "api_error"
	Code      string // as in "idempotency_key_in_use"; may be ""
	RequestID string // for Stripe's support
	Message   string
}

// Error says what Stripe said.
func (e *Error) Error() string {
	return fmt.Sprintf("stripe answered %d %s %s (request %s): %s", e.Status, e.Type, e.Code, e.RequestID, e.Message)
}
