package main

import (
	"context"
	"fmt"
	"slices"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/internal/onlineretail"
	"github.com/keelshop/commerce/inventory"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/orders"
)

// audit compares the store with the plan's outcome: each order's money, each
// product's stock, and that nobody was refused what was there.
func (r *replayer) audit(ctx context.Context) ([]string, error) {
	want := r.expect()
	problems, err := r.auditOrders(ctx, want)
	if err != nil {
		return nil, err
	}
	stock, err := r.auditStock(ctx, want)
	return append(problems, stock...), err
}

// expected is what the outcome says must be in the store.
type expected struct {
	captured map[orders.ID]int64 // pence
	refunded map[orders.ID]int64 // pence
	onHand   map[string]int64    // by SKU that is counted in stock
}

func (r *replayer) expect() expected {
	e := expected{captured: map[orders.ID]int64{}, refunded: map[orders.ID]int64{}, onHand: map[string]int64{}}
	for _, p := range r.plan.Products {
		if !p.Service {
			e.onHand[p.SKU] = r.openingStock(p)
		}
	}
	for _, s := range r.plan.Sequences {
		for _, op := range s.Operations {
			if op.Place != nil {
				r.expectOrder(e, op.Place)
			} else {
				r.expectReturn(e, op.Return)
			}
		}
	}
	return e
}

func (r *replayer) expectOrder(e expected, o *onlineretail.PlaceOrder) {
	id := orders.ID(r.outcome.OrderID(o))
	if id == "" {
		return // refused
	}
	e.captured[id] = 0
	for i, l := range o.Lines {
		if r.number(o, i) == 0 {
			continue
		}
		e.captured[id] += l.Quantity * l.UnitPrice.Minor()
		if !l.Service {
			e.onHand[l.SKU] -= l.Quantity
		}
	}
}

func (r *replayer) expectReturn(e expected, ret *onlineretail.Return) {
	for _, refund := range r.outcome.Refunds(ret) {
		e.refunded[orders.ID(r.outcome.OrderID(refund.Order))] += refund.Amount.Minor()
		for _, back := range refund.Lines {
			l := refund.Order.Lines[back.Line]
			if !l.Service && r.flags.stock == enough {
				e.onHand[l.SKU] += back.Quantity
			}
		}
	}
}

// auditOrders reads all orders of the store. Those that are not of this file
// are none of its business.
func (r *replayer) auditOrders(ctx context.Context, want expected) (problems []string, err error) {
	seen := 0
	for o, err := range r.shop.Orders.All(ctx, orders.Filter{}) {
		if err != nil {
			return nil, err
		}
		captured, ok := want.captured[o.ID]
		if !ok {
			continue
		}
		seen++
		refunded := want.refunded[o.ID]
		if o.Status != orders.Placed || o.Shipped != o.Units ||
			o.Captured.Minor() != captured || o.Refunded.Minor() != refunded || o.RefundGranted.Minor() != refunded {
			problems = append(problems, fmt.Sprintf(
				"order %s is %s, %d of %d units shipped, %v captured, %v refunded: it should be placed, shipped, %v captured, %v refunded",
				o.ID, o.Status, o.Shipped, o.Units, o.Captured, o.Refunded, pence(captured), pence(refunded)))
		}
	}
	if seen != len(want.captured) {
		problems = append(problems, fmt.Sprintf("the store lists %d of the %d orders that were placed", seen, len(want.captured)))
	}
	return problems, nil
}

func pence(minor int64) money.Amount { return money.New(minor, onlineretail.Currency) }

// auditStock compares every product's stock.
func (r *replayer) auditStock(ctx context.Context, want expected) (problems []string, err error) {
	var skus []catalog.SKU
	for sku := range want.onHand {
		skus = append(skus, catalog.SKU(sku))
	}
	slices.Sort(skus)
	levels, err := r.shop.Inventory.Levels(ctx, skus, inventory.Main)
	if err != nil {
		return nil, err
	}
	available := make(map[catalog.SKU]int64, len(levels))
	for i, l := range levels {
		n := want.onHand[string(skus[i])]
		if l.OnHand != n || l.Available != n || l.Held != 0 || l.Committed != 0 || l.Shortage != 0 {
			problems = append(problems, fmt.Sprintf("%s: %d on hand, %d available, %d held, %d committed, %d short: the file leaves %d",
				skus[i], l.OnHand, l.Available, l.Held, l.Committed, l.Shortage, n))
		}
		available[skus[i]] = l.Available
	}
	return append(problems, r.auditRefusals(available)...), nil
}

// auditRefusals finds the lines that were refused although there was stock.
// With stock for the whole file none may be.
func (r *replayer) auditRefusals(available map[catalog.SKU]int64) (problems []string) {
	for o, numbers := range r.partial {
		for i, n := range numbers {
			l := o.Lines[i]
			free := available[catalog.SKU(l.SKU)]
			if n == 0 && (r.flags.stock == enough || l.Quantity <= free) {
				problems = append(problems, fmt.Sprintf("%s: %d of %s were refused as out of stock, and %d are available at the end",
					o.Key, l.Quantity, l.SKU, free))
			}
		}
	}
	slices.Sort(problems)
	return problems
}
