package webhooks

import (
	"context"
	"errors"
	"time"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/endpoints"
	"github.com/keelshop/commerce/fault"
)

// worker runs the queue of one endpoint.
type worker struct {
	version int64
	stop    context.CancelFunc
	done    chan struct{}
	err     error // why it ended, to be read when it has
}

func (w *worker) end() {
	w.stop()
	<-w.done
}

func (w *worker) ended() bool {
	select {
	case <-w.done:
		return true
	default:
		return false
	}
}

func (d *Dispatcher) startWorker(ctx context.Context, endpoint endpoints.ID, version int64) *worker {
	ctx, stop := context.WithCancel(ctx)
	w := &worker{version: version, stop: stop, done: make(chan struct{})}
	go func() {
		defer close(w.done)
		defer stop()
		w.err = d.serve(ctx, endpoint)
		if w.err != nil && !noLease(w.err) && ctx.Err() == nil {
			d.opt.Logger.Warn("the queue of a webhook endpoint ended and is started anew", "endpoint", endpoint, "error", w.err)
			pause(ctx, restartTime)
		}
	}()
	return w
}

// restartTime is the pause before a queue that has failed is started anew.
const restartTime = time.Second

// noLease reports whether another run delivers now.
func noLease(err error) bool {
	_, is := errors.AsType[*endpoints.LeaseError](err)
	return is
}

// serve delivers to one endpoint as it is now.
func (d *Dispatcher) serve(ctx context.Context, endpoint endpoints.ID) error {
	to, err := d.target(ctx, endpoint)
	if err != nil {
		return err
	}
	q := newQueue(d.opt, to.Endpoint)
	q.send = func(ctx context.Context, e commerce.Event) result { return d.sender.send(ctx, to, e) }
	q.save = func(ctx context.Context, p endpoints.Progress) error {
		p.Run = d.run
		return d.shop.Endpoints.Progress(ctx, p)
	}
	events := make(chan commerce.Event)
	var broken error // read after events is closed
	reading, stop := context.WithCancel(ctx)
	go func() {
		defer close(events)
		broken = d.read(reading, commerce.Position(to.Position), events)
	}()
	err = q.run(ctx, events)
	stop()
	for range events { // the reader is on its way out
	}
	if reason := lost(broken); reason != "" && err == nil {
		return q.disable(ctx, reason)
	}
	return errors.Join(err, broken)
}

// read passes on what happens after a position.
func (d *Dispatcher) read(ctx context.Context, after commerce.Position, events chan<- commerce.Event) error {
	for e, err := range d.shop.Follow(ctx, after) {
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		select {
		case events <- e:
		case <-ctx.Done():
			return nil
		}
	}
	return nil
}

// lost returns why an endpoint's position is good for nothing any more, "" if
// the error is another. Somebody must say where to go on: to skip events
// silently would be a loss that nobody notices.
func lost(err error) string {
	if _, expired := errors.AsType[*commerce.PositionExpiredError](err); expired {
		return "events that it has not been told are past their retention: replay from a newer position"
	}
	if errors.Is(err, fault.Invalid) {
		return "its position is not one of this store: replay from another"
	}
	return ""
}

// target is an endpoint with what signs for it.
type target struct {
	endpoints.Endpoint
	secrets []endpoints.Secret
}

func (d *Dispatcher) target(ctx context.Context, endpoint endpoints.ID) (target, error) {
	e, err := d.shop.Endpoints.Get(ctx, endpoint)
	if err != nil {
		return target{}, err
	}
	secrets, err := d.shop.Endpoints.Secrets(ctx, endpoint)
	return target{e, secrets}, err
}
