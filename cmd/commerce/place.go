package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/checkout"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/onlineretail"
	"github.com/keelshop/commerce/inventory"
	"github.com/keelshop/commerce/money"
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

// place makes an invoice an order: a cart, a checkout and a shipment.
func (r *replayer) place(ctx context.Context, customer accounts.CustomerID, o *onlineretail.PlaceOrder) error {
	basket, err := r.fill(ctx, customer, o)
	if err != nil {
		return err
	}
	order, err := r.checkOut(ctx, basket, o)
	if short, ok := errors.AsType[*inventory.OutOfStockError](err); ok {
		r.outOfStock(short)
		r.outcome.OrderRefused(o, onlineretail.OutOfStock)
		return nil
	}
	if err != nil {
		return err
	}
	if err := sameLines(o, order); err != nil {
		return err
	}
	_, err = again(ctx, func() (orders.Order, error) {
		return r.shop.Orders.Ship(ctx, orders.Ship{Order: order.ID, Key: o.Key + ":ship"})
	})
	if err != nil {
		return err
	}
	r.outcome.Placed(o, string(order.ID))
	return nil
}

// fill puts the invoice's lines into a cart, at the prices that the file says
// were agreed.
func (r *replayer) fill(ctx context.Context, customer accounts.CustomerID, o *onlineretail.PlaceOrder) (cart.ID, error) {
	var basket cart.ID
	for from := 0; from < len(o.Lines); from += linesAtOnce {
		add := cart.AddLines{
			Cart: basket, Customer: customer, Currency: onlineretail.Currency,
			Key: fmt.Sprintf("%s:cart:%d", o.Key, from/linesAtOnce),
		}
		if from == 0 {
			add.ExternalReference = o.Invoice
		}
		for _, l := range o.Lines[from:min(from+linesAtOnce, len(o.Lines))] {
			add.Lines = append(add.Lines, cart.AddedLine{
				SKU: catalog.SKU(l.SKU), Quantity: l.Quantity, AgreedPrice: &l.UnitPrice, Reason: agreed,
			})
		}
		c, err := again(ctx, func() (cart.Cart, error) { return r.shop.Carts.AddLines(ctx, add) })
		if err != nil {
			return "", err
		}
		basket = c.ID
	}
	return basket, nil
}

// checkOut buys the cart. The order it returns is placed.
func (r *replayer) checkOut(ctx context.Context, basket cart.ID, o *onlineretail.PlaceOrder) (orders.Order, error) {
	total, err := totalOf(o)
	if err != nil {
		return orders.Order{}, err
	}
	buy := checkout.Complete{
		Cart: basket, ExpectedTotal: &total, PayWith: payWith,
		OccurredAt: o.At, ExternalReference: o.Invoice, Key: o.Key,
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

func totalOf(o *onlineretail.PlaceOrder) (money.Amount, error) {
	total := money.Zero(onlineretail.Currency)
	for _, l := range o.Lines {
		amount, err := l.UnitPrice.Mul(l.Quantity)
		if err != nil {
			return total, err
		}
		if total, err = total.Add(amount); err != nil {
			return total, err
		}
	}
	return total, nil
}

// sameLines holds the order to the invoice, line by line: a return finds its
// line by this order.
func sameLines(o *onlineretail.PlaceOrder, order orders.Order) error {
	if len(order.Lines) != len(o.Lines) {
		return fmt.Errorf("order %s has %d lines, the invoice %d", order.ID, len(order.Lines), len(o.Lines))
	}
	for i, want := range o.Lines {
		have := order.Lines[i]
		if string(have.SKU) != want.SKU || have.Quantity != want.Quantity || have.UnitPrice != want.UnitPrice || have.Number != i+1 {
			return fmt.Errorf("line %d of order %s is %d of %s at %v, the invoice says %d of %s at %v",
				have.Number, order.ID, have.Quantity, have.SKU, have.UnitPrice, want.Quantity, want.SKU, want.UnitPrice)
		}
	}
	return nil
}

func (r *replayer) outOfStock(e *inventory.OutOfStockError) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.refused = append(r.refused, e)
}
