package stripe

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/payments"
	"github.com/stripe/stripe-go/v85/webhook"
)

// Parse checks the signature of a webhook's request and reads which payment it
// is about. The signature's age is checked too, by Stripe's library. Events of
// other versions of Stripe's API are taken, since nothing of them but the
// payment's name is used.
func (p *Provider) Parse(ctx context.Context, r payments.WebhookRequest) (payments.Notice, error) {
	if len(p.config.secrets) == 0 {
		return payments.Notice{}, fault.New(fault.Denied, "no webhook secret is set for %s", p.config.name)
	}
	signature := http.Header(r.Header).Get("Stripe-Signature")
	var err error
	for _, secret := range p.config.secrets {
		if err = webhook.ValidatePayload(r.Body, signature, secret); err == nil {
			break
		}
	}
	if err != nil {
		return payments.Notice{}, fault.New(fault.Denied, "a webhook of %s is not signed as it must be: %v", p.config.name, err)
	}
	var e struct {
		ID   string `json:"id"`
		Type string `json:"type"`
		Data struct {
			Object struct {
				ID            string            `json:"id"`
				Object        string            `json:"object"`
				PaymentIntent json.RawMessage   `json:"payment_intent"`
				Metadata      map[string]string `json:"metadata"`
			} `json:"object"`
		} `json:"data"`
	}
	if err := json.Unmarshal(r.Body, &e); err != nil {
		return payments.Notice{}, fault.New(fault.Invalid, "a webhook of %s cannot be read: %v", p.config.name, err)
	}
	n := payments.Notice{Event: e.ID, Kind: e.Type}
	switch o := e.Data.Object; o.Object {
	case "payment_intent":
		n.Attempt = payments.ID(o.Metadata[metaAttempt])
	case "refund", "charge", "dispute":
		n.Attempt, err = p.attemptOf(ctx, o.PaymentIntent)
	}
	return n, err
}

// attemptOf asks which payment of the store's a PaymentIntent is. Stripe writes
// the ID, or the whole object.
func (p *Provider) attemptOf(ctx context.Context, intent json.RawMessage) (payments.ID, error) {
	var name string
	if json.Unmarshal(intent, &name) != nil || name == "" {
		var whole struct {
			ID string `json:"id"`
		}
		if json.Unmarshal(intent, &whole) != nil || whole.ID == "" {
			return "", nil
		}
		name = whole.ID
	}
	i, err := p.api.V1PaymentIntents.Retrieve(ctx, name, nil)
	if _, no := refusal(err); no {
		return "", nil
	}
	if err != nil {
		return "", fault.Wrap(fault.Unavailable, plain(err), "asking Stripe about %s", name)
	}
	return payments.ID(i.Metadata[metaAttempt]), nil
}
