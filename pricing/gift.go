package pricing

import (
	"slices"

	"github.com/keelshop/commerce/catalog"
)

// DueGift is what a promotion gives and the cart does not have: whoever adds it
// pays nothing for it, as long as the conditions hold.
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

// owe notes what is due of a gift whose turn it is, when so many of its units
// are in the cart.
func (p *pricer) owe(c *compiled, have int64, d *deal) {
	if due := c.Effect.Get - have; due > 0 && len(p.in.Lines) > 0 {
		d.gifts = append(d.gifts, DueGift{Promotion: c.ID, Name: c.Name, Code: p.codeOf(c), Units: due, SKUs: c.Effect.Items.SKUs})
	}
}

// gifts returns the units of a gift that count for its own conditions, and what
// they cost: those that it would give, the cheapest first. Nobody comes by a gift
// by putting it into the cart.
func (p *pricer) gifts(c *compiled) (units, total int64) {
	p.cheapestFirst(func(l *Line) bool { return c.given.matches(l) && c.counted.matches(l) })
	for _, i := range p.order {
		n := min(c.Effect.Get-units, p.in.Lines[i].Quantity)
		units += n
		total += n * p.in.Lines[i].UnitPrice // not above what the line costs
	}
	return units, total
}
