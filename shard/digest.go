package shard

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash"
	"math"
	"strings"

	"github.com/keelshop/commerce/internal/sqlite"
)

// Digest returns a hash over the schema and every row of every table in a
// snapshot, and the index of the log entry that the snapshot is at. Two replicas at the same
// index have the same digest, and so has a fresh replay of the log.
func Digest(tx *sqlite.Tx) (sum [32]byte, applied uint64, err error) {
	h := sha256.New()
	if err := digestSchema(h, tx); err != nil {
		return sum, 0, err
	}
	tables, err := tableNames(tx)
	if err != nil {
		return sum, 0, err
	}
	for _, name := range tables {
		if err := digestTable(h, tx, name); err != nil {
			return sum, 0, fmt.Errorf("digest of table %s: %w", name, err)
		}
	}
	n, _, err := tx.Int64(`SELECT applied FROM meta WHERE one = 1`)
	return [32]byte(h.Sum(nil)), uint64(n), err
}

// TableDigests is Digest by table, to find where two replicas differ. The
// schema is under "sqlite_schema".
func TableDigests(tx *sqlite.Tx) (map[string][32]byte, error) {
	tables, err := tableNames(tx)
	if err != nil {
		return nil, err
	}
	schema := sha256.New()
	if err := digestSchema(schema, tx); err != nil {
		return nil, err
	}
	out := map[string][32]byte{"sqlite_schema": [32]byte(schema.Sum(nil))}
	for _, name := range tables {
		h := sha256.New()
		if err := digestTable(h, tx, name); err != nil {
			return nil, err
		}
		out[name] = [32]byte(h.Sum(nil))
	}
	return out, nil
}

// digestSchema covers tables, indexes and triggers as they were written down: a
// changed CHECK is a changed shard.
func digestSchema(h hash.Hash, tx *sqlite.Tx) error {
	rows := tx.Query(`SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite~_stat%' ESCAPE '~' ORDER BY type, name`)
	for rows.Next() {
		for i := range 4 {
			writeAny(h, rows.Value(i))
		}
	}
	return rows.Close()
}

func tableNames(tx *sqlite.Tx) ([]string, error) {
	rows := tx.Query(`SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite~_%' ESCAPE '~' ORDER BY name`)
	var names []string
	for rows.Next() {
		names = append(names, rows.Text(0))
	}
	return names, rows.Close()
}

func digestTable(h hash.Hash, tx *sqlite.Tx, name string) error {
	keys := tx.Query(`SELECT name FROM pragma_table_info(?) WHERE pk > 0 ORDER BY pk`, name)
	var order []string
	for keys.Next() {
		order = append(order, quote(keys.Text(0)))
	}
	if err := keys.Close(); err != nil {
		return err
	}
	if len(order) == 0 {
		return fmt.Errorf("table %s has no primary key to order it by", name)
	}
	writeText(h, name)
	rows := tx.Query(`SELECT * FROM ` + quote(name) + ` ORDER BY ` + strings.Join(order, ", "))
	n := len(rows.Columns())
	for rows.Next() {
		for i := range n {
			writeAny(h, rows.Value(i))
		}
	}
	return rows.Close()
}

func quote(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

func writeText(h hash.Hash, s string) {
	writeInt(h, 't', int64(len(s)))
	h.Write([]byte(s))
}

func writeInt(h hash.Hash, kind byte, v int64) {
	var b [9]byte
	b[0] = kind
	binary.BigEndian.PutUint64(b[1:], uint64(v))
	h.Write(b[:])
}

func writeAny(h hash.Hash, v any) {
	switch v := v.(type) {
	case nil:
		h.Write([]byte{'n'})
	case int64:
		writeInt(h, 'i', v)
	case float64:
		writeInt(h, 'f', int64(math.Float64bits(v)))
	case string:
		writeText(h, v)
	case []byte:
		writeInt(h, 'b', int64(len(v)))
		h.Write(v)
	}
}
