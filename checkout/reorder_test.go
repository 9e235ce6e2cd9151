package checkout_test

import (
	"slices"
	"testing"

	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/checkout"
	"github.com/keelshop/commerce/commercetest"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/inventory"
	"github.com/keelshop/commerce/money"
)

func TestAnOrderIsBoughtAgain(t *testing.T) {
	shop := commercetest.Open(t)
	ctx := t.Context()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	price := func(minor int64) []money.Amount { return []money.Amount{money.New(minor, "EUR")} }
	made := map[catalog.SKU]catalog.Product{}
	for _, sku := range []catalog.SKU{"mug", "tea", "wrap"} {
		p, err := shop.Catalog.PutProduct(ctx, catalog.PutProduct{Title: string(sku), Variants: []catalog.PutVariant{{SKU: sku, Prices: price(500), Untracked: sku == "wrap"}}})
		must(err)
		made[sku] = p
		if sku != "wrap" {
			_, err = shop.Inventory.Receive(ctx, inventory.Receive{SKU: sku, Quantity: 10})
			must(err)
		}
	}
	engraved := []cart.Property{{Name: "engraving", Value: "Ada"}}
	first, err := shop.Carts.AddLines(ctx, cart.AddLines{Lines: []cart.AddedLine{{SKU: "mug", Quantity: 2, Properties: engraved}, {SKU: "tea", Quantity: 3}, {SKU: "wrap", Quantity: 1}}})
	must(err)
	o, err := shop.Checkout.Complete(ctx, checkout.Complete{Cart: first.ID})
	must(err)
	_, err = shop.Catalog.ArchiveProduct(ctx, catalog.ArchiveProduct{Product: made["tea"].ID})
	must(err)
	again, err := shop.Checkout.Reorder(ctx, checkout.Reorder{Order: o.ID, Key: "again"})
	must(err)
	want := []checkout.LeftLine{{SKU: "tea", Title: "tea", Quantity: 3, Code: cart.Discontinued}}
	if !slices.Equal(again.Left, want) || len(again.Cart.Lines) != 2 || !slices.Equal(again.Cart.Lines[0].Properties, engraved) || again.Cart.Total != money.New(1500, "EUR") {
		t.Errorf("got %+v", again)
	}
	twice, err := shop.Checkout.Reorder(ctx, checkout.Reorder{Order: o.ID, Key: "again"})
	must(err)
	if twice.Cart.ID != again.Cart.ID {
		t.Errorf("asking again made another cart")
	}

	_, err = shop.Checkout.Reorder(ctx, checkout.Reorder{Order: "ord_01KAJ3W7Q8Z5D4F6G7H8J9K0M1"})
	if fault.CodeOf(err) != fault.NotFound {
		t.Errorf("got %v", err)
	}
}
