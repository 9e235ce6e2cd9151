package replication

import (
	"fmt"
	"io"
	"runtime/debug"
	"slices"

	"github.com/hashicorp/raft"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/watchdog"
)

// fsm is a group's machine as raft drives it. Its methods run on one goroutine of raft's. The machine itself works on
// a goroutine of its own, so that one that hangs does not keep raft from ending.
//
// Once the node has failed, or the group ends, nothing reaches the machine any more: what is in the queue then is left
// out, and nothing may come behind that. Raft's goroutine goes on and answers what raft still hands to it: were it to
// end, as raft's main goroutine does, those who wait for the entries in its queue would wait for ever.
type fsm struct {
	group   *Group
	machine Machine
	applied uint64      // index of the last entry that the machine has applied, while the queue is empty
	jobs    chan func() // for the machine's goroutine
	queue   queue
	dog     watchdog.Dog
}

// prepare lets the machine's goroutine work ahead on entries that are on their way to the disk, if it is free. It does
// not wait.
func (f *fsm) prepare(batch []*raft.Log) {
	p, can := f.machine.(Preparer)
	if !can || len(batch) > mostEntries || !f.group.Ready() {
		return
	}
	entries := make([]Entry, len(batch))
	for i, e := range batch {
		if e.Type != raft.LogCommand {
			return
		}
		entries[i] = Entry{Index: e.Index, Term: e.Term, Data: e.Data}
	}
	select {
	case f.jobs <- func() { f.here(func() { f.ahead(p, entries) }) }:
	default:
	}
}

// ahead calls the machine, unless it has not applied all before the entries yet.
func (f *fsm) ahead(p Preparer, entries []Entry) {
	if f.group.Applied()+1 != entries[0].Index {
		return
	}
	_, _ = f.guard(entries, func() ([]any, error) { return nil, p.Prepare(entries) })
}

// mostEntries bounds the batches that a machine gets, and so what it has to finish within its deadline.
const mostEntries = 16

// work is the machine's goroutine.
func (f *fsm) work() {
	for {
		select {
		case job := <-f.jobs:
			f.empty()
			job()
		case <-f.queue.more:
			f.empty()
		case <-f.group.quit:
			return
		}
	}
}

// do has the machine's goroutine do a job. It reports false when the node failed, or the group ended, before the job
// was done: see over.
func (f *fsm) do(job func()) bool {
	done := make(chan bool, 1)
	select {
	case f.jobs <- func() { done <- f.here(job) }:
	case <-f.group.node.failed:
		return false
	case <-f.group.leaving:
		return false
	}
	select {
	case ok := <-done:
		return ok
	case <-f.group.node.failed:
		return false
	}
}

// here is do on the machine's goroutine.
func (f *fsm) here(job func()) bool {
	if f.over() != nil {
		return false
	}
	f.dog.Begin()
	job()
	f.dog.End()
	return f.group.node.Err() == nil // a job that was done too late does not count
}

// over says why nothing reaches the machine any more; nil as long as something does.
func (f *fsm) over() error {
	if stopped := f.group.node.stopped(); stopped != nil {
		return stopped
	}
	select {
	case <-f.group.leaving:
		return fault.New(fault.Unavailable, "group %d is being closed", f.group.id)
	default:
		return nil
	}
}

// watch stops the node when the machine hangs.
func (f *fsm) watch() {
	g := f.group
	if limit := g.node.conf.MachineDeadline; f.dog.Watch(limit, g.node.failed, g.quit) {
		g.node.fail(&HangingMachineError{Group: g.id, Limit: limit})
	}
}

// dropped is the reply for an entry that came when nothing reached the machine any more.
type dropped struct{}

// Apply applies one entry.
func (f *fsm) Apply(entry *raft.Log) any { return f.ApplyBatch([]*raft.Log{entry})[0] }

// ApplyBatch applies entries and returns a reply for each, or puts them into the queue if nobody waits for a reply.
// After a restart raft hands out again what the machine has applied since the last marker; that is skipped.
func (f *fsm) ApplyBatch(batch []*raft.Log) []any {
	if f.over() != nil {
		return repeat(dropped{}, len(batch))
	}
	if !f.awaited(batch) {
		if f.queue.add(batch) && !f.settle() {
			return repeat(dropped{}, len(batch))
		}
		return repeat(late{}, len(batch))
	}
	if f.settle() {
		if out, ok := f.through(batch, f.do); ok {
			return out
		}
	}
	return repeat(dropped{}, len(batch))
}

func repeat(reply any, n int) []any { return slices.Repeat([]any{reply}, n) }

// through applies entries and returns a reply for each. do calls the machine. It reports false when that has failed.
func (f *fsm) through(batch []*raft.Log, do func(job func()) bool) ([]any, bool) {
	out := make([]any, len(batch))
	entries := make([]Entry, 0, len(batch))
	at := make([]int, 0, len(batch))
	for i, e := range batch {
		if e.Type == raft.LogConfiguration {
			f.group.decided(e)
		}
		if e.Type == raft.LogCommand && e.Index > f.applied {
			entries = append(entries, Entry{Index: e.Index, Term: e.Term, Data: e.Data})
			at = append(at, i)
		}
	}
	for part := range slices.Chunk(entries, mostEntries) {
		var replies []any
		var err error
		if !do(func() { replies, err = f.apply(part) }) || err != nil {
			return nil, false
		}
		f.applied = part[len(part)-1].Index
		f.group.advance(f.applied) // some may wait for no more than that
		for i, reply := range replies {
			out[at[i]] = reply
		}
		at = at[len(part):]
	}
	f.group.advance(batch[len(batch)-1].Index)
	return out, true
}

// apply has the machine apply entries.
func (f *fsm) apply(entries []Entry) ([]any, error) {
	return f.guard(entries, func() ([]any, error) {
		replies, err := f.machine.ApplyBatch(entries)
		if err == nil && len(replies) != len(entries) {
			err = fault.New(fault.Broken, "%d replies for %d entries", len(replies), len(entries))
		}
		return replies, err
	})
}

// guard calls the machine and turns a panic into an error. Its error has stopped the node.
func (f *fsm) guard(entries []Entry, call func() ([]any, error)) (replies []any, err error) {
	failed := &ApplyError{Group: f.group.id, First: entries[0].Index, Last: entries[len(entries)-1].Index}
	finished := false
	defer func() {
		if !finished {
			failed.Panic, failed.Stack, err = recover(), debug.Stack(), failed
		}
		if err != nil {
			f.group.node.fail(err) // here, because after a Goexit the caller is not reached
		}
	}()
	replies, failed.Err = call()
	finished = true
	if failed.Err != nil {
		return nil, failed
	}
	return replies, nil
}

// Snapshot checkpoints the machine.
func (f *fsm) Snapshot() (raft.FSMSnapshot, error) {
	if err := f.over(); err != nil {
		return nil, err
	}
	var durable uint64
	var err error
	if !f.do(func() { durable, err = f.checkpoint() }) {
		return nil, f.over()
	}
	if err != nil {
		return nil, err
	}
	if durable < f.applied {
		return nil, fault.New(fault.Unavailable, "group %d has applied entry %d and could make only entry %d durable: a reader is in the way", f.group.id, f.applied, durable)
	}
	return snapshot{durable: f.applied}, nil
}

// checkpoint calls the machine and turns a panic into an error. Its error has stopped the node.
func (f *fsm) checkpoint() (durable uint64, err error) {
	finished := false
	defer func() {
		if !finished {
			err = fault.New(fault.Broken, "checkpointing group %d: panic: %v\n%s", f.group.id, recover(), debug.Stack())
		}
		if err != nil {
			f.group.node.fail(err)
		}
	}()
	durable, err = f.machine.Checkpoint()
	finished = true
	if err != nil {
		return 0, fmt.Errorf("checkpointing group %d: %w", f.group.id, err)
	}
	return durable, nil
}

// Restore puts a copy that was received in the place of the machine. What raft hands over is the same file.
func (f *fsm) Restore(r io.ReadCloser) error {
	if err := r.Close(); err != nil {
		return err
	}
	if !f.settle() {
		return f.over()
	}
	behind := f.group.log.Last() // what raft goes on believing to be in the log
	err := f.group.install(f.machine, func(raw string) (err error) {
		if !f.do(func() { err = f.replace(raw) }) {
			return f.over()
		}
		return err
	})
	if err != nil {
		f.group.node.fail(err) // half of it may be done; the next start does the rest
		return err
	}
	f.applied = f.machine.Applied()
	if behind > f.group.log.Marker().Index {
		f.group.store.ghost.Store(behind)
	}
	return nil
}

// replace calls the machine and turns a panic into an error.
func (f *fsm) replace(raw string) (err error) {
	finished := false
	defer func() {
		if !finished {
			err = fault.New(fault.Broken, "panic: %v\n%s", recover(), debug.Stack())
		}
	}()
	err = f.group.copier.Replace(raw)
	finished = true
	return err
}
