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
	for _, r := range deliveryRules {
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
		pay, ship := o.derive()
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
		query: `SELECT o.id, o.tax, o.shipping_tax + o.own_fees_tax + sum(l.tax) AS rows FROM orders o JOIN order_lines l ON l.order_id = o.id
			GROUP BY o.id HAVING o.tax <> rows`,
		detail: "the order's tax is %d, that of its lines, fees and shipping %d",
	},
	{
		name: "gross_sums_up",
		query: `SELECT o.id, o.total, sum(l.gross) + o.own_fees + o.shipping + iif(o.tax_included, 0, o.own_fees_tax + o.shipping_tax) AS rows
			FROM orders o JOIN order_lines l ON l.order_id = o.id GROUP BY o.id HAVING o.total <> rows`,
		detail: "the order's total is %d, its lines, fees and shipping come to %d",
	},
	{
		name: "fees_sum_up",
		query: `SELECT o.id, o.fees, o.own_fees + coalesce(sum(l.fees), 0) AS rows FROM orders o LEFT JOIN order_lines l ON l.order_id = o.id
			GROUP BY o.id HAVING o.fees <> rows`,
		detail: "the order's fees are %d, those of its own and of its lines %d",
	},
	{
		name: "own_fees_are_listed",
		query: `SELECT o.id, o.own_fees, coalesce(sum(f.amount), 0) FROM orders o LEFT JOIN order_fees f ON f.order_id = o.id AND f.line = 0
			GROUP BY o.id HAVING (o.own_fees, o.own_fees_tax) <> (coalesce(sum(f.amount), 0), coalesce(sum(f.tax), 0))`,
		detail: "the order's own fees are %d, %d are listed, or their tax differs",
	},
	{
		name: "line_fees_are_listed",
		query: `SELECT l.order_id || ' line ' || l.line, l.fees, (SELECT coalesce(sum(f.amount), 0) FROM order_fees f WHERE f.order_id = l.order_id AND f.line = l.line) AS listed
			FROM order_lines l WHERE l.fees <> listed
			UNION ALL SELECT f.order_id || ' fee ' || f.n, f.amount, 0 FROM order_fees f
			WHERE f.line > 0 AND NOT EXISTS (SELECT 1 FROM order_lines l WHERE l.order_id = f.order_id AND l.line = f.line)`,
		detail: "the fees on the line are %d, %d are listed for it",
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
		name: "canceled_sums_up",
		query: `SELECT o.id, o.canceled, coalesce(sum(l.canceled), 0) FROM orders o LEFT JOIN order_lines l ON l.order_id = o.id
			GROUP BY o.id HAVING o.canceled <> coalesce(sum(l.canceled), 0)`,
		detail: "%d units of the order are canceled, %d of its lines",
	},
	{
		name: "cancellations_are_granted",
		query: `SELECT l.order_id || ' line ' || l.line, l.canceled, (SELECT coalesce(sum(w.quantity), 0) FROM refund_grants g
				JOIN refund_grant_lines w ON w.order_id = g.order_id AND w.n = g.n
				WHERE g.order_id = l.order_id AND w.line = l.line AND g.source <> 'return') AS granted
			FROM order_lines l WHERE l.canceled > granted`,
		detail: "%d units are canceled, %d by its refunds",
	},
	{
		name: "changes_are_granted",
		query: `SELECT c.order_id || ' change ' || c.n, c.back, coalesce(g.amount, 0) FROM order_changes c
			LEFT JOIN refund_grants g ON g.order_id = c.order_id AND g.of = 'change ' || c.n AND g.source = 'change'
			WHERE c.back <> coalesce(g.amount, 0)`,
		detail: "the change gave back %d, %d was granted for it",
	},
	{
		name: "changes_are_within_the_order",
		query: `SELECT o.id, o.total, sum(c.added) FROM orders o JOIN order_changes c ON c.order_id = o.id
			GROUP BY o.id HAVING sum(c.added) > o.total`,
		detail: "the order comes to %d, its changes alone to %d",
	},
	{
		name: "parcels_sum_up",
		query: `SELECT f.id, f.units, coalesce(sum(l.quantity), 0) FROM fulfilments f LEFT JOIN fulfilment_lines l ON l.fulfilment = f.id
			GROUP BY f.id HAVING f.units <> coalesce(sum(l.quantity), 0)`,
		detail: "the parcel has %d units, its lines %d",
	},
	{
		name: "delivered_sums_up",
		query: `SELECT o.id, o.delivered, coalesce(sum(f.units), 0) FROM orders o LEFT JOIN fulfilments f ON f.order_id = o.id AND f.status = 'delivered'
			GROUP BY o.id HAVING o.delivered <> coalesce(sum(f.units), 0)`,
		detail: "%d units of the order have arrived, %d in its parcels",
	},
	{
		name: "returns_sum_up",
		query: `SELECT l.order_id || ' line ' || l.line, l.returned, (SELECT coalesce(sum(b.received), 0) FROM returns h
				JOIN return_lines b ON b.return_id = h.id WHERE h.order_id = l.order_id AND b.line = l.line) AS came_back
			FROM order_lines l WHERE l.returned <> came_back`,
		detail: "%d units have come back, %d by its returns",
	},
	{
		name: "returns_were_shipped",
		query: `SELECT l.order_id || ' line ' || l.line, l.shipped, (SELECT coalesce(sum(iif(h.state IN ('requested', 'approved'), b.quantity, b.received)), 0)
				FROM returns h JOIN return_lines b ON b.return_id = h.id WHERE h.order_id = l.order_id AND b.line = l.line) AS asked
			FROM order_lines l WHERE asked > l.shipped`,
		detail: "%d units have shipped, %d are back or to come back",
	},
	{
		name: "grants_sum_up",
		query: `SELECT o.id, o.refund_granted, coalesce(sum(g.amount), 0) AS released FROM orders o
			LEFT JOIN refund_grants g ON g.order_id = o.id AND g.state = 'released' WHERE o.status <> 'canceled'
			GROUP BY o.id HAVING o.refund_granted <> released`,
		detail: "%d is owed back, %d was released",
	},
	{
		name: "excess_sums_up",
		query: `SELECT o.id, o.excess_granted, coalesce(sum(g.excess), 0) FROM orders o LEFT JOIN refund_grants g ON g.order_id = o.id
			GROUP BY o.id HAVING o.excess_granted <> coalesce(sum(g.excess), 0)`,
		detail: "%d of what is owed back was paid too much, %d by its grants",
	},
	{
		name:   "excess_was_paid",
		query:  `SELECT id, excess_granted, captured FROM orders WHERE excess_granted > captured`,
		detail: "%d were given back as paid too much of %d captured",
	},
	{
		name: "grant_lines_sum_up",
		query: `SELECT g.order_id || ' refund ' || g.n, g.goods, coalesce(sum(l.amount), 0) FROM refund_grants g
			LEFT JOIN refund_grant_lines l ON l.order_id = g.order_id AND l.n = g.n
			GROUP BY g.order_id, g.n HAVING g.goods <> coalesce(sum(l.amount), 0)`,
		detail: "%d is granted for goods, %d for its lines",
	},
	{
		name: "line_is_granted_once",
		query: `SELECT l.order_id || ' line ' || l.line, l.gross, sum(w.amount) FROM order_lines l JOIN refund_grant_lines w ON w.order_id = l.order_id AND w.line = l.line
			JOIN refund_grants g ON g.order_id = w.order_id AND g.n = w.n AND g.state <> 'withdrawn'
			GROUP BY l.order_id, l.line HAVING sum(w.amount) > l.gross OR sum(w.quantity) > l.quantity`,
		detail: "the line cost %d, %d was granted back for it",
	},
	{
		name: "shipping_is_granted_once",
		query: `SELECT o.id, o.shipping + iif(o.tax_included, 0, o.shipping_tax) AS cost, sum(g.shipping) FROM orders o
			JOIN refund_grants g ON g.order_id = o.id AND g.state <> 'withdrawn' GROUP BY o.id HAVING sum(g.shipping) > cost`,
		detail: "shipping cost %d, %d was granted back for it",
	},
	{
		name: "fees_are_granted_once",
		query: `SELECT o.id, o.own_fees + iif(o.tax_included, 0, o.own_fees_tax) AS cost, sum(g.fees) FROM orders o
			JOIN refund_grants g ON g.order_id = o.id AND g.state <> 'withdrawn' GROUP BY o.id HAVING sum(g.fees) > cost`,
		detail: "its own fees cost %d, %d was granted back for them",
	},
	{
		name:   "canceled_is_granted",
		query:  `SELECT id, refund_granted, captured FROM orders WHERE status = 'canceled' AND refund_granted < captured`,
		detail: "the canceled order has granted back %d of %d captured",
	},
	{
		name:   "own_number_is_unique",
		query:  `SELECT substr(id, 1, 21) AS head, count(*), min(created_at) FROM orders GROUP BY head HAVING count(*) > 1`,
		detail: "%d orders have this number, the first since %d",
	},
	{
		name: "numbers_have_no_gaps",
		query: `SELECT 'sequence ' || s.prefix, s.next - s.first, count(n.n) AS taken FROM order_sequences s LEFT JOIN order_numbers n ON n.prefix = s.prefix
			GROUP BY s.prefix HAVING s.next - s.first <> taken OR taken > 0 AND (min(n.n) <> s.first OR max(n.n) <> s.next - 1)`,
		detail: "%d numbers were given, %d are known",
	},
	{
		name:   "number_is_of_its_sequence",
		query:  `SELECT order_id, n, length(number) FROM order_numbers WHERE number <> prefix || n`,
		detail: "it is number %d, and its text of %d characters says another",
	},
	{
		name: "terms_are_watched",
		query: `SELECT id, payment_due, total FROM orders WHERE terms IS NOT NULL AND status = 'placed' AND overdue_at IS NULL AND ` + owing + `
			AND NOT EXISTS (SELECT 1 FROM timers t WHERE t.kind = 'orders.overdue' AND t.subject = orders.id)`,
		detail: "payable by %d, nothing sees that %d are paid",
	},
	{
		name: "letters_are_about_units",
		query: `SELECT t.order_id || ' line ' || t.line, t.unit, coalesce(l.quantity, 0) AS units FROM order_letters t
			LEFT JOIN order_lines l ON l.order_id = t.order_id AND l.line = t.line WHERE t.unit > units`,
		detail: "a letter is about unit %d, there are %d",
	},
	{
		name:   "cart_sold_once",
		query:  `SELECT cart, count(*), min(created_at) FROM orders WHERE status <> 'canceled' AND cart <> '' GROUP BY cart HAVING count(*) > 1`,
		detail: "%d orders hold this cart, the first since %d",
	},
}
