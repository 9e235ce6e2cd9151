package orders

import (
	"context"
	"strconv"
	"time"

	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/seal"
	"github.com/keelshop/commerce/internal/sqlite"
	"github.com/keelshop/commerce/inventory"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/pricing"
)

// Changed is what a change of a placed order comes to, worked out before it is
// logged. Package checkout makes it. Lines of an order are never rewritten: what
// is added is a line more, what is taken away is granted back. Amounts are minor
// units of the order's currency.
type Changed struct {
	Added   []AddedLine    `cbor:"1,keyasint,omitempty"`
	Cancel  []LineQuantity `cbor:"2,keyasint,omitempty"`
	Lowered []LoweredLine  `cbor:"3,keyasint,omitempty"`
	// Shipping is how the order is sent instead; nil leaves it.
	Shipping *NewShipping `cbor:"4,keyasint,omitempty"`
	// Taxes are those of what is added, by tax and rate.
	Taxes []pricing.TaxSum `cbor:"5,keyasint,omitempty"`
	// Contact takes the place of the order's, sealed under the same key.
	Contact         seal.Sealed `cbor:"6,keyasint,omitempty"`
	ShippingCountry string      `cbor:"7,keyasint,omitempty"`
	BillingCountry  string      `cbor:"8,keyasint,omitempty"`
	Reason          string      `cbor:"9,keyasint"`
	// Delivery is the number of the one that Shipping and Address are of; 0
	// without one.
	Delivery int `cbor:"10,keyasint,omitempty"`
	// Address takes the place of that of Delivery, which is not the first; nil
	// leaves it.
	Address *NewAddress `cbor:"11,keyasint,omitempty"`
}

// AddedLine is a line that an order gets.
type AddedLine struct {
	SKU       catalog.SKU       `cbor:"1,keyasint"`
	Variant   catalog.VariantID `cbor:"2,keyasint"`
	Parts     []inventory.Part  `cbor:"3,keyasint,omitempty"` // what it takes from stock
	Title     string            `cbor:"4,keyasint,omitempty"`
	Quantity  int64             `cbor:"5,keyasint"`
	UnitPrice int64             `cbor:"6,keyasint,omitempty"`
	Tax       int64             `cbor:"7,keyasint,omitempty"`
	// TaxIncluded says that UnitPrice contains its tax.
	TaxIncluded bool   `cbor:"9,keyasint,omitempty"`
	Reason      string `cbor:"8,keyasint,omitempty"` // why the price was agreed; "" is the catalog's price
	// Digital is how it is delivered over the network; nil if it is shipped.
	Digital *catalog.Digital `cbor:"10,keyasint,omitempty"`
	// Delivery is the number of the one that it goes into; 0 is the only one.
	Delivery int `cbor:"11,keyasint,omitempty"`
	// Fees are charged on the line, beside UnitPrice and Tax.
	Fees []AddedFee `cbor:"12,keyasint,omitempty"`
}

// AddedFee is a fee on an AddedLine.
type AddedFee struct {
	Fee    string          `cbor:"1,keyasint"`
	Kind   pricing.FeeKind `cbor:"2,keyasint,omitempty"`
	Name   string          `cbor:"3,keyasint"`
	Amount int64           `cbor:"4,keyasint"` // contains the tax as the line says
	Tax    int64           `cbor:"5,keyasint,omitempty"`
}

// LoweredLine is a line that becomes cheaper.
type LoweredLine struct {
	Line   int   `cbor:"1,keyasint"`
	Amount int64 `cbor:"2,keyasint"` // by how much, with its tax
}

// NewShipping is how an order is sent instead, and what that costs more, or
// with Less, with its tax, less. It is both where other taxes are due: what was
// due goes back whole.
type NewShipping struct {
	Method  string `cbor:"1,keyasint"`
	Name    string `cbor:"2,keyasint,omitempty"`
	More    int64  `cbor:"3,keyasint,omitempty"` // as prices are, with tax or without
	MoreTax int64  `cbor:"4,keyasint,omitempty"`
	Less    int64  `cbor:"5,keyasint,omitempty"`
	LessTax int64  `cbor:"6,keyasint,omitempty"` // the part of Less that is tax
}

// NewAddress is where a delivery goes instead.
type NewAddress struct {
	Sealed  seal.Sealed `cbor:"1,keyasint"`
	Subject string      `cbor:"2,keyasint"` // under whose key
	Country string      `cbor:"3,keyasint"`
}

// Change is a change that an order has had.
type Change struct {
	Order  ID
	Number int // from 1, within the order
	Reason string
	// Added is what became due for it, with its tax: Goods and Shipping are
	// without. Back is what was granted back.
	Added, Back          money.Amount
	Goods, Shipping, Tax money.Amount
	Delivery             int // the one that was added to, is sent otherwise or elsewhere; 0 if none was
	By                   string
	At                   time.Time
}

// ChangedEvent is the data of the event order.changed.
type ChangedEvent struct {
	Order    ID             `json:"order"`
	Change   int            `json:"change"`
	Currency money.Currency `json:"currency"`
	Added    int64          `json:"added"` // minor units
	Back     int64          `json:"back"`  // minor units
	Reason   string         `json:"reason"`
}

// ApplyChange changes a placed order that the caller has read in this
// transaction with its lines, and stores it. The ledger is the caller's to
// post: see Change. It returns an *inventory.ShortError if this shard's
// allowance of what is added is too small, a *QuantityError or a *CapError.
func ApplyChange(tx *command.Tx, o *Order, c Changed) (Change, error) {
	n, _, err := tx.Int64(`SELECT max(n) FROM order_changes WHERE order_id = ?`, o.ID)
	if err != nil {
		return Change{}, err
	}
	out := Change{Order: o.ID, Number: int(n) + 1, Reason: c.Reason, Delivery: c.Delivery, By: tx.Principal}
	back, err := c.takeAway(tx, o, out.Name())
	if err != nil {
		return Change{}, err
	}
	goods, shipping, tax, err := c.add(tx, o)
	if err != nil {
		return Change{}, err
	}
	amount := func(minor int64) money.Amount { return money.New(minor, o.Currency) }
	out.Goods, out.Shipping, out.Tax = amount(goods), amount(shipping), amount(tax)
	out.Added, out.Back = amount(goods+shipping+tax), back
	if err := c.readdress(tx, o); err != nil {
		return Change{}, err
	}
	if _, err := tx.Exec(`INSERT INTO order_changes (order_id, n, slot, reason, added, back, goods, shipping, tax, shipping_tax, delivery, by, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		o.ID, out.Number, tx.Slot, c.Reason, out.Added.Minor(), back.Minor(), goods, shipping, tax, c.shippingTax(), c.Delivery, out.By, tx.At); err != nil {
		return Change{}, err
	}
	if err := Save(tx, o); err != nil {
		return Change{}, err
	}
	if err := tx.SetTimer(tx.Clock, TimerSettle, string(o.ID)); err != nil {
		return Change{}, err
	}
	if err := deliverLater(tx, o); err != nil { // what was added may cost nothing
		return Change{}, err
	}
	return out, tx.Emit("order.changed", string(o.ID), ChangedEvent{
		Order: o.ID, Change: out.Number, Currency: o.Currency, Added: out.Added.Minor(), Back: back.Minor(), Reason: c.Reason,
	})
}

// shippingTax returns the tax on what shipping costs more.
func (c Changed) shippingTax() int64 {
	if c.Shipping == nil {
		return 0
	}
	return c.Shipping.MoreTax
}

// Name is what grants are of that a change makes: see Grant.Of.
func (c Change) Name() string { return "change " + strconv.Itoa(c.Number) }

// takeAway cancels units, and grants back what they and cheaper lines and
// shipping cost.
func (c Changed) takeAway(tx *command.Tx, o *Order, of string) (money.Amount, error) {
	w := c.wish(o, of)
	if len(c.Cancel) > 0 {
		cancel := CancelLines{Order: o.ID, Lines: c.Cancel}
		units, err := cancel.units(o.Lines)
		if err != nil {
			return money.Amount{}, err
		}
		if err := c.leaves(*o, units); err != nil {
			return money.Amount{}, err
		}
		if err := cancel.free(tx, o.Lines); err != nil {
			return money.Amount{}, err
		}
		o.Canceled += units
	}
	if len(w.lines) == 0 && w.shipping == 0 {
		return money.Zero(o.Currency), nil
	}
	g, err := grant(tx, o, o.Lines, w)
	if err != nil {
		return money.Amount{}, err
	}
	return g.Amount, tx.Emit("order.refund_granted", string(o.ID), g.event())
}

// leaves refuses to cancel so many units that nothing is left of the order: it
// would stay placed with nothing to send, and keep what shipping cost.
func (c Changed) leaves(o Order, units int64) error {
	if units > 0 && o.Shipped == 0 && units == o.Units-o.Canceled && len(c.Added) == 0 {
		return fault.New(fault.Refused, "the change leaves nothing of order %s: cancel it", o.ID)
	}
	return nil
}

// wish returns what is granted back for the change.
func (c Changed) wish(o *Order, of string) wish {
	w := wish{source: FromChange, of: of, reason: c.Reason}
	for _, l := range c.Cancel {
		w.lines = append(w.lines, wishLine{line: l.Line, quantity: l.Quantity, amount: -1})
	}
	for _, l := range c.Lowered {
		w.lines = append(w.lines, wishLine{line: l.Line, amount: l.Amount})
	}
	if c.Shipping != nil {
		w.shipping, w.shippingTax = c.Shipping.Less, &c.Shipping.LessTax
		if o.Split && w.shipping > 0 {
			w.delivery = c.Delivery
		}
	}
	return w
}

// PreviewChange returns what a change of an order would add, and what it would
// add and grant back in money, with tax. It changes nothing, and returns the
// errors that ApplyChange would, but for stock.
func (s *Service) PreviewChange(ctx context.Context, o Order, c Changed) (lines []Line, more, back money.Amount, err error) {
	slot, err := slotOf(o.ID)
	if err != nil {
		return nil, more, back, err
	}
	more, back = money.Zero(o.Currency), money.Zero(o.Currency)
	for i, l := range c.Added {
		line := l.line(o, len(o.Lines)+i+1)
		lines = append(lines, line)
		if more, err = more.Add(line.Gross); err != nil {
			return nil, more, back, err
		}
	}
	if n := c.Shipping; n != nil {
		extra := n.More
		if !o.TaxIncluded {
			extra += n.MoreTax
		}
		if more, err = more.Add(money.New(extra, o.Currency)); err != nil {
			return nil, more, back, err
		}
	}
	if o.Status != Placed {
		return nil, more, back, &StatusError{Order: o.ID, Have: string(o.Status), Want: string(Placed)}
	}
	units, err := (CancelLines{Order: o.ID, Lines: c.Cancel}).units(o.Lines)
	if err != nil {
		return nil, more, back, err
	}
	if err := c.leaves(o, units); err != nil {
		return nil, more, back, err
	}
	w := c.wish(&o, "")
	if len(w.lines) == 0 && w.shipping == 0 {
		return lines, more, back, nil
	}
	err = s.engine.View(ctx, slot, func(tx *sqlite.Tx) error {
		g, err := w.work(tx, &o, o.Lines)
		back = g.Amount
		return err
	})
	return lines, more, back, err
}

// add puts lines onto the order and takes their goods from stock. It returns
// what became due, without tax for goods and shipping.
func (c Changed) add(tx *command.Tx, o *Order) (goods, shipping, tax int64, err error) {
	var demands []inventory.Demand
	subtotal, taxAdded, fees := int64(0), int64(0), int64(0)
	listed, _, err := tx.Int64(`SELECT coalesce(max(n), 0) FROM order_fees WHERE order_id = ?`, o.ID)
	if err != nil {
		return 0, 0, 0, err
	}
	for i, l := range c.Added {
		line := l.line(*o, len(o.Lines)+i+1)
		if err := insertLine(tx, o.ID, &line); err != nil {
			return 0, 0, 0, err
		}
		subtotal += line.Total.Minor()
		for _, f := range l.fees(*o, line.Number, int(listed)) {
			if err := f.insert(tx, o.ID); err != nil {
				return 0, 0, 0, err
			}
			listed++
		}
		fees += line.Fees.Minor()
		taxAdded += line.Gross.Minor() - line.Total.Minor() - line.Fees.Minor()
		goods, tax = goods+line.Net.Minor(), tax+line.Tax.Minor()
		o.Units += l.Quantity
		o.Digital = o.Digital || line.Downloadable()
		demands = append(demands, inventory.Take(l.Parts, 0, l.Quantity)...)
	}
	if len(demands) > 0 {
		if err := inventory.AddSold(tx, string(o.ID), demands); err != nil {
			return 0, 0, 0, err
		}
	}
	if s := c.Shipping; s != nil {
		if err := c.resend(tx, o); err != nil {
			return 0, 0, 0, err
		}
		o.Shipping, o.ShippingTax = money.New(o.Shipping.Minor()+s.More, o.Currency), money.New(o.ShippingTax.Minor()+s.MoreTax, o.Currency)
		shipping, tax = s.More, tax+s.MoreTax
		if o.TaxIncluded {
			shipping -= s.MoreTax
		} else {
			taxAdded += s.MoreTax
		}
	}
	o.Subtotal, o.Tax = money.New(o.Subtotal.Minor()+subtotal, o.Currency), money.New(o.Tax.Minor()+tax, o.Currency)
	o.TaxAdded, o.FeeTotal = money.New(o.TaxAdded.Minor()+taxAdded, o.Currency), money.New(o.FeeTotal.Minor()+fees, o.Currency)
	o.Total = money.New(o.Total.Minor()+goods+shipping+tax, o.Currency)
	for _, t := range c.Taxes {
		o.Taxes = addTax(o.Taxes, t)
	}
	taxes, err := encodeList(o.Taxes)
	if err != nil {
		return 0, 0, 0, err
	}
	_, err = tx.Exec(`UPDATE orders SET subtotal = ?, fees = ?, shipping = ?, shipping_tax = ?, tax = ?, tax_added = ?, total = ?, taxes = ?, shipping_method = ?, shipping_name = ?, units = ?, canceled = ?, digital = ? WHERE id = ?`,
		o.Subtotal.Minor(), o.FeeTotal.Minor(), o.Shipping.Minor(), o.ShippingTax.Minor(), o.Tax.Minor(), o.TaxAdded.Minor(), o.Total.Minor(), taxes, o.ShippingMethod, o.ShippingName, o.Units, o.Canceled, o.Digital, o.ID)
	return goods, shipping, tax, err
}

// resend notes how the order, or one of its deliveries, is sent from now on.
func (c Changed) resend(tx *command.Tx, o *Order) error {
	s := c.Shipping
	if !o.Split {
		o.ShippingMethod, o.ShippingName = s.Method, s.Name
		return nil
	}
	n, err := tx.Exec(`UPDATE order_deliveries SET shipping_method = ?, shipping_name = ?, shipping = shipping + ?, shipping_tax = shipping_tax + ? WHERE order_id = ? AND n = ?`,
		s.Method, s.Name, s.More, s.MoreTax, o.ID, c.Delivery)
	if err == nil && n == 0 {
		err = &DeliveryError{Order: o.ID, Delivery: c.Delivery}
	}
	return err
}

// line returns the added line as an order's line of a number.
func (l AddedLine) line(o Order, number int) Line {
	amount := func(minor int64) money.Amount { return money.New(minor, o.Currency) }
	total := l.Quantity * l.UnitPrice // checked when it was priced
	fees, tax := int64(0), l.Tax
	for _, f := range l.Fees {
		fees, tax = fees+f.Amount, tax+f.Tax
	}
	gross := total + fees
	if !l.TaxIncluded {
		gross += tax
	}
	pool, parts := Keep(l.SKU, l.Parts)
	return Line{
		Number: number, SKU: l.SKU, Variant: l.Variant, Pool: pool, Parts: parts, Title: l.Title, Quantity: l.Quantity, UnitPrice: amount(l.UnitPrice),
		Total: amount(total), Discount: amount(0), Fees: amount(fees), TaxIncluded: l.TaxIncluded, Net: amount(gross - tax), Tax: amount(tax), Gross: amount(gross), Reason: l.Reason, Digital: l.Digital,
		Delivery: max(l.Delivery, cart.FirstDelivery),
	}
}

// fees returns the fees on the line as those of an order's line of a number, of
// which the order lists some already.
func (l AddedLine) fees(o Order, line, listed int) []Fee {
	amount := func(minor int64) money.Amount { return money.New(minor, o.Currency) }
	var out []Fee
	for i, f := range l.Fees {
		gross := f.Amount
		if !l.TaxIncluded {
			gross += f.Tax
		}
		out = append(out, Fee{
			Number: listed + i + 1, Fee: f.Fee, Kind: f.Kind, Name: f.Name, Line: line,
			Amount: amount(f.Amount), Net: amount(gross - f.Tax), Tax: amount(f.Tax), Gross: amount(gross),
		})
	}
	return out
}

func addTax(sums []pricing.TaxSum, t pricing.TaxSum) []pricing.TaxSum {
	out := append([]pricing.TaxSum{}, sums...)
	for i, s := range out {
		if s.Name == t.Name && s.Rate == t.Rate {
			out[i].Base, out[i].Amount = s.Base+t.Base, s.Amount+t.Amount
			return out
		}
	}
	return append(out, t)
}

// readdress replaces the order's contact, or the address of another delivery.
func (c Changed) readdress(tx *command.Tx, o *Order) error {
	if a := c.Address; a != nil {
		n, err := tx.Exec(`UPDATE order_deliveries SET address = ?, subject = ?, country = ? WHERE order_id = ? AND n = ? AND n <> ?`,
			[]byte(a.Sealed), a.Subject, a.Country, o.ID, c.Delivery, cart.FirstDelivery)
		if err == nil && n == 0 {
			err = &DeliveryError{Order: o.ID, Delivery: c.Delivery}
		}
		if err != nil {
			return err
		}
	}
	if len(c.Contact) == 0 {
		return nil
	}
	if o.Split {
		if _, err := tx.Exec(`UPDATE order_deliveries SET country = ? WHERE order_id = ? AND n = ?`, c.ShippingCountry, o.ID, cart.FirstDelivery); err != nil {
			return err
		}
	}
	_, err := tx.Exec(`UPDATE orders SET contact = ?, shipping_country = ?, billing_country = ? WHERE id = ?`, []byte(c.Contact), c.ShippingCountry, c.BillingCountry, o.ID)
	return err
}

// Changes returns what was changed about an order after it was placed, the
// first change first.
func (s *Service) Changes(ctx context.Context, o ID) (out []Change, err error) {
	slot, err := slotOf(o)
	if err != nil {
		return nil, err
	}
	err = s.engine.View(ctx, slot, func(tx *sqlite.Tx) error {
		order, err := GetTx(tx, o)
		if err == nil {
			out, err = changesTx(tx, order)
		}
		return err
	})
	return out, err
}

func changesTx(tx *sqlite.Tx, o Order) ([]Change, error) {
	rows := tx.Query(`SELECT n, reason, added, back, goods, shipping, tax, by, at, delivery FROM order_changes WHERE order_id = ? ORDER BY n`, o.ID)
	amount := func(col int) money.Amount { return money.New(rows.Int64(col), o.Currency) }
	var out []Change
	for rows.Next() {
		out = append(out, Change{
			Order: o.ID, Number: rows.Int(0), Reason: rows.Text(1), Added: amount(2), Back: amount(3),
			Goods: amount(4), Shipping: amount(5), Tax: amount(6), By: rows.Text(7), At: instant(rows.Int64(8)), Delivery: rows.Int(9),
		})
	}
	return out, rows.Close()
}

// Outstanding returns what is still to be paid for an order: its total without
// what grants have lowered it by, less what is authorized or kept. It is below
// nothing if the order was paid too much for and that has not gone back yet;
// once it has, nothing is outstanding.
func (o Order) Outstanding() money.Amount {
	held := o.Authorized.Minor() - o.Voided.Minor() - o.Refunded.Minor()
	lowered := o.RefundGranted.Minor() - o.ExcessGranted.Minor()
	return money.New(o.Total.Minor()-lowered-held, o.Currency)
}
