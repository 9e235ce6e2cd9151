package pricing

import (
	"cmp"
	"math/bits"
	"slices"
	"sort"

	"github.com/keelshop/commerce/money"
)

// effect works out what a promotion takes off each line of a deal, into
// p.trial, and returns the sum.
func (p *pricer) effect(c *compiled, d *deal) (off int64, err error) {
	p.trial = cleared(p.trial, len(d.left))
	e := &c.Effect
	p.trialHow = Derivation{Kind: e.Kind}
	switch e.Kind {
	case PercentOff:
		off, err = p.share(c, d, e.Rate)
	case AmountOff:
		off = p.amountOff(c, d)
	case FixedPrice:
		off = p.fixedPrice(c, d)
	case BuyGet:
		off, err = p.buyGet(c, d)
	case Gift:
		p.trialHow.Rate = money.Percent(100)
		off = p.giveAway(c, d)
	case Tiered:
		off, err = p.tier(c, d)
	}
	if err != nil {
		return 0, err
	}
	if most := p.atMost(c, off); most < off {
		p.trialHow.Uncut = off
		p.spread(most, p.trial)
		return most, nil
	}
	return off, nil
}

// base returns what is left of the lines that a promotion reduces, and notes
// it line by line in p.trial.
func (p *pricer) base(c *compiled, d *deal) (base int64) {
	if c.given.all && !p.vouchers {
		copy(p.trial, d.left)
		p.trialHow.Base = d.value
		return d.value
	}
	for i := range p.in.Lines {
		if l := &p.in.Lines[i]; !l.Voucher && c.given.matches(l) {
			p.trial[i] = d.left[i]
			base += d.left[i]
		}
	}
	p.trialHow.Base = base
	return base
}

// share takes a rate off all lines together.
func (p *pricer) share(c *compiled, d *deal, r money.Rate) (int64, error) {
	base := p.base(c, d)
	p.trialHow.Rate = r
	part, err := money.New(base, p.in.Currency).Scale(r, p.rules.Settings.PriceRounding)
	if err != nil {
		return 0, err
	}
	off := min(part.Minor(), base)
	p.spread(off, p.trial)
	return off, nil
}

// amountOff takes an amount off all lines together, or off each unit.
func (p *pricer) amountOff(c *compiled, d *deal) (off int64) {
	amount, ok := in(c.Effect.Amounts, p.in.Currency)
	if !ok {
		return 0
	}
	base := p.base(c, d)
	p.trialHow.Amount, p.trialHow.PerUnit = amount, c.Effect.PerUnit
	if !c.Effect.PerUnit {
		off = min(amount, base)
		p.spread(off, p.trial)
		return off
	}
	for i, left := range p.trial {
		if left > 0 {
			p.trial[i] = min(left, atMostProduct(amount, p.units(i, d)))
			off += p.trial[i]
		}
	}
	return off
}

// fixedPrice takes off what units cost above a price.
func (p *pricer) fixedPrice(c *compiled, d *deal) (off int64) {
	price, ok := in(c.Effect.Amounts, p.in.Currency)
	if !ok {
		return 0
	}
	p.base(c, d)
	p.trialHow.Amount = price
	for i, left := range p.trial {
		if left > 0 {
			p.trial[i] = max(0, left-atMostProduct(price, p.units(i, d)))
			off += p.trial[i]
		}
	}
	return off
}

// atMostProduct returns x × y, or the largest number there is.
func atMostProduct(x, y int64) int64 {
	if n, ok := product(x, y); ok {
		return n
	}
	return 1<<63 - 1
}

// buyGet reduces the cheapest of what is got: first of what only the promotion's
// own items are, then of what could be bought, too.
func (p *pricer) buyGet(c *compiled, d *deal) (int64, error) {
	e := &c.Effect
	bought, _ := p.counted(&c.counted)
	p.trialUnits = cleared(p.trialUnits, len(d.left))
	p.trialHow.Bought = bought
	if e.Items.isZero() {
		return p.cheapest(d, c.counted.matches, atMostProduct(e.times(bought, e.Buy+e.Get), e.Get), e.Rate)
	}
	own, shared := int64(0), int64(0)
	for i := range p.in.Lines {
		switch l := &p.in.Lines[i]; {
		case l.Voucher || !c.given.matches(l):
		case c.counted.matches(l):
			shared += p.units(i, d)
		default:
			own += p.units(i, d)
		}
	}
	own, shared = e.got(bought, own, shared)
	off, err := p.cheapest(d, func(l *Line) bool { return c.given.matches(l) && !c.counted.matches(l) }, own, e.Rate)
	if err != nil || shared == 0 {
		return off, err
	}
	more, err := p.cheapest(d, func(l *Line) bool { return c.given.matches(l) && c.counted.matches(l) }, shared, e.Rate)
	return off + more, err
}

// times returns how often a BuyGet counts for so many units.
func (e *Effect) times(units, group int64) int64 {
	times := units / group
	if e.Times > 0 {
		times = min(times, e.Times)
	}
	return times
}

// got says how many units of a BuyGet with Items are got: of those that only
// they are, and of those that count as bought, too. No unit is both, so each that
// is got of the latter leaves one less to be bought.
func (e *Effect) got(bought, own, shared int64) (ofOwn, ofShared int64) {
	due := func(x int64) int64 { return atMostProduct(e.times(bought-x, e.Buy), e.Get) }
	// The largest number of shared units that are due when they are not bought.
	x := int64(sort.Search(int(shared), func(x int) bool { return own+int64(x)+1 > due(int64(x)+1) }))
	all := min(due(x), own+x)
	ofOwn = min(all, own)
	return ofOwn, all - ofOwn
}

// cheapest takes a rate off so many units of the lines that are meant, from the
// cheapest on.
func (p *pricer) cheapest(d *deal, meant func(*Line) bool, units int64, r money.Rate) (off int64, err error) {
	p.cheapestFirst(meant)
	for _, i := range p.order {
		if units == 0 {
			break
		}
		there := p.units(i, d)
		if there == 0 {
			continue // it is given away
		}
		n := min(units, there)
		units -= n
		p.trialUnits[i] = n
		of := portion(d.left[i], n, there)
		part, err := money.New(of, p.in.Currency).Scale(r, p.rules.Settings.PriceRounding)
		if err != nil {
			return 0, err
		}
		p.trial[i] = min(part.Minor(), d.left[i])
		off += p.trial[i]
		p.trialHow.Units += n
		p.trialHow.Base += of
	}
	p.trialHow.Rate = r
	return off, nil
}

// cheapestFirst notes the lines that are meant in p.order.
func (p *pricer) cheapestFirst(meant func(*Line) bool) {
	p.order = p.order[:0]
	for i := range p.in.Lines {
		if l := &p.in.Lines[i]; !l.Voucher && meant(l) {
			p.order = append(p.order, i)
		}
	}
	slices.SortStableFunc(p.order, func(i, j int) int { return cmp.Compare(p.in.Lines[i].UnitPrice, p.in.Lines[j].UnitPrice) })
}

// cleared returns a slice of n zeros, in the memory of s if that suffices.
func cleared(s []int64, n int) []int64 {
	s = slices.Grow(s[:0], n)[:n]
	clear(s)
	return s
}

// tier applies the highest tier that is reached and that there is in the cart's
// currency.
func (p *pricer) tier(c *compiled, d *deal) (int64, error) {
	units, total := p.counted(&c.counted)
	for i := len(c.Effect.Tiers) - 1; i >= 0; i-- {
		t := &c.Effect.Tiers[i]
		least, ok := in(t.MinSubtotal, p.in.Currency)
		if units < t.MinQuantity || len(t.MinSubtotal) > 0 && (!ok || total < least) {
			continue
		}
		p.trialHow.Tier = i + 1
		if len(t.Amounts) == 0 {
			return p.share(c, d, t.Rate)
		}
		amount, ok := in(t.Amounts, p.in.Currency)
		if !ok {
			continue // it is none in this currency
		}
		off := min(amount, p.base(c, d))
		p.trialHow.Amount = amount
		p.spread(off, p.trial)
		return off, nil
	}
	return 0, nil
}

// spread divides off by weights, which it replaces with the parts, by the
// largest remainder: of equal ones the first goes first. off is not above the
// sum of the weights, so no part is above its weight.
func (p *pricer) spread(off int64, weights []int64) {
	total := uint64(0)
	for _, w := range weights {
		total += uint64(w)
	}
	if total == 0 || off == int64(total) {
		return
	}
	p.remainders = slices.Grow(p.remainders[:0], len(weights))[:len(weights)]
	p.order = p.order[:0]
	left := off
	for i, w := range weights {
		hi, lo := bits.Mul64(uint64(off), uint64(w)) // hi < total, since off is not above it
		quo, rem := bits.Div64(hi, lo, total)
		weights[i], p.remainders[i] = int64(quo), rem
		left -= int64(quo)
		if rem > 0 {
			p.order = append(p.order, i)
		}
	}
	if left == 0 {
		return
	}
	p.largest(int(left))
	for _, i := range p.order[:left] {
		weights[i]++
	}
}

// largest brings the n lines with the largest remainders to the front of p.order,
// in any order among themselves: of equal ones the first lines. It looks for where
// they end by halves, as in sorting, of which it only follows one.
func (p *pricer) largest(n int) {
	rest := p.order
	for tries := 0; len(rest) > 12 && tries < 64; tries++ {
		pivot := p.median(rest[0], rest[len(rest)/2], rest[len(rest)-1])
		front := 0 // what comes before the pivot
		for i, line := range rest {
			if p.before(line, pivot) {
				rest[front], rest[i] = line, rest[front]
				front++
			}
		}
		switch {
		case n <= front:
			rest = rest[:front]
		default:
			rest, n = rest[front:], n-front
		}
	}
	slices.SortFunc(rest, func(i, j int) int {
		return cmp.Or(cmp.Compare(p.remainders[j], p.remainders[i]), cmp.Compare(i, j))
	})
}

// before reports whether line i gets a minor unit before line j.
func (p *pricer) before(i, j int) bool {
	if p.remainders[i] != p.remainders[j] {
		return p.remainders[i] > p.remainders[j]
	}
	return i < j
}

// median returns the one of three lines that is between the others.
func (p *pricer) median(i, j, k int) int {
	if p.before(j, i) {
		i, j = j, i
	}
	if p.before(k, j) {
		j = k
	}
	if p.before(j, i) {
		j = i
	}
	return j
}
