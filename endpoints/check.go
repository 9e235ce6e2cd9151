package endpoints

import (
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/sqlite"
)

// check reports endpoints that cannot be signed for or read, and logs that grow.
func check(tx *sqlite.Tx) ([]command.Violation, error) {
	var out []command.Violation
	for _, rule := range []struct{ name, query, detail string }{
		{"endpoints.one_newest_secret", `SELECT e.id FROM endpoints e
			WHERE (SELECT count(*) FROM endpoint_secrets s WHERE s.endpoint = e.id AND s.expires_at = 0) <> 1 ORDER BY 1`,
			"has no newest secret, or two of them"},
		{"endpoints.endpoint_has_key", `SELECT e.id FROM endpoints e LEFT JOIN subject_keys k ON k.subject = e.id AND k.erased = 0
			WHERE k.subject IS NULL ORDER BY 1`, "has no data key"},
		{"endpoints.log_is_bounded", `SELECT endpoint FROM deliveries d GROUP BY endpoint
			HAVING count(*) > 500 OR max(n) >= (SELECT next_delivery FROM endpoints e WHERE e.id = d.endpoint) ORDER BY 1`,
			"has more deliveries in its log than it keeps, or some from the future"},
	} {
		rows := tx.Query(rule.query)
		for rows.Next() {
			out = append(out, command.Violation{Rule: rule.name, Subject: rows.Text(0), Detail: rule.detail})
		}
		if err := rows.Close(); err != nil {
			return nil, err
		}
	}
	return out, nil
}
