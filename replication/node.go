package replication

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/replication/internal/raftlog"
	"github.com/keelshop/commerce/replication/peer"
)

// A Node is one process's part in replication: one raft.db and its groups. All methods are safe for concurrent use.
type Node struct {
	conf    Config
	file    *raftlog.File
	network atomic.Pointer[peer.Network] // nil until there is one: see Connect

	mu      sync.Mutex
	groups  map[uint32]*Group // nil for a group that is being added
	closing bool              // no group can be added any more

	heard   map[uint32]map[string]testimony // what others had shown to this node before its start, by group
	unsaved bool                            // what others have shown could not be written; for remember only

	copying chan struct{} // full while a copy of a machine is being sent

	failing sync.Once
	failed  chan struct{}
	cause   atomic.Pointer[error]
	calls   sync.WaitGroup // calls of OnFailed
	saving  sync.WaitGroup // see remember

	ending sync.Once
	ended  chan struct{} // closed when nobody needs to wait for an answer any more: failed, or drained and closed

	stopping sync.Once
	down     chan struct{} // closed when all groups have ended
	shut     sync.Once
	closed   chan struct{}
	err      error // of closing; set before closed is closed
	parts    parts
}

// Start opens raft.db, creates it when there is none, and checks all of it; see [RottenError]. The node has no groups
// yet.
func Start(ctx context.Context, c Config) (*Node, error) {
	if c.Dir == "" || c.NodeID == "" {
		return nil, fault.New(fault.Invalid, "a node needs a directory and an ID")
	}
	if err := ctx.Err(); err != nil {
		return nil, fault.Wrap(fault.Unavailable, err, "starting node %s", c.NodeID)
	}
	n := &Node{
		conf: c.withDefaults(), groups: map[uint32]*Group{},
		failed: make(chan struct{}), ended: make(chan struct{}), copying: make(chan struct{}, 1),
		down: make(chan struct{}), closed: make(chan struct{}),
	}
	if err := n.testify(); err != nil {
		return nil, err
	}
	file, err := raftlog.Open(raftlog.Options{
		Dir: c.Dir, Node: c.NodeID, Store: c.StoreID, Deadline: c.LogDeadline, VFS: c.VFS, Steps: c.Steps, Failed: n.fail,
	})
	if err != nil {
		return nil, err
	}
	n.file = file
	n.saving.Go(n.remember)
	if n.conf.Network != nil {
		return n, n.Connect(n.conf.Network)
	}
	return n, nil
}

// Failed is closed when the node has stopped itself.
func (n *Node) Failed() <-chan struct{} { return n.failed }

// Err returns why the node has stopped itself, nil as long as it has not.
func (n *Node) Err() error {
	if p := n.cause.Load(); p != nil {
		return *p
	}
	return nil
}

// stopped is the answer of a node that has stopped itself, nil for one that has not.
func (n *Node) stopped() error {
	if err := n.Err(); err != nil {
		return &StoppedError{err}
	}
	return nil
}

// Fail stops the node as a failure of its own files does: for whoever finds that what the node stands on has failed.
// The first cause stays. It does not wait.
func (n *Node) Fail(err error) { n.fail(err) }

// fail stops the node. The first cause stays. It does not wait.
func (n *Node) fail(err error) {
	n.failing.Do(func() {
		n.cause.Store(&err)
		close(n.failed)
		n.end()
		if n.conf.OnFailed != nil {
			n.calls.Go(func() { n.conf.OnFailed(err) })
		}
		n.stop()
	})
}

// end answers everybody who still waits.
func (n *Node) end() { n.ending.Do(func() { close(n.ended) }) }

// GroupStatus describes a group for operators.
type GroupStatus struct {
	Group      uint32
	Leading    bool
	Term       uint64
	FirstIndex uint64 // of the log; 0 when it holds nothing
	LastIndex  uint64 // of the log or the snapshot
	Committed  uint64
	Applied    uint64
	Snapshot   uint64 // index of the newest snapshot marker; 0 when there is none
	LogBytes   int64
}

// Status returns the groups in the order of their numbers.
func (n *Node) Status() []GroupStatus {
	var list []GroupStatus
	for _, g := range n.running() {
		list = append(list, GroupStatus{
			Group: g.id, Leading: g.Leading(), Term: g.Term(),
			FirstIndex: g.log.First(), LastIndex: g.LastIndex(), Committed: g.raft.CommitIndex(), Applied: g.Applied(),
			Snapshot: g.log.Marker().Index, LogBytes: g.log.Bytes(),
		})
	}
	slices.SortFunc(list, func(a, b GroupStatus) int { return cmp.Compare(a.Group, b.Group) })
	return list
}

// running returns the groups that have been added.
func (n *Node) running() []*Group {
	n.mu.Lock()
	defer n.mu.Unlock()
	var list []*Group
	for _, g := range n.groups {
		if g != nil {
			list = append(list, g)
		}
	}
	return list
}
