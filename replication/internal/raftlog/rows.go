package raftlog

import "github.com/keelshop/commerce/internal/sqlite"

// The statements that change the file, each with the checksum of its row.

func insert(tx *sqlite.Tx, group uint32, recs []Record, sums []uint64) error {
	for i := range recs {
		r := &recs[i]
		_, err := tx.Exec(`INSERT INTO log (id, term, type, at, sum, data, ext) VALUES (?, ?, ?, ?, ?, ?, ?)`,
			key(group, r.Index), r.Term, int(r.Type), r.At, int64(sums[i]), orEmpty(r.Data), orEmpty(r.Ext))
		if err != nil {
			return err
		}
	}
	return nil
}

func writeHead(tx *sqlite.Tx, group uint32, first, base uint64) error {
	_, err := tx.Exec(`INSERT INTO head (grp, first, base, sum) VALUES (?, ?, ?, ?)
		ON CONFLICT (grp) DO UPDATE SET first = excluded.first, base = excluded.base, sum = excluded.sum`,
		int(group), first, int64(base), headSum(group, first, base))
	return err
}

func writeValue(tx *sqlite.Tx, group uint32, key string, value []byte) error {
	_, err := tx.Exec(`INSERT INTO stable (grp, key, value, sum) VALUES (?, ?, ?, ?)
		ON CONFLICT (grp, key) DO UPDATE SET value = excluded.value, sum = excluded.sum`,
		int(group), key, orEmpty(value), valueSum(group, key, value))
	return err
}

func writeMarker(tx *sqlite.Tx, group uint32, m Marker) error {
	_, err := tx.Exec(`INSERT INTO snapshot (grp, idx, term, durable, confidx, conf, sum) VALUES (?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (grp) DO UPDATE SET idx = excluded.idx, term = excluded.term, durable = excluded.durable,
			confidx = excluded.confidx, conf = excluded.conf, sum = excluded.sum`,
		int(group), m.Index, m.Term, m.Durable, m.ConfigurationIndex, orEmpty(m.Configuration), markerSum(group, m))
	return err
}

func writeMeta(tx *sqlite.Tx, m meta) error {
	_, err := tx.Exec(`INSERT INTO meta (one, format, node, store, clean, sum) VALUES (1, ?, ?, ?, ?, ?)
		ON CONFLICT (one) DO UPDATE SET format = excluded.format, node = excluded.node, store = excluded.store,
			clean = excluded.clean, sum = excluded.sum`,
		m.format, m.node, m.store, m.clean, m.sum())
	return err
}

// writeClean notes whether the file is closed in order.
func writeClean(tx *sqlite.Tx, clean bool) error {
	m, err := readMeta(tx)
	if err != nil {
		return err
	}
	m.clean = clean
	return writeMeta(tx, m)
}

func headSum(group uint32, first, base uint64) int64 {
	return rowSum("head", []uint64{uint64(group), first, base})
}

func valueSum(group uint32, key string, value []byte) int64 {
	return rowSum("stable", []uint64{uint64(group)}, key, string(value))
}

func markerSum(group uint32, m Marker) int64 {
	return rowSum("snapshot", []uint64{uint64(group), m.Index, m.Term, m.Durable, m.ConfigurationIndex},
		string(m.Configuration))
}

// orEmpty replaces nil, which would be stored as NULL.
func orEmpty(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

// orNil is the opposite: an entry without content is nil again when it is read.
func orNil(b []byte) []byte {
	if len(b) == 0 {
		return nil
	}
	return b
}
