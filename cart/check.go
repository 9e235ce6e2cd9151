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
	rows = tx.Query(`SELECT c.id, c.status FROM carts c WHERE c.status <> 'completed'
		AND NOT EXISTS (SELECT 1 FROM timers t WHERE t.kind = 'cart.expire' AND t.subject = c.id AND t.due = c.expires)`)
	for rows.Next() {
		out = append(out, command.Violation{Rule: "cart.is_looked_after", Subject: rows.Text(0), Detail: "the " + rows.Text(1) + " cart will never expire"})
	}
	return out, rows.Close()
}
