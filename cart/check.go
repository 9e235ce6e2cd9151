package cart

import (
	"fmt"

	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/sqlite"
)

// check reports carts whose totals are not those of their lines, and transfers
// that say more than the guest's cart does where both are on this shard, and
// carts that would be kept for ever.
func check(tx *sqlite.Tx) ([]command.Violation, error) {
	var out []command.Violation
	rows := tx.Query(`SELECT c.id, c.lines, c.total, count(l.sku), coalesce(sum(l.quantity * l.unit_price), 0)
		FROM carts c LEFT JOIN cart_lines l ON l.cart = c.id GROUP BY c.id
		HAVING c.lines <> count(l.sku) OR c.total <> coalesce(sum(l.quantity * l.unit_price), 0)`)
	for rows.Next() {
		out = append(out, command.Violation{Rule: "cart.lines_sum_up", Subject: rows.Text(0),
			Detail: fmt.Sprintf("the cart says %d lines and %d; its lines are %d and %d", rows.Int64(1), rows.Int64(2), rows.Int64(3), rows.Int64(4))})
	}
	if err := rows.Close(); err != nil {
		return nil, err
	}
	rows = tx.Query(`SELECT t.guest, t.lines, c.status, c.lines FROM cart_transfers t JOIN carts c ON c.id = t.guest
		WHERE c.status NOT IN ('merging', 'merged') OR t.lines > c.lines OR (c.status = 'merged' AND t.lines <> c.lines)`)
	for rows.Next() {
		out = append(out, command.Violation{Rule: "cart.transfer_once", Subject: rows.Text(0),
			Detail: fmt.Sprintf("%d lines were taken over; the guest's cart is %s with %d", rows.Int64(1), rows.Text(2), rows.Int64(3))})
	}
	if err := rows.Close(); err != nil {
		return nil, err
	}
	held, err := checkHeld(tx)
	if err != nil {
		return nil, err
	}
	out = append(out, held...)
	for _, r := range deliveryRules {
		found, err := command.Breaches(tx, r.name, r.query, "%d where there should be %d")
		if err != nil {
			return nil, err
		}
		out = append(out, found...)
	}
	rows = tx.Query(`SELECT c.id, c.status FROM carts c WHERE c.status <> 'completed'
		AND NOT EXISTS (SELECT 1 FROM timers t WHERE t.kind = 'cart.expire' AND t.subject = c.id AND t.due = c.expires)`)
	for rows.Next() {
		out = append(out, command.Violation{Rule: "cart.is_looked_after", Subject: rows.Text(0), Detail: "the " + rows.Text(1) + " cart will never expire"})
	}
	return out, rows.Close()
}

// deliveryRules are what must hold of a cart's deliveries.
var deliveryRules = [...]struct{ name, query string }{
	{"cart.line_has_its_delivery", `SELECT l.cart || ' line ' || l.n, 0, l.delivery FROM cart_lines l WHERE l.delivery > 1
		AND NOT EXISTS (SELECT 1 FROM cart_deliveries d WHERE d.cart = l.cart AND d.n = l.delivery)`},
	{"cart.deliveries_are_numbered", `SELECT d.cart, max(d.n), c.last_delivery FROM cart_deliveries d JOIN carts c ON c.id = d.cart
		GROUP BY d.cart HAVING max(d.n) > c.last_delivery`},
}

// checkHeld reports carts whose goods are not set aside as they say.
func checkHeld(tx *sqlite.Tx) ([]command.Violation, error) {
	var out []command.Violation
	for _, r := range []struct{ rule, query string }{
		{"cart.hold_is_looked_after", `SELECT c.id, 'nothing lets go of what is set aside for it' FROM carts c WHERE c.held_until > 0
			AND NOT EXISTS (SELECT 1 FROM timers t WHERE t.kind = 'cart.release' AND t.subject = c.id AND t.due = c.held_until)`},
		{"cart.says_what_it_holds", `SELECT c.id, format('the cart says until %d, the hold %d', c.held_until, coalesce(h.expires, 0))
			FROM carts c LEFT JOIN holds h ON h.reservation = c.id WHERE c.held_until <> coalesce(h.expires, 0)`},
		{"cart.holds_what_is_in_it", `SELECT c.id, format('%d of %s are set aside and %d are in it', r.quantity, r.pool, coalesce(sum(l.quantity), 0))
			FROM carts c JOIN reservation_lines r ON r.reservation = c.id
			LEFT JOIN cart_lines l ON l.cart = c.id AND l.hold_minutes > 0 AND substr(r.pool, 1, length(l.variant) + 1) = l.variant || '@'
			GROUP BY c.id, r.pool HAVING r.quantity > coalesce(sum(l.quantity), 0)`},
	} {
		rows := tx.Query(r.query)
		for rows.Next() {
			out = append(out, command.Violation{Rule: r.rule, Subject: rows.Text(0), Detail: rows.Text(1)})
		}
		if err := rows.Close(); err != nil {
			return nil, err
		}
	}
	return out, nil
}
