package cart

import (
	"context"
	"slices"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/inventory"
)

// needs returns what one unit of a line takes from stock and has to be there.
func (p *Priced) needs(line int) []inventory.Need {
	if needs, apart := p.Needs[line]; apart {
		return needs
	}
	l := &p.Lines[line]
	if l.Untracked {
		return nil
	}
	return []inventory.Need{{Variant: l.Variant, SKU: l.SKU, Each: 1}}
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
	for _, country := range countries {
		if err := p.checkStockFor(ctx, s, home, country, func(l *Line) bool { return p.CountryOf(*l) == country }); err != nil {
			return err
		}
	}
	if len(countries) == 1 {
		return nil
	}
	return p.checkStockFor(ctx, s, home, "", func(*Line) bool { return true })
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

// checkStockFor does it for the lines that are meant, which go to one country.
func (p *Priced) checkStockFor(ctx context.Context, s *Service, home id.Slot, country string, meant func(*Line) bool) error {
	wanted := make(map[catalog.VariantID]int64, len(p.Lines))
	all := make([]inventory.Need, 0, len(p.Lines))
	for i := range p.Lines {
		if !meant(&p.Lines[i]) {
			continue
		}
		for _, n := range p.needs(i) {
			if n.Free {
				continue
			}
			if _, known := wanted[n.Variant]; !known {
				all = append(all, n)
			}
			wanted[n.Variant] += n.Each * p.Lines[i].Quantity
		}
	}
	if len(all) == 0 {
		return nil
	}
	for i := range all {
		all[i].Each = wanted[all[i].Variant]
	}
	left, err := s.stock.Left(ctx, home, country, all)
	if err != nil {
		return err
	}
	for i := range p.Lines {
		if meant(&p.Lines[i]) {
			p.noteStock(i, wanted, left)
		}
	}
	return p.checkKits(ctx, s, country, meant)
}

// checkKits notes the kits of which there are too few although there are enough
// of each part: in a store with several places, no place may have them all.
func (p *Priced) checkKits(ctx context.Context, s *Service, country string, meant func(*Line) bool) error {
	var lines []int
	var kits [][]inventory.Need
	for i := range p.Lines {
		if needs := p.needs(i); len(needs) > 1 && meant(&p.Lines[i]) && !p.isShort(&p.Lines[i]) {
			lines, kits = append(lines, i), append(kits, needs)
		}
	}
	if len(kits) == 0 {
		return nil
	}
	rule, err := s.stock.Sourcing(ctx)
	if err != nil || rule.OnlyMain() {
		return err
	}
	left, err := s.stock.LeftOfKits(ctx, country, kits)
	if err != nil {
		return err
	}
	for i, line := range lines {
		if l := &p.Lines[line]; !left[i].Can(l.Quantity) {
			p.Problems = append(p.Problems, Problem{Code: OutOfStock, Line: l.ID, SKU: l.SKU, Bound: left[i].Available + left[i].Backorder})
		}
	}
	return nil
}

// isShort reports whether it was noted that there are too few for a line.
func (p *Priced) isShort(l *Line) bool {
	return slices.ContainsFunc(p.Problems, func(known Problem) bool { return known.Code == OutOfStock && known.Line == l.ID })
}

// noteStock notes what there is too little of for a line.
func (p *Priced) noteStock(line int, wanted map[catalog.VariantID]int64, left map[catalog.VariantID]inventory.Availability) {
	l := &p.Lines[line]
	if l.HoldMinutes > 0 && p.Held {
		return // it is set aside
	}
	if p.isShort(l) {
		return // it is known by its country
	}
	problem := Problem{Code: OutOfStock, Line: l.ID, SKU: l.SKU, Bound: -1}
	for _, n := range p.needs(line) {
		a, want := left[n.Variant], wanted[n.Variant]
		if n.Free {
			continue
		}
		if !a.Can(want) {
			if bound := (a.Available + a.Backorder) / n.Each; problem.Bound < 0 || bound < problem.Bound {
				problem.Bound = bound
			}
			continue
		}
		if over := min(want-a.Available, n.Each*l.Quantity); over > 0 {
			l.Backordered = max(l.Backordered, (over+n.Each-1)/n.Each)
			l.ExpectedAt = a.ExpectedAt
		}
	}
	if problem.Bound >= 0 {
		p.Problems = append(p.Problems, problem)
	}
}
