package cart

import "github.com/keelshop/commerce/internal/command"

// Lock takes an active cart, which the caller has read in this transaction, for
// a checkout that makes order of it. It returns what MayLock does. It is called
// in apply.
func Lock(tx *command.Tx, c Cart, version int64, order string) error {
	if err := MayLock(c, version); err != nil {
		return err
	}
	_, err := tx.Exec(`UPDATE carts SET status = 'locking', order_id = ?, updated_at = ?, touched = ?, version = version + 1 WHERE id = ?`, order, tx.At, tx.Clock, c.ID)
	return err
}

// LetGo lets go of what is set aside for a cart, which the caller has read in
// this transaction, so that a checkout can take it. It is called in apply.
func LetGo(tx *command.Tx, c Stored) error {
	h := header{id: c.ID, heldUntil: c.HeldUntil, heldFor: c.heldFor}
	return h.unreserve(tx)
}

// HoldAgain sets aside again what an active cart's lines ask for, as far as this
// shard has it: a checkout had taken it, and its payment was declined. Other
// carts stay as they are. It is called in apply, after Unlock.
func HoldAgain(tx *command.Tx, cart ID) error {
	h, err := loadHeader(tx.Tx, cart)
	if err != nil || h.status != Active || h.heldFor == 0 {
		return err
	}
	return h.reserve(tx, nil)
}

// MayLock returns a *StatusError that names the other order if a checkout has
// or had the cart, and a *VersionError if it is not at version. A frozen cart
// can be bought.
func MayLock(c Cart, version int64) error {
	h := header{id: c.ID, status: c.Status, order: c.Order, version: c.Version}
	return h.changeable(version)
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
	_, err := tx.Exec(`UPDATE carts SET status = ?, order_id = ?, updated_at = ?, touched = ?, version = version + 1
		WHERE id = ? AND status = 'locking' AND order_id = ?`, next, keep, tx.At, tx.Clock, cart, order)
	return err
}
