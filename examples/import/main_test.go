package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/commercetest"
	"github.com/keelshop/commerce/inventory"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/payments/simulator"
	"github.com/keelshop/commerce/search"
)

// TestAnExportBecomesAShop imports twice, as two starts do, and buys. What was
// sold and edited between them stays so.
func TestAnExportBecomesAShop(t *testing.T) {
	bank := simulator.New(simulator.WithURL("/bank"))
	shop := commercetest.Open(t, commerce.WithPayments(bank))
	s := settings{name: "Fern & Fig", currency: "EUR"}
	var said strings.Builder
	if err := load(t.Context(), shop, s, &said); err != nil {
		t.Fatal(err)
	}
	edit(t, shop)
	if err := load(t.Context(), shop, s, &said); err != nil {
		t.Fatal(err)
	}
	want := "shopify export: 10 products with 16 variants, of which 0 were there, 9 pictures, 0 refused\n" +
		"shopify export: 10 products with 16 variants, of which 10 were there, 0 pictures, 0 refused\n"
	if said.String() != want {
		t.Errorf("it said %q, want %q", said.String(), want)
	}
	level, err := shop.Inventory.Level(t.Context(), "PL-MON-L", "")
	if err != nil || level.Available != 4 {
		t.Errorf("%d large plants can be sold (%v), the file says 5 and one is gone", level.Available, err)
	}
	finder, err := search.Open(t.Context(), shop, search.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer finder.Close()
	if err := finder.After(t.Context(), shop.Latest()); err != nil {
		t.Fatal(err)
	}
	handler, err := pages(shop, bank, finder, s)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(handler)
	defer server.Close()
	for path, want := range map[string]string{
		"/":                        "Terracotta pot",
		"/c/pots":                  "Stoneware pot",
		"/p/monstera?sku=PL-MON-L": "€55.00",
		"/search?q=secateurs":      "Secateurs",
	} {
		if text := fetch(t, server.URL+path, 200); !strings.Contains(text, want) {
			t.Errorf("%s lacks %q", path, want)
		}
	}
	fetch(t, server.URL+"/p/orchid-workshop", 404) // a draft
	answer, err := http.PostForm(server.URL+"/cart/add", url.Values{"sku": {"PO-TER-14"}})
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != 200 { // of the cart, after the redirect
		t.Errorf("a pot cannot be put into the cart: %s", answer.Status)
	}
}

// edit takes a large plant out of the stock and makes it cheaper.
func edit(t *testing.T, shop *commerce.Store) {
	t.Helper()
	if _, err := shop.Inventory.Adjust(t.Context(), inventory.Adjust{SKU: "PL-MON-L", Delta: -1, Reason: "withered"}); err != nil {
		t.Fatal(err)
	}
	p, err := shop.Catalog.ByHandle(t.Context(), "monstera")
	if err != nil {
		t.Fatal(err)
	}
	put := p.Put()
	put.Variants[1].Prices = []money.Amount{money.New(5500, "EUR")}
	if _, err := shop.Catalog.PutProduct(t.Context(), put); err != nil {
		t.Fatal(err)
	}
}

func TestAFileThatIsNotThere(t *testing.T) {
	shop := commercetest.Open(t)
	if err := load(t.Context(), shop, settings{file: "nowhere.csv", currency: "EUR"}, io.Discard); err == nil {
		t.Error("it was imported")
	}
}

func fetch(t *testing.T, url string, status int) string {
	t.Helper()
	answer, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != status {
		t.Errorf("%s: %v, %s", url, err, answer.Status)
	}
	return string(text)
}
