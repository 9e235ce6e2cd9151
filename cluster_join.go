package commerce

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/replication"
)

// join makes this node a member of every shard that it is no member of yet, and
// waits until it has those. A node that is a member of all only tells the others
// where it is, and one that they have removed is refused.
func (c *Cluster) join(ctx context.Context, addrs []string) error {
	var errs []error
	for _, addr := range addrs {
		node, err := c.in().net.Discover(ctx, addr)
		if err == nil {
			err = c.in().book.Learn(node, addr)
		}
		if err != nil {
			errs = append(errs, err)
		}
	}
	if c.wasMember() {
		return c.stay(ctx)
	}
	if len(addrs) == 0 {
		return nil
	}
	if len(errs) == len(addrs) && len(c.in().book.Addrs()) == 0 {
		return fmt.Errorf("no node to join could be reached: %w", errors.Join(errs...))
	}
	if err := c.enter(ctx); err != nil {
		return err
	}
	c.store.id.Member = true
	return c.store.id.write(c.store.dir)
}

// enter makes a newcomer a member.
func (c *Cluster) enter(ctx context.Context) error {
	e := c.store.engine
	var added []*lane
	for _, l := range e.lanes {
		if member(l.group, e.self) {
			continue
		}
		if len(added) == 0 && c.in().conf.Token != "" {
			if err := c.redeem(ctx); err != nil {
				return err
			}
		}
		added = append(added, l)
		if err := c.atLeader(ctx, call{Op: callAdd, Shard: l.number, Node: e.self, Addr: c.Addr()}); err != nil {
			return fmt.Errorf("joining shard %d: %w", l.number, err)
		}
	}
	for _, l := range added {
		if err := e.fresh(ctx, l); err != nil {
			return fmt.Errorf("catching up in shard %d: %w", l.number, err)
		}
	}
	return nil
}

// keepRole refuses to make a replica of a node that the others wait for.
func (c *Cluster) keepRole() error {
	for _, l := range c.store.engine.lanes {
		for _, m := range l.group.Members() {
			if c.in().conf.Replica && m.Voter && m.Node == c.store.engine.self {
				return fault.New(fault.Conflict, "node %s has votes and cannot become a replica: remove it, and let one with another name and an empty directory join", m.Node)
			}
		}
	}
	return nil
}

func member(g *replication.Group, node string) bool {
	return slices.ContainsFunc(g.Members(), func(m replication.Member) bool { return m.Node == node })
}

// atLeader makes a call to the leader of a shard, wherever that is, again until
// there is one.
func (c *Cluster) atLeader(ctx context.Context, what call) error {
	return c.store.engine.retry(ctx, func(ctx context.Context) error { return c.tryLeader(ctx, what) })
}

// tryLeader looks for the leader of a shard once. It asks the nodes that are
// known in turn, and follows what they say.
func (c *Cluster) tryLeader(ctx context.Context, what call) error {
	e := c.store.engine
	l := e.lanes[what.Shard]
	if l.group.Ready() {
		_, err := c.store.answer(ctx, what)
		return err
	}
	err := error(&replication.NotLeaderError{Group: uint32(what.Shard)})
	tried := map[string]bool{e.self: true}
	next := l.group.Leader()
	for _, node := range slices.Sorted(maps.Keys(c.known())) {
		if next == "" {
			next = node
		}
		for next != "" && !tried[next] {
			tried[next] = true
			var got answered
			if got, err = e.ask(ctx, next, what); err == nil || !fault.Retryable(err) {
				return err
			}
			next = got.Leader
		}
		next = ""
	}
	return err
}

// known returns the addresses of the other nodes.
func (c *Cluster) known() map[string]string {
	if book := c.in().book; book != nil {
		return book.Addrs()
	}
	return nil
}

// add is callAdd on the leader.
func (c *Cluster) add(ctx context.Context, l *lane, what call) error {
	node, addr := what.Node, what.Addr
	if what.Offset == addAgain {
		return c.still(l, node)
	}
	if addr != "" {
		if err := c.in().book.Learn(node, addr); err != nil {
			return err
		}
	}
	return l.group.Add(ctx, node)
}
