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
	"github.com/keelshop/commerce/payments/simulator"
	"github.com/keelshop/commerce/search"
)

// TestAnExportBecomesAShop imports twice, as two starts do, and buys.
func TestAnExportBecomesAShop(t *testing.T) {
	bank := simulator.New(simulator.WithURL("/bank"))
	shop := commercetest.Open(t, commerce.WithPayments(bank))
	s := settings{name: "Fern & Fig", currency: "EUR"}
	var said strings.Builder
	for range 2 {
		if err := load(t.Context(), shop, s, &said); err != nil {
			t.Fatal(err)
		}
	}
	if want := strings.Repeat("shopify export: 10 products with 16 variants, 9 pictures, 0 refused\n", 2); said.String() != want {
		t.Errorf("it said %q, want %q", said.String(), want)
	}
	level, err := shop.Inventory.Level(t.Context(), "PL-MON-L", "")
	if err != nil || level.Available != 5 {
		t.Errorf("%d large plants can be sold (%v), the file says 5", level.Available, err)
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
		"/p/monstera?sku=PL-MON-L": "€59.00",
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
