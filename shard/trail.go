package shard

import (
	"crypto/sha256"
	"fmt"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/sqlite"
)

// A footstep is a row of the trail: what somebody of the staff asked for, and
// what came of it.
type footstep struct {
	seq, at            int64
	principal, kind    string
	slot               int64
	refused            string
	firstEvent, events int64
	body               []byte
}

// footstepOf makes the row of a command that was told of in the events from
// first to before next.
func footstepOf(env command.Envelope, reply Reply, first, next int64) footstep {
	f := footstep{
		at: env.At, principal: env.Principal, kind: string(env.Kind), slot: int64(env.Slot),
		firstEvent: first, events: next - first,
	}
	if reply.Err != nil {
		f.refused = fault.CodeOf(reply.Err).String()
	}
	body := sha256.Sum256(env.Body)
	f.body = body[:]
	return f
}

// hash is that of the row behind one with the given hash.
func (f *footstep) hash(before []byte) []byte {
	h := sha256.New()
	h.Write(before)
	for _, n := range []int64{f.seq, f.at, f.slot, f.firstEvent, f.events} {
		writeInt(h, 'i', n)
	}
	for _, s := range []string{f.principal, f.kind, f.refused} {
		writeText(h, s)
	}
	h.Write(f.body)
	return h.Sum(nil)
}

// origin stands for the hash before the first row: a trail is that of one shard
// of one store.
func origin(tx *sqlite.Tx) ([]byte, error) {
	store, _, err := tx.Text(`SELECT store || ' ' || shard FROM meta WHERE one = 1`)
	sum := sha256.Sum256([]byte(store))
	return sum[:], err
}

// leave appends a row.
func (f *footstep) leave(tx *sqlite.Tx) error {
	before, found, err := tx.Blob(`SELECT hash FROM trail ORDER BY seq DESC LIMIT 1`)
	if err == nil && !found {
		before, err = origin(tx)
	}
	if err != nil {
		return err
	}
	if f.seq, _, err = tx.Int64(`SELECT trail + 1 FROM meta WHERE one = 1`); err != nil {
		return err
	}
	_, err = tx.Exec(`INSERT INTO trail (seq, at, principal, kind, slot, refused, first_event, events, body, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		f.seq, f.at, f.principal, f.kind, f.slot, f.refused, f.firstEvent, f.events, f.body, f.hash(before))
	if err == nil {
		_, err = tx.Exec(`UPDATE meta SET trail = ? WHERE one = 1`, f.seq)
	}
	return err
}

// checkTrail follows the hashes from the first row to the last.
func checkTrail(tx *sqlite.Tx, out []command.Violation) ([]command.Violation, error) {
	broken := func(format string, args ...any) []command.Violation {
		return append(out, command.Violation{Rule: "shard.trail_is_unbroken", Subject: "trail", Detail: fmt.Sprintf(format, args...)})
	}
	before, err := origin(tx)
	if err != nil {
		return out, err
	}
	want, _, err := tx.Int64(`SELECT trail FROM meta WHERE one = 1`)
	if err != nil {
		return out, err
	}
	seq := int64(0)
	rows := tx.Query(`SELECT seq, at, principal, kind, slot, refused, first_event, events, body, hash FROM trail ORDER BY seq`)
	for rows.Next() {
		f := footstep{
			seq: rows.Int64(0), at: rows.Int64(1), principal: rows.Text(2), kind: rows.Text(3), slot: rows.Int64(4),
			refused: rows.Text(5), firstEvent: rows.Int64(6), events: rows.Int64(7), body: rows.Blob(8),
		}
		hash := rows.Blob(9)
		if seq++; f.seq != seq {
			return broken("record %d is missing", seq), rows.Close()
		}
		if string(f.hash(before)) != string(hash) {
			return broken("record %d is not what was written, or follows on another one", seq), rows.Close()
		}
		before = hash
	}
	if err := rows.Close(); err != nil {
		return out, err
	}
	if seq != want {
		return broken("there are %d records, not %d", seq, want), nil
	}
	return out, nil
}
