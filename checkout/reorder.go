package checkout

import (
	"context"
	"slices"

	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/orders"
)

// Reorder puts what was bought once into a cart again.
type Reorder struct {
	Order orders.ID
	// Cart is where it goes; "" is a new one, of Customer or of a guest, for the
	// channel of the cart that the order was made of.
	Cart     cart.ID
	Customer accounts.CustomerID
	Key      string
}

// Reordered is what a Reorder came to.
type Reordered struct {
	// Cart has what can be bought, at the prices of now. It is the zero Cart if
	// nothing can be.
	Cart cart.Cart
	Left []LeftLine // what cannot be bought any more, and why
	// Folded are the numbers of deliveries of the order whose lines are in the
	// first delivery of Cart, since addresses are not copied: those beside the
	// contact's.
	Folded []int
}

// LeftLine is a line of an order that is not in the cart.
type LeftLine struct {
	SKU      catalog.SKU
	Title    string
	Quantity int64
	// Code is Discontinued, NoPrice or, of goods that are set aside in carts,
	// OutOfStock. That others cannot be had now is a problem of the cart.
	Code cart.ProblemCode
}

// Reorder puts the lines of an order into a cart, with their properties and at
// the catalog's prices, also those that had an agreed price. What cannot be
// bought any more is named. Asking again with the same Key gives the same cart.
// The errors are those of orders.Service.Get and cart.Service.AddAgain.
func (s *Service) Reorder(ctx context.Context, c Reorder) (Reordered, error) {
	o, err := s.orders.Get(ctx, c.Order)
	if err != nil {
		return Reordered{}, err
	}
	add := cart.AddAgain{Of: string(o.ID), OfCart: cart.ID(o.Cart), Cart: c.Cart, Currency: o.Currency, Key: c.Key}
	if c.Cart == "" {
		add.Customer = c.Customer
	}
	for i, l := range o.Lines {
		add.Goods = append(add.Goods, cart.Goods{Line: i + 1, SKU: l.SKU, Quantity: l.Quantity, Properties: l.Properties})
	}
	made, left, err := s.carts.AddAgain(ctx, add)
	if err != nil {
		return Reordered{}, err
	}
	out := Reordered{Cart: made}
	for i, l := range o.Lines {
		at := slices.IndexFunc(left, func(x cart.LeftOut) bool { return x.Line == i+1 })
		switch {
		case at >= 0:
			out.Left = append(out.Left, LeftLine{SKU: l.SKU, Title: l.Title, Quantity: l.Quantity, Code: left[at].Code})
		case l.Delivery != cart.FirstDelivery && !slices.Contains(out.Folded, l.Delivery):
			out.Folded = append(out.Folded, l.Delivery)
		}
	}
	return out, nil
}
