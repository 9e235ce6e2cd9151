package cart

import (
	"context"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/pricing"
)

// SetShipping chooses how the goods reach the shopper.
type SetShipping struct {
	Cart    ID     `cbor:"1,keyasint"`
	Method  string `cbor:"2,keyasint,omitempty"` // one of the Offers; "" takes the choice back
	Version int64  `cbor:"3,keyasint,omitempty"` // 0 does not check
	// Delivery names the one that it is for; 0 is the first.
	Delivery int64  `cbor:"4,keyasint,omitempty"`
	Key      string `cbor:"-"`
}

// mostMethod bounds the ID of a shipping method, as package pricing does.
const mostMethod = 64

// Kind returns "cart.set_shipping".
func (SetShipping) Kind() command.Kind { return "cart.set_shipping" }

// Validate checks the form of the cart's ID and of the method.
func (c SetShipping) Validate() error {
	if _, err := slotOf(c.Cart); err != nil {
		return err
	}
	if c.Delivery < 0 {
		return fault.Wrong("delivery", "there is no delivery %d: they count from 1", c.Delivery)
	}
	if len(c.Method) > mostMethod {
		return fault.Wrong("shipping_method", "the shipping method is longer than %d bytes", mostMethod)
	}
	return nil
}

// prepare refuses a method that is not offered for the cart as it is now.
func (c SetShipping) prepare(ctx context.Context, s *Service) error {
	if c.Method == "" {
		return nil
	}
	have, err := s.Get(ctx, c.Cart)
	if err != nil || have.Status != Active {
		return err // apply says why
	}
	offers, err := have.offersOf(c.Delivery)
	if err != nil {
		return err
	}
	for _, o := range offers {
		if o.Method == c.Method && o.Reason == "" {
			return nil
		} else if o.Method == c.Method {
			return &MethodError{Cart: c.Cart, Method: c.Method, Reason: o.Reason}
		}
	}
	return &MethodError{Cart: c.Cart, Method: c.Method, Reason: pricing.NotInZone}
}

func (c SetShipping) apply(tx *command.Tx) (Receipt, error) {
	h, err := loadHeader(tx.Tx, c.Cart)
	if err != nil {
		return Receipt{}, err
	}
	if err := h.changeable(c.Version); err != nil {
		return Receipt{}, err
	}
	if c.Delivery > FirstDelivery {
		if err := h.hasDelivery(tx, c.Delivery); err != nil {
			return Receipt{}, err
		}
		_, err = tx.Exec(`UPDATE cart_deliveries SET shipping_method = ? WHERE cart = ? AND n = ?`, c.Method, c.Cart, c.Delivery)
	} else {
		_, err = tx.Exec(`UPDATE carts SET shipping_method = ? WHERE id = ?`, c.Method, c.Cart)
	}
	if err != nil {
		return Receipt{}, err
	}
	return h.save(tx)
}

// offersOf returns the shipping methods of a delivery, or a *NotFoundError.
func (c Cart) offersOf(delivery int64) ([]ShippingOffer, error) {
	if delivery <= FirstDelivery {
		return c.Offers, nil
	}
	for _, d := range c.Deliveries {
		if d.ID == delivery {
			return d.Offers, nil
		}
	}
	return nil, &NotFoundError{Cart: c.ID, Delivery: delivery}
}

// SetShipping runs the command and returns the whole cart as it is then. It
// returns a *MethodError if the method is not offered for the delivery, a
// *NotFoundError if there is no such delivery, and a
// *VersionError or *StatusError as AddLines does.
func (s *Service) SetShipping(ctx context.Context, c SetShipping) (Cart, error) {
	slot, err := slotOf(c.Cart)
	if err != nil {
		return Cart{}, err
	}
	call := command.Call{Key: c.Key, Slot: slot, Prepare: func(command.Stamp) error { return c.prepare(ctx, s) }}
	return command.DoThen(ctx, s.engine, &c, call, s.read)
}
