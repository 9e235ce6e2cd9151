package cart

import (
	"context"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/money"
)

// SetQuantity changes how many units a line has; 0 removes the line.
type SetQuantity struct {
	Cart     ID          `cbor:"1,keyasint"`
	SKU      catalog.SKU `cbor:"2,keyasint"`
	Quantity int64       `cbor:"3,keyasint"`
	// UnitPrice names the line if the SKU is in the cart at several prices.
	UnitPrice *money.Amount `cbor:"4,keyasint,omitempty"`
	Version   int64         `cbor:"5,keyasint,omitempty"` // 0 does not check
	Key       string        `cbor:"-"`
}

// Kind returns "cart.set_quantity".
func (SetQuantity) Kind() command.Kind { return "cart.set_quantity" }

// Validate checks the quantity.
func (c SetQuantity) Validate() error {
	if _, err := slotOf(c.Cart); err != nil {
		return err
	}
	if c.SKU == "" || c.Quantity < 0 || c.Quantity > MaxQuantity {
		return fault.New(fault.Invalid, "quantity %d of %q: it must be 0 to %d of a named SKU", c.Quantity, c.SKU, MaxQuantity)
	}
	return nil
}

func (c SetQuantity) apply(tx *command.Tx) (Receipt, error) {
	h, err := loadHeader(tx.Tx, c.Cart)
	if err != nil {
		return Receipt{}, err
	}
	if err := h.changeable(c.Version); err != nil {
		return Receipt{}, err
	}
	line, err := c.find(tx, h)
	if err != nil {
		return Receipt{}, err
	}
	if _, err := tx.Exec(`DELETE FROM cart_lines WHERE cart = ? AND sku = ? AND unit_price = ?`, c.Cart, line.SKU, line.UnitPrice); err != nil {
		return Receipt{}, err
	}
	h.lines--
	h.total -= line.UnitPrice * line.Quantity
	if c.Quantity > 0 {
		line.Quantity = c.Quantity
		if err := h.add(tx, line); err != nil {
			return Receipt{}, err
		}
	}
	return h.save(tx)
}

// find returns the one line that is meant.
func (c SetQuantity) find(tx *command.Tx, h header) (AddedLine, error) {
	rows := tx.Query(`SELECT unit_price, variant, title, quantity, reason, untracked FROM cart_lines WHERE cart = ? AND sku = ? ORDER BY unit_price`, c.Cart, c.SKU)
	var found []AddedLine
	for rows.Next() {
		l := AddedLine{
			SKU: c.SKU, UnitPrice: rows.Int64(0), Variant: catalog.VariantID(rows.Text(1)), Title: rows.Text(2),
			Quantity: rows.Int64(3), Reason: rows.Text(4), Untracked: rows.Bool(5),
		}
		if c.UnitPrice == nil || money.New(l.UnitPrice, h.currency) == *c.UnitPrice {
			found = append(found, l)
		}
	}
	if err := rows.Close(); err != nil {
		return AddedLine{}, err
	}
	switch len(found) {
	case 0:
		return AddedLine{}, &NotFoundError{Cart: c.Cart, SKU: c.SKU}
	case 1:
		return found[0], nil
	}
	return AddedLine{}, fault.New(fault.Invalid, "cart %s has %q at %d prices: say which one", c.Cart, c.SKU, len(found))
}

// SetQuantity runs the command and returns the whole cart as it is then. It
// returns a *NotFoundError if there is no such line.
func (s *Service) SetQuantity(ctx context.Context, c SetQuantity) (Cart, error) {
	slot, err := slotOf(c.Cart)
	if err != nil {
		return Cart{}, err
	}
	if _, err := command.Do[Receipt](ctx, s.engine, &c, command.Call{Key: c.Key, Slot: slot}); err != nil {
		return Cart{}, err
	}
	return s.Get(ctx, c.Cart)
}

// RemoveLine is SetQuantity with 0.
func (s *Service) RemoveLine(ctx context.Context, cart ID, sku catalog.SKU) (Cart, error) {
	return s.SetQuantity(ctx, SetQuantity{Cart: cart, SKU: sku})
}
