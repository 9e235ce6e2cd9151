package stripe

import (
	"context"
	"strconv"
	"strings"

	"github.com/keelshop/commerce/payments"
	stripe "github.com/stripe/stripe-go/v85"
)

// Capture takes authorized money.
func (p *Provider) Capture(ctx context.Context, r payments.CaptureRequest) (payments.Outcome, error) {
	n, err := minor(r.Amount)
	if err != nil {
		return unsupported(err), nil
	}
	params := &stripe.PaymentIntentCaptureParams{
		AmountToCapture: &n,
		Metadata:        map[string]string{captureMark(r.Key): r.Key},
	}
	if p.config.multicapture {
		params.FinalCapture = stripe.Bool(r.Final)
	}
	params.SetIdempotencyKey(r.Key)
	intent, err := p.api.V1PaymentIntents.Capture(ctx, r.ProviderID, params)
	if err != nil {
		return declinedRequest(err)
	}
	return outcome(intent)
}

// marks is how many captures the metadata of a payment tell apart: Stripe takes
// 50 keys, and the store looks up none but the latest capture.
const marks = 40

// captureMark names the metadata whose value is the key of a capture that was
// done, after the number of the operation. Stripe takes names of up to 40
// characters, which a key would not fit in.
func captureMark(key string) string {
	n, err := strconv.ParseUint(key[strings.LastIndexByte(key, '/')+1:], 10, 32)
	if err != nil {
		n = 0
	}
	return metaCapture + strconv.FormatUint(n%marks, 10)
}

// Void cancels a PaymentIntent. One that the store has no name for was never
// confirmed, and never will be.
func (p *Provider) Void(ctx context.Context, r payments.VoidRequest) (payments.Outcome, error) {
	if r.ProviderID == "" {
		return payments.Outcome{State: payments.Canceled}, nil
	}
	before, err := p.api.V1PaymentIntents.Retrieve(ctx, r.ProviderID, nil)
	if err != nil {
		return payments.Outcome{}, plain(err)
	}
	switch {
	case before.Metadata[metaRest] == r.Key: // it was done before
		return payments.Outcome{State: payments.Voided, ProviderID: r.ProviderID}, nil
	case before.Status == stripe.PaymentIntentStatusRequiresCapture && before.AmountReceived > 0:
		return p.endCaptures(ctx, r)
	}
	params := &stripe.PaymentIntentCancelParams{}
	params.SetIdempotencyKey(r.Key)
	intent, err := p.api.V1PaymentIntents.Cancel(ctx, r.ProviderID, params)
	if _, no := refusal(err); no {
		intent, err = p.api.V1PaymentIntents.Retrieve(ctx, r.ProviderID, nil)
	}
	if err != nil {
		return payments.Outcome{}, plain(err)
	}
	o, err := outcome(intent)
	if o.State == payments.Canceled && held(before) {
		o.State = payments.Voided
	}
	return o, err
}

// held reports whether money was authorized before a PaymentIntent ended.
func held(i *stripe.PaymentIntent) bool {
	return i.Status == stripe.PaymentIntentStatusRequiresCapture ||
		i.Status == stripe.PaymentIntentStatusCanceled && i.LatestCharge != nil && i.LastPaymentError == nil
}

// endCaptures lets go of what is left after captures in parts.
func (p *Provider) endCaptures(ctx context.Context, r payments.VoidRequest) (payments.Outcome, error) {
	params := &stripe.PaymentIntentCaptureParams{AmountToCapture: stripe.Int64(0), FinalCapture: stripe.Bool(true), Metadata: map[string]string{metaRest: r.Key}}
	params.SetIdempotencyKey(r.Key)
	if _, err := p.api.V1PaymentIntents.Capture(ctx, r.ProviderID, params); err != nil {
		return declinedRequest(err)
	}
	return payments.Outcome{State: payments.Voided, ProviderID: r.ProviderID}, nil
}

// Refund gives captured money back.
func (p *Provider) Refund(ctx context.Context, r payments.RefundRequest) (payments.Outcome, error) {
	n, err := minor(r.Amount)
	if err != nil {
		return unsupported(err), nil
	}
	params := &stripe.RefundCreateParams{
		PaymentIntent: &r.ProviderID, Amount: &n,
		Metadata: map[string]string{metaKey: r.Key, "reason": r.Reason},
	}
	params.SetIdempotencyKey(r.Key)
	refund, err := p.api.V1Refunds.Create(ctx, params)
	if err != nil {
		return declinedRequest(err)
	}
	return refundOutcome(refund)
}

func refundOutcome(r *stripe.Refund) (payments.Outcome, error) {
	o := payments.Outcome{ProviderID: r.ID}
	a, err := amount(r.Amount, string(r.Currency))
	switch r.Status {
	case stripe.RefundStatusSucceeded:
		o.State, o.Amount = payments.Refunded, a
	case stripe.RefundStatusPending, stripe.RefundStatusRequiresAction:
		o.State, o.Amount = payments.Pending, a
	default:
		o.State, o.Decline, o.Raw = payments.Declined, payments.DeclineGeneric, string(r.FailureReason)
	}
	return o, err
}

// declinedRequest makes an outcome of a refusal to capture or refund.
func declinedRequest(err error) (payments.Outcome, error) {
	said, ok := refusal(err)
	if !ok {
		return payments.Outcome{}, plain(err)
	}
	o := declined(said, "")
	if o.Decline == payments.DeclineUnsupported { // the amount does not fit what is left
		o.Decline = payments.DeclineState
	}
	return o, nil
}

func unsupported(err error) payments.Outcome {
	return payments.Outcome{State: payments.Declined, Decline: payments.DeclineUnsupported, Raw: err.Error()}
}
