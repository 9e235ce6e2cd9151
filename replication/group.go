package replication

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/raft"
	"github.com/keelshop/commerce/replication/internal/raftlog"
)

// A Group is this node's part in one Raft group. All methods are safe for concurrent use.
type Group struct {
	node  *Node
	id    uint32
	log   *raftlog.Log
	trans *transport
	raft  *raft.Raft

	started chan struct{} // closed when raft is set

	flight    flight
	applied   atomic.Uint64              // see Applied
	inherited uint64                     // what the machine had applied at the start
	ready     atomic.Uint64              // the term in which this node, as leader, has completed a barrier
	led       chan struct{}              // closed when ready is first set
	progress  signal                     // fires when applied rises or the leadership changes
	stored    signal                     // fires when entries are in the log
	committed atomic.Pointer[electorate] // the newest one up to what is applied; nil before the first
	onLead    func(term uint64)          // see Leader; may be nil
	copier    Copier                     // the machine, if it can be copied; else nil
	steps     *atomic.Int64              // see Stepper; may be nil
	store     *store

	witness witness       // what others have shown to this node
	vouched chan struct{} // closed when the others were asked what this node has shown to them

	rounds    rounds // of reads, as the leader
	asking    rounds // of reads, as a follower
	following following
	nudges    chan struct{} // has room for one
	fsm       *fsm
	changing  atomic.Bool // a change of members is under way
	moving    atomic.Bool // the leadership is being handed over
	missing   atomic.Bool // it is being found out whether the leader is gone

	full       chan struct{} // the log has reached the size at which it is truncated; has room for one
	size       atomic.Int64  // that size, in bytes
	kept       retention
	marking    sync.Mutex  // held from Persist until raft is through with a snapshot, and while a copy takes the place of the log
	marked     atomic.Bool // Persist holds marking
	rebuilding sync.Mutex  // held while the machine is rebuilt, and while a snapshot is taken

	leaving chan struct{} // closed before raft is shut down: nothing reaches the machine any more
	quit    chan struct{} // ends the group's own goroutines
	tasks   sync.WaitGroup
	machine sync.WaitGroup // the machine's goroutine
}

// electorate is a configuration that was committed, and the index of its entry. Raft does not tell the index.
type electorate struct {
	index uint64
	raft.Configuration
}

// decided notes a configuration that was committed. After a restart older ones come again.
func (g *Group) decided(entry *raft.Log) {
	if c := g.committed.Load(); c == nil || entry.Index > c.index {
		g.committed.Store(&electorate{entry.Index, raft.DecodeConfiguration(entry.Data)})
	}
	g.forgetOthers()
}

// ID returns the group's number.
func (g *Group) ID() uint32 { return g.id }

// Leading reports whether this node leads the group, as far as it knows.
func (g *Group) Leading() bool { return g.node.Err() == nil && g.raft.State() == raft.Leader }

// Heard returns when this node last heard from the leader, or now when it leads itself.
func (g *Group) Heard() time.Time {
	if g.Ready() {
		return time.Now()
	}
	return g.raft.LastContact()
}

// Term returns the newest term this node knows.
func (g *Group) Term() uint64 { return g.raft.CurrentTerm() }

// LastIndex returns the index of the last entry in this node's log, or of its last snapshot.
func (g *Group) LastIndex() uint64 { return g.raft.LastIndex() }

// Applied returns the index up to which this node's machine has applied all there is. It can be above the machine's
// own applied index, because the log also has entries that carry nothing for a machine.
func (g *Group) Applied() uint64 { return g.applied.Load() }

// advance raises the applied index.
func (g *Group) advance(to uint64) {
	for {
		old := g.applied.Load()
		if old >= to {
			return
		}
		if g.applied.CompareAndSwap(old, to) {
			g.progress.fire()
			return
		}
	}
}

// Ready reports whether this node leads the group and has applied all that earlier leaders left.
func (g *Group) Ready() bool { return g.node.Err() == nil && g.leads(g.ready.Load()) }

// alone reports whether this node is the group's only voter.
func (g *Group) alone() bool {
	voters, self := 0, false
	for _, s := range g.raft.GetConfiguration().Configuration().Servers {
		if s.Suffrage == raft.Voter {
			voters++
			self = self || s.ID == raft.ServerID(g.node.conf.NodeID)
		}
	}
	return self && voters == 1
}

// follow notes when this node has become the leader and has applied all that earlier leaders left.
func (g *Group) follow() {
	for {
		select {
		case leads := <-g.raft.LeaderCh():
			if leads {
				g.arrive()
			}
			g.progress.fire()
		case <-g.quit:
			return
		}
	}
}

// arrive completes a barrier in the new term.
func (g *Group) arrive() {
	term := g.raft.CurrentTerm()
	if !g.barrier() || g.raft.CurrentTerm() != term {
		return // another term has begun, or everything ends; in the former case LeaderCh tells
	}
	if g.onLead != nil {
		g.onLead(term)
	}
	if g.ready.Swap(term) == 0 {
		close(g.led)
	}
	g.grown()
}

// grown asks for a truncation when the log has become large enough. Until the machine has applied something in this
// life of the node, raft refuses a snapshot.
func (g *Group) grown() {
	if g.log.Bytes() < g.size.Load() || g.applied.Load() <= g.inherited {
		return
	}
	select {
	case g.full <- struct{}{}:
	default:
	}
}

// appended is called after each append to the log.
func (g *Group) appended() {
	g.stored.fire()
	g.grown()
}

// keep returns the oldest entry to keep when the log is truncated: with other members, about as much as retention says,
// so that one that is a little behind needs no copy.
func (g *Group) keep(first, last uint64) uint64 {
	if len(g.raft.GetConfiguration().Configuration().Servers) < 2 {
		return last + 1
	}
	bytes, keep := uint64(g.log.Bytes()), uint64(g.kept.keep(g.node.conf.SnapshotBytes))
	if bytes <= keep {
		return first
	}
	return last + 1 - (last+1-first)*keep/bytes
}

// truncate checkpoints the machine and deletes the log up to there, each time the log is full.
func (g *Group) truncate() {
	limit := g.node.conf.SnapshotBytes
	left, last := g.log.Bytes(), time.Now()
	for {
		select {
		case <-g.full:
		case <-g.quit:
			return
		}
		if g.log.Bytes() < g.size.Load() {
			continue // the truncation before this one took care of it
		}
		now := time.Now()
		g.kept.wrote(g.log.Bytes()-left, now.Sub(last))
		g.rebuilding.Lock()
		err := g.raft.Snapshot().Error()
		if g.marked.CompareAndSwap(true, false) {
			g.marking.Unlock()
		}
		g.rebuilding.Unlock()
		left, last = g.log.Bytes(), now
		g.size.Store(max(limit, left+limit/2))
		if err != nil && g.node.Err() == nil {
			// A reader was in the way, or members are changing. Try again when the log has grown a little more.
			g.size.Store(g.log.Bytes() + limit/4)
			g.node.conf.Logger.Warn("the log could not be truncated", "group", g.id, "bytes", g.log.Bytes(), "error", err)
		}
	}
}

// leadsMember reports whether this node leads in a term, ready or not, and another node is a member.
func (g *Group) leadsMember(term uint64, node string) bool {
	_, ok := g.member(node)
	return ok && g.raft.State() == raft.Leader && g.raft.CurrentTerm() == term
}
