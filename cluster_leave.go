package commerce

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/replication"
)

// Remove takes a node out of the cluster: one that is gone for good, or that
// is not needed. Of the voters that remain a majority must answer, in every
// shard, and if the node answers itself without counting those that are drained;
// otherwise nothing is done, and the error is fault.Unavailable: with one
// of three dead, the dead one can be removed and neither of the others. What the
// node holds is not deleted, and it cannot come back with it.
func (c *Cluster) Remove(ctx context.Context, node string) error {
	known := false
	for _, l := range c.store.engine.lanes {
		known = known || member(l.group, node)
	}
	if !known {
		return fault.New(fault.NotFound, "node %s is not part of this cluster", node)
	}
	if err := c.spareable(ctx, node); err != nil {
		return err
	}
	if err := c.removable(ctx, node); err != nil {
		return err
	}
	if err := c.spareable(ctx, node); err != nil { // the leaders may have taken long to answer
		return err
	}
	for _, l := range c.store.engine.lanes {
		if err := c.atLeader(ctx, call{Op: callRemove, Shard: l.number, Node: node}); err != nil {
			return fmt.Errorf("removing node %s from shard %d: %w", node, l.number, err)
		}
	}
	return nil
}

// removable asks the leaders of all shards before any of them does something.
func (c *Cluster) removable(ctx context.Context, node string) error {
	ctx, cancel := context.WithTimeout(ctx, workTimeout)
	defer cancel()
	for _, l := range c.store.engine.lanes {
		err := c.store.engine.retry(ctx, func(ctx context.Context) error {
			return asked(c.tryLeader(ctx, call{Op: callMayRemove, Shard: l.number, Node: node}))
		})
		if err != nil {
			return fmt.Errorf("removing node %s from shard %d: %w", node, l.number, err)
		}
	}
	return nil
}

// asked says of a question that got no answer that nothing has happened.
func asked(err error) error {
	if fault.CodeOf(err) == fault.Uncertain {
		return fault.Wrap(fault.Unavailable, err, "a question got no answer, and nothing was done")
	}
	return err
}

// mayRemove is callMayRemove on the leader.
func (c *Cluster) mayRemove(l *lane, node string) error {
	if !l.group.Ready() {
		return &replication.NotLeaderError{Group: uint32(l.number), Leader: l.group.Leader()}
	}
	return l.group.MayRemove(node)
}

// remove is callRemove on the leader. One that is to remove itself hands the
// leadership over first.
func (c *Cluster) remove(ctx context.Context, l *lane, node string) error {
	if node == c.store.engine.self {
		if err := c.hand(ctx, l); err != nil {
			return err
		}
		return &replication.NotLeaderError{Group: uint32(l.number), Leader: l.group.Leader()}
	}
	return l.group.Remove(ctx, node)
}

// Drain makes a node hand over everything it leads, and lead nothing until
// Resume, so that it can be stopped without anybody noticing. The error is
// fault.Refused when the others could not go on without it. After an error the
// node goes on as before.
func (c *Cluster) Drain(ctx context.Context, node string) error {
	return c.at(ctx, node, callDrain)
}

// Resume lets a drained node lead again. So does opening its store again. While
// the node is still being drained it waits for the end of that.
func (c *Cluster) Resume(ctx context.Context, node string) error {
	return c.at(ctx, node, callResume)
}

func (c *Cluster) at(ctx context.Context, node string, op int) error {
	if node == c.store.engine.self {
		_, err := c.store.answer(ctx, call{Op: op})
		return err
	}
	_, err := c.store.engine.ask(ctx, node, call{Op: op})
	return err
}

// drainOnly waits until nobody else drains or resumes this node.
func (c *Cluster) drainOnly(ctx context.Context) error {
	select {
	case c.drains <- struct{}{}:
		return nil
	case <-ctx.Done():
		return fault.Wrap(fault.Unavailable, context.Cause(ctx), "node %s is being drained already", c.store.engine.self)
	}
}

// resumeHere is callResume.
func (c *Cluster) resumeHere(ctx context.Context) error {
	if err := c.drainOnly(ctx); err != nil {
		return err
	}
	defer func() { <-c.drains }()
	c.draining.Store(false)
	return nil
}

// drainHere is callDrain. Of two the second waits, since the first may fail.
func (c *Cluster) drainHere(ctx context.Context) (err error) {
	if err := c.drainOnly(ctx); err != nil {
		return err
	}
	defer func() { <-c.drains }()
	if err := c.spare(ctx); err != nil {
		return err
	}
	if c.draining.CompareAndSwap(false, true) {
		defer func() {
			if err != nil {
				c.draining.Store(false)
			}
		}()
		// Another node may have begun to be drained since; of two, both or one
		// see the other one now.
		if err := c.spare(ctx); err != nil {
			return err
		}
	}
	for _, l := range c.store.engine.lanes {
		err := c.store.engine.retry(ctx, func(ctx context.Context) error {
			if !l.group.Leading() {
				return nil
			}
			return c.hand(ctx, l)
		})
		if err != nil {
			return fmt.Errorf("handing over shard %d: %w", l.number, err)
		}
	}
	return nil
}

// hand hands the leadership of a shard to any voter that can take it.
func (c *Cluster) hand(ctx context.Context, l *lane) error {
	err := fault.New(fault.Unavailable, "no other node can lead shard %d now", l.number)
	for _, m := range l.group.Members() {
		if !m.Voter || m.Node == c.store.engine.self || !c.accepts(ctx, m.Node, l.number) {
			continue
		}
		if failed := l.group.Transfer(ctx, m.Node); failed == nil {
			return nil
		} else {
			err = fault.Wrap(fault.Unavailable, failed, "shard %d", l.number)
		}
	}
	return err
}

// accepts asks a node whether it would lead.
func (c *Cluster) accepts(ctx context.Context, node string, shard int) bool {
	ctx, cancel := context.WithTimeout(ctx, askLimit)
	defer cancel()
	_, err := c.store.engine.ask(ctx, node, call{Op: callLead, Shard: shard})
	return err == nil
}

// leave hands everything over before the store closes, as far as that goes
// quickly: other nodes then need not notice that this one is gone.
func (c *Cluster) leave() {
	if c.store.engine == nil || !c.store.engine.clustered.Load() {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	c.draining.Store(true)
	var all sync.WaitGroup
	for _, l := range c.store.engine.lanes {
		if l != nil && l.group != nil && l.group.Ready() && len(l.group.Members()) > 1 {
			all.Go(func() { _ = c.hand(ctx, l) }) // otherwise the others elect one
		}
	}
	all.Wait()
}

// askLimit is how long a node may take to say how it is.
const askLimit = time.Second

// takesVote asks a node whether it is one that votes. One that does not is left
// alone for a while.
func (c *Cluster) takesVote(ctx context.Context, node string) bool {
	if time.Since(c.replicas[node]) < askReplica {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, askLimit)
	defer cancel()
	r, err := c.ask(ctx, node)
	if err == nil && r.Replica {
		c.replicas[node] = time.Now()
	}
	return err == nil && !r.Replica
}
