package replication

import (
	"time"

	"github.com/hashicorp/raft"
	"github.com/keelshop/commerce/fault"
)

// Raft believes whoever names a higher term, and asks of votes only whether they are for a member. Which members there are
// cannot always be told from a node's own log: one that was away has not heard of those that were added meanwhile, and one
// of them may lead now. So strangers are kept out while a member leads: a leader that has its majority, or a node that has
// heard from it within a lease. A stranger that was elected takes that majority away, and is let in when the lease is over.
// docs/decisions/0034 says why that is enough, and where it is not.

// admits refuses what a node says of the group when it cannot be true, or should wait until it is clear that it is.
func (g *Group) admits(from string, command any) error {
	if _, hands := command.(*raft.TimeoutNowRequest); hands && g.Leader() != from {
		return fault.New(fault.Denied, "node %s does not lead group %d and cannot hand it over", from, g.id)
	}
	if g.knows(from) || !g.settled() {
		return nil
	}
	return fault.New(fault.Denied, "node %s is no member of group %d, as far as node %s knows, and node %s leads it", from, g.id, g.node.conf.NodeID, g.Leader())
}

// knows reports whether a node is a member in the newest configuration that this node knows, or in the newest one that
// was committed.
func (g *Group) knows(node string) bool {
	if _, ok := g.member(node); ok {
		return true
	}
	committed := g.committed.Load()
	return committed != nil && find(committed.Servers, node) != nil
}

// settled reports whether a member leads the group, as far as this node has heard within a lease. A leader without other
// voters hears from nobody that it still leads: its directory may be an older copy of one that has had company since.
func (g *Group) settled() bool {
	if g.raft.State() == raft.Leader {
		return !g.alone()
	}
	leader := g.Leader()
	return leader != "" && g.knows(leader) && time.Since(g.raft.LastContact()) <= patience
}
