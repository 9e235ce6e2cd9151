package cart

import (
	"context"
	"errors"
	"slices"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/inventory"
	"github.com/keelshop/commerce/pricing"
)

// Gift is what a promotion gives for nothing and the cart does not have yet.
// Nothing is added by itself: the shopper may not want it, or choose.
type Gift struct {
	Promotion string
	Name      string // of the promotion, as shoppers see it
	Units     int64  // that may be added
	// Choices are what can be had now: so many units in all, of any of them.
	Choices []GiftChoice
}

// GiftChoice is a variant that may be added.
type GiftChoice struct {
	SKU     catalog.SKU
	Variant catalog.VariantID
	Title   string
}

// mostChoices bounds the choices of a gift that are looked up.
const mostChoices = 20

// GiftLines returns lines for AddLines: what is due, of each gift the first
// choice. They cost nothing once they are in the cart, as long as the conditions
// of their promotions hold.
func (c Cart) GiftLines() []AddedLine {
	var out []AddedLine
	for _, g := range c.Gifts {
		out = append(out, AddedLine{SKU: g.Choices[0].SKU, Quantity: g.Units})
	}
	return out
}

// offerGifts says what promotions give that can be had. A cart that cannot be
// changed is offered nothing.
func (p *Priced) offerGifts(ctx context.Context, s *Service, home id.Slot) error {
	if len(p.Quote.Gifts) == 0 || p.Frozen != "" {
		return nil
	}
	rules, err := s.pricing.Rules(ctx)
	if err != nil {
		return err
	}
	lists, err := s.pricing.PriceLists(ctx)
	if err != nil {
		return err
	}
	for _, due := range p.Quote.Gifts {
		g := Gift{Promotion: due.Promotion, Name: due.Name, Units: due.Units}
		for _, sku := range due.SKUs[:min(len(due.SKUs), mostChoices)] {
			v, err := s.pricing.Variant(ctx, sku)
			if err == nil {
				v.SKU = sku
				err = p.offerGift(ctx, s, home, rules, lists, &g, v)
			}
			if err != nil && !isGone(err) {
				return err
			}
		}
		if len(g.Choices) > 0 {
			p.Gifts = append(p.Gifts, g)
		}
	}
	return nil
}

// offerGift adds a variant to the choices if it could be bought, and enough of
// it are there.
func (p *Priced) offerGift(ctx context.Context, s *Service, home id.Slot, rules *pricing.Rules, lists *catalog.PriceLists, g *Gift, v catalog.Variant) error {
	ask := p.ask()
	ask.Quantity = g.Units
	price, found := lists.Price(v, ask)
	if !found || !v.Offered(ask).Purchasable {
		return nil
	}
	line, err := s.pricing.Describe(ctx, rules, &v, p.Currency, g.Units, price.Amount.Minor())
	if err != nil {
		return err
	}
	line.OnSale = price.CompareAt.Minor() > price.Amount.Minor()
	if !rules.Gives(g.Promotion, line) {
		return nil
	}
	can, err := p.canHave(ctx, s, home, v, g.Units)
	if err == nil && can {
		g.Choices = append(g.Choices, GiftChoice{SKU: v.SKU, Variant: v.ID, Title: v.Title})
	}
	return err
}

// canHave reports whether so many units of a variant are left beside what is in
// the cart.
func (p *Priced) canHave(ctx context.Context, s *Service, home id.Slot, v catalog.Variant, units int64) (bool, error) {
	needs, err := s.stock.Needs(ctx, v)
	if _, broken := errors.AsType[*inventory.KitError](err); broken {
		return false, nil
	}
	if err != nil || len(needs) == 0 {
		return err == nil, err
	}
	wants := slices.Clone(needs) // they may be shared
	for i := range wants {
		wants[i].Each = p.wanted(wants[i].Variant) + units*needs[i].Each
	}
	left, err := s.stock.Left(ctx, home, p.ShippingCountry, wants)
	if err != nil {
		return false, err
	}
	return !slices.ContainsFunc(wants, func(n inventory.Need) bool { a := left[n.Variant]; return !n.Free && !a.Can(n.Each) }), nil
}

// wanted returns how many units of a variant the lines of the cart take.
func (p *Priced) wanted(v catalog.VariantID) (units int64) {
	var one [1]inventory.Need
	for i := range p.Lines {
		for _, n := range p.needs(i, &one) {
			if n.Variant == v {
				units += n.Each * p.Lines[i].Quantity
			}
		}
	}
	return units
}
