package accounts

import (
	"context"
	"fmt"

	"github.com/keelshop/commerce/internal/claim"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/sqlite"
)

// check reports customers whose data key does not fit what they are, and
// addresses that belong to nobody or live elsewhere.
func check(tx *sqlite.Tx) ([]command.Violation, error) {
	var out []command.Violation
	for _, rule := range []struct{ name, query, detail string }{
		{"accounts.customer_has_key", `SELECT c.id FROM customers c LEFT JOIN subject_keys k ON k.subject = c.id
			WHERE k.subject IS NULL OR k.erased <> c.erased ORDER BY c.id`, "has no data key, or has one although erased"},
		{"accounts.erased_has_no_address", `SELECT a.id FROM addresses a JOIN customers c ON c.id = a.customer
			WHERE c.erased = 1 ORDER BY a.id`, "is an address of an erased customer"},
		{"accounts.one_slot", `SELECT a.id FROM addresses a JOIN customers c ON c.id = a.customer WHERE a.slot <> c.slot ORDER BY a.id`,
			"is not on its customer's slot"},
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

// CheckAcross reports e-mail addresses that are not claimed by the customer who
// has them, and claims on addresses that their customer does not have, over all
// shards. It is exact when no command is under way.
func (s *Service) CheckAcross(ctx context.Context) ([]command.Violation, error) {
	out, err := claim.Unheld(ctx, s.engine, ClaimKind, s.Holds)
	if err != nil {
		return nil, err
	}
	for c, err := range s.All(ctx, Filter{}) {
		if err != nil {
			return nil, err
		}
		h := s.emailClaim(c.Email)
		if h == nil {
			continue
		}
		owner, _, err := claim.Owner(ctx, s.engine, ClaimKind, *h)
		if err != nil {
			return nil, err
		}
		if owner != string(c.ID) {
			out = append(out, command.Violation{Rule: "accounts.email_is_claimed", Subject: string(c.ID),
				Detail: fmt.Sprintf("the e-mail address is claimed by %q", owner)})
		}
	}
	return out, nil
}
