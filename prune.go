package commerce

import (
	"bytes"
	"context"
	"time"

	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/shard"
)

// How long a store keeps what grows without bound: answers are for retries,
// events for their consumers. Orders and payments stay for ever.
const (
	keepAnswers = 7 * 24 * time.Hour
	keepEvents  = 30 * 24 * time.Hour
	pruneEvery  = time.Hour
	pruneStep   = time.Second // between the bounded steps of one round
	maxJump     = 24 * time.Hour
)

// pruneLane deletes old answers and events of one shard, an hourly round of
// small commands.
func (s *Store) pruneLane(ctx context.Context, l *lane) {
	wall, elapsed := s.config.clock.Wall(), s.config.clock.Elapsed()
	for pause(ctx, pruneEvery) {
		// Retention goes by the wall clock. After a jump that nothing explains
		// it waits for the operator to see to the clock, and for a restart.
		jump := s.config.clock.Wall().Sub(wall) - (s.config.clock.Elapsed() - elapsed)
		if jump > maxJump || jump < -maxJump {
			s.config.logger.Error("the wall clock has jumped: nothing is pruned until the store is opened again", "shard", l.number, "jump", jump)
			return
		}
		if l.group.Leading() {
			s.pruneRound(ctx, l)
		}
	}
}

func (s *Store) pruneRound(ctx context.Context, l *lane) {
	now := s.config.clock.Wall()
	cmd := shard.Prune{
		AnswersBefore: now.Add(-keepAnswers).UnixMilli(),
		EventsBefore:  now.Add(-keepEvents).UnixMilli(),
	}
	for {
		done, err := command.Do[shard.Pruned](ctx, s.engine, &cmd, command.Call{Slot: l.slot})
		if err != nil {
			if ctx.Err() == nil {
				s.config.logger.Warn("pruning failed and will be tried again in an hour", "shard", l.number, "error", err)
			}
			return
		}
		if done.Next == nil && done.Events == 0 || !pause(ctx, pruneStep) {
			return
		}
		if cmd.After = done.Next; done.Next == nil {
			cmd.After = lastScope // only events are left
		}
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
