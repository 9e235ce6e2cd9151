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
	Method  string `cbor:"2,keyasint,omitempty"` // one of the cart's Offers; "" takes the choice back
	Version int64  `cbor:"3,keyasint,omitempty"` // 0 does not check
	Key     string `cbor:"-"`
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
	if len(c.Method) > mostMethod {
		return fault.New(fault.Invalid, "the shipping method is longer than %d bytes", mostMethod)
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
	for _, o := range have.Offers {
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
	if _, err := tx.Exec(`UPDATE carts SET shipping_method = ? WHERE id = ?`, c.Method, c.Cart); err != nil {
		return Receipt{}, err
	}
	return h.save(tx)
}

// SetShipping runs the command and returns the whole cart as it is then. It
// returns a *MethodError if the method is not offered for the cart, and a
// *VersionError or *StatusError as AddLines does.
func (s *Service) SetShipping(ctx context.Context, c SetShipping) (Cart, error) {
	slot, err := slotOf(c.Cart)
	if err != nil {
		return Cart{}, err
	}
	call := command.Call{Key: c.Key, Slot: slot, Prepare: func(command.Stamp) error { return c.prepare(ctx, s) }}
	return command.DoThen(ctx, s.engine, &c, call, s.read)
}
