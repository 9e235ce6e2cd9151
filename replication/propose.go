package replication

import (
	"context"

	"github.com/hashicorp/raft"
	"github.com/keelshop/commerce/fault"
)

// A Future is a proposal that is on its way.
type Future struct{ p *proposal }

// Wait returns the machine's reply once the entry is applied on this node. Its error is like that of
// [Group.Propose]. Any number of goroutines may call it, any number of times.
func (f Future) Wait() (reply any, err error) { return f.p.wait() }

// Propose adds an entry to the log and returns the machine's reply to it. The data must not be changed afterwards.
//
// An error is fault.Unavailable when the entry surely was not added, such as on a node that does not lead the group;
// fault.Uncertain when it may have been, such as when ctx ends, leadership is lost or the node fails meanwhile;
// fault.Broken, with the cause, when the node had failed before; and fault.Invalid when data is empty or larger than
// [MaxEntry].
func (g *Group) Propose(ctx context.Context, data []byte) (reply any, err error) {
	if err := ctx.Err(); err != nil {
		return nil, fault.Wrap(fault.Unavailable, err, "proposing to group %d", g.id)
	}
	p, ok := g.propose(data)
	if !ok {
		return nil, p.err
	}
	// Not on the caller's goroutine, which would then not notice the end of ctx while raft is busy.
	go func() {
		p.send()
		p.receive()
	}()
	select {
	case <-p.done:
	case <-g.node.ended:
	case <-ctx.Done():
		if !p.finished() {
			return nil, fault.Wrap(fault.Uncertain, context.Cause(ctx), "the entry is on its way to the log of group %d", g.id)
		}
	}
	return p.wait()
}

// ProposeAsync adds an entry to the log without waiting for the outcome, which the Future has. It waits for raft to
// take the entry, at most for the write that is running; so entries that one goroutine proposes are in the log in
// that order.
func (g *Group) ProposeAsync(data []byte) Future {
	p, ok := g.propose(data)
	if ok {
		p.send()
		go p.receive()
	}
	return Future{p}
}

// proposal is an entry on its way through raft.
type proposal struct {
	group *Group
	data  []byte
	raft  raft.ApplyFuture
	done  chan struct{} // closed when the two below are set
	reply any
	err   error
}

// propose makes a proposal. It reports false when the proposal has failed already.
func (g *Group) propose(data []byte) (*proposal, bool) {
	p := &proposal{group: g, data: data, done: make(chan struct{})}
	switch stopped := g.node.stopped(); {
	case len(data) == 0 || len(data) > MaxEntry:
		p.err = fault.New(fault.Invalid, "an entry has 1 to %d bytes, not %d", MaxEntry, len(data))
	case stopped != nil:
		p.err = stopped
	case g.moving.Load():
		p.err = fault.New(fault.Unavailable, "the leadership of group %d is being handed over", g.id)
	case !g.Ready():
		p.err = &NotLeaderError{Group: g.id, Leader: g.Leader()}
	case !g.flight.begin():
		p.err = fault.New(fault.Unavailable, "group %d is being closed", g.id)
	default:
		return p, true
	}
	close(p.done)
	return p, false
}

// send hands the entry to raft, which takes it between two writes.
func (p *proposal) send() { p.raft = p.group.raft.Apply(p.data, 0) }

// receive waits for raft's answer.
func (p *proposal) receive() {
	defer p.group.flight.end() // not before the caller can see the answer
	err := p.raft.Error()
	if err != nil {
		p.err = p.group.outcome(err, p.raft.Index())
		close(p.done)
		return
	}
	switch reply := p.raft.Response().(type) {
	case dropped:
		p.err = p.group.uncertain()
	case late: // a new term had begun between the question whether this node leads and the entry
		p.err = fault.New(fault.Uncertain, "entry %d of group %d is in the log, its reply is not known", p.raft.Index(), p.group.id)
	default:
		p.reply = reply
	}
	close(p.done)
}

// outcome says what raft's error means for an entry. Raft gives an entry its index right before it writes it.
func (g *Group) outcome(err error, index uint64) error {
	cause := g.node.Err()
	switch {
	case index == 0 && cause != nil:
		return &StoppedError{cause}
	case index == 0:
		return fault.Wrap(fault.Unavailable, err, "proposing to group %d", g.id)
	case cause != nil:
		return g.uncertain()
	}
	return fault.Wrap(fault.Uncertain, err, "entry %d of group %d may be in the log", index, g.id)
}

// uncertain is the answer for an entry that was on its way when the node ended.
func (g *Group) uncertain() error {
	cause := g.node.Err()
	if cause == nil {
		return fault.New(fault.Uncertain, "group %d was closed while the entry was on its way", g.id)
	}
	return fault.Wrap(fault.Uncertain, cause, "this node stopped while the entry was on its way to the log of group %d", g.id)
}

// wait returns the reply. A node that ends answers at once, even when raft or the machine hangs.
func (p *proposal) wait() (any, error) {
	select {
	case <-p.done:
	case <-p.group.node.ended:
		if !p.finished() {
			return nil, p.group.uncertain()
		}
	}
	return p.reply, p.err
}

func (p *proposal) finished() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}
