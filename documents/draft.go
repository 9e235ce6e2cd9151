package documents

import (
	"fmt"
	"math/big"
	"strings"

	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/sqlite"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/orders"
	"github.com/keelshop/commerce/pricing"
)

// draft is a document that is being made, and the refunds that it states.
type draft struct {
	Document
	grants       []int
	change, line int64 // up to which changes and lines of the order an invoice goes
}

func (s *state) draft(k Kind) draft {
	o := &s.order
	d := draft{Document: Document{
		Kind: k, Currency: o.Currency, TaxIncluded: o.TaxIncluded,
		Net: money.Zero(o.Currency), Tax: money.Zero(o.Currency), Gross: money.Zero(o.Currency),
	}}
	if s.supplied != 0 {
		d.SuppliedAt = instant(s.supplied)
	}
	if k == Invoice {
		d.PayableUntil = o.PaymentDueAt
	}
	return d
}

// add puts a row onto the draft, with its tax by rate.
func (d *draft) add(l Line, taxes []pricing.TaxSum) {
	d.Lines = append(d.Lines, l)
	d.Net = money.New(d.Net.Minor()+l.Net.Minor(), d.Currency)
	d.Tax = money.New(d.Tax.Minor()+l.Tax.Minor(), d.Currency)
	d.Gross = money.New(d.Gross.Minor()+l.Gross.Minor(), d.Currency)
	for _, t := range spread(taxes, l.Net, l.Tax) {
		d.addTax(t)
	}
}

func (d *draft) addTax(t pricing.TaxSum) {
	for i, have := range d.Taxes {
		if have.Name == t.Name && have.Rate == t.Rate {
			d.Taxes[i].Base += t.Base
			d.Taxes[i].Amount += t.Amount
			return
		}
	}
	d.Taxes = append(d.Taxes, t)
}

// draftInvoice states the order without what was paid back for it until now.
func (s *state) draftInvoice() draft {
	d := s.draft(Invoice)
	o := &s.order
	d.Reason = exemptions(o)
	d.change, d.line = s.changes, int64(len(o.Lines))
	less := map[int]orders.GrantLine{}
	lessFees, lessFeesTax, lessOther := int64(0), int64(0), int64(0)
	back := lessSent{by: map[int]sent{}}
	for _, g := range s.grants {
		d.grants = append(d.grants, g.Number)
		for _, l := range g.Lines {
			was := less[l.Line]
			less[l.Line] = orders.GrantLine{Quantity: was.Quantity + l.Quantity, Amount: plus(was.Amount, l.Amount), Tax: plus(was.Tax, l.Tax)}
		}
		back.add(g)
		lessFees += g.Fees.Minor()
		lessFeesTax += g.FeesTax.Minor()
		lessOther += g.Other.Minor()
	}
	amount := func(minor int64) money.Amount { return money.New(minor, o.Currency) }
	for _, l := range o.Lines {
		off := less[l.Number]
		gross, tax := l.Gross.Minor()-off.Amount.Minor(), l.Tax.Minor()-off.Tax.Minor()
		quantity := l.Quantity - off.Quantity
		if quantity == 0 && gross == 0 {
			continue
		}
		d.add(Line{
			Kind: Goods, Line: l.Number, SKU: string(l.SKU), Title: s.title(l), Quantity: quantity, UnitPrice: l.UnitPrice,
			Net: amount(gross - tax), Tax: amount(tax), Gross: amount(gross), Delivery: s.deliveryOf(l),
		}, s.taxesOf(l.Net, l.Tax))
	}
	s.addShipping(&d, back)
	s.addFees(&d, lessFees, lessFeesTax)
	if lessOther > 0 {
		d.add(Line{Kind: Other, Net: amount(-lessOther), Tax: amount(0), Gross: amount(-lessOther), UnitPrice: amount(0)}, nil)
	}
	if len(s.grants) == 0 && len(o.Taxes) > 0 {
		d.Taxes = o.Taxes // as they were worked out, to the minor unit
	}
	return d
}

// exemptions says why the order has no tax, anywhere or at single places.
func exemptions(o *orders.Order) string {
	if o.TaxExempt != "" {
		return "tax exemption " + o.TaxExempt
	}
	var out []string
	for _, d := range o.Deliveries {
		if d.TaxExempt != "" {
			out = append(out, fmt.Sprintf("tax exemption %s of delivery %d", d.TaxExempt, d.Number))
		}
	}
	return strings.Join(out, ", ")
}

// deliveryOf returns the delivery that a row names, 0 if there is one place.
func (s *state) deliveryOf(l orders.Line) int {
	if !s.order.Split {
		return 0
	}
	return l.Delivery
}

// lessSent is what was paid back of shipping.
type lessSent struct {
	all, unnamed sent // unnamed is of no delivery that was named
	by           map[int]sent
}

// sent is what it costs to send something, and what of that is tax.
type sent struct{ gross, tax int64 }

func (s sent) plus(t sent) sent { return sent{s.gross + t.gross, s.tax + t.tax} }

func (l *lessSent) add(g orders.Grant) {
	back := sent{g.Shipping.Minor(), g.ShippingTax.Minor()}
	l.all = l.all.plus(back)
	if g.Delivery == 0 {
		l.unnamed = l.unnamed.plus(back)
		return
	}
	l.by[g.Delivery] = l.by[g.Delivery].plus(back)
}

// addShipping states what each delivery costs to send, or all of them together
// if it was paid back for all.
func (s *state) addShipping(d *draft, back lessSent) {
	o := &s.order
	if !o.Split || back.unnamed.gross > 0 {
		left := sent{o.GrossShipping().Minor() - back.all.gross, o.ShippingTax.Minor() - back.all.tax}
		s.addSent(d, 0, o.ShippingName, o.Shipping, left, s.taxesOf(o.NetShipping(), o.ShippingTax))
		return
	}
	for _, to := range o.Deliveries {
		gross, tax, less := o.GrossOf(to).Minor(), to.ShippingTax.Minor(), back.by[to.Number]
		net := money.New(gross-tax, o.Currency)
		s.addSent(d, to.Number, to.ShippingName, to.Shipping, sent{gross - less.gross, tax - less.tax}, s.taxesOf(net, to.ShippingTax))
	}
}

// addSent states what it costs to send something, or what was paid back of it.
func (s *state) addSent(d *draft, delivery int, title string, price money.Amount, what sent, taxes []pricing.TaxSum) {
	if what == (sent{}) {
		return
	}
	amount := func(minor int64) money.Amount { return money.New(minor, s.order.Currency) }
	d.add(Line{
		Kind: Shipping, Title: title, Quantity: 1, UnitPrice: price,
		Net: amount(what.gross - what.tax), Tax: amount(what.tax), Gross: amount(what.gross), Delivery: delivery,
	}, taxes)
}

// title names a line, with the fees on it.
func (s *state) title(l orders.Line) string {
	title := l.Title
	for _, f := range s.order.Fees {
		if f.Line == l.Number {
			title += " + " + f.Name
		}
	}
	return title
}

// addFees states the fees that are on no line: each of them, or what is left of
// all together if some were paid back.
func (s *state) addFees(d *draft, less, lessTax int64) {
	o := &s.order
	amount := func(minor int64) money.Amount { return money.New(minor, o.Currency) }
	if less == 0 {
		for _, f := range o.Fees {
			if f.Line == 0 {
				d.add(Line{Kind: Fee, Title: f.Name, Quantity: 1, UnitPrice: f.Amount, Net: f.Net, Tax: f.Tax, Gross: f.Gross}, s.taxesOf(f.Net, f.Tax))
			}
		}
		return
	}
	if gross, tax := o.GrossFees().Minor()-less, o.OwnFeesTax.Minor()-lessTax; gross != 0 || tax != 0 {
		d.add(Line{Kind: Fee, Quantity: 1, UnitPrice: amount(gross), Net: amount(gross - tax), Tax: amount(tax), Gross: amount(gross)}, o.Taxes)
	}
}

// draftCredit states one refund.
func (s *state) draftCredit(g orders.Grant) draft {
	d := s.draft(CreditNote)
	d.grants, d.Grant, d.Reason = []int{g.Number}, g.Number, g.Reason
	for _, l := range g.Lines {
		of := s.order.Lines[l.Line-1]
		d.add(Line{
			Kind: Goods, Line: l.Line, SKU: string(of.SKU), Title: of.Title, Quantity: l.Quantity, UnitPrice: of.UnitPrice, Delivery: s.deliveryOf(of),
			Net: money.New(l.Amount.Minor()-l.Tax.Minor(), d.Currency), Tax: l.Tax, Gross: l.Amount,
		}, s.taxesOf(of.Net, of.Tax))
	}
	if g.Fees.IsPositive() {
		d.add(Line{
			Kind: Fee, Quantity: 1, UnitPrice: g.Fees,
			Net: money.New(g.Fees.Minor()-g.FeesTax.Minor(), d.Currency), Tax: g.FeesTax, Gross: g.Fees,
		}, s.order.Taxes)
	}
	if g.Shipping.IsPositive() {
		title, net, tax := s.order.ShippingName, s.order.NetShipping(), s.order.ShippingTax
		if to, err := s.order.Delivery(g.Delivery); err == nil && g.Delivery > 0 {
			title, net, tax = to.ShippingName, money.New(s.order.GrossOf(to).Minor()-to.ShippingTax.Minor(), d.Currency), to.ShippingTax
		}
		s.addSent(&d, g.Delivery, title, g.Shipping, sent{g.Shipping.Minor(), g.ShippingTax.Minor()}, s.taxesOf(net, tax))
	}
	if g.Other.IsPositive() {
		d.add(Line{Kind: Other, Title: g.Reason, Quantity: 1, UnitPrice: g.Other, Net: g.Other, Tax: money.Zero(d.Currency), Gross: g.Other}, nil)
	}
	return d
}

// draftRest states what is left of the invoice of a canceled order: all of it
// without what was credited before.
func (s *state) draftRest() draft {
	d := s.draft(CreditNote)
	d.Reason = s.order.CancelReason
	for _, i := range s.documents {
		for _, l := range i.Lines {
			if i.Kind == Invoice {
				d.add(l, nil)
			}
		}
	}
	d.Taxes = nil
	for _, i := range s.documents {
		for _, t := range i.Taxes {
			if i.Kind == Invoice {
				d.addTax(t)
			}
		}
	}
	before := draft{Document: Document{Currency: d.Currency, Net: money.Zero(d.Currency), Tax: money.Zero(d.Currency), Gross: money.Zero(d.Currency)}}
	for _, c := range s.documents {
		if c.Kind != CreditNote {
			continue
		}
		for _, l := range c.Lines {
			before.add(l, nil)
		}
		for _, t := range c.Taxes {
			d.addTax(pricing.TaxSum{Name: t.Name, Rate: t.Rate, Base: -t.Base, Amount: -t.Amount})
		}
	}
	if !before.Gross.IsZero() {
		minus := func(a money.Amount) money.Amount { return money.New(-a.Minor(), a.Currency()) }
		taxes := d.Taxes
		d.add(Line{Kind: Other, UnitPrice: money.Zero(d.Currency), Net: minus(before.Net), Tax: minus(before.Tax), Gross: minus(before.Gross)}, nil)
		d.Taxes = taxes
	}
	return d
}

func plus(a, b money.Amount) money.Amount { return money.New(a.Minor()+b.Minor(), b.Currency()) }

// taxesOf returns which of the order's taxes a row of it is under. The order
// states its taxes over all rows; a row is under the one whose rate its tax has
// as it was sold, and if that is not one alone, under all of them. What of the
// row is invoiced or credited later is under the same taxes.
func (s *state) taxesOf(net, tax money.Amount) []pricing.TaxSum {
	all := s.order.Taxes
	found := -1
	for i, t := range all {
		switch {
		case !isAt(t.Rate, net, tax):
		case found >= 0:
			return all
		default:
			found = i
		}
	}
	if found < 0 {
		return all
	}
	return all[found : found+1]
}

// isAt reports whether a tax can be that of a net amount at a rate, which is so
// if it is less than a minor unit off: |tax × den − net × num| < den. It cannot
// be asked to be equal, since an order keeps the tax of a row as a sum that was
// rounded, up, down or to the nearest, as the store's settings of that day said.
// Tax that was rounded for each unit may be further off, and is divided then.
func isAt(r money.Rate, net, tax money.Amount) bool {
	den := big.NewInt(r.Den())
	off := new(big.Int).Mul(big.NewInt(tax.Minor()), den)
	off.Sub(off, new(big.Int).Mul(big.NewInt(net.Minor()), big.NewInt(r.Num())))
	return off.CmpAbs(den) < 0
}

// spread divides a row's tax among the taxes that it is under, by their amounts
// and so that nothing is lost.
func spread(taxes []pricing.TaxSum, net, tax money.Amount) []pricing.TaxSum {
	if tax.IsZero() {
		return nil
	}
	weights := make([]int64, len(taxes))
	for i, t := range taxes {
		weights[i] = max(0, t.Amount)
	}
	parts, err := tax.Allocate(weights)
	if err != nil { // the order states no tax to divide it by
		return []pricing.TaxSum{{Base: net.Minor(), Amount: tax.Minor()}}
	}
	out := make([]pricing.TaxSum, len(taxes))
	for i, t := range taxes {
		out[i] = pricing.TaxSum{Name: t.Name, Rate: t.Rate, Base: net.Minor(), Amount: parts[i].Minor()}
	}
	return out
}

// readInvoiced reads how far the order's invoices go, and what changes have
// added since.
func (s *state) readInvoiced(tx *sqlite.Tx) (err error) {
	if s.changes, _, err = tx.Int64(`SELECT max(n) FROM order_changes WHERE order_id = ?`, s.order.ID); err != nil || s.invoice.ID == "" {
		return err
	}
	rows := tx.One(`SELECT max(change_n), max(line_n) FROM documents WHERE order_id = ? AND kind = 'invoice'`, s.order.ID)
	if rows.Next() {
		s.change, s.line = rows.Int64(0), rows.Int64(1)
	}
	if err := rows.Close(); err != nil {
		return err
	}
	rows = tx.One(`SELECT coalesce(sum(shipping), 0), coalesce(sum(shipping_tax), 0) FROM order_changes WHERE order_id = ? AND n > ?`, s.order.ID, s.change)
	if rows.Next() {
		s.shipping = [2]int64{rows.Int64(0), rows.Int64(1)}
	}
	return rows.Close()
}

// draftAdded states what changes have added to an order since it was invoiced.
func (s *state) draftAdded() draft {
	d := s.draft(Invoice)
	d.change, d.line = s.changes, int64(len(s.order.Lines))
	for _, l := range s.order.Lines[s.line:] {
		d.add(Line{
			Kind: Goods, Line: l.Number, SKU: string(l.SKU), Title: l.Title, Quantity: l.Quantity, UnitPrice: l.UnitPrice, Delivery: s.deliveryOf(l), Net: l.Net, Tax: l.Tax, Gross: l.Gross,
		}, s.taxesOf(l.Net, l.Tax))
	}
	if net, tax := s.shipping[0], s.shipping[1]; net+tax > 0 {
		amount := func(minor int64) money.Amount { return money.New(minor, d.Currency) }
		d.add(Line{
			Kind: Shipping, Title: s.order.ShippingName, Quantity: 1, UnitPrice: amount(net), Net: amount(net), Tax: amount(tax), Gross: amount(net + tax),
		}, s.taxesOf(amount(net), amount(tax)))
	}
	return d
}

// insert stores the document and has it numbered.
func (d draft) insert(tx *command.Tx) error {
	taxes, err := encode(d.Taxes)
	if err != nil {
		return err
	}
	seller, err := command.Marshal(d.Seller)
	if err != nil {
		return err
	}
	supplied := int64(0)
	if !d.SuppliedAt.IsZero() {
		supplied = d.SuppliedAt.UnixMilli()
	}
	var payable any // NULL
	if !d.PayableUntil.IsZero() {
		payable = d.PayableUntil.UnixMilli()
	}
	if _, err := tx.Exec(`INSERT INTO documents (id, order_id, slot, kind, of, grant_n, number, issued_at, order_number, currency, tax_included, change_n, line_n,
		net, tax, gross, taxes, reason, seller, contact, contact_subject, supplied_at, payable_until, at)
		VALUES (?, ?, ?, ?, ?, ?, '', 0, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		d.ID, d.Order, tx.Slot, d.Kind, d.Of, d.Grant, d.OrderNumber, d.Currency, d.TaxIncluded, d.change, d.line,
		d.Net.Minor(), d.Tax.Minor(), d.Gross.Minor(), taxes, d.Reason, seller, []byte(d.contact), d.subject, supplied, payable, tx.At); err != nil {
		return err
	}
	for i, l := range d.Lines {
		if _, err := tx.Exec(`INSERT INTO document_lines (document, n, slot, kind, line, sku, title, quantity, unit_price, net, tax, gross, delivery)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, d.ID, i+1, tx.Slot, l.Kind, l.Line, l.SKU, l.Title, l.Quantity, l.UnitPrice.Minor(),
			l.Net.Minor(), l.Tax.Minor(), l.Gross.Minor(), l.Delivery); err != nil {
			return err
		}
	}
	for _, n := range d.grants {
		if _, err := tx.Exec(`INSERT INTO documented_grants (order_id, n, slot, document) VALUES (?, ?, ?, ?)`, d.Order, n, tx.Slot, d.ID); err != nil {
			return err
		}
	}
	return tx.SetTimer(tx.Clock, TimerNumber, string(d.ID))
}

func encode(taxes []pricing.TaxSum) ([]byte, error) {
	if len(taxes) == 0 {
		return nil, nil
	}
	return command.Marshal(taxes)
}
