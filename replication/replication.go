// Package replication puts changes in one order, keeps them, and feeds them to state machines.
//
// A [Node] is one process's part; a [Group] is one Raft group, of which a node has many, one per shard. What is
// proposed to a group becomes an entry of its log; once the entry is on disk on a majority of the group's members,
// each member's [Machine] applies it. A store on a single node is a group of one: the same path.
//
// The package moves bytes and knows neither shards nor commerce. It is the only one that imports hashicorp/raft.
//
// # When something breaks
//
// A failed or hanging write of the log, a damaged record, and an error, a panic or a hanging call of a machine stop
// the whole node: what is on disk is then unknown, and going on could lose what was confirmed. The node ends its groups, answers
// every later call with fault.Broken and the cause, and tells through [Node.Failed]. It never ends the process, which
// is somebody else's. DESIGN.md in this folder says how Raft is brought to stop without a panic.
package replication

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/keelshop/commerce/replication/internal/raftlog"
	"github.com/keelshop/commerce/replication/peer"
)

// MaxGroup is the largest number a group can have.
const MaxGroup = raftlog.MaxGroup

// MaxEntry is the size of the largest entry, in bytes.
const MaxEntry = 16 << 20

// An Entry is one change that a machine applies.
type Entry struct {
	Index, Term uint64 // its place in the log; indexes rise, with gaps
	Data        []byte // as it was proposed; the machine may keep it, nobody may change it
}

// A Machine is what a group drives: the state of one shard. ApplyBatch and Checkpoint are called by one goroutine at
// a time, and not after an error or a panic of theirs, nor once one has run past the deadline.
type Machine interface {
	// ApplyBatch applies entries in order, and all of it or nothing survives a crash together with the index of the
	// last one. The replies, one for each entry, go to the callers who proposed them on this node. An error stops
	// the node. The outcome may not depend on where batches begin and end.
	ApplyBatch(entries []Entry) (replies []any, err error)

	// Applied returns the index of the last entry applied, as it is stored with the machine's state; 0 at first.
	Applied() uint64

	// Checkpoint makes everything applied durable and returns the applied index that is durable now. The log up to
	// there may be deleted afterwards. Less than Applied is allowed when readers are in the way; it is tried again
	// later. An error stops the node.
	Checkpoint() (durable uint64, err error)
}

// A Preparer is a [Machine] that can use the time while the log syncs. On a node that leads, Prepare gets entries that
// follow on all that is applied and are on their way to the disk, if the machine has nothing else to do. Nothing of
// them may be seen, or survive, unless ApplyBatch gets the same entries next: others can come in their place, or none.
// It is called like ApplyBatch. An error stops the node.
type Preparer interface{ Prepare(entries []Entry) error }

// A Stepper is a [Machine] that tells how far it has come. What Steps returns counts up whenever a piece of a call of the
// machine is done, and never otherwise; then MachineDeadline is for each piece instead of the whole call. While the group
// starts, the node counts there, too, what it has read of the log.
type Stepper interface{ Steps() *atomic.Int64 }

// A Leader is a [Machine] that wants to know when its node begins to lead the group: after all that earlier leaders
// left is applied, and before the first proposal is taken.
type Leader interface{ Lead(term uint64) }

// A Handler answers the calls of other nodes: see [Node.Call].
type Handler func(ctx context.Context, from string, data []byte) ([]byte, error)

// Config says where a node lives. Dir and NodeID are required.
type Config struct {
	Dir         string        // where raft.db lives; created when there is none
	NodeID      string        // this node's name for ever; another node's raft.db is refused
	StoreID     string        // the store's name, kept in raft.db; not checked when empty
	LogDeadline time.Duration // a log write past it stops the node; 0 means 5 s. Time during which the process is paused does not count
	// MachineDeadline is how long a machine may take for a batch of entries or for a checkpoint before it counts as
	// hanging and stops the node; for a [Stepper], how long it may take for a piece of that. 0 means 15 s. Time during
	// which the process is paused does not count.
	MachineDeadline time.Duration
	SnapshotBytes   int64        // log that a group gathers before it checkpoints its machine and deletes it; 0 means 64 MiB
	Logger          *slog.Logger // gets warnings; nil means none
	OnFailed        func(error)  // called once, on a goroutine of its own, with the cause when the node stops itself; may be nil
	Joining         bool         // a group without a log waits to be added by a leader on another node
	Network         peer.Network // the way to other nodes, which the node closes; nil means none until Connect
	Handle          Handler      // answers the calls of other nodes; nil refuses them
	// Room refuses to use that many more bytes of the disk that Dir is on; a copy from another node is tried again then.
	// nil never does.
	Room func(bytes int64) error
	VFS  string // for tests: the SQLite VFS of raft.db; "" is the system's
	// Pipeline sends followers entries before they have answered for those before. It is for tests; docs/decisions/0016
	// says why it is off.
	Pipeline bool
	Steps    *atomic.Int64 // counts up with each piece of the writer's work on raft.db that is done, so that a long check can be told from a hanging one; may be nil
}

func (c Config) withDefaults() Config {
	if c.SnapshotBytes <= 0 {
		c.SnapshotBytes = 64 << 20
	}
	if c.MachineDeadline <= 0 {
		c.MachineDeadline = 15 * time.Second
	}
	if c.Room == nil {
		c.Room = func(int64) error { return nil }
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c
}
