package cart

import (
	"context"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/money"
)

// SetQuantity changes how many units a line has; 0 removes the line. A line
// keeps its place.
type SetQuantity struct {
	Cart     ID          `cbor:"1,keyasint"`
	SKU      catalog.SKU `cbor:"2,keyasint"`
	Quantity int64       `cbor:"3,keyasint"`
	// Line or UnitPrice, the price when it was added, name the line if the SKU
	// is in the cart several times.
	Line      int64         `cbor:"6,keyasint,omitempty"`
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
		return fault.Wrong("quantity", "quantity %d of %q: it must be 0 to %d of a named SKU", c.Quantity, c.SKU, MaxQuantity)
	}
	if c.UnitPrice != nil {
		return c.UnitPrice.Check()
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
	l, err := c.find(tx, h)
	if err != nil {
		return Receipt{}, err
	}
	if err := c.fits(tx, h, l); err != nil {
		return Receipt{}, err
	}
	h.total -= l.price * l.quantity // a part of the total, so it is in range
	if h.total, err = h.plus(l.price, c.Quantity); err != nil {
		return Receipt{}, err
	}
	if c.Quantity == 0 {
		h.lines--
		_, err = tx.Exec(`DELETE FROM cart_lines WHERE cart = ? AND sku = ? AND n = ?`, c.Cart, c.SKU, l.n)
	} else {
		_, err = tx.Exec(`UPDATE cart_lines SET quantity = ? WHERE cart = ? AND sku = ? AND n = ?`, c.Quantity, c.Cart, c.SKU, l.n)
	}
	if err != nil {
		return Receipt{}, err
	}
	if err := h.reserveStored(tx, l); err != nil {
		return Receipt{}, err
	}
	return h.save(tx)
}

// fits refuses more units of a line, over all deliveries, than a line may have.
func (c SetQuantity) fits(tx *command.Tx, h header, l stored) error {
	if h.lastDelivery == FirstDelivery || c.Quantity <= l.quantity {
		return nil
	}
	all, _, err := tx.Int64(`SELECT sum(o.quantity) FROM cart_lines l JOIN cart_lines o ON o.cart = l.cart AND o.sku = l.sku AND o.agreed = l.agreed AND o.properties = l.properties
		WHERE l.cart = ? AND l.sku = ? AND l.n = ?`, c.Cart, c.SKU, l.n)
	if err == nil && all-l.quantity+c.Quantity > MaxQuantity {
		err = &LimitError{Cart: c.Cart, What: "units of one line", Max: MaxQuantity}
	}
	return err
}

// stored is a line as its row has it.
type stored struct {
	units
	n       int64 // the line's ID
	variant catalog.VariantID
	hold    int64 // minutes
}

// find returns the one line that is meant.
func (c SetQuantity) find(tx *command.Tx, h header) (stored, error) {
	var line stored
	var prices []money.Amount
	rows := tx.Query(`SELECT unit_price, quantity, n, variant, hold_minutes FROM cart_lines WHERE cart = ? AND sku = ? ORDER BY unit_price, n`, c.Cart, c.SKU)
	for rows.Next() {
		p := money.New(rows.Int64(0), h.currency)
		if (c.UnitPrice == nil || p == *c.UnitPrice) && (c.Line == 0 || c.Line == rows.Int64(2)) {
			line = stored{units{quantity: rows.Int64(1), price: rows.Int64(0)}, rows.Int64(2), catalog.VariantID(rows.Text(3)), rows.Int64(4)}
			prices = append(prices, p)
		}
	}
	if err := rows.Close(); err != nil {
		return stored{}, err
	}
	switch len(prices) {
	case 0:
		return stored{}, &NotFoundError{Cart: c.Cart, SKU: c.SKU}
	case 1:
		return line, nil
	}
	return stored{}, fault.InField("sku", &AmbiguousLineError{Cart: c.Cart, SKU: c.SKU, Prices: prices})
}

// SetQuantity runs the command and returns the whole cart as it is then. It
// returns a *NotFoundError if there is no such line, an *AmbiguousLineError if
// there are several, and a *VersionError, *StatusError, *LimitError or
// *inventory.OutOfStockError as AddLines does.
func (s *Service) SetQuantity(ctx context.Context, c SetQuantity) (Cart, error) {
	slot, err := slotOf(c.Cart)
	if err != nil {
		return Cart{}, err
	}
	call := command.Call{Key: command.KeyOr(s.engine, c.Key), Slot: slot}
	return s.stocked(ctx, &c.Cart, func() (Cart, error) { return command.DoThen(ctx, s.engine, &c, call, s.reading(c.SKU)) })
}

// RemoveLine is SetQuantity with 0.
func (s *Service) RemoveLine(ctx context.Context, cart ID, sku catalog.SKU) (Cart, error) {
	return s.SetQuantity(ctx, SetQuantity{Cart: cart, SKU: sku})
}
