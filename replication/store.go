package replication

import (
	"encoding/binary"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"
	"time"

	"github.com/hashicorp/raft"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/replication/internal/raftlog"
)

// store gives one group's part of raft.db to raft, as its log and its stable values.
//
// Every error marks the node as failed. Where raft would panic on it, and end the process, store does not return it
// but ends raft's goroutine: the goroutine's deferred functions run, so raft's waiting callers are answered and its
// Shutdown returns.
type store struct {
	log   *raftlog.Log
	fail  func(error)
	read  func()                          // called after each entry that was read
	ahead func([]*raft.Log)               // called before each append
	grown func()                          // called after each append
	keep  func(first, last uint64) uint64 // the oldest entry to keep for members that are a little behind

	// ghost is the end of a log that a copy has taken the place of, when it reached beyond the copy: none of that was
	// committed, and raft goes on believing that it is there until it appends again. 0 means none.
	ghost atomic.Uint64
	safe  func() (applied, committed uint64) // what a deletion at the end may not reach
}

// FirstIndex returns the index of the oldest entry, 0 when there is none.
func (s *store) FirstIndex() (uint64, error) { return s.log.First(), nil }

// LastIndex returns the index of the newest entry, 0 when there is none.
func (s *store) LastIndex() (uint64, error) { return s.log.Last(), nil }

// IsMonotonic tells raft that indexes have no gaps here: each record's checksum needs the one before. After a
// received snapshot raft then deletes the whole old log instead of leaving a gap in it, which also avoids the
// endless re-sending that logs with gaps can run into (hashicorp/raft#697).
func (s *store) IsMonotonic() bool { return true }

// GetLog reads an entry. An entry that cannot be read ends raft's main goroutine, which would panic; goroutines that
// send entries to followers get the error, which they only log, since raft waits for them to end by themselves.
func (s *store) GetLog(index uint64, entry *raft.Log) error {
	rec, err := s.log.Get(index)
	switch {
	case err == nil:
		*entry = raft.Log{
			Index: rec.Index, Term: rec.Term, Type: raft.LogType(rec.Type),
			Data: rec.Data, Extensions: rec.Ext, AppendedAt: time.UnixMicro(rec.At),
		}
		s.read()
		return nil
	case errors.Is(err, raftlog.ErrNotFound) && s.haunted(index, entry):
		return nil
	case errors.Is(err, raftlog.ErrNotFound), errors.Is(err, raftlog.ErrClosed):
		return raft.ErrLogNotFound
	}
	s.fail(err)
	if !sendsToFollower() {
		runtime.Goexit()
	}
	return err
}

// haunted makes up an entry that raft believes in although a copy has taken its place: the last one that the copy
// covers as it is, and those behind it with a term that none has, so that raft deletes them for what the leader has.
func (s *store) haunted(index uint64, entry *raft.Log) bool {
	m := s.log.Marker()
	switch {
	case s.ghost.Load() < index || index < m.Index:
		return false
	case index == m.Index:
		*entry = raft.Log{Index: index, Term: m.Term, Type: raft.LogNoop}
	default:
		*entry = raft.Log{Index: index, Type: raft.LogNoop}
	}
	return true
}

// sendsToFollower reports whether the caller is one of raft's replicating goroutines. It is asked only when the node
// has failed. raft offers no other way to tell.
func sendsToFollower() bool {
	callers := make([]uintptr, 32)
	frames := runtime.CallersFrames(callers[:runtime.Callers(2, callers)])
	for {
		frame, more := frames.Next()
		if strings.HasSuffix(frame.Function, "hashicorp/raft.(*Raft).replicate") {
			return true
		}
		if !more {
			return false
		}
	}
}

// StoreLog appends an entry.
func (s *store) StoreLog(entry *raft.Log) error { return s.StoreLogs([]*raft.Log{entry}) }

// StoreLogs appends entries. It returns nil when they are on disk. Its error is one that raft can take: a leader gives
// it to those who wait and steps down, and goes on refusing new entries until it is shut down. If its goroutine ended
// here instead, those would never hear.
func (s *store) StoreLogs(entries []*raft.Log) error {
	recs := make([]raftlog.Record, len(entries))
	for i, e := range entries {
		recs[i] = record(e)
	}
	s.ahead(entries)
	if err := s.log.Append(recs); err != nil {
		s.fail(err)
		return err
	}
	s.ghost.Store(0)
	s.grown()
	return nil
}

func record(e *raft.Log) raftlog.Record {
	return raftlog.Record{
		Index: e.Index, Term: e.Term, Type: uint8(e.Type), At: e.AppendedAt.UnixMicro(),
		Data: e.Data, Ext: e.Extensions,
	}
}

// DeleteRange deletes entries at the beginning, which a snapshot's marker must cover, or at the end, which must not
// have been committed; after a received snapshot, both at once. Anything else is refused and stops the node. raft
// only logs the error.
func (s *store) DeleteRange(from, to uint64) error {
	err := s.deleteRange(from, to)
	if err != nil {
		s.fail(err)
	}
	return err
}

func (s *store) deleteRange(from, to uint64) error {
	if s.log.First() == 0 && (s.ghost.Load() > 0 || to <= s.log.Marker().Index) {
		return nil // it is gone already
	}
	if first, last := s.log.First(), s.log.Last(); from == first && to <= s.log.Marker().Index {
		if to = min(to, s.keep(first, last)-1); to < from {
			return nil
		}
	}
	applied, committed := s.safe()
	d := deletion{
		from: from, to: to, first: s.log.First(), last: s.log.Last(),
		marker: s.log.Marker().Index, fixed: max(applied, committed),
	}
	if why := d.objection(); why != "" {
		return fault.New(fault.Broken, "raft asked to delete the entries %d to %d of a log from %d to %d: %s", from, to, d.first, d.last, why)
	}
	if d.from <= d.marker {
		if err := s.log.TruncateHead(min(d.to, d.marker)); err != nil {
			return err
		}
	}
	if tail := d.tail(); tail <= d.last {
		return s.log.TruncateTail(tail)
	}
	return nil
}

// deletion is a request to delete a range of entries.
type deletion struct {
	from, to    uint64 // what is to be deleted
	first, last uint64 // what the log holds
	marker      uint64 // up to here a checkpoint has made everything durable
	fixed       uint64 // up to here entries are applied or committed, and belong to history
}

// tail is where the part behind the marker begins; above last when there is none.
func (d deletion) tail() uint64 {
	if d.to <= d.marker {
		return d.last + 1
	}
	return max(d.from, d.marker+1)
}

// objection says why the deletion would lose entries, or break the chain of them; "" when it would not.
func (d deletion) objection() string {
	switch {
	case d.from > d.to || d.first == 0:
		return "there is nothing to delete"
	case d.from <= d.marker && d.from > d.first:
		return "this would leave a gap"
	case d.to <= d.marker:
		return ""
	case d.to < d.last:
		return fmt.Sprintf("a checkpoint covers them up to %d only", d.marker)
	case d.tail() <= d.last && d.tail() <= d.fixed:
		return fmt.Sprintf("those up to %d are committed", d.fixed)
	}
	return ""
}

// Set stores a value. It returns when it is on disk, or never.
func (s *store) Set(key, value []byte) error {
	if err := s.log.SetValue(string(key), append([]byte(nil), value...)); err != nil {
		s.halt(err)
	}
	return nil
}

// Get returns a value, nothing when there is none.
func (s *store) Get(key []byte) ([]byte, error) { return s.log.Value(string(key)), nil }

// SetUint64 is Set for a number. A number that is already there costs nothing: raft stores the term again at start.
func (s *store) SetUint64(key []byte, value uint64) error {
	if old := s.log.Value(string(key)); len(old) == 8 && binary.BigEndian.Uint64(old) == value {
		return nil
	}
	return s.Set(key, number(value))
}

// GetUint64 is Get for a number, 0 when there is none.
func (s *store) GetUint64(key []byte) (uint64, error) {
	value := s.log.Value(string(key))
	if len(value) != 8 {
		return 0, nil
	}
	return binary.BigEndian.Uint64(value), nil
}

func number(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }

// halt stops the node and ends the calling goroutine.
func (s *store) halt(err error) {
	s.fail(err)
	runtime.Goexit()
}
