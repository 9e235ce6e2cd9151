package main

import (
	"fmt"

	"github.com/keelshop/commerce/internal/onlineretail"
	"github.com/keelshop/commerce/inventory"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/orders"
)

// wish is what of an invoice is still to be bought: all of it at first, and
// less each time that the shop has answered that something is out of stock.
// The shop's answers are kept under the wish's keys, so a run that goes on
// after a crash comes to the same wishes.
type wish struct {
	order *onlineretail.PlaceOrder
	lines []int // in order.Lines, rising
	try   int
	left  map[string]int64 // how many the shop had, by SKU, as it said last
}

func wholeOrder(o *onlineretail.PlaceOrder) wish {
	w := wish{order: o, lines: make([]int, len(o.Lines))}
	for i := range w.lines {
		w.lines[i] = i
	}
	return w
}

// key is the idempotency key of the wish's checkout, and begins those of its
// other commands.
func (w wish) key() string {
	if w.try == 0 {
		return w.order.Key
	}
	return fmt.Sprintf("%s:%d", w.order.Key, w.try)
}

// without returns the next wish: every line that what is left can fill. Each
// answer names something that is less than was wished, so this ends.
func (w wish) without(short *inventory.OutOfStockError) wish {
	next := wish{order: w.order, try: w.try + 1, left: make(map[string]int64)}
	for sku, n := range w.left {
		next.left[sku] = n
	}
	for _, l := range short.Lines {
		next.left[string(l.SKU)] = l.Have
	}
	free := make(map[string]int64)
	for sku, n := range next.left {
		free[sku] = n
	}
	for i, l := range w.order.Lines {
		n, scarce := free[l.SKU]
		if scarce && l.Quantity > n {
			continue
		}
		if scarce {
			free[l.SKU] = n - l.Quantity
		}
		next.lines = append(next.lines, i)
	}
	return next
}

func (w wish) total() (money.Amount, error) {
	total := money.Zero(onlineretail.Currency)
	for _, i := range w.lines {
		l := w.order.Lines[i]
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

// check holds the order to the wish, line by line: a return finds its line by
// their order.
func (w wish) check(order orders.Order) error {
	if len(order.Lines) != len(w.lines) {
		return fmt.Errorf("order %s has %d lines, the invoice %d", order.ID, len(order.Lines), len(w.lines))
	}
	for n, i := range w.lines {
		have, want := order.Lines[n], w.order.Lines[i]
		if string(have.SKU) != want.SKU || have.Quantity != want.Quantity || have.UnitPrice != want.UnitPrice || have.Number != n+1 {
			return fmt.Errorf("line %d of order %s is %d of %s at %v, the invoice says %d of %s at %v",
				have.Number, order.ID, have.Quantity, have.SKU, have.UnitPrice, want.Quantity, want.SKU, want.UnitPrice)
		}
	}
	return nil
}

// leftOut tells of the lines of an invoice that are not among those bought.
func (r *replayer) leftOut(bought wish) {
	if len(bought.lines) == len(bought.order.Lines) {
		return
	}
	numbers := make([]int, len(bought.order.Lines))
	for n, i := range bought.lines {
		numbers[i] = n + 1
	}
	for i, n := range numbers {
		if n == 0 {
			r.outcome.LineRefused(bought.order, i, onlineretail.OutOfStock)
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.partial[bought.order] = numbers
}

// number returns where an invoice's line stands in its order, from 1; 0 says
// that it was left out.
func (r *replayer) number(o *onlineretail.PlaceOrder, line int) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	if numbers, ok := r.partial[o]; ok {
		return numbers[line]
	}
	return line + 1
}
