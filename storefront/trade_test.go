package storefront_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/merchandising"
)

// TestListsShowWhatTheShopperPays: what is found, filtered and sorted by price,
// and suggested goes by the price lists of the shopper's groups, and is what
// the cart asks for.
func TestListsShowWhatTheShopperPays(t *testing.T) {
	shop := sample.store
	_, err := shop.Catalog.PutPriceList(t.Context(), catalog.PutPriceList{Code: "dealers", Title: "Dealers", Groups: []string{"dealers"}, DiscountBasisPoints: 9000})
	if err != nil {
		t.Fatal(err)
	}
	b := sample.visitor(t)
	b.register("dealer@example.com")
	c, err := shop.Accounts.ByEmail(t.Context(), "dealer@example.com")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := shop.Accounts.Update(t.Context(), accounts.Update{Customer: c.ID, Groups: &[]string{"dealers"}}); err != nil {
		t.Fatal(err)
	}
	const cheap = "/search?q=lantern&price=0-1000"
	b.open(cheap)
	b.want(200, "Storm lantern", "€5.90")
	b.open("/suggest?q=lant")
	b.want(200, "Storm lantern", "€5.90")
	b.open("/p/storm-lantern")
	b.want(200, "€5.90")
	b.submit("/cart/add", nil)
	b.open("/cart")
	b.want(200, "€5.90")
	guest := sample.visitor(t)
	guest.open(cheap)
	if guest.status != 200 || strings.Contains(guest.text, "Storm lantern") {
		t.Errorf("a guest sees the price of dealers: %d", guest.status)
	}
}

func TestRedirects(t *testing.T) {
	for _, rule := range []merchandising.Rule{{Query: "opening hours", Redirect: "/c/clothing"}, {Query: "press", Redirect: "https://press.example.com/kit?x=1"}} {
		if _, err := sample.store.Merchandising.PutRule(t.Context(), merchandising.PutRule{Rule: rule}); err != nil {
			t.Fatal(err)
		}
	}
	b := sample.visitor(t)
	b.open("/search?q=Opening+hour")
	if b.at.Path != "/c/clothing" {
		t.Errorf("sent to %s", b.at)
	}
	b.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	r, err := b.client.Get(sample.url + "/search?q=press")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	if got := r.Header.Get("Location"); got != "https://press.example.com/kit?x=1" {
		t.Errorf("sent to %q", got)
	}
}
