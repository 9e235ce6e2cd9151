package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/checkout"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/onlineretail"
	"github.com/keelshop/commerce/inventory"
	"github.com/keelshop/commerce/orders"
)

const (
	// linesAtOnce keeps a command far below the limit of its size: the
	// largest invoice of a real shop has over a thousand lines.
	linesAtOnce = 500

	// payWith is how the file's customers pay: outside the store.
	payWith = "manual"

	agreed = "invoice price"
)

// place makes an invoice an order: a cart, a checkout and a shipment. Lines
// that are out of stock are left out, in a new cart, and the others bought.
func (r *replayer) place(ctx context.Context, customer accounts.CustomerID, o *onlineretail.PlaceOrder) error {
	for w := wholeOrder(o); len(w.lines) > 0; {
		order, err := r.buy(ctx, customer, w)
		if short, ok := errors.AsType[*inventory.OutOfStockError](err); ok {
			w = w.without(short)
			continue
		}
		if err != nil {
			return err
		}
		r.leftOut(w)
		r.outcome.Placed(o, string(order.ID))
		return nil
	}
	r.leftOut(wish{order: o})
	r.outcome.OrderRefused(o, onlineretail.OutOfStock)
	return nil
}

// buy fills a cart with the wished lines, checks it out and ships the order.
func (r *replayer) buy(ctx context.Context, customer accounts.CustomerID, w wish) (orders.Order, error) {
	basket, err := r.fill(ctx, customer, w)
	if err != nil {
		return orders.Order{}, err
	}
	order, err := r.checkOut(ctx, basket, w)
	if err != nil {
		return orders.Order{}, err
	}
	if err := w.check(order); err != nil {
		return orders.Order{}, err
	}
	return again(ctx, func() (orders.Order, error) {
		return r.shop.Orders.Ship(ctx, orders.Ship{Order: order.ID, Key: w.key() + ":ship"})
	})
}

// fill puts the lines into a cart, at the prices that the file says were
// agreed.
func (r *replayer) fill(ctx context.Context, customer accounts.CustomerID, w wish) (cart.ID, error) {
	var basket cart.ID
	part := 0
	for lines := range slices.Chunk(w.lines, linesAtOnce) {
		add := cart.AddLines{
			Cart: basket, Customer: customer, Currency: onlineretail.Currency,
			Key: fmt.Sprintf("%s:cart:%d", w.key(), part),
		}
		if part == 0 {
			add.ExternalReference = w.order.Invoice
		}
		for _, i := range lines {
			l := w.order.Lines[i]
			add.Lines = append(add.Lines, cart.AddedLine{
				SKU: catalog.SKU(l.SKU), Quantity: l.Quantity, AgreedPrice: &l.UnitPrice, Reason: agreed,
			})
		}
		c, err := again(ctx, func() (cart.Cart, error) { return r.shop.Carts.AddLines(ctx, add) })
		if err != nil {
			return "", err
		}
		basket = c.ID
		part++
	}
	return basket, nil
}

// checkOut buys the cart. The order it returns is placed.
func (r *replayer) checkOut(ctx context.Context, basket cart.ID, w wish) (orders.Order, error) {
	total, err := w.total()
	if err != nil {
		return orders.Order{}, err
	}
	buy := checkout.Complete{
		Cart: basket, ExpectedTotal: &total, PayWith: payWith,
		OccurredAt: w.order.At, ExternalReference: w.order.Invoice, Key: w.key(),
	}
	done, err := again(ctx, func() (checkout.Result, error) {
		done, err := r.shop.Checkout.Complete(ctx, buy)
		if err == nil && done.Status == orders.Pending {
			err = fault.New(fault.Unavailable, "order %s waits for its payment", done.ID)
		}
		return done, err
	})
	switch {
	case err != nil:
		return orders.Order{}, err
	case done.Status != orders.Placed:
		return orders.Order{}, fmt.Errorf("order %s is %s, not placed", done.ID, done.Status)
	}
	return done.Order, nil
}
