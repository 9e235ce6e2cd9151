package commerce_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/checkout"
	"github.com/keelshop/commerce/commercetest"
	"github.com/keelshop/commerce/inventory"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/orders"
)

// stock puts a product for 12.50 EUR and receives units of it.
func stock(t testing.TB, shop *commerce.Store, sku catalog.SKU, units int64) {
	t.Helper()
	ctx := context.Background()
	if _, err := shop.Catalog.PutProduct(ctx, catalog.PutProduct{SKU: sku, Title: "Thing " + string(sku), Price: money.New(1250, "EUR")}); err != nil {
		t.Fatal(err)
	}
	if units == 0 {
		return
	}
	if _, err := shop.Inventory.Receive(ctx, inventory.Receive{SKU: sku, Quantity: units, Reason: "delivery"}); err != nil {
		t.Fatal(err)
	}
}

// buy fills a cart with units of one SKU and checks out.
func buy(ctx context.Context, shop *commerce.Store, sku catalog.SKU, units int64, c checkout.Complete) (checkout.Result, error) {
	basket, err := shop.Carts.AddLine(ctx, cart.AddLine{SKU: sku, Quantity: units})
	if err != nil {
		return checkout.Result{}, err
	}
	c.Cart = basket.ID
	return shop.Checkout.Complete(ctx, c)
}

func TestSellTwoMugs(t *testing.T) {
	for _, shards := range []int{1, 8} {
		shop := commercetest.Open(t, commerce.WithShards(shards))
		stock(t, shop, "mug-blue", 10)
		order, err := buy(t.Context(), shop, "mug-blue", 2, checkout.Complete{})
		if err != nil {
			t.Fatal(err)
		}
		if order.Status != orders.Placed || order.Total != money.New(2500, "EUR") || order.PaymentStatus != orders.Paid {
			t.Fatalf("got %+v", order)
		}
	}
}

func cartOf(sku catalog.SKU) cart.AddLine { return cart.AddLine{SKU: sku, Quantity: 1} }

// TestNobodyElseReadsTheFiles.
func TestNobodyElseReadsTheFiles(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "shop")
	shop := open(t, dir)
	stock(t, shop, "mug", 5)
	files, err := filepath.Glob(dir + "*")
	must(t, err)
	inside, err := filepath.Glob(dir + "/*")
	must(t, err)
	if len(inside) < 10 {
		t.Errorf("there are only %q", inside)
	}
	for _, name := range append(files, inside...) {
		info, err := os.Stat(name)
		must(t, err)
		if info.Mode()&0o077 != 0 {
			t.Errorf("%s has mode %v", name, info.Mode())
		}
	}
}
