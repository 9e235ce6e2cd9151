package cart

import (
	"context"
	"errors"

	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/seal"
	"github.com/keelshop/commerce/internal/subject"
)

// SetDelivery adds a delivery to a cart, or changes where one goes. The first
// delivery goes to the contact's address: see SetContact.
type SetDelivery struct {
	Cart ID `cbor:"1,keyasint"`
	// Delivery names it; 0 adds one, which becomes the last of Cart.Deliveries.
	Delivery int64 `cbor:"2,keyasint,omitempty"`
	// Address may be empty, until it is known.
	Address accounts.Address `cbor:"-"`
	Version int64            `cbor:"3,keyasint,omitempty"` // 0 does not check
	Key     string           `cbor:"-"`

	// Sealed is the Address under the data key of the cart's subject.
	Sealed seal.Sealed `cbor:"4,keyasint,omitempty" command:"stamped"`
	// Wrapped is that key, if this command brings it along.
	Wrapped seal.WrappedKey `cbor:"5,keyasint,omitempty" command:"stamped"`
	Country string          `cbor:"6,keyasint,omitempty" command:"stamped"`
}

// Kind returns "cart.set_delivery".
func (SetDelivery) Kind() command.Kind { return "cart.set_delivery" }

// Validate checks the form of the address as that of a contact.
func (c SetDelivery) Validate() error {
	if _, err := slotOf(c.Cart); err != nil {
		return err
	}
	if c.Delivery < 0 || c.Delivery == FirstDelivery {
		return fault.Wrong("delivery", "delivery %d: name one from 2 on; the first goes to the contact's address", c.Delivery)
	}
	return Contact{ShippingAddress: c.Address}.Check()
}

// prepare seals the address.
func (c *SetDelivery) prepare(ctx context.Context, s *Service, st command.Stamp) error {
	c.Sealed, c.Wrapped, c.Country = nil, nil, c.Address.Country
	if c.Address == (accounts.Address{}) {
		return nil
	}
	plain, err := command.Marshal(blobOf(c.Address))
	if err != nil {
		return err
	}
	c.Sealed, c.Wrapped, err = s.seal(ctx, st.Slot, c.Cart, deliveryField, plain)
	return err
}

func (c SetDelivery) apply(tx *command.Tx) (Receipt, error) {
	h, err := loadHeader(tx.Tx, c.Cart)
	if err != nil {
		return Receipt{}, err
	}
	if err := h.changeable(c.Version); err != nil {
		return Receipt{}, err
	}
	owner := ""
	if len(c.Sealed) > 0 {
		owner = h.subject()
		if err := ensureKey(tx, owner, c.Wrapped); err != nil {
			return Receipt{}, h.erased(err)
		}
	}
	if c.Delivery == 0 {
		if c.Delivery, err = h.newDelivery(tx); err != nil {
			return Receipt{}, err
		}
	} else if err := h.hasDelivery(tx, c.Delivery); err != nil {
		return Receipt{}, err
	}
	if _, err := tx.Exec(`UPDATE cart_deliveries SET address = ?, subject = ?, country = ? WHERE cart = ? AND n = ?`,
		[]byte(c.Sealed), owner, c.Country, c.Cart, c.Delivery); err != nil {
		return Receipt{}, err
	}
	return h.save(tx)
}

// newDelivery adds a delivery, under a number that none has had before.
func (h *header) newDelivery(tx *command.Tx) (int64, error) {
	have, _, err := tx.Int64(`SELECT count(*) FROM cart_deliveries WHERE cart = ?`, h.id)
	if err != nil {
		return 0, err
	}
	if have+1 >= MaxDeliveries {
		return 0, &LimitError{Cart: h.id, What: "deliveries", Max: MaxDeliveries}
	}
	h.lastDelivery++
	if _, err := tx.Exec(`UPDATE carts SET last_delivery = ? WHERE id = ?`, h.lastDelivery, h.id); err != nil {
		return 0, err
	}
	_, err = tx.Exec(`INSERT INTO cart_deliveries (cart, n, slot, shipping_method, country, address, subject) VALUES (?, ?, ?, '', '', NULL, '')`, h.id, h.lastDelivery, tx.Slot)
	return h.lastDelivery, err
}

// SetDelivery runs the command and returns the whole cart as it is then. It
// returns a *NotFoundError if there is no such delivery, a *LimitError, an
// *ErasedError, and a *VersionError or *StatusError as AddLines does.
func (s *Service) SetDelivery(ctx context.Context, c SetDelivery) (Cart, error) {
	slot, err := slotOf(c.Cart)
	if err != nil {
		return Cart{}, err
	}
	call := command.Call{Key: c.Key, Slot: slot, Prepare: func(st command.Stamp) error { return c.prepare(ctx, s, st) }}
	for try := 1; ; try++ {
		got, err := command.DoThen(ctx, s.engine, &c, call, s.read)
		if _, raced := errors.AsType[*subject.KeyExistsError](err); raced && try < sealTries {
			continue
		}
		return got, err
	}
}
