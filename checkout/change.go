package checkout

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/inventory"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/orders"
	"github.com/keelshop/commerce/payments"
)

// Change changes an order that was placed. Preview says what it would come to,
// Confirm does it, in one entry.
//
// What is added is priced as of now, without promotions and with the fees that
// are charged on lines, such as deposits; what is taken away is worth what was
// paid for it. An order's lines are never rewritten, so that
// invoices and refunds go on telling the truth: more of something is a line
// more, and less is canceled or granted back.
type Change struct {
	Order  orders.ID
	Reason string
	// Add are lines more, at the catalog's price or at an agreed one.
	Add []AddedLine
	// Cancel are units that will not be sent.
	Cancel []orders.LineQuantity
	// Lower are lines that become cheaper.
	Lower []LowerLine
	// Shipping names the method by which the order is sent instead.
	Shipping string
	// Delivery is the number of the one that Add, Shipping and Address are for; it
	// is needed if the order goes to several places.
	Delivery int
	// Contact takes the place of the order's; the zero Contact leaves it. Prices
	// and taxes of what was bought stay as they are.
	Contact cart.Contact
	// Address takes the place of the delivery's; the zero Address leaves it. That
	// of the first delivery is the contact's shipping address. Prices and taxes of
	// what was bought stay as they are.
	Address accounts.Address
	// Version is the order's that the change was made for. Confirm needs it.
	Version int64
	// Expected is what the shopper was told that is due for it, less what they
	// get back; nil does not check.
	Expected *money.Amount
	Key      string
}

// AddedLine is something that is added to an order.
type AddedLine struct {
	SKU         catalog.SKU
	Quantity    int64
	AgreedPrice *money.Amount // nil is the catalog's price
	Reason      string        // of an agreed price
}

// LowerLine makes a line cheaper.
type LowerLine struct {
	Line   int
	Amount money.Amount // by how much, with its tax
}

// ChangePreview is what a change would come to. Nothing of it is stored.
type ChangePreview struct {
	Order orders.Order // as it is
	// Added is what becomes due, Back what is granted back, both with their tax.
	Added, Back money.Amount
	// Total is the order's total afterwards, without what was ever granted back.
	Total money.Amount
	// Outstanding is what is still to be paid afterwards; below nothing it is
	// paid back.
	Outstanding money.Amount
	Lines       []orders.Line // that are added
}

// changeOrder is the command of a Change.
type changeOrder struct {
	Order    orders.ID      `cbor:"1,keyasint"`
	Version  int64          `cbor:"2,keyasint"`
	Expected *money.Amount  `cbor:"3,keyasint,omitempty"`
	Change   orders.Changed `cbor:"4,keyasint" command:"stamped"`
	// Request stands for what the caller asked for: what it comes to may have
	// changed when they ask again.
	Request []byte `cbor:"5,keyasint"`
}

// changed is its answer.
type changed struct {
	Version int64 `cbor:"1,keyasint"`
}

func (changeOrder) Kind() command.Kind { return "checkout.change_order" }

// Validate returns nil: Confirm has checked.
func (changeOrder) Validate() error { return nil }

func (c changeOrder) apply(tx *command.Tx) (changed, error) {
	o, err := orders.GetTx(tx.Tx, c.Order)
	if err != nil {
		return changed{}, err
	}
	switch {
	case o.Version != c.Version:
		return changed{}, &orders.VersionError{Order: c.Order, Want: c.Version, Have: o.Version}
	case o.Status != orders.Placed:
		return changed{}, &orders.StatusError{Order: c.Order, Have: string(o.Status), Want: string(orders.Placed)}
	}
	if o.Lines, err = orders.LinesTx(tx.Tx, c.Order, o.Currency); err != nil {
		return changed{}, err
	}
	made, err := orders.ApplyChange(tx, &o, c.Change)
	if err != nil {
		return changed{}, err
	}
	net := money.New(made.Added.Minor()-made.Back.Minor(), o.Currency)
	if c.Expected != nil && *c.Expected != net {
		return changed{}, &ChangeCostError{Order: c.Order, Want: *c.Expected, Have: net}
	}
	return changed{Version: o.Version}, payments.PostChange(tx, made)
}

// ChangeCostError says that a change does not cost what was expected.
type ChangeCostError struct {
	Order      orders.ID
	Want, Have money.Amount
}

func (e *ChangeCostError) Error() string {
	return "the change of order " + string(e.Order) + " comes to " + e.Have.String() + ", not " + e.Want.String() + ": preview it again and ask"
}

// Unwrap returns fault.Conflict.
func (e *ChangeCostError) Unwrap() error { return fault.Conflict }

// Preview says what a change would come to. It returns the errors that Confirm
// would return; of goods that cannot be had it knows only where there are
// several places to take them from.
func (s *Service) Preview(ctx context.Context, c Change) (ChangePreview, error) {
	var cmd changeOrder
	o, err := s.priceChange(ctx, c, &cmd)
	if err != nil {
		return ChangePreview{}, err
	}
	p := ChangePreview{Order: o, Added: money.Zero(o.Currency), Back: money.Zero(o.Currency)}
	if p.Lines, p.Added, p.Back, err = s.orders.PreviewChange(ctx, o, cmd.Change); err != nil {
		return ChangePreview{}, err
	}
	if p.Total, err = o.Total.Add(p.Added); err != nil {
		return ChangePreview{}, err
	}
	p.Outstanding = money.New(o.Outstanding().Minor()+p.Added.Minor()-p.Back.Minor(), o.Currency)
	return p, nil
}

// Confirm changes the order and returns it as it is then. What is given back is
// paid back soon after; what becomes due is Order.Outstanding.
//
// It returns an *orders.VersionError or *orders.StatusError, a *ChangeCostError,
// an *inventory.OutOfStockError, an *orders.QuantityError or an *orders.CapError.
func (s *Service) Confirm(ctx context.Context, c Change) (orders.Order, error) {
	if c.Version == 0 {
		return orders.Order{}, fault.Wrong("If-Match", "a change needs the version of the order that it was made for")
	}
	if err := c.check(); err != nil {
		return orders.Order{}, err
	}
	slot, err := id.SlotOf(string(c.Order))
	if err != nil {
		return orders.Order{}, err
	}
	c.Key = command.KeyOr(s.engine, c.Key)
	cmd := changeOrder{Order: c.Order, Version: c.Version, Expected: c.Expected, Request: s.request(c)}
	submit := func() error {
		_, err := command.Do[changed](ctx, s.engine, &cmd, command.Call{Key: c.Key, Slot: slot, Prepare: func(command.Stamp) error {
			_, err := s.priceChange(ctx, c, &cmd)
			return err
		}})
		return err
	}
	err = submit()
	if short, ok := errors.AsType[*inventory.ShortError](err); ok {
		err = s.inventory.Fill(ctx, slot, short.Lines, submit)
	}
	if err != nil {
		return orders.Order{}, command.UnderKey(c.Key, err)
	}
	return command.Then(ctx, c.Key, func(ctx context.Context) (orders.Order, error) { return s.orders.Get(ctx, c.Order) })
}

// request stands for what a caller asked for, the new contact included, of
// which nothing can be read from it.
func (s *Service) request(c Change) []byte {
	text := fmt.Sprintf("%q %q %v %v %d", c.Reason, c.Shipping, c.Cancel, c.Lower, c.Delivery)
	for _, l := range c.Add {
		text += fmt.Sprintf(" %q %d %q", l.SKU, l.Quantity, l.Reason)
		if l.AgreedPrice != nil {
			text += l.AgreedPrice.String()
		}
	}
	for _, f := range c.Contact.Fields() {
		text += fmt.Sprintf(" %q", f.Reveal())
	}
	for _, f := range (cart.Contact{ShippingAddress: c.Address}).Fields() {
		text += fmt.Sprintf(" %q", f.Reveal())
	}
	text += c.Contact.ShippingAddress.Country + " " + c.Contact.BillingAddress.Country + " " + c.Address.Country
	sum := s.engine.Hash("change", text)
	return sum[:]
}

// maxAdded bounds the lines of each kind in a change, and maxAddedFees the fees
// on those that are added, so that a command stays below the limit of its size.
const (
	maxAdded     = 200
	maxAddedFees = 500
)

func (c Change) check() error {
	if err := command.RefuseCardNumbers(c); err != nil {
		return err
	}
	if err := id.Check("ord", string(c.Order)); err != nil {
		return err
	}
	switch {
	case c.Reason == "" || len(c.Reason) > 500:
		return fault.Wrong("reason", "a change needs a reason of 1 to 500 bytes")
	case len(c.Add)+len(c.Cancel)+len(c.Lower) == 0 && c.Shipping == "" && c.Contact == (cart.Contact{}) && c.Address == (accounts.Address{}):
		return fault.New(fault.Invalid, "there is nothing to change")
	case c.Address != (accounts.Address{}) && c.Delivery <= cart.FirstDelivery && c.Contact != (cart.Contact{}):
		return fault.Wrong("address", "the contact says where the first delivery goes: give an address or a contact")
	case c.Delivery < 0:
		return fault.Wrong("delivery", "there is no delivery %d: they count from 1", c.Delivery)
	case len(c.Add) > maxAdded || len(c.Cancel) > maxAdded || len(c.Lower) > maxAdded:
		return fault.Wrong("add", "a change has up to %d lines of each kind", maxAdded)
	}
	seen := map[int]bool{}
	for i, l := range c.Cancel {
		if l.Line < 1 || l.Quantity < 1 || l.Quantity > cart.MaxQuantity || seen[l.Line] {
			return fault.Wrong(fault.Item("cancel", i), "line %d: name each line once, with how many units are canceled", l.Line)
		}
		seen[l.Line] = true
	}
	for i, l := range c.Lower {
		if l.Line < 1 || !l.Amount.IsPositive() || seen[l.Line] {
			return fault.Wrong(fault.Item("lower", i), "line %d: name each line once, with how much less it costs", l.Line)
		}
		seen[l.Line] = true
	}
	for i, l := range c.Add {
		if l.SKU == "" || l.Quantity < 1 || l.Quantity > cart.MaxQuantity || (l.AgreedPrice != nil) != (l.Reason != "") || l.AgreedPrice != nil && l.AgreedPrice.IsNegative() {
			return fault.Wrong(fault.Item("add", i), "%q: say how many, and with an agreed price why", l.SKU)
		}
	}
	return cmp.Or(c.Contact.Check(), cart.Contact{ShippingAddress: c.Address}.Check())
}
