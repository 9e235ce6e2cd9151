package commerce

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/replication"
	"github.com/keelshop/commerce/shard"
	"golang.org/x/sync/singleflight"
)

// A lane is one shard with the group that replicates it and the proposer that
// feeds the group.
type lane struct {
	number   int
	slot     id.Slot // one that the shard owns
	shard    *shard.Shard
	group    *replication.Group
	proposer *shard.Proposer

	time   Clock
	shared *atomic.Bool                 // other nodes may have led while this one was closed
	opened time.Duration                // when this node opened the shard
	seen   atomic.Int64                 // when it last applied something, or opened the shard or got a copy of it
	now    atomic.Pointer[shardReading] // nil until this node leads

	complete atomic.Int64       // this node's copy holds all that was acknowledged before then: see engine.moment
	wrote    atomic.Uint64      // an entry that this node has written elsewhere and must have applied before it is read
	asking   singleflight.Group // of those who ask the leader how far that is

	room  *room         // what the node knows of its disk
	steps *atomic.Int64 // counts up with each piece of work on the shard that is done

	distrusted atomic.Bool // this node's copy differs from the others: see distrust
}

// shardReading is what the shard clock was at a moment of this node's own.
type shardReading struct {
	clock int64
	at    time.Duration
}

// maxDowntime bounds how much of the time that a store was closed its holds
// feel: a wall clock that jumped while it was closed cannot expire them all.
const maxDowntime = time.Hour

// lead starts the shard clock when this node begins to lead: where the log left
// it, and the time since then by this node's monotonic clock. On a store of one
// node it takes in, at the start, the time that the store was closed, by the wall
// clock. In a cluster others may have led until just now, by wall clocks that say
// something else, so no hold may feel the difference.
func (l *lane) lead() {
	at := l.time.Elapsed()
	r := shardReading{clock: l.shard.Clock(), at: at}
	wall := l.shard.Wall()
	switch fresh := l.now.Load() == nil && at-l.opened < time.Minute; {
	case fresh && wall > 0 && !l.shared.Load():
		down := l.time.Wall().Sub(time.UnixMilli(wall))
		r.clock += min(max(down, 0), maxDowntime).Milliseconds()
	case !fresh || l.shared.Load():
		r.clock += max(at-time.Duration(l.seen.Load()), 0).Milliseconds()
	}
	l.now.Store(&r)
}

// clock is the leader's reading of the shard clock: it runs with this node's
// monotonic clock, whatever the wall clock does.
func (l *lane) clock() int64 {
	r := l.now.Load()
	if r == nil {
		return l.shard.Clock()
	}
	return r.clock + (l.time.Elapsed() - r.at).Milliseconds()
}

// propose logs and applies one envelope. The error says that there is no reply.
func (l *lane) propose(ctx context.Context, env command.Envelope) (shard.Reply, error) {
	raw, err := env.Encode()
	if err != nil {
		return shard.Reply{}, err
	}
	return l.proposer.Submit(ctx, raw)
}

// closeLanes ends all lanes at once: that one takes long keeps no other one from
// being closed in time.
func closeLanes(lanes []*lane, failed bool, end *ending) error {
	errs := make([]error, len(lanes))
	var all sync.WaitGroup
	for i, l := range lanes {
		all.Go(func() { errs[i] = l.close(failed, end) })
	}
	all.Wait()
	return errors.Join(errs...)
}

// close ends a lane whose group has ended. A lane that failed to open is nil
// or has no proposer.
func (l *lane) close(failed bool, end *ending) error {
	if l == nil {
		return nil
	}
	if failed {
		l.shard.Abandon()
	}
	var errs []error
	if l.proposer != nil {
		errs = append(errs, end.bounded(fmt.Sprintf("the proposer of shard %d", l.number), func() {
			l.proposer.Stop(fault.New(fault.Unavailable, "the store is closing"))
		}, l.steps))
	}
	var err error
	errs = append(errs, end.bounded(fmt.Sprintf("shard %d", l.number), func() { err = l.shard.Close() }, l.steps))
	if errs[len(errs)-1] == nil {
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// machine shows a lane's shard to its replication group. Replace is the shard's
// own.
type machine struct {
	*shard.Shard
	lane *lane
}

// Steps counts what the shard's writer has done.
func (m machine) Steps() *atomic.Int64 { return m.lane.steps }

// Lead is called when this node has begun to lead.
func (m machine) Lead(uint64) { m.lane.lead() }

// Prepare is called while the log syncs the entries.
func (m machine) Prepare(entries []replication.Entry) error { return m.Shard.Prepare(ofShard(entries)) }

func (m machine) ApplyBatch(entries []replication.Entry) ([]any, error) {
	replies, err := m.Shard.ApplyBatch(ofShard(entries))
	if err != nil {
		return nil, err
	}
	if err := m.Shard.Trim(); err != nil {
		return nil, err
	}
	out := make([]any, len(replies))
	for i, r := range replies {
		out[i] = r
	}
	return out, nil
}

// Copy copies the shard for another node: not one that is known to differ from
// the others, and not onto a disk without room for it. What it takes when it is
// packed, which is much less, is asked for while that is written.
func (m machine) Copy(path string) (applied uint64, err error) {
	if err := m.lane.trusted(); err != nil {
		return 0, err
	}
	if err := m.lane.room.holds(filepath.Dir(path), m.lane.bytes()); err != nil {
		return 0, err
	}
	return m.Shard.Copy(path)
}

func ofShard(entries []replication.Entry) []shard.Entry {
	out := make([]shard.Entry, len(entries))
	for i, e := range entries {
		out[i] = shard.Entry(e)
	}
	return out
}

// groupLog shows a replication group to a proposer.
type groupLog struct{ group *replication.Group }

func (g groupLog) Propose(entry []byte) func() ([]shard.Reply, error) {
	future := g.group.ProposeAsync(entry)
	return func() ([]shard.Reply, error) {
		v, err := future.Wait()
		if err != nil {
			return nil, err
		}
		replies, ok := v.([]shard.Reply)
		if !ok {
			return nil, fault.New(fault.Uncertain, "the entry was applied before its replies could be kept")
		}
		return replies, nil
	}
}
