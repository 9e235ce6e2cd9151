package commerce

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
)

// Fresh returns a context whose reads see everything that was confirmed on any
// node before the read, also those of products and prices, which otherwise may
// be a second behind on another node. On a store of one node every read does.
func Fresh(ctx context.Context) context.Context {
	b := command.ReadBoundOf(ctx)
	b.Fresh, b.Stale = true, false
	return command.WithReadBound(ctx, b)
}

// Stale returns a context whose reads see everything that was confirmed on any
// node longer than within before the read, and perhaps more. They mostly cost
// no question to another node, and go on that long after this node was cut off;
// then they are fault.Unavailable. What the node wrote itself they see always.
//
// Use it for pages and reports that need not be of this moment. What is decided
// by a command is decided by its own state, never by such a read.
func Stale(ctx context.Context, within time.Duration) context.Context {
	b := command.ReadBoundOf(ctx)
	b.Fresh, b.Stale, b.Age = false, true, max(within, 0)
	return command.WithReadBound(ctx, b)
}

// A Session says what somebody has seen and written: a short text, for a cookie
// or a header. The zero Session has seen nothing.
type Session string

// Session returns what this node holds now, and so everything that was read
// and written through it, together with what the session of ctx has seen: see
// Since. Hand it to the customer with the answer.
func (s *Store) Session(ctx context.Context) Session {
	seen, _ := sessionEntries(command.ReadBoundOf(ctx).Since) // Since has read it before
	return s.sessionAt(func(shard int) uint64 {
		l := s.engine.lanes[shard]
		// What was written elsewhere may be on its way.
		return max(l.shard.Applied(), l.wrote.Load(), entryOf(seen, shard))
	})
}

// Since returns a context whose reads see at least what a session has seen and
// written, whichever node answers. The error is fault.Invalid for what is no
// session of this store; a session of before a restore or a recovery counts as
// the zero one. On a context that has a session already, both count.
func (s *Store) Since(ctx context.Context, seen Session) (context.Context, error) {
	at, err := s.parseSession(seen)
	if err != nil {
		return nil, err
	}
	b := command.ReadBoundOf(ctx)
	before, err := s.parseSession(Session(b.Since))
	if err != nil {
		return nil, err // a context of another store
	}
	if b.Since = ""; at != nil || before != nil {
		b.Since = string(s.sessionAt(func(shard int) uint64 { return max(entryOf(at, shard), entryOf(before, shard)) }))
	}
	return command.WithReadBound(ctx, b), nil
}

// sessionAt returns a session that has seen a log entry of each shard.
func (s *Store) sessionAt(entry func(shard int) uint64) Session {
	b := append(make([]byte, 0, 64), sessionStart+"."+s.sessionTag()...)
	for i := range s.engine.lanes {
		b = append(b, '.')
		b = strconv.AppendUint(b, entry(i), 36)
	}
	return Session(b)
}

func entryOf(at []uint64, shard int) uint64 {
	if shard < len(at) {
		return at[shard]
	}
	return 0
}

const sessionStart = "s1"

// sessionTag stands for the store and its generation, in which log entries have
// their numbers.
func (s *Store) sessionTag() string { return s.tag() + s.id.Generation }

func (s *Store) parseSession(seen Session) ([]uint64, error) {
	if seen == "" {
		return nil, nil
	}
	parts := strings.Split(string(seen), ".")
	if parts[0] != sessionStart || len(parts) != 2+len(s.engine.lanes) || !strings.HasPrefix(parts[1], s.tag()) {
		return nil, fault.New(fault.Invalid, "%q is not a session of this store", seen)
	}
	at, err := sessionEntries(string(seen))
	if err != nil {
		return nil, fault.New(fault.Invalid, "%q is not a session of this store", seen)
	}
	if parts[1] != s.sessionTag() {
		return nil, nil
	}
	return at, nil
}

// sessionEntries returns the log entries that a session has seen, by shard.
func sessionEntries(seen string) ([]uint64, error) {
	if seen == "" {
		return nil, nil
	}
	var at []uint64
	for _, part := range strings.Split(seen, ".")[2:] {
		n, err := strconv.ParseUint(part, 36, 63)
		if err != nil {
			return nil, err
		}
		at = append(at, n)
	}
	return at, nil
}

// await returns when this node's copy of a shard may serve a read: with the
// bound of the context, or the usual one of the read.
func (e *engine) await(ctx context.Context, l *lane, usual command.ReadBound) error {
	if !e.clustered.Load() {
		return l.trusted()
	}
	err := e.awaitClustered(ctx, l, usual)
	if fault.CodeOf(err) == fault.Unavailable && ctx.Err() == nil {
		return &command.UnservedError{Err: err}
	}
	return err
}

func (e *engine) awaitClustered(ctx context.Context, l *lane, usual command.ReadBound) error {
	if err := e.awaitEntry(ctx, l, l.wrote.Load()); err != nil {
		return err
	}
	b := command.ReadBoundOf(ctx)
	if b.Since != "" {
		if err := e.awaitSession(ctx, l, b.Since); err != nil {
			return err
		}
	}
	if b.Fresh || b.Stale {
		usual = b
	}
	var err error
	if usual.Stale {
		err = e.within(ctx, l, usual.Age)
	} else {
		err = e.fresh(ctx, l)
	}
	if err != nil {
		return err
	}
	return l.trusted()
}

// awaitSession waits until this node has applied what a session has seen. All of
// that was confirmed, so a leader knows of it: a session that somebody has made
// up is waited for no longer than any other.
func (e *engine) awaitSession(ctx context.Context, l *lane, seen string) error {
	at, err := sessionEntries(seen)
	if err != nil || l.number >= len(at) {
		return fault.New(fault.Invalid, "%q is not a session of this store", seen)
	}
	if l.group.Applied() >= at[l.number] {
		return nil
	}
	return e.fresh(ctx, l)
}

// awaitEntry waits until this node has applied an entry of the shard's log.
func (e *engine) awaitEntry(ctx context.Context, l *lane, index uint64) error {
	if l.group.Applied() >= index {
		return nil
	}
	return e.retry(ctx, func(ctx context.Context) error { return l.group.WaitApplied(ctx, index) })
}

// fresh returns when this node has all that was acknowledged on any node before
// the call.
func (e *engine) fresh(ctx context.Context, l *lane) error {
	return e.retry(ctx, func(ctx context.Context) error {
		asked := e.moment()
		index, err := l.group.ReadIndex(ctx)
		if err == nil {
			err = l.group.WaitApplied(ctx, index)
		}
		if err == nil {
			l.holds(asked)
		}
		return err
	})
}

// within returns when this node has all that was acknowledged on any node an
// age before the call. Those who need to ask a leader for it ask together.
func (e *engine) within(ctx context.Context, l *lane, age time.Duration) error {
	since := e.moment() - age
	for time.Duration(l.complete.Load()) < since {
		asked := l.asking.DoChan("", func() (any, error) {
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), retryLimit)
			defer cancel()
			return nil, e.fresh(ctx, l)
		})
		select {
		case done := <-asked:
			if done.Err != nil {
				return done.Err
			}
		case <-ctx.Done():
			return fault.Wrap(fault.Unavailable, context.Cause(ctx), "this node may be more than %v behind in shard %d", age, l.number)
		}
	}
	return nil
}

// holds notes that the lane's copy holds all that was acknowledged before a
// moment of this process.
func (l *lane) holds(moment time.Duration) {
	for {
		old := l.complete.Load()
		if old >= int64(moment) || l.complete.CompareAndSwap(old, int64(moment)) {
			return
		}
	}
}

// wroteAt notes that this node has written an entry that it has not applied.
func (l *lane) wroteAt(index uint64) {
	for {
		old := l.wrote.Load()
		if old >= index || l.wrote.CompareAndSwap(old, index) {
			return
		}
	}
}

// moment returns a time of this process that nobody sets.
func (e *engine) moment() time.Duration { return time.Since(e.began) }
