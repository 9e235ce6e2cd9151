package commerce

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/sqlite"
)

// timers calls the handlers of one shard's durable timers when they are due.
// A timer stays until its handler's command clears it; one whose handler fails
// is called again after a pause that grows.
type timers struct {
	lane     *lane
	handlers map[string]command.Timer
	poll     time.Duration
	logger   *slog.Logger

	mu    sync.Mutex
	tries map[timer]attempt
	slots chan struct{} // bounds handlers that run at once
}

type timer struct {
	due           int64
	kind, subject string
}

type attempt struct {
	n       int
	running bool
	next    int64 // by the shard clock
}

const (
	maxHandlers = 8
	timerPage   = 64
	firstPause  = 200    // ms
	longPause   = 60_000 // ms
)

func newTimers(l *lane, handlers map[string]command.Timer, poll time.Duration, logger *slog.Logger) *timers {
	return &timers{
		lane: l, handlers: handlers, poll: poll, logger: logger,
		tries: map[timer]attempt{}, slots: make(chan struct{}, maxHandlers),
	}
}

// run works until ctx ends, then waits for the handlers it started.
func (t *timers) run(ctx context.Context) {
	var running sync.WaitGroup
	defer running.Wait()
	tick := time.NewTicker(t.poll)
	defer tick.Stop()
	for {
		for _, due := range t.due(ctx) {
			select {
			case t.slots <- struct{}{}:
			case <-ctx.Done():
				return
			}
			running.Go(func() {
				defer func() { <-t.slots }()
				t.fire(ctx, due)
			})
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// due returns timers whose time has come and that are not being handled, and
// marks them as being handled.
func (t *timers) due(ctx context.Context) []timer {
	if !t.lane.group.Ready() {
		return nil
	}
	now := t.lane.clock()
	var found []timer
	err := t.lane.shard.View(ctx, func(tx *sqlite.Tx) error {
		rows := tx.Query(`SELECT due, kind, subject FROM timers WHERE due <= ? ORDER BY due, kind, subject LIMIT ?`, now, timerPage+len(t.tries))
		for rows.Next() {
			found = append(found, timer{rows.Int64(0), rows.Text(1), rows.Text(2)})
		}
		return rows.Close()
	})
	if err != nil {
		return nil // the store has stopped or is closing, and says so elsewhere
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.forget(found)
	var out []timer
	for _, f := range found {
		a := t.tries[f]
		if a.running || a.next > now || t.handlers[f.kind] == nil {
			continue
		}
		a.running = true
		t.tries[f] = a
		out = append(out, f)
	}
	return out
}

// forget drops the history of timers that were cleared.
func (t *timers) forget(found []timer) {
	if len(t.tries) == 0 {
		return
	}
	still := make(map[timer]bool, len(found))
	for _, f := range found {
		still[f] = true
	}
	for f, a := range t.tries {
		if !still[f] && !a.running {
			delete(t.tries, f)
		}
	}
}

func (t *timers) fire(ctx context.Context, f timer) {
	err := t.handlers[f.kind](ctx, f.subject)
	t.mu.Lock()
	defer t.mu.Unlock()
	a := t.tries[f]
	a.running = false
	a.n++
	a.next = t.lane.clock() + min(int64(firstPause)<<min(a.n, 20), longPause)
	t.tries[f] = a
	if err != nil && ctx.Err() == nil {
		t.logger.Warn("a timer's work failed and will be tried again",
			"kind", f.kind, "subject", f.subject, "shard", t.lane.number, "tries", a.n, "error", err)
	}
}
