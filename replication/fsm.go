package replication

import (
	"fmt"
	"io"
	"runtime/debug"

	"github.com/hashicorp/raft"
	"github.com/keelshop/commerce/fault"
)

// fsm is a group's machine as raft drives it. All methods run on one goroutine of raft's.
//
// Once the node has failed nothing reaches the machine any more. The goroutine goes on and answers what raft still
// hands to it: were it to end, as raft's main goroutine does, those who wait for the entries in its queue would wait
// for ever.
type fsm struct {
	group   *Group
	machine Machine
	applied uint64 // index of the last entry that the machine has applied
}

// dropped is the reply for an entry that came after the node had failed.
type dropped struct{}

// Apply applies one entry.
func (f *fsm) Apply(entry *raft.Log) any { return f.ApplyBatch([]*raft.Log{entry})[0] }

// ApplyBatch applies entries and returns a reply for each. After a restart raft hands out again what the machine has
// applied since the last marker; that is skipped.
func (f *fsm) ApplyBatch(batch []*raft.Log) []any {
	out := make([]any, len(batch))
	if f.group.node.Err() != nil {
		for i := range out {
			out[i] = dropped{}
		}
		return out
	}
	entries := make([]Entry, 0, len(batch))
	at := make([]int, 0, len(batch))
	for i, e := range batch {
		if e.Type == raft.LogCommand && e.Index > f.applied {
			entries = append(entries, Entry{Index: e.Index, Term: e.Term, Data: e.Data})
			at = append(at, i)
		}
	}
	if len(entries) > 0 {
		replies, err := f.apply(entries)
		if err != nil {
			f.group.node.fail(err)
			for i := range out {
				out[i] = dropped{}
			}
			return out
		}
		f.applied = entries[len(entries)-1].Index
		for i, reply := range replies {
			out[at[i]] = reply
		}
	}
	f.group.advance(batch[len(batch)-1].Index)
	return out
}

// apply calls the machine and turns a panic into an error.
func (f *fsm) apply(entries []Entry) (replies []any, err error) {
	failed := &ApplyError{Group: f.group.id, First: entries[0].Index, Last: entries[len(entries)-1].Index}
	finished := false
	defer func() {
		if !finished {
			failed.Panic, failed.Stack, err = recover(), debug.Stack(), failed
			f.group.node.fail(err) // here, because after a Goexit the caller is not reached
		}
	}()
	replies, failed.Err = f.machine.ApplyBatch(entries)
	finished = true
	switch {
	case failed.Err != nil:
		return nil, failed
	case len(replies) != len(entries):
		failed.Err = fault.New(fault.Broken, "%d replies for %d entries", len(replies), len(entries))
		return nil, failed
	}
	return replies, nil
}

// Snapshot checkpoints the machine.
func (f *fsm) Snapshot() (raft.FSMSnapshot, error) {
	if err := f.group.node.Err(); err != nil {
		return nil, err
	}
	durable, err := f.checkpoint()
	if err != nil {
		f.group.node.fail(err)
		return nil, err
	}
	if durable < f.applied {
		return nil, fault.New(fault.Unavailable, "group %d has applied entry %d and could make only entry %d durable: a reader is in the way", f.group.id, f.applied, durable)
	}
	return snapshot{durable: f.applied}, nil
}

func (f *fsm) checkpoint() (durable uint64, err error) {
	finished := false
	defer func() {
		if !finished {
			err = fault.New(fault.Broken, "checkpointing group %d: panic: %v\n%s", f.group.id, recover(), debug.Stack())
		}
	}()
	durable, err = f.machine.Checkpoint()
	finished = true
	if err != nil {
		return 0, fmt.Errorf("checkpointing group %d: %w", f.group.id, err)
	}
	return durable, nil
}

// Restore is refused: a lone voter has nobody to get a copy from.
func (f *fsm) Restore(io.ReadCloser) error {
	return fault.New(fault.Unavailable, "group %d cannot be replaced by a copy", f.group.id)
}
