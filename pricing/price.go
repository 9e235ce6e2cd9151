package pricing

import (
	"math"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/money"
)

// Price says what the input costs by these rules. It is a pure function: it
// reads no clock and no store. It returns a *LineError for quantities below 1
// and amounts below 0, a *GivenError for a discount that was given and is more
// than its line costs, and a *money.OverflowError if a sum does not fit into 64
// bits.
func (r *Rules) Price(in Input) (Quote, error) {
	p := pricer{rules: r, in: in, zone: -1}
	p.quote = Quote{Currency: in.Currency, TaxIncluded: r.Settings.TaxIncluded, Rules: r.Version}
	if p.in.Address.Country == "" {
		p.in.Address = r.Settings.Home
	}
	for _, step := range [...]func() error{p.goods, p.give, p.promote, p.codes, p.findTaxes, p.taxGoods, p.ship, p.charge, p.sumUp} {
		if err := step(); err != nil {
			return Quote{}, err
		}
	}
	return p.quote, nil
}

// pricer is one pricing under way.
type pricer struct {
	rules *Rules
	in    Input
	quote Quote

	zone       int // the tax zone, -1 if there is none
	sets       []categoryTaxes
	taxes      []Tax // what the rows' taxes are cut from
	grams      int64
	units      int64
	size       size
	goodsTotal int64
	goodsLeft  int64 // less what was given
	scaled     [2][maxTaxes]int64

	active     []*compiled // the promotions whose conditions are met
	best       deal
	shares     []int64 // the discounts of the best promotion of a group
	trial      []int64 // those of the one that is being tried
	remainders []uint64
	order      []int
}

// maxTaxes bounds the taxes of one row.
const maxTaxes = 16

type categoryTaxes struct {
	category string
	set      taxSet
}

// goods adds up the lines.
func (p *pricer) goods() error {
	p.quote.Lines = make([]QuotedLine, len(p.in.Lines))
	for i, l := range p.in.Lines {
		if l.Quantity < 1 || l.UnitPrice < 0 || l.WeightGrams < 0 {
			return &LineError{Line: i + 1, Quantity: l.Quantity, UnitPrice: l.UnitPrice, WeightGrams: l.WeightGrams}
		}
		total, ok := product(l.Quantity, l.UnitPrice)
		p.quote.Lines[i].Total = total
		grams, fits := product(l.Quantity, l.WeightGrams)
		p.grams += grams
		p.units += l.Quantity
		if err := p.size.add(l); err != nil {
			return err
		}
		p.goodsTotal += total
		if !ok || !fits || p.grams < 0 || p.units < 0 || p.goodsTotal < 0 {
			return p.overflow("line")
		}
	}
	return nil
}

// give takes the discounts off the lines that were given.
func (p *pricer) give() error {
	p.goodsLeft = p.goodsTotal
	for _, g := range p.in.Given {
		e := &GivenError{Line: g.Line, Name: g.Name, Amount: g.Amount}
		if g.Line < 1 || g.Line > len(p.quote.Lines) {
			return e
		}
		l := &p.quote.Lines[g.Line-1]
		if e.Left = l.Total - l.Discount; g.Amount < 0 || g.Amount > e.Left {
			return e
		}
		if g.Amount == 0 {
			continue
		}
		l.Discount += g.Amount
		p.goodsLeft -= g.Amount
		p.quote.Promotions = append(p.quote.Promotions, Applied{Name: g.Name, Amount: g.Amount, Shares: []Share{{g.Line, g.Amount}}})
	}
	return nil
}

func (p *pricer) overflow(what string) error {
	return &money.OverflowError{Expr: "the " + what + " of a cart in " + string(p.in.Currency)}
}

// findTaxes finds the tax zone.
func (p *pricer) findTaxes() error {
	p.quote.TaxExempt = p.in.TaxExempt
	p.zone = p.rules.taxAtlas.find(p.in.Address)
	if p.zone >= 0 {
		p.quote.TaxZone = p.rules.taxZones[p.zone].ID
	}
	return nil
}

// taxesOf returns the taxes of a category, worked out once.
func (p *pricer) taxesOf(category string) (*taxSet, error) {
	for i := range p.sets {
		if p.sets[i].category == category {
			return &p.sets[i].set, nil
		}
	}
	set, err := p.rules.taxZones[p.zone].taxesOf(category, p.in.At)
	if err != nil {
		return nil, err
	}
	if len(set.rates) > maxTaxes {
		return nil, fault.New(fault.Invalid, "%d taxes are due on one row in tax zone %q: the limit is %d", len(set.rates), p.quote.TaxZone, maxTaxes)
	}
	p.sets = append(p.sets, categoryTaxes{category, set})
	return &p.sets[len(p.sets)-1].set, nil
}

// taxGoods works out the tax of each line.
func (p *pricer) taxGoods() error {
	if p.zone >= 0 {
		p.taxes = make([]Tax, 0, len(p.in.Lines)+1)
	}
	for i := range p.quote.Lines {
		l := &p.quote.Lines[i]
		l.TaxIncluded = p.in.Lines[i].Prices.Included(p.quote.TaxIncluded)
		row, err := p.tax(taxed{i, l.Total - l.Discount, p.in.Lines[i].Quantity, p.in.Lines[i].TaxCategory, l.TaxIncluded})
		if err != nil {
			return err
		}
		l.Net, l.Tax, l.Gross, l.Taxes = row.net, row.tax, row.gross, row.taxes
	}
	return nil
}

// methods returns the shipping methods for the address.
func (p *pricer) methods() []ShippingMethod {
	if zone := p.rules.shippingAtlas.find(p.in.Address); zone >= 0 {
		return p.rules.shippingZones[zone].Methods
	}
	return nil
}

// parcel is what the price of shipping goes by if the goods cost value.
func (p *pricer) parcel(value int64) parcel {
	return parcel{currency: p.in.Currency, grams: p.grams, units: p.units, value: value, size: p.size, at: p.in.At, carriers: p.in.Carriers}
}

// shippingPrice returns what the chosen method costs, before discounts.
func (p *pricer) shippingPrice(value int64) int64 {
	if p.in.Method == "" {
		return 0
	}
	for i, m := range p.methods() {
		if m.ID == p.in.Method {
			return p.methods()[i].offer(p.parcel(value)).Price
		}
	}
	return 0
}

// ship says what each shipping method costs and charges the chosen one.
func (p *pricer) ship() error {
	methods := p.methods()
	chosen := Offer{Method: p.in.Method, Reason: NotInZone}
	p.quote.Offers = make([]Offer, len(methods))
	for i := range methods {
		p.quote.Offers[i] = methods[i].offer(p.parcel(p.best.value))
		if methods[i].ID == p.in.Method {
			chosen = p.quote.Offers[i]
		}
	}
	if p.in.Method == "" {
		return nil
	}
	s := &p.quote.Shipping
	s.Method, s.Name, s.Reason, s.taxCategory = chosen.Method, chosen.Name, chosen.Reason, chosen.taxCategory
	if s.Reason != "" {
		return nil
	}
	s.Price, s.Amount = chosen.Price, p.best.ship
	s.Discount = s.Price - s.Amount
	row, err := p.tax(taxed{len(p.in.Lines), s.Amount, 1, chosen.taxCategory, p.quote.TaxIncluded})
	s.Net, s.Tax, s.Gross, s.Taxes = row.net, row.tax, row.gross, row.taxes
	return err
}

// sumUp works out the totals.
func (p *pricer) sumUp() error {
	q := &p.quote
	q.Tax, q.Total = q.Shipping.Tax, q.Shipping.Gross
	q.TaxAdded = q.Shipping.Gross - q.Shipping.Amount
	for i := range q.Fees {
		f := &q.Fees[i]
		if f.Gross > math.MaxInt64-q.Total {
			return p.overflow("total")
		}
		q.FeeTotal += f.Amount
		q.Tax += f.Tax
		q.TaxAdded += f.Gross - f.Amount
		q.Total += f.Gross
	}
	for i := range q.Lines {
		l := &q.Lines[i]
		if l.Total > math.MaxInt64-q.Subtotal || l.Gross > math.MaxInt64-q.Total {
			return p.overflow("total")
		}
		// Neither discount nor tax exceeds what has just been found to fit.
		q.Subtotal += l.Total
		q.Discount += l.Discount
		q.Tax += l.Tax
		q.TaxAdded += l.Gross - (l.Total - l.Discount)
		q.Total += l.Gross
	}
	return nil
}

// taxed is an amount that taxes are worked out for.
type taxed struct {
	row              int // of the tax provider's answer
	amount, quantity int64
	category         string
	included         bool // taxes are in the amount, and not added to it
}

// row is one amount and its taxes.
type row struct {
	net, tax, gross int64
	taxes           []Tax
}

// tax works out the taxes on an amount for a number of units: those of the
// provider's answer, if there is one.
func (p *pricer) tax(t taxed) (row, error) {
	out := row{net: t.amount, gross: t.amount}
	if p.in.TaxExempt != "" {
		return out, nil
	}
	if p.in.Taxes != nil {
		if t.row < len(p.in.Taxes.Rows) {
			out.taxes = p.in.Taxes.Rows[t.row]
		}
		for _, due := range out.taxes {
			out.tax += due.Amount
		}
		return out, p.add(&out, t.included)
	}
	if p.zone < 0 {
		return out, nil
	}
	set, err := p.taxesOf(t.category)
	if err != nil || len(set.rates) == 0 {
		return out, err
	}
	taxes := p.scaled[0][:len(set.rates)]
	if err := p.taxAmounts(set, t, taxes); err != nil {
		return out, err
	}
	for _, due := range taxes {
		if out.tax += due; out.tax < 0 {
			return out, p.overflow("tax")
		}
	}
	if err := p.add(&out, t.included); err != nil {
		return out, err
	}
	first := len(p.taxes)
	for i, r := range set.rates {
		p.taxes = append(p.taxes, Tax{Name: r.Name, Rate: r.Rate, Base: out.net + below(set.rates, taxes, i), Amount: taxes[i]})
	}
	out.taxes = p.taxes[first:len(p.taxes):len(p.taxes)]
	return out, nil
}

// add takes the tax of a row out of its amount, or adds it.
func (p *pricer) add(r *row, included bool) error {
	if included {
		if r.net -= r.tax; r.net < 0 || r.tax < 0 {
			return fault.New(fault.Invalid, "a tax of %d is not in %d", r.tax, r.gross)
		}
		return nil
	}
	if r.gross += r.tax; r.gross < r.net {
		return p.overflow("tax")
	}
	return nil
}

// below returns the taxes that tax i is also on.
func below(rates []TaxRate, taxes []int64, i int) (sum int64) {
	if !rates[i].Compound {
		return 0
	}
	for j := range i {
		if rates[j].Priority < rates[i].Priority {
			sum += taxes[j]
		}
	}
	return sum
}

// taxAmounts fills in what each tax comes to, rounded for the line or for each
// unit. Units whose price does not divide differ by one minor unit.
func (p *pricer) taxAmounts(set *taxSet, t taxed, out []int64) error {
	if !p.rules.Settings.TaxPerUnit || t.quantity == 1 {
		return p.taxOnce(set, t.amount, t.included, out)
	}
	each, dearer := t.amount/t.quantity, t.amount%t.quantity
	if err := p.taxOnce(set, each, t.included, out); err != nil {
		return err
	}
	more := p.scaled[1][:len(out)]
	if dearer > 0 {
		if err := p.taxOnce(set, each+1, t.included, more); err != nil {
			return err
		}
	}
	for i := range out {
		a, ok1 := product(out[i], t.quantity-dearer)
		b, ok2 := product(more[i], dearer)
		if out[i] = a + b; !ok1 || !ok2 || out[i] < 0 {
			return p.overflow("tax")
		}
	}
	return nil
}

// taxOnce fills in what each tax on one amount comes to.
func (p *pricer) taxOnce(set *taxSet, amount int64, included bool, out []int64) error {
	mode := p.rules.Settings.TaxRounding
	base := money.New(amount, p.in.Currency)
	if included {
		return taxWithin(set, base, mode, out)
	}
	for i, r := range set.rates {
		on := amount + below(set.rates, out, i)
		if on < amount {
			return p.overflow("tax")
		}
		tax, err := money.New(on, p.in.Currency).Scale(r.Rate, mode)
		if err != nil {
			return err
		}
		out[i] = tax.Minor()
	}
	return nil
}

// taxWithin takes the taxes out of a gross amount: together they are rounded
// once, and divided by the largest remainder.
func taxWithin(set *taxSet, gross money.Amount, mode money.Rounding, out []int64) error {
	share, err := set.total.Included()
	if err != nil {
		return err
	}
	tax, err := gross.Scale(share, mode)
	if err != nil {
		return err
	}
	if len(out) == 1 {
		out[0] = tax.Minor()
		return nil
	}
	if set.total.Num() == 0 {
		clear(out)
		return nil
	}
	parts, err := tax.Allocate(set.parts)
	if err != nil {
		return err
	}
	for i, part := range parts {
		out[i] = part.Minor()
	}
	return nil
}
