package cart

import (
	"context"

	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/subject"
)

// EraseGuest makes the contact of a guest's cart unreadable for good, and that
// of the orders that were made from it, and has its e-mail address forgotten. Customers are erased by package
// accounts. Erasing twice does nothing more.
type EraseGuest struct {
	Cart ID     `cbor:"1,keyasint"`
	Key  string `cbor:"-"`
}

// Kind returns "cart.erase_guest".
func (EraseGuest) Kind() command.Kind { return "cart.erase_guest" }

// Validate returns fault.Invalid if Cart is not a cart's ID.
func (c EraseGuest) Validate() error {
	_, err := slotOf(c.Cart)
	return err
}

func (c EraseGuest) apply(tx *command.Tx) (Receipt, error) {
	h, err := loadHeader(tx.Tx, c.Cart)
	if err != nil {
		return Receipt{}, err
	}
	if h.customer != "" && h.status != Merging && h.status != Merged {
		return Receipt{}, &OwnerError{Cart: c.Cart}
	}
	if _, err := tx.Exec(`UPDATE carts SET email_hash = NULL WHERE id = ?`, c.Cart); err != nil {
		return Receipt{}, err
	}
	return Receipt{Cart: h.id, Version: h.version}, subject.EraseTx(tx, string(c.Cart))
}

// EraseGuest runs the command. It returns a *NotFoundError, or an *OwnerError
// if the cart is a customer's. Copies of the data key in the log and in backups
// die with the epoch that wrapped them: see package seal.
func (s *Service) EraseGuest(ctx context.Context, c EraseGuest) error {
	slot, err := slotOf(c.Cart)
	if err != nil {
		return err
	}
	_, err = command.Do[Receipt](ctx, s.engine, &c, command.Call{Key: c.Key, Slot: slot})
	return err
}
