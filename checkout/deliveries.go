package checkout

import (
	"slices"

	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/orders"
	"github.com/keelshop/commerce/pricing"
)

// pricedDelivery is what one of several deliveries costs to send.
type pricedDelivery struct {
	ID        int64  `cbor:"1,keyasint"`
	Name      string `cbor:"2,keyasint,omitempty"` // of its method
	Shipping  int64  `cbor:"3,keyasint,omitempty"`
	Tax       int64  `cbor:"4,keyasint,omitempty"` // on that
	TaxExempt string `cbor:"5,keyasint,omitempty"`
}

// deliver takes down the deliveries of a cart that goes to several places:
// those that lines go to. What is off their shipping is named by their numbers.
func (p *priced) deliver(from *cart.Priced) {
	if !slices.ContainsFunc(from.Lines, func(l cart.Line) bool { return l.Delivery != cart.FirstDelivery }) {
		p.Promotions = undivided(p.Promotions)
		return // the others are empty
	}
	for i, d := range from.Deliveries {
		if len(d.Lines) == 0 {
			continue
		}
		shipping := &from.Quote.Shipping
		if i > 0 {
			shipping = &from.Quote.More[i-1].Shipping
		}
		p.Deliveries = append(p.Deliveries, pricedDelivery{ID: d.ID, Name: shipping.Name, Shipping: shipping.Amount, Tax: shipping.Tax, TaxExempt: d.TaxExempt})
	}
	p.Promotions = slices.Clone(p.Promotions)
	for i, a := range p.Promotions {
		shares := slices.Clone(a.Deliveries)
		for j := range shares {
			shares[j].Delivery = int(from.Deliveries[shares[j].Delivery].ID)
		}
		p.Promotions[i].Deliveries = shares
	}
}

// undivided returns promotions as they are for one delivery.
func undivided(promotions []pricing.Applied) []pricing.Applied {
	if !slices.ContainsFunc(promotions, func(a pricing.Applied) bool { return len(a.Deliveries) > 0 }) {
		return promotions
	}
	out := slices.Clone(promotions)
	for i := range out {
		out[i].Deliveries = nil
	}
	return out
}

// deliveries returns what the order keeps of the cart's deliveries.
func (c begin) deliveries(tx *command.Tx, shopping cart.Stored) ([]orders.NewDelivery, error) {
	stored, err := cart.DeliveriesTx(tx.Tx, c.Cart)
	if err != nil {
		return nil, err
	}
	out := make([]orders.NewDelivery, 0, len(c.Priced.Deliveries))
	for _, d := range c.Priced.Deliveries {
		n := orders.NewDelivery{Number: int(d.ID), ShippingName: d.Name, Shipping: d.Shipping, ShippingTax: d.Tax, TaxExempt: d.TaxExempt}
		if d.ID == cart.FirstDelivery {
			n.ShippingMethod, n.Country = shopping.ShippingMethod, shopping.ShippingCountry
			out = append(out, n)
			continue
		}
		i := slices.IndexFunc(stored, func(s cart.StoredDelivery) bool { return s.ID == d.ID })
		if i < 0 {
			return nil, fault.New(fault.Broken, "cart %s was priced with delivery %d, which it does not have", c.Cart, d.ID)
		}
		at := stored[i]
		n.ShippingMethod, n.Country, n.Address, n.Subject = at.Method, at.Country, at.Address, at.Subject
		out = append(out, n)
	}
	return out, nil
}
