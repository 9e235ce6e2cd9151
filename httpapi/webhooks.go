package httpapi

import (
	"context"
	"io"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/keelshop/commerce/payments"
)

// maxWebhook bounds what a provider may send, in bytes.
const maxWebhook = 512 << 10

func (a *api) addWebhooks() {
	add(a, route{forProvider, "POST", notices, "receive-webhook", "Payments", "Hear from a payment provider, who signs what it sends", 204, false}, a.receiveWebhook)
}

type webhookInput struct {
	Provider string `path:"provider" maxLength:"64"`

	request payments.WebhookRequest
	err     error
}

// Resolve is for huma: a signature covers the bytes as they came.
func (in *webhookInput) Resolve(hc huma.Context) []error {
	r, _ := humago.Unwrap(hc)
	in.request.Header = r.Header
	in.request.Body, in.err = io.ReadAll(r.Body) // guard has read and measured it
	return nil
}

func (a *api) receiveWebhook(ctx context.Context, in *webhookInput) (*struct{}, error) {
	if in.err != nil {
		return nil, in.err
	}
	return nil, a.shop.Checkout.Webhook(ctx, in.Provider, in.request)
}
