package commerce

import (
	"time"

	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/shard"
)

// ShardClock returns the time by a shard's own clock as of its newest log
// entry.
func ShardClock(s *Store, shard int) time.Duration {
	return time.Duration(s.engine.lanes[shard].shard.Clock()) * time.Millisecond
}

// AtRest opens a store that does nothing by itself until Start.
func AtRest() Option { return atRest() }

// Start starts what a store that was opened AtRest does by itself.
func Start(s *Store) { s.startWorkers() }

// Intercept has refuse asked about each kind of command in an entry before it
// is logged. It is for a store at rest.
func Intercept(s *Store, refuse func(command.Kind) error) {
	for _, l := range s.engine.lanes {
		l.proposer.Stop(nil)
		l.proposer = shard.NewProposer(intercepted{groupLog{l.group}, refuse}, l.clock, s.engine.cut.Load, &s.engine.backlog)
	}
}

type intercepted struct {
	shard.Log
	refuse func(command.Kind) error
}

func (i intercepted) Propose(entry []byte) func() ([]shard.Reply, error) {
	batch, err := command.DecodeBatch(entry)
	for _, raw := range batch.Commands {
		var env command.Envelope
		if err == nil {
			env, err = command.DecodeEnvelope(raw)
		}
		if err == nil {
			err = i.refuse(env.Kind)
		}
	}
	if err != nil {
		return func() ([]shard.Reply, error) { return nil, err }
	}
	return i.Log.Propose(entry)
}
