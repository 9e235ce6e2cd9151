package payments

import (
	"context"
	"strings"
	"unicode/utf8"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/pan"
	"github.com/keelshop/commerce/money"
)

// Provider moves money: a card processor, a bank, a person with a cash box.
// It is safe for concurrent use.
//
// Every request carries a key. Asking again with the same key and fields does
// nothing new and tells how the first request stands. A decline is an Outcome.
// An error means that the outcome is not known, whatever its code, and that
// the store will ask again. Package paymentstest proves an implementation.
type Provider interface {
	// Name returns the name under which attempts remember the provider.
	Name() string
	// Pay charges what a token stands for: authorized or, if the request says
	// so, captured too.
	Pay(ctx context.Context, r PayRequest) (Outcome, error)
	// Retrieve tells how an earlier request stands. NotFound means that the
	// provider has not seen it and never will.
	Retrieve(ctx context.Context, r LookupRequest) (Outcome, error)
	// Capture takes what was authorized, in one or more parts. The outcome is
	// Captured with all that was taken so far, or Declined. A provider that
	// lets go of the rest, which it does if it is asked to, says so by Final.
	Capture(ctx context.Context, r CaptureRequest) (Outcome, error)
	// Void lets go of what is authorized and not captured, and ends a payment
	// that is not decided yet. The outcome is Voided or Canceled, or the state
	// that it came too late for.
	Void(ctx context.Context, r VoidRequest) (Outcome, error)
	// Refund gives captured money back, in one or more parts. The outcome is
	// Refunded with the amount of this request, Pending or Declined.
	Refund(ctx context.Context, r RefundRequest) (Outcome, error)
}

// Preparer is a Provider whose payments exist before they move money. The
// store writes down what the provider calls a payment before it lets Pay
// confirm it: no money can then move under a name that the store has lost.
type Preparer interface {
	Provider
	// Prepare makes a payment that moves no money until Pay confirms it. The
	// outcome is Unknown with what the provider calls it, or Declined. Asking
	// again with the same key returns the same. Pay gets the name in its
	// request, and confirms.
	//
	// A payment that was prepared and is not on record is never confirmed:
	// Retrieve without a ProviderID may answer NotFound, and Void Canceled.
	Prepare(ctx context.Context, r PayRequest) (Outcome, error)
}

// PayRequest asks for money.
type PayRequest struct {
	Key   string // the attempt's ID
	Order string // for the provider's own records
	// Store is the store's mark, which a Lister gives back: see Listed. It is the
	// same in all copies of a store, and tells nobody which one it is.
	Store string
	Token string // what the provider gave the browser for a card; never a card number
	// Customer is what a Vault calls the customer whose kept method Token is; ""
	// with a token of the browser's.
	Customer    string
	Amount      money.Amount
	AutoCapture bool // capture at once; false: authorize only
	// Installments is in how many parts the shopper pays; 0 if nobody said.
	Installments int
	// ProviderID is what a Preparer called the payment; "" with others.
	ProviderID string
}

// LookupRequest asks how an earlier request stands.
type LookupRequest struct {
	Of         OperationKind // KindPayment for Pay, otherwise what was asked
	Key        string        // that request's key
	ProviderID string        // what the provider called it; "" if it never answered
	PaymentKey string        // the attempt's ID, which is Key for a payment
	PaymentID  string        // what the provider calls the payment
	Token      string        // what the payment was asked with
}

// CaptureRequest asks for authorized money.
type CaptureRequest struct {
	Key        string
	PaymentKey string // the attempt's ID
	ProviderID string // of the payment
	Amount     money.Amount
	Total      money.Amount // Amount and all that was captured before it
	// Final says that no further capture follows: what is authorized beyond Total
	// is to be let go.
	Final bool
}

// VoidRequest asks to let go of authorized money.
type VoidRequest struct {
	Key        string
	PaymentKey string // the attempt's ID
	ProviderID string // of the payment; "" if it never answered
	Token      string // what the payment was asked with
}

// RefundRequest asks for captured money to be given back.
type RefundRequest struct {
	Key        string
	PaymentKey string // the attempt's ID
	ProviderID string // of the payment
	Amount     money.Amount
	Reason     string
}

// Outcome is a provider's answer. It is part of logged commands.
type Outcome struct {
	State State `cbor:"1,keyasint"`
	// ProviderID is what the provider calls the payment or the refund.
	ProviderID string `cbor:"2,keyasint,omitempty"`
	// Amount is how much was authorized, captured so far, or refunded by this
	// request. The zero Amount means as much as was asked for.
	Amount money.Amount `cbor:"3,keyasint,omitempty"`
	// Decline is set when State is Declined; Raw is the provider's own word.
	Decline DeclineCode `cbor:"4,keyasint,omitempty"`
	Raw     string      `cbor:"5,keyasint,omitempty"`
	// Next is set when State is NeedsAction, and may be when it is Pending
	// because the shopper has yet to pay: with a voucher or by a transfer.
	Next *NextAction `cbor:"6,keyasint,omitempty"`
	// Final, of Captured, says that no more can be captured: what is
	// authorized beyond Amount was let go.
	Final bool `cbor:"7,keyasint,omitempty"`
}

// NextAction is what the shopper's browser must do before a payment goes on.
type NextAction struct {
	Kind ActionKind `cbor:"1,keyasint" json:"kind"`
	// URL is where to go, for Redirect and Challenge.
	URL string `cbor:"2,keyasint,omitempty" json:"url,omitempty"`
	// ClientSecret is for the provider's script in the browser.
	ClientSecret string `cbor:"3,keyasint,omitempty" json:"client_secret,omitempty"`
	// Details are what the shopper pays by, for Voucher, in the order in which
	// to show them.
	Details []Detail `cbor:"4,keyasint,omitempty" json:"details,omitempty"`
	// ExpiresAt is until when, in milliseconds since 1970 UTC; 0 if the provider
	// does not say.
	ExpiresAt int64 `cbor:"5,keyasint,omitempty" json:"expires_at,omitempty"`
}

// Detail is something that a shopper needs to pay elsewhere.
type Detail struct {
	Name  string `cbor:"1,keyasint" json:"name"` // such as "number", "reference", "iban" or "bic"
	Value string `cbor:"2,keyasint" json:"value"`
}

// ActionKind says what kind of thing a NextAction is.
type ActionKind string

// The kinds of next actions.
const (
	Redirect  ActionKind = "redirect"           // open URL in the whole window
	Challenge ActionKind = "three_ds_challenge" // show URL in a frame
	ClientSDK ActionKind = "trigger_client_sdk" // hand ClientSecret to the provider's script
	Wait      ActionKind = "wait_for_customer"  // something happens elsewhere, such as in a banking app
	// Voucher is for the shopper to pay elsewhere within days: show Details, and
	// URL, where the provider shows them, too. The payment is Pending.
	Voucher ActionKind = "show_voucher"
)

// Bounds of what a provider may say: its words become rows.
const (
	maxProviderID = 255
	maxRaw        = 255
	maxAction     = 4096
	maxDetails    = 32
	maxOutcome    = MaxAmount
)

// MaxAmount is the most that can be paid or refunded at once, in minor units.
// Sums of such amounts stay far from overflow.
const MaxAmount = 1 << 52

// plain returns the outcome with texts that can be logged: a provider's own
// words may be in any encoding, of any length, and quote what it was sent.
func (o Outcome) plain() Outcome {
	if o.Raw = pan.Masked(strings.ToValidUTF8(o.Raw, "?")); len(o.Raw) > maxRaw {
		o.Raw = strings.ToValidUTF8(o.Raw[:maxRaw], "")
	}
	return o
}

// checkWords refuses an outcome that could not be recorded whatever it is
// about. To the caller that is no answer: it is asked for again.
func (o Outcome) checkWords() error {
	c := o.Amount.Currency()
	if o.Next != nil && !o.Next.utf8() || !utf8.ValidString(o.ProviderID) || !utf8.ValidString(string(o.Decline)) {
		return fault.New(fault.Invalid, "its answer is not UTF-8")
	}
	return o.check(c)
}

// check refuses an outcome that cannot be recorded. c is the currency of the
// attempt.
func (o Outcome) check(c money.Currency) error {
	switch {
	case !o.State.known():
		return fault.New(fault.Invalid, "a payment outcome cannot be %q", o.State)
	case o.Amount != money.Amount{} && o.Amount.Currency() != c:
		return fault.New(fault.Invalid, "a payment in %s cannot have an outcome in %s", c, o.Amount.Currency())
	case o.Amount.IsNegative() || o.Amount.Minor() > maxOutcome:
		return fault.New(fault.Invalid, "a payment outcome cannot be of %v", o.Amount)
	case len(o.ProviderID) > maxProviderID || len(o.Raw) > maxRaw:
		return fault.New(fault.Invalid, "a payment outcome's texts are longer than %d bytes", maxRaw)
	case o.Next != nil && (o.Next.size() > maxAction || len(o.Next.Details) > maxDetails):
		return fault.New(fault.Invalid, "a payment's next action is longer than %d bytes or has more than %d details", maxAction, maxDetails)
	}
	return nil
}

func (n *NextAction) utf8() bool {
	for _, d := range n.Details {
		if !utf8.ValidString(d.Name) || !utf8.ValidString(d.Value) {
			return false
		}
	}
	return utf8.ValidString(n.URL) && utf8.ValidString(n.ClientSecret)
}

// size returns how many bytes the texts have.
func (n *NextAction) size() int {
	sum := len(n.URL) + len(n.ClientSecret)
	for _, d := range n.Details {
		sum += len(d.Name) + len(d.Value)
	}
	return sum
}
