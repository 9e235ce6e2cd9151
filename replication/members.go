package replication

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/hashicorp/raft"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/replication/peer"
)

// A Member is a node in a group.
type Member struct {
	Node  string
	Voter bool // its acknowledgement counts; a member without a vote only gets what happens
}

// NotLeaderError says that a node was asked for what only the leader of a group can do. It counts as
// fault.Unavailable: nothing was done.
type NotLeaderError struct {
	Group  uint32
	Leader string // who leads, as far as this node knows; "" when it does not
}

// Error names the leader.
func (e *NotLeaderError) Error() string {
	if e.Leader == "" {
		return fmt.Sprintf("group %d has no leader that this node knows of: try again in a moment", e.Group)
	}
	return fmt.Sprintf("group %d is led by node %s", e.Group, e.Leader)
}

// Unwrap returns the fault code.
func (e *NotLeaderError) Unwrap() error { return fault.Unavailable }

// Members returns the group's members in the newest configuration that this node knows, which need not be committed.
func (g *Group) Members() []Member {
	var list []Member
	for _, s := range g.raft.GetConfiguration().Configuration().Servers {
		list = append(list, Member{Node: string(s.ID), Voter: s.Suffrage == raft.Voter})
	}
	return list
}

// Leader returns the node that leads, as far as this node knows; "" when it does not.
func (g *Group) Leader() string {
	_, id := g.raft.LeaderWithID()
	return string(id)
}

// Add makes a node a member without a vote. It gets a copy of the machine and what happens from then on; [Group.Promote]
// gives it a vote. A node that is a member already stays what it is. Only the leader can, and only one change of members
// at a time is under way: the error is fault.Unavailable then. Who asks for what is under way waits for that.
func (g *Group) Add(ctx context.Context, node string) error {
	if _, ok := g.member(node); ok {
		return g.changed(ctx, "adding node "+node, func(committed []raft.Server) bool { return find(committed, node) != nil })
	}
	return g.change(ctx, "adding node "+node, func() raft.Future {
		return g.raft.AddNonvoter(raft.ServerID(node), raft.ServerAddress(node), 0, 0)
	})
}

// Promote gives a vote to a member that has caught up: see [Group.Behind]. One that is too far behind is refused with
// fault.Conflict, since the group would wait for it.
func (g *Group) Promote(ctx context.Context, node string) error {
	m, ok := g.member(node)
	if !ok {
		return fault.New(fault.NotFound, "node %s is no member of group %d", node, g.id)
	}
	if m.Voter {
		return g.changed(ctx, "promoting node "+node, func(committed []raft.Server) bool {
			s := find(committed, node)
			return s != nil && s.Suffrage == raft.Voter
		})
	}
	if lag, known := g.Behind(node); !known || lag > maxLag {
		return fault.New(fault.Conflict, "node %s has not caught up in group %d yet", node, g.id)
	}
	return g.change(ctx, "promoting node "+node, func() raft.Future {
		return g.raft.AddVoter(raft.ServerID(node), raft.ServerAddress(node), 0, 0)
	})
}

// maxLag is how many entries a member may be behind and count as caught up.
const maxLag = 100

// MayRemove reports whether the group would go on without a node: of the voters that remain a majority has answered this
// leader a moment ago. Otherwise the error is fault.Unavailable: the group would take nothing until others come back.
func (g *Group) MayRemove(node string) error {
	if m, ok := g.member(node); !ok || !m.Voter {
		return nil
	}
	remain, answer := 0, 0
	for _, m := range g.Members() {
		if !m.Voter || m.Node == node {
			continue
		}
		remain++
		if g.Answers(m.Node) {
			answer++
		}
	}
	if remain == 0 {
		return fault.New(fault.Refused, "node %s is the only voter of group %d and cannot be removed", node, g.id)
	}
	if 2*answer <= remain {
		return fault.New(fault.Unavailable, "of the %d voters that group %d has without node %s only %d answer: remove or bring back those that do not answer first",
			remain, g.id, node, answer)
	}
	return nil
}

// Remove takes a node out of the group, if the group goes on without it: see [Group.MayRemove]. A leader that removes
// itself steps down.
func (g *Group) Remove(ctx context.Context, node string) error {
	if _, ok := g.member(node); !ok {
		return g.changed(ctx, "removing node "+node, func(committed []raft.Server) bool { return find(committed, node) == nil })
	}
	if !g.Ready() {
		return &NotLeaderError{Group: g.id, Leader: g.Leader()}
	}
	if err := g.MayRemove(node); err != nil {
		return err
	}
	return g.change(ctx, "removing node "+node, func() raft.Future {
		return g.raft.RemoveServer(raft.ServerID(node), 0, 0)
	})
}

// Removed reports whether a node is no member for certain: neither in the newest configuration that this node knows nor
// in the newest one that was committed. A removal that is not committed may be taken back.
func (g *Group) Removed(node string) bool {
	if _, ok := g.member(node); ok {
		return false
	}
	committed := g.committed.Load()
	return committed != nil && find(committed.Servers, node) == nil
}

func find(servers []raft.Server, node string) *raft.Server {
	i := slices.IndexFunc(servers, func(s raft.Server) bool { return string(s.ID) == node })
	if i < 0 {
		return nil
	}
	return &servers[i]
}

// changed waits for a change that this node's newest configuration has already to be committed: until then it may be taken
// back.
func (g *Group) changed(ctx context.Context, what string, is func(committed []raft.Server) bool) error {
	for {
		moved := g.progress.wait()
		if c := g.committed.Load(); c != nil && is(c.Servers) {
			return nil
		}
		if !g.Ready() {
			return &NotLeaderError{Group: g.id, Leader: g.Leader()}
		}
		select {
		case <-moved:
		case <-ctx.Done():
			return fault.Wrap(fault.Uncertain, context.Cause(ctx), "%s in group %d is under way", what, g.id)
		case <-g.node.ended:
			return fault.New(fault.Uncertain, "%s in group %d: this node has ended", what, g.id)
		}
	}
}

func (g *Group) member(node string) (Member, bool) {
	for _, m := range g.Members() {
		if m.Node == node {
			return m, true
		}
	}
	return Member{}, false
}

// change makes one change of members, when no other is under way.
func (g *Group) change(ctx context.Context, what string, begin func() raft.Future) error {
	if stopped := g.node.stopped(); stopped != nil {
		return stopped
	}
	if !g.Ready() {
		return &NotLeaderError{Group: g.id, Leader: g.Leader()}
	}
	if !g.changing.CompareAndSwap(false, true) {
		return fault.New(fault.Unavailable, "%s in group %d: another change of members is under way", what, g.id)
	}
	if !g.flight.begin() {
		g.changing.Store(false)
		return fault.New(fault.Unavailable, "group %d is being closed", g.id)
	}
	done := make(chan error, 1)
	go func() {
		err := begin().Error()
		g.flight.end()
		g.changing.Store(false)
		done <- err
	}()
	select {
	case err := <-done:
		switch {
		case err == nil:
			return nil
		case errors.Is(err, raft.ErrNotLeader):
			return &NotLeaderError{Group: g.id, Leader: g.Leader()}
		}
		return fault.Wrap(fault.Uncertain, err, "%s in group %d", what, g.id)
	case <-ctx.Done():
		return fault.Wrap(fault.Uncertain, context.Cause(ctx), "%s in group %d is under way", what, g.id)
	case <-g.node.ended:
		return fault.New(fault.Uncertain, "%s in group %d: this node has ended", what, g.id)
	}
}

// Behind returns how many entries a member's log lacks. It is known only to a leader that has heard from the member.
func (g *Group) Behind(node string) (entries uint64, known bool) {
	last := g.raft.LastIndex()
	if node == g.node.conf.NodeID {
		return 0, true
	}
	match := g.trans.acks.matched(node, g.raft.CurrentTerm())
	if match == 0 || !g.Ready() {
		return 0, false
	}
	return last - min(last, match), true
}

// Answers reports whether a member has answered this leader a moment ago, or is this node.
func (g *Group) Answers(node string) bool {
	ago, known := g.trans.quiet.since(node, g.raft.CurrentTerm())
	return node == g.node.conf.NodeID || g.Ready() && known && ago < patience
}

// Transfer hands the leadership to a voter that has caught up; otherwise it is refused with fault.Conflict. New
// proposals are refused meanwhile, with fault.Unavailable.
//
// It does not use raft's own transfer, which can leave a group that refuses everything for ever (hashicorp/raft#696),
// but does by itself what that does: wait until the target has everything, and ask it to stand for election. If that
// comes to nothing, this node goes on leading.
func (g *Group) Transfer(ctx context.Context, node string) error {
	if stopped := g.node.stopped(); stopped != nil {
		return stopped
	}
	if !g.Ready() {
		return &NotLeaderError{Group: g.id, Leader: g.Leader()}
	}
	if node == g.node.conf.NodeID {
		return nil
	}
	if m, ok := g.member(node); !ok || !m.Voter {
		return fault.New(fault.NotFound, "node %s is no voter of group %d", node, g.id)
	}
	if lag, known := g.Behind(node); !known || lag > maxLag {
		return fault.New(fault.Conflict, "node %s is too far behind to lead group %d", node, g.id)
	}
	if !g.moving.CompareAndSwap(false, true) {
		return fault.New(fault.Unavailable, "the leadership of group %d is being moved already", g.id)
	}
	defer g.moving.Store(false)
	ctx, cancel := context.WithTimeout(ctx, 2*patience)
	defer cancel()
	return g.hand(ctx, node)
}

// hand waits until a node has everything, and makes it stand for election.
func (g *Group) hand(ctx context.Context, node string) error {
	term := g.raft.CurrentTerm()
	for {
		_, changed := g.trans.acks.quorum("", 0, 0)
		if lag, _ := g.Behind(node); lag == 0 {
			break
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fault.Wrap(fault.Conflict, context.Cause(ctx), "node %s does not catch up in group %d", node, g.id)
		}
	}
	var answer raft.TimeoutNowResponse
	if err := g.trans.TimeoutNow("", raft.ServerAddress(node), g.trans.timeoutNow(), &answer); err != nil {
		return fault.Wrap(fault.Unavailable, err, "asking node %s to lead group %d", node, g.id)
	}
	for {
		changed := g.progress.wait()
		if g.raft.CurrentTerm() > term && g.raft.State() != raft.Leader && g.Leader() != "" {
			return nil
		}
		t := time.NewTimer(patience / 50)
		select {
		case <-changed:
		case <-t.C:
		case <-ctx.Done():
			t.Stop()
			return fault.Wrap(fault.Unavailable, context.Cause(ctx), "node %s has not taken over group %d", node, g.id)
		}
		t.Stop()
	}
}

// State is how far a node is with a group.
type State struct {
	Leader  string // who leads, as far as it knows
	Term    uint64
	Last    uint64 // the newest index of its log
	Applied uint64
}

// StateOf returns how far another node is with the group, as that node says.
func (g *Group) StateOf(ctx context.Context, node string) (State, error) {
	if node == g.node.conf.NodeID {
		return g.state(), nil
	}
	answer, err := g.node.send(ctx, node, peer.Request{Kind: kindState, Lane: laneCall, Group: g.id})
	if err != nil {
		return State{}, fault.Wrap(fault.Unavailable, err, "asking node %s about group %d", node, g.id)
	}
	d := &decoder{b: answer}
	s := State{Leader: string(d.bytes()), Term: d.uint(), Last: d.uint(), Applied: d.uint()}
	return s, d.end()
}

func (g *Group) state() State {
	return State{Leader: g.Leader(), Term: g.Term(), Last: g.LastIndex(), Applied: g.Applied()}
}

func (g *Group) serveState() ([]byte, error) {
	s := g.state()
	e := &encoder{}
	e.bytes([]byte(s.Leader))
	e.uint(s.Term)
	e.uint(s.Last)
	e.uint(s.Applied)
	return e.b, nil
}
