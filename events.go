package commerce

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"strconv"
	"strings"
	"time"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/sqlite"
)

// Event is something that happened. Events are written in the transaction of
// what they tell of: there is none without its effect and none is missing.
type Event struct {
	// Position is where to go on after this event.
	Position Position
	// Shard and Sequence identify the event. Within a shard, sequences have
	// no gaps and follow the order in which things happened.
	Shard    int
	Sequence int64
	At       time.Time
	Kind     string // as in "order.placed"
	Subject  string // the ID of what it happened to
	// Data is a JSON object. It never holds personal data.
	Data json.RawMessage
}

// Position says how far a consumer has read: an opaque text to store beside
// what was made of the events, in the same transaction if it can be. The zero
// Position is before the first event.
type Position string

// PositionExpiredError says that events after a position were deleted, since
// their retention had passed. The consumer must start from the state itself.
type PositionExpiredError struct {
	Shard        int
	Have, Oldest int64
}

func (e *PositionExpiredError) Error() string {
	return fmt.Sprintf("events %d to %d of shard %d are past their retention: rebuild from the store and go on from its latest position", e.Have+1, e.Oldest-1, e.Shard)
}

// Unwrap returns fault.NotFound.
func (e *PositionExpiredError) Unwrap() error { return fault.NotFound }

// Events returns what happened after a position, up to now. Order is kept
// within a shard, and so for everything that one customer's cart, orders and
// payments go through; between shards there is none. Reading again after a
// crash from the last stored position delivers at least once.
func (s *Store) Events(ctx context.Context, after Position) iter.Seq2[Event, error] {
	return s.events(ctx, after, false)
}

// Follow is Events that goes on: when it has caught up it waits for more,
// until ctx ends or the store closes.
func (s *Store) Follow(ctx context.Context, after Position) iter.Seq2[Event, error] {
	return s.events(ctx, after, true)
}

// Latest returns the position after everything that has happened so far.
func (s *Store) Latest() Position {
	at := make([]int64, len(s.engine.lanes))
	for i, l := range s.engine.lanes {
		at[i] = l.shard.Events()
	}
	return s.position(at)
}

// Event returns one event by what identifies it. The error is fault.NotFound
// if there is none, or none any more.
func (s *Store) Event(ctx context.Context, shard int, sequence int64) (e Event, err error) {
	if shard < 0 || shard >= len(s.engine.lanes) || sequence < 1 || sequence > s.engine.lanes[shard].shard.Events() {
		return Event{}, fault.New(fault.NotFound, "there is no event %d of shard %d", sequence, shard)
	}
	page, err := s.eventPage(ctx, s.engine.lanes[shard], sequence-1)
	if err != nil {
		return Event{}, err
	}
	return page[0], nil
}

// AheadError says that a position of this store is one that this node has not got
// to: another node has, or the node's directory is an older copy. It counts as
// fault.Invalid.
type AheadError struct{ Position Position }

func (e *AheadError) Error() string {
	return fmt.Sprintf("position %q is ahead of this store: start again from the state itself", e.Position)
}

// Unwrap returns fault.Invalid.
func (e *AheadError) Unwrap() error { return fault.Invalid }

// Behind returns how many events have come after a position: how far a consumer
// that has got there is behind. The error is that of Events for a position that
// is none of this store's, and an *AheadError for one that this node has not got to.
func (s *Store) Behind(p Position) (events int64, err error) {
	at, err := s.parse(p)
	if err != nil {
		return 0, err
	}
	for i, l := range s.engine.lanes {
		events += max(l.shard.Events()-at[i], 0)
	}
	return events, nil
}

const (
	eventPage     = 256
	positionStart = "v1"
)

func (s *Store) events(ctx context.Context, after Position, follow bool) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		at, err := s.parse(after)
		if err != nil {
			yield(Event{}, err)
			return
		}
		for {
			wake := s.anyChange()
			found := false
			for _, l := range s.engine.lanes {
				page, err := s.eventPage(ctx, l, at[l.number])
				if err != nil {
					yield(Event{}, err)
					return
				}
				found = found || len(page) > 0
				for _, e := range page {
					at[l.number] = e.Sequence
					e.Position = s.position(at)
					if !yield(e, nil) {
						return
					}
				}
			}
			if found {
				continue
			}
			if !follow {
				return
			}
			if err := wake(ctx); err != nil {
				yield(Event{}, err)
				return
			}
		}
	}
}

// anyChange returns a function that waits for the next commit on any shard,
// counted from the call of anyChange.
func (s *Store) anyChange() func(context.Context) error {
	changed := make([]<-chan struct{}, len(s.engine.lanes))
	for i, l := range s.engine.lanes {
		changed[i] = l.shard.Changed()
	}
	return func(ctx context.Context) error {
		ctx, stop := context.WithCancel(ctx)
		defer stop()
		any := make(chan struct{}, len(changed))
		for _, c := range changed {
			go func() {
				select {
				case <-c:
					any <- struct{}{}
				case <-ctx.Done():
				}
			}()
		}
		select {
		case <-any:
			return nil
		case <-s.failed:
			return s.engine.usable()
		case <-s.closing:
			return fault.New(fault.Unavailable, "the store is closing")
		case <-ctx.Done():
			return fault.Wrap(fault.Unavailable, context.Cause(ctx), "waiting for events")
		}
	}
}

func (s *Store) eventPage(ctx context.Context, l *lane, after int64) ([]Event, error) {
	if err := s.engine.usable(); err != nil {
		return nil, err
	}
	// Newer ones are in the file a moment before caches know of what they tell.
	upTo := l.shard.Events()
	if upTo <= after {
		return nil, nil
	}
	if err := l.trusted(); err != nil {
		return nil, err
	}
	var page []Event
	err := l.shard.View(ctx, func(tx *sqlite.Tx) error {
		rows := tx.Query(`SELECT seq, at, kind, subject, data FROM outbox WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT ?`, after, upTo, eventPage)
		for rows.Next() {
			page = append(page, Event{
				Shard: l.number, Sequence: rows.Int64(0), At: time.UnixMilli(rows.Int64(1)).UTC(),
				Kind: rows.Text(2), Subject: rows.Text(3), Data: rows.Blob(4),
			})
		}
		return rows.Close()
	})
	if err != nil {
		return nil, fmt.Errorf("reading events of shard %d: %w", l.number, err)
	}
	switch {
	case len(page) == 0: // deleted down to the newest
		return nil, &PositionExpiredError{Shard: l.number, Have: after, Oldest: upTo + 1}
	case page[0].Sequence != after+1:
		return nil, &PositionExpiredError{Shard: l.number, Have: after, Oldest: page[0].Sequence}
	}
	return page, nil
}

// position says how far each shard was read, and of which store.
func (s *Store) position(at []int64) Position {
	b := make([]byte, 0, 16+len(at)*8)
	b = append(b, positionStart+"."+s.sessionTag()...)
	for _, n := range at {
		b = append(b, '.')
		b = strconv.AppendInt(b, n, 36)
	}
	return Position(b)
}

// tag stands for the store in positions: the random end of its ID.
func (s *Store) tag() string { return s.id.Store[max(0, len(s.id.Store)-10):] }

// parse reads a position and refuses one of another store, one of before a
// restore or a recovery, after which events have other numbers, and one from
// this store's future, such as one that was stored before an older copy of the
// directory was brought back.
func (s *Store) parse(p Position) ([]int64, error) {
	at := make([]int64, len(s.engine.lanes))
	if p == "" {
		return at, nil
	}
	store, have, err := p.parse()
	if err != nil || store != s.sessionTag() || len(have) != len(at) {
		return nil, fault.New(fault.Invalid, "%q is not a position of this store", p)
	}
	for i, l := range s.engine.lanes {
		if have[i] > l.shard.Events() {
			return nil, &AheadError{p}
		}
	}
	return have, nil
}

// Includes reports whether everything before other is before p too, so that
// who has read up to p has read up to other. Positions of different stores
// include nothing of each other.
func (p Position) Includes(other Position) bool {
	store, want, err := other.parse()
	if err != nil || other == "" {
		return err == nil
	}
	mine, have, err := p.parse()
	if p == "" {
		mine, have = store, make([]int64, len(want))
	}
	if err != nil || mine != store || len(have) != len(want) {
		return false
	}
	for i := range want {
		if have[i] < want[i] {
			return false
		}
	}
	return true
}

// parse takes a position apart: the tag of its store, and how far each shard
// was read. The position before everything has neither.
func (p Position) parse() (store string, at []int64, err error) {
	if p == "" {
		return "", nil, nil
	}
	parts := strings.Split(string(p), ".")
	if parts[0] != positionStart || len(parts) < 3 {
		return "", nil, fault.New(fault.Invalid, "%q is not a position", p)
	}
	for _, part := range parts[2:] {
		n, err := strconv.ParseInt(part, 36, 64)
		if err != nil || n < 0 {
			return "", nil, fault.New(fault.Invalid, "%q is not a position", p)
		}
		at = append(at, n)
	}
	return parts[1], at, nil
}
