package commerce

import (
	"context"
	"slices"
	"sync"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/replication"
)

// spare refuses to let this node be stopped for a while when the others could
// not go on without it: in each shard in which it has a vote, those others that
// answer must be a majority by themselves. One that is being drained does not
// count, since it is about to be stopped too.
func (c *Cluster) spare(ctx context.Context) error {
	e := c.store.engine
	stays := c.staying(ctx)
	for _, l := range e.lanes {
		members := l.group.Members()
		if !slices.Contains(members, replication.Member{Node: e.self, Voter: true}) {
			continue
		}
		voters, left := 0, 0
		for _, m := range members {
			if !m.Voter {
				continue
			}
			voters++
			if stays[m.Node] {
				left++
			}
		}
		if 2*left <= voters {
			return fault.New(fault.Refused, "without node %s shard %d has %d of %d votes and takes no writes: bring other nodes back or add some first; "+
				"to stop it all the same, stop it without draining it", e.self, l.number, left, voters)
		}
	}
	return nil
}

// staying returns the other nodes that answer and are not being drained.
func (c *Cluster) staying(ctx context.Context) map[string]bool {
	ctx, cancel := context.WithTimeout(ctx, askLimit)
	defer cancel()
	var mu sync.Mutex
	var all sync.WaitGroup
	stays, asked := map[string]bool{}, map[string]bool{c.store.engine.self: true}
	for _, l := range c.store.engine.lanes {
		for _, m := range l.group.Members() {
			if asked[m.Node] {
				continue
			}
			asked[m.Node] = true
			all.Go(func() {
				r, err := c.ask(ctx, m.Node)
				mu.Lock()
				defer mu.Unlock()
				stays[m.Node] = err == nil && !r.Draining
			})
		}
	}
	all.Wait()
	return stays
}
