package commerce_test

import (
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/checkout"
	"github.com/keelshop/commerce/commercetest"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/orders"
	"github.com/keelshop/commerce/payments/simulator"
)

const storm = 1000 // callers at the same time

// rush lets a thousand shoppers buy one unit each of the same SKU at the same
// time and returns how many got one. token says what shopper i pays with.
// Whoever is neither served, declined nor told that there are no goods fails
// the test.
func rush(t *testing.T, shop *commerce.Store, token func(i int) string) (sold int64) {
	t.Helper()
	carts := make([]cart.ID, storm)
	everybody(storm, func(i int) {
		c, err := shop.Carts.AddLine(t.Context(), cart.AddLine{SKU: "last", Quantity: 1})
		if err != nil {
			t.Error(err)
		}
		carts[i] = c.ID
	})
	if t.Failed() {
		t.FailNow()
	}
	var placed, declined, none atomic.Int64
	everybody(storm, func(i int) {
		order, err := insist(t.Context(), shop, checkout.Complete{Cart: carts[i], PayWith: "simulator", Token: token(i), Key: fmt.Sprint("rush ", i)})
		switch {
		case err == nil && order.Status == orders.Placed:
			placed.Add(1)
		case outOfStock(err):
			none.Add(1)
		case fault.CodeOf(err) == fault.Refused && token(i) == declines:
			declined.Add(1)
		default:
			t.Errorf("shopper %d: %v, %v", i, order.Status, err)
		}
	})
	t.Logf("%d sold, %d declined, %d came too late", placed.Load(), declined.Load(), none.Load())
	return placed.Load()
}

// TestLastUnit: a thousand shoppers on eight shards, and stock for a few of
// them. Exactly as many are sold as there are.
func TestLastUnit(t *testing.T) {
	for _, units := range []int64{1, 100} {
		t.Run(fmt.Sprint(units), func(t *testing.T) {
			bank := simulator.New()
			shop := commercetest.Open(t, commerce.WithShards(8), commerce.WithPayments(bank))
			stock(t, shop, "last", units)
			if sold := rush(t, shop, func(int) string { return approves }); sold != units {
				t.Errorf("%d sold, want %d", sold, units)
			}
			l := levelOf(t, shop, "last")
			if l.Available != 0 || l.Held != 0 || l.Committed != units || l.OnHand != units {
				t.Errorf("afterwards the stock is %+v", l)
			}
			if err := moneyAgrees(shop, bank); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestUnitsComeBack: some of the thousand are declined, so what they held is
// free again. Whoever comes once things are quiet gets it, from any shard, to
// the last unit.
func TestUnitsComeBack(t *testing.T) {
	for units, tokens := range map[int64][]string{1: {declines}, 100: {approves, declines, declines}} {
		t.Run(fmt.Sprint(units), func(t *testing.T) {
			bank := simulator.New()
			shop := commercetest.Open(t, commerce.WithShards(8), commerce.WithPayments(bank))
			stock(t, shop, "last", units)
			sold := rush(t, shop, func(i int) string { return tokens[i%len(tokens)] })
			if sold > units {
				t.Fatalf("%d sold of %d", sold, units)
			}
			if l := levelOf(t, shop, "last"); l.Available != units-sold || l.Held != 0 {
				t.Errorf("%d are left, but the stock is %+v", units-sold, l)
			}
			for sold < units {
				order, err := buy(t.Context(), shop, "last", 1, checkout.Complete{})
				if err != nil {
					t.Fatalf("%d are left and a shopper is told: %v", units-sold, err)
				}
				if order.Status == orders.Placed {
					sold++
				}
			}
			if _, err := buy(t.Context(), shop, "last", 1, checkout.Complete{}); !outOfStock(err) {
				t.Errorf("nothing is left; got %v", err)
			}
			if err := moneyAgrees(shop, bank); err != nil {
				t.Error(err)
			}
		})
	}
}
