package commerce

import (
	"context"
	"slices"
	"time"

	"github.com/keelshop/commerce/replication"
)

// How often a node looks after the shards that it leads, and how gently
// leaderships move.
const (
	workEvery   = 250 * time.Millisecond
	moveEvery   = 2 * time.Second
	settledFor  = 4 * time.Second // without a move, after the start or a failure
	workTimeout = 5 * time.Second
)

// work promotes newcomers and spreads leaderships.
func (c *Cluster) work(ctx context.Context) {
	c.moved, c.replicas = time.Now().Add(settledFor-moveEvery), map[string]time.Time{}
	met, strange := map[string]bool{}, map[string]time.Time{}
	for pause(ctx, workEvery) {
		c.keepBook(met, strange)
		for _, l := range c.store.engine.lanes {
			if ctx.Err() == nil && l.group.Ready() {
				c.promote(ctx, l)
				c.spread(ctx, l)
			}
		}
	}
}

// promote gives votes to members that have caught up. Two voters survive no
// failure, so of one voter it makes three or stays. It waits until all voters
// are there: one that does not know of a new vote does not vote for who has it,
// and the two could not elect a leader without this one.
func (c *Cluster) promote(ctx context.Context, l *lane) {
	voters := 0
	var ready []string
	for _, m := range l.group.Members() {
		if m.Voter {
			voters++
			if !l.group.Answers(m.Node) {
				return
			}
			continue
		}
		if lag, known := l.group.Behind(m.Node); known && lag <= 10 && c.takesVote(ctx, m.Node) {
			ready = append(ready, m.Node)
		}
	}
	if len(ready) == 0 || voters == 1 && len(ready) < 2 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, workTimeout)
	defer cancel()
	for _, node := range ready {
		if err := l.group.Promote(ctx, node); err != nil {
			c.store.config.logger.Warn("a node could not be given a vote and will be again", "shard", l.number, "node", node, "error", err)
			return
		}
	}
}

// spread hands a shard to the node that should lead it: each node leads as many
// shards as the others.
func (c *Cluster) spread(ctx context.Context, l *lane) {
	if time.Since(c.moved) < moveEvery {
		return
	}
	to := preferred(l.group.Members(), l.number)
	if c.draining.Load() || l.trusted() != nil || c.store.engine.room.low() != nil {
		c.moved = time.Now()
		_ = c.hand(ctx, l) // tried again
		return
	}
	if to == "" || to == c.store.engine.self {
		return
	}
	if lag, known := l.group.Behind(to); !known || lag > 10 || !c.accepts(ctx, to, l.number) {
		return
	}
	c.moved = time.Now()
	if err := l.group.Transfer(ctx, to); err != nil && ctx.Err() == nil {
		c.store.config.logger.Warn("a leadership could not be handed over and will be again", "shard", l.number, "node", to, "error", err)
	}
}

// preferred returns the voter that should lead a shard.
func preferred(members []replication.Member, shard int) string {
	var voters []string
	for _, m := range members {
		if m.Voter {
			voters = append(voters, m.Node)
		}
	}
	if len(voters) == 0 {
		return ""
	}
	slices.Sort(voters)
	return voters[shard%len(voters)]
}
