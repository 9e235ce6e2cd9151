package cart

import (
	"context"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
)

// RemoveDelivery takes a delivery off a cart. Its lines go to the first one.
type RemoveDelivery struct {
	Cart     ID     `cbor:"1,keyasint"`
	Delivery int64  `cbor:"2,keyasint"`           // from 2
	Version  int64  `cbor:"3,keyasint,omitempty"` // 0 does not check
	Key      string `cbor:"-"`
}

// Kind returns "cart.remove_delivery".
func (RemoveDelivery) Kind() command.Kind { return "cart.remove_delivery" }

// Validate returns fault.Invalid for the first delivery: a cart always has it.
func (c RemoveDelivery) Validate() error {
	if _, err := slotOf(c.Cart); err != nil {
		return err
	}
	if c.Delivery <= FirstDelivery {
		return fault.Wrong("delivery", "delivery %d cannot be taken off: a cart always has its first one", c.Delivery)
	}
	return nil
}

func (c RemoveDelivery) apply(tx *command.Tx) (Receipt, error) {
	h, err := loadHeader(tx.Tx, c.Cart)
	if err != nil {
		return Receipt{}, err
	}
	if err := h.changeable(c.Version); err != nil {
		return Receipt{}, err
	}
	if err := h.hasDelivery(tx, c.Delivery); err != nil {
		return Receipt{}, err
	}
	lines, err := h.placed(tx, `delivery = ?`, c.Delivery)
	if err != nil {
		return Receipt{}, err
	}
	for _, l := range lines {
		if err := h.move(tx, l, FirstDelivery, l.quantity); err != nil {
			return Receipt{}, err
		}
	}
	if _, err := tx.Exec(`DELETE FROM cart_deliveries WHERE cart = ? AND n = ?`, c.Cart, c.Delivery); err != nil {
		return Receipt{}, err
	}
	if err := h.rehold(tx); err != nil {
		return Receipt{}, err
	}
	return h.save(tx)
}

// RemoveDelivery runs the command and returns the whole cart as it is then. It
// returns a *NotFoundError if there is no such delivery, and a *VersionError or
// *StatusError as AddLines does.
func (s *Service) RemoveDelivery(ctx context.Context, c RemoveDelivery) (Cart, error) {
	slot, err := slotOf(c.Cart)
	if err != nil {
		return Cart{}, err
	}
	return command.DoThen(ctx, s.engine, &c, command.Call{Key: c.Key, Slot: slot}, s.read)
}
