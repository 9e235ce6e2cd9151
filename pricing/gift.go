package pricing

import (
	"math/bits"
	"slices"

	"github.com/keelshop/commerce/catalog"
)

// DueGift is what a promotion gives and the cart does not have. Whether whoever
// adds it pays nothing for it depends on the other promotions, too: see
// Rules.Spares.
type DueGift struct {
	Promotion string `json:"promotion"`
	Name      string `json:"name"`
	Code      string `json:"code,omitempty"` // with which it was asked for
	// Units are how many may be added, of any one or several of SKUs that the
	// promotion's Items mean: see Rules.Gives.
	Units int64         `json:"units"`
	SKUs  []catalog.SKU `json:"skus"`
}

// Gives reports whether a promotion reduces a line, as Service.Describe
// describes it.
func (r *Rules) Gives(promotion string, l Line) bool {
	i := slices.IndexFunc(r.promotions, func(c compiled) bool { return c.ID == promotion })
	return i >= 0 && !l.Voucher && r.promotions[i].given.matches(&l)
}

// Spares reports whether goods that were added to an input cost nothing and
// break nothing: with is the input with them, and before its quote without. In
// all it costs no more than before, no quantity rule has anything against the
// SKUs that were added, shipping that was offered still is, no discount exceeds
// a whole budget, and there are no more shares than an order keeps. What
// providers would say of taxes and carriers is left out: before is to be by Price,
// too. It is as pure as Price.
func (r *Rules) Spares(before *Quote, with Input, added ...catalog.SKU) (Quote, bool, error) {
	q, err := r.Price(with)
	if err != nil || q.Total > before.Total || SharesOf(q.Promotions) > MaxShares || r.overspends(&q, with.Coupons) {
		return q, false, err
	}
	for _, problem := range r.CheckQuantities(with.Lines) {
		if slices.Contains(added, problem.SKU) {
			return q, false, nil
		}
	}
	ok := q.Shipping.Reason == before.Shipping.Reason
	for i := range q.More {
		ok = ok && q.More[i].Shipping.Reason == before.More[i].Shipping.Reason
	}
	return q, ok, nil
}

// overspends reports whether a discount is larger than the budget that it is
// from was at first.
func (r *Rules) overspends(q *Quote, coupons []Coupon) bool {
	for _, a := range q.Promotions {
		if p, ok := r.Promotion(a.Promotion); ok && p.Limits.lessThan(a.Amount, q) {
			return true
		}
		for i := range coupons {
			if a.Code != "" && coupons[i].Code == a.Code && coupons[i].Limits.lessThan(a.Amount, q) {
				return true
			}
		}
	}
	return false
}

func (l *Limits) lessThan(amount int64, q *Quote) bool {
	budget, ok := in(l.Budget, q.Currency)
	return ok && budget < amount
}

// grant is what a gift gives of a line.
type grant struct {
	by           *compiled
	line         int // from 0
	units, value int64
}

// grant works out, before anything else is, which units gifts give: each the
// cheapest of its items that no gift before it gives, if the conditions of all of
// them hold without these. What is given counts for no condition of anything, so
// that nobody comes by a gift, or by a discount, by putting a gift into the cart.
// First come those whose conditions hold whatever the others give: a gift that
// hangs on the goods of another must not make these cost something.
func (p *pricer) grant() {
	p.grants, p.givers = p.grants[:0], p.givers[:0]
	if !p.rules.gives {
		return
	}
	p.taken = cleared(p.taken, len(p.in.Lines))
	var all, sure, others []*compiled
	for i := range p.rules.promotions {
		if c := &p.rules.promotions[i]; c.Effect.Kind == Gift && !slices.Contains(p.lost, c) && p.opens(c) == "" {
			p.grantOf(c)
			all = append(all, c)
		}
	}
	for _, c := range all {
		if p.enough(c) == "" {
			sure = append(sure, c)
		} else {
			others = append(others, c)
		}
	}
	p.grants = p.grants[:0]
	p.take()
	for _, c := range append(sure, others...) {
		p.admit(c)
	}
}

// admit lets a gift give, if the conditions of all that do then hold.
func (p *pricer) admit(c *compiled) {
	first := len(p.grants)
	p.grantOf(c)
	p.givers = append(p.givers, c)
	if p.enough(c) == "" && (first == len(p.grants) || !slices.ContainsFunc(p.givers, func(c *compiled) bool { return p.enough(c) != "" })) {
		return
	}
	p.grants, p.givers = p.grants[:first], p.givers[:len(p.givers)-1]
	p.take()
}

// grantOf notes what one gift gives.
func (p *pricer) grantOf(c *compiled) {
	p.cheapestFirst(c.given.matches)
	units := c.Effect.Get
	for _, i := range p.order {
		l, quoted := &p.in.Lines[i], &p.quote.Lines[i]
		n := l.Quantity
		for _, g := range p.grants {
			if g.line == i && !exclusive(g.by, c) {
				n -= g.units
			}
		}
		if n = min(n, units); n > 0 {
			units -= n
			p.grants = append(p.grants, grant{c, i, n, portion(quoted.Total-quoted.Discount, n, l.Quantity)})
		}
	}
	p.take()
}

// take adds up by line what is given.
func (p *pricer) take() {
	clear(p.taken)
	for _, g := range p.grants {
		p.taken[g.line] = min(p.taken[g.line]+g.units, p.in.Lines[g.line].Quantity)
	}
}

// exclusive reports whether at most one of two gifts is given.
func exclusive(a, b *compiled) bool { return a.Alone || b.Alone || a.Group != "" && a.Group == b.Group }

// portion returns what n of so many units cost that cost amount together.
func portion(amount, n, of int64) int64 {
	hi, lo := bits.Mul64(uint64(amount), uint64(n)) // hi < of, since n is not above it
	part, _ := bits.Div64(hi, lo, uint64(of))
	return int64(part)
}

// keep takes what the gifts of a deal give out of what is left for its other
// promotions, until it is their turn: of a group, what the best of its gifts does.
func (p *pricer) keep(d *deal, alone bool, of []*compiled) {
	for _, c := range p.givers {
		if c.Alone != alone || !slices.Contains(of, c) || c.Group != "" && slices.ContainsFunc(p.givers, func(o *compiled) bool { return p.outgives(o, c) }) {
			continue
		}
		if d.free == nil {
			d.free = make([]int64, len(d.left))
		}
		d.kept = append(d.kept, c)
		p.move(c, -1, d)
		for _, g := range p.grants {
			if g.by == c {
				d.free[g.line] += g.units
			}
		}
	}
}

// outgives reports whether a gift comes before another one of its group.
func (p *pricer) outgives(a, b *compiled) bool {
	if a == b || a.Group != b.Group || a.Alone != b.Alone {
		return false
	}
	x, y := p.worth(a), p.worth(b)
	return x > y || x == y && slices.Index(p.givers, a) < slices.Index(p.givers, b)
}

// worth returns what a gift takes off.
func (p *pricer) worth(c *compiled) (worth int64) {
	for _, g := range p.grants {
		if g.by == c {
			worth += g.value
		}
	}
	return p.atMost(c, worth)
}

// move adds what a gift gives to what is left in a deal, or takes it out.
func (p *pricer) move(c *compiled, sign int64, d *deal) {
	for _, g := range p.grants {
		if g.by == c {
			d.left[g.line] += sign * g.value
			d.value += sign * g.value
		}
	}
}

// release puts what is kept for a gift back to what is left: its turn has come,
// or it has none.
func (p *pricer) release(c *compiled, d *deal) {
	if i := slices.Index(d.kept, c); i >= 0 {
		d.kept = slices.Delete(d.kept, i, i+1)
		p.move(c, +1, d)
	}
}

// giveAway works out what a gift takes off each line of a deal.
func (p *pricer) giveAway(c *compiled, d *deal) (off int64) {
	p.trialUnits = cleared(p.trialUnits, len(d.left))
	kept := slices.Contains(d.kept, c)
	for _, g := range p.grants {
		if g.by != c {
			continue
		}
		value := g.value
		if !kept {
			value = min(value, d.left[g.line])
		}
		p.trial[g.line], p.trialUnits[g.line] = value, g.units
		off += value
		p.trialHow.Units += g.units
		p.trialHow.Base += value
	}
	return off
}

// lose notes the gifts that were not given after all, because of a group or of
// what stops others or stands alone, and reports whether there are any: then what
// they would have given counts like anything else, and they only keep their
// groups' places.
func (p *pricer) lose() bool {
	before := len(p.lost)
	for _, c := range p.givers {
		if p.worth(c) > 0 && !slices.ContainsFunc(p.best.applied, func(a Applied) bool { return a.Promotion == c.ID }) {
			p.lost = append(p.lost, c)
		}
	}
	for _, o := range p.best.passed {
		if slices.ContainsFunc(p.lost[before:], func(c *compiled) bool { return c.ID == o.Promotion }) {
			p.passedGifts = append(p.passedGifts, o)
		}
	}
	return len(p.lost) > before
}

// owe notes what is due of a gift whose turn it is, when so many of its units
// are in the cart.
func (p *pricer) owe(c *compiled, have int64, d *deal) {
	if due := c.Effect.Get - have; due > 0 && !slices.Contains(p.lost, c) {
		d.gifts = append(d.gifts, DueGift{Promotion: c.ID, Name: c.Name, Code: p.codeOf(c), Units: due, SKUs: c.Effect.Items.SKUs})
	}
}
