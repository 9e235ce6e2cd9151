package orders

import (
	"fmt"
	"slices"
	"strings"

	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/pricing"
)

// Explain says in plain lines how the amounts of an order came about, by what
// was kept with it: promotions, price lists and shipping methods may have
// changed or gone since. It needs the order as Get returns it. What was canceled
// or given back does not change it. It is for staff; ExplainForShoppers leaves
// out what a shopper is not to see.
func (o Order) Explain() string {
	e := explainer{currency: o.Currency}
	off, fees := pricing.ByLine(o.Promotions), map[int][]Fee{}
	for _, f := range o.Fees {
		fees[f.Line] = append(fees[f.Line], f)
	}
	for _, l := range o.Lines {
		e.line(l, o.Split, off[l.Number], fees[l.Number])
	}
	e.shipping(o)
	e.fees(fees[0])
	for _, a := range o.Promotions {
		e.say("%s", a.Explain(o.Currency))
	}
	for _, p := range o.PassedOver {
		e.say("%s", p.Explain(o.Currency))
	}
	e.say("subtotal %s", o.Subtotal.Decimal())
	if o.Discount.IsPositive() {
		e.say("discount −%s", o.Discount.Decimal())
	}
	if o.FeeTotal.IsPositive() {
		e.say("fees %s", o.FeeTotal.Decimal())
	}
	if o.ShippingMethod != "" || o.Split {
		e.say("shipping %s", o.Shipping.Decimal())
	}
	if o.TaxExempt != "" {
		e.say("exempt from tax by certificate %s", o.TaxExempt)
	}
	for _, t := range o.Taxes {
		e.say("%s %v on %s = %s", t.Name, t.Rate, e.decimal(t.Base), e.decimal(t.Amount))
	}
	e.say("tax %s, %s of it added to the prices", o.Tax.Decimal(), o.TaxAdded.Decimal())
	e.say("total %s", o.Total.Decimal())
	return e.String()
}

// ExplainForShoppers is Explain without what is the shop's own business: why
// staff agreed a price, price lists, and promotions that were not applied.
func (o Order) ExplainForShoppers() string {
	o.PassedOver = nil
	o.Lines = slices.Clone(o.Lines)
	for i := range o.Lines {
		o.Lines[i].Reason, o.Lines[i].PriceBy = "", ""
	}
	return o.Explain()
}

type explainer struct {
	strings.Builder
	currency money.Currency
}

func (e *explainer) say(format string, args ...any) {
	fmt.Fprintf(e, format, args...)
	e.WriteByte('\n')
}

func (e *explainer) decimal(minor int64) string { return money.New(minor, e.currency).Decimal() }

// line says what a line costs.
func (e *explainer) line(l Line, split bool, off []pricing.LineShare, fees []Fee) {
	where, by := "", ""
	if split {
		where = fmt.Sprintf(" in delivery %d", l.Delivery)
	}
	switch {
	case l.Reason != "":
		by = " (agreed: " + l.Reason + ")"
	case l.PriceBy != "":
		by = " (" + l.PriceBy + ")"
	}
	e.say("line %d%s: %d × %s at %s%s = %s", l.Number, where, l.Quantity, l.SKU, l.UnitPrice.Decimal(), by, l.Total.Decimal())
	left := l.Total.Minor()
	for _, s := range off {
		e.say("  %s", s.Of.ExplainShare(s.Share, left, e.currency))
		left -= s.Amount
	}
	e.fees(fees)
	e.say("  net %s + tax %s = gross %s", l.Net.Decimal(), l.Tax.Decimal(), l.Gross.Decimal())
}

// fees says what was charged on one line, or on the order.
func (e *explainer) fees(fees []Fee) {
	for _, f := range fees {
		e.say("%sfee %s: %s (%s)", strings.Repeat("  ", min(f.Line, 1)), f.Name, f.Amount.Decimal(), f.Fee)
	}
}

// shipping says how the order, or each of its deliveries, is sent, and what
// promotions took off that when it was placed.
func (e *explainer) shipping(o Order) {
	if !o.Split && o.ShippingMethod != "" {
		e.say("shipping by %s: %s", o.ShippingMethod, o.Shipping.Decimal())
		e.offShipping(o.Promotions, func(a pricing.Applied) int64 { return a.Shipping })
	}
	for _, d := range o.Deliveries {
		if d.ShippingMethod != "" {
			e.say("shipping in delivery %d by %s: %s", d.Number, d.ShippingMethod, d.Shipping.Decimal())
			e.offShipping(o.Promotions, func(a pricing.Applied) int64 { return a.OffDelivery(d.Number) })
		}
	}
}

func (e *explainer) offShipping(promotions []pricing.Applied, off func(pricing.Applied) int64) {
	for _, a := range promotions {
		if n := off(a); n > 0 {
			e.say("  as placed, less %s by %s", e.decimal(n), a.Title())
		}
	}
}
