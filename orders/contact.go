package orders

import (
	"context"

	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/seal"
	"github.com/keelshop/commerce/internal/sqlite"
)

// Contact returns an order's contact in the clear, as it was in the cart: the
// zero Contact if there was none, one that says Erased if the person was
// erased since. It returns a *NotFoundError if there is no such order.
func (s *Service) Contact(ctx context.Context, o ID) (cart.Contact, error) {
	slot, err := slotOf(o)
	if err != nil {
		return cart.Contact{}, err
	}
	var c contact
	err = s.engine.View(ctx, slot, func(tx *sqlite.Tx) error {
		c, err = contactTx(tx, o)
		return err
	})
	if err != nil || c.subject == "" {
		return cart.Contact{}, err
	}
	out, err := cart.OpenContact(ctx, s.engine, s.sealer, slot, c.subject, c.sealed)
	if out.Erased {
		out.ShippingAddress.Country, out.BillingAddress.Country = c.shipping, c.billing
	}
	return out, err
}

// SealAddress seals an address that is to take the place of that of a delivery
// which is not the first, under the same key, or the contact's if it had none.
// It returns a *DeliveryError if there is no such delivery, and fault.Refused if
// there is no key or the person was erased.
func (s *Service) SealAddress(ctx context.Context, o ID, delivery int, a accounts.Address) (sealed seal.Sealed, owner string, err error) {
	slot, err := slotOf(o)
	if err != nil {
		return nil, "", err
	}
	err = s.engine.View(ctx, slot, func(tx *sqlite.Tx) (err error) {
		owner, err = addressOwnerTx(tx, o, delivery)
		return err
	})
	if err != nil {
		return nil, "", err
	}
	if owner == "" {
		return nil, "", fault.New(fault.Refused, "order %s has no contact, and so no key to seal an address under", o)
	}
	sealed, err = cart.SealAddress(ctx, s.engine, s.sealer, slot, owner, a)
	return sealed, owner, err
}

// addressOwnerTx returns the subject under whose key the address of a delivery
// is sealed, or would be; "" if there is none.
func addressOwnerTx(tx *sqlite.Tx, o ID, delivery int) (string, error) {
	owner, found, err := tx.Text(`SELECT subject FROM order_deliveries WHERE order_id = ? AND n = ?`, o, delivery)
	if err == nil && !found {
		err = &DeliveryError{Order: o, Delivery: delivery}
	}
	if err != nil || owner != "" {
		return owner, err
	}
	c, err := contactTx(tx, o)
	return c.subject, err
}

// contact is what an order's row says of its contact.
type contact struct {
	sealed            seal.Sealed
	subject           string
	shipping, billing string // countries
}

func contactTx(tx *sqlite.Tx, o ID) (contact, error) {
	rows := tx.One(`SELECT contact, contact_subject, shipping_country, billing_country FROM orders WHERE id = ?`, o)
	if !rows.Next() {
		if err := rows.Close(); err != nil {
			return contact{}, err
		}
		return contact{}, &NotFoundError{Order: o}
	}
	c := contact{sealed: rows.Blob(0), subject: rows.Text(1), shipping: rows.Text(2), billing: rows.Text(3)}
	return c, rows.Close()
}

// SealedContactTx returns an order's contact as it is sealed and the subject
// whose key opens it, both empty if there was none.
func SealedContactTx(tx *sqlite.Tx, o ID) (seal.Sealed, string, error) {
	c, err := contactTx(tx, o)
	return c.sealed, c.subject, err
}

// SealContact seals a contact that is to take the place of an order's, under the
// same key. It returns fault.Refused if the order has none or the person was
// erased.
func (s *Service) SealContact(ctx context.Context, o ID, c cart.Contact) (seal.Sealed, error) {
	slot, err := slotOf(o)
	if err != nil {
		return nil, err
	}
	var have contact
	err = s.engine.View(ctx, slot, func(tx *sqlite.Tx) error {
		have, err = contactTx(tx, o)
		return err
	})
	if err != nil {
		return nil, err
	}
	if have.subject == "" {
		return nil, fault.New(fault.Refused, "order %s has no contact, and so no key to seal another under", o)
	}
	return cart.SealContact(ctx, s.engine, s.sealer, slot, have.subject, c)
}
