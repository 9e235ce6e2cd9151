package cart

import (
	"context"
	"slices"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/inventory"
)

// needs returns what one unit of a line takes from stock and has to be there.
// one is where it puts the need of a line that takes nothing but its variant.
func (p *Priced) needs(line int, one *[1]inventory.Need) []inventory.Need {
	if len(p.Needs) > 0 {
		if needs, apart := p.Needs[line]; apart {
			return needs
		}
	}
	l := &p.Lines[line]
	if l.Untracked {
		return nil
	}
	one[0] = inventory.Need{Variant: l.Variant, SKU: l.SKU, Each: 1}
	return one[:]
}

// checkStock notes the lines for which fewer goods are left than the cart
// wants, all its lines and the parts of its kits taken together: at the places
// that serve the country of their delivery and, if the cart goes to several
// countries, at all. What it says is a second old at most; what is promised is
// what a checkout can hold.
func (p *Priced) checkStock(ctx context.Context, s *Service, home id.Slot) error {
	countries := []string{p.ShippingCountry}
	for _, d := range p.Deliveries {
		if !slices.Contains(countries, d.Country) {
			countries = append(countries, d.Country)
		}
	}
	check := stockCheck{p: p, s: s, home: home, short: make([]bool, len(p.Lines)), all: len(countries) == 1}
	for _, country := range countries {
		if err := check.of(ctx, country); err != nil {
			return err
		}
	}
	if len(countries) == 1 {
		return nil
	}
	check.all = true
	return check.of(ctx, "")
}

// CountryOf returns the country that a line goes to, "" if that is not known.
func (c Cart) CountryOf(l Line) string {
	for _, d := range c.Deliveries {
		if d.ID == l.Delivery {
			return d.Country
		}
	}
	return c.ShippingCountry
}

// stockCheck is one look at what is left for a cart.
type stockCheck struct {
	p     *Priced
	s     *Service
	home  id.Slot
	short []bool // by line: it was noted that there are too few
	all   bool   // all lines are meant, and not only those that go to the country
}

// means reports whether a look at what is left for a country is about a line.
func (c *stockCheck) means(line int, country string) bool {
	return c.all || c.p.CountryOf(c.p.Lines[line]) == country
}

// wanted is what the lines that are meant take from stock together.
type wanted struct {
	needs []inventory.Need // of each variant one: all that is wanted of it
	at    map[catalog.VariantID]int
	left  []inventory.Availability
}

// of notes what there is too little of for the lines that go to a country.
func (c *stockCheck) of(ctx context.Context, country string) (err error) {
	w := c.wanted(country)
	if len(w.needs) == 0 {
		return nil
	}
	if w.left, err = c.s.stock.LeftOf(ctx, c.home, country, w.needs); err != nil {
		return err
	}
	for i := range c.p.Lines {
		if c.means(i, country) {
			c.note(i, &w)
		}
	}
	return c.checkKits(ctx, country)
}

func (c *stockCheck) wanted(country string) wanted {
	w := wanted{needs: make([]inventory.Need, 0, len(c.p.Lines)), at: make(map[catalog.VariantID]int, len(c.p.Lines))}
	var one [1]inventory.Need
	for i := range c.p.Lines {
		if !c.means(i, country) {
			continue
		}
		for _, n := range c.p.needs(i, &one) {
			if n.Free {
				continue
			}
			n.Each *= c.p.Lines[i].Quantity
			if at, known := w.at[n.Variant]; known {
				w.needs[at].Each += n.Each
				continue
			}
			w.at[n.Variant] = len(w.needs)
			w.needs = append(w.needs, n)
		}
	}
	return w
}

// checkKits notes the kits of which there are too few although there are enough
// of each part: in a store with several places, no place may have them all.
func (c *stockCheck) checkKits(ctx context.Context, country string) error {
	var lines []int
	var kits [][]inventory.Need
	for i := range c.p.Lines {
		if needs := c.p.Needs[i]; len(needs) > 1 && c.means(i, country) && !c.short[i] {
			lines, kits = append(lines, i), append(kits, needs)
		}
	}
	if len(kits) == 0 {
		return nil
	}
	rule, err := c.s.stock.Sourcing(ctx)
	if err != nil || rule.OnlyMain() {
		return err
	}
	left, err := c.s.stock.LeftOfKits(ctx, country, kits)
	if err != nil {
		return err
	}
	for i, line := range lines {
		if !left[i].Can(c.p.Lines[line].Quantity) {
			c.tooFew(line, left[i].Available+left[i].Backorder)
		}
	}
	return nil
}

// tooFew notes that there are fewer for a line than it wants.
func (c *stockCheck) tooFew(line int, bound int64) {
	l := &c.p.Lines[line]
	c.p.Problems = append(c.p.Problems, Problem{Code: OutOfStock, Line: l.ID, SKU: l.SKU, Bound: bound})
	c.short[line] = true
}

// note notes what there is too little of for a line.
func (c *stockCheck) note(line int, w *wanted) {
	l := &c.p.Lines[line]
	if l.HoldMinutes > 0 && c.p.Held || c.short[line] {
		return // it is set aside, or known by its country
	}
	bound := int64(-1)
	var one [1]inventory.Need
	for _, n := range c.p.needs(line, &one) {
		if n.Free {
			continue
		}
		at := w.at[n.Variant]
		a, want := &w.left[at], w.needs[at].Each
		if !a.Can(want) {
			if b := (a.Available + a.Backorder) / n.Each; bound < 0 || b < bound {
				bound = b
			}
			continue
		}
		if over := min(want-a.Available, n.Each*l.Quantity); over > 0 {
			l.Backordered = max(l.Backordered, (over+n.Each-1)/n.Each)
			l.ExpectedAt = a.ExpectedAt
		}
	}
	if bound >= 0 {
		c.tooFew(line, bound)
	}
}
