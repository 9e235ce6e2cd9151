package main

import (
	"context"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/onlineretail"
	"github.com/keelshop/commerce/orders"
)

// takeBack takes a cancelled invoice's goods back, from each order that they
// come from, and sees the money refunded.
func (r *replayer) takeBack(ctx context.Context, ret *onlineretail.Return) error {
	for _, refund := range r.outcome.Refunds(ret) {
		back := orders.Return{
			Order:  orders.ID(r.outcome.OrderID(refund.Order)),
			Reason: "invoice " + ret.Invoice,
			// With a fixed stock, goods that came back stay out of it, so
			// that what is free only shrinks: a unit that is free at the end
			// was free whenever a line was refused.
			Discard: r.flags.stock != enough,
			Key:     refund.Key,
		}
		for _, l := range refund.Lines {
			back.Lines = append(back.Lines, orders.LineQuantity{Line: r.number(refund.Order, l.Line), Quantity: l.Quantity})
		}
		order, err := again(ctx, func() (orders.Order, error) { return r.shop.Orders.Return(ctx, back) })
		if err != nil {
			return err
		}
		if err := r.settle(ctx, order.ID); err != nil {
			return err
		}
	}
	r.outcome.Returned(ret)
	return nil
}

// settle pays what an order has been granted back. A refund that a provider
// does not confirm at once is asked for again.
func (r *replayer) settle(ctx context.Context, id orders.ID) error {
	_, err := again(ctx, func() (orders.Order, error) {
		if err := r.shop.Payments.Settle(ctx, id); err != nil {
			return orders.Order{}, err
		}
		o, err := r.shop.Orders.Get(ctx, id)
		if err == nil && o.Refunded != o.RefundGranted {
			err = fault.New(fault.Unavailable, "of order %s, %v is to be refunded and %v is", id, o.RefundGranted, o.Refunded)
		}
		return o, err
	})
	return err
}
