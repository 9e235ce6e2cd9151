package orders

import (
	"fmt"
	"time"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/sqlite"
	"github.com/keelshop/commerce/money"
)

// Grant is a part of an order's money that its shopper gets back, and why. It
// is the first of two steps: who decides about orders grants, who handles money
// releases, and package payments pays what is released.
type Grant struct {
	Order  ID
	Number int // from 1, within the order
	Source GrantSource
	Of     string // the return or change that it belongs to; "" if none
	State  GrantState
	Reason string

	// Amount is all of it: for goods with the fees on them, for shipping, for
	// fees that are on no line, and for other reasons such as a late delivery.
	// Tax is what of Amount is tax: on the lines, on shipping and on those fees,
	// none on Other.
	Goods, Shipping, Fees, Other, Amount, Tax money.Amount
	ShippingTax, FeesTax                      money.Amount
	// Excess is the part of Other that had been paid beyond the order's total
	// when the grant was released: it lowers nothing that the order costs.
	Excess money.Amount
	Lines  []GrantLine
	// Delivery is the number of the one that Shipping is of, of an order that
	// goes to several places; 0 is what all of it costs to send.
	Delivery int

	// Paid says that the provider has paid it back: what is refunded counts for
	// the grants in the order of their release.
	Paid bool

	By        string // the principal who granted; "" is the program itself
	At        time.Time
	DecidedAt time.Time // when it was released or withdrawn; zero until then
}

// GrantLine is what of a grant is for one line of the order.
type GrantLine struct {
	Line        int
	Quantity    int64 // units that are paid back; 0 is a lower price
	Amount, Tax money.Amount
}

// GrantSource says what a grant comes from.
type GrantSource string

// The sources.
const (
	FromReturn       GrantSource = "return"       // goods that came back
	FromCancellation GrantSource = "cancellation" // units that were canceled
	FromChange       GrantSource = "change"       // an order that became cheaper
	FromOther        GrantSource = "other"        // goodwill, a price promise, shipping
)

// GrantState says how far a grant is.
type GrantState string

// The states. Only an open grant can be released or withdrawn.
const (
	Granted   GrantState = "granted" // nobody pays it yet
	Released  GrantState = "released"
	Withdrawn GrantState = "withdrawn"
)

// CapError says that more would be paid back than there is for it.
type CapError struct {
	Order      ID
	What       string // "line 2", "shipping", "shipping of delivery 2", "fees" or "the order"
	Want, Have money.Amount
}

func (e *CapError) Error() string {
	return fmt.Sprintf("order %s: %v to pay back for %s, but only %v is left of it", e.Order, e.Want, e.What, e.Have)
}

// Unwrap returns fault.Refused.
func (e *CapError) Unwrap() error { return fault.Refused }

// wish is a grant that somebody wants to make. Amounts are minor units.
type wish struct {
	source   GrantSource
	of       string
	reason   string
	lines    []wishLine
	shipping int64
	delivery int   // that shipping is of; 0 is all of the order
	fees     int64 // of no line
	other    int64
	open     bool // not released at once
	// most says that what is more than is left of the order is left out, as for
	// goods that were paid back for another reason before they came back.
	most        bool
	shippingTax *int64 // what of shipping is tax; nil is its share of what the order says
}

type wishLine struct {
	line     int
	quantity int64
	amount   int64 // -1 is what was paid for the quantity
}

// counted is what was granted of an order so far, without what was withdrawn.
type counted struct {
	units, amount, tax map[int]int64    // by line
	shipping           sentBack         // of all deliveries
	delivery           map[int]sentBack // of those that were named
	fees               int64
	all                int64
	last               int // number of the last grant
}

// sentBack is what was granted of what it costs to send something, and what of
// that is tax.
type sentBack struct{ gross, tax int64 }

func (b sentBack) plus(gross, tax int64) sentBack { return sentBack{b.gross + gross, b.tax + tax} }

func countedTx(tx *sqlite.Tx, o ID) (counted, error) {
	c := counted{units: map[int]int64{}, amount: map[int]int64{}, tax: map[int]int64{}, delivery: map[int]sentBack{}}
	rows := tx.Query(`SELECT n, state, shipping, amount, fees, shipping_tax, delivery FROM refund_grants WHERE order_id = ? ORDER BY n`, o)
	for rows.Next() {
		c.last = rows.Int(0)
		if GrantState(rows.Text(1)) != Withdrawn {
			c.shipping = c.shipping.plus(rows.Int64(2), rows.Int64(5))
			if to := rows.Int(6); to > 0 {
				c.delivery[to] = c.delivery[to].plus(rows.Int64(2), rows.Int64(5))
			}
			c.all += rows.Int64(3)
			c.fees += rows.Int64(4)
		}
	}
	if err := rows.Close(); err != nil {
		return c, err
	}
	rows = tx.Query(`SELECT l.line, sum(l.quantity), sum(l.amount), sum(l.tax) FROM refund_grants g
		JOIN refund_grant_lines l ON l.order_id = g.order_id AND l.n = g.n
		WHERE g.order_id = ? AND g.state <> 'withdrawn' GROUP BY l.line`, o)
	for rows.Next() {
		line := rows.Int(0)
		c.units[line], c.amount[line], c.tax[line] = rows.Int64(1), rows.Int64(2), rows.Int64(3)
	}
	return c, rows.Close()
}

// grant makes a grant of an order that the caller has read in this transaction
// with its lines. What is released is added to the order, which the caller
// stores.
func grant(tx *command.Tx, o *Order, lines []Line, w wish) (Grant, error) {
	g, err := w.work(tx.Tx, o, lines)
	if err != nil {
		return Grant{}, err
	}
	g.By, g.At = tx.Principal, instant(tx.At)
	if g.State == Released {
		g.DecidedAt = g.At
	}
	if err := g.owe(o); err != nil {
		return Grant{}, err
	}
	return g, g.insert(tx)
}

// work returns the grant that a wish comes to, or why it cannot be had.
func (w wish) work(tx *sqlite.Tx, o *Order, lines []Line) (Grant, error) {
	so, err := countedTx(tx, o.ID)
	if err != nil {
		return Grant{}, err
	}
	amount := func(minor int64) money.Amount { return money.New(minor, o.Currency) }
	g := Grant{
		Order: o.ID, Number: so.last + 1, Source: w.source, Of: w.of, Reason: w.reason, State: Released,
		Shipping: amount(w.shipping), Fees: amount(w.fees), Other: amount(w.other), Delivery: w.delivery,
	}
	if w.open {
		g.State = Granted
	}
	goods, goodsTax := int64(0), int64(0)
	for _, l := range w.lines {
		if w.most && l.line <= len(lines) { // some were paid back before they came back
			l.quantity = min(l.quantity, lines[l.line-1].Quantity-so.units[l.line])
		}
		got, err := l.grant(o, lines, so)
		if err != nil {
			return Grant{}, err
		}
		goods += got.Amount.Minor()
		g.Lines = append(g.Lines, got)
	}
	left := max(o.Total.Minor(), o.Captured.Minor()) - so.all
	if over := goods + w.shipping + w.fees + w.other - left; over > 0 && w.most {
		goods -= g.lower(over)
	}
	for _, l := range g.Lines {
		goodsTax += l.Tax.Minor()
	}
	shippingTax, err := w.sending(tx, o, so)
	if err != nil {
		return Grant{}, err
	}
	if w.shippingTax != nil {
		shippingTax = *w.shippingTax
	}
	feesTax, err := taxIn(o.GrossFees(), o.OwnFeesTax, so.fees, w.fees)
	if err != nil {
		return Grant{}, err
	}
	g.Goods, g.Amount, g.Tax = amount(goods), amount(goods+w.shipping+w.fees+w.other), amount(goodsTax+shippingTax+feesTax)
	g.ShippingTax, g.FeesTax = amount(shippingTax), amount(feesTax)
	switch {
	case w.fees > o.GrossFees().Minor()-so.fees:
		return Grant{}, &CapError{Order: o.ID, What: "fees", Want: g.Fees, Have: amount(o.GrossFees().Minor() - so.fees)}
	case g.Amount.Minor() > left:
		return Grant{}, &CapError{Order: o.ID, What: "the order", Want: g.Amount, Have: amount(max(0, left))}
	}
	return g, nil
}

// lower takes up to an amount off the grant's lines, the last ones first, and
// returns how much it took. Their units and taxes stay: the goods are back.
func (g *Grant) lower(over int64) (taken int64) {
	for i := len(g.Lines) - 1; i >= 0 && taken < over; i-- {
		l := &g.Lines[i]
		part := min(over-taken, l.Amount.Minor())
		taken += part
		l.Amount = money.New(l.Amount.Minor()-part, l.Amount.Currency())
		l.Tax = money.New(min(l.Tax.Minor(), l.Amount.Minor()), l.Amount.Currency())
	}
	return taken
}

// owe adds a released grant to what the order owes back. What it gives for no
// goods is first of what was paid too much.
func (g *Grant) owe(o *Order) (err error) {
	if g.State != Released {
		return nil
	}
	excess := o.Captured.Minor() - o.Total.Minor() - o.ExcessGranted.Minor()
	g.Excess = money.New(max(0, min(g.Other.Minor(), excess)), o.Currency)
	if o.ExcessGranted, err = o.ExcessGranted.Add(g.Excess); err != nil {
		return err
	}
	o.RefundGranted, err = o.RefundGranted.Add(g.Amount)
	return err
}

// grant works out what a line's part of a grant is worth.
func (w wishLine) grant(o *Order, lines []Line, so counted) (GrantLine, error) {
	if w.line > len(lines) {
		return GrantLine{}, &QuantityError{Order: o.ID, Line: w.line, Want: w.quantity, Verb: "pay back"}
	}
	l := lines[w.line-1]
	units := so.units[w.line]
	if left := l.Quantity - units; w.quantity > left {
		return GrantLine{}, &QuantityError{Order: o.ID, Line: w.line, Want: w.quantity, Have: left, Verb: "pay back"}
	}
	left := l.Gross.Minor() - so.amount[w.line]
	worth, err := between(l.Gross, units, units+w.quantity, l.Quantity)
	if err != nil {
		return GrantLine{}, err
	}
	tax, err := between(l.Tax, units, units+w.quantity, l.Quantity)
	if err != nil {
		return GrantLine{}, err
	}
	if w.amount >= 0 {
		if tax, err = between(l.Tax, so.amount[w.line], so.amount[w.line]+min(w.amount, left), max(1, l.Gross.Minor())); err != nil {
			return GrantLine{}, err
		}
		worth = w.amount
	} else {
		worth = min(worth, left)
	}
	if worth > left {
		return GrantLine{}, &CapError{Order: o.ID, What: fmt.Sprintf("line %d", w.line), Want: money.New(worth, o.Currency), Have: money.New(left, o.Currency)}
	}
	tax = min(tax, l.Tax.Minor()-so.tax[w.line], worth)
	return GrantLine{Line: w.line, Quantity: w.quantity, Amount: money.New(worth, o.Currency), Tax: money.New(tax, o.Currency)}, nil
}

// between returns what of an amount belongs to the parts after from up to to
// of all. It is rounded down at both ends, so that it adds up: all parts
// together are the amount.
func between(a money.Amount, from, to, all int64) (int64, error) {
	start, err := partOf(a, from, all)
	if err != nil {
		return 0, err
	}
	end, err := partOf(a, to, all)
	return end - start, err
}

func partOf(a money.Amount, part, all int64) (int64, error) {
	rate, err := money.NewRate(part, all)
	if err != nil {
		return 0, err
	}
	out, err := a.Scale(rate, money.Down)
	return out.Minor(), err
}

// sending returns what of a wish's shipping is tax: in proportion to what is
// left of the delivery that it is of, or of all. It returns a *CapError if less
// is left, and a *DeliveryError if there is no such delivery.
func (w wish) sending(tx *sqlite.Tx, o *Order, so counted) (int64, error) {
	if w.shipping == 0 {
		return 0, nil
	}
	all := sentBack{o.GrossShipping().Minor(), o.ShippingTax.Minor()}.plus(-so.shipping.gross, -so.shipping.tax)
	of, what := all, "shipping"
	if w.delivery > 0 {
		to, err := o.sentTo(tx, w.delivery)
		if err != nil {
			return 0, err
		}
		back := so.delivery[w.delivery]
		of, what = to.plus(-back.gross, -back.tax), fmt.Sprintf("shipping of delivery %d", w.delivery)
	}
	if left := min(of.gross, all.gross); w.shipping > left {
		return 0, &CapError{Order: o.ID, What: what, Want: money.New(w.shipping, o.Currency), Have: money.New(max(left, 0), o.Currency)}
	}
	tax, err := partOf(money.New(max(of.tax, 0), o.Currency), w.shipping, of.gross)
	if err != nil {
		return 0, err
	}
	// What is left of all shipping holds what is left of its tax, and no more.
	return max(min(tax, all.tax), all.tax-(all.gross-w.shipping), 0), nil
}

// sentTo returns what it costs to send one of several deliveries.
func (o Order) sentTo(tx *sqlite.Tx, delivery int) (sentBack, error) {
	var err error
	if o.Deliveries, err = DeliveriesTx(tx, o); err != nil {
		return sentBack{}, err
	}
	to, err := o.Delivery(delivery)
	return sentBack{o.GrossOf(to).Minor(), to.ShippingTax.Minor()}, err
}

// GrossOf returns what it costs to send a delivery of the order, with its tax.
func (o Order) GrossOf(d Delivery) money.Amount {
	if o.TaxIncluded {
		return d.Shipping
	}
	return money.New(d.Shipping.Minor()+d.ShippingTax.Minor(), o.Currency)
}

// taxIn returns the tax in a part of an amount, of which another part went
// before; nothing if they are more than there is.
func taxIn(gross, tax money.Amount, before, part int64) (int64, error) {
	all := gross.Minor()
	if part == 0 || all == 0 || before+part > all {
		return 0, nil
	}
	return between(tax, before, before+part, all)
}

// GrossShipping returns what shipping costs with its tax.
func (o Order) GrossShipping() money.Amount {
	return money.New(o.NetShipping().Minor()+o.ShippingTax.Minor(), o.Currency)
}

func (g Grant) insert(tx *command.Tx) error {
	if _, err := tx.Exec(`INSERT INTO refund_grants (order_id, n, slot, source, of, state, reason, goods, shipping, fees, other, excess, amount, tax, shipping_tax, fees_tax, by, at, decided_at, delivery)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, g.Order, g.Number, tx.Slot, g.Source, g.Of, g.State, g.Reason,
		g.Goods.Minor(), g.Shipping.Minor(), g.Fees.Minor(), g.Other.Minor(), g.Excess.Minor(), g.Amount.Minor(), g.Tax.Minor(), g.ShippingTax.Minor(), g.FeesTax.Minor(), g.By, millis(g.At), millis(g.DecidedAt), g.Delivery); err != nil {
		return err
	}
	for _, l := range g.Lines {
		if _, err := tx.Exec(`INSERT INTO refund_grant_lines (order_id, n, line, slot, quantity, amount, tax) VALUES (?, ?, ?, ?, ?, ?, ?)`,
			g.Order, g.Number, l.Line, tx.Slot, l.Quantity, l.Amount.Minor(), l.Tax.Minor()); err != nil {
			return err
		}
	}
	return nil
}

// GrantsTx returns the grants of an order, the first one first.
func GrantsTx(tx *sqlite.Tx, o Order) ([]Grant, error) {
	amount := func(minor int64) money.Amount { return money.New(minor, o.Currency) }
	rows := tx.Query(`SELECT n, source, of, state, reason, goods, shipping, other, amount, tax, by, at, decided_at, fees, shipping_tax, fees_tax, excess, delivery FROM refund_grants WHERE order_id = ? ORDER BY n`, o.ID)
	var out []Grant
	released := int64(0)
	for rows.Next() {
		g := Grant{
			Order: o.ID, Number: rows.Int(0), Source: GrantSource(rows.Text(1)), Of: rows.Text(2), State: GrantState(rows.Text(3)), Reason: rows.Text(4),
			Goods: amount(rows.Int64(5)), Shipping: amount(rows.Int64(6)), Other: amount(rows.Int64(7)), Amount: amount(rows.Int64(8)), Tax: amount(rows.Int64(9)),
			By: rows.Text(10), At: instant(rows.Int64(11)), DecidedAt: instant(rows.Int64(12)), Fees: amount(rows.Int64(13)),
			ShippingTax: amount(rows.Int64(14)), FeesTax: amount(rows.Int64(15)), Excess: amount(rows.Int64(16)), Delivery: rows.Int(17),
		}
		if g.State == Released {
			released += g.Amount.Minor()
			g.Paid = o.Refunded.Minor() >= released
		}
		out = append(out, g)
	}
	if err := rows.Close(); err != nil {
		return nil, err
	}
	rows = tx.Query(`SELECT n, line, quantity, amount, tax FROM refund_grant_lines WHERE order_id = ? ORDER BY n, line`, o.ID)
	for rows.Next() {
		g := &out[rows.Int(0)-1]
		g.Lines = append(g.Lines, GrantLine{Line: rows.Int(1), Quantity: rows.Int64(2), Amount: amount(rows.Int64(3)), Tax: amount(rows.Int64(4))})
	}
	return out, rows.Close()
}

// GoodsGrantedTx returns what was granted for units that came back or were
// canceled, and for what became cheaper: it need not be captured any more.
func GoodsGrantedTx(tx *sqlite.Tx, o ID) (int64, error) {
	sum, _, err := tx.Int64(`SELECT coalesce(sum(amount), 0) FROM refund_grants WHERE order_id = ? AND state = 'released' AND source <> 'other'`, o)
	return sum, err
}

// ReturnedTaxTx returns the tax in what was granted back of an order.
func ReturnedTaxTx(tx *sqlite.Tx, o ID, c money.Currency) (money.Amount, error) {
	sum, _, err := tx.Int64(`SELECT coalesce(sum(tax), 0) FROM refund_grants WHERE order_id = ? AND state = 'released'`, o)
	return money.New(sum, c), err
}
