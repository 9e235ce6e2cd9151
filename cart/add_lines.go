package cart

import (
	"cmp"
	"context"
	"strings"

	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/internal/sqlite"
	"github.com/keelshop/commerce/inventory"
	"github.com/keelshop/commerce/money"
)

// AddLines puts goods into a cart, all of them or none. Without a Cart it
// starts a new one.
type AddLines struct {
	Cart ID `cbor:"1,keyasint,omitempty"`
	// Customer is for a new cart; "" is a guest.
	Customer accounts.CustomerID `cbor:"2,keyasint,omitempty"`
	// Currency defaults to that of the cart, and for a new cart to that of
	// the first line's price.
	Currency money.Currency `cbor:"3,keyasint,omitempty"`
	Lines    []AddedLine    `cbor:"4,keyasint"`
	// Channel is for a new cart: through which it is bought; "" is the shop's own.
	Channel string `cbor:"8,keyasint,omitempty"`
	Version int64  `cbor:"5,keyasint,omitempty"` // 0 does not check
	// ExternalReference is for a new cart.
	ExternalReference string `cbor:"7,keyasint,omitempty"`
	Key               string `cbor:"-"`

	New bool `cbor:"6,keyasint,omitempty" command:"stamped"`
}

// AddedLine is one line of AddLines. The same SKU with the same properties
// adds up, once at the catalog's price and once at each agreed one.
type AddedLine struct {
	SKU      catalog.SKU `cbor:"1,keyasint"`
	Quantity int64       `cbor:"2,keyasint"`
	// AgreedPrice replaces the catalog's price. It is for staff and imports,
	// never to be filled from what a shopper sends, and needs a Reason.
	AgreedPrice *money.Amount `cbor:"-"`
	Reason      string        `cbor:"3,keyasint,omitempty"`
	// AgreedPrices says whether the AgreedPrice contains its tax, if not as the
	// store says.
	AgreedPrices catalog.PriceTax `cbor:"-"`
	// Properties tell lines of one SKU apart.
	Properties []Property `cbor:"8,keyasint,omitempty"`
	// Delivery is the one that it goes into; 0 is the first. A new cart has no
	// other.
	Delivery int64 `cbor:"12,keyasint,omitempty"`

	Variant   catalog.VariantID `cbor:"4,keyasint" command:"stamped"`
	Title     string            `cbor:"5,keyasint" command:"stamped"`
	UnitPrice int64             `cbor:"6,keyasint" command:"stamped"` // minor units
	Untracked bool              `cbor:"7,keyasint,omitempty" command:"stamped"`
	// HoldMinutes is how long the goods are set aside; 0: not before a checkout.
	HoldMinutes int64 `cbor:"9,keyasint,omitempty" command:"stamped"`
	// HoldAt is where, if that is not Main.
	HoldAt inventory.Location `cbor:"10,keyasint,omitempty" command:"stamped"`
	// Prices says whether UnitPrice contains its tax.
	Prices catalog.PriceTax `cbor:"11,keyasint,omitempty" command:"stamped"`
}

// AddLine is AddLines with one line.
type AddLine struct {
	Cart     ID
	Customer accounts.CustomerID
	Currency money.Currency
	Channel  string
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

const (
	mostReason    = 200 // bytes
	mostReference = 200
	mostChannel   = 100
)

// Kind returns "cart.add_lines".
func (AddLines) Kind() command.Kind { return "cart.add_lines" }

// Validate checks the form of the lines and of what a new cart is given.
func (c AddLines) Validate() error {
	if c.Cart != "" {
		if _, err := slotOf(c.Cart); err != nil {
			return err
		}
	}
	if c.Customer != "" {
		if err := id.Check("cus", string(c.Customer)); err != nil {
			return err
		}
	}
	if c.Currency != "" {
		if err := c.Currency.Check(); err != nil {
			return fault.InField("currency", err)
		}
	}
	if len(c.Channel) > mostChannel {
		return fault.Wrong("channel", "the channel is longer than %d bytes", mostChannel)
	}
	if len(c.ExternalReference) > mostReference {
		return fault.Wrong("external_reference", "the external reference is longer than %d bytes", mostReference)
	}
	if len(c.Lines) == 0 || len(c.Lines) > MaxLines {
		return fault.Wrong("lines", "%d lines: a call adds 1 to %d", len(c.Lines), MaxLines)
	}
	for i, l := range c.Lines {
		if err := l.validate(); err != nil {
			return fault.InField(fault.Item("lines", i), err)
		}
	}
	return nil
}

func (l AddedLine) validate() error {
	if err := checkProperties(l.Properties); err != nil {
		return err
	}
	switch {
	case l.SKU == "":
		return fault.Wrong("sku", "a line has no SKU")
	case l.Delivery < 0:
		return fault.Wrong("delivery", "there is no delivery %d for %q: they count from 1", l.Delivery, l.SKU)
	case l.Quantity < 1 || l.Quantity > MaxQuantity:
		return fault.Wrong("quantity", "quantity %d of %q: it must be 1 to %d", l.Quantity, l.SKU, MaxQuantity)
	case l.Reason != "" && strings.TrimSpace(l.Reason) == "":
		return fault.Wrong("reason", "the reason of the price of %q is blank", l.SKU)
	case (l.AgreedPrice != nil) != (l.Reason != ""):
		return fault.Wrong("reason", "an agreed price and its reason come together (%q)", l.SKU)
	case len(l.Reason) > mostReason:
		return fault.Wrong("reason", "the reason of %q is longer than %d bytes", l.SKU, mostReason)
	case l.AgreedPrice == nil && l.AgreedPrices != "":
		return fault.Wrong("agreed_price", "the catalog says what is in the price of %q", l.SKU)
	case l.AgreedPrice == nil:
		return nil
	case l.AgreedPrice.IsNegative():
		return fault.Wrong("agreed_price", "the agreed price of %q is below zero", l.SKU)
	}
	return fault.InField("agreed_price", cmp.Or(l.AgreedPrices.Check(), l.AgreedPrice.Check()))
}

// prepare looks the lines up in the catalog.
func (c *AddLines) prepare(ctx context.Context, s *Service, st command.Stamp) error {
	lists, err := s.pricing.PriceLists(ctx)
	if err != nil {
		return err
	}
	ask, err := c.target(ctx, s, st, lists)
	if err != nil {
		return err
	}
	rules, err := s.pricing.Rules(ctx)
	if err != nil {
		return err
	}
	skus := make([]catalog.SKU, len(c.Lines))
	for i, l := range c.Lines {
		skus[i] = l.SKU
	}
	variants, err := s.pricing.Variants(ctx, skus)
	if err != nil {
		return err
	}
	lines := make([]AddedLine, len(c.Lines))
	for i, l := range c.Lines {
		price, err := l.price(lists, variants[i], ask)
		if err != nil {
			return err
		}
		lines[i], ask.Currency = l.stamped(variants[i], price), price.Amount.Currency()
	}
	if c.New && !rules.Settings.Sells(ask.Currency) {
		return fault.Wrong("currency", "the store does not sell in %s", ask.Currency)
	}
	c.Lines, c.Currency = lines, ask.Currency
	return c.holdAt(ctx, s, st.Slot)
}

// target names a new cart, or reads who buys, and in which currency, from the
// one there is.
func (c *AddLines) target(ctx context.Context, s *Service, st command.Stamp, lists *catalog.PriceLists) (catalog.Ask, error) {
	ask := catalog.Ask{At: st.At, Currency: c.Currency, Channel: c.Channel}
	if c.New = c.Cart == ""; c.New {
		c.Cart = ID(st.NewID("cart"))
	}
	if c.New && (c.Customer == "" || !lists.AskForGroups()) {
		return ask, nil
	}
	if c.New {
		err := s.engine.View(ctx, st.Slot, func(tx *sqlite.Tx) (err error) {
			ask.Groups, err = accounts.GroupsTx(tx, c.Customer)
			return err
		})
		return ask, err
	}
	err := s.engine.View(ctx, st.Slot, func(tx *sqlite.Tx) error {
		h, err := loadHeader(tx, c.Cart)
		if err != nil {
			return err
		}
		ask.Currency, ask.Channel = h.currency, h.channel
		if h.customer != "" && lists.AskForGroups() {
			ask.Groups, err = accounts.GroupsTx(tx, h.customer)
		}
		return err
	})
	if err == nil && c.Currency != "" && c.Currency != ask.Currency {
		err = &CurrencyError{SKU: c.Lines[0].SKU, Want: ask.Currency, Have: c.Currency}
	}
	return ask, err
}

// price returns what a unit costs who asks. What a gift card is worth may be
// chosen, and is above nothing.
func (l AddedLine) price(lists *catalog.PriceLists, v catalog.Variant, ask catalog.Ask) (catalog.Price, error) {
	price, err := l.listed(lists, v, ask)
	if err != nil || !v.Digital.IsGiftCard() {
		return price, err
	}
	if chosen := worthOf(l.Properties); chosen != "" && l.AgreedPrice == nil {
		price.Amount, err = v.Worth(chosen, price.Amount.Currency())
	}
	if err == nil && !price.Amount.IsPositive() {
		err = &catalog.GiftCardWorthError{SKU: l.SKU, Want: price.Amount.Decimal()}
	}
	return price, err
}

// worthOf returns what a shopper has chosen a gift card to be worth; "" if
// nothing.
func worthOf(properties []Property) string {
	for _, p := range properties {
		if p.Name == catalog.GiftCardWorth {
			return p.Value
		}
	}
	return ""
}

// listed returns what a unit costs who asks, in any currency if they name none.
func (l AddedLine) listed(lists *catalog.PriceLists, v catalog.Variant, ask catalog.Ask) (catalog.Price, error) {
	if !v.Offered(ask).Purchasable {
		return catalog.Price{}, &NotForSaleError{SKU: l.SKU}
	}
	if l.AgreedPrice != nil {
		if have := l.AgreedPrice.Currency(); ask.Currency != "" && have != ask.Currency {
			return catalog.Price{}, &CurrencyError{SKU: l.SKU, Want: ask.Currency, Have: have}
		}
		return catalog.Price{Amount: *l.AgreedPrice, Prices: l.AgreedPrices}, nil
	}
	currency := ask.Currency
	if currency == "" && len(v.Prices) > 0 {
		ask.Currency = v.Prices[0].Currency()
	}
	ask.Quantity = l.Quantity
	price, found := lists.Price(v, ask)
	if !found {
		return catalog.Price{}, &CurrencyError{SKU: l.SKU, Want: currency}
	}
	return price, nil
}

func (l AddedLine) stamped(v catalog.Variant, price catalog.Price) AddedLine {
	l.Variant, l.Title, l.UnitPrice, l.Prices, l.Untracked = v.ID, v.Title, price.Amount.Minor(), price.Prices, v.Untracked
	l.HoldMinutes = holdMinutes(v)
	return l
}

// agreed returns the price that the line is kept under: the agreed one, or -1
// if the catalog decides.
func (l AddedLine) agreed() int64 {
	if l.Reason == "" {
		return -1
	}
	return l.UnitPrice
}

func (c AddLines) apply(tx *command.Tx) (Receipt, error) {
	h, err := c.header(tx)
	if err != nil {
		return Receipt{}, err
	}
	for _, l := range c.Lines {
		if err := h.hasDelivery(tx, l.Delivery); err != nil {
			return Receipt{}, err
		}
		if err := h.add(tx, l); err != nil {
			return Receipt{}, err
		}
	}
	if err := h.reserveAdded(tx, c.Lines); err != nil {
		return Receipt{}, err
	}
	return h.save(tx)
}

// header returns the cart that the lines go to.
func (c AddLines) header(tx *command.Tx) (header, error) {
	if c.New {
		return newHeader(tx, c.Cart, c.Customer, c.Currency, c.Channel, c.ExternalReference)
	}
	h, err := loadHeader(tx.Tx, c.Cart)
	if err != nil {
		return h, err
	}
	return h, h.changeable(c.Version)
}

// AddLines runs the command and returns the whole cart as it is then. It
// returns a *catalog.UnknownSKUError, a *NotForSaleError, a *CurrencyError, a
// *VersionError, a *StatusError while a checkout runs or after, a *LimitError,
// and an *inventory.OutOfStockError for goods that are set aside in carts.
func (s *Service) AddLines(ctx context.Context, c AddLines) (Cart, error) {
	if err := c.Validate(); err != nil {
		return Cart{}, err
	}
	call, err := s.callOn(c.Cart, c.Customer, c.Key)
	if err != nil {
		return Cart{}, err
	}
	var cmd AddLines
	call.Prepare = func(st command.Stamp) error { return cmd.prepare(ctx, s, st) }
	skus := make([]catalog.SKU, len(c.Lines))
	for i, l := range c.Lines {
		skus[i] = l.SKU
	}
	return s.stocked(ctx, &cmd.Cart, func() (Cart, error) {
		cmd = c
		return command.DoThen(ctx, s.engine, &cmd, call, s.reading(skus...))
	})
}

// callOn returns the call of a command on a cart, or on a new one of a customer
// or of a guest.
func (s *Service) callOn(cart ID, customer accounts.CustomerID, key string) (call command.Call, err error) {
	call.Key = command.KeyOr(s.engine, key)
	switch {
	case cart != "":
		call.Slot, err = slotOf(cart)
	case customer != "":
		call.Slot, err = customer.Slot()
	default:
		call.Create = true
	}
	return call, err
}

// AddLine is AddLines with one line.
func (s *Service) AddLine(ctx context.Context, c AddLine) (Cart, error) {
	return s.AddLines(ctx, AddLines{
		Cart: c.Cart, Customer: c.Customer, Currency: c.Currency, Channel: c.Channel, Version: c.Version, Key: c.Key,
		Lines: []AddedLine{{SKU: c.SKU, Quantity: c.Quantity}},
	})
}
