package replication

import (
	"errors"
	"fmt"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/replication/internal/raftlog"
)

// A Rebuilder is a [Machine] whose state can be taken back to that of a copy, when it has turned out to be wrong.
type Rebuilder interface {
	// Rebuild makes the copy in the file at path the state, all of it or nothing, durably before it returns, although
	// the copy may be older. One that holds less than the entry atLeast, or that cannot be put in place now, is
	// refused with fault.Refused or fault.Unavailable, and nothing has changed. It is called like ApplyBatch.
	Rebuild(path string, atLeast uint64) error
}

// Rebuild takes the machine back to a copy of another node's and applies again what the log holds beyond it. The copy
// may not hold more than this node has applied. An error of fault.Refused or fault.Unavailable has changed nothing; any
// other has stopped the node.
func (g *Group) Rebuild(path string) error {
	if stopped := g.node.stopped(); stopped != nil {
		return stopped
	}
	g.rebuilding.Lock() // no snapshot is being taken: its marker could be beyond the copy
	defer g.rebuilding.Unlock()
	var err error
	if !g.fsm.do(func() { err = g.fsm.rebuild(path) }) {
		return g.fsm.over()
	}
	if err != nil {
		return fmt.Errorf("rebuilding the machine of group %d: %w", g.id, err)
	}
	return nil
}

// rebuild is a job of the machine's goroutine.
func (f *fsm) rebuild(path string) (err error) {
	finished := false
	defer func() {
		if !finished {
			err = fault.New(fault.Broken, "panic: %v", recover())
		}
		if err != nil && !errors.Is(err, fault.Refused) && !errors.Is(err, fault.Unavailable) {
			f.group.node.fail(fmt.Errorf("rebuilding the machine of group %d: %w", f.group.id, err))
		}
	}()
	err = f.rebuildFrom(path)
	finished = true
	return err
}

func (f *fsm) rebuildFrom(path string) error {
	g := f.group
	m, ok := f.machine.(Rebuilder)
	if !ok {
		return fault.New(fault.Refused, "this machine cannot be rebuilt")
	}
	oldest := g.log.Marker().Durable
	if first := g.log.First(); first > 0 && first-1 > oldest {
		oldest = first - 1
	}
	was := f.machine.Applied() // f.applied belongs to raft's goroutine, and may not be there yet
	if err := m.Rebuild(path, oldest); err != nil {
		return err
	}
	if err := f.again(f.machine.Applied()+1, was); err != nil {
		return err
	}
	if _, err := f.machine.Checkpoint(); err != nil {
		return broken(err)
	}
	return nil
}

// again applies entries of the log that were applied before.
func (f *fsm) again(from, to uint64) error {
	var batch []Entry
	for i := from; i <= to; i++ {
		rec, err := f.group.log.Get(i)
		if err != nil {
			return fmt.Errorf("entry %d: %w", i, broken(err))
		}
		if rec.Type == raftlog.Command {
			batch = append(batch, Entry{Index: rec.Index, Term: rec.Term, Data: rec.Data})
		}
		if len(batch) == mostEntries || i == to && len(batch) > 0 {
			f.dog.Begin() // it has come another step ahead
			if _, err := f.machine.ApplyBatch(batch); err != nil {
				return broken(err)
			}
			batch = nil
		}
	}
	return nil
}

// broken makes sure that an error stops the node: the machine is neither what it was nor what it is to be.
func broken(err error) error { return fault.New(fault.Broken, "%v", err) }
