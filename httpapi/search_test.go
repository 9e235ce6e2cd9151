package httpapi_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/money"
)

func TestSearch(t *testing.T) {
	w, finder := newWholeWorld(t)
	w.stock("mug-blue", 1250, 1)
	w.stock("mug-red", 1450, 1)
	w.stock("pot", 3900, 1)
	if err := finder.After(t.Context(), w.shop.Latest()); err != nil {
		t.Fatal(err)
	}
	r := w.must(200, "", "GET", "/search?q=mug&currency=EUR&sort=price&facets=available,price&limit=1", "")
	if r.at("total") != 2.0 || r.at("items.0.product.handle") != "mug-blue" || r.at("items.0.price.minor") != 1250.0 || r.at("facets.0.field") != "available" {
		t.Errorf("found %s", r.text)
	}
	next := w.must(200, "", "GET", "/search?q=mug&currency=EUR&sort=price&limit=1&after="+r.at("next").(string), "")
	if next.at("items.0.product.handle") != "mug-red" {
		t.Errorf("the next page is %s", next.text)
	}
	if r := w.must(200, "", "GET", "/search?price_min=2000&price_max=5000&currency=EUR&filter=available:yes", ""); r.at("total") != 1.0 {
		t.Errorf("filtered: %s", r.text)
	}
	if r := w.must(200, "", "GET", "/suggestions?q=mu&currency=EUR", ""); r.at("products.0.handle") == nil {
		t.Errorf("suggested %s", r.text)
	}
	if r := w.ask("", "GET", "/search?filter=brand", ""); r.status != 422 {
		t.Errorf("a filter without a value: %d %s", r.status, r.text)
	}
	d := w.document()
	for _, op := range w.operations() {
		if op.ID == "search" {
			d.judge(op, w.must(200, "", "GET", "/search?q=mug&currency=EUR&facets=available,price", ""))
		}
	}
}

// TestSearchKnowsWhoAsks: prices are found, sorted and shown by the price lists
// of who asks, and only what is the same for all may be kept by caches.
func TestSearchKnowsWhoAsks(t *testing.T) {
	w, finder := newWholeWorld(t)
	w.stock("mug-blue", 1250, 1)
	w.stock("mug-red", 1450, 1)
	staff, bob, trader := w.logIn("sam@example.com", accounts.StaffGroup), w.logIn("bob@example.com"), w.logIn("trader@example.com", "trade")
	w.must(200, staff, "PUT", "/staff/price-lists/trade", `{"title":"Trade","groups":["trade"]}`)
	w.must(204, staff, "PUT", "/staff/price-lists/trade/prices", `{"prices":[{"sku":"mug-red","tiers":[{"price":{"minor":900,"currency":"EUR"}}]}]}`)
	w.must(200, staff, "PUT", "/staff/price-lists/swiss", `{"title":"Switzerland","markets":["CH"]}`)
	w.must(204, staff, "PUT", "/staff/price-lists/swiss/prices", `{"prices":[{"sku":"mug-blue","tiers":[{"price":{"minor":100,"currency":"EUR"}}]}]}`)
	if err := finder.After(t.Context(), w.shop.Latest()); err != nil {
		t.Fatal(err)
	}
	const path = "/search?q=mug&currency=EUR&sort=price"
	for _, c := range []struct {
		who, path, cache string
		first            float64
	}{
		{"", path, "public", 1250}, {bob, path, "private", 1250}, {trader, path, "private", 900}, {"", path + "&market=CH", "public", 100},
	} {
		r := w.must(200, c.who, "GET", c.path, "")
		if r.at("items.0.price.minor") != c.first || !strings.HasPrefix(r.header.Get("Cache-Control"), c.cache) || !strings.Contains(r.header.Get("Vary"), "Authorization") {
			t.Errorf("%q finds %v first, with %v", c.who, r.at("items.0.price.minor"), r.header)
		}
	}
	if r := w.must(200, trader, "GET", "/suggestions?q=mug-r&currency=EUR", ""); r.at("products.0.price.minor") != 900.0 {
		t.Errorf("suggested %s", r.text)
	}
}

// TestSearchByNumbers: ranges of an attribute's numbers are counted, and can be
// filtered by as they are shown; what is no range is refused.
func TestSearchByNumbers(t *testing.T) {
	w, finder := newWholeWorld(t)
	for i := range 16 {
		if _, err := w.shop.Catalog.PutProduct(t.Context(), catalog.PutProduct{
			Title: "Screen", SKU: catalog.SKU(fmt.Sprint("screen-", i)), Price: money.New(100, "EUR"),
			Attributes: []catalog.Attribute{
				{Name: "Display", Kind: catalog.NumberAttribute, Number: catalog.Number{Mantissa: int64(100 + i), Exponent: -1}, Unit: "inch"},
				{Name: "Ratio", Text: "16:9"},
			},
		}); err != nil {
			t.Fatal(err)
		}
	}
	if err := finder.After(t.Context(), w.shop.Latest()); err != nil {
		t.Fatal(err)
	}
	r := w.must(200, "", "GET", "/search?q=screen&facets=attribute:Display", "")
	if r.at("facets.0.unit") != "inch" || r.at("facets.0.values.1.number_min") != 10.2 || r.at("facets.0.values.1.number_max") != 10.3 || r.at("facets.0.values.1.count") != 2.0 {
		t.Errorf("counted %s", r.text)
	}
	for filter, want := range map[string]float64{
		"number:Display:10.2..10.3": 2, "number:Display:11.4..": 2, "number:Display:..10": 1, "number:Display:10.5": 1,
		"number:Display:..10&filter=attribute:Display:11.5": 2, "attribute:Ratio:16:9": 16,
	} {
		if r := w.must(200, "", "GET", "/search?q=screen&filter="+filter, ""); r.at("total") != want {
			t.Errorf("%s: %v, want %v", filter, r.at("total"), want)
		}
	}
	for _, filter := range []string{"number:Display:x", "number:Display:20..10", "number:Display:..", "number:Display", "number::1", "attribute:Display", "attribute::x"} {
		if r := w.ask("", "GET", "/search?filter="+filter, ""); r.status != 422 {
			t.Errorf("%s: %d %s", filter, r.status, r.text)
		}
	}
	first := w.must(200, "", "GET", "/search?limit=1&filter=number:Display:10..11", "").at("next").(string)
	if r := w.ask("", "GET", "/search?limit=1&filter=number:Display:10..12&after="+first, ""); r.status != 422 && r.status != 400 {
		t.Errorf("another range's page: %d %s", r.status, r.text)
	}
}
