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
	p := pricer{rules: r, in: in}
	p.quote = Quote{Currency: in.Currency, TaxIncluded: r.Settings.TaxIncluded, Rules: r.Version}
	p.setOut()
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

	to         []destination  // the input's own, and those of More
	own        [1]destination // most inputs have no other
	row        int            // of the tax provider's answer: the next one
	taxes      []Tax          // what the rows' taxes are cut from
	goodsTotal int64
	goodsLeft  int64 // less what was given
	vouchers   bool  // a line is a gift card
	scaled     [2][maxTaxes]int64

	active []*compiled // the promotions whose conditions are met
	// What gifts give, and of whom: those in whose conditions it is. Lost are
	// those that others were applied in the stead of.
	grants       []grant
	givers, lost []*compiled
	passedGifts  []PassedOver // what was said of the latter
	taken        []int64      // units of each line that gifts give; nil if there are no gifts
	best         deal
	shares       []int64 // the discounts of the best promotion of a group
	trial        []int64 // those of the one that is being tried
	how          Derivation
	trialHow     Derivation
	// The units of each line that a BuyGet or a Gift reduces.
	sharesUnits, trialUnits []int64
	rivals                  []*compiled // the promotions of a group,
	weighed                 []int64     // and what each would take off
	ships                   []int64     // what shipping costs, by delivery, while promotions are weighed
	off                     []int64     // what a promotion takes off it, by delivery
	remainders              []uint64
	order                   []int
}

// maxTaxes bounds the taxes of one row.
const maxTaxes = 16

// goods adds up the lines.
func (p *pricer) goods() error {
	p.quote.Lines = make([]QuotedLine, len(p.in.Lines))
	for i, l := range p.in.Lines {
		if l.Quantity < 1 || l.UnitPrice < 0 || l.WeightGrams < 0 {
			return &LineError{Line: i + 1, Quantity: l.Quantity, UnitPrice: l.UnitPrice, WeightGrams: l.WeightGrams}
		}
		if l.Delivery < 0 || l.Delivery >= len(p.to) {
			return fault.New(fault.Invalid, "line %d goes to delivery %d of %d", i+1, l.Delivery, len(p.to))
		}
		total, ok := product(l.Quantity, l.UnitPrice)
		p.quote.Lines[i].Total = total
		fits, err := p.to[l.Delivery].add(l)
		if err != nil {
			return err
		}
		p.goodsTotal += total
		p.vouchers = p.vouchers || l.Voucher
		if !ok || !fits || p.goodsTotal < 0 {
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
		p.quote.Promotions = append(p.quote.Promotions, Applied{Name: g.Name, Amount: g.Amount, Shares: []Share{{Line: g.Line, Amount: g.Amount}}})
	}
	return nil
}

func (p *pricer) overflow(what string) error {
	return &money.OverflowError{Expr: "the " + what + " of a cart in " + string(p.in.Currency)}
}

// taxGoods works out the tax of each line.
func (p *pricer) taxGoods() error {
	if p.isTaxed() {
		p.taxes = make([]Tax, 0, len(p.in.Lines)+len(p.to))
	}
	for i := range p.quote.Lines {
		l := &p.quote.Lines[i]
		l.TaxIncluded = p.in.Lines[i].Prices.Included(p.quote.TaxIncluded)
		if p.in.Lines[i].Voucher {
			l.Net, l.Gross = l.Total-l.Discount, l.Total-l.Discount
			continue
		}
		row, err := p.tax(taxed{&p.to[p.in.Lines[i].Delivery], i, l.Total - l.Discount, p.in.Lines[i].Quantity, p.in.Lines[i].TaxCategory, l.TaxIncluded})
		if err != nil {
			return err
		}
		l.Net, l.Tax, l.Gross, l.Taxes = row.net, row.tax, row.gross, row.taxes
	}
	return nil
}

// sumUp works out the totals.
func (p *pricer) sumUp() error {
	q := &p.quote
	if err := p.sumUpShipping(); err != nil {
		return err
	}
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
	to               *destination
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
	if t.to.exempt != "" {
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
	if t.to.zone < 0 {
		return out, nil
	}
	set, err := p.taxesOf(t.to, t.category)
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
