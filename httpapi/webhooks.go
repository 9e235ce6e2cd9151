package httpapi

import (
	"context"
	"io"
	"net/http"

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
	r, w := humago.Unwrap(hc)
	in.request.Header = r.Header
	in.request.Body, in.err = io.ReadAll(http.MaxBytesReader(w, r.Body, maxWebhook))
	return nil
}

func (a *api) receiveWebhook(ctx context.Context, in *webhookInput) (*struct{}, error) {
	if in.err != nil {
		return nil, &bodyError{http.StatusRequestEntityTooLarge, "the body did not arrive as a whole, or is longer than 512 KiB"}
	}
	return nil, a.shop.Checkout.Webhook(ctx, in.Provider, in.request)
}
