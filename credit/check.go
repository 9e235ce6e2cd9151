package credit

import (
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/sqlite"
)

// rules hold in every snapshot of a shard: the query returns a subject and a
// detail for each breach.
var rules = [...]struct{ name, query string }{
	{"credit.held_by_payments", `SELECT b.id, format('%d are held, by payments %d', b.held, coalesce(sum(p.authorized - p.captured - p.voided), 0))
		FROM balances b LEFT JOIN balance_payments p ON p.balance = b.id
		GROUP BY b.id HAVING b.held <> coalesce(sum(p.authorized - p.captured - p.voided), 0)`},
	{"credit.spent_by_payments", `SELECT b.id, format('%d are spent, by payments %d', b.spent, coalesce(sum(p.captured - p.refunded), 0))
		FROM balances b LEFT JOIN balance_payments p ON p.balance = b.id
		GROUP BY b.id HAVING b.spent <> coalesce(sum(p.captured - p.refunded), 0)`},
	{"credit.owed_in_the_ledger", `SELECT b.id, format('%d are owed, in the ledger %d', b.issued - b.spent, -coalesce(sum(p.amount), 0))
		FROM balances b LEFT JOIN postings p ON p.order_id = b.id AND p.account = iif(b.kind = 'gift_card', 'gift_cards', 'store_credit')
		GROUP BY b.id HAVING b.issued - b.spent <> -coalesce(sum(p.amount), 0)`},
	{"credit.cards_are_of_a_line", `SELECT l.order_id || ' line ' || l.line, format('%d gift cards were handed over, %d are known', l.shipped, count(c.unit))
		FROM order_lines l LEFT JOIN sold_cards c ON c.order_id = l.order_id AND c.line = l.line
		WHERE json_extract(l.digital, '$.gift_card') IS NOT NULL GROUP BY l.order_id, l.line HAVING l.shipped <> count(c.unit) OR count(c.unit) <> coalesce(max(c.unit), 0)`},
	{"credit.cards_are_worth_their_price", `SELECT c.balance, format('sold for %d, its line says %d', c.amount, coalesce(l.unit_price, 0)) FROM sold_cards c
		LEFT JOIN order_lines l ON l.order_id = c.order_id AND l.line = c.line WHERE c.amount <> coalesce(l.unit_price, 0)`},
	{"credit.card_under_way_has_timer", `SELECT balance, state FROM sold_cards WHERE state IN ('due', 'asked_back')
		AND order_id NOT IN (SELECT subject FROM timers WHERE kind = 'credit.issue')`},
	{"credit.taken_back_is_granted", `SELECT c.balance, format('taken back, and granted %d times', count(g.n)) FROM sold_cards c
		LEFT JOIN refund_grants g ON g.order_id = c.order_id AND g.of = c.balance AND g.state = 'released'
		GROUP BY c.balance HAVING count(g.n) <> (c.state = 'taken_back')`},
	{"credit.sale_is_booked", `SELECT b.id, format('sold for %d, in the ledger for %d', b.sold, coalesce(sum(p.amount), 0)) FROM balances b
		LEFT JOIN postings p ON p.order_id = b.id AND p.account = 'gift_cards_sold' GROUP BY b.id HAVING b.sold <> coalesce(sum(p.amount), 0)`},
	{"credit.order_sells_its_cards", `SELECT o.id, format('its gift cards come to %d, in the ledger to %d', o.worth, o.booked) FROM (
		SELECT o.id, coalesce(sum(l.unit_price * (l.quantity - coalesce((SELECT sum(w.quantity) FROM refund_grants g JOIN refund_grant_lines w ON w.order_id = g.order_id AND w.n = g.n
				WHERE g.order_id = l.order_id AND w.line = l.line AND g.state = 'released'), 0))), 0) AS worth,
			-coalesce((SELECT sum(p.amount) FROM postings p WHERE p.order_id = o.id AND p.account = 'gift_cards_sold'), 0) AS booked
		FROM orders o JOIN order_lines l ON l.order_id = o.id AND json_extract(l.digital, '$.gift_card') IS NOT NULL
		WHERE o.status = 'placed' AND o.id NOT IN (SELECT subject FROM timers WHERE kind = 'payments.settle') GROUP BY o.id) o WHERE o.worth <> o.booked`},
	{"credit.payment_has_a_balance", `SELECT p.id, 'paid with ' || p.balance FROM balance_payments p
		LEFT JOIN balances b ON b.id = p.balance WHERE p.balance <> '' AND p.state <> 'declined' AND b.id IS NULL`},
}

func check(tx *sqlite.Tx) ([]command.Violation, error) {
	var out []command.Violation
	for _, r := range rules {
		found, err := command.Breaches(tx, r.name, r.query, "%v")
		if err != nil {
			return nil, err
		}
		out = append(out, found...)
	}
	return out, nil
}
