package stripe

import (
	"context"

	"github.com/keelshop/commerce/payments"
	stripe "github.com/stripe/stripe-go/v85"
)

// Retrieve looks a payment or an operation up. A payment without a name was
// never confirmed, so it counts as not found.
func (p *Provider) Retrieve(ctx context.Context, r payments.LookupRequest) (payments.Outcome, error) {
	if r.PaymentID == "" {
		return payments.Outcome{State: payments.NotFound}, nil
	}
	if r.Of == payments.KindRefund {
		return p.retrieveRefund(ctx, r)
	}
	intent, err := p.api.V1PaymentIntents.Retrieve(ctx, r.PaymentID, nil)
	if err != nil {
		return payments.Outcome{}, plain(err)
	}
	switch r.Of {
	case payments.KindCapture:
		if intent.Metadata[captureMark(r.Key)] != r.Key {
			return payments.Outcome{State: payments.NotFound}, nil
		}
	case payments.KindVoid:
		if intent.Metadata[metaRest] == r.Key {
			return payments.Outcome{State: payments.Voided, ProviderID: intent.ID}, nil
		}
		if intent.Status != stripe.PaymentIntentStatusCanceled {
			return payments.Outcome{State: payments.NotFound}, nil
		}
	}
	o, err := outcome(intent)
	switch {
	case o.State == payments.Unknown: // prepared, and nobody confirmed
		o.State = payments.NotFound
	case o.State == payments.Canceled && held(intent):
		o.State = payments.Voided
	}
	return o, err
}

func (p *Provider) retrieveRefund(ctx context.Context, r payments.LookupRequest) (payments.Outcome, error) {
	if r.ProviderID != "" {
		refund, err := p.api.V1Refunds.Retrieve(ctx, r.ProviderID, nil)
		if err != nil {
			return payments.Outcome{}, plain(err)
		}
		return refundOutcome(refund)
	}
	list := &stripe.RefundListParams{PaymentIntent: &r.PaymentID}
	for refund, err := range p.api.V1Refunds.List(ctx, list).All(ctx) {
		if err != nil {
			return payments.Outcome{}, plain(err)
		}
		if refund.Metadata[metaKey] == r.Key {
			return refundOutcome(refund)
		}
	}
	return payments.Outcome{State: payments.NotFound}, nil
}
