package pricing

import "slices"

// compiled is a promotion, ready to be tried.
type compiled struct {
	*Promotion
	counted, given matcher
}

// Applied is a promotion that has reduced something. It is a copy: what an
// order says of its discounts outlives the promotion.
type Applied struct {
	Promotion string  `cbor:"1,keyasint" json:"promotion"`
	Name      string  `cbor:"2,keyasint" json:"name"`
	Code      string  `cbor:"3,keyasint,omitempty" json:"code,omitempty"` // with which it was asked for
	Amount    int64   `cbor:"4,keyasint,omitempty" json:"amount"`         // in all
	Shipping  int64   `cbor:"5,keyasint,omitempty" json:"shipping"`       // of that, off shipping
	Shares    []Share `cbor:"6,keyasint,omitempty" json:"shares"`         // the rest, by lines
	// Deliveries are the parts of Shipping, if there are several deliveries.
	Deliveries []DeliveryShare `cbor:"7,keyasint,omitempty" json:"deliveries,omitempty"`
	// How is how Amount came about; nil if it was given.
	How *Derivation `cbor:"8,keyasint,omitempty" json:"how,omitempty"`
}

// MaxShares bounds the Shares of all promotions together of what can be bought:
// an order keeps them, and a command has a limit to its size.
const MaxShares = 6000

// SharesOf returns how many shares promotions have together.
func SharesOf(promotions []Applied) (n int) {
	for _, a := range promotions {
		n += len(a.Shares)
	}
	return n
}

// DeliveryShare is what a promotion takes off the shipping of one delivery.
type DeliveryShare struct {
	// Delivery is 0 for the input's own and i for the i-th of More; in an order
	// it is the number of the order's delivery.
	Delivery int   `cbor:"1,keyasint,omitempty" json:"delivery"`
	Amount   int64 `cbor:"2,keyasint" json:"amount"`
}

// Share is what a promotion takes off one line.
type Share struct {
	Line   int   `cbor:"1,keyasint" json:"line"` // from 1
	Amount int64 `cbor:"2,keyasint" json:"amount"`
	// Units are those that a BuyGet or a Gift reduces.
	Units int64 `cbor:"3,keyasint,omitempty" json:"units,omitempty"`
}

// deal is one combination of promotions, under construction.
type deal struct {
	left    []int64 // what is left of each line
	applied []Applied
	off     int64   // all discounts together
	value   int64   // what is left of all lines
	ship    int64   // what is left of shipping
	ships   []int64 // that, by delivery
	passed  []PassedOver
	gifts   []DueGift
	free    []int64     // units of each line that gifts give; nil is none
	kept    []*compiled // the gifts whose turn has not come: what they give is not in left
}

// units returns how many units of a line are not given away.
func (p *pricer) units(line int, d *deal) int64 {
	if d.free == nil {
		return p.in.Lines[line].Quantity
	}
	return p.in.Lines[line].Quantity - d.free[line]
}

// cost is what the shopper pays for goods and shipping, before taxes that are
// added. Neither is below zero, so the sum fits.
func (d *deal) cost() uint64 { return uint64(d.value) + uint64(d.ship) }

// promote chooses the promotions and takes their discounts off the lines. Where
// a gift turns out not to be given, it chooses anew without it.
func (p *pricer) promote() error {
	for {
		if err := p.choose(); err != nil {
			return err
		}
		if !p.lose() {
			break
		}
		p.best = deal{}
	}
	p.passed()
	p.quote.Gifts = p.best.gifts
	if p.best.left != nil {
		for i := range p.quote.Lines {
			p.quote.Lines[i].Discount = p.quote.Lines[i].Total - p.best.left[i]
		}
	}
	p.quote.Promotions = append(p.quote.Promotions, p.best.applied...)
	return nil
}

// choose finds the best deal of the promotions whose conditions are met.
func (p *pricer) choose() error {
	p.grant()
	p.active = p.active[:0]
	for i := range p.rules.promotions {
		c := &p.rules.promotions[i]
		if p.holds(c) == "" {
			p.active = append(p.active, c)
		}
	}
	if len(p.active) == 0 {
		p.best.value = p.goodsLeft
		return p.sendOff(&p.best)
	}
	if err := p.dealOf(p.active, false, &p.best); err != nil {
		return err
	}
	for i, c := range p.active {
		if !c.Alone {
			continue
		}
		var alone deal
		if err := p.dealOf(p.active[i:i+1], true, &alone); err != nil {
			return err
		}
		if len(alone.gifts) > 0 && len(p.best.applied) == 0 && alone.off == 0 {
			p.best.gifts = append(p.best.gifts, alone.gifts...) // it may be chosen once that is in the cart
		}
		if alone.off > 0 && alone.cost() < p.best.cost() { // of equals, those that can be combined, or the first
			p.stands(c, alone)
			continue
		}
		p.passOver(&p.best, c, NotCombinable, "", alone.off)
	}
	return nil
}

// dealOf applies promotions, which are in order, one after the other: first
// those on goods, then those on shipping, whose price goes by the goods. Groups
// and Stop reach across both: a promotion on shipping is weighed at the price
// that shipping has when its turn comes.
func (p *pricer) dealOf(of []*compiled, alone bool, d *deal) error {
	d.left = make([]int64, len(p.quote.Lines))
	d.applied = make([]Applied, 0, len(of))
	for i := range p.quote.Lines {
		d.left[i] = p.quote.Lines[i].Total - p.quote.Lines[i].Discount
	}
	d.value = p.goodsLeft
	p.keep(d, alone, of)
	done := map[string]bool(nil) // groups
	var shipping []*compiled     // those that are to be taken off shipping
	for i, c := range of {
		if c.Alone != alone || c.Group != "" && done[c.Group] {
			continue
		}
		best, err := p.bestOf(of[i:], c, alone, d)
		if err != nil {
			return err
		}
		if c.Group != "" {
			if done == nil {
				done = map[string]bool{}
			}
			done[c.Group] = true
		}
		if best != nil && best.Effect.Kind == FreeShipping {
			shipping = append(shipping, best)
		}
		if best != nil && best.Stop {
			if err := p.stopped(best, of[i+1:], done, alone, d); err != nil {
				return err
			}
			break
		}
	}
	for len(d.kept) > 0 {
		p.release(d.kept[0], d)
	}
	if err := p.sendOff(d); err != nil {
		return err
	}
	for _, c := range shipping {
		p.offShipping(c, d)
	}
	return nil
}

// bestOf applies a promotion, or the best of its group, and returns it; nil if
// it changes nothing. One on shipping is only returned: it is applied when all
// that is on goods is.
func (p *pricer) bestOf(rest []*compiled, first *compiled, alone bool, d *deal) (*compiled, error) {
	var best *compiled
	most := int64(0)
	p.rivals, p.weighed = p.rivals[:0], p.weighed[:0]
	var gift *compiled // the first of them that gives something
	has := int64(0)    // units of that in the cart
	for _, c := range rest {
		if c != first && (first.Group == "" || c.Group != first.Group || c.Alone != alone) {
			continue
		}
		off, err := p.weigh(c, d)
		if err != nil {
			return nil, err
		}
		if c.Effect.Kind == Gift && gift == nil {
			gift, has = c, p.trialHow.Units
		}
		if off > most {
			best, most = c, off
			p.shares, p.trial = p.trial, p.shares
			p.sharesUnits, p.trialUnits = p.trialUnits, p.sharesUnits
			p.how = p.trialHow
		}
		if first.Group == "" {
			break
		}
		p.rivals, p.weighed = append(p.rivals, c), append(p.weighed, off)
	}
	switch {
	case best == nil && gift != nil:
		p.owe(gift, has, d)
	case best != nil && best.Effect.Kind == Gift:
		p.owe(best, p.how.Units, d)
	}
	if best == nil {
		return nil, nil
	}
	p.release(best, d)
	if best.Effect.Kind != FreeShipping {
		p.apply(best, most, d)
	}
	for i, c := range p.rivals {
		if c != best {
			p.passOver(d, c, LessInGroup, best.ID, p.weighed[i])
		}
	}
	return best, nil
}

// apply takes the discounts in p.shares off the lines of a deal.
func (p *pricer) apply(c *compiled, off int64, d *deal) {
	how := p.how
	a := Applied{Promotion: c.ID, Name: c.Name, Code: p.codeOf(c), Amount: off, How: &how}
	n := 0
	for _, share := range p.shares {
		if share > 0 {
			n++
		}
	}
	a.Shares = make([]Share, 0, n)
	for i, share := range p.shares {
		if share > 0 {
			d.left[i] -= share
			s := Share{Line: i + 1, Amount: share}
			if how.Units > 0 {
				s.Units = p.sharesUnits[i]
			}
			a.Shares = append(a.Shares, s)
		}
	}
	d.applied = append(d.applied, a)
	d.off += off
	d.value -= off
}

func (p *pricer) atMost(c *compiled, off int64) int64 {
	if most, ok := in(c.Effect.AtMost, p.in.Currency); ok {
		return min(off, most)
	}
	return off
}

// codeOf returns the code that asks for a promotion, "" if it needs none.
func (p *pricer) codeOf(c *compiled) string {
	if c.NeedsCode {
		for _, coupon := range p.in.Coupons {
			if coupon.Promotion == c.ID && p.usable(&coupon) == "" {
				return coupon.Code
			}
		}
	}
	return ""
}

// usable says why a code has no effect whatever its promotion is; "" is that
// it may have one.
func (p *pricer) usable(c *Coupon) CodeReason {
	switch {
	case c.Revoked:
		return CodeInvalid
	case c.Spent:
		return CodeLimit
	}
	return p.isWithin(&c.Limits)
}

// isWithin says why limits leave nothing for carts like this one.
func (p *pricer) isWithin(l *Limits) CodeReason {
	if l.PerCustomer > 0 && !p.in.LoggedIn {
		return CodeNotLoggedIn
	}
	if _, ok := in(l.Budget, p.in.Currency); len(l.Budget) > 0 && !ok {
		return CodeIneligible
	}
	return ""
}

// holds says why the conditions of a promotion are not met; "" is that they
// are.
func (p *pricer) holds(c *compiled) CodeReason {
	if reason := p.opens(c); reason != "" {
		return reason
	}
	if c.Effect.Kind != Gift {
		return p.enough(c)
	}
	if !slices.Contains(p.givers, c) && !slices.Contains(p.lost, c) {
		return CodeMinimum
	}
	return ""
}

// opens says why a promotion is not for the cart whatever goods are in it; "" is
// that it may be.
func (p *pricer) opens(c *compiled) CodeReason {
	if reason := c.Open(p.in.At); reason != "" {
		return reason
	}
	if slices.Contains(p.in.Spent, c.ID) {
		return CodeLimit
	}
	if c.NeedsCode && p.codeOf(c) == "" {
		return CodeInvalid
	}
	if reason := p.isFor(&c.If); reason != "" {
		return reason
	}
	return p.isWithin(&c.Limits)
}

// enough says whether a promotion's conditions on goods are met. A gift needs
// some beside itself.
func (p *pricer) enough(c *compiled) CodeReason {
	if c.If.MinQuantity == 0 && len(c.If.MinSubtotal) == 0 && c.counted.all && c.Effect.Kind != Gift {
		return ""
	}
	units, total := p.counted(&c.counted)
	least, ok := in(c.If.MinSubtotal, p.in.Currency)
	if units == 0 || units < c.If.MinQuantity || len(c.If.MinSubtotal) > 0 && (!ok || total < least) {
		return CodeMinimum
	}
	return ""
}

// Open says why a promotion is over or not yet there at a moment; "" is that
// it is open.
func (c *Promotion) Open(at Moment) CodeReason {
	switch {
	case c.Paused || at < c.Period.From:
		return CodeInvalid
	case !c.Period.Holds(at):
		return CodeExpired
	}
	return ""
}

// isFor says why a cart's owner, place or currency is not meant.
func (p *pricer) isFor(c *Conditions) CodeReason {
	switch {
	case (c.LoggedIn || c.FirstOrder || len(c.Groups) > 0) && !p.in.LoggedIn:
		return CodeNotLoggedIn
	case c.FirstOrder && p.in.HasBought,
		len(c.Groups) > 0 && !slices.ContainsFunc(p.in.Groups, func(g string) bool { return slices.Contains(c.Groups, g) }),
		len(c.Channels) > 0 && !slices.Contains(c.Channels, p.in.Channel),
		len(c.Countries) > 0 && !p.goesTo(c.Countries),
		len(c.Currencies) > 0 && !slices.Contains(c.Currencies, p.in.Currency):
		return CodeIneligible
	}
	return ""
}

// counted returns the units of the lines that conditions count, and what they
// cost before discounts. What gifts give does not count.
func (p *pricer) counted(by *matcher) (units, total int64) {
	for i := range p.in.Lines {
		if l := &p.in.Lines[i]; !l.Voucher && by.matches(l) {
			units += p.in.Lines[i].Quantity
			total += p.quote.Lines[i].Total
			if p.taken != nil {
				units -= p.taken[i]
				total -= p.taken[i] * l.UnitPrice // not above what the line costs
			}
		}
	}
	return units, total
}
