package stripe

import (
	"context"

	"github.com/keelshop/commerce/payments"
	stripe "github.com/stripe/stripe-go/v85"
)

// metaCustomer is the metadata by which the store knows its customers again.
const metaCustomer = "commerce_customer"

// SaveMethod attaches a PaymentMethod to the customer by a SetupIntent, for
// payments at which the shopper is there and such at which they are not. A card
// whose bank wants to see its owner first is declined: pay with it once.
func (p *Provider) SaveMethod(ctx context.Context, r payments.SaveRequest) (payments.Saved, error) {
	customer := r.Customer
	if customer == "" {
		params := &stripe.CustomerCreateParams{Metadata: map[string]string{metaCustomer: r.Owner}}
		params.SetIdempotencyKey(r.Owner + "/customer")
		made, err := p.api.V1Customers.Create(ctx, params)
		if err != nil {
			return payments.Saved{}, plain(err)
		}
		customer = made.ID
	}
	params := &stripe.SetupIntentCreateParams{
		Customer: &customer, PaymentMethod: &r.Token, Confirm: stripe.Bool(true), Usage: stripe.String(string(stripe.SetupIntentUsageOffSession)),
		AutomaticPaymentMethods: &stripe.SetupIntentCreateAutomaticPaymentMethodsParams{Enabled: stripe.Bool(true), AllowRedirects: stripe.String("never")},
		Metadata:                map[string]string{metaKey: r.Key},
	}
	params.AddExpand("payment_method")
	params.SetIdempotencyKey(r.Key)
	intent, err := p.api.V1SetupIntents.Create(ctx, params)
	if said, no := refusal(err); no {
		return payments.Saved{Decline: declined(said, "").Decline}, nil
	}
	if err != nil {
		return payments.Saved{}, plain(err)
	}
	if intent.Status != stripe.SetupIntentStatusSucceeded || intent.PaymentMethod == nil {
		return payments.Saved{Decline: payments.DeclineAuthentication}, nil
	}
	out := payments.Saved{Customer: customer, Method: intent.PaymentMethod.ID}
	if c := intent.PaymentMethod.Card; c != nil {
		out.Brand, out.Last4 = string(c.Brand), c.Last4
		out.ExpiresMonth, out.ExpiresYear = int(c.ExpMonth), int(c.ExpYear)
	}
	return out, nil
}

// ForgetMethod detaches a PaymentMethod, for good.
func (p *Provider) ForgetMethod(ctx context.Context, r payments.ForgetRequest) error {
	params := &stripe.PaymentMethodDetachParams{}
	params.SetIdempotencyKey(r.Key)
	_, err := p.api.V1PaymentMethods.Detach(ctx, r.Method, params)
	if _, no := refusal(err); no {
		return nil // it is not attached
	}
	return plain(err)
}
