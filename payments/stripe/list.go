package stripe

import (
	"context"
	"iter"
	"time"

	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/payments"
	stripe "github.com/stripe/stripe-go/v85"
)

// List yields the PaymentIntents that were made since a time, the newest first,
// also those of other programs that use the account.
func (p *Provider) List(ctx context.Context, since time.Time) iter.Seq2[payments.Listed, error] {
	params := &stripe.PaymentIntentListParams{CreatedRange: &stripe.RangeQueryParams{GreaterThanOrEqual: since.Unix()}}
	params.Limit = stripe.Int64(100)
	params.AddExpand("data.latest_charge")
	return func(yield func(payments.Listed, error) bool) {
		for intent, err := range p.api.V1PaymentIntents.List(ctx, params).All(ctx) {
			if err != nil {
				yield(payments.Listed{}, plain(err))
				return
			}
			l, err := listed(intent)
			if err != nil && l.Key == "" {
				continue // another program's, in a currency that the store does not know
			}
			if !yield(l, err) || err != nil {
				return
			}
		}
	}
}

func listed(i *stripe.PaymentIntent) (payments.Listed, error) {
	l := payments.Listed{Key: i.Metadata[metaAttempt], ProviderID: i.ID, Store: i.Metadata[metaStore], CreatedAt: time.Unix(i.Created, 0).UTC()}
	o, err := outcome(i)
	if err != nil {
		return l, err
	}
	l.State = o.State
	if l.Captured, err = amount(i.AmountReceived, string(i.Currency)); err != nil {
		return l, err
	}
	if l.Held, err = amount(i.AmountCapturable, string(i.Currency)); err != nil {
		return l, err
	}
	l.Refunded = money.Zero(l.Captured.Currency())
	if i.LatestCharge != nil {
		l.Refunded, err = amount(i.LatestCharge.AmountRefunded, string(i.Currency))
	}
	return l, err
}
