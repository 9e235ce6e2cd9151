package replication

import (
	"slices"
	"sync"
	"sync/atomic"

	"github.com/hashicorp/raft"
)

// Nobody on this node waits for the replies of entries that another leader proposed. Raft need not wait for them
// either: they are put into a queue, and while the machine is busy with some, those that come meanwhile gather and
// become one transaction instead of many. So followers spend less on an entry the more there is to do, without any
// delay when there is little.
//
// Whatever else wants the machine, or says how far it is, finds the queue empty: each job of the machine's goroutine
// empties it first.

// queue holds entries, of whatever type, that raft has handed over and the machine has not applied.
type queue struct {
	mu      sync.Mutex
	entries []*raft.Log
	bytes   int
	behind  atomic.Bool   // there are some, or the machine is at them
	more    chan struct{} // has room for one
}

// Bounds of a queue. Raft waits while there is more.
const (
	mostQueued      = 1024
	mostQueuedBytes = 16 << 20
)

// add reports whether the queue has reached its bounds.
func (q *queue) add(batch []*raft.Log) (full bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.entries = append(q.entries, batch...)
	for _, e := range batch {
		q.bytes += len(e.Data)
	}
	q.behind.Store(true)
	select {
	case q.more <- struct{}{}:
	default:
	}
	return len(q.entries) >= mostQueued || q.bytes >= mostQueuedBytes
}

// take returns what is there; nil when there is nothing, and what was taken before is done.
func (q *queue) take() []*raft.Log {
	q.mu.Lock()
	defer q.mu.Unlock()
	batch := q.entries
	q.entries, q.bytes = nil, 0
	q.behind.Store(len(batch) > 0)
	return batch
}

// late is the reply for an entry that was put into the queue.
type late struct{}

// awaited reports whether somebody may wait for one of the entries: this node has proposed it.
func (f *fsm) awaited(batch []*raft.Log) bool {
	mine := f.group.ready.Load()
	return slices.ContainsFunc(batch, func(e *raft.Log) bool { return e.Term == mine })
}

// empty applies what is in the queue. It runs on the machine's goroutine.
func (f *fsm) empty() {
	for batch := f.queue.take(); batch != nil; batch = f.queue.take() {
		if f.over() == nil {
			f.through(batch, f.here)
		}
	}
}

// settle returns when all that was in the queue is applied. It reports false when some of it never will be.
func (f *fsm) settle() bool {
	return (!f.queue.behind.Load() || f.do(func() {})) && f.over() == nil
}
