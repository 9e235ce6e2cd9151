package pricing

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/money"
)

// Explain says in plain lines how each amount of the quote came about. lines
// are those of the input that it is of.
func (q Quote) Explain(lines []Line) string {
	e := explainer{currency: q.Currency}
	off, fees := ByLine(q.Promotions), map[int][]QuotedFee{}
	for _, f := range q.Fees {
		fees[f.Line] = append(fees[f.Line], f)
	}
	for i, l := range q.Lines {
		if i < len(lines) {
			by := ""
			if lines[i].PriceBy != "" {
				by = " (" + lines[i].PriceBy + ")"
			}
			e.say("line %d%s: %d × %s at %s%s = %s", i+1, e.delivery(q, lines[i].Delivery), lines[i].Quantity, lines[i].SKU, e.amount(lines[i].UnitPrice), by, e.amount(l.Total))
		}
		e.discounts(off[i+1], l.Total)
		e.taxes(l.TaxIncluded, l.Taxes, l.Net, l.Tax, l.Gross)
		e.fees(fees[i+1])
	}
	e.shipping(q, 0, q.Shipping, q.TaxZone)
	for i, d := range q.More {
		e.shipping(q, i+1, d.Shipping, d.TaxZone)
		if d.TaxExempt != "" && q.TaxExempt == "" {
			e.say("  exempt from tax by certificate %s", d.TaxExempt)
		}
	}
	e.fees(fees[0])
	for _, a := range q.Promotions {
		e.say("%s", a.Explain(q.Currency))
	}
	for _, g := range q.Gifts {
		e.say("%s gives %d more for nothing, of %s", Applied{Promotion: g.Promotion, Name: g.Name, Code: g.Code}.Title(), g.Units, someOf(g.SKUs))
	}
	for _, o := range q.PassedOver {
		e.say("%s", o.Explain(q.Currency))
	}
	for _, c := range q.Codes {
		if c.Reason != "" {
			e.say("code %s: no effect, %s", c.Code, c.Reason)
		}
	}
	e.say("subtotal %s", e.amount(q.Subtotal))
	if q.Discount > 0 {
		e.say("discount −%s", e.amount(q.Discount))
	}
	if q.FeeTotal > 0 {
		e.say("fees %s", e.amount(q.FeeTotal))
	}
	if amount, _ := q.ShippingTotal(); q.Shipping.Method != "" || len(q.More) > 0 {
		e.say("shipping %s", e.amount(amount))
	}
	if q.TaxExempt != "" {
		e.say("exempt from tax by certificate %s", q.TaxExempt)
	}
	by := "zone " + orNone(q.TaxZone)
	if len(q.More) > 0 {
		by = "the zones of the deliveries"
	}
	e.say("tax %s, %s, by %s", e.amount(q.Tax), e.where(q), by)
	e.say("total %s", e.amount(q.Total))
	return e.String()
}

type explainer struct {
	strings.Builder
	currency money.Currency
}

func (e *explainer) say(format string, args ...any) {
	fmt.Fprintf(e, format, args...)
	e.WriteByte('\n')
}

func (e *explainer) amount(minor int64) string { return money.New(minor, e.currency).Decimal() }

func (e *explainer) taxes(within bool, taxes []Tax, net, tax, gross int64) {
	for _, t := range taxes {
		verb := "plus"
		if within {
			verb = "of that"
		}
		e.say("  %s %s %v on %s = %s", verb, t.Name, t.Rate, e.amount(t.Base), e.amount(t.Amount))
	}
	e.say("  net %s + tax %s = gross %s", e.amount(net), e.amount(tax), e.amount(gross))
}

// discounts says what is taken off a line that costs so much.
func (e *explainer) discounts(off []LineShare, left int64) {
	for _, s := range off {
		e.say("  %s", s.Of.ExplainShare(s.Share, left, e.currency))
		left -= s.Amount
	}
}

// OffDelivery returns what a promotion takes off the shipping of a delivery.
func (a Applied) OffDelivery(n int) int64 {
	if len(a.Deliveries) == 0 && n == 0 {
		return a.Shipping
	}
	for _, s := range a.Deliveries {
		if s.Delivery == n {
			return s.Amount
		}
	}
	return 0
}

// Title names a promotion, its ID, and the code that asked for it.
func (a Applied) Title() string {
	out := a.Name
	if a.Promotion != "" {
		out += " [" + a.Promotion + "]"
	}
	if a.Code != "" {
		out += " (" + a.Code + ")"
	}
	return out
}

// delivery names a delivery where there are several.
func (e *explainer) delivery(q Quote, n int) string {
	if len(q.More) == 0 {
		return ""
	}
	return fmt.Sprintf(" in delivery %d", n+1)
}

// shipping says what a delivery costs to send.
func (e *explainer) shipping(q Quote, n int, s QuotedShipping, zone string) {
	if s.Method == "" {
		return
	}
	which := e.delivery(q, n)
	if s.Reason != "" {
		e.say("shipping%s by %s: not offered, %s", which, s.Method, s.Reason)
		return
	}
	e.say("shipping%s by %s: %s%s", which, s.Method, e.amount(s.Price), s.By)
	if s.Discount > 0 {
		for _, a := range q.Promotions {
			if off := a.OffDelivery(n); off > 0 {
				e.say("  less %s by %s", e.amount(off), a.Title())
			}
		}
	}
	if which != "" {
		e.say("  taxed by zone %s", orNone(zone))
	}
	e.taxes(q.TaxIncluded, s.Taxes, s.Net, s.Tax, s.Gross)
}

// fees says what is charged on one line, or on the cart.
func (e *explainer) fees(fees []QuotedFee) {
	for _, f := range fees {
		where := ""
		if f.Line > 0 {
			where = fmt.Sprintf(" on line %d", f.Line)
		}
		e.say("fee %s%s: %s%s", f.Name, where, e.amount(f.Amount), e.derivation(f))
		e.taxes(f.Gross == f.Amount, f.Taxes, f.Net, f.Tax, f.Gross)
	}
}

// derivation says what a fee was worked out from.
func (e *explainer) derivation(f QuotedFee) string {
	var parts []string
	if f.Each > 0 {
		parts = append(parts, fmt.Sprintf("%d × %s", f.Units, e.amount(f.Each)))
	}
	if f.Rate.Num() > 0 {
		parts = append(parts, fmt.Sprintf("%v of %s", f.Rate, e.amount(f.Base)))
	}
	if len(parts) == 0 {
		return "" // of a quote that was kept without it
	}
	return " = " + strings.Join(parts, " + ") + " (" + f.Fee + ")"
}

// text says how a price of shipping came about.
func (b shippingBasis) text(c money.Currency) string {
	of := func(n int64) string {
		switch {
		case b.free || b.basis == ByValue:
			return money.New(n, c).Decimal()
		case b.basis == ByWeight:
			return strconv.FormatInt(n, 10) + " g"
		case b.basis == ByVolume:
			return strconv.FormatInt(n, 10) + " cm³"
		case b.basis == ByLength:
			return strconv.FormatInt(n, 10) + " mm"
		}
		return strconv.FormatInt(n, 10) + " units"
	}
	out := ""
	switch {
	case b.carrier != "":
		return ", as carrier " + b.carrier + " charges"
	case b.free:
		return ", free from " + of(b.from) + " on, at " + of(b.measure)
	case b.basis != ByNothing:
		out = ", the tier from " + of(b.from) + " on, at " + of(b.measure)
	}
	if b.perUnit > 0 {
		out += ", " + money.New(b.perUnit, c).Decimal() + " of it for each of " + strconv.FormatInt(b.units, 10) + " units"
	}
	return out
}

// where says whether the tax is in prices or on top of them.
func (e *explainer) where(q Quote) string {
	switch {
	case q.TaxAdded == 0 && (q.TaxIncluded || q.Tax > 0):
		return "included in the prices"
	case q.TaxAdded == q.Tax:
		return "added to the prices"
	}
	return e.amount(q.TaxAdded) + " of it added to the prices"
}

// someOf names SKUs, ten at most.
func someOf(skus []catalog.SKU) string {
	out := ""
	for i, sku := range skus {
		if i == 10 {
			return out + ", …"
		}
		if i > 0 {
			out += ", "
		}
		out += string(sku)
	}
	return out
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}
