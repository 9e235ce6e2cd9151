package checkout

import (
	"context"
	"errors"
	"slices"

	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/inventory"
	"github.com/keelshop/commerce/orders"
	"github.com/keelshop/commerce/pricing"
)

// Reorder puts what was bought once into a cart again.
type Reorder struct {
	Order orders.ID
	// Cart is where it goes; "" is a new one, of Customer or of a guest.
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
	Code     cart.ProblemCode // Discontinued or NoPrice
}

// Reorder puts the lines of an order into a cart, with their properties and at
// the catalog's prices, also those that had an agreed price. What cannot be
// bought any more is named. The errors are those of orders.Service.Get and
// cart.Service.AddLines.
func (s *Service) Reorder(ctx context.Context, c Reorder) (Reordered, error) {
	o, err := s.orders.Get(ctx, c.Order)
	if err != nil {
		return Reordered{}, err
	}
	var out Reordered
	add := cart.AddLines{Cart: c.Cart, Currency: o.Currency, Key: command.KeyOr(s.engine, c.Key)}
	if c.Cart == "" {
		add.Customer = c.Customer
	}
	for _, l := range o.Lines {
		line := cart.AddedLine{SKU: l.SKU, Quantity: l.Quantity, Properties: l.Properties}
		code, err := s.canBuy(ctx, o, line)
		switch {
		case err != nil:
			return Reordered{}, err
		case code != "":
			out.Left = append(out.Left, LeftLine{SKU: l.SKU, Title: l.Title, Quantity: l.Quantity, Code: code})
		default:
			add.Lines = append(add.Lines, line)
			if l.Delivery != cart.FirstDelivery && !slices.Contains(out.Folded, l.Delivery) {
				out.Folded = append(out.Folded, l.Delivery)
			}
		}
	}
	if len(add.Lines) > 0 {
		out.Cart, err = s.carts.AddLines(ctx, add)
	}
	return out, err
}

// canBuy returns why a line cannot be bought any more, "" if it can.
func (s *Service) canBuy(ctx context.Context, o orders.Order, l cart.AddedLine) (cart.ProblemCode, error) {
	_, err := s.carts.QuoteAdded(ctx, cart.Added{
		Currency: o.Currency, Cart: cart.ID(o.Cart), Customer: o.Customer, Lines: []cart.AddedLine{{SKU: l.SKU, Quantity: l.Quantity}},
		Address: func(context.Context) (pricing.Address, error) {
			return pricing.Address{Country: o.ShippingCountry}, nil
		},
	})
	if _, ok := errors.AsType[*cart.CurrencyError](err); ok {
		return cart.NoPrice, nil
	}
	if _, ok := errors.AsType[*cart.NotForSaleError](err); ok || fault.CodeOf(err) == fault.NotFound {
		return cart.Discontinued, nil
	}
	if _, ok := errors.AsType[*inventory.KitError](err); ok {
		return cart.Discontinued, nil
	}
	return "", err
}
