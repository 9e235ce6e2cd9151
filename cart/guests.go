package cart

import (
	"github.com/keelshop/commerce/internal/claim"
	"github.com/keelshop/commerce/internal/sqlite"
)

// BoughtByGuestTx returns the carts that guests with an e-mail address, by its
// hash, have bought on the shard of tx: at most limit, in the order of their IDs,
// of those behind one.
func BoughtByGuestTx(tx *sqlite.Tx, email claim.Hash, after ID, limit int) (out []ID, err error) {
	rows := tx.Query(`SELECT id FROM carts WHERE email_hash = ? AND status = 'completed' AND id > ? ORDER BY id LIMIT ?`, email[:], after, limit)
	for rows.Next() {
		out = append(out, ID(rows.Text(0)))
	}
	return out, rows.Close()
}
