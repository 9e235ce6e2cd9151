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

// Gift is what a promotion gives and the cart does not have yet: any of its
// choices costs nothing when it is added to the cart as it is.
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

// Bounds of what is looked up of a gift.
const (
	mostLookedUp = 20 // of the SKUs that it may be
	mostChoices  = 10 // that are offered
)

// GiftLines returns lines for AddLines: what is due, of each gift the first
// choice. They cost nothing once they are in the cart, one of them or all, as long
// as the conditions of their promotions hold.
func (c Cart) GiftLines() []AddedLine {
	var out []AddedLine
	for _, g := range c.Gifts {
		out = append(out, AddedLine{SKU: g.Choices[0].SKU, Quantity: g.Units})
	}
	return out
}

// offerGifts says what promotions give that can be had for nothing. A cart that
// cannot be changed is offered nothing.
func (p *Priced) offerGifts(ctx context.Context, s *Service, home id.Slot) error {
	if len(p.Quote.Gifts) == 0 || p.Frozen != "" {
		return nil
	}
	rules, err := s.pricing.Rules(ctx)
	if err != nil {
		return err
	}
	o := offering{p: p, s: s, rules: rules, all: p.Input}
	if o.before, err = rules.Price(p.Input); err != nil {
		return err
	}
	if err := o.lookUp(ctx); err != nil {
		return err
	}
	if err := o.lookForStock(ctx, home); err != nil {
		return err
	}
	for i, due := range p.Quote.Gifts {
		if err := o.offer(i, Gift{Promotion: due.Promotion, Name: due.Name, Units: due.Units}); err != nil {
			return err
		}
	}
	return nil
}

// offering is what is found out about the gifts that are due to a cart.
type offering struct {
	p          *Priced
	s          *Service
	rules      *pricing.Rules
	before     pricing.Quote // of the cart as it is
	candidates []candidate
	wanted     map[catalog.VariantID]int64 // of what there is, by the cart and then by what is offered
	left       map[catalog.VariantID]inventory.Availability
	all        pricing.Input // the cart with the first choice of each gift that is offered
	added      []catalog.SKU // those
}

// candidate is a variant that a gift may be.
type candidate struct {
	gift  int // of the quote's
	v     *catalog.Variant
	line  pricing.Line
	needs []inventory.Need // of all its units
}

// lookUp finds the variants that the gifts may be and that could be bought.
func (o *offering) lookUp(ctx context.Context) error {
	var sights []catalog.Sight
	var gifts []int
	for i, due := range o.p.Quote.Gifts {
		for _, sku := range due.SKUs[:min(len(due.SKUs), mostLookedUp)] {
			sights, gifts = append(sights, catalog.Sight{SKU: sku}), append(gifts, i)
		}
	}
	if err := o.s.pricing.Renew(ctx, sights); err != nil {
		return err
	}
	lists, err := o.s.pricing.PriceLists(ctx)
	if err != nil {
		return err
	}
	ask, units := o.p.ask(), o.p.units()
	lists = lists.For(ask)
	for i := range sights {
		due, v := &o.p.Quote.Gifts[gifts[i]], sights[i].Variant
		if v == nil {
			continue
		}
		ask.Quantity = units[v.SKU] + due.Units
		price, found := lists.PriceOf(v, &ask)
		if !found || !v.MayBuy(&ask) {
			continue
		}
		line, err := o.s.pricing.Describe(ctx, o.rules, v, o.p.Currency, due.Units, price.Amount.Minor())
		if err != nil && !isGone(err) {
			return err
		}
		line.Prices, line.OnSale = price.Prices, price.CompareAt.Minor() > price.Amount.Minor()
		if err == nil && o.rules.Gives(due.Promotion, line) {
			o.candidates = append(o.candidates, candidate{gift: gifts[i], v: v, line: line})
		}
	}
	return nil
}

// lookForStock finds out how much there is of what the candidates take.
func (o *offering) lookForStock(ctx context.Context, home id.Slot) error {
	o.wanted = o.p.wants()
	var wants []inventory.Need
	at := map[catalog.VariantID]int{}
	known := o.candidates[:0]
	for _, c := range o.candidates {
		needs, err := o.s.stock.Needs(ctx, *c.v)
		if _, broken := errors.AsType[*inventory.KitError](err); broken {
			continue
		}
		if err != nil {
			return err
		}
		for _, n := range needs {
			if n.Each *= c.line.Quantity; n.Free {
				continue
			}
			c.needs = append(c.needs, n)
			if i, twice := at[n.Variant]; twice {
				wants[i].Each += n.Each
				continue
			}
			at[n.Variant] = len(wants)
			n.Each += o.wanted[n.Variant]
			wants = append(wants, n)
		}
		known = append(known, c)
	}
	o.candidates = known
	left, err := o.s.stock.Left(ctx, home, o.p.ShippingCountry, wants)
	o.left = left
	return err
}

// offer offers those candidates of a gift that are there and cost nothing.
func (o *offering) offer(gift int, g Gift) error {
	var first *candidate
	var with pricing.Input // the cart with it
	for i := range o.candidates {
		c := &o.candidates[i]
		if c.gift != gift || len(g.Choices) == mostChoices || !o.isThere(c) {
			continue
		}
		all, ok, err := o.try(c)
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		if first == nil {
			first, with = c, all
		}
		g.Choices = append(g.Choices, GiftChoice{SKU: c.v.SKU, Variant: c.v.ID, Title: c.v.Title})
	}
	if first != nil {
		o.take(first, with)
		o.p.Gifts = append(o.p.Gifts, g)
	}
	return nil
}

// isThere reports whether what a candidate takes is left beside what is wanted.
func (o *offering) isThere(c *candidate) bool {
	return !slices.ContainsFunc(c.needs, func(n inventory.Need) bool {
		left := o.left[n.Variant]
		return !left.Can(o.wanted[n.Variant] + n.Each)
	})
}

// try reports whether a candidate costs nothing, both by itself and with the
// gifts that are offered before it, and returns the cart with all of them.
func (o *offering) try(c *candidate) (all pricing.Input, ok bool, err error) {
	with, ok := o.p.with(o.p.Input, c.line)
	if !ok {
		return with, false, nil
	}
	if ok, err = o.spares(with, c.v.SKU); err != nil || !ok || len(o.added) == 0 {
		return with, ok, err
	}
	if all, ok = o.p.with(o.all, c.line); !ok {
		return all, false, nil
	}
	ok, err = o.spares(all, append(slices.Clone(o.added), c.v.SKU)...)
	return all, ok, err
}

// spares asks the rules, whether the customer may buy so many, and whether a budget
// was found just now to be too small.
func (o *offering) spares(with pricing.Input, added ...catalog.SKU) (bool, error) {
	q, ok, err := o.rules.Spares(&o.before, with, added...)
	if err != nil || !ok || !o.p.mayBuy(o.rules, with, added) {
		return false, err
	}
	uses := o.s.pricing.Redemptions(o.rules, &q, with.Coupons)
	with.Coupons, with.Spent = slices.Clone(with.Coupons), slices.Clone(with.Spent)
	return !o.s.pricing.Exclude(&with, uses), nil
}

// mayBuy reports whether an input has no more of some SKUs than the customer may
// buy over all their orders.
func (p *Priced) mayBuy(rules *pricing.Rules, in pricing.Input, of []catalog.SKU) bool {
	if !rules.AsksFor().PerCustomer {
		return true
	}
	uses := rules.UnitUses(in.Lines)
	return len(uses) <= pricing.MaxUnitUses && !slices.ContainsFunc(uses, func(u pricing.Redemption) bool {
		return slices.Contains(of, u.SKU) && (p.Customer == "" || u.Units > u.Left(p.had))
	})
}

// take counts the first choice of a gift among what is wanted.
func (o *offering) take(c *candidate, all pricing.Input) {
	for _, n := range c.needs {
		o.wanted[n.Variant] += n.Each
	}
	o.all, o.added = all, append(o.added, c.v.SKU)
}

// with returns an input to which a line is added as AddLines does it: to that of
// the same goods, if there is one. Units more may change the price of all of them.
// It reports false if the cart cannot take it.
func (p *Priced) with(in pricing.Input, added pricing.Line) (pricing.Input, bool) {
	in.Lines = slices.Clone(in.Lines)
	to := -1
	for i := range in.Lines {
		l := &in.Lines[i]
		if l.SKU != added.SKU || i < len(p.Lines) && p.Lines[i].Reason != "" {
			continue
		}
		l.UnitPrice, l.Prices, l.OnSale = added.UnitPrice, added.Prices, added.OnSale
		if i >= len(p.Lines) || len(p.Lines[i].Properties) == 0 && l.Delivery == 0 {
			to = i
		}
	}
	if to < 0 {
		in.Lines = append(in.Lines, added)
		return in, len(in.Lines) <= MaxLines
	}
	in.Lines[to].Quantity += added.Quantity
	return in, in.Lines[to].Quantity <= MaxQuantity
}

// wants returns how much of each variant the lines of the cart take from what is
// left: what is set aside for it is not among that.
func (p *Priced) wants() map[catalog.VariantID]int64 {
	wants := make(map[catalog.VariantID]int64, len(p.Lines))
	var one [1]inventory.Need
	for i := range p.Lines {
		if p.Lines[i].HoldMinutes > 0 && p.Held {
			continue
		}
		for _, n := range p.needs(i, &one) {
			if !n.Free {
				wants[n.Variant] += n.Each * p.Lines[i].Quantity
			}
		}
	}
	return wants
}
