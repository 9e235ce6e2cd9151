package credit

import (
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/sqlite"
)

// rules hold in every snapshot of a shard: the query returns a subject and a
// detail for each breach.
var rules = [...]struct{ name, query string }{
	{"credit.held_by_payments", `SELECT b.id, format('%d are held, by payments %d', b.held, coalesce(sum(p.authorized - p.captured - p.voided), 0))
		FROM balances b LEFT JOIN balance_payments p ON p.balance = b.id
		GROUP BY b.id HAVING b.held <> coalesce(sum(p.authorized - p.captured - p.voided), 0)`},
	{"credit.spent_by_payments", `SELECT b.id, format('%d are spent, by payments %d', b.spent, coalesce(sum(p.captured - p.refunded), 0))
		FROM balances b LEFT JOIN balance_payments p ON p.balance = b.id
		GROUP BY b.id HAVING b.spent <> coalesce(sum(p.captured - p.refunded), 0)`},
	{"credit.owed_in_the_ledger", `SELECT b.id, format('%d are owed, in the ledger %d', b.issued - b.spent, -coalesce(sum(p.amount), 0))
		FROM balances b LEFT JOIN postings p ON p.order_id = b.id AND p.account = iif(b.kind = 'gift_card', 'gift_cards', 'store_credit')
		GROUP BY b.id HAVING b.issued - b.spent <> -coalesce(sum(p.amount), 0)`},
	{"credit.payment_has_a_balance", `SELECT p.id, 'paid with ' || p.balance FROM balance_payments p
		LEFT JOIN balances b ON b.id = p.balance WHERE p.balance <> '' AND p.state <> 'declined' AND b.id IS NULL`},
}

func check(tx *sqlite.Tx) ([]command.Violation, error) {
	var out []command.Violation
	for _, r := range rules {
		found, err := command.Breaches(tx, r.name, r.query, "%v")
		if err != nil {
			return nil, err
		}
		out = append(out, found...)
	}
	return out, nil
}
