package commerce

import (
	"bytes"
	"context"
	"time"

	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/sqlite"
	"github.com/keelshop/commerce/shard"
)

// keep says how long a store keeps what grows without bound: answers are for
// retries, events for their consumers. Orders and payments stay for ever.
var keep = shard.Retention{
	AnswerAge: 7 * 24 * time.Hour, AnswerMin: 24 * time.Hour, EventAge: 30 * 24 * time.Hour,
	Bytes: 256 << 20, OwnerBytes: 4 << 20,
}

const (
	pruneEvery = time.Hour
	pruneLook  = time.Minute            // between looks at how much was recorded
	pruneBytes = 16 << 20               // of answers that make a round come early
	pruneStep  = 100 * time.Millisecond // between the bounded steps of one round
	maxJump    = 24 * time.Hour
)

// pruneLane deletes old answers and events of one shard, in rounds of small
// commands: every hour, and sooner when much was recorded.
func (s *Store) pruneLane(ctx context.Context, l *lane) {
	wall, elapsed := s.config.clock.Wall(), s.config.clock.Elapsed()
	last, recorded := elapsed, int64(0)
	for pause(ctx, pruneLook) {
		// Retention goes by the wall clock. After a jump that nothing explains
		// it waits for the operator to see to the clock, and for a restart.
		now := s.config.clock.Elapsed()
		jump := s.config.clock.Wall().Sub(wall) - (now - elapsed)
		if jump > maxJump || jump < -maxJump {
			s.config.logger.Error("the wall clock has jumped: nothing is pruned until the store is opened again", "shard", l.number, "jump", jump)
			return
		}
		if now-last < pruneEvery && l.shard.Recorded()-recorded < pruneBytes {
			continue
		}
		last, recorded = now, l.shard.Recorded()
		if l.group.Leading() {
			s.pruneRound(ctx, l)
		}
	}
}

func (s *Store) pruneRound(ctx context.Context, l *lane) {
	var cmd shard.Prune
	err := l.shard.View(ctx, func(tx *sqlite.Tx) (err error) {
		cmd, err = keep.Plan(tx, s.config.clock.Wall())
		return err
	})
	for err == nil {
		var done shard.Pruned
		done, err = command.Do[shard.Pruned](ctx, s.engine, &cmd, command.Call{Slot: l.slot})
		if err == nil && (done.Next == nil && done.Events == 0 || !pause(ctx, pruneStep)) {
			return
		}
		if cmd.After = done.Next; done.Next == nil {
			cmd.After = lastScope // only events are left
		}
	}
	if ctx.Err() == nil {
		s.config.logger.Warn("pruning failed and will be tried again", "shard", l.number, "error", err)
	}
}

// lastScope is behind the key of every answer.
var lastScope = bytes.Repeat([]byte{0xff}, 17)

// pause waits and reports whether ctx is still alive.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
