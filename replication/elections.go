package replication

import (
	"context"
	"slices"
	"time"

	"github.com/hashicorp/raft"
	"github.com/keelshop/commerce/replication/peer"
)

// Raft lets a node that has not heard from the leader wait until the others have noticed too: they refuse to vote as
// long as they believe in a leader, and each notices at a random moment, one to three seconds after the leader's end.
// Two things make that faster, and neither changes what a vote means. A node that has not heard from the leader for as
// long as a lease lasts no longer lets it keep it from voting (deserted). And a node that loses its connections to the
// leader, and finds nobody when it asks again, stands for election at once (miss).

// deserted reports whether this node follows a leader that it has not heard from for as long as a lease lasts.
func (g *Group) deserted() bool {
	return g.raft.State() == raft.Follower && time.Since(g.raft.LastContact()) > patience
}

// vote prepares a request for a vote for raft, which would refuse it for the sake of a leader that is gone. It answers
// a question before the vote by itself; the answer binds nobody.
func (g *Group) vote(command any) (answer any) {
	if !g.deserted() {
		return nil
	}
	switch m := command.(type) {
	case *raft.RequestVoteRequest:
		m.LeadershipTransfer = true // says that a leader that is known does not count
	case *raft.RequestPreVoteRequest:
		return g.wouldVote(m)
	}
	return nil
}

// wouldVote says what raft says when it knows no leader; nil leaves it to raft.
func (g *Group) wouldVote(m *raft.RequestPreVoteRequest) any {
	candidate, ok := g.member(string(m.ID))
	last := g.raft.LastIndex()
	term, err := g.termAt(last)
	if !ok || !candidate.Voter || m.Term < g.raft.CurrentTerm() || err != nil {
		return nil
	}
	return &raft.RequestPreVoteResponse{
		RPCHeader: raft.RPCHeader{ProtocolVersion: raft.ProtocolVersionMax, ID: []byte(g.trans.self), Addr: []byte(g.trans.self)},
		Term:      max(m.Term, g.raft.CurrentTerm()),
		Granted:   m.LastLogTerm > term || m.LastLogTerm == term && m.LastLogIndex >= last,
	}
}

// lost is called when connections to another node have ended.
func (n *Node) lost(node string) {
	for _, g := range n.running() {
		if g.Leader() == node && g.missing.CompareAndSwap(false, true) {
			go func() {
				defer g.missing.Store(false)
				g.miss(node)
			}()
		}
	}
}

// How long a node waits before it stands for election, the first one in line and each further one; and how long a
// leader that may be gone has to answer.
const (
	standAfter  = 20 * time.Millisecond
	standApart  = 150 * time.Millisecond
	answerLimit = 200 * time.Millisecond
)

// miss stands for election if the leader is gone. Voters do that one after the other, in another order for each group,
// so that they do not take each other's votes.
func (g *Group) miss(leader string) {
	others := slices.DeleteFunc(voters(g.raft.GetConfiguration().Configuration()), func(v string) bool { return v == leader })
	place := slices.Index(others, g.node.conf.NodeID)
	if place < 0 {
		return // it has no vote
	}
	place = (place + int(g.id)) % len(others)
	ctx, cancel := context.WithTimeout(g.trans.ctx, patience)
	defer cancel()
	for range 3 { // a process that dies may break its connections before it stops listening
		select {
		case <-time.After(standAfter + time.Duration(place)*standApart):
		case <-ctx.Done():
			return
		}
		if g.Leader() != leader || g.raft.State() != raft.Follower {
			return
		}
		if g.gone(ctx, leader) {
			_ = g.trans.lead(ctx) // if it comes to nothing, raft's own timers do the same a little later
			return
		}
	}
}

// gone reports whether nobody is where a node was. One that does not answer at all may only be slow.
func (g *Group) gone(ctx context.Context, node string) bool {
	ctx, cancel := context.WithTimeout(ctx, answerLimit)
	defer cancel()
	_, err := g.node.send(ctx, node, peer.Request{Kind: kindTerm, Lane: laneRaft, Group: g.id})
	return err != nil && ctx.Err() == nil
}
