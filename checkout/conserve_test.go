package checkout_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/inventory"
	"github.com/keelshop/commerce/orders"
)

// warehouse does anything that can happen to stock, in any order.
type warehouse struct {
	*shop
	skus   []catalog.SKU // those that are counted
	sold   []catalog.SKU // those and kits
	places []inventory.Location
	carts  []cart.ID
	orders []orders.ID
	sent   []inventory.TransferID
	came   map[catalog.SKU]int64 // less what was lost
}

// allow fails the test on an error that is not an answer.
func (w *warehouse) allow(t *rapid.T, err error) bool {
	switch fault.CodeOf(err) {
	case fault.Refused, fault.Conflict, fault.NotFound, fault.Invalid:
		return false
	}
	if err != nil {
		t.Fatal(err)
	}
	return true
}

func pick[T any](t *rapid.T, list []T, what string) T {
	if len(list) == 0 {
		t.Skip("there is no " + what)
	}
	return rapid.SampledFrom(list).Draw(t, what)
}

func (w *warehouse) receive(t *rapid.T) {
	c := inventory.Receive{SKU: pick(t, w.skus, "sku"), Location: pick(t, w.places, "place"), Quantity: rapid.Int64Range(1, 6).Draw(t, "n")}
	if _, err := w.inventory.Receive(w.ctx(), c); w.allow(t, err) {
		w.came[c.SKU] += c.Quantity
	}
}

func (w *warehouse) policy(t *rapid.T) {
	p := inventory.Policy{SafetyStock: rapid.Int64Range(0, 2).Draw(t, "safety"), Backorder: max(0, rapid.Int64Range(-4, 4).Draw(t, "backorder"))}
	_, err := w.inventory.SetPolicy(w.ctx(), inventory.SetPolicy{SKU: pick(t, w.skus, "sku"), Location: pick(t, w.places, "place"), Policy: p})
	w.allow(t, err)
}

func (w *warehouse) send(t *rapid.T) {
	c := inventory.SendTransfer{SKU: pick(t, w.skus, "sku"), From: pick(t, w.places, "from"), To: pick(t, w.places, "to"), Quantity: rapid.Int64Range(1, 4).Draw(t, "n")}
	if got, err := w.inventory.SendTransfer(w.ctx(), c); w.allow(t, err) {
		w.sent = append(w.sent, got.ID)
	}
}

func (w *warehouse) arrive(t *rapid.T) {
	c := inventory.ReceiveTransfer{
		Transfer: pick(t, w.sent, "transfer"), Quantity: rapid.Int64Range(0, 3).Draw(t, "n"), Lost: rapid.Int64Range(0, 1).Draw(t, "lost"),
	}
	if got, err := w.inventory.ReceiveTransfer(w.ctx(), c); w.allow(t, err) {
		w.came[got.SKU] -= c.Lost
	}
}

func (w *warehouse) fill(t *rapid.T) {
	c := cart.AddLine{SKU: pick(t, w.sold, "sku"), Quantity: rapid.Int64Range(1, 4).Draw(t, "n")}
	if len(w.carts) > 0 && rapid.Bool().Draw(t, "into one") {
		c.Cart = pick(t, w.carts, "cart")
	}
	if got, err := w.shop.carts.AddLine(w.ctx(), c); w.allow(t, err) && c.Cart == "" {
		w.carts = append(w.carts, got.ID)
	}
}

func (w *warehouse) change(t *rapid.T) {
	_, err := w.shop.carts.SetQuantity(w.ctx(), cart.SetQuantity{
		Cart: pick(t, w.carts, "cart"), SKU: pick(t, w.sold, "sku"), Quantity: rapid.Int64Range(0, 4).Draw(t, "n"),
	})
	w.allow(t, err)
}

func (w *warehouse) buy(t *rapid.T) {
	token := rapid.SampledFrom([]string{approves, approves, declines, challenges}).Draw(t, "card")
	r, err := w.pay(pick(t, w.carts, "cart"), token)
	if w.allow(t, err) && !slices.Contains(w.orders, r.ID) { // a cart is bought once
		w.orders = append(w.orders, r.ID)
	}
}

func (w *warehouse) abandon(t *rapid.T) {
	_, err := w.checkout.Abandon(w.ctx(), pick(t, w.orders, "order"))
	w.allow(t, err)
}

func (w *warehouse) cancel(t *rapid.T) {
	_, err := w.shop.orders.Cancel(w.ctx(), orders.Cancel{Order: pick(t, w.orders, "order"), Reason: "no"})
	w.allow(t, err)
}

func (w *warehouse) ship(t *rapid.T) {
	c := orders.Ship{Order: pick(t, w.orders, "order")}
	if rapid.Bool().Draw(t, "a part") {
		c.Lines = []orders.LineQuantity{{Line: 1, Quantity: 1}}
	}
	_, err := w.shop.orders.Ship(w.ctx(), c)
	w.allow(t, err)
}

func (w *warehouse) takeBack(t *rapid.T) {
	c := orders.Return{Order: pick(t, w.orders, "order"), Lines: []orders.LineQuantity{{Line: 1, Quantity: 1}}, Reason: "no"}
	_, err := w.shop.orders.Return(w.ctx(), c)
	w.allow(t, err)
}

func (w *warehouse) wait(t *rapid.T) {
	w.engine.Advance(time.Duration(rapid.Int64Range(1, 12).Draw(t, "minutes")) * time.Minute)
	w.release()
}

// conserve compares what came and went with what there is: on hand, and on its
// way between locations.
func (w *warehouse) conserve(t *rapid.T) {
	if err := w.inventory.Settle(w.ctx()); err != nil {
		t.Fatal(err)
	}
	want := map[catalog.SKU]int64{}
	for sku, n := range w.came {
		want[sku] = n
	}
	for _, o := range w.orders {
		for _, l := range w.order(o).Lines {
			for _, d := range l.Demands(l.Returned, l.Shipped) {
				want[d.SKU] -= d.Quantity
			}
		}
	}
	have := map[catalog.SKU]int64{}
	for _, id := range w.sent {
		got, err := w.inventory.Transfer(w.ctx(), id)
		if err != nil {
			t.Fatal(err)
		}
		have[got.SKU] += got.OnItsWay()
	}
	for _, sku := range w.skus {
		for _, l := range w.places {
			level, err := w.inventory.Level(w.ctx(), sku, l)
			if err != nil {
				t.Fatal(err)
			}
			have[sku] += level.OnHand
			// What is shipped before it was received is counted then.
			for m, err := range w.inventory.Movements(w.ctx(), sku, l, 0) {
				if err != nil {
					t.Fatal(err)
				}
				if m.Kind == inventory.MovedAdjusted {
					want[sku] += m.Quantity
				}
			}
		}
		if have[sku] != want[sku] {
			t.Fatalf("%d of %s should be there or on their way, %d are", want[sku], sku, have[sku])
		}
	}
}

// TestStockIsConserved does anything to stock in any order: with kits, carts
// that hold goods, backorders, several places and transfers. What a store checks
// about itself is checked when the test ends.
func TestStockIsConserved(t *testing.T) {
	t.Parallel()
	s := newShop(t, 3)
	run := 0
	rapid.Check(t, func(t *rapid.T) {
		run++
		w := &warehouse{shop: s, came: map[catalog.SKU]int64{}, places: []inventory.Location{"main", "b"}}
		for _, kind := range []catalog.Reserve{catalog.ReserveOnOrder, catalog.ReserveOnCart} {
			sku := catalog.SKU(fmt.Sprint("part-", run, "-", kind))
			s.sellsBy(kind, sku, 0)
			w.skus = append(w.skus, sku)
		}
		kit := catalog.SKU(fmt.Sprint("kit-", run))
		s.kit(kit, string(w.skus[0]), 2, string(w.skus[1]), 1)
		w.sold = append(w.sold, w.skus...)
		w.sold = append(w.sold, kit)
		s.sourcing(rapid.Bool().Draw(t, "split"), w.places[:rapid.IntRange(1, 2).Draw(t, "places")]...)
		t.Repeat(map[string]func(*rapid.T){
			"receive": w.receive, "policy": w.policy, "send": w.send, "arrive": w.arrive, "fill": w.fill, "change": w.change,
			"buy": w.buy, "buy again": w.buy, "abandon": w.abandon, "cancel": w.cancel, "ship": w.ship, "take back": w.takeBack, "wait": w.wait,
			"": func(*rapid.T) {},
		})
		w.conserve(t)
		if across, err := inventory.CheckAcross(s.ctx(), s.engine); err != nil || len(across) > 0 {
			t.Fatal(across, errors.Join(err))
		}
	})
}
