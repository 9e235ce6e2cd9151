package checkout

import (
	"context"
	"errors"

	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/inventory"
	"github.com/keelshop/commerce/orders"
)

// source chooses where lines take their goods from, unless all of them are
// units of their variants at the only place there is. What cannot be had
// anywhere is noted, for apply to refuse.
func (c *begin) source(ctx context.Context, s *Service, p *cart.Priced) error {
	rule, err := s.inventory.Sourcing(ctx)
	if err != nil || rule.OnlyMain() && len(p.Needs) == 0 {
		return err
	}
	wants := make([]inventory.Want, len(p.Lines))
	for i, l := range p.Lines {
		wants[i].Quantity = l.Quantity
		needs, apart := p.Needs[i]
		switch {
		case apart:
			wants[i].Needs = needs
		case !l.Untracked:
			wants[i].Needs = []inventory.Need{{Variant: l.Variant, SKU: l.SKU, Each: 1}}
		}
	}
	slot, err := id.SlotOf(string(c.Cart))
	if err != nil {
		return err
	}
	parts, err := s.sourceEach(ctx, slot, p, wants)
	if gone, ok := errors.AsType[*inventory.OutOfStockError](err); ok {
		for _, l := range gone.Lines[:min(len(gone.Lines), maxSoldOut)] {
			c.Priced.Lacking = append(c.Priced.Lacking, soldOut(l))
		}
		return nil
	}
	for i := range parts {
		c.Priced.Lines[i].Apart, c.Priced.Lines[i].Parts = true, parts[i]
	}
	return err
}

// sourceAdded chooses where lines that are added to an order take their goods
// from. It returns an *inventory.OutOfStockError if they cannot be had from the
// places that serve the country.
func (s *Service) sourceAdded(ctx context.Context, o orders.Order, country string, lines []cart.QuotedLine) ([][]inventory.Part, error) {
	wants := make([]inventory.Want, len(lines))
	for i, l := range lines {
		wants[i] = inventory.Want{Needs: l.Needs, Quantity: l.Quantity}
	}
	slot, err := id.SlotOf(string(o.ID))
	if err != nil {
		return nil, err
	}
	return s.inventory.Source(ctx, slot, "", country, wants)
}

// sourceEach chooses for each delivery, from the places that serve its country,
// and returns the parts of the cart's lines in their order.
func (s *Service) sourceEach(ctx context.Context, slot id.Slot, p *cart.Priced, wants []inventory.Want) ([][]inventory.Part, error) {
	if len(p.Deliveries) == 0 {
		return s.inventory.Source(ctx, slot, string(p.ID), p.ShippingCountry, wants)
	}
	each := make([]inventory.Consignment, len(p.Deliveries))
	lines := make([][]int, len(p.Deliveries)) // by delivery
	for i, d := range p.Deliveries {
		each[i].Country = d.Country
		for j, l := range p.Lines {
			if l.Delivery == d.ID {
				each[i].Wants, lines[i] = append(each[i].Wants, wants[j]), append(lines[i], j)
			}
		}
	}
	found, err := s.inventory.SourceEach(ctx, slot, string(p.ID), each)
	if err != nil {
		return nil, err
	}
	out := make([][]inventory.Part, len(wants))
	for i := range found {
		for j, line := range lines[i] {
			out[line] = found[i][j]
		}
	}
	return out, nil
}

// takes returns what a line takes from stock, as its order keeps it.
func takes(l *orders.NewLine, parts []inventory.Part) []inventory.Demand {
	l.Pool, l.Parts = orders.Keep(l.SKU, parts)
	return inventory.Take(parts, 0, l.Quantity)
}
