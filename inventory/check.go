package inventory

import (
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/sqlite"
)

// check reports violations of the invariants that hold within one shard.
func check(tx *sqlite.Tx) ([]command.Violation, error) {
	var out []command.Violation
	for _, r := range []struct{ rule, query string }{
		{"inventory.allowance_conservation", `SELECT pool, format('deposited %d = available %d + given back %d + reserved %d + shipped %d',
				deposited, available, given_back, reserved, shipped)
			FROM allowances WHERE deposited <> available + given_back + reserved + shipped
				OR min(available, given_back, reserved, shipped, returned) < 0 OR returned > shipped`},
		{"inventory.reserved", `SELECT coalesce(a.pool, r.pool), format('the allowance has reserved %d, shipped %d; reservations add up to %d and %d',
				a.reserved, a.shipped, r.reserved, r.shipped)
			FROM allowances AS a FULL JOIN (
				SELECT pool, sum(quantity - shipped) AS reserved, sum(shipped) AS shipped FROM reservation_lines GROUP BY pool
			) AS r ON r.pool = a.pool
			WHERE (coalesce(a.reserved, 0), coalesce(a.shipped, 0)) <> (coalesce(r.reserved, 0), coalesce(r.shipped, 0))`},
		{"inventory.held_goods_stay", `SELECT l.reservation, format('%d of %s have shipped and wait for a payment', l.shipped, l.pool)
			FROM reservation_lines AS l JOIN holds AS h ON h.reservation = l.reservation WHERE l.shipped > 0`},
		{"inventory.pool_conservation", `SELECT p.pool, format('on hand %d = unallocated %d + at shards %d - shortage %d',
				p.on_hand, p.unallocated, coalesce(g.out, 0), p.shortage)
			FROM pools AS p LEFT JOIN (SELECT pool, sum(granted - given_back - shipped) AS out FROM grants GROUP BY pool) AS g ON g.pool = p.pool
			WHERE p.on_hand <> p.unallocated + coalesce(g.out, 0) - p.shortage OR min(p.on_hand, p.unallocated, p.shortage) < 0`},
		{"inventory.grant_without_pool", `SELECT g.pool, format('shard %d was granted %d', g.shard, g.granted)
			FROM grants AS g WHERE NOT EXISTS (SELECT 1 FROM pools AS p WHERE p.pool = g.pool)`},
		{"inventory.movements", `SELECT p.pool, format('on hand is %d at version %d; %d movements add up to %d', p.on_hand, p.version, coalesce(m.n, 0), coalesce(m.total, 0))
			FROM pools AS p LEFT JOIN (SELECT pool, count(*) AS n, sum(quantity) AS total FROM movements GROUP BY pool) AS m ON m.pool = p.pool
			WHERE p.on_hand <> coalesce(m.total, 0) OR p.version <> coalesce(m.n, 0)`},
		{"inventory.movements_of_shards", `SELECT m.pool, format('shipped %d and returned %d by movements, %d and %d by shards', m.shipped, m.returned, coalesce(g.shipped, 0), coalesce(g.returned, 0))
			FROM (SELECT pool, -sum(iif(kind = 'shipped', quantity, 0)) AS shipped, sum(iif(kind = 'returned', quantity, 0)) AS returned
				FROM movements GROUP BY pool) AS m
			LEFT JOIN (SELECT pool, sum(shipped) AS shipped, sum(returned) AS returned FROM grants GROUP BY pool) AS g ON g.pool = m.pool
			WHERE m.shipped <> coalesce(g.shipped, 0) OR m.returned <> coalesce(g.returned, 0)`},
		{"inventory.transfers", `SELECT p.pool, format('%d were moved by transfers, which say %d', p.moved, p.said) FROM (
				SELECT o.pool, coalesce((SELECT sum(m.quantity) FROM movements m WHERE m.pool = o.pool AND m.kind = 'transferred'), 0) AS moved,
					coalesce((SELECT sum(t.received) FROM transfers t WHERE t.target = o.pool), 0)
						- coalesce((SELECT sum(t.sent) FROM transfers t WHERE t.source = o.pool), 0) AS said
				FROM (SELECT source AS pool FROM transfers UNION SELECT target FROM transfers UNION SELECT pool FROM movements WHERE kind = 'transferred') o
			) p WHERE p.moved <> p.said`},
		{"inventory.booking_scheduled", `SELECT pool, 'there is something to book and no timer for it' FROM allowances
			WHERE (given_back > booked_given_back OR shipped > booked_shipped OR returned > booked_returned)
				AND NOT EXISTS (SELECT 1 FROM bookings AS b JOIN timers AS t ON t.due = b.due AND t.kind = '` + TimerBook + `')`},
		{"inventory.recall_scheduled", `SELECT pool, format('%d are short and there is no timer for it', shortage - owed) FROM pools
			WHERE shortage > owed AND NOT EXISTS (SELECT 1 FROM timers AS t WHERE t.due = recall_due AND t.kind = '` + TimerRecall + `' AND t.subject = pool)`},
	} {
		found, err := command.Breaches(tx, r.rule, r.query, "%v")
		if err != nil {
			return nil, err
		}
		out = append(out, found...)
	}
	return out, nil
}
