package pricing

import (
	"fmt"
	"slices"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/money"
)

// Fee is what is charged on top of goods and shipping, under conditions: for
// small orders, for a way to pay, for wrapping a gift, a deposit on bottles.
// It is never below zero, and promotions do not reduce it.
type Fee struct {
	ID   string  `cbor:"1,keyasint" json:"id,omitempty"` // as in "gift-wrap"
	Name string  `cbor:"2,keyasint" json:"name"`         // as shoppers see it
	Kind FeeKind `cbor:"3,keyasint,omitempty" json:"kind,omitempty"`

	Period Period `cbor:"4,keyasint,omitempty" json:"period,omitempty,omitzero"`
	Paused bool   `cbor:"5,keyasint,omitempty" json:"paused,omitempty"`
	// If holds what must be true of the cart, all of it.
	If Conditions `cbor:"6,keyasint,omitempty" json:"if,omitempty,omitzero"`
	// BelowSubtotal charges only carts whose counted lines cost less, as for
	// small orders: one amount for each currency, discounts not taken off.
	BelowSubtotal []money.Amount `cbor:"7,keyasint,omitempty" json:"below_subtotal,omitempty"`
	// Payments charges only carts that are paid with one of these providers.
	Payments []string `cbor:"8,keyasint,omitempty" json:"payments,omitempty"`
	// Property charges only lines with a property of this name, as in
	// "gift_wrap". It needs PerLine.
	Property string `cbor:"9,keyasint,omitempty" json:"property,omitempty"`

	// PerLine charges each line of Items, and PerUnit each unit of them.
	// Otherwise the cart is charged once if it has a line of Items.
	PerLine bool     `cbor:"10,keyasint,omitempty" json:"per_line,omitempty"`
	PerUnit bool     `cbor:"11,keyasint,omitempty" json:"per_unit,omitempty"`
	Items   Selector `cbor:"12,keyasint,omitempty" json:"items,omitempty,omitzero"`
	// Amounts are what is charged, one for each currency. A cart in another one
	// is charged only by Rate.
	Amounts []money.Amount `cbor:"13,keyasint,omitempty" json:"amounts,omitempty"`
	// Rate is a share of what the line costs after discounts; or, charged once,
	// of what the lines of Items and shipping cost.
	Rate money.Rate `cbor:"14,keyasint,omitempty" json:"rate,omitempty,omitzero"`

	// TaxCategory is the one that it is taxed by. If it is "", what is charged
	// on a line is taxed as the line, other fees by the standard category.
	TaxCategory string `cbor:"15,keyasint,omitempty" json:"tax_category,omitempty"`
	// Untaxed says that no tax is due on it, as on customs duties.
	Untaxed bool `cbor:"16,keyasint,omitempty" json:"untaxed,omitempty"`
}

// FeeKind says what a fee is for. It changes nothing about its amount.
type FeeKind string

// The kinds of fees.
const (
	Surcharge  FeeKind = "surcharge"
	Handling   FeeKind = "handling"
	SmallOrder FeeKind = "small_order"
	GiftWrap   FeeKind = "gift_wrap"
	OnPayment  FeeKind = "payment"
	Deposit    FeeKind = "deposit" // on bottles, or for recycling
	Duty       FeeKind = "duty"
)

var feeKinds = [...]FeeKind{"", Surcharge, Handling, SmallOrder, GiftWrap, OnPayment, Deposit, Duty}

// MaxFees bounds the fees of a store.
const MaxFees = 200

// Check returns fault.Invalid unless the fee can be used.
func (f Fee) Check() error {
	if err := checkID("fee", f.ID); err != nil {
		return err
	}
	switch {
	case f.Name == "" || len(f.Name) > maxName:
		return fault.Wrong("name", "fee %q: it has a name of at most %d bytes", f.ID, maxName)
	case len(f.TaxCategory) > maxName:
		return fault.Wrong("tax_category", "fee %q: its tax category is longer than %d bytes", f.ID, maxName)
	case len(f.Property) > maxName:
		return fault.Wrong("property", "fee %q: its property is longer than %d bytes", f.ID, maxName)
	case !slices.Contains(feeKinds[:], f.Kind):
		return fault.Wrong("kind", "fee %q: there is no kind %.20q", f.ID, f.Kind)
	case f.Period.empty():
		return fault.Wrong("period", "fee %q ends before it begins", f.ID)
	case f.PerUnit && !f.PerLine:
		return fault.Wrong("per_unit", "fee %q: what is charged by the unit is charged on lines", f.ID)
	case f.Property != "" && !f.PerLine:
		return fault.Wrong("property", "fee %q: what is asked for by a property is charged on lines", f.ID)
	case len(f.Amounts) == 0 && f.Rate.Num() == 0:
		return fault.Wrong("amounts", "fee %q has neither amounts nor a rate", f.ID)
	case f.Untaxed && f.TaxCategory != "":
		return fault.Wrong("tax_category", "fee %q is untaxed and has a tax category", f.ID)
	case len(f.Payments) > MaxMethods:
		return fault.Wrong("payments", "fee %q is for %d ways to pay: the limit is %d", f.ID, len(f.Payments), MaxMethods)
	}
	for _, err := range [...]error{
		fault.InField("if", f.If.check()), fault.InField("items", f.Items.check()), checkShare(f.Rate),
		checkAmounts("amounts", "fee", f.Amounts), checkAmounts("below_subtotal", "subtotal", f.BelowSubtotal),
	} {
		if err != nil {
			return fmt.Errorf("fee %q: %w", f.ID, err)
		}
	}
	return nil
}

// chargeable is a fee, ready to be charged.
type chargeable struct {
	*Fee
	counted, items matcher
}

// QuotedFee is a fee on a cart or on one of its lines. Net + Tax = Gross, and
// Amount is Gross where tax is included in prices, Net otherwise.
type QuotedFee struct {
	Fee    string
	Name   string
	Kind   FeeKind
	Line   int // from 1; 0 is the cart
	Amount int64
	Net    int64
	Tax    int64
	Gross  int64
	Taxes  []Tax

	// Amount is Units × Each, and Rate of Base.
	Units, Each int64
	Rate        money.Rate
	Base        int64

	quantity    int64 // of units, if it is charged by the unit
	taxCategory string
	untaxed     bool
	included    bool // tax is in it: as in the line's price, or the store's
}

// charge works out the fees, after goods and shipping, in the order of the
// lines and then those on the cart.
func (p *pricer) charge() error {
	if len(p.rules.fees) == 0 || len(p.in.Lines) == 0 {
		return nil
	}
	for i := range p.rules.fees {
		f := &p.rules.fees[i]
		if !p.isDue(f) {
			continue
		}
		if err := p.chargeOne(f); err != nil {
			return err
		}
	}
	slices.SortStableFunc(p.quote.Fees, func(a, b QuotedFee) int { return lineOrLast(a) - lineOrLast(b) })
	for i := range p.quote.Fees {
		f := &p.quote.Fees[i]
		f.Net, f.Gross = f.Amount, f.Amount
		if f.untaxed {
			continue
		}
		r, err := p.tax(taxed{p.toOf(f.Line), p.row, f.Amount, f.quantity, f.taxCategory, f.included})
		if err != nil {
			return err
		}
		f.Net, f.Tax, f.Gross, f.Taxes = r.net, r.tax, r.gross, r.taxes
		p.row++
	}
	return nil
}

func lineOrLast(f QuotedFee) int {
	if f.Line == 0 {
		return 1 << 30
	}
	return f.Line
}

// isDue reports whether the conditions of a fee are met.
func (p *pricer) isDue(f *chargeable) bool {
	if f.Paused || !f.Period.Holds(p.in.At) || p.isFor(&f.If) != "" {
		return false
	}
	if len(f.Payments) > 0 && !slices.ContainsFunc(p.in.Payments, func(have string) bool { return slices.Contains(f.Payments, have) }) {
		return false
	}
	if f.counted.all && f.If.MinQuantity == 0 && len(f.If.MinSubtotal) == 0 && len(f.BelowSubtotal) == 0 {
		return true
	}
	units, total := p.counted(&f.counted)
	if units == 0 || units < f.If.MinQuantity {
		return false
	}
	if least, ok := in(f.If.MinSubtotal, p.in.Currency); len(f.If.MinSubtotal) > 0 && (!ok || total < least) {
		return false
	}
	below, ok := in(f.BelowSubtotal, p.in.Currency)
	return len(f.BelowSubtotal) == 0 || ok && total < below
}

// chargeOne notes what a fee that is due comes to.
func (p *pricer) chargeOne(f *chargeable) error {
	base, found := p.best.ship, false
	for i := range p.in.Lines {
		l := &p.in.Lines[i]
		if l.Voucher || !f.items.matches(l) || f.Property != "" && !slices.Contains(l.Properties, f.Property) {
			continue
		}
		found = true
		left := p.quote.Lines[i].Total - p.quote.Lines[i].Discount
		base += left
		if !f.PerLine {
			continue
		}
		units, category := int64(1), f.TaxCategory
		if f.PerUnit {
			units = l.Quantity
		}
		if category == "" {
			category = l.TaxCategory
		}
		if err := p.chargeAmount(f, i+1, units, left, category); err != nil {
			return err
		}
	}
	if f.PerLine || !found {
		return nil
	}
	return p.chargeAmount(f, 0, 1, base, f.TaxCategory)
}

// chargeAmount notes the fee on one line, or on the cart.
func (p *pricer) chargeAmount(f *chargeable, line int, units, base int64, category string) error {
	included := p.quote.TaxIncluded
	if line > 0 {
		included = p.quote.Lines[line-1].TaxIncluded
	}
	each, _ := in(f.Amounts, p.in.Currency)
	amount, ok := product(each, units)
	if !ok {
		return p.overflow("fee")
	}
	share, err := money.New(base, p.in.Currency).Scale(f.Rate, p.rules.Settings.PriceRounding)
	if err != nil {
		return err
	}
	if amount += share.Minor(); amount < 0 {
		return p.overflow("fee")
	}
	if amount > 0 {
		p.quote.Fees = append(p.quote.Fees, QuotedFee{
			Fee: f.ID, Name: f.Name, Kind: f.Kind, Line: line, Amount: amount,
			Units: units, Each: each, Rate: f.Rate, Base: base,
			quantity: units, taxCategory: category, untaxed: f.Untaxed, included: included,
		})
	}
	return nil
}
