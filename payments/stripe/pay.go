package stripe

import (
	"context"
	"strconv"

	"github.com/keelshop/commerce/payments"
	stripe "github.com/stripe/stripe-go/v85"
)

// The metadata by which the store knows its own payments and operations again.
const (
	metaAttempt = "commerce_attempt"
	metaOrder   = "commerce_order"
	metaStore   = "commerce_store" // whose payment it is: several programs may use an account
	metaParts   = "commerce_installments"
	metaBrowser = "commerce_browser"  // the shopper's browser confirms
	metaKey     = "commerce_key"      // of a refund, or of a means of payment that is kept
	metaCapture = "commerce_capture_" // of a capture, before its number
	metaRest    = "commerce_rest"     // the key of the void that let go of what captures left
)

// Prepare makes a PaymentIntent without confirming it.
func (p *Provider) Prepare(ctx context.Context, r payments.PayRequest) (payments.Outcome, error) {
	n, err := minor(r.Amount)
	if err != nil {
		return unsupported(err), nil
	}
	params := &stripe.PaymentIntentCreateParams{
		Amount:   &n,
		Currency: stripe.String(code(r.Amount.Currency())),
		Metadata: map[string]string{metaAttempt: r.Key, metaOrder: r.Order},
	}
	if r.Store != "" {
		params.Metadata[metaStore] = r.Store
	}
	if r.Installments > 0 {
		params.Metadata[metaParts] = strconv.Itoa(r.Installments)
	}
	if r.Token == "" {
		params.Metadata[metaBrowser] = "yes"
	}
	if r.Customer != "" {
		params.Customer = &r.Customer
	}
	params.SetIdempotencyKey(r.Key + "/prepare")
	params.CaptureMethod = stripe.String(string(stripe.PaymentIntentCaptureMethodAutomatic))
	if !r.AutoCapture {
		params.CaptureMethod = stripe.String(string(stripe.PaymentIntentCaptureMethodManual))
	}
	params.AutomaticPaymentMethods = &stripe.PaymentIntentCreateAutomaticPaymentMethodsParams{Enabled: stripe.Bool(true)}
	if p.config.returnURL == "" && r.Token != "" { // a redirect would have nowhere to come back to
		params.AutomaticPaymentMethods.AllowRedirects = stripe.String("never")
	}
	if p.config.multicapture && !r.AutoCapture {
		params.PaymentMethodOptions = &stripe.PaymentIntentCreatePaymentMethodOptionsParams{
			Card: &stripe.PaymentIntentCreatePaymentMethodOptionsCardParams{RequestMulticapture: stripe.String("if_available")},
		}
	}
	intent, err := p.api.V1PaymentIntents.Create(ctx, params)
	if said, no := refusal(err); no {
		return declined(said, ""), nil
	}
	if err != nil {
		return payments.Outcome{}, plain(err)
	}
	return payments.Outcome{State: payments.Unknown, ProviderID: intent.ID}, nil
}

// Pay confirms a PaymentIntent that was prepared. Without a token the shopper's
// browser does, and the outcome says so.
func (p *Provider) Pay(ctx context.Context, r payments.PayRequest) (payments.Outcome, error) {
	if r.Token == "" {
		intent, err := p.api.V1PaymentIntents.Retrieve(ctx, r.ProviderID, nil)
		if err != nil {
			return payments.Outcome{}, plain(err)
		}
		return outcome(intent)
	}
	params := &stripe.PaymentIntentConfirmParams{PaymentMethod: &r.Token}
	if p.config.returnURL != "" {
		params.ReturnURL = &p.config.returnURL
	}
	params.SetIdempotencyKey(r.Key)
	intent, err := p.api.V1PaymentIntents.Confirm(ctx, r.ProviderID, params)
	if err != nil {
		return p.refused(ctx, r.ProviderID, err)
	}
	return outcome(intent)
}

// refused makes an outcome of the refusal of a request about a payment, and an
// error of what leaves open how the payment stands.
func (p *Provider) refused(ctx context.Context, intent string, err error) (payments.Outcome, error) {
	said, ok := refusal(err)
	if !ok {
		return payments.Outcome{}, plain(err)
	}
	if said.Type == stripe.ErrorTypeCard {
		return declined(said, intent), nil
	}
	// The intent is in a state that does not fit, or the method does not exist:
	// its own state says which.
	now, err := p.api.V1PaymentIntents.Retrieve(ctx, intent, nil)
	if err != nil {
		return payments.Outcome{}, plain(err)
	}
	o, err := outcome(now)
	if err == nil && o.State == payments.Unknown {
		return declined(said, intent), nil
	}
	return o, err
}
