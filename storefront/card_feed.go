package storefront

import (
	"context"
	"iter"
	"log/slog"
	"time"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/orders"
)

// cardFeed tells of the orders whose gift cards can be paid with from now on.
type cardFeed struct {
	follow func(context.Context, commerce.Position) iter.Seq2[commerce.Event, error]
	latest func() commerce.Position
	closed func() bool
	logger *slog.Logger
	from   commerce.Position
	issued chan orders.ID
	anew   chan struct{} // events were missed: all has to be looked at again
	ended  chan struct{} // closed when the context has ended, or the store
}

// feedPause and feedPauses are how long a feed waits when it was cut short, the
// first time and at most.
const (
	feedPause  = time.Second
	feedPauses = time.Minute
)

func newCardFeed(follow func(context.Context, commerce.Position) iter.Seq2[commerce.Event, error], latest func() commerce.Position, closed func() bool, logger *slog.Logger) *cardFeed {
	return &cardFeed{
		follow: follow, latest: latest, closed: closed, logger: logger, from: latest(),
		issued: make(chan orders.ID), anew: make(chan struct{}), ended: make(chan struct{}),
	}
}

// run goes on after every error until ctx ends or the store closes: a node whose
// copy is being rebuilt has events again later.
func (f *cardFeed) run(ctx context.Context) {
	defer close(f.ended)
	for cut := 1; ; cut++ {
		went, err := f.read(ctx)
		if ctx.Err() != nil || f.closed() {
			return
		}
		if went {
			cut = 1
		}
		f.logger.Warn("the events of gift cards could not be followed and will be again", "error", err)
		select {
		case <-time.After(pause(feedPause, feedPauses, cut)):
		case <-ctx.Done():
			return
		}
		if f.closed() {
			return
		}
		if fault.Retryable(err) {
			continue // nothing was missed
		}
		f.from = f.latest()
		select {
		case f.anew <- struct{}{}:
		case <-ctx.Done():
			return
		}
	}
}

// read follows events until an error. It reports whether there were any.
func (f *cardFeed) read(ctx context.Context) (went bool, err error) {
	for e, err := range f.follow(ctx, f.from) {
		if err != nil {
			return went, err
		}
		if e.Kind == "credit.card_issued" {
			select {
			case f.issued <- orders.ID(e.Subject):
			case <-ctx.Done():
				return went, ctx.Err()
			}
		}
		f.from, went = e.Position, true
	}
	return went, nil
}
