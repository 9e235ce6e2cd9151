package checkout

import (
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/sqlite"
)

// A rule of check: the query returns a subject and a detail for each breach.
type rule struct{ name, query string }

// taken is what lines of orders take from pools: units of their own, or those
// of their parts, of which the first units of the line take the first.
const taken = `WITH taken(order_id, pool, quantity, shipped, returned) AS (
	SELECT order_id, pool, quantity - canceled, shipped, returned FROM order_lines WHERE pool <> ''
	UNION ALL SELECT l.order_id, p.value ->> 'pool',
		max(0, min(p.value ->> 'quantity', (l.quantity - l.canceled) * (p.value ->> 'each') - coalesce(p.value ->> 'from', 0))),
		max(0, min(p.value ->> 'quantity', l.shipped * (p.value ->> 'each') - coalesce(p.value ->> 'from', 0))),
		max(0, min(p.value ->> 'quantity', l.returned * (p.value ->> 'each') - coalesce(p.value ->> 'from', 0)))
	FROM order_lines l JOIN json_each(l.parts) p WHERE l.parts <> '')
`

// rules hold in every snapshot of a shard, since all that they speak of moves
// in one transaction.
var rules = [...]rule{
	{"checkout.pending_order_holds_its_stock", `SELECT o.id, 'no hold' FROM orders o
		WHERE o.status = 'pending' AND NOT EXISTS (SELECT 1 FROM holds h WHERE h.reservation = o.id)
			AND EXISTS (SELECT 1 FROM order_lines l WHERE l.order_id = o.id AND (l.pool <> '' OR l.parts <> ''))`},
	{"checkout.hold_has_a_pending_order", `SELECT h.reservation, coalesce(o.status, 'no order') FROM holds h
		LEFT JOIN orders o ON o.id = h.reservation WHERE coalesce(o.status, '') <> 'pending'
			AND NOT EXISTS (SELECT 1 FROM carts c WHERE c.id = h.reservation)`},
	{"checkout.order_has_its_goods", taken + `SELECT l.order_id, format('%d of %s, %d shipped and %d returned; set aside for it are %d, %d and %d', sum(l.quantity), l.pool,
			sum(l.shipped), sum(l.returned), coalesce(r.quantity, 0), coalesce(r.shipped, 0), coalesce(r.returned, 0))
		FROM taken l JOIN orders o ON o.id = l.order_id
		LEFT JOIN reservation_lines r ON r.reservation = l.order_id AND r.pool = l.pool
		WHERE o.status IN ('pending', 'placed') GROUP BY l.order_id, l.pool
		HAVING (sum(l.quantity), sum(l.shipped), sum(l.returned)) <> (coalesce(r.quantity, 0), coalesce(r.shipped, 0), coalesce(r.returned, 0))`},
	{"checkout.sold_goods_have_an_order", `SELECT DISTINCT r.reservation, coalesce(o.status, 'no order') FROM reservation_lines r
		LEFT JOIN orders o ON o.id = r.reservation
		WHERE coalesce(o.status, '') <> 'placed' AND NOT EXISTS (SELECT 1 FROM holds h WHERE h.reservation = r.reservation)`},
	{"checkout.used_promotion_has_an_order", `SELECT r.order_id, coalesce(o.status, 'no order') || ' uses ' || r.of FROM redemptions r
		LEFT JOIN orders o ON o.id = r.order_id WHERE coalesce(o.status, '') NOT IN ('pending', 'placed')`},
	{"checkout.used_promotion_is_held", `SELECT u.order_id, format('it uses %d of %s and holds %d', u.quantity, u.pool, coalesce(l.quantity, 0))
		FROM (SELECT order_id, of || '@uses' AS pool, 1 AS quantity FROM redemptions WHERE uses = 1
			UNION ALL SELECT order_id, of || '@' || budget, amount FROM redemptions WHERE budget <> '' AND amount > 0) u
		LEFT JOIN reservation_lines l ON l.reservation = u.order_id AND l.pool = u.pool
		WHERE coalesce(l.quantity, 0) <> u.quantity`},
	{"checkout.held_limit_is_used", `SELECT l.reservation, format('it holds %d of %s and uses none, or %d are shipped', l.quantity, l.pool, l.shipped)
		FROM reservation_lines l WHERE (l.pool GLOB 'cpn_*' OR l.pool GLOB 'prm_*') AND (l.shipped > 0 OR NOT EXISTS (
			SELECT 1 FROM redemptions r WHERE r.order_id = l.reservation AND (r.uses = 1 AND l.pool = r.of || '@uses'
				OR r.budget <> '' AND l.pool = r.of || '@' || r.budget)))`},
	// What is used later than a limit was set is within it, so all that has one is within the highest.
	{"checkout.customer_within_limit", `SELECT coalesce(nullif(customer, ''), 'a guest'), format('%d uses of %s, of which they have %d', sum(units), of, max(per_customer))
		FROM redemptions WHERE per_customer > 0 GROUP BY customer, of HAVING sum(units) > max(per_customer) OR customer = ''`},
	{"checkout.pending_order_has_a_timer", `SELECT o.id, 'nothing will finish it' FROM orders o
		WHERE o.status = 'pending' AND NOT EXISTS (SELECT 1 FROM timers t WHERE t.kind = 'checkout.recover' AND t.subject = o.id AND t.due = o.due)`},
	{"checkout.pending_order_locks_its_cart", `SELECT o.id, c.status || ' ' || c.order_id FROM orders o JOIN carts c ON c.id = o.cart
		WHERE o.status = 'pending' AND (c.status <> 'locking' OR c.order_id <> o.id)`},
	{"checkout.placed_order_completed_its_cart", `SELECT o.id, c.status || ' ' || c.order_id FROM orders o JOIN carts c ON c.id = o.cart
		WHERE o.placed_at > 0 AND (c.status <> 'completed' OR c.order_id <> o.id)`},
	{"checkout.open_payment_has_a_timer", `SELECT a.id, a.state FROM attempts a JOIN orders o ON o.id = a.order_id
		WHERE a.further = 1 AND o.status = 'placed' AND a.state IN ('created', 'unknown', 'needs_action', 'pending')
			AND NOT EXISTS (SELECT 1 FROM timers t WHERE t.kind = 'checkout.pay' AND t.subject = a.id)`},
	{"checkout.notice_has_a_timer", `SELECT DISTINCT n.order_id, 'nobody deals with what ' || n.provider || ' has told' FROM notices n
		WHERE n.done = 0 AND NOT EXISTS (SELECT 1 FROM timers t WHERE t.kind = 'checkout.hear' AND t.subject = n.order_id)`},
	// On terms, it is paid later. What changes have added may be due still, even of an order that was free.
	{"checkout.placed_order_is_paid", `SELECT id, payment_status FROM orders
		WHERE status = 'placed' AND terms IS NULL AND total > (SELECT coalesce(sum(c.added), 0) FROM order_changes c WHERE c.order_id = orders.id)
			AND NOT (payment_status = 'voided' AND shipped > 0) AND payment_status NOT IN ('authorized', 'partially_paid', 'paid', 'partially_refunded', 'refunded', 'overcharged')`},
}

// check reports checkouts whose parts contradict each other.
func check(tx *sqlite.Tx) ([]command.Violation, error) {
	var out []command.Violation
	for _, r := range rules {
		found, err := command.Breaches(tx, r.name, r.query, "found %v")
		if err != nil {
			return nil, err
		}
		out = append(out, found...)
	}
	return out, nil
}
