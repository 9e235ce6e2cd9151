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
	return out, rows.Close()
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
