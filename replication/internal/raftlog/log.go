package raftlog

import (
	"fmt"
	"sync"

	"github.com/keelshop/commerce/internal/sqlite"
)

// Log is the log of one group, with its snapshot marker and its stable values. Reading is safe from any goroutine.
// Append and TruncateTail belong to one goroutine at a time; so do SetMarker and TruncateHead, which may run beside
// the former. Every error but [ErrNotFound] and [ErrClosed] has stopped the file.
type Log struct {
	file  *File
	group uint32

	mu     sync.Mutex // guards what follows
	exists bool       // there is a row in head
	first  uint64     // index of the oldest record; of the next one when there is none
	last   uint64     // index of the newest record; first-1 when there is none
	base   uint64     // checksum of the record before first
	sum    uint64     // checksum of the record at last; base when there is none
	bytes  int64
	ring   ring
	marker Marker
	values map[string][]byte
}

func newLog(f *File, group uint32) *Log {
	return &Log{file: f, group: group, first: 1, ring: ring{first: 1, next: 1}, values: map[string][]byte{}}
}

// Exists reports whether the group has ever written anything.
func (l *Log) Exists() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.exists
}

// First returns the index of the oldest record, 0 when there is none.
func (l *Log) First() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.last < l.first {
		return 0
	}
	return l.first
}

// Last returns the index of the newest record, 0 when there is none.
func (l *Log) Last() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.last < l.first {
		return 0
	}
	return l.last
}

// Bytes returns roughly how much the records take.
func (l *Log) Bytes() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.bytes
}

// Bootstrap writes the first record of a group that has none, and its first stable values, all in one transaction:
// a crash leaves a group that has started or one that has not.
func (l *Log) Bootstrap(first Record, values map[string][]byte) error {
	if l.Exists() {
		return l.misuse("it is to be bootstrapped and has a log already")
	}
	if err := l.append([]Record{first}, values); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for k, v := range values {
		l.values[k] = v
	}
	return nil
}

// Append adds records at the end. Their indexes follow the newest record's without a gap; only an empty log may
// also go on right after its marker. When Append returns nil the records are on disk. It keeps their data.
func (l *Log) Append(recs []Record) error { return l.append(recs, nil) }

func (l *Log) append(recs []Record, values map[string][]byte) error {
	at, err := l.place(recs)
	if err != nil {
		return err
	}
	sums := make([]uint64, len(recs))
	sum, bytes := at.base, int64(0)
	for i := range recs {
		sum = recs[i].sum(l.group, sum)
		sums[i] = sum
		bytes += recs[i].size()
	}
	err = l.file.do(func(tx *sqlite.Tx) error {
		if at.moved {
			if err := writeHead(tx, l.group, at.first, at.base); err != nil {
				return err
			}
		}
		for k, v := range values {
			if err := writeValue(tx, l.group, k, v); err != nil {
				return err
			}
		}
		return insert(tx, l.group, recs, sums)
	})
	if err != nil {
		return fmt.Errorf("appending to the log of group %d: %w", l.group, err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.exists = true
	if at.moved {
		l.first, l.base, l.bytes = at.first, at.base, 0
	}
	l.last, l.sum = recs[len(recs)-1].Index, sum
	l.bytes += bytes
	for i := range recs {
		l.ring.push(recs[i])
	}
	return nil
}

// place says where records go.
type place struct {
	first uint64 // the log's first index, if it moved
	base  uint64 // checksum before the new records
	moved bool   // the log starts at the new records
}

func (l *Log) place(recs []Record) (place, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(recs) == 0 {
		return place{}, l.misuse("nothing is to be appended")
	}
	start := recs[0].Index
	for i := range recs {
		if recs[i].Index != start+uint64(i) || recs[i].Index > maxIndex {
			return place{}, l.misuse("index %d is to be appended behind %d", recs[i].Index, start+uint64(i)-1)
		}
	}
	switch empty := l.last < l.first; {
	case start == l.last+1:
		return place{first: start, base: l.sum, moved: !l.exists}, nil
	case empty && start == l.marker.Index+1:
		return place{first: start, moved: true}, nil // behind a received snapshot a new chain begins
	}
	return place{}, l.misuse("index %d is to be appended behind %d", start, l.last)
}

// Value returns a stable value, nil when there is none.
func (l *Log) Value(key string) []byte {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.values[key]
}

// SetValue stores a stable value. When it returns nil the value is on disk.
func (l *Log) SetValue(key string, value []byte) error {
	fresh := !l.Exists()
	err := l.file.do(func(tx *sqlite.Tx) error {
		if fresh {
			if err := writeHead(tx, l.group, 1, 0); err != nil {
				return err
			}
		}
		return writeValue(tx, l.group, key, value)
	})
	if err != nil {
		return fmt.Errorf("storing %s of group %d: %w", key, l.group, err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.exists = true
	l.values[key] = value
	return nil
}

// misuse stops the file: Raft's own state is not to be trusted any more.
func (l *Log) misuse(format string, args ...any) error {
	err := &MisuseError{Path: l.file.path, Group: l.group, Detail: fmt.Sprintf(format, args...)}
	l.file.fail(err)
	return err
}
