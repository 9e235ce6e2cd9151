package checkout

import (
	"context"
	"slices"
	"time"

	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/inventory"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/orders"
	"github.com/keelshop/commerce/pricing"
)

// priced is what a cart costs, as begin logs it: amounts in minor units of the
// cart's currency, and the versions of what they were worked out from.
type priced struct {
	Version      int64                `cbor:"1,keyasint,omitempty"` // of the cart
	Rules        int64                `cbor:"2,keyasint,omitempty"`
	TaxIncluded  bool                 `cbor:"3,keyasint,omitempty"`
	Subtotal     int64                `cbor:"4,keyasint,omitempty"`
	Discount     int64                `cbor:"5,keyasint,omitempty"`
	Shipping     int64                `cbor:"6,keyasint,omitempty"`
	ShippingTax  int64                `cbor:"7,keyasint,omitempty"`
	Tax          int64                `cbor:"8,keyasint,omitempty"`
	Total        int64                `cbor:"9,keyasint,omitempty"`
	ShippingName string               `cbor:"10,keyasint,omitempty"`
	Taxes        []pricing.TaxSum     `cbor:"11,keyasint,omitempty"`
	Lines        []pricedLine         `cbor:"12,keyasint,omitempty"` // those of the cart, in its order
	TaxExempt    string               `cbor:"21,keyasint,omitempty"`
	HoldMillis   int64                `cbor:"22,keyasint,omitempty"`
	TaxAdded     int64                `cbor:"19,keyasint,omitempty"`
	FeeRules     []feeRule            `cbor:"23,keyasint,omitempty"` // those that Fees are by
	Fees         []pricedFee          `cbor:"20,keyasint,omitempty"`
	Promotions   []pricing.Applied    `cbor:"16,keyasint,omitempty"`
	Redemptions  []pricing.Redemption `cbor:"17,keyasint,omitempty"`
	PassedOver   []pricing.PassedOver `cbor:"25,keyasint,omitempty"`
	// PriceLists are what lines say of where their prices come from, each once: a
	// list may be that of each of some thousand lines.
	PriceLists []string `cbor:"26,keyasint,omitempty"`
	// Deliveries are those that have lines, if the cart has more than the first.
	Deliveries []pricedDelivery `cbor:"24,keyasint,omitempty"`

	Lacking  []soldOut          `cbor:"18,keyasint,omitempty"` // what cannot be had from any place
	Problems []cart.Problem     `cbor:"13,keyasint,omitempty"` // that keep it from being bought
	Missing  []cart.Requirement `cbor:"14,keyasint,omitempty"`
	// Changes are the prices that have changed since lines were added, if the
	// total is not the expected one.
	Changes []cart.Problem `cbor:"15,keyasint,omitempty"`
}

type pricedLine struct {
	UnitPrice int64 `cbor:"1,keyasint,omitempty"`
	Discount  int64 `cbor:"2,keyasint,omitempty"`
	Tax       int64 `cbor:"3,keyasint,omitempty"`
	// TaxIncluded says that the price contains its tax.
	TaxIncluded bool `cbor:"6,keyasint,omitempty"`
	// Apart says that Parts are what the line takes from stock, be it nothing,
	// and not units of its variant.
	Apart bool             `cbor:"4,keyasint,omitempty"`
	Parts []inventory.Part `cbor:"5,keyasint,omitempty"`
	// Digital is how it is delivered over the network; nil if it is shipped.
	Digital *catalog.Digital `cbor:"7,keyasint,omitempty"`
	PriceBy int              `cbor:"8,keyasint,omitempty"` // which of PriceLists, from 1; 0 is none
}

// maxNamed bounds the lines that a refusal names.
const maxNamed = 200

// prepare names the order and prices the cart, by the rules and the catalog as
// they are now.
func (c *begin) prepare(ctx context.Context, s *Service, st command.Stamp) error {
	c.Order = orders.NewID(s.engine, st)
	if c.Offered = nil; c.Terms != "" {
		offered, err := s.orders.TermsNamed(ctx, c.Terms)
		if err != nil {
			return err
		}
		c.Offered = &offered
	}
	// On a node that is behind in it, a first look at the cart costs no question
	// to another one. If it may be bought as it is there, apply finds out by its
	// version whether it is that; anything else is said of the newest one only.
	if s.engine.Several() && !c.again {
		err := c.look(ctx, command.AtMost(ctx, mostBehind), s, st)
		if err == nil && c.buyable() || fault.CodeOf(err) == fault.Unavailable {
			return err
		}
	}
	return c.look(ctx, command.Usual(ctx), s, st)
}

// look prices the cart as a read with the bound of seen finds it.
func (c *begin) look(ctx, seen context.Context, s *Service, st command.Stamp) error {
	c.Priced, c.Parts = priced{}, nil
	p, err := s.carts.PriceFor(seen, c.Cart, c.providers())
	if err != nil {
		return err
	}
	if err := p.Sellable(); err != nil {
		return err
	}
	if p.Status != cart.Active {
		return nil // there is nothing to buy any more, as apply says
	}
	q := &p.Quote
	shipping, shippingTax := q.ShippingTotal()
	c.Priced = priced{
		Version: p.Version, Rules: q.Rules, TaxIncluded: q.TaxIncluded,
		Subtotal: q.Subtotal, Discount: q.Discount, Shipping: shipping, ShippingTax: shippingTax,
		Tax: q.Tax, TaxAdded: q.TaxAdded, TaxExempt: q.TaxExempt, HoldMillis: p.HoldMinutes * 60_000, Total: q.Total, ShippingName: q.Shipping.Name, Taxes: q.TaxSums(), Missing: p.Requirements,
		Promotions: q.Promotions, Redemptions: p.Redemptions, PassedOver: q.PassedOver,
	}
	for i, l := range q.Lines {
		c.Priced.Lines = append(c.Priced.Lines, pricedLine{UnitPrice: p.Input.Lines[i].UnitPrice, Discount: l.Discount, Tax: l.Tax, TaxIncluded: l.TaxIncluded, Digital: p.Digital[i], PriceBy: c.Priced.listed(p, i)})
	}
	c.Priced.deliver(p)
	if err := c.Priced.charge(q.Fees); err != nil {
		return err
	}
	if err := c.source(ctx, s, p); err != nil {
		return err
	}
	unsellable := p.Unsellable()
	c.Priced.Problems = unsellable[:min(len(unsellable), maxNamed)]
	if c.Expected != nil && *c.Expected != money.New(q.Total, q.Currency) {
		changes := slices.DeleteFunc(p.Problems, func(p cart.Problem) bool { return p.Code != cart.PriceChanged })
		c.Priced.Changes = changes[:min(len(changes), maxNamed)]
	}
	return c.share(ctx, s, st, money.New(q.Total, q.Currency), string(p.Customer))
}

// buyable reports whether what prepare has found keeps nobody from buying. Of a
// cart that is not to be bought any more apply knows more.
func (c *begin) buyable() bool {
	p := &c.Priced
	switch {
	case p.Version == 0:
		return true
	case len(p.Lines) == 0 || len(p.Problems) > 0 || len(p.Missing) > 0 || len(p.Lacking) > 0:
		return false
	case c.Expected != nil && c.Expected.Minor() != p.Total:
		return false
	}
	return c.Offered != nil || c.paid() == p.Total
}

// mostBehind is how much of a customer's groups, exemptions and earlier orders a
// price may not know yet, as of the rules and price lists that it follows.
const mostBehind = time.Second

// listed notes which price list a line's price is of, and returns its place in
// PriceLists; 0 if none, or if the price was agreed, for which the line has its
// reason.
func (p *priced) listed(from *cart.Priced, line int) int {
	by := from.Input.Lines[line].PriceBy
	if by == "" || from.Lines[line].Reason != "" {
		return 0
	}
	i := slices.Index(p.PriceLists, by)
	if i < 0 {
		i = len(p.PriceLists)
		p.PriceLists = append(p.PriceLists, by)
	}
	return i + 1
}

// priceBy says which price list a line's price is of; "" if none.
func (p *priced) priceBy(line int) string {
	if i := p.Lines[line].PriceBy; i > 0 {
		return p.PriceLists[i-1]
	}
	return ""
}
