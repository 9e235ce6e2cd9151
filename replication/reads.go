package replication

import (
	"context"
	"encoding/binary"
	"errors"
	"slices"
	"sync"

	"github.com/hashicorp/raft"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/replication/internal/raftlog"
	"github.com/keelshop/commerce/replication/peer"
)

// ReadIndex returns an index such that a read of a machine that has applied it, here or on another node, sees every
// write that was confirmed before the call on any node. Wait for it with [Group.WaitApplied].
//
// A leader asks its followers whether it still leads; a follower asks the leader. The error is fault.Unavailable when
// there is no leader, the leader cannot reach a majority, or it has only just begun.
func (g *Group) ReadIndex(ctx context.Context) (uint64, error) {
	if stopped := g.node.stopped(); stopped != nil {
		return 0, stopped
	}
	if err := ctx.Err(); err != nil {
		return 0, fault.Wrap(fault.Unavailable, err, "reading group %d", g.id)
	}
	if g.raft.State() == raft.Leader {
		return g.readHere(ctx)
	}
	return g.asking.join(ctx, g.readThere)
}

// readThere asks the leader, for all reads that have come meanwhile.
func (g *Group) readThere() (uint64, error) {
	leader := g.Leader()
	if leader == "" || leader == g.node.conf.NodeID {
		return 0, &NotLeaderError{Group: g.id}
	}
	ctx, cancel := context.WithTimeout(g.trans.ctx, 2*patience)
	defer cancel()
	return g.readAt(ctx, leader)
}

// readHere returns where to read from, as the leader.
//
// A lone voter that leads in this term cannot have been replaced: that would have taken its own vote. With other
// voters majorities of them, of the committed and of the latest configuration, must show after the read came that they
// are in no later term: see round. Raft's VerifyLeader does not show that, since it counts answers to older requests.
func (g *Group) readHere(ctx context.Context) (uint64, error) {
	self := []string{g.node.conf.NodeID}
	if !slices.ContainsFunc(g.electorates(), func(voters []string) bool { return !slices.Equal(voters, self) }) {
		// The commit index is read before the check: in a later term it could be too high, never too low.
		index := g.raft.CommitIndex()
		if !g.Ready() {
			return 0, &NotLeaderError{Group: g.id}
		}
		return index, nil
	}
	return g.rounds.join(ctx, g.round)
}

// round asks the other voters once which term they are in. A node that votes for a later leader enters its term before.
// So when majorities, asked after the reads came, are still in this leader's term, no later leader had been elected when
// the reads came. They are asked beside Raft: an answer does not wait for their disks. An acknowledgement of entries
// says the same, and counts too.
func (g *Group) round() (uint64, error) {
	term := g.ready.Load()
	began := g.trans.acks.begin()
	index := g.raft.CommitIndex()
	if !g.leads(term) {
		return 0, &NotLeaderError{Group: g.id}
	}
	ctx, cancel := context.WithTimeout(g.trans.ctx, 2*patience)
	defer cancel()
	electorates := g.electorates()
	g.askTerms(ctx, term, electorates)
	for {
		ok, changed := g.trans.acks.quorum(g.node.conf.NodeID, term, began, electorates...)
		if ok && g.leads(term) {
			return index, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return 0, fault.New(fault.Unavailable, "no majority of the voters of group %d has answered", g.id)
		}
		if !g.leads(term) {
			return 0, &NotLeaderError{Group: g.id}
		}
	}
}

// askTerms asks the other voters which term they are in, and notes those that are in this one. It does not wait.
func (g *Group) askTerms(ctx context.Context, term uint64, electorates [][]string) {
	asked := map[string]bool{g.node.conf.NodeID: true}
	for _, node := range slices.Concat(electorates...) {
		if asked[node] {
			continue
		}
		asked[node] = true
		began := g.trans.acks.begin()
		go func() {
			answer, err := g.node.send(ctx, node, peer.Request{Kind: kindTerm, Lane: laneRaft, Group: g.id})
			if err != nil {
				return // it does not count
			}
			if theirs, n := binary.Uvarint(answer); n == len(answer) && theirs == term {
				g.trans.acks.note(node, term, began, 0)
			}
		}()
	}
}

// electorates returns the voters of the latest configuration and of the committed one. While members change, a new
// leader may have been elected by a majority of either.
func (g *Group) electorates() [][]string {
	sets := [][]string{voters(g.raft.GetConfiguration().Configuration())}
	if committed := g.committed.Load(); committed != nil {
		sets = append(sets, voters(committed.Configuration))
	}
	return sets
}

// leads reports whether this node leads in a term in which it has completed a barrier.
func (g *Group) leads(term uint64) bool {
	return term > 0 && term == g.ready.Load() && g.raft.State() == raft.Leader && g.raft.CurrentTerm() == term
}

// rounds lets any number of reads share a round: those that come while one is running share the next.
type rounds struct {
	mu      sync.Mutex
	running bool
	next    *round
}

type round struct {
	done  chan struct{} // closed when the two below are set
	index uint64
	err   error
}

func (r *rounds) join(ctx context.Context, run func() (uint64, error)) (uint64, error) {
	r.mu.Lock()
	if r.next == nil {
		r.next = &round{done: make(chan struct{})}
	}
	mine := r.next
	if !r.running {
		r.running = true
		go r.run(run)
	}
	r.mu.Unlock()
	select {
	case <-mine.done:
		return mine.index, mine.err
	case <-ctx.Done():
		return 0, fault.Wrap(fault.Unavailable, context.Cause(ctx), "asking whether this node still leads")
	}
}

func (r *rounds) run(run func() (uint64, error)) {
	for {
		r.mu.Lock()
		now := r.next
		r.next = nil
		r.running = now != nil
		r.mu.Unlock()
		if now == nil {
			return
		}
		now.index, now.err = run()
		close(now.done)
	}
}

// readAt asks the leader where to read from.
func (g *Group) readAt(ctx context.Context, leader string) (uint64, error) {
	ctx, answered := g.Following(ctx, leader)
	defer answered()
	answer, err := g.node.send(ctx, leader, peer.Request{
		Kind: kindRead, Lane: laneRaft, Group: g.id, Data: binary.AppendUvarint(nil, g.Applied()),
	})
	if err != nil { // nothing was changed, so nothing is uncertain
		return 0, fault.Wrap(fault.Unavailable, err, "asking node %s where to read group %d", leader, g.id)
	}
	index, n := binary.Uvarint(answer)
	if n != len(answer) {
		return 0, fault.New(fault.Unavailable, "node %s gave no index to read group %d from", leader, g.id)
	}
	return index, nil
}

// serveRead answers a follower. The request holds what it has applied.
func (g *Group) serveRead(ctx context.Context, data []byte) ([]byte, error) {
	applied, n := binary.Uvarint(data)
	if n <= 0 || n != len(data) {
		return nil, fault.New(fault.Invalid, "a request to read is damaged")
	}
	if g.raft.State() != raft.Leader {
		return nil, &NotLeaderError{Group: g.id, Leader: g.Leader()}
	}
	index, err := g.readHere(ctx)
	if err != nil {
		return nil, err
	}
	if index = g.visible(index); applied < index {
		g.Nudge()
	}
	return binary.AppendUvarint(nil, index), nil
}

// visible returns the index of the last entry up to index that a machine, or this package, hears of when it is
// applied: a follower that has applied that one has applied all up to index.
func (g *Group) visible(index uint64) uint64 {
	for ; index > 0; index-- {
		if m := g.log.Marker(); index <= m.Index {
			return min(index, m.Durable)
		}
		rec, err := g.log.Get(index)
		if err != nil || rec.Type == raftlog.Command || raft.LogType(rec.Type) == raft.LogConfiguration {
			return index
		}
	}
	return 0
}

// Nudge tells followers, if this node leads, what is committed. Otherwise they learn of it with the next entry or
// heartbeat, after up to 200 ms. It does not wait.
func (g *Group) Nudge() { g.beat() }

// beat sends heartbeats soon.
func (g *Group) beat() {
	select {
	case g.nudges <- struct{}{}:
	default: // one is about to be sent
	}
}

// nudge sends heartbeats when somebody asks for them: raft does when it is asked whether it leads. Its answer is not
// used.
func (g *Group) nudge() {
	for {
		select {
		case <-g.nudges:
		case <-g.quit:
			return
		}
		if g.raft.State() == raft.Leader {
			g.raft.VerifyLeader()
		}
	}
}

// acked tells a follower what was committed while it wrote entries, unless more entries will.
func (g *Group) acked(told uint64) {
	if commit := g.raft.CommitIndex(); commit > told && commit == g.raft.LastIndex() {
		g.beat()
	}
}

// commits returns what a follower may be told of what is committed: no more than what it has acknowledged.
func (g *Group) commits(follower string, term uint64) (at position, ok bool) {
	at.index = g.trans.acks.matched(follower, term)
	if at.index == 0 || g.raft.CurrentTerm() != term {
		return at, false
	}
	var err error
	if at.term, err = g.termAt(at.index); err != nil {
		return at, false
	}
	at.commit = min(g.raft.CommitIndex(), at.index)
	return at, true
}

// barrier completes a barrier and reports whether it did.
func (g *Group) barrier() bool {
	if !g.flight.begin() {
		return false
	}
	b := g.raft.Barrier(0)
	err := b.Error()
	settled := err == nil && g.fsm.settle()
	g.flight.end()
	if !settled || g.node.Err() != nil {
		return false
	}
	// Raft does not show the barrier to the machine, nor the entry with which its term began.
	if at, ok := b.(raft.IndexFuture); ok {
		g.advance(at.Index())
	}
	return true
}

// WaitApplied waits until this node has applied an index that [Group.ReadIndex] returned, here or on another node.
// The error is fault.Unavailable when ctx ends first.
func (g *Group) WaitApplied(ctx context.Context, index uint64) error {
	for {
		changed := g.progress.wait()
		if g.Applied() >= index {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fault.Wrap(fault.Unavailable, context.Cause(ctx), "waiting for entry %d of group %d; applied is %d", index, g.id, g.Applied())
		case <-g.node.ended:
			return errors.Join(g.node.stopped(), fault.New(fault.Unavailable, "group %d is closed", g.id))
		}
	}
}

// signal wakes all who wait, again and again. It costs nothing while nobody does.
type signal struct {
	mu sync.Mutex
	ch chan struct{}
}

func (s *signal) wait() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ch == nil {
		s.ch = make(chan struct{})
	}
	return s.ch
}

func (s *signal) fire() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ch != nil {
		close(s.ch)
		s.ch = nil
	}
}
