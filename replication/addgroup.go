package replication

import (
	"context"
	"fmt"
	"maps"
	"math"
	"runtime/debug"
	"time"

	"github.com/hashicorp/raft"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/watchdog"
)

// patience is raft's heartbeat timeout, election timeout and leader lease. It is the same on one node as in a
// cluster, since a running group cannot change its lease. Heartbeats queue behind a follower's writes, so it is long.
const patience = time.Second

// AddGroup starts a group. When this node is its only voter, it returns once the node leads it and the machine has
// applied all of its log; otherwise at once. A group that has no log yet becomes one with this node as its only member,
// unless Config.Joining is set: then it waits for a leader elsewhere that adds this node. Each group can be added once.
//
// A machine that does not belong to the log is refused with a [*MismatchError]. After another error the group may
// still be starting, and the node should be closed.
func (n *Node) AddGroup(ctx context.Context, id uint32, m Machine) (*Group, error) {
	if id > MaxGroup {
		return nil, fault.New(fault.Invalid, "group %d is above the largest number, %d", id, MaxGroup)
	}
	if err := n.reserve(id); err != nil {
		return nil, err
	}
	g := newGroup(n, id)
	if l, ok := m.(Leader); ok {
		g.onLead = l.Lead
	}
	g.copier, _ = m.(Copier)
	if s, ok := m.(Stepper); ok {
		g.steps = s.Steps()
	}
	if err := g.start(m); err != nil {
		n.release(id)
		return nil, fmt.Errorf("starting group %d: %w", id, err)
	}
	if err := n.add(g); err != nil {
		return nil, err
	}
	if err := g.lead(ctx); err != nil {
		return nil, err
	}
	return g, nil
}

func (n *Node) reserve(id uint32) error {
	if stopped := n.stopped(); stopped != nil {
		return stopped
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.closing {
		return fault.New(fault.Unavailable, "the node is being closed")
	}
	if _, taken := n.groups[id]; taken {
		return fault.New(fault.Invalid, "group %d was added before", id)
	}
	n.groups[id] = nil
	return nil
}

func (n *Node) release(id uint32) {
	n.mu.Lock()
	defer n.mu.Unlock()
	delete(n.groups, id)
}

// add makes a started group one of the node's. If the node has begun to close meanwhile, the group ends instead.
func (n *Node) add(g *Group) error {
	n.mu.Lock()
	closing := n.closing
	if !closing {
		n.groups[g.id] = g
	}
	n.mu.Unlock()
	if !closing {
		return nil
	}
	g.stop()
	n.release(g.id)
	if stopped := n.stopped(); stopped != nil {
		return stopped
	}
	return fault.New(fault.Unavailable, "the node is being closed")
}

func newGroup(n *Node, id uint32) *Group {
	g := &Group{
		node: n, id: id, log: n.file.Log(id), trans: newTransport(n, id),
		started: make(chan struct{}), led: make(chan struct{}), full: make(chan struct{}, 1),
		nudges: make(chan struct{}, 1), leaving: make(chan struct{}), quit: make(chan struct{}), vouched: make(chan struct{}),
	}
	g.following.open = map[int]followed{}
	g.trans.commits, g.trans.acked, g.trans.leads = g.commits, g.acked, g.leadsMember
	g.trans.showed, g.trans.vouched = g.showed, g.waitVouched
	g.witness.seen = maps.Clone(n.heard[id])
	g.size.Store(n.conf.SnapshotBytes)
	return g
}

// start checks the machine against the log and starts raft.
func (g *Group) start(m Machine) error {
	if err := g.tidy(); err != nil {
		return fault.Wrap(fault.Broken, err, "removing what is left of copies")
	}
	err := g.install(m, func(raw string) error { return g.copier.Replace(raw) })
	if err != nil {
		return err
	}
	applied := m.Applied()
	if err := g.matches(applied); err != nil {
		return err
	}
	if !g.log.Exists() && !g.node.conf.Joining {
		if err := g.bootstrap(g.node.conf.NodeID); err != nil {
			return err
		}
	}
	if err := g.recallMembers(applied); err != nil {
		return err
	}
	g.inherited = applied
	g.applied.Store(applied)
	f := &fsm{group: g, machine: m, applied: applied, jobs: make(chan func()), queue: queue{more: make(chan struct{}, 1)}, dog: watchdog.Dog{Steps: g.steps}}
	g.fsm = f
	g.machine.Go(f.work)
	if err := g.startRaft(f); err != nil {
		close(g.quit)
		return err
	}
	g.tasks.Go(f.watch)
	g.tasks.Go(g.vouch)
	g.tasks.Go(g.follow)
	g.tasks.Go(g.leaders)
	g.tasks.Go(g.truncate)
	g.tasks.Go(g.nudge)
	return nil
}

// matches checks that the machine holds all that the log no longer does, and nothing that the log does not.
func (g *Group) matches(applied uint64) error {
	marker := g.log.Marker()
	last := max(g.log.Last(), marker.Index)
	if applied >= marker.Durable && applied <= last {
		return nil
	}
	return &MismatchError{Group: g.id, Path: g.node.file.Path(), Applied: applied, First: marker.Durable, Last: last}
}

// recallMembers finds the newest members among what the machine has applied: a leader needs them for a copy, which it
// may have to send before it can apply anything.
func (g *Group) recallMembers(applied uint64) error {
	m := g.log.Marker()
	if m.Index > 0 {
		g.committed.Store(&electorate{m.ConfigurationIndex, raft.DecodeConfiguration(m.Configuration)})
	}
	rec, found, err := g.log.Newest(uint8(raft.LogConfiguration), applied, g.stepped)
	if err == nil && found && rec.Index > m.ConfigurationIndex {
		g.committed.Store(&electorate{rec.Index, raft.DecodeConfiguration(rec.Data)})
	}
	return err
}

// bootstrap writes the first entry of a new group, which names its members. It does what raft.BootstrapCluster does,
// in one transaction: between two of them a crash would leave a group without members.
func (g *Group) bootstrap(members ...string) error {
	var c raft.Configuration
	for _, name := range members {
		c.Servers = append(c.Servers, raft.Server{ID: raft.ServerID(name), Address: raft.ServerAddress(name)})
	}
	first := raft.Log{Index: 1, Term: 1, Type: raft.LogConfiguration, AppendedAt: time.Now()}
	first.Data = raft.EncodeConfiguration(c)
	return g.log.Bootstrap(record(&first), map[string][]byte{keyTerm: number(1)})
}

// startRaft runs raft.NewRaft on a goroutine of its own. NewRaft reads the log; when an entry is damaged, store ends
// the goroutine that reads it, and that must not be a caller's.
func (g *Group) startRaft(f *fsm) error {
	logs := &store{log: g.log, read: g.wasRead, fail: g.node.fail, ahead: f.prepare, grown: g.appended, safe: g.history, keep: g.keep}
	g.store = logs
	snaps := &snapshots{log: g.log, fail: g.node.fail, group: g}
	var err error
	done := make(chan struct{})
	go func() {
		defer close(done)
		returned := false
		defer func() {
			if !returned { // it panicked, or store ended this goroutine
				g.node.fail(fault.New(fault.Broken, "raft did not start: panic: %v\n%s", recover(), debug.Stack()))
				err = g.node.stopped()
			}
		}()
		g.raft, err = raft.NewRaft(g.config(), f, logs, logs, snaps, g.trans)
		returned = true
	}()
	<-done
	if err == nil {
		close(g.started)
	}
	return err
}

// wasRead is called after each entry that raft has read from the log. At its start it reads all of them; later others
// read, too, and that says nothing about the machine.
func (g *Group) wasRead() {
	select {
	case <-g.started:
	default:
		g.stepped()
	}
}

// stepped counts a piece of the start that is done.
func (g *Group) stepped() {
	if g.steps != nil {
		g.steps.Add(1)
	}
}

// history says up to which index entries are applied or committed.
func (g *Group) history() (applied, committed uint64) {
	select {
	case <-g.started:
		return g.applied.Load(), g.raft.CommitIndex()
	default:
		return math.MaxUint64, math.MaxUint64 // raft has no reason to delete anything yet
	}
}

func (g *Group) config() *raft.Config {
	c := raft.DefaultConfig()
	c.LocalID = raft.ServerID(g.node.conf.NodeID)
	c.Logger = newRaftLogger(g.node.conf.Logger, g.id)
	c.HeartbeatTimeout, c.ElectionTimeout, c.LeaderLeaseTimeout = patience, patience, patience
	c.CommitTimeout = time.Second // only tells idle followers what is committed, and heartbeats do already
	if g.node.conf.Pipeline {
		c.CommitTimeout = patience / 10 // raft looks no more often whether a pipeline has broken
	}
	c.MaxAppendEntries = 64

	// A buffer in front of raft would let it forget entries: those that are in it at shutdown are never answered.
	c.BatchApplyCh = false

	// Only Close ends raft, in the right order. A removed node goes on as one that has no vote.
	c.ShutdownOnRemove = false

	// The size of the log decides when a snapshot is taken, and that is truncate's business.
	c.SnapshotInterval, c.SnapshotThreshold = 365*24*time.Hour, math.MaxUint64
	c.TrailingLogs = 0
	c.NoSnapshotRestoreOnStart = true // the machine's own file is the snapshot
	c.NoLegacyTelemetry = true
	return c
}

// lead makes a lone voter lead, and waits until it does.
func (g *Group) lead(ctx context.Context) error {
	if !g.alone() {
		return nil
	}
	if err := g.trans.lead(ctx); err != nil {
		return g.notLeading(err)
	}
	select {
	case <-g.led:
		return nil
	case <-ctx.Done():
		return g.notLeading(context.Cause(ctx))
	case <-g.node.failed:
		return g.notLeading(nil)
	}
}

func (g *Group) notLeading(err error) error {
	if stopped := g.node.stopped(); stopped != nil {
		return fmt.Errorf("starting group %d: %w", g.id, stopped)
	}
	return fault.Wrap(fault.Unavailable, err, "waiting for the leadership of group %d", g.id)
}
