package cart

import (
	"context"

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
// wants, all its lines and the parts of its kits taken together. What it says is
// a second old at most; what is promised is what a checkout can hold.
func (p *Priced) checkStock(ctx context.Context, s *Service, home id.Slot) error {
	wanted := make(map[catalog.VariantID]int64, len(p.Lines))
	all := make([]inventory.Need, 0, len(p.Lines))
	for i, l := range p.Lines {
		for _, n := range p.needs(i) {
			if n.Free {
				continue
			}
			if _, known := wanted[n.Variant]; !known {
				all = append(all, n)
			}
			wanted[n.Variant] += n.Each * l.Quantity
		}
	}
	if len(all) == 0 {
		return nil
	}
	for i := range all {
		all[i].Each = wanted[all[i].Variant]
	}
	left, err := s.stock.Left(ctx, home, all)
	if err != nil {
		return err
	}
	for i := range p.Lines {
		p.noteStock(i, wanted, left)
	}
	return nil
}

// noteStock notes what there is too little of for a line.
func (p *Priced) noteStock(line int, wanted map[catalog.VariantID]int64, left map[catalog.VariantID]inventory.Availability) {
	l := &p.Lines[line]
	if l.HoldMinutes > 0 && p.Held {
		return // it is set aside
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
