package webhooks

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"github.com/cenkalti/backoff/v5"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/endpoints"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/id"
)

const (
	mostWindow = 1024 // events that were read and are not settled
	mostLog    = 200  // deliveries in one note
	keepLog    = 1000 // while they cannot be noted
	downAfter  = 3    // failures in a row

	noteTime = time.Second // how soon a delivery is noted
	skipTime = time.Minute // how soon it is noted that nothing was wanted
)

// queue delivers the events of one endpoint. One goroutine runs it; attempts
// have their own and report back.
type queue struct {
	opt        Options
	endpoint   endpoints.Endpoint
	send       func(context.Context, commerce.Event) result
	save       func(context.Context, endpoints.Progress) error
	lastChange time.Time // when there was first something to note; zero if there is nothing

	window  []*item            // what was read and is not settled, in the order of reading
	lanes   map[string][]*item // see laneOf; the first of each is next
	ready   []*item            // first in their lane, to be sent now
	waiting []*item            // first in their lane, to be sent again later
	flying  int
	results chan *item

	log         []endpoints.Delivery
	failing     time.Time // since when nothing is taken
	lastSuccess time.Time
	failures    int // in a row
	gate        *backoff.ExponentialBackOff
	closedUntil time.Time // for all, while the endpoint is down
}

// item is one event on its way.
type item struct {
	event       commerce.Event
	lane        string
	attempt     int64
	began       time.Time
	result      result
	firstFailed time.Time
	next        time.Time
	retry       *backoff.ExponentialBackOff
	settled     bool
}

func newQueue(opt Options, e endpoints.Endpoint) *queue {
	return &queue{
		opt: opt, endpoint: e, lanes: map[string][]*item{}, results: make(chan *item, opt.Parallel), failing: e.FailingSince,
		gate: opt.retries(),
	}
}

func (o Options) retries() *backoff.ExponentialBackOff {
	b := backoff.NewExponentialBackOff()
	b.InitialInterval, b.MaxInterval, b.Multiplier, b.RandomizationFactor = o.FirstRetry, o.LongestRetry, 2, 0.1
	return b
}

// run delivers what arrives until ctx ends, events is closed, or the endpoint
// is disabled.
func (q *queue) run(ctx context.Context, events <-chan commerce.Event) error {
	for {
		q.launch(ctx)
		in := events
		if len(q.window) >= mostWindow {
			in = nil
		}
		wake := time.NewTimer(q.sleep())
		select {
		case e, more := <-in:
			if !more {
				return q.end(ctx)
			}
			q.take(e)
		case it := <-q.results:
			if reason := q.settle(it); reason != "" {
				return errors.Join(q.drain(), q.disable(ctx, reason))
			}
		case <-wake.C:
		case <-ctx.Done():
			return q.end(ctx)
		}
		wake.Stop()
		if err := q.noteIfDue(ctx); err != nil {
			return errors.Join(err, q.drain())
		}
	}
}

// laneOf returns what events are kept in order with: all that lives on the same
// slot, and so everything that one customer, or one guest, does and is done for.
func laneOf(e commerce.Event) string {
	slot, err := id.SlotOf(e.Subject)
	if err != nil {
		return e.Subject
	}
	return strconv.Itoa(int(slot))
}

// take puts an event behind those of its lane.
func (q *queue) take(e commerce.Event) {
	it := &item{event: e}
	q.window = append(q.window, it)
	if !q.endpoint.Wants(e.Kind) {
		it.settled = true
		q.advance()
		return
	}
	it.lane = laneOf(e)
	lane := append(q.lanes[it.lane], it)
	q.lanes[it.lane] = lane
	if len(lane) == 1 {
		q.ready = append(q.ready, it)
	}
}

// launch starts as many attempts as may run now: one at a time to an endpoint
// that is down.
func (q *queue) launch(ctx context.Context) {
	now := time.Now()
	q.waiting = slices.DeleteFunc(q.waiting, func(it *item) bool {
		due := !it.next.After(now)
		if due {
			q.ready = append(q.ready, it)
		}
		return due
	})
	limit := q.opt.Parallel
	if q.failures >= downAfter {
		limit = 1
	}
	for len(q.ready) > 0 && q.flying < limit && !q.closedUntil.After(now) && ctx.Err() == nil {
		it := q.ready[0]
		q.ready = q.ready[1:]
		q.flying++
		it.attempt++
		it.began = now
		go func() {
			it.result = q.send(ctx, it.event)
			q.results <- it
		}()
	}
}

// sleep returns how long nothing happens by itself.
func (q *queue) sleep() time.Duration {
	const long = time.Hour
	now := time.Now()
	next := now.Add(long)
	earlier := func(t time.Time) {
		if t.Before(next) {
			next = t
		}
	}
	for _, it := range q.waiting {
		earlier(it.next)
	}
	if len(q.ready) > 0 && q.closedUntil.After(now) {
		earlier(q.closedUntil)
	}
	if !q.lastChange.IsZero() {
		earlier(q.lastChange.Add(q.noteAfter()))
	}
	return max(next.Sub(now), 0)
}

// settle deals with the outcome of an attempt. It returns why the endpoint is
// to be disabled, if it is.
func (q *queue) settle(it *item) (disable string) {
	q.flying--
	now := time.Now()
	if it.result.canceled {
		return ""
	}
	if it.result.ok() {
		q.succeeded(now)
		q.finish(it, endpoints.Delivered)
		return ""
	}
	if q.failing.IsZero() {
		q.failing = now
	}
	q.failures++
	if it.firstFailed.IsZero() {
		it.firstFailed, it.retry = now, q.opt.retries()
	}
	switch {
	case it.result.gone():
		q.note(it, endpoints.Failed)
		return "it answered 410 Gone"
	case now.Sub(q.failing) >= q.opt.DisableAfter:
		q.note(it, endpoints.Failed)
		return "it has taken nothing since " + q.failing.UTC().Format(time.RFC3339)
	case it.attempt >= int64(q.opt.Attempts) && q.lastSuccess.After(it.firstFailed):
		q.finish(it, endpoints.GivenUp)
		return ""
	}
	if q.failures >= downAfter {
		q.closedUntil = now.Add(max(q.gate.NextBackOff(), it.result.retryAfter))
	}
	it.next = now.Add(max(it.retry.NextBackOff(), it.result.retryAfter))
	q.waiting = append(q.waiting, it)
	q.note(it, endpoints.Failed)
	return ""
}

// succeeded opens the gate: what waits for an endpoint that was down is sent
// now.
func (q *queue) succeeded(now time.Time) {
	if q.failures >= downAfter {
		for _, it := range q.waiting {
			if it.result.retryAfter == 0 { // else it asked for the pause
				it.next = now
			}
		}
	}
	q.lastSuccess, q.failing, q.failures, q.closedUntil = now, time.Time{}, 0, time.Time{}
	q.gate.Reset()
}

// finish settles an event and lets the next of its lane go.
func (q *queue) finish(it *item, outcome endpoints.Outcome) {
	it.settled = true
	q.note(it, outcome)
	lane := q.lanes[it.lane][1:]
	if len(lane) == 0 {
		delete(q.lanes, it.lane)
	} else {
		q.lanes[it.lane] = lane
		q.ready = append(q.ready, lane[0])
	}
	q.advance()
}

// advance moves the position behind all that is settled.
func (q *queue) advance() {
	for len(q.window) > 0 && q.window[0].settled {
		q.endpoint.Position = string(q.window[0].event.Position)
		q.window = q.window[1:]
		q.changed()
	}
}

func (q *queue) changed() {
	if q.lastChange.IsZero() {
		q.lastChange = time.Now()
	}
}

// note adds an attempt to the log.
func (q *queue) note(it *item, outcome endpoints.Outcome) {
	if len(q.log) >= keepLog {
		q.log = q.log[1:]
	}
	q.log = append(q.log, it.result.delivery(it.event, it.attempt, outcome, it.began))
	q.changed()
}

func (q *queue) noteAfter() time.Duration {
	if len(q.log) == 0 {
		return skipTime
	}
	return noteTime
}

func (q *queue) noteIfDue(ctx context.Context) error {
	if q.lastChange.IsZero() || len(q.log) < mostLog && time.Since(q.lastChange) < q.noteAfter() {
		return nil
	}
	return q.noteAll(ctx, "")
}

// noteAll makes progress durable. What the store cannot take now is noted
// later; the error says that this queue's work does not count any more.
func (q *queue) noteAll(ctx context.Context, disable string) error {
	for first := true; first || len(q.log) > 0; first = false {
		p := endpoints.Progress{
			Endpoint: q.endpoint.ID, Generation: q.endpoint.Generation, Position: q.endpoint.Position,
			Deliveries: q.log[:min(len(q.log), mostLog)],
		}
		if !q.failing.IsZero() {
			p.FailingSince = q.failing.UnixMilli()
		}
		if len(p.Deliveries) == len(q.log) {
			p.Disable = disable
		}
		err := q.save(ctx, p)
		if fault.Retryable(err) && disable == "" {
			q.lastChange = time.Now()
			return nil
		}
		if err != nil {
			return err
		}
		q.log = q.log[len(p.Deliveries):]
	}
	q.log, q.lastChange = nil, time.Time{}
	return nil
}

// disable notes what there is and that nothing is to be sent any more.
func (q *queue) disable(ctx context.Context, reason string) error {
	return q.noteAll(context.WithoutCancel(ctx), reason)
}

// drain waits for the attempts under way. What was delivered meanwhile counts.
func (q *queue) drain() error {
	for q.flying > 0 {
		if it := <-q.results; it.result.ok() {
			q.settle(it)
		} else {
			q.flying--
		}
	}
	return nil
}

// end waits for the attempts under way, which ctx breaks off, and notes what
// was delivered.
func (q *queue) end(ctx context.Context) error {
	q.drain()
	if q.lastChange.IsZero() {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	return q.noteAll(ctx, "")
}
