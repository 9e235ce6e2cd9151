package webhooks

import (
	"context"
	"net/http"
	"time"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/endpoints"
)

// Result is the outcome of an attempt in a test.
type Result struct {
	Status     int
	RetryAfter time.Duration
}

// RunQueue runs the queue of one endpoint with another sender and store.
func RunQueue(ctx context.Context, opt Options, e endpoints.Endpoint, events <-chan commerce.Event,
	send func(context.Context, commerce.Event) Result, save func(context.Context, endpoints.Progress) error) error {
	q := newQueue(opt.withDefaults(), e)
	q.send = func(ctx context.Context, e commerce.Event) result {
		r := send(ctx, e)
		return result{status: r.Status, retryAfter: r.RetryAfter, canceled: ctx.Err() != nil && (r.Status < 200 || r.Status > 299)}
	}
	q.save = save
	return q.run(ctx, events)
}

// Sign sets the headers of a message.
func Sign(h http.Header, message string, at time.Time, body []byte, secrets []endpoints.Secret) error {
	return sign(h, message, at, body, secrets)
}
