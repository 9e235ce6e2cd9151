package raftlog

import "github.com/keelshop/commerce/internal/sqlite"

// load reads the whole file, checks it, and fills in the logs.
func (f *File) load() error {
	tx := f.conn.Tx()
	for _, step := range []func(*sqlite.Tx) error{f.loadHeads, f.loadMarkers, f.loadValues, f.loadRecords} {
		if err := step(tx); err != nil {
			return err
		}
	}
	for _, l := range f.logs {
		if err := l.checkMarker(); err != nil {
			return err
		}
	}
	return nil
}

func (f *File) loadHeads(tx *sqlite.Tx) error {
	rows := tx.Query(`SELECT grp, first, base, sum FROM head`)
	for rows.Next() {
		group, first, base := uint32(rows.Int64(0)), uint64(rows.Int64(1)), uint64(rows.Int64(2))
		if rows.Int64(3) != headSum(group, first, base) {
			rows.Close()
			return f.rotten("the row of group %d in head does not match its checksum", group)
		}
		l := newLog(f, group)
		l.exists, l.first, l.last, l.base, l.sum = true, first, first-1, base, base
		l.ring.reset(first)
		f.logs[group] = l
	}
	return rows.Err()
}

func (f *File) loadMarkers(tx *sqlite.Tx) error {
	rows := tx.Query(`SELECT grp, idx, term, durable, confidx, conf, sum FROM snapshot`)
	for rows.Next() {
		group := uint32(rows.Int64(0))
		m := Marker{
			Index: uint64(rows.Int64(1)), Term: uint64(rows.Int64(2)), Durable: uint64(rows.Int64(3)),
			ConfigurationIndex: uint64(rows.Int64(4)), Configuration: rows.Blob(5),
		}
		l := f.logs[group]
		if l == nil || rows.Int64(6) != markerSum(group, m) {
			rows.Close()
			return f.rotten("the row of group %d in snapshot does not match its checksum", group)
		}
		l.marker = m
	}
	return rows.Err()
}

func (f *File) loadValues(tx *sqlite.Tx) error {
	rows := tx.Query(`SELECT grp, key, value, sum FROM stable`)
	for rows.Next() {
		group, key, value := uint32(rows.Int64(0)), rows.Text(1), rows.Blob(2)
		l := f.logs[group]
		if l == nil || rows.Int64(3) != valueSum(group, key, value) {
			rows.Close()
			return f.rotten("%s of group %d in stable does not match its checksum", key, group)
		}
		l.values[key] = value
	}
	return rows.Err()
}

// loadRecords follows the chain of every group.
func (f *File) loadRecords(tx *sqlite.Tx) error {
	rows := tx.Query(`SELECT id, sum, term, type, at, data, ext FROM log ORDER BY id`)
	for rows.Next() {
		group, rec, sum := groupOf(rows.Int64(0)), scan(rows), uint64(rows.Int64(1))
		l := f.logs[group]
		if l == nil {
			rows.Close()
			return f.rotten("there are records of group %d, which has no row in head", group)
		}
		if rec.Index != l.last+1 {
			rows.Close()
			return f.rotten("index %d of group %d is missing", l.last+1, group)
		}
		if rec.sum(group, l.sum) != sum {
			rows.Close()
			return f.rotten("index %d of group %d does not match its checksum", rec.Index, group)
		}
		l.last, l.sum = rec.Index, sum
		l.bytes += rec.size()
	}
	return rows.Err()
}

// checkMarker checks that nothing is missing between the marker and the records.
func (l *Log) checkMarker() error {
	if l.first > l.marker.Index+1 {
		return l.file.rotten("group %d has a snapshot at %d, and its log begins at %d", l.group, l.marker.Index, l.first)
	}
	return nil
}
