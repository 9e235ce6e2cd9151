package payments

import (
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/sqlite"
)

// check reports violations of the package's invariants in one shard's
// snapshot.
func check(tx *sqlite.Tx) ([]command.Violation, error) {
	var out []command.Violation
	for _, r := range rules {
		found, err := command.Breaches(tx, r.name, r.query, r.detail, r.args...)
		if err != nil {
			return nil, err
		}
		out = append(out, found...)
	}
	found, err := unkept(tx)
	return append(out, found...), err
}

// A rule finds its violations by a query for a subject and two numbers.
type rule struct {
	name, query, detail string
	args                []any
}

var rules = []rule{
	{
		name: "payments.ledger_balance",
		query: `SELECT order_id || ' ' || txn, sum(amount), count(*) FROM postings
			GROUP BY order_id, txn, currency HAVING sum(amount) <> 0`,
		detail: "debits and credits differ by %d over %d postings",
	},
	{
		name: "payments.order_authorized",
		query: `SELECT o.id, o.authorized, coalesce(sum(a.authorized), 0) FROM orders o LEFT JOIN attempts a ON a.order_id = o.id
			GROUP BY o.id HAVING o.authorized <> coalesce(sum(a.authorized), 0)`,
		detail: "the order has authorized %d, its payments %d",
	},
	{
		name: "payments.order_captured",
		query: `SELECT o.id, o.captured, coalesce(sum(a.captured), 0) FROM orders o LEFT JOIN attempts a ON a.order_id = o.id
			GROUP BY o.id HAVING o.captured <> coalesce(sum(a.captured), 0)`,
		detail: "the order has captured %d, its payments %d",
	},
	{
		name: "payments.order_voided",
		query: `SELECT o.id, o.voided, coalesce(sum(a.voided), 0) FROM orders o LEFT JOIN attempts a ON a.order_id = o.id
			GROUP BY o.id HAVING o.voided <> coalesce(sum(a.voided), 0)`,
		detail: "the order has voided %d, its payments %d",
	},
	{
		name: "payments.order_refunded",
		query: `SELECT o.id, o.refunded, coalesce(sum(a.refunded), 0) FROM orders o LEFT JOIN attempts a ON a.order_id = o.id
			GROUP BY o.id HAVING o.refunded <> coalesce(sum(a.refunded), 0)`,
		detail: "the order has refunded %d, its payments %d",
	},
	{
		name: "payments.refund_operations",
		query: `SELECT a.id, a.refunded, coalesce(sum(r.amount), 0) FROM attempts a
			LEFT JOIN operations r ON r.attempt = a.id AND r.kind = 'refund' AND r.state = 'succeeded'
			GROUP BY a.id HAVING a.refunded <> coalesce(sum(r.amount), 0)`,
		detail: "the payment has refunded %d, its operations %d",
	},
	{
		name: "payments.events_make_the_totals",
		query: `WITH made AS (SELECT a.*, coalesce(sum(e.authorized), 0) AS ea, coalesce(sum(e.captured), 0) AS ec, coalesce(sum(e.voided), 0) AS ev,
				coalesce(sum(e.refunded), 0) AS er FROM attempts a LEFT JOIN payment_events e ON e.attempt = a.id GROUP BY a.id)
			SELECT id || ' authorized', authorized, ea FROM made WHERE authorized <> ea
			UNION ALL SELECT id || ' captured', captured, ec FROM made WHERE captured <> ec
			UNION ALL SELECT id || ' voided', voided, ev FROM made WHERE voided <> ev
			UNION ALL SELECT id || ' refunded', refunded, er FROM made WHERE refunded <> er`,
		detail: "the payment has %d, what was learned of it comes to %d",
	},
	{
		name: "payments.last_event_says_the_state",
		query: `SELECT a.id, a.n, (SELECT count(*) FROM payment_events e WHERE e.attempt = a.id) FROM attempts a
			WHERE a.state <> coalesce((SELECT e.state FROM payment_events e WHERE e.attempt = a.id ORDER BY e.n DESC LIMIT 1), 'created')`,
		detail: "payment %d of its order is in another state than the last of the %d things learned of it",
	},
	{
		name: "payments.last_event_says_why",
		query: `SELECT a.id, a.n, (SELECT count(*) FROM payment_events e WHERE e.attempt = a.id) FROM attempts a WHERE a.state = 'declined'
			AND a.decline_code <> coalesce((SELECT e.decline_code FROM payment_events e WHERE e.attempt = a.id ORDER BY e.n DESC LIMIT 1), '')`,
		detail: "payment %d of its order was declined for another reason than the last of the %d things learned of it says",
	},
	{
		name: "payments.money_held",
		query: `SELECT o.id, o.captured - o.refunded, coalesce(sum(p.amount), 0) FROM orders o
			LEFT JOIN postings p ON p.order_id = o.id AND p.account LIKE 'provider:%'
			GROUP BY o.id HAVING o.captured - o.refunded <> coalesce(sum(p.amount), 0)`,
		detail: "the order holds %d, the ledger's provider accounts %d for it",
	},
	{
		name: "payments.sale_booked",
		query: `SELECT o.id, o.total, -coalesce(sum(p.amount), 0) FROM orders o
			LEFT JOIN postings p ON p.order_id = o.id AND (p.txn = 'sale' OR p.txn LIKE 'change %') AND p.account IN ('sales', 'gift_cards_sold', 'shipping', 'fees', 'tax_payable')
			WHERE o.status = 'placed' GROUP BY o.id HAVING o.total <> -coalesce(sum(p.amount), 0)`,
		detail: "the placed order's total is %d, the ledger's income from it %d",
	},
	{
		name: "payments.canceled_earns_nothing",
		query: `SELECT o.id, -sum(p.amount), count(*) FROM orders o JOIN postings p ON p.order_id = o.id
			WHERE o.status = 'canceled' AND p.account IN ('sales', 'gift_cards_sold', 'shipping', 'fees', 'tax_payable', 'returns')
			AND o.id NOT IN (SELECT subject FROM timers WHERE kind = ?) GROUP BY o.id HAVING sum(p.amount) <> 0`,
		args:   []any{TimerSettle},
		detail: "the canceled order still earns %d in %d postings, and no timer sees to it",
	},
	{
		name: "payments.nothing_forgotten",
		query: `SELECT o.id, o.authorized - o.captured - o.voided, o.captured - o.refunded FROM orders o
			WHERE o.status = 'canceled' AND (o.authorized > o.captured + o.voided OR o.captured > o.refunded)
			AND o.id NOT IN (SELECT subject FROM timers WHERE kind = ?)`,
		args:   []any{TimerSettle},
		detail: "the canceled order has %d authorized and %d captured, and no timer to give it back",
	},
	{
		name: "payments.payments_make_the_total",
		query: `SELECT o.id, o.total - o.on_terms AS paid, sum(a.amount) FROM orders o JOIN attempts a ON a.order_id = o.id
			WHERE o.status = 'pending' GROUP BY o.id HAVING paid <> sum(a.amount)`,
		detail: "%d is to be paid for the pending order, its payments are of %d",
	},
	{
		name: "payments.attempt_forgotten",
		query: `SELECT a.id, a.amount, count(*) FROM attempts a JOIN orders o ON o.id = a.order_id
			WHERE a.state IN ('created', 'unknown', 'needs_action', 'pending') AND o.status = 'canceled'
			AND o.id NOT IN (SELECT subject FROM timers WHERE kind = ?) GROUP BY a.id`,
		args:   []any{TimerSettle},
		detail: "the payment of %d is not decided (%d), its order is canceled, and no timer ends it",
	},
	{
		name: "payments.capture_forgotten",
		query: `SELECT a.id, a.authorized, a.voided FROM attempts a JOIN orders o ON o.id = a.order_id
			WHERE a.auto_capture = 2 AND o.status = 'placed' AND a.captured = 0 AND a.authorized > a.voided
			AND o.id NOT IN (SELECT subject FROM timers WHERE kind = ?)`,
		args:   []any{TimerSettle},
		detail: "of %d authorized (%d let go) nothing was captured for a placed order, and no timer sees to it",
	},
	{
		name: "payments.refund_forgotten",
		query: `SELECT o.id, o.refund_granted, o.refunded FROM orders o
			LEFT JOIN (SELECT order_id, sum(amount) AS worth FROM refund_grants WHERE state = 'released' AND source <> 'other' GROUP BY order_id) r ON r.order_id = o.id
			WHERE o.refund_granted - iif(o.status = 'canceled', 0, coalesce(r.worth - min(r.worth, max(0, o.captured - max(0, o.total - r.worth))), 0)) > o.refunded AND o.captured > o.refunded AND o.id NOT IN (SELECT subject FROM timers WHERE kind = ?)`,
		args:   []any{TimerSettle},
		detail: "of %d granted back only %d were refunded, and no timer sees to it",
	},
	{
		name: "payments.held_in_vain",
		query: `SELECT a.id, a.authorized - a.captured - a.voided AS open, o.authorized - o.voided - o.total - o.excess_granted
				+ coalesce(r.worth - min(r.worth, max(0, o.captured - max(0, o.total - r.worth))), 0) AS excess
			FROM attempts a JOIN orders o ON o.id = a.order_id
			LEFT JOIN (SELECT order_id, sum(amount) AS worth FROM refund_grants WHERE state = 'released' AND source <> 'other' GROUP BY order_id) r ON r.order_id = o.id
			WHERE (a.further = 1 AND a.state = 'authorized' AND a.captured = 0 OR a.state = 'captured') AND open > 0 AND open <= excess
			AND o.status = 'placed' AND o.id NOT IN (SELECT subject FROM timers WHERE kind = ?)`,
		args:   []any{TimerSettle},
		detail: "%d are authorized, the placed order has %d too much, and no timer lets go of it",
	},
	{
		name: "payments.discrepancy_is_of_its_order",
		query: `SELECT d.key || ' ' || d.kind, d.ours, d.theirs FROM discrepancies d LEFT JOIN attempts a ON a.id = d.key
			WHERE d.kind NOT IN ('unknown_payment', 'lost_payment') AND (a.id IS NULL OR a.order_id <> d.order_id OR a.provider <> d.provider)`,
		detail: "the store's %d and the provider's %d are not of a payment of this order",
	},
	{
		name: "payments.lost_is_not_ours",
		query: `SELECT d.key, d.back_amount, a.captured FROM discrepancies d JOIN attempts a ON a.id = d.key
			WHERE d.kind = 'lost_payment' AND d.back_state <> ''`,
		detail: "%d of it is given back as lost, and the store knows it with %d captured",
	},
	{
		name:   "payments.cleared_says_why",
		query:  `SELECT key || ' ' || kind, cleared_at, length(note) FROM discrepancies WHERE cleared_at > 0 AND note = ''`,
		detail: "somebody cleared it at %d and says in %d characters why",
	},
	{
		name: "payments.resolution_is_of_its_order",
		query: `SELECT r.attempt || '/' || r.operation, r.n, r.at FROM resolutions r LEFT JOIN attempts a ON a.id = r.attempt
			LEFT JOIN operations p ON p.attempt = r.attempt AND p.n = r.operation
			WHERE a.id IS NULL OR a.order_id <> r.order_id OR r.operation > 0 AND p.n IS NULL`,
		detail: "resolution %d, made at %d, is about nothing of its order",
	},
	{
		name: "payments.operation_forgotten",
		query: `SELECT attempt || '/' || n, amount, retry_at FROM operations
			WHERE state IN ('intent', 'unknown', 'pending') AND order_id NOT IN (SELECT subject FROM timers WHERE kind = ?)`,
		args:   []any{TimerSettle},
		detail: "the operation of %d is not final (asked again at %d), and no timer sees to it",
	},
}
