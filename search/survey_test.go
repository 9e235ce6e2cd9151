package search

import (
	"slices"
	"testing"

	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/checkout"
	"github.com/keelshop/commerce/commercetest"
	"github.com/keelshop/commerce/inventory"
	"github.com/keelshop/commerce/money"
)

func TestSurvey(t *testing.T) {
	shop := commercetest.Open(t)
	for _, sku := range []catalog.SKU{"A", "B", "C"} {
		if _, err := shop.Catalog.PutProduct(t.Context(), catalog.PutProduct{SKU: sku, Title: "Cup", Price: money.New(100, "EUR")}); err != nil {
			t.Fatal(err)
		}
		if _, err := shop.Inventory.Receive(t.Context(), inventory.Receive{SKU: sku, Quantity: 3}); err != nil {
			t.Fatal(err)
		}
	}
	f, err := Open(t.Context(), shop, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for sku, n := range map[catalog.SKU]int64{"B": 3, "C": 1} {
		c, err := shop.Carts.AddLine(t.Context(), cart.AddLine{SKU: sku, Quantity: n})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := shop.Checkout.Complete(t.Context(), checkout.Complete{Cart: c.ID, PayWith: "manual"}); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.After(t.Context(), shop.Latest()); err != nil {
		t.Fatal(err)
	}
	s, err := f.survey(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	c, err := s.changes(t.Context(), f, f.active)
	// The Finder's own survey may have been later than the purchases.
	b, err2 := shop.Catalog.BySKU(t.Context(), "B")
	available, known := f.active.isAvailable(string(b.Product))
	if err != nil || err2 != nil || !known || available && !c.skus["B"] || c.skus["A"] || c.skus["C"] {
		t.Errorf("sold out: %v, known to be available: %t; %v, %v", c.skus, available, err, err2)
	}
	f.active.setSold(s.sold)
	r, err := f.Find(t.Context(), Query{Sort: ByBestSelling})
	if err != nil {
		t.Fatal(err)
	}
	var got []catalog.SKU
	for _, h := range r.Hits {
		got = append(got, h.Product.Variants[0].SKU)
	}
	if !slices.Equal(got, []catalog.SKU{"B", "C", "A"}) {
		t.Errorf("best-selling: %v", got)
	}
}

// TestAKitIsAsAvailableAsItsParts: the index knows that a kit is sold out, or can
// be had again, by what happens to its parts.
func TestAKitIsAsAvailableAsItsParts(t *testing.T) {
	shop := commercetest.Open(t)
	ctx := t.Context()
	put := func(p catalog.PutProduct) catalog.Product {
		t.Helper()
		made, err := shop.Catalog.PutProduct(ctx, p)
		if err != nil {
			t.Fatal(err)
		}
		return made
	}
	set := func(sku catalog.SKU, count int64) {
		t.Helper()
		if _, err := shop.Inventory.Adjust(ctx, inventory.Adjust{SKU: sku, Count: &count, Reason: "counted"}); err != nil {
			t.Fatal(err)
		}
	}
	put(catalog.PutProduct{SKU: "cup", Title: "Cup", Price: money.New(500, "EUR")})
	put(catalog.PutProduct{SKU: "pot", Title: "Pot", Price: money.New(2500, "EUR")})
	set("cup", 4)
	set("pot", 1)
	kit := put(catalog.PutProduct{Title: "Tea set", Variants: []catalog.PutVariant{{SKU: "tea", Prices: []money.Amount{money.New(4000, "EUR")},
		Components: []catalog.Component{{SKU: "cup", Quantity: 2}, {SKU: "pot", Quantity: 1}}}}})
	f, err := Open(ctx, shop, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	is := func(want bool) {
		t.Helper()
		if err := f.After(ctx, shop.Latest()); err != nil {
			t.Fatal(err)
		}
		if got, known := f.active.isAvailable(string(kit.ID)); !known || got != want {
			t.Errorf("the index has the kit available: %t, known: %t; want %t", got, known, want)
		}
	}
	is(true)
	set("pot", 0)
	is(false)
	set("pot", 1)
	is(true)
	set("cup", 1) // a kit takes two
	is(false)
	set("cup", 2)
	is(true)

	// Selling a part by itself tells no event of stock: the survey does.
	c, err := shop.Carts.AddLine(ctx, cart.AddLine{SKU: "cup", Quantity: 1})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := shop.Checkout.Complete(ctx, checkout.Complete{Cart: c.ID, PayWith: "manual"}); err != nil {
		t.Fatal(err)
	}
	if err := f.After(ctx, shop.Latest()); err != nil {
		t.Fatal(err)
	}
	s, err := f.survey(ctx)
	if err != nil {
		t.Fatal(err)
	}
	changes, err := s.changes(ctx, f, f.active)
	if err == nil {
		_, _, err = f.resolve(ctx, f.active, changes)
	}
	if available, _ := f.active.isAvailable(string(kit.ID)); err != nil || available && !changes.products[kit.ID] {
		t.Errorf("the kit cannot be had, and the survey finds %v, %v", changes.products, err)
	}
}
