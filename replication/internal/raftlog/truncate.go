package raftlog

import (
	"fmt"

	"github.com/keelshop/commerce/internal/sqlite"
)

// Bounds of one step of a truncation. A step shares its transaction with appends, and holds them up by that little.
const (
	chunkRecords = 256
	chunkBytes   = 1 << 20
)

// Marker says that the state machine needs no record up to Index any more: a completed checkpoint has made durable
// everything it applied, and the records after Durable up to Index carry nothing for it.
type Marker struct {
	Index, Term        uint64
	Durable            uint64 // the machine's applied index that the checkpoint covered
	Configuration      []byte // the group's members at Index, as Raft encodes them
	ConfigurationIndex uint64
}

// Marker returns the newest marker, a zero one when there is none.
func (l *Log) Marker() Marker {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.marker
}

// SetMarker replaces the marker; the log may then be truncated up to its index. It is refused when it goes back, and
// when there is a command between what is durable and the marker's index: that command would be lost.
func (l *Log) SetMarker(m Marker) error {
	if old := l.Marker(); m.Index < old.Index || m.Durable < old.Durable || m.Durable > m.Index {
		return l.misuse("a marker at %d, durable to %d, is to replace one at %d, durable to %d",
			m.Index, m.Durable, old.Index, old.Durable)
	}
	err := l.file.do(func(tx *sqlite.Tx) error {
		if err := l.noCommands(tx, m.Durable, m.Index); err != nil {
			return err
		}
		return writeMarker(tx, l.group, m)
	})
	if err != nil {
		return fmt.Errorf("setting the snapshot marker of group %d: %w", l.group, err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.marker = m
	return nil
}

// noCommands checks that no record above after and up to to is a command.
func (l *Log) noCommands(tx *sqlite.Tx, after, to uint64) error {
	id, found, err := tx.Int64(`SELECT id FROM log WHERE id > ? AND id <= ? AND type = ? ORDER BY id LIMIT 1`,
		key(l.group, after), key(l.group, to), int(Command))
	if err != nil || !found {
		return err
	}
	return &MisuseError{Path: l.file.path, Group: l.group, Detail: fmt.Sprintf(
		"a snapshot up to %d is to be noted, and no checkpoint covers the command at %d", to, indexOf(id))}
}

// TruncateHead deletes the records up to an index, in several transactions. The index may not be above the marker's.
func (l *Log) TruncateHead(to uint64) error {
	if m := l.Marker(); to > m.Index {
		return l.misuse("the log is to be deleted up to %d, and a checkpoint covers it up to %d only", to, m.Index)
	}
	for {
		l.mu.Lock()
		first, last := l.first, l.last
		l.mu.Unlock()
		if first > min(to, last) {
			return nil
		}
		if err := l.dropHead(first, min(to, last)); err != nil {
			return fmt.Errorf("truncating the log of group %d: %w", l.group, err)
		}
	}
}

// dropHead deletes some of the oldest records.
func (l *Log) dropHead(first, to uint64) error {
	var c chunk
	err := l.file.do(func(tx *sqlite.Tx) (err error) {
		if c, err = l.chunk(tx, first, to); err != nil {
			return err
		}
		if err := l.remove(tx, first, c.to); err != nil {
			return err
		}
		return writeHead(tx, l.group, c.to+1, c.sum)
	})
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.first, l.base = c.to+1, c.sum
	l.bytes -= c.bytes
	return nil
}

// chunk is a run of records that one transaction deletes.
type chunk struct {
	to    uint64 // index of the last
	sum   uint64 // its checksum
	bytes int64
}

func (l *Log) chunk(tx *sqlite.Tx, first, to uint64) (chunk, error) {
	var c chunk
	rows := tx.Query(`SELECT id, sum, length(data) + length(ext) FROM log WHERE id BETWEEN ? AND ? ORDER BY id LIMIT ?`,
		key(l.group, first), key(l.group, to), chunkRecords)
	for c.bytes < chunkBytes && rows.Next() {
		c.to, c.sum = indexOf(rows.Int64(0)), uint64(rows.Int64(1))
		c.bytes += rows.Int64(2) + recordOverhead
	}
	if err := rows.Close(); err != nil {
		return c, err
	}
	if c.to == 0 {
		return c, l.file.rotten("index %d of group %d is missing", first, l.group)
	}
	return c, nil
}

// TruncateTail deletes the records from an index on. The caller knows that none of them is committed.
func (l *Log) TruncateTail(from uint64) error {
	l.mu.Lock()
	first, last, sum := l.first, l.last, l.base
	l.mu.Unlock()
	if from < first || from > last {
		return l.misuse("the log is to be deleted from %d on, and holds %d to %d", from, first, last)
	}
	var bytes int64
	err := l.file.do(func(tx *sqlite.Tx) error {
		if from > first {
			before, found, err := tx.Int64(`SELECT sum FROM log WHERE id = ?`, key(l.group, from-1))
			if err != nil {
				return err
			}
			if !found {
				return l.file.rotten("index %d of group %d is missing", from-1, l.group)
			}
			sum = uint64(before)
		}
		var err error
		bytes, _, err = tx.Int64(`SELECT sum(length(data) + length(ext)) FROM log WHERE id BETWEEN ? AND ?`,
			key(l.group, from), key(l.group, last))
		if err != nil {
			return err
		}
		return l.remove(tx, from, last)
	})
	if err != nil {
		return fmt.Errorf("truncating the log of group %d: %w", l.group, err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.last, l.sum = from-1, sum
	l.bytes -= bytes + int64(last-from+1)*recordOverhead
	return nil
}

func (l *Log) remove(tx *sqlite.Tx, from, to uint64) error {
	n, err := tx.Exec(`DELETE FROM log WHERE id BETWEEN ? AND ?`, key(l.group, from), key(l.group, to))
	if err != nil {
		return err
	}
	if want := int64(to - from + 1); n != want {
		return l.file.rotten("of the %d records of group %d from %d on, %d are missing", want, l.group, from, want-n)
	}
	return nil
}
