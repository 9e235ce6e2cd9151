package pricing

import (
	"cmp"
	"math"
	"slices"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/money"
)

// Delivery is one of several places that the goods of an input go to, beside
// its own address: the lines that name it are taxed and sent there.
type Delivery struct {
	Address   Address // without a country, the store's home counts
	Method    string  // the shipping method; "" if none is chosen
	TaxExempt string  // why no tax is due there; "" if it is
	// Carriers is what providers have said: see Service.Quote.
	Carriers map[string]CarrierRate
}

// MaxDeliveries bounds the deliveries of one input, its own included.
const MaxDeliveries = 20

// QuotedDelivery is what one of Input.More costs to send.
type QuotedDelivery struct {
	Shipping  QuotedShipping
	Offers    []Offer // the shipping methods that there are for its address
	TaxZone   string  // "" if the address is in none
	TaxExempt string  // why no tax is due there; "" if it is
}

// ShippingTotal returns what all deliveries cost to send, as prices are, and the
// tax on that.
func (q *Quote) ShippingTotal() (amount, tax int64) {
	amount, tax = q.Shipping.Amount, q.Shipping.Tax
	for i := range q.More {
		amount += q.More[i].Shipping.Amount
		tax += q.More[i].Shipping.Tax
	}
	return amount, tax
}

// destination is one delivery under way.
type destination struct {
	address      Address
	method       string
	exempt       string
	carriers     map[string]CarrierRate
	zone         int // the tax zone, -1 if there is none
	sets         []categoryTaxes
	lines        int
	grams, units int64
	size         size
}

type categoryTaxes struct {
	category string
	set      taxSet
}

// setOut lists where the goods go.
func (p *pricer) setOut() {
	p.own[0] = destination{address: p.in.Address, method: p.in.Method, exempt: p.in.TaxExempt, carriers: p.in.Carriers, zone: -1}
	p.to = p.own[:]
	for _, d := range p.in.More {
		p.to = append(p.to, destination{address: d.Address, method: d.Method, exempt: d.TaxExempt, carriers: d.Carriers, zone: -1})
	}
	for i := range p.to {
		if p.to[i].address.Country == "" {
			p.to[i].address = p.rules.Settings.Home
		}
	}
	if len(p.in.More) > 0 {
		p.quote.More = make([]QuotedDelivery, len(p.in.More))
	}
}

// add counts a line in. It reports false if that does not fit into 64 bits.
func (d *destination) add(l Line) (fits bool, err error) {
	grams, fits := product(l.Quantity, l.WeightGrams)
	d.lines++
	d.grams += grams
	d.units += l.Quantity
	return fits && d.grams >= 0 && d.units >= 0, d.size.add(l)
}

// toOf returns where a line goes, from 1; what is on no line goes with the
// first delivery that has any.
func (p *pricer) toOf(line int) *destination {
	if line == 0 {
		return &p.to[max(0, slices.IndexFunc(p.to, func(d destination) bool { return d.lines > 0 }))]
	}
	return &p.to[p.in.Lines[line-1].Delivery]
}

// goesTo reports whether all goods go to one of some countries.
func (p *pricer) goesTo(countries []string) bool {
	for i := range p.to {
		if (p.to[i].lines > 0 || len(p.to) == 1) && !slices.Contains(countries, p.to[i].address.Country) {
			return false
		}
	}
	return true
}

// findTaxes finds the tax zones.
func (p *pricer) findTaxes() error {
	p.quote.TaxExempt = p.exemption()
	for i := range p.to {
		d, zone := &p.to[i], ""
		if d.zone = p.rules.taxAtlas.find(d.address); d.zone >= 0 {
			zone = p.rules.taxZones[d.zone].ID
		}
		if i == 0 {
			p.quote.TaxZone = zone
			continue
		}
		p.quote.More[i-1].TaxZone, p.quote.More[i-1].TaxExempt = zone, d.exempt
	}
	return nil
}

// exemption returns why no tax is due anywhere, "" if it is.
func (p *pricer) exemption() (why string) {
	if len(p.to) == 1 {
		return p.in.TaxExempt
	}
	for i := range p.to {
		if p.to[i].lines == 0 {
			continue
		}
		if p.to[i].exempt == "" {
			return ""
		}
		why = cmp.Or(why, p.to[i].exempt)
	}
	return why
}

// isTaxed reports whether taxes are due anywhere.
func (p *pricer) isTaxed() bool {
	return slices.ContainsFunc(p.to, func(d destination) bool { return d.zone >= 0 })
}

// taxesOf returns the taxes of a category at an address, worked out once.
func (p *pricer) taxesOf(d *destination, category string) (*taxSet, error) {
	for i := range d.sets {
		if d.sets[i].category == category {
			return &d.sets[i].set, nil
		}
	}
	zone := &p.rules.taxZones[d.zone]
	set, err := zone.taxesOf(category, p.in.At)
	if err != nil {
		return nil, err
	}
	if len(set.rates) > maxTaxes {
		return nil, fault.New(fault.Invalid, "%d taxes are due on one row in tax zone %q: the limit is %d", len(set.rates), zone.ID, maxTaxes)
	}
	d.sets = append(d.sets, categoryTaxes{category, set})
	return &d.sets[len(d.sets)-1].set, nil
}

// methods returns the shipping methods for an address.
func (p *pricer) methods(d *destination) []ShippingMethod {
	if zone := p.rules.shippingAtlas.find(d.address); zone >= 0 {
		return p.rules.shippingZones[zone].Methods
	}
	return nil
}

// parcel is what the price of shipping goes by if the goods cost value.
func (p *pricer) parcel(d *destination, value int64) parcel {
	return parcel{currency: p.in.Currency, grams: d.grams, units: d.units, value: value, size: d.size, at: p.in.At, carriers: d.carriers}
}

// valueIn returns what is left of the lines of one delivery in a deal.
func (p *pricer) valueIn(to int, d *deal) (value int64) {
	if len(p.to) == 1 {
		return d.value
	}
	for i := range p.in.Lines {
		if p.in.Lines[i].Delivery != to {
			continue
		}
		if d.left != nil {
			value += d.left[i]
		} else {
			value += p.quote.Lines[i].Total - p.quote.Lines[i].Discount // that was given
		}
	}
	return value
}

// shippingPrice returns what the chosen method of a delivery costs in a deal,
// before discounts.
func (p *pricer) shippingPrice(to int, d *deal) int64 {
	at := &p.to[to]
	if at.method == "" || at.lines == 0 && len(p.to) > 1 {
		return 0
	}
	methods := p.methods(at)
	for i := range methods {
		if methods[i].ID == at.method {
			return methods[i].offer(p.parcel(at, p.valueIn(to, d))).Price
		}
	}
	return 0
}

// shippingPrices appends what each delivery costs to send in a deal.
func (p *pricer) shippingPrices(out []int64, d *deal) (sum int64, _ []int64, err error) {
	for i := range p.to {
		price := p.shippingPrice(i, d)
		if price > math.MaxInt64-sum {
			return 0, nil, p.overflow("shipping")
		}
		sum += price
		out = append(out, price)
	}
	return sum, out, nil
}

// sendOff notes what shipping costs in a deal, before discounts.
func (p *pricer) sendOff(d *deal) (err error) {
	d.ship, d.ships, err = p.shippingPrices(make([]int64, 0, len(p.to)), d)
	return err
}

// weighShipping returns what a promotion would take off shipping in a deal.
func (p *pricer) weighShipping(c *compiled, d *deal) (off int64, err error) {
	if _, p.ships, err = p.shippingPrices(p.ships[:0], d); err != nil {
		return 0, err
	}
	return p.shippingOff(c, p.ships), nil
}

// offShipping takes a discount off shipping, if there is one.
func (p *pricer) offShipping(c *compiled, d *deal) {
	off := p.shippingOff(c, d.ships)
	if off == 0 {
		return
	}
	how := p.trialHow
	a := Applied{Promotion: c.ID, Name: c.Name, Code: p.codeOf(c), Amount: off, Shipping: off, How: &how}
	for i, part := range p.off {
		d.ships[i] -= part
		if part > 0 && len(p.to) > 1 {
			a.Deliveries = append(a.Deliveries, DeliveryShare{Delivery: i, Amount: part})
		}
	}
	d.ship -= off
	d.off += off
	d.applied = append(d.applied, a)
}

// shippingOff returns what a promotion takes off prices of shipping, and notes
// it in p.off by delivery: divided by the prices, by the largest remainder.
func (p *pricer) shippingOff(c *compiled, ships []int64) int64 {
	base := int64(0)
	p.off = p.off[:0]
	for i, price := range ships {
		if len(c.Effect.Methods) > 0 && !slices.Contains(c.Effect.Methods, p.to[i].method) {
			price = 0
		}
		base += price // a part of what was found to fit
		p.off = append(p.off, price)
	}
	if base == 0 {
		return 0
	}
	p.trialHow = Derivation{Kind: FreeShipping, Base: base, Rate: c.Effect.Rate}
	part, err := money.New(base, p.in.Currency).Scale(c.Effect.Rate, p.rules.Settings.PriceRounding)
	if err != nil { // a share of an amount is not above it
		clear(p.off)
		return 0
	}
	uncut := min(part.Minor(), base)
	off := p.atMost(c, uncut)
	if off < uncut {
		p.trialHow.Uncut = uncut
	}
	p.spread(off, p.off)
	return off
}

// ship says what each shipping method costs and charges the chosen ones.
func (p *pricer) ship() error {
	p.row = len(p.in.Lines)
	for i := range p.to {
		shipping, offers := &p.quote.Shipping, &p.quote.Offers
		if i > 0 {
			shipping, offers = &p.quote.More[i-1].Shipping, &p.quote.More[i-1].Offers
		}
		if p.to[i].lines == 0 && len(p.to) > 1 {
			continue
		}
		if err := p.shipTo(i, shipping, offers); err != nil {
			return err
		}
	}
	return nil
}

func (p *pricer) shipTo(to int, s *QuotedShipping, offers *[]Offer) error {
	d := &p.to[to]
	methods, value := p.methods(d), p.valueIn(to, &p.best)
	chosen := Offer{Method: d.method, Reason: NotInZone}
	*offers = make([]Offer, len(methods))
	for i := range methods {
		(*offers)[i] = methods[i].offer(p.parcel(d, value))
		if methods[i].ID == d.method {
			chosen = (*offers)[i]
		}
	}
	if d.method == "" {
		return nil
	}
	row := p.row
	p.row++
	s.Method, s.Name, s.Reason, s.taxCategory = chosen.Method, chosen.Name, chosen.Reason, chosen.taxCategory
	if s.Reason != "" {
		return nil
	}
	s.Price, s.Amount = chosen.Price, p.best.ships[to]
	s.By = chosen.by.text(p.in.Currency)
	s.Discount = s.Price - s.Amount
	r, err := p.tax(taxed{d, row, s.Amount, 1, chosen.taxCategory, p.quote.TaxIncluded})
	s.Net, s.Tax, s.Gross, s.Taxes = r.net, r.tax, r.gross, r.taxes
	return err
}

// sumUpShipping begins the totals with what it costs to send the goods.
func (p *pricer) sumUpShipping() error {
	q := &p.quote
	for i := range p.to {
		s := &q.Shipping
		if i > 0 {
			s = &q.More[i-1].Shipping
		}
		if s.Gross > math.MaxInt64-q.Total {
			return p.overflow("total")
		}
		q.Tax += s.Tax
		q.TaxAdded += s.Gross - s.Amount
		q.Total += s.Gross
	}
	return nil
}
