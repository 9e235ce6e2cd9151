package downloads

import (
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/sqlite"
)

// check reports downloads that nobody had a right to, and links to nothing.
func check(tx *sqlite.Tx) ([]command.Violation, error) {
	var out []command.Violation
	for _, r := range rules {
		found, err := command.Breaches(tx, "downloads."+r.name, r.query, r.detail)
		if err != nil {
			return nil, err
		}
		out = append(out, found...)
	}
	return out, nil
}

// rules are the invariants. What was delivered is never taken back from the
// line's count, so the limits hold for what was delivered in all.
var rules = [...]struct{ name, query, detail string }{
	{
		name: "within_the_limit",
		query: `SELECT c.order_id || ' line ' || c.line || ' file ' || c.file, c.used, coalesce(json_extract(l.digital, '$.downloads'), 0) * l.shipped AS most
			FROM download_counts c JOIN order_lines l ON l.order_id = c.order_id AND l.line = c.line WHERE most > 0 AND c.used > most`,
		detail: "it was downloaded %d times, at most %d are allowed",
	},
	{
		name: "was_delivered",
		query: `SELECT c.order_id || ' line ' || c.line || ' file ' || c.file, c.used, coalesce(l.shipped, 0) AS delivered FROM download_counts c
			LEFT JOIN order_lines l ON l.order_id = c.order_id AND l.line = c.line WHERE delivered = 0`,
		detail: "it was downloaded %d times, and %d units were delivered",
	},
	{
		name: "of_a_file",
		query: `SELECT c.order_id || ' line ' || c.line || ' file ' || c.file, c.file, coalesce(json_array_length(l.digital, '$.files'), 0) AS files
			FROM (SELECT order_id, line, file FROM download_counts UNION ALL SELECT order_id, line, file FROM download_links) c
			LEFT JOIN order_lines l ON l.order_id = c.order_id AND l.line = c.line WHERE c.file > files`,
		detail: "file %d is counted or linked of %d",
	},
	{
		name:   "on_the_orders_slot",
		query:  `SELECT o.id, o.slot, c.slot FROM download_counts c JOIN orders o ON o.id = c.order_id WHERE o.slot <> c.slot UNION ALL SELECT o.id, o.slot, c.slot FROM download_links c JOIN orders o ON o.id = c.order_id WHERE o.slot <> c.slot`,
		detail: "the order is on slot %d, its downloads on %d",
	},
	{
		name: "digital_is_known",
		query: `SELECT o.id, o.digital, count(l.line) FROM orders o LEFT JOIN order_lines l ON l.order_id = o.id AND (coalesce(json_array_length(l.digital, '$.files'), 0) > 0 OR json_extract(l.digital, '$.gift_card') IS NOT NULL)
			GROUP BY o.id HAVING o.digital <> (count(l.line) > 0)`,
		detail: "the order says %d of whether it has files or gift cards, and %d of its lines have",
	},
}
