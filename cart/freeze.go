package cart

import (
	"bytes"
	"compress/flate"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/sqlite"
	"github.com/keelshop/commerce/pricing"
)

// Freeze keeps what a cart costs as it is now, as for an offer to a shopper or
// while somebody approves it. A frozen cart cannot be changed until Thaw; it
// can be bought. Freezing a frozen cart freezes it anew, as it stands.
type Freeze struct {
	Cart ID `cbor:"1,keyasint"`
	// Hard keeps everything: taxes, promotions and shipping, too. Otherwise
	// only the prices of lines are kept.
	Hard    bool   `cbor:"2,keyasint,omitempty"`
	Version int64  `cbor:"3,keyasint,omitempty"` // 0 does not check
	Key     string `cbor:"-"`

	Priced int64   `cbor:"4,keyasint" command:"stamped"`           // the version that was priced
	Prices []int64 `cbor:"5,keyasint,omitempty" command:"stamped"` // of the lines, in their order, in minor units
	Quote  []byte  `cbor:"6,keyasint,omitempty" command:"stamped"` // of a hard freeze
	// PriceTaxes says whether Prices contain their tax.
	PriceTaxes []catalog.PriceTax `cbor:"7,keyasint,omitempty" command:"stamped"`
}

// The words of carts.frozen.
const (
	frozenSoft = "soft"
	frozenHard = "hard"
)

// Kind returns "cart.freeze".
func (Freeze) Kind() command.Kind { return "cart.freeze" }

// Validate checks the form of the cart's ID.
func (c Freeze) Validate() error {
	_, err := slotOf(c.Cart)
	return err
}

// prepare prices the cart.
func (c *Freeze) prepare(ctx context.Context, s *Service) error {
	p, err := s.Price(ctx, c.Cart)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(p.Problems, func(p Problem) bool { return p.Code == TooManyShares }) {
		return &LimitError{Cart: c.Cart, What: "discounts of its lines", Max: pricing.MaxShares}
	}
	c.Priced, c.Prices, c.PriceTaxes, c.Quote = p.Version, make([]int64, len(p.Lines)), make([]catalog.PriceTax, len(p.Lines)), nil
	for i, l := range p.Lines {
		c.Prices[i], c.PriceTaxes[i] = l.UnitPrice.Minor(), l.Prices
	}
	if !c.Hard {
		return nil
	}
	if p.untaxed != nil {
		return p.untaxed // an estimate is not to be kept
	}
	c.Quote, err = frozenPrice{Quote: p.Quote, Redemptions: p.Redemptions}.pack()
	return err
}

func (c Freeze) apply(tx *command.Tx) (Receipt, error) {
	h, err := loadHeader(tx.Tx, c.Cart)
	if err != nil {
		return Receipt{}, err
	}
	frozen := h.frozen
	h.frozen = ""
	if err := h.changeable(c.Version); err != nil {
		return Receipt{}, err
	}
	if h.version != c.Priced {
		return Receipt{}, &movedError{Cart: c.Cart}
	}
	if frozen == "" {
		if err := h.reprice(tx, c.Prices, c.PriceTaxes); err != nil {
			return Receipt{}, err
		}
	}
	mode := frozenSoft
	if c.Hard {
		mode = frozenHard
	}
	if _, err := tx.Exec(`UPDATE carts SET frozen = ?, quote = ? WHERE id = ?`, mode, c.Quote, c.Cart); err != nil {
		return Receipt{}, err
	}
	return h.save(tx)
}

// reprice writes the prices of the lines down.
func (h *header) reprice(tx *command.Tx, prices []int64, taxes []catalog.PriceTax) error {
	lines, err := LinesTx(tx.Tx, h.id, h.currency)
	if err != nil {
		return err
	}
	h.total = 0
	for i, l := range lines {
		if h.total, err = h.plus(prices[i], l.Quantity); err != nil {
			return err
		}
		if prices[i] == l.AddedPrice.Minor() && taxes[i] == l.Prices {
			continue
		}
		if _, err := tx.Exec(`UPDATE cart_lines SET unit_price = ?, prices = ? WHERE cart = ? AND sku = ? AND agreed = -1`, prices[i], taxes[i], h.id, l.SKU); err != nil {
			return err
		}
	}
	return nil
}

// Freeze runs the command and returns the whole cart as it is then. It returns
// a *VersionError or a *StatusError as AddLines does, and a *LimitError for a cart
// with more discounts than an order can keep, which could never be bought.
func (s *Service) Freeze(ctx context.Context, c Freeze) (Cart, error) {
	slot, err := slotOf(c.Cart)
	if err != nil {
		return Cart{}, err
	}
	call := command.Call{Key: c.Key, Slot: slot, Prepare: func(command.Stamp) error { return c.prepare(ctx, s) }}
	for try := 1; ; try++ {
		got, err := command.DoThen(ctx, s.engine, &c, call, s.read)
		if _, moved := errors.AsType[*movedError](err); moved && try < freezeTries {
			continue
		}
		return got, err
	}
}

// freezeTries bounds how often a cart that keeps changing is priced anew.
const freezeTries = 8

// Thaw has a frozen cart follow the catalog and the rules again. One that is
// not frozen stays as it is.
type Thaw struct {
	Cart    ID     `cbor:"1,keyasint"`
	Version int64  `cbor:"2,keyasint,omitempty"` // 0 does not check
	Key     string `cbor:"-"`
}

// Kind returns "cart.thaw".
func (Thaw) Kind() command.Kind { return "cart.thaw" }

// Validate checks the form of the cart's ID.
func (c Thaw) Validate() error {
	_, err := slotOf(c.Cart)
	return err
}

func (c Thaw) apply(tx *command.Tx) (Receipt, error) {
	h, err := loadHeader(tx.Tx, c.Cart)
	if err != nil {
		return Receipt{}, err
	}
	h.frozen = ""
	if err := h.changeable(c.Version); err != nil {
		return Receipt{}, err
	}
	if _, err := tx.Exec(`UPDATE carts SET frozen = '', quote = NULL WHERE id = ?`, c.Cart); err != nil {
		return Receipt{}, err
	}
	return h.save(tx)
}

// Thaw runs the command and returns the whole cart as it is then. It returns a
// *VersionError or a *StatusError as AddLines does.
func (s *Service) Thaw(ctx context.Context, c Thaw) (Cart, error) {
	slot, err := slotOf(c.Cart)
	if err != nil {
		return Cart{}, err
	}
	return command.DoThen(ctx, s.engine, &c, command.Call{Key: c.Key, Slot: slot}, s.read)
}

// frozenPrice is what a hard freeze keeps: the quote, and what buying at it
// uses of limits, whatever has become of the promotions since.
type frozenPrice struct {
	Quote       pricing.Quote
	Redemptions []pricing.Redemption
}

// pack encodes the price and compresses it: that of a cart of two thousand
// lines is larger than a command can be, and mostly alike.
func (f frozenPrice) pack() ([]byte, error) {
	plain, err := command.Marshal(f)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	w, err := flate.NewWriter(&out, flate.BestSpeed)
	if err == nil {
		_, err = w.Write(plain)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		return nil, fmt.Errorf("packing a frozen price: %w", err)
	}
	return out.Bytes(), nil
}

// maxUnpacked bounds a frozen price, in bytes.
const maxUnpacked = 16 << 20

func unpack(body []byte) (*frozenPrice, error) {
	plain, err := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(body)), maxUnpacked))
	if err != nil {
		return nil, err
	}
	price := new(frozenPrice)
	return price, command.Unmarshal(plain, price)
}

// frozenPriceTx returns what a hard freeze has kept, nil if there is none.
func frozenPriceTx(tx *sqlite.Tx, cart ID) (*frozenPrice, error) {
	rows := tx.One(`SELECT quote FROM carts WHERE id = ?`, cart)
	var body []byte
	if rows.Next() {
		body = rows.Blob(0)
	}
	if err := rows.Close(); err != nil || len(body) == 0 {
		return nil, err
	}
	price, err := unpack(body)
	if err != nil {
		return nil, fault.Wrap(fault.Broken, err, "reading what cart %s costs", cart)
	}
	return price, nil
}

// FrozenError says that a cart is frozen and cannot be changed.
type FrozenError struct{ Cart ID }

func (e *FrozenError) Error() string {
	return fmt.Sprintf("cart %s is frozen: thaw it before you change it", e.Cart)
}

// Unwrap returns fault.Conflict.
func (e *FrozenError) Unwrap() error { return fault.Conflict }

// movedError says that a cart has changed since it was priced.
type movedError struct{ Cart ID }

func (e *movedError) Error() string { return fmt.Sprintf("cart %s keeps changing: try again", e.Cart) }

// Unwrap returns fault.Unavailable, so that it is never recorded as an answer.
func (e *movedError) Unwrap() error { return fault.Unavailable }
