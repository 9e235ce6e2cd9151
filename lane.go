package commerce

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/replication"
	"github.com/keelshop/commerce/shard"
)

// A lane is one shard with the group that replicates it and the proposer that
// feeds the group.
type lane struct {
	number   int
	slot     id.Slot // one that the shard owns
	shard    *shard.Shard
	group    *replication.Group
	proposer *shard.Proposer

	elapsed func() time.Duration
	base    int64 // the shard clock when this node began to lead
	since   time.Duration
}

// maxDowntime bounds how much of the time that a store was closed its holds
// feel: a wall clock that jumped while it was closed cannot expire them all.
const maxDowntime = time.Hour

// lead starts the shard clock: where the log left it, and the time that the
// store was closed.
func (l *lane) lead(clock Clock) {
	down := time.Duration(0)
	if wall := l.shard.Wall(); wall > 0 {
		down = clock.Wall().Sub(time.UnixMilli(wall))
		down = min(max(down, 0), maxDowntime)
	}
	l.elapsed = clock.Elapsed
	l.base = l.shard.Clock() + down.Milliseconds()
	l.since = clock.Elapsed()
}

// clock is the leader's reading of the shard clock: it runs with this node's
// monotonic clock, whatever the wall clock does.
func (l *lane) clock() int64 { return l.base + (l.elapsed() - l.since).Milliseconds() }

// submit logs and applies one envelope.
func (l *lane) submit(ctx context.Context, env command.Envelope) (command.Answer, error) {
	raw, err := env.Encode()
	if err != nil {
		return command.Answer{}, err
	}
	reply, err := l.proposer.Submit(ctx, raw)
	if err != nil {
		return command.Answer{}, err
	}
	return reply.Answer, reply.Err
}

// close ends a lane whose group has ended. A lane that failed to open is nil
// or has no proposer.
func (l *lane) close(failed bool) error {
	if l == nil {
		return nil
	}
	if failed {
		l.shard.Abandon()
	}
	var errs []error
	if l.proposer != nil {
		errs = append(errs, bounded(fmt.Sprintf("the proposer of shard %d", l.number), func() {
			l.proposer.Stop(fault.New(fault.Unavailable, "the store is closing"))
		}))
	}
	var err error
	errs = append(errs, bounded(fmt.Sprintf("shard %d", l.number), func() { err = l.shard.Close() }))
	if errs[len(errs)-1] == nil {
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// machine shows a shard to its replication group.
type machine struct{ *shard.Shard }

func (m machine) ApplyBatch(entries []replication.Entry) ([]any, error) {
	batch := make([]shard.Entry, len(entries))
	for i, e := range entries {
		batch[i] = shard.Entry(e)
	}
	replies, err := m.Shard.ApplyBatch(batch)
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
