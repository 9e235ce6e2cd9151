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

	// Also after something else cannot be bought any more.
	_, err = shop.Catalog.ArchiveProduct(ctx, catalog.ArchiveProduct{Product: made["wrap"].ID})
	must(err)
	later, err := shop.Checkout.Reorder(ctx, checkout.Reorder{Order: o.ID, Key: "again"})
	if must(err); later.Cart.ID != again.Cart.ID || !slices.Equal(later.Left, want) {
		t.Errorf("asking again later: %s without %+v", later.Cart.ID, later.Left)
	}
	_, err = shop.Catalog.ArchiveProduct(ctx, catalog.ArchiveProduct{Product: made["mug"].ID})
	must(err)
	nothing, err := shop.Checkout.Reorder(ctx, checkout.Reorder{Order: o.ID, Key: "too late"})
	if must(err); nothing.Cart.ID != "" || len(nothing.Left) != 3 {
		t.Errorf("nothing can be bought, and yet: %+v", nothing)
	}

	_, err = shop.Checkout.Reorder(ctx, checkout.Reorder{Order: "ord_01KAJ3W7Q8Z5D4F6G7H8J9K0M1"})
	if fault.CodeOf(err) != fault.NotFound {
		t.Errorf("got %v", err)
	}
}

// Gift cards are bought again with what is on them, and goods that carts set
// aside are left out when there are none.
func TestGiftCardsAndGoodsThatAreSetAsideAreBoughtAgain(t *testing.T) {
	shop := commercetest.Open(t)
	ctx := t.Context()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	put := func(v catalog.PutVariant) {
		t.Helper()
		_, err := shop.Catalog.PutProduct(ctx, catalog.PutProduct{Title: string(v.SKU), Variants: []catalog.PutVariant{v}})
		must(err)
		if !v.Untracked {
			_, err = shop.Inventory.Receive(ctx, inventory.Receive{SKU: v.SKU, Quantity: 3})
			must(err)
		}
	}
	price := []money.Amount{money.New(2500, "EUR")}
	put(catalog.PutVariant{SKU: "mug", Prices: price})
	put(catalog.PutVariant{SKU: "ticket", Prices: price, Reserve: catalog.ReserveOnCart})
	put(catalog.PutVariant{SKU: "badge", Prices: price, Reserve: catalog.ReserveOnCart})
	put(catalog.PutVariant{SKU: "gift", Prices: price, Untracked: true, Digital: &catalog.Digital{GiftCard: &catalog.GiftCard{}}})
	first, err := shop.Carts.AddLines(ctx, cart.AddLines{Lines: []cart.AddedLine{
		{SKU: "gift", Quantity: 1}, {SKU: "mug", Quantity: 1}, {SKU: "ticket", Quantity: 1}, {SKU: "ticket", Quantity: 1, Properties: []cart.Property{{Name: "seat", Value: "7"}}}, {SKU: "badge", Quantity: 2},
	}})
	must(err)
	o, err := shop.Checkout.Complete(ctx, checkout.Complete{Cart: first.ID})
	must(err)

	// One ticket and one badge are left.
	again, err := shop.Checkout.Reorder(ctx, checkout.Reorder{Order: o.ID, Key: "again"})
	must(err)
	want := []checkout.LeftLine{{SKU: "ticket", Title: "ticket", Quantity: 1, Code: cart.OutOfStock}, {SKU: "badge", Title: "badge", Quantity: 2, Code: cart.OutOfStock}}
	if !slices.Equal(again.Left, want) || len(again.Cart.Lines) != 3 || again.Cart.Total != money.New(7500, "EUR") || !again.Cart.Held {
		t.Fatalf("got %+v", again)
	}
	// They are there again, and the answer is what it was.
	_, err = shop.Inventory.Receive(ctx, inventory.Receive{SKU: "badge", Quantity: 5})
	must(err)
	twice, err := shop.Checkout.Reorder(ctx, checkout.Reorder{Order: o.ID, Key: "again"})
	if must(err); twice.Cart.ID != again.Cart.ID || len(twice.Cart.Lines) != 3 || !slices.Equal(twice.Left, want) {
		t.Errorf("asking again: %+v", twice)
	}
}
