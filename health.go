package commerce

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/keelshop/commerce/fault"
)

// Health is what this node can do now, for load balancers and operators.
type Health struct {
	// Live is false when the store has stopped itself or was closed: it must
	// be opened again.
	Live bool `json:"live"`
	// Ready is false when customers should be sent to other nodes: the node
	// is not live, is being drained, or does not serve any shard.
	Ready bool `json:"ready"`
	// Problems are sentences for operators; none means that all is well.
	Problems []string      `json:"problems,omitempty"`
	Shards   []ShardHealth `json:"shards,omitempty"`
}

// ShardHealth is what this node can do with one shard.
type ShardHealth struct {
	Shard   int    `json:"shard"`
	Leader  string `json:"leader,omitempty"` // as far as this node knows
	Serves  bool   `json:"serves"`           // reads here see what was confirmed some seconds ago, or later
	Problem string `json:"problem,omitempty"`
}

// How recent a shard's copy must be for its node to count as serving it, and
// how long the leader may take to say so.
const (
	healthAge   = 5 * time.Second
	healthLimit = time.Second
)

// Health looks at the store, for a second at most.
func (s *Store) Health(ctx context.Context) Health {
	if s.Closed() {
		return Health{Problems: []string{"the store is closed"}}
	}
	if err := s.Err(); err != nil {
		return Health{Problems: []string{"the store has stopped: " + err.Error()}}
	}
	h := Health{Live: true, Shards: make([]ShardHealth, len(s.engine.lanes))}
	ctx, cancel := context.WithTimeout(ctx, healthLimit)
	defer cancel()
	var all sync.WaitGroup
	for i, l := range s.engine.lanes {
		all.Go(func() { h.Shards[i] = s.shardHealth(ctx, l) })
	}
	all.Wait()
	serves := 0
	for _, sh := range h.Shards {
		if sh.Serves {
			serves++
		} else {
			h.Problems = append(h.Problems, fmt.Sprintf("shard %d is not served here: %s", sh.Shard, sh.Problem))
		}
	}
	if err := s.engine.room.low(); err != nil {
		h.Problems = append(h.Problems, err.Error())
	}
	draining := s.cluster.draining.Load()
	if draining {
		h.Problems = append(h.Problems, "the node is being drained")
	}
	h.Ready = serves > 0 && !draining
	return h
}

func (s *Store) shardHealth(ctx context.Context, l *lane) ShardHealth {
	h := ShardHealth{Shard: l.number, Leader: l.group.Leader()}
	err := l.trusted()
	if err == nil && s.engine.clustered.Load() {
		err = s.engine.within(ctx, l, healthAge)
	} else if err == nil && !l.group.Ready() {
		err = fault.New(fault.Unavailable, "this node does not lead it")
	}
	if h.Serves = err == nil; err != nil {
		h.Problem = err.Error()
	}
	return h
}
