package main

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/inventory"
	"github.com/keelshop/commerce/orders"
)

// tamper changes a replayed store behind the file's back.
func tamper(t *testing.T, dir string, change func(*commerce.Store) error) {
	t.Helper()
	shop, err := commerce.Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer shop.Close()
	if err := change(shop); err != nil {
		t.Fatal(err)
	}
}

// The totals are only worth something if replay notices a store that does not
// agree with them.
func TestReplayNoticesOtherBooks(t *testing.T) {
	for _, test := range []struct {
		name   string
		flags  []string
		change func(*commerce.Store) error
		want   string
	}{
		{"a unit too many", nil, func(shop *commerce.Store) error {
			_, err := shop.Inventory.Receive(t.Context(), inventory.Receive{SKU: "22745", Quantity: 1})
			return err
		}, "22745: 1 on hand"},
		{"another refund", nil, returnOne(t), "2.55 GBP refunded: it should be placed, shipped, 7.65 GBP captured, 0.00 GBP refunded"},
		{"stock that nobody was sold", []string{"--stock", "5"}, func(shop *commerce.Store) error {
			_, err := shop.Inventory.Receive(t.Context(), inventory.Receive{SKU: "22745", Quantity: 700})
			return err
		}, "600 of 22745 were refused as out of stock, and 704 are available at the end"},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir, file := filepath.Join(t.TempDir(), "shop"), write(t, small)
			args := append([]string{"replay", "--dir", dir, "--shards", "2", file}, test.flags...)
			succeed(t, args...)
			tamper(t, dir, test.change)
			r := command(t, args...)
			if r.code != exitFailed || !strings.Contains(r.stderr, test.want) {
				t.Errorf("exit code %d, want 1 and %q:\n%s", r.code, test.want, r.stderr)
			}
			summaryOf(t, r.stdout) // is printed all the same
		})
	}
}

// returnOne takes one unit of the order of invoice 536366 back.
func returnOne(t *testing.T) func(*commerce.Store) error {
	return func(shop *commerce.Store) error {
		for o, err := range shop.Orders.All(t.Context(), orders.Filter{}) {
			if err != nil {
				return err
			}
			if o.ExternalReference != "536366" {
				continue
			}
			back := orders.Return{Order: o.ID, Lines: []orders.LineQuantity{{Line: 1, Quantity: 1}}, Reason: "torn"}
			if _, err := shop.Orders.Return(t.Context(), back); err != nil {
				return err
			}
			return shop.Payments.Settle(t.Context(), o.ID)
		}
		t.Error("there is no order of invoice 536366")
		return nil
	}
}
