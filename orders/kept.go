package orders

import (
	"time"

	"github.com/keelshop/commerce/catalog/assets"
	"github.com/keelshop/commerce/internal/sqlite"
)

// KeptTx returns how many units of an order's line have left and are the
// shopper's, and when the first of them left; zero if none has. None is theirs
// if all that was paid for the line, or for the order, goes back.
func KeptTx(tx *sqlite.Tx, o Order, l Line) (units int64, since time.Time, err error) {
	if l.Shipped == 0 {
		return 0, time.Time{}, nil
	}
	first, _, err := tx.Int64(`SELECT min(f.at) FROM fulfilments f JOIN fulfilment_lines w ON w.fulfilment = f.id WHERE f.order_id = ? AND w.line = ?`, o.ID, l.Number)
	if err != nil {
		return 0, time.Time{}, err
	}
	back, amount, err := grantedBack(tx, o.ID, l.Number)
	switch {
	case err != nil:
		return 0, time.Time{}, err
	case o.Captured.IsPositive() && o.RefundGranted.Minor() >= o.Captured.Minor(), l.Gross.IsPositive() && amount >= l.Gross.Minor():
		return 0, instant(first), nil
	}
	// Units that were canceled are granted back, too, and have never left.
	return l.Shipped - max(l.Returned, back-l.Canceled), instant(first), nil
}

// grantedBack returns what was granted back for a line and not withdrawn.
func grantedBack(tx *sqlite.Tx, o ID, line int) (units, amount int64, err error) {
	rows := tx.One(`SELECT coalesce(sum(w.quantity), 0), coalesce(sum(w.amount), 0) FROM refund_grants g
		JOIN refund_grant_lines w ON w.order_id = g.order_id AND w.n = g.n
		WHERE g.order_id = ? AND w.line = ? AND g.state <> 'withdrawn'`, o, line)
	if rows.Next() {
		units, amount = rows.Int64(0), rows.Int64(1)
	}
	return units, amount, rows.Close()
}

// AssetsTx returns the files that were sold with the orders of a shard, for who
// copies a store with its files.
func AssetsTx(tx *sqlite.Tx) ([]assets.ID, error) {
	rows := tx.Query(`SELECT DISTINCT json_extract(f.value, '$.asset') FROM order_lines l, json_each(l.digital, '$.files') f WHERE l.digital IS NOT NULL ORDER BY 1`)
	var list []assets.ID
	for rows.Next() {
		list = append(list, assets.ID(rows.Text(0)))
	}
	return list, rows.Close()
}
