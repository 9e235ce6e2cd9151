package cart

import (
	"context"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
)

// SetPayment says how the shopper means to pay, for fees that depend on it. It
// binds nobody: a checkout charges the fees of what it is paid with.
type SetPayment struct {
	Cart    ID     `cbor:"1,keyasint"`
	Payment string `cbor:"2,keyasint,omitempty"` // a payment provider; "" takes the choice back
	Version int64  `cbor:"3,keyasint,omitempty"` // 0 does not check
	Key     string `cbor:"-"`
}

// Kind returns "cart.set_payment".
func (SetPayment) Kind() command.Kind { return "cart.set_payment" }

// Validate checks the form of the cart's ID and of the provider's name.
func (c SetPayment) Validate() error {
	if _, err := slotOf(c.Cart); err != nil {
		return err
	}
	if len(c.Payment) > mostMethod {
		return fault.Wrong("pay_with", "the name of the payment provider is longer than %d bytes", mostMethod)
	}
	return nil
}

func (c SetPayment) apply(tx *command.Tx) (Receipt, error) {
	h, err := loadHeader(tx.Tx, c.Cart)
	if err != nil {
		return Receipt{}, err
	}
	if err := h.changeable(c.Version); err != nil {
		return Receipt{}, err
	}
	if _, err := tx.Exec(`UPDATE carts SET payment = ? WHERE id = ?`, c.Payment, c.Cart); err != nil {
		return Receipt{}, err
	}
	return h.save(tx)
}

// SetPayment runs the command and returns the whole cart as it is then. It
// returns a *VersionError or *StatusError as AddLines does.
func (s *Service) SetPayment(ctx context.Context, c SetPayment) (Cart, error) {
	slot, err := slotOf(c.Cart)
	if err != nil {
		return Cart{}, err
	}
	return command.DoThen(ctx, s.engine, &c, command.Call{Key: c.Key, Slot: slot}, s.read)
}
