package cart

import (
	"fmt"

	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/sqlite"
)

// check reports carts whose totals are not those of their lines.
func check(tx *sqlite.Tx) ([]command.Violation, error) {
	var out []command.Violation
	rows := tx.Query(`SELECT c.id, c.lines, c.total, count(l.sku), coalesce(sum(l.quantity * l.unit_price), 0)
		FROM carts c LEFT JOIN cart_lines l ON l.cart = c.id GROUP BY c.id
		HAVING c.lines <> count(l.sku) OR c.total <> coalesce(sum(l.quantity * l.unit_price), 0)`)
	for rows.Next() {
		out = append(out, command.Violation{Rule: "cart.lines_sum_up", Subject: rows.Text(0),
			Detail: fmt.Sprintf("the cart says %d lines and %d; its lines are %d and %d", rows.Int64(1), rows.Int64(2), rows.Int64(3), rows.Int64(4))})
	}
	return out, rows.Close()
}
