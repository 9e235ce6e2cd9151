package orders

import (
	"fmt"

	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/sqlite"
	"github.com/keelshop/commerce/pricing"
)

// check reports orders that contradict their lines, their fulfilments, their
// returns or the statuses that follow from them, and carts that were sold
// twice.
func check(tx *sqlite.Tx) ([]command.Violation, error) {
	var out []command.Violation
	for _, r := range rules {
		found, err := command.Breaches(tx, "orders."+r.name, r.query, r.detail)
		if err != nil {
			return nil, err
		}
		out = append(out, found...)
	}
	rows := tx.Query(selectOrder)
	for rows.Next() {
		o, err := scanOrder(rows)
		if err != nil {
			out = append(out, command.Violation{Rule: "orders.derivation_is_readable", Subject: rows.Text(0), Detail: err.Error()})
			continue
		}
		if off := offBy(o.Promotions); len(o.Promotions) > 0 && off != o.Discount.Minor() {
			out = append(out, command.Violation{Rule: "orders.promotions_sum_up", Subject: string(o.ID),
				Detail: fmt.Sprintf("the order's discount is %d, its promotions come to %d", o.Discount.Minor(), off)})
		}
		if sum := sumOf(o.Taxes); len(o.Taxes) > 0 && sum != o.Tax.Minor() {
			out = append(out, command.Violation{Rule: "orders.taxes_sum_up", Subject: string(o.ID),
				Detail: fmt.Sprintf("the order's tax is %d, its taxes come to %d", o.Tax.Minor(), sum)})
		}
		pay := paymentStatus(o.Total.Minor(), o.Authorized.Minor(), o.Captured.Minor(), o.Voided.Minor(), o.Refunded.Minor())
		ship := fulfilmentStatus(o.Status, o.Units, o.Shipped)
		if pay != o.PaymentStatus || ship != o.FulfilmentStatus {
			out = append(out, command.Violation{Rule: "orders.status_is_derived", Subject: string(o.ID),
				Detail: fmt.Sprintf("payment %s, fulfilment %s; they follow as %s, %s", o.PaymentStatus, o.FulfilmentStatus, pay, ship)})
		}
	}
	return out, rows.Close()
}

// offBy returns what promotions take off goods.
func offBy(promotions []pricing.Applied) (sum int64) {
	for _, a := range promotions {
		sum += a.Amount - a.Shipping
	}
	return sum
}

func sumOf(taxes []pricing.TaxSum) (sum int64) {
	for _, t := range taxes {
		sum += t.Amount
	}
	return sum
}

// rules are the invariants that SQL can tell. Each query returns a subject and
// the two numbers that should agree.
var rules = [...]struct{ name, query, detail string }{
	{
		name: "lines_sum_up",
		query: `SELECT o.id, o.subtotal, coalesce(sum(l.total), 0) FROM orders o LEFT JOIN order_lines l ON l.order_id = o.id
			GROUP BY o.id HAVING o.subtotal <> coalesce(sum(l.total), 0)`,
		detail: "the order's subtotal is %d, that of its lines %d",
	},
	{
		name: "discounts_sum_up",
		query: `SELECT o.id, o.discount, sum(l.discount) FROM orders o JOIN order_lines l ON l.order_id = o.id
			GROUP BY o.id HAVING o.discount <> sum(l.discount)`,
		detail: "the order's discount is %d, that of its lines %d",
	},
	{
		name: "tax_sums_up",
		query: `SELECT o.id, o.tax, o.shipping_tax + sum(l.tax) FROM orders o JOIN order_lines l ON l.order_id = o.id
			GROUP BY o.id HAVING o.tax <> o.shipping_tax + sum(l.tax)`,
		detail: "the order's tax is %d, that of its lines and of shipping %d",
	},
	{
		name: "gross_sums_up",
		query: `SELECT o.id, o.total, sum(l.gross) + o.shipping + iif(o.tax_included, 0, o.shipping_tax) AS rows
			FROM orders o JOIN order_lines l ON l.order_id = o.id GROUP BY o.id HAVING o.total <> rows`,
		detail: "the order's total is %d, its lines and shipping come to %d",
	},
	{
		name: "tax_is_in_or_on_all_lines",
		query: `SELECT l.order_id || ' line ' || l.line, l.total - l.discount, iif(o.tax_included, l.gross, l.net) AS base
			FROM orders o JOIN order_lines l ON l.order_id = o.id WHERE l.total - l.discount <> base`,
		detail: "the line costs %d, its amount by the order's kind of prices is %d",
	},
	{
		name: "units_sum_up",
		query: `SELECT o.id, o.units, coalesce(sum(l.quantity), 0) FROM orders o LEFT JOIN order_lines l ON l.order_id = o.id
			GROUP BY o.id HAVING o.units <> coalesce(sum(l.quantity), 0)`,
		detail: "the order has %d units, its lines %d",
	},
	{
		name: "shipped_sums_up",
		query: `SELECT o.id, o.shipped, coalesce(sum(l.shipped), 0) FROM orders o LEFT JOIN order_lines l ON l.order_id = o.id
			GROUP BY o.id HAVING o.shipped <> coalesce(sum(l.shipped), 0)`,
		detail: "%d units of the order have shipped, %d of its lines",
	},
	{
		name: "returned_sums_up",
		query: `SELECT o.id, o.returned, coalesce(sum(l.returned), 0) FROM orders o LEFT JOIN order_lines l ON l.order_id = o.id
			GROUP BY o.id HAVING o.returned <> coalesce(sum(l.returned), 0)`,
		detail: "%d units of the order have come back, %d of its lines",
	},
	{
		name: "fulfilments_sum_up",
		query: `SELECT l.order_id || ' line ' || l.line, l.shipped, (SELECT coalesce(sum(f.quantity), 0) FROM fulfilments h
				JOIN fulfilment_lines f ON f.fulfilment = h.id WHERE h.order_id = l.order_id AND f.line = l.line) AS left_house
			FROM order_lines l WHERE l.shipped <> left_house`,
		detail: "%d units have shipped, %d by its fulfilments",
	},
	{
		name: "returns_sum_up",
		query: `SELECT l.order_id || ' line ' || l.line, l.returned, (SELECT coalesce(sum(b.quantity), 0) FROM returns h
				JOIN return_lines b ON b.return_id = h.id WHERE h.order_id = l.order_id AND b.line = l.line) AS came_back
			FROM order_lines l WHERE l.returned <> came_back`,
		detail: "%d units have come back, %d by its returns",
	},
	{
		name: "returns_are_granted",
		query: `SELECT o.id, o.refund_granted, sum(r.amount) FROM orders o JOIN returns r ON r.order_id = o.id
			GROUP BY o.id HAVING o.refund_granted < sum(r.amount)`,
		detail: "%d was granted back, its returns are worth %d",
	},
	{
		name:   "canceled_is_granted",
		query:  `SELECT id, refund_granted, captured FROM orders WHERE status = 'canceled' AND refund_granted < captured`,
		detail: "the canceled order has granted back %d of %d captured",
	},
	{
		name:   "cart_sold_once",
		query:  `SELECT cart, count(*), min(created_at) FROM orders WHERE status <> 'canceled' AND cart <> '' GROUP BY cart HAVING count(*) > 1`,
		detail: "%d orders hold this cart, the first since %d",
	},
}
