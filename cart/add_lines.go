package cart

import (
	"context"
	"strings"

	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/money"
)

// AddLines puts goods into a cart, all of them or none. Without a Cart it
// starts a new one.
type AddLines struct {
	Cart ID `cbor:"1,keyasint,omitempty"`
	// Customer and Currency are for a new cart. Customer "" is a guest.
	// Currency defaults to that of the first line's price.
	Customer accounts.CustomerID `cbor:"2,keyasint,omitempty"`
	Currency money.Currency      `cbor:"3,keyasint,omitempty"`
	Lines    []AddedLine         `cbor:"4,keyasint"`
	Version  int64               `cbor:"5,keyasint,omitempty"` // 0 does not check
	// ExternalReference is for a new cart.
	ExternalReference string `cbor:"7,keyasint,omitempty"`
	Key               string `cbor:"-"`

	New bool `cbor:"6,keyasint,omitempty" command:"stamped"`
}

// AddedLine is one line of AddLines.
type AddedLine struct {
	SKU      catalog.SKU `cbor:"1,keyasint"`
	Quantity int64       `cbor:"2,keyasint"`
	// AgreedPrice replaces the catalog's price. It is for staff and imports,
	// never to be filled from what a shopper sends, and needs a Reason.
	AgreedPrice *money.Amount `cbor:"-"`
	Reason      string        `cbor:"3,keyasint,omitempty"`

	Variant   catalog.VariantID `cbor:"4,keyasint" command:"stamped"`
	Title     string            `cbor:"5,keyasint" command:"stamped"`
	UnitPrice int64             `cbor:"6,keyasint" command:"stamped"`
	Untracked bool              `cbor:"7,keyasint,omitempty" command:"stamped"`
}

// AddLine is AddLines with one line.
type AddLine struct {
	Cart     ID
	Customer accounts.CustomerID
	Currency money.Currency
	SKU      catalog.SKU
	Quantity int64
	Version  int64
	Key      string
}

// Receipt is the recorded answer of a command on a cart.
type Receipt struct {
	Cart    ID    `cbor:"1,keyasint"`
	Version int64 `cbor:"2,keyasint"`
}

// Kind returns "cart.add_lines".
func (AddLines) Kind() command.Kind { return "cart.add_lines" }

// Validate checks the form of the lines.
func (c AddLines) Validate() error {
	if len(c.Lines) == 0 || len(c.Lines) > MaxLines {
		return fault.New(fault.Invalid, "%d lines: a call adds 1 to %d", len(c.Lines), MaxLines)
	}
	for _, l := range c.Lines {
		switch {
		case l.SKU == "":
			return fault.New(fault.Invalid, "a line has no SKU")
		case l.Quantity < 1 || l.Quantity > MaxQuantity:
			return fault.New(fault.Invalid, "quantity %d of %q: it must be 1 to %d", l.Quantity, l.SKU, MaxQuantity)
		case l.AgreedPrice != nil && l.AgreedPrice.IsNegative():
			return fault.New(fault.Invalid, "the agreed price of %q is below zero", l.SKU)
		case (l.AgreedPrice != nil) != (strings.TrimSpace(l.Reason) != ""):
			return fault.New(fault.Invalid, "an agreed price and its reason come together (%q)", l.SKU)
		case len(l.Reason) > 200:
			return fault.New(fault.Invalid, "the reason of %q is longer than 200 bytes", l.SKU)
		}
	}
	return nil
}

// prepare looks the lines up in the catalog.
func (c *AddLines) prepare(ctx context.Context, s *Service, st command.Stamp) error {
	if c.New = c.Cart == ""; c.New {
		c.Cart = ID(st.NewID("cart"))
	}
	skus := make([]catalog.SKU, len(c.Lines))
	for i, l := range c.Lines {
		skus[i] = l.SKU
	}
	variants, err := s.catalog.Variants(ctx, skus)
	if err != nil {
		return err
	}
	currency := c.Currency
	if !c.New {
		cart, err := s.Get(ctx, c.Cart)
		if err != nil {
			return err
		}
		currency = cart.Currency
	}
	lines := make([]AddedLine, len(c.Lines))
	for i, l := range c.Lines {
		if lines[i], currency, err = l.priced(variants[i], currency); err != nil {
			return err
		}
	}
	c.Lines, c.Currency = lines, currency
	return nil
}

func (l AddedLine) priced(v catalog.Variant, currency money.Currency) (AddedLine, money.Currency, error) {
	var price money.Amount
	switch {
	case !v.Purchasable:
		return l, currency, fault.New(fault.Refused, "%q is not for sale", l.SKU)
	case l.AgreedPrice != nil:
		price = *l.AgreedPrice
	case currency == "" && len(v.Prices) > 0:
		price = v.Prices[0]
	default:
		found := false
		if price, found = v.Price(currency); !found {
			return l, currency, &CurrencyError{SKU: l.SKU, Want: currency}
		}
	}
	if currency == "" {
		currency = price.Currency()
	}
	if price.Currency() != currency {
		return l, currency, &CurrencyError{SKU: l.SKU, Want: currency}
	}
	l.Variant, l.Title, l.UnitPrice, l.Untracked = v.ID, v.Title, price.Minor(), v.Untracked
	return l, currency, nil
}

func (c AddLines) apply(tx *command.Tx) (Receipt, error) {
	h, err := c.header(tx)
	if err != nil {
		return Receipt{}, err
	}
	for _, l := range c.Lines {
		if err := h.add(tx, l); err != nil {
			return Receipt{}, err
		}
	}
	return h.save(tx)
}

// header returns the cart that the lines go to.
func (c AddLines) header(tx *command.Tx) (header, error) {
	if c.New {
		return newHeader(tx, c.Cart, c.Customer, c.Currency, c.ExternalReference)
	}
	h, err := loadHeader(tx.Tx, c.Cart)
	if err != nil {
		return h, err
	}
	if h.currency != c.Currency {
		return h, &CurrencyError{SKU: c.Lines[0].SKU, Want: h.currency}
	}
	return h, h.changeable(c.Version)
}

// AddLines runs the command and returns the whole cart as it is then. It
// returns a *catalog.UnknownSKUError, a *CurrencyError, a *StatusError while a
// checkout runs or after, and a *LimitError.
func (s *Service) AddLines(ctx context.Context, c AddLines) (Cart, error) {
	call := command.Call{Key: c.Key}
	var err error
	switch {
	case c.Cart != "":
		call.Slot, err = slotOf(c.Cart)
	case c.Customer != "":
		call.Slot, err = id.SlotOf(string(c.Customer))
	default:
		call.Create = true
	}
	if err != nil {
		return Cart{}, err
	}
	call.Prepare = func(st command.Stamp) error { return c.prepare(ctx, s, st) }
	r, err := command.Do[Receipt](ctx, s.engine, &c, call)
	if err != nil {
		return Cart{}, err
	}
	return s.Get(ctx, r.Cart)
}

// AddLine is AddLines with one line.
func (s *Service) AddLine(ctx context.Context, c AddLine) (Cart, error) {
	return s.AddLines(ctx, AddLines{
		Cart: c.Cart, Customer: c.Customer, Currency: c.Currency, Version: c.Version, Key: c.Key,
		Lines: []AddedLine{{SKU: c.SKU, Quantity: c.Quantity}},
	})
}
