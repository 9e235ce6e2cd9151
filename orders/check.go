package orders

import (
	"fmt"

	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/sqlite"
)

// check reports orders that contradict their lines, their returns or the
// statuses that follow from them.
func check(tx *sqlite.Tx) ([]command.Violation, error) {
	var out []command.Violation
	if err := checkLineSums(tx, &out); err != nil {
		return nil, err
	}
	if err := checkGrants(tx, &out); err != nil {
		return nil, err
	}
	rows := tx.Query(selectOrder)
	for rows.Next() {
		o := scanOrder(rows)
		pay := paymentStatus(o.Total.Minor(), o.Authorized.Minor(), o.Captured.Minor(), o.Voided.Minor(), o.Refunded.Minor())
		ship := fulfilmentStatus(o.Status, o.Units, o.Shipped)
		if pay != o.PaymentStatus || ship != o.FulfilmentStatus {
			out = append(out, command.Violation{Rule: "orders.status_is_derived", Subject: string(o.ID),
				Detail: fmt.Sprintf("payment %s, fulfilment %s; they follow as %s, %s", o.PaymentStatus, o.FulfilmentStatus, pay, ship)})
		}
	}
	return out, rows.Close()
}

func checkLineSums(tx *sqlite.Tx, out *[]command.Violation) error {
	rows := tx.Query(`SELECT o.id, o.subtotal, o.units, o.shipped, o.returned, coalesce(sum(l.total), 0), coalesce(sum(l.quantity), 0), coalesce(sum(l.shipped), 0), coalesce(sum(l.returned), 0)
		FROM orders o LEFT JOIN order_lines l ON l.order_id = o.id GROUP BY o.id
		HAVING o.subtotal <> sum(l.total) OR o.units <> sum(l.quantity) OR o.shipped <> sum(l.shipped) OR o.returned <> sum(l.returned) OR count(l.line) = 0`)
	for rows.Next() {
		*out = append(*out, command.Violation{Rule: "orders.lines_sum_up", Subject: rows.Text(0),
			Detail: fmt.Sprintf("the order says subtotal %d, units %d, shipped %d, returned %d; its lines say %d, %d, %d, %d",
				rows.Int64(1), rows.Int64(2), rows.Int64(3), rows.Int64(4), rows.Int64(5), rows.Int64(6), rows.Int64(7), rows.Int64(8))})
	}
	return rows.Close()
}

func checkGrants(tx *sqlite.Tx, out *[]command.Violation) error {
	rows := tx.Query(`SELECT o.id, o.refund_granted, sum(r.amount) FROM orders o JOIN returns r ON r.order_id = o.id
		GROUP BY o.id HAVING o.refund_granted < sum(r.amount)`)
	for rows.Next() {
		*out = append(*out, command.Violation{Rule: "orders.returns_are_granted", Subject: rows.Text(0),
			Detail: fmt.Sprintf("%d granted, returns of %d", rows.Int64(1), rows.Int64(2))})
	}
	return rows.Close()
}
