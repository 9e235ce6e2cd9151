package replication

import (
	"context"
	"sync"

	"github.com/hashicorp/raft"
	"github.com/keelshop/commerce/fault"
)

// following is calls that wait for the answer of a leader. They end when another one leads: an old leader that was cut
// off never answers.
type following struct {
	mu   sync.Mutex
	next int
	open map[int]followed
}

type followed struct {
	leader string
	end    context.CancelCauseFunc
}

// Following returns a context that ends with ctx, and as soon as this node knows that somebody else than leader leads.
// Call the function when the answer is there.
func (g *Group) Following(ctx context.Context, leader string) (context.Context, func()) {
	ctx, end := context.WithCancelCause(ctx)
	f := &g.following
	f.mu.Lock()
	id := f.next
	f.next++
	f.open[id] = followed{leader, end}
	f.mu.Unlock()
	if now := g.Leader(); now != "" && now != leader {
		f.leave(g.id, now)
	}
	return ctx, func() {
		f.mu.Lock()
		delete(f.open, id)
		f.mu.Unlock()
		end(nil)
	}
}

// leave ends the calls to other nodes than the new leader.
func (f *following) leave(group uint32, leader string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, c := range f.open {
		if c.leader != leader {
			c.end(fault.New(fault.Unavailable, "group %d is led by node %s meanwhile", group, leader))
		}
	}
}

// leaders tells calls under way of new leaders.
func (g *Group) leaders() {
	seen := make(chan raft.Observation, 16)
	observer := raft.NewObserver(seen, false, func(o *raft.Observation) bool {
		_, ok := o.Data.(raft.LeaderObservation)
		return ok
	})
	g.raft.RegisterObserver(observer)
	defer g.raft.DeregisterObserver(observer)
	for {
		select {
		case <-seen:
			if now := g.Leader(); now != "" {
				g.following.leave(g.id, now)
			}
		case <-g.quit:
			return
		}
	}
}
