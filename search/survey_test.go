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
