package pricing

import (
	"fmt"

	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/sqlite"
)

// check reports rules that cannot be read or used, and versions that the
// rules as a whole have not reached.
func check(tx *sqlite.Tx) ([]command.Violation, error) {
	version, err := versionTx(tx)
	if err != nil {
		return nil, err
	}
	var out []command.Violation
	rows := tx.Query(`SELECT kind, id, body, version FROM price_rules ORDER BY kind, id`)
	for rows.Next() {
		subject := rows.Text(0) + " " + rows.Text(1)
		if rows.Int64(3) > version {
			out = append(out, command.Violation{Rule: "pricing.versions_grow", Subject: subject,
				Detail: fmt.Sprintf("it is of version %d, the rules are at %d", rows.Int64(3), version)})
		}
		if err := usable(Kind(rows.Text(0)), rows.Blob(2)); err != nil {
			out = append(out, command.Violation{Rule: "pricing.rules_are_usable", Subject: subject, Detail: err.Error()})
		}
	}
	if err := rows.Close(); err != nil {
		return nil, err
	}
	rows = tx.Query(`SELECT customer, certificate, body FROM tax_exemptions ORDER BY customer, certificate`)
	for rows.Next() {
		var all []Exemption
		err := appendRule(&all, rows.Blob(2))
		if err == nil {
			err = all[0].Check()
		}
		if err == nil && all[0].Certificate != rows.Text(1) {
			err = fmt.Errorf("it is kept under %q", rows.Text(1))
		}
		if err != nil {
			out = append(out, command.Violation{Rule: "pricing.exemptions_are_usable", Subject: rows.Text(0), Detail: err.Error()})
		}
	}
	if err := rows.Close(); err != nil {
		return nil, err
	}
	return checkLimits(tx, out)
}

// checkLimits appends the limits of codes and promotions whose pools hold
// another number of uses, or another budget. How much of them is used is bound
// as goods are: see package inventory.
func checkLimits(tx *sqlite.Tx, out []command.Violation) ([]command.Violation, error) {
	type limited struct {
		subject, label string
		pools          string // all that the pools' names begin with
		body           []byte
	}
	var all []limited
	rows := tx.Query(`SELECT id, code, limits FROM coupons WHERE limits <> x'a0' ORDER BY id`)
	for rows.Next() {
		all = append(all, limited{"code " + rows.Text(1), "code " + rows.Text(1), rows.Text(0) + "@", rows.Blob(2)})
	}
	if err := rows.Close(); err != nil {
		return nil, err
	}
	for _, c := range all {
		var l Limits
		if err := command.Unmarshal(c.body, &l); err != nil {
			out = append(out, command.Violation{Rule: "pricing.limit_is_counted", Subject: c.subject, Detail: err.Error()})
			continue
		}
		found, err := l.uncounted(tx, c.label, c.pools)
		if err != nil {
			return nil, err
		}
		out = append(out, found...)
	}
	rows = tx.Query(`SELECT id, body FROM price_rules WHERE kind = 'promotion' ORDER BY id`)
	var promotions []Promotion
	for rows.Next() {
		_ = appendRule(&promotions, rows.Blob(1)) // what cannot be read was reported
	}
	if err := rows.Close(); err != nil {
		return nil, err
	}
	for _, p := range promotions {
		found, err := p.Limits.uncounted(tx, "promotion "+p.ID, "prm_")
		if err != nil {
			return nil, err
		}
		out = append(out, found...)
	}
	return out, nil
}

// uncounted returns what the pools of some limits hold differently. Their names
// begin with of, and they bear the label.
func (l Limits) uncounted(tx *sqlite.Tx, label, of string) (out []command.Violation, err error) {
	check := func(what string, want int64) error {
		have, _, err := tx.Int64(`SELECT coalesce(sum(on_hand), 0) FROM pools WHERE pool >= ? AND pool < ? AND sku = ? AND substr(pool, instr(pool, '@') + 1) = ?`,
			of, of+"\x7f", label, what)
		if err == nil && have != want {
			out = append(out, command.Violation{Rule: "pricing.limit_is_counted", Subject: label, Detail: fmt.Sprintf("its limit of %s is %d, and %d are counted", what, want, have)})
		}
		return err
	}
	if l.Uses > 0 {
		if err := check("uses", l.Uses); err != nil {
			return nil, err
		}
	}
	for _, b := range l.Budget {
		if err := check(string(b.Currency()), b.Minor()); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func usable(k Kind, body []byte) error {
	var r Rules
	if err := r.take(k, body); err != nil {
		return err
	}
	fresh, err := NewRules(r.Settings, r.taxZones, r.shippingZones, r.Promotions()...)
	if err != nil {
		return err
	}
	if _, err = fresh.WithQuantities(r.QuantityRules()...); err != nil {
		return err
	}
	_, err = fresh.WithFees(r.Fees()...)
	return err
}
