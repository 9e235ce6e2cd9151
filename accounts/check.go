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
		{"accounts.proof_on_one_slot", `SELECT p.customer FROM (SELECT customer, slot FROM credentials UNION ALL SELECT customer, slot FROM sessions
			UNION ALL SELECT customer, slot FROM letters) p JOIN customers c ON c.id = p.customer WHERE p.slot <> c.slot OR c.erased = 1 ORDER BY 1`,
			"has a password, a session or a letter elsewhere, or although erased"},
		{"accounts.expiry_has_timer", `SELECT customer FROM (SELECT customer FROM sessions UNION SELECT customer FROM letters)
			WHERE customer NOT IN (SELECT k.customer FROM credentials k JOIN timers t ON t.due = k.expire_due AND t.kind = 'accounts.expire' AND t.subject = k.customer)
			ORDER BY 1`, "has sessions or letters that nothing drops when they expire"},
		{"accounts.letter_to_the_address", `SELECT l.customer FROM letters l JOIN customers c ON c.id = l.customer
			WHERE l.email_claim IS NOT c.email_claim ORDER BY 1`, "has a letter to another e-mail address than theirs"},
		{"accounts.failures_have_timer", `SELECT hex(hash) FROM login_failures WHERE due NOT IN (SELECT due FROM timers WHERE kind = 'accounts.forget') ORDER BY 1`,
			"are failed log-ins that nothing forgets"},
	} {
		found, err := command.Breaches(tx, rule.name, rule.query, rule.detail)
		if err != nil {
			return nil, err
		}
		out = append(out, found...)
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
