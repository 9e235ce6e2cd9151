package command

import (
	"fmt"

	"github.com/keelshop/commerce/internal/sqlite"
)

// Breaches returns a Violation of the named rule for each row of query: its
// first column is the subject, and detail is a format for the others.
func Breaches(tx *sqlite.Tx, rule, query, detail string, args ...any) ([]Violation, error) {
	var out []Violation
	rows := tx.Query(query, args...)
	more := max(len(rows.Columns())-1, 0)
	for rows.Next() {
		values := make([]any, more)
		for i := range values {
			values[i] = rows.Value(i + 1)
		}
		out = append(out, Violation{Rule: rule, Subject: rows.Text(0), Detail: fmt.Sprintf(detail, values...)})
	}
	if err := rows.Close(); err != nil {
		return nil, fmt.Errorf("checking %s: %w", rule, err)
	}
	return out, nil
}
