package claim

import (
	"context"
	"fmt"

	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/sqlite"
)

// check reports reserved claims that no timer would ever settle.
func check(tx *sqlite.Tx) ([]command.Violation, error) {
	var out []command.Violation
	rows := tx.Query(`SELECT c.kind, c.hash, c.owner, c.due FROM claims c WHERE c.state = 'reserved' ORDER BY c.kind, c.hash`)
	defer rows.Close()
	for rows.Next() {
		name, owner, due := subject(rows.Text(0), Hash(rows.Blob(1))), rows.Text(2), rows.Int64(3)
		_, found, err := tx.Int64(`SELECT 1 FROM timers WHERE due = ? AND kind = ? AND subject = ?`, due, TimerKind, name)
		if err != nil {
			return nil, err
		}
		if !found {
			out = append(out, command.Violation{Rule: "claim.reserved_has_timer", Subject: name,
				Detail: fmt.Sprintf("reserved by %s and no timer is due at %d", owner, due)})
		}
	}
	return out, rows.Err()
}

// pageSize is how many claims one snapshot is read for.
const pageSize = 500

// Unheld reports confirmed claims of a kind whose owner does not have the
// value, over all shards: nobody else could ever take it. It is exact when
// nothing is under way.
func Unheld(ctx context.Context, e command.Engine, kind string, holds Holder) ([]command.Violation, error) {
	var out []command.Violation
	for shard := range e.Shards() {
		for after := (Hash{}); ; {
			page, err := confirmed(ctx, e, shard, kind, after)
			if err != nil {
				return nil, fmt.Errorf("reading the claims of shard %d: %w", shard, err)
			}
			if len(page) == 0 {
				break
			}
			after = page[len(page)-1].hash
			for _, c := range page {
				held, err := holds(ctx, kind, c.hash, c.owner)
				if err != nil {
					return nil, fmt.Errorf("asking whether %s holds a claim: %w", c.owner, err)
				}
				if !held {
					out = append(out, command.Violation{Rule: "claim.confirmed_is_held", Subject: subject(kind, c.hash),
						Detail: "claimed by " + c.owner + ", which does not have it"})
				}
			}
		}
	}
	return out, nil
}

func confirmed(ctx context.Context, e command.Engine, shard int, kind string, after Hash) (page []row, err error) {
	err = e.View(ctx, e.SlotOn(shard), func(tx *sqlite.Tx) error {
		rows := tx.Query(`SELECT hash, owner FROM claims WHERE kind = ? AND hash > ? AND state = 'confirmed' ORDER BY hash LIMIT ?`, kind, after[:], pageSize)
		for rows.Next() {
			page = append(page, row{kind: kind, hash: Hash(rows.Blob(0)), owner: rows.Text(1)})
		}
		return rows.Close()
	})
	return page, err
}
