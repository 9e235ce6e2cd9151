// Package manual is the payment provider for money that moves outside of the
// shop: on account, by bank transfer, in cash. Somebody of the shop sees to it
// that the money comes and goes; this provider agrees to everything.
//
// A payment that is only authorized is an open invoice. When the money has
// come, somebody says so with payments.Capture.
package manual

import (
	"context"

	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/payments"
)

// Name is the name that the provider gives itself.
const Name = "manual"

type provider struct{}

// New returns the provider. It holds no state, so all are alike.
func New() payments.Provider { return provider{} }

// Name returns Name.
func (provider) Name() string { return Name }

// Pay takes the caller's word that the money has come, or will.
func (provider) Pay(_ context.Context, r payments.PayRequest) (payments.Outcome, error) {
	if r.AutoCapture {
		return agree(payments.Captured, r.Key, r.Amount), nil
	}
	return agree(payments.Authorized, r.Key, r.Amount), nil
}

// Retrieve says that nothing was ever seen: the store's own books are all that
// there is, and asking again is harmless.
func (provider) Retrieve(context.Context, payments.LookupRequest) (payments.Outcome, error) {
	return payments.Outcome{State: payments.NotFound}, nil
}

// Capture takes the caller's word that the money has come.
func (provider) Capture(_ context.Context, r payments.CaptureRequest) (payments.Outcome, error) {
	o := agree(payments.Captured, r.Key, r.Total)
	o.Final = r.Final
	return o, nil
}

// Void takes the caller's word that no money will come.
func (provider) Void(_ context.Context, r payments.VoidRequest) (payments.Outcome, error) {
	return agree(payments.Voided, r.Key, money.Amount{}), nil
}

// Refund takes the caller's word that the money went back.
func (provider) Refund(_ context.Context, r payments.RefundRequest) (payments.Outcome, error) {
	return agree(payments.Refunded, r.Key, r.Amount), nil
}

func agree(s payments.State, key string, a money.Amount) payments.Outcome {
	return payments.Outcome{State: s, ProviderID: Name + ":" + key, Amount: a}
}
