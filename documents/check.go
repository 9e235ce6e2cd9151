package documents

import (
	"context"
	"fmt"

	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/internal/sqlite"
)

// check reports documents that contradict their lines, their taxes, their order
// or its refunds, and series with gaps.
func check(tx *sqlite.Tx) ([]command.Violation, error) {
	var out []command.Violation
	for _, r := range rules {
		rows := tx.Query(r.query)
		for rows.Next() {
			out = append(out, command.Violation{Rule: "documents." + r.name, Subject: rows.Text(0),
				Detail: fmt.Sprintf(r.detail, rows.Int64(1), rows.Int64(2))})
		}
		if err := rows.Close(); err != nil {
			return nil, err
		}
	}
	var ids []ID
	rows := tx.Query(`SELECT id FROM documents`)
	for rows.Next() {
		ids = append(ids, ID(rows.Text(0)))
	}
	if err := rows.Close(); err != nil {
		return nil, err
	}
	for _, document := range ids {
		d, err := documentTx(tx, document)
		sum := int64(0)
		for _, t := range d.Taxes {
			sum += t.Amount
		}
		if err != nil || sum != d.Tax.Minor() {
			out = append(out, command.Violation{Rule: "documents.taxes_sum_up", Subject: string(document),
				Detail: fmt.Sprintf("its tax is %d, its taxes come to %d (%v)", d.Tax.Minor(), sum, err)})
		}
	}
	return out, nil
}

// rules are the invariants that SQL can tell. Each query returns a subject and
// the two numbers that should agree.
var rules = [...]struct{ name, query, detail string }{
	{
		name: "lines_sum_up",
		query: `SELECT d.id, d.gross, coalesce(sum(l.gross), 0) FROM documents d LEFT JOIN document_lines l ON l.document = d.id
			GROUP BY d.id HAVING d.gross <> coalesce(sum(l.gross), 0) OR d.tax <> coalesce(sum(l.tax), 0)`,
		detail: "it comes to %d, its lines to %d",
	},
	{
		name: "invoice_is_the_order",
		query: `SELECT o.id, o.total - coalesce((SELECT sum(c.added) FROM order_changes c WHERE c.order_id = o.id AND c.n > max(d.change_n)), 0) AS worth,
				sum(d.gross) + coalesce((SELECT sum(g.amount) FROM documented_grants c JOIN refund_grants g ON g.order_id = c.order_id AND g.n = c.n
					JOIN documents i ON i.id = c.document AND i.kind = 'invoice' WHERE c.order_id = o.id), 0) AS stated
			FROM documents d JOIN orders o ON o.id = d.order_id WHERE d.kind = 'invoice' GROUP BY o.id HAVING worth <> stated`,
		detail: "the order comes to %d, its invoices and the refunds before them to %d",
	},
	{
		name: "line_is_invoiced_once",
		query: `SELECT d.order_id || ' line ' || l.line, count(*), min(d.at) FROM documents d JOIN document_lines l ON l.document = d.id AND l.kind = 'goods'
			WHERE d.kind = 'invoice' GROUP BY d.order_id, l.line HAVING count(*) > 1`,
		detail: "it is on %d invoices, the first of %d",
	},
	{
		name: "credit_is_the_refund",
		query: `SELECT d.id, d.gross, coalesce(g.amount, 0) FROM documents d LEFT JOIN refund_grants g ON g.order_id = d.order_id AND g.n = d.grant_n AND g.state = 'released'
			WHERE d.kind = 'credit_note' AND d.grant_n > 0 AND d.gross <> coalesce(g.amount, 0)`,
		detail: "the credit note comes to %d, the refund to %d",
	},
	{
		name: "credit_has_the_refunds_tax",
		query: `SELECT d.id, d.tax, g.tax FROM documents d JOIN refund_grants g ON g.order_id = d.order_id AND g.n = d.grant_n
			WHERE d.kind = 'credit_note' AND d.grant_n > 0 AND (d.tax <> g.tax
				OR g.shipping_tax <> (SELECT coalesce(sum(l.tax), 0) FROM document_lines l WHERE l.document = d.id AND l.kind = 'shipping')
				OR g.fees_tax <> (SELECT coalesce(sum(l.tax), 0) FROM document_lines l WHERE l.document = d.id AND l.kind = 'fee'))`,
		detail: "the credit note has a tax of %d, the refund of %d, or they divide it otherwise",
	},
	{
		name: "credits_are_within_the_invoice",
		query: `SELECT o.id, sum(iif(d.kind = 'invoice', d.gross, 0)) AS invoiced, sum(iif(d.kind = 'invoice', 0, d.gross)) AS credited
			FROM documents d JOIN orders o ON o.id = d.order_id GROUP BY o.id HAVING credited > max(invoiced, o.captured)`,
		detail: "its invoices come to %d, its credit notes to %d",
	},
	{
		name:   "number_has_timer",
		query:  `SELECT id, at, 0 FROM documents WHERE number = '' AND id NOT IN (SELECT subject FROM timers WHERE kind = 'documents.number')`,
		detail: "nothing numbers the document of %d (%d)",
	},
	{
		name: "numbers_have_no_gaps",
		query: `SELECT 'series ' || s.series, s.next - 1, count(n.n) AS taken FROM document_series s LEFT JOIN document_numbers n ON n.series = s.series
			GROUP BY s.series HAVING s.next - 1 <> taken OR max(n.n) <> taken`,
		detail: "%d numbers were given, %d are known",
	},
	{
		name: "numbers_follow_the_dates",
		query: `SELECT 'document ' || a.number, a.issued_at, b.issued_at FROM document_numbers a JOIN document_numbers b ON b.series = a.series AND b.n = a.n + 1
			WHERE b.issued_at < a.issued_at`,
		detail: "it was issued at %d, the next at %d",
	},
}

// CheckNumbers reports documents whose number their series does not know. It
// reads the documents before the series, so what it reports is never a race.
func (s *Service) CheckNumbers(ctx context.Context) (out []command.Violation, err error) {
	numbers := map[string]ID{}
	for i := range s.engine.Shards() {
		err := s.engine.View(ctx, s.engine.SlotOn(i), func(tx *sqlite.Tx) error {
			rows := tx.Query(`SELECT number, id FROM documents WHERE number <> ''`)
			for rows.Next() {
				if other, taken := numbers[rows.Text(0)]; taken {
					out = append(out, command.Violation{Rule: "documents.number_is_unique", Subject: rows.Text(1), Detail: string(other) + " has number " + rows.Text(0) + ", too"})
				}
				numbers[rows.Text(0)] = ID(rows.Text(1))
			}
			return rows.Close()
		})
		if err != nil {
			return nil, err
		}
	}
	err = s.engine.View(ctx, id.StoreSlot, func(tx *sqlite.Tx) error {
		rows := tx.Query(`SELECT number, document FROM document_numbers`)
		for rows.Next() {
			if numbers[rows.Text(0)] == ID(rows.Text(1)) {
				delete(numbers, rows.Text(0))
			}
		}
		return rows.Close()
	})
	for number, d := range numbers {
		out = append(out, command.Violation{Rule: "documents.number_is_of_its_series", Subject: string(d), Detail: "no series has given it number " + number})
	}
	return out, err
}
