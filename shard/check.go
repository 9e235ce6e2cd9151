package shard

import (
	"fmt"
	"strings"

	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/sqlite"
)

// check reports violations of the kernel's own invariants in a snapshot.
func check(tx *sqlite.Tx) ([]command.Violation, error) {
	var out []command.Violation
	rows := tx.Query(`SELECT m.first_event, m.next_event, coalesce(min(o.seq), m.first_event), coalesce(max(o.seq) + 1, m.first_event), count(o.seq) FROM meta m LEFT JOIN outbox o`)
	for rows.Next() {
		first, next, n := rows.Int64(0), rows.Int64(1), rows.Int64(4)
		if rows.Int64(2) != first || rows.Int64(3) != next || n != next-first {
			out = append(out, command.Violation{Rule: "shard.outbox_without_gaps", Subject: "outbox",
				Detail: fmt.Sprintf("there are %d events from %d to %d; there should be all from %d to %d", n, rows.Int64(2), rows.Int64(3)-1, first, next-1)})
		}
	}
	if err := rows.Close(); err != nil {
		return out, err
	}
	out, err := checkTrail(tx, out)
	if err != nil {
		return out, err
	}
	return checkFile(tx, out)
}

// checkFile has SQLite compare pages, rows, constraints and indexes. What it
// cannot see is a changed value that no index holds and no constraint forbids:
// its pages have no checksums. Only a replay of the log finds that.
func checkFile(tx *sqlite.Tx, out []command.Violation) ([]command.Violation, error) {
	rows := tx.Query(`PRAGMA integrity_check(20)`)
	for rows.Next() {
		if text := strings.Join(strings.Fields(rows.Text(0)), " "); text != "ok" {
			out = append(out, command.Violation{Rule: "shard.file_is_intact", Subject: "file", Detail: text})
		}
	}
	return out, rows.Close()
}
