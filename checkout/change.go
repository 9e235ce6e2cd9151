package checkout

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

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
	"github.com/keelshop/commerce/pricing"
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

// priceChange reads the order and works out what the change is worth.
func (s *Service) priceChange(ctx context.Context, c Change, cmd *changeOrder) (orders.Order, error) {
	if err := c.check(); err != nil {
		return orders.Order{}, err
	}
	o, err := s.orders.Get(ctx, c.Order)
	if err != nil {
		return o, err
	}
	cmd.Change = orders.Changed{Cancel: c.Cancel, Reason: c.Reason}
	for _, l := range c.Lower {
		if l.Amount.Currency() != o.Currency {
			return o, fault.Wrong("lower.amount.currency", "order %s is in %s, not in %s", o.ID, o.Currency, l.Amount.Currency())
		}
		cmd.Change.Lowered = append(cmd.Change.Lowered, orders.LoweredLine{Line: l.Line, Amount: l.Amount.Minor()})
	}
	if c.Address != (accounts.Address{}) {
		if err := s.readdress(ctx, o, &c, &cmd.Change); err != nil {
			return o, err
		}
	}
	if c.Contact != (cart.Contact{}) {
		cmd.Change.ShippingCountry, cmd.Change.BillingCountry = c.Contact.ShippingAddress.Country, c.Contact.BillingAddress.Country
		if cmd.Change.Contact, err = s.orders.SealContact(ctx, o.ID, c.Contact); err != nil {
			return o, err
		}
	}
	if len(c.Add) == 0 && c.Shipping == "" {
		return o, nil
	}
	return o, s.priceAdded(ctx, o, c, &cmd.Change)
}

// readdress has a delivery sent elsewhere: the first by the order's contact.
func (s *Service) readdress(ctx context.Context, o orders.Order, c *Change, out *orders.Changed) error {
	to, err := o.Delivery(c.Delivery)
	if err != nil {
		return err
	}
	if to.Number == cart.FirstDelivery {
		if c.Contact, err = s.orders.Contact(ctx, o.ID); err == nil {
			c.Contact.ShippingAddress = c.Address
		}
		return err
	}
	a := orders.NewAddress{Country: c.Address.Country}
	if a.Sealed, a.Subject, err = s.orders.SealAddress(ctx, o.ID, to.Number, c.Address); err != nil {
		return err
	}
	out.Delivery, out.Address = to.Number, &a
	return nil
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

// priceAdded prices what is added, and another way to send the order, by the
// rules and the catalog as they are now.
func (s *Service) priceAdded(ctx context.Context, o orders.Order, c Change, out *orders.Changed) error {
	to, err := o.Delivery(c.Delivery)
	if err != nil {
		return err
	}
	out.Delivery = to.Number
	q, err := s.carts.QuoteAdded(ctx, cart.Added{
		Currency: o.Currency, Cart: cart.ID(o.Cart), Customer: o.Customer, TaxExempt: to.TaxExempt, Method: c.Shipping, Lines: added(c.Add), Kept: kept(o, to.Number, c.Cancel),
		Address: func(ctx context.Context) (pricing.Address, error) { return s.destination(ctx, o, to.Number, c) },
	})
	if err != nil {
		return err
	}
	if q.TaxIncluded != o.TaxIncluded {
		return fault.New(fault.Conflict, "prices have been changed to contain tax or not since order %s was placed: nothing can be added to it, so sell it in an order of its own", o.ID)
	}
	parts, err := s.sourceAdded(ctx, o, countryOf(o, to, *out), q.Lines)
	if err != nil {
		return err
	}
	fees := 0
	for i, l := range q.Lines {
		if fees += len(l.Fees); fees > maxAddedFees {
			return fault.New(fault.Refused, "more than %d fees are on what is added: add the goods in several changes", maxAddedFees)
		}
		out.Added = append(out.Added, orders.AddedLine{
			SKU: l.SKU, Variant: l.Variant, Parts: parts[i], Title: l.Title, Quantity: l.Quantity, UnitPrice: l.UnitPrice, Tax: l.Tax, TaxIncluded: l.TaxIncluded, Reason: l.Reason, Digital: l.Digital,
			Delivery: to.Number, Fees: feesOf(l),
		})
	}
	out.Taxes = q.Taxes
	if c.Shipping == "" {
		return nil
	}
	if q.Shipping.Reason != "" {
		return fault.New(fault.Refused, "order %s cannot be sent by %q: %s", o.ID, c.Shipping, q.Shipping.Reason)
	}
	n, err := s.resend(ctx, o, to, c.Shipping, q.Shipping)
	if err != nil {
		return err
	}
	more, err := moreTaxes(o, q.Shipping, n)
	if err != nil {
		return err
	}
	out.Taxes = append(out.Taxes, more...)
	out.Shipping = &n
	return nil
}

// feesOf returns the fees on an added line as an order takes them.
func feesOf(l cart.QuotedLine) []orders.AddedFee {
	var out []orders.AddedFee
	for _, f := range l.Fees {
		out = append(out, orders.AddedFee{Fee: f.Fee, Kind: f.Kind, Name: f.Name, Amount: f.Amount, Tax: f.Tax})
	}
	return out
}

// resend returns what it costs more or less to send an order by another method.
// A cheaper method leaves what the order says of shipping and grants the rest
// back, so that earlier changes count by what they have given back. Where the
// method is taxed otherwise, all that is left of the old one is granted back,
// and the new one charged, each with its taxes.
func (s *Service) resend(ctx context.Context, o orders.Order, to orders.Delivery, method string, q pricing.QuotedShipping) (orders.NewShipping, error) {
	n := orders.NewShipping{Method: method, Name: q.Name}
	left, tax := to.Shipping.Minor(), to.ShippingTax.Minor()
	if !o.TaxIncluded {
		left += tax
	}
	back, backTax, err := s.shippingBack(ctx, o.ID, to.Number)
	if err != nil {
		return n, err
	}
	left, tax = left-back, tax-backTax
	same, err := taxedAlike(o.Currency, q, left, tax)
	if err != nil {
		return n, err
	}
	switch more := q.Gross - left; {
	case !same:
		n.Less, n.LessTax, n.More, n.MoreTax = left, tax, q.Amount, q.Tax
	case more < 0:
		n.Less = -more
		n.LessTax = max(0, min(tax-q.Tax, n.Less))
	case more > 0:
		n.More, n.MoreTax = more, max(0, min(q.Tax-tax, more))
		if !o.TaxIncluded {
			n.More -= n.MoreTax
		}
	}
	return n, err
}

// taxedAlike reports whether a gross amount holds as much tax as it would by
// the method that is quoted, but for what rounding does.
func taxedAlike(c money.Currency, q pricing.QuotedShipping, gross, tax int64) (bool, error) {
	if gross == 0 || q.Gross == 0 {
		return true, nil
	}
	part, err := money.NewRate(q.Tax, q.Gross)
	if err != nil {
		return false, err
	}
	want, err := money.New(gross, c).Scale(part, money.HalfEven)
	if err != nil {
		return false, err
	}
	off := want.Minor() - tax
	return max(off, -off) <= max(1, int64(len(q.Taxes))), nil
}

// shippingBack returns what of the shipping of a delivery changes have granted
// back, with its tax, and what of that was tax.
func (s *Service) shippingBack(ctx context.Context, o orders.ID, delivery int) (back, tax int64, err error) {
	grants, err := s.orders.Grants(ctx, o)
	if err != nil || len(grants) == 0 {
		return 0, 0, err
	}
	changes, err := s.orders.Changes(ctx, o)
	for _, g := range grants {
		of := slices.IndexFunc(changes, func(c orders.Change) bool { return c.Name() == g.Of })
		if g.Source == orders.FromChange && g.State != orders.Withdrawn && of >= 0 && changes[of].Delivery == delivery {
			back, tax = back+g.Shipping.Minor(), tax+g.ShippingTax.Minor()
		}
	}
	return back, tax, err
}

// moreTaxes returns the taxes on what shipping costs more: those of the method,
// all of them or in proportion.
func moreTaxes(o orders.Order, q pricing.QuotedShipping, n orders.NewShipping) ([]pricing.TaxSum, error) {
	if n.MoreTax == 0 || len(q.Taxes) == 0 {
		return nil, nil
	}
	out := make([]pricing.TaxSum, len(q.Taxes))
	for i, t := range q.Taxes {
		out[i] = pricing.TaxSum(t)
	}
	if n.MoreTax == q.Tax {
		return out, nil
	}
	net := n.More
	if o.TaxIncluded {
		net -= n.MoreTax
	}
	weights := make([]int64, len(q.Taxes))
	for i, t := range q.Taxes {
		weights[i] = t.Amount
	}
	parts, err := money.New(n.MoreTax, o.Currency).Allocate(weights)
	if err != nil {
		return nil, err
	}
	for i := range out {
		out[i].Base, out[i].Amount = net, parts[i].Minor()
	}
	return out, nil
}

func added(lines []AddedLine) []cart.AddedLine {
	out := make([]cart.AddedLine, len(lines))
	for i, l := range lines {
		out[i] = cart.AddedLine{SKU: l.SKU, Quantity: l.Quantity, AgreedPrice: l.AgreedPrice, Reason: l.Reason}
	}
	return out
}

// kept returns the lines of a delivery that stay, which count for what it costs
// to send it.
func kept(o orders.Order, delivery int, canceled []orders.LineQuantity) []cart.AddedLine {
	var out []cart.AddedLine
	for _, l := range o.Lines {
		if l.Delivery != delivery {
			continue
		}
		n := l.Quantity - l.Canceled
		if i := slices.IndexFunc(canceled, func(c orders.LineQuantity) bool { return c.Line == l.Number }); i >= 0 {
			n -= canceled[i].Quantity
		}
		if n > 0 {
			out = append(out, cart.AddedLine{SKU: l.SKU, Quantity: n, UnitPrice: l.UnitPrice.Minor()})
		}
	}
	return out
}

// destination returns where a delivery of the order goes after the change.
func (s *Service) destination(ctx context.Context, o orders.Order, delivery int, c Change) (pricing.Address, error) {
	if delivery != cart.FirstDelivery {
		if a := c.Address; a != (accounts.Address{}) {
			return pricing.Address{Country: a.Country, Region: a.Region.Reveal(), Postcode: a.Postcode.Reveal()}, nil
		}
		return s.furtherDestination(ctx, o.ID, delivery)
	}
	to := c.Contact
	if to == (cart.Contact{}) {
		var err error
		if to, err = s.orders.Contact(ctx, o.ID); err != nil {
			return pricing.Address{}, err
		}
	}
	a := to.ShippingAddress
	return pricing.Address{Country: a.Country, Region: a.Region.Reveal(), Postcode: a.Postcode.Reveal()}, nil
}

// furtherDestination returns where a delivery goes that is not the first.
func (s *Service) furtherDestination(ctx context.Context, o orders.ID, delivery int) (pricing.Address, error) {
	all, err := s.orders.DeliveryAddresses(ctx, o)
	if err != nil {
		return pricing.Address{}, err
	}
	i := slices.IndexFunc(all, func(a cart.DeliveryAddress) bool { return a.Delivery == int64(delivery) })
	if i < 0 {
		return pricing.Address{}, &orders.DeliveryError{Order: o, Delivery: delivery}
	}
	a := all[i].Address
	return pricing.Address{Country: a.Country, Region: a.Region.Reveal(), Postcode: a.Postcode.Reveal()}, nil
}

// countryOf returns the country that a delivery goes to after the change.
func countryOf(o orders.Order, to orders.Delivery, c orders.Changed) string {
	if to.Number != cart.FirstDelivery {
		if c.Address != nil {
			return c.Address.Country
		}
		return to.Country
	}
	return cmp.Or(c.ShippingCountry, o.ShippingCountry)
}
