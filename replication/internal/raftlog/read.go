package raftlog

import (
	"fmt"

	"github.com/keelshop/commerce/internal/sqlite"
)

// Get returns the record with an index, from memory if it is recent. It checks what it reads from the file: damage
// stops the file. The record's data is shared; nobody may change it.
func (l *Log) Get(index uint64) (Record, error) {
	if rec, ok, err := l.remembered(index); ok || err != nil {
		return rec, err
	}
	got, err := reading(l.file, func() (fetched, error) { return l.file.fetch(l.group, index) })
	switch {
	case err == ErrClosed:
		return Record{}, err
	case err != nil:
		err = fmt.Errorf("reading index %d of group %d: %w", index, l.group, l.file.damage(err))
		l.file.fail(err)
		return Record{}, err
	}
	return l.verified(index, got.rec, got.before, got.sum)
}

// Newest returns the newest record of a type with an index up to upTo, and whether there is one. It looks at every
// record of the group and is meant for the start. Every thousand records that it has looked at it calls step.
func (l *Log) Newest(kind uint8, upTo uint64, step func()) (rec Record, found bool, err error) {
	const piece = 1000
	first := l.First()
	for to := min(upTo, l.Last()); first > 0 && to >= first; to -= piece {
		from := max(first, to-min(to, piece-1))
		index, err := reading(l.file, func() (uint64, error) { return l.file.newest(l.group, kind, from, to) })
		if err != nil {
			err = fmt.Errorf("looking through the log of group %d: %w", l.group, l.file.damage(err))
			l.file.fail(err)
			return Record{}, false, err
		}
		step()
		if index > 0 {
			rec, err = l.Get(index)
			return rec, err == nil, err
		}
		if from == first {
			break
		}
	}
	return Record{}, false, nil
}

// newest returns the index of the newest record of a type between two others; 0 when there is none.
func (f *File) newest(group uint32, kind uint8, from, to uint64) (uint64, error) {
	id, found, err := f.reader.Tx().Int64(`SELECT id FROM log WHERE id BETWEEN ? AND ? AND type = ? ORDER BY id DESC LIMIT 1`,
		key(group, from), key(group, to), int(kind))
	if err != nil || !found {
		return 0, err
	}
	return indexOf(id), nil
}

func (l *Log) remembered(index uint64) (Record, bool, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if index < l.first || index > l.last {
		return Record{}, false, ErrNotFound
	}
	rec, ok := l.ring.get(index)
	return rec, ok, nil
}

// verified checks a record that was read. Meanwhile the log may have been truncated: then it is gone, not damaged.
func (l *Log) verified(index uint64, rec Record, before *uint64, sum uint64) (Record, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if index < l.first || index > l.last {
		return Record{}, ErrNotFound
	}
	if before == nil && index == l.first {
		before = &l.base
	}
	if before == nil || rec.Index != index || rec.sum(l.group, *before) != sum {
		err := l.file.rotten("index %d of group %d does not match its checksum", index, l.group)
		l.file.fail(err)
		return Record{}, err
	}
	return rec, nil
}

// fetched is a record and its checksum, and the checksum of the record before it when there is one. A record that is not
// there is a zero one.
type fetched struct {
	rec    Record
	sum    uint64
	before *uint64
}

func (f *File) fetch(group uint32, index uint64) (got fetched, err error) {
	rows := f.reader.Tx().Query(`SELECT id, sum, term, type, at, data, ext FROM log WHERE id BETWEEN ? AND ? ORDER BY id`,
		key(group, index-1), key(group, index))
	for rows.Next() {
		if indexOf(rows.Int64(0)) == index-1 {
			s := uint64(rows.Int64(1))
			got.before = &s
			continue
		}
		got.rec, got.sum = scan(rows), uint64(rows.Int64(1))
	}
	return got, rows.Err()
}

// scan reads a record from the columns id, sum, term, type, at, data, ext.
func scan(rows *sqlite.Rows) Record {
	return Record{
		Index: indexOf(rows.Int64(0)), Term: uint64(rows.Int64(2)), Type: uint8(rows.Int64(3)), At: rows.Int64(4),
		Data: orNil(rows.Blob(5)), Ext: orNil(rows.Blob(6)),
	}
}
