package cart

import "github.com/keelshop/commerce/internal/command"

// Lock takes an active cart for a checkout that makes order of it. It returns
// a *StatusError that names the other order if a checkout has or had it, and a
// *VersionError if the cart is not at version. It is called in apply.
func Lock(tx *command.Tx, cart ID, version int64, order string) error {
	h, err := loadHeader(tx.Tx, cart)
	if err != nil {
		return err
	}
	h.frozen = "" // it can be bought
	if err := h.changeable(version); err != nil {
		return err
	}
	h.status, h.order = Locking, order
	_, err = h.save(tx)
	return err
}

// Unlock gives a cart back to its shopper when the checkout of order failed.
// It does nothing if another order has the cart by now. It is called in apply.
func Unlock(tx *command.Tx, cart ID, order string) error {
	return finish(tx, cart, order, Active, "")
}

// Complete ends a cart whose order is placed. It is called in apply.
func Complete(tx *command.Tx, cart ID, order string) error {
	return finish(tx, cart, order, Completed, order)
}

func finish(tx *command.Tx, cart ID, order string, next Status, keep string) error {
	_, err := tx.Exec(`UPDATE carts SET status = ?, order_id = ?, updated_at = ?, version = version + 1
		WHERE id = ? AND status = 'locking' AND order_id = ?`, next, keep, tx.At, cart, order)
	return err
}
