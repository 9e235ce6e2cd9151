package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/commercetest"
	"github.com/keelshop/commerce/httpapi/client"
	"github.com/keelshop/commerce/payments/simulator"
)

// visitor is a browser with cookies of its own.
func visitor(t *testing.T, server *httptest.Server, name string) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	browser := &http.Client{Jar: jar}
	if name == "" {
		return browser
	}
	answer, err := browser.PostForm(server.URL+"/login", url.Values{"name": {name}})
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil || !strings.Contains(string(text), fmt.Sprintf("Hello %q", name)) {
		t.Fatalf("logging in as %s: %s %v", name, text, err)
	}
	return browser
}

func TestTheApplicationsUsersBuy(t *testing.T) {
	shop := commercetest.Open(t, commerce.WithPayments(simulator.New()))
	handler, err := app(shop)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(handler)
	defer server.Close()
	ctx := t.Context()
	as := func(name string) *client.Client {
		return client.New(server.URL+"/shop", client.WithHTTPClient(visitor(t, server, name)))
	}
	bob, ann, guest := as("bob"), as("ann"), as("")
	_, err = bob.PutProduct(ctx, "mug", client.ProductInput{Title: "Mug", Variants: []client.VariantInput{
		{SKU: "mug", Untracked: true, Prices: []client.MoneyInput{{Minor: 1250, Currency: "EUR"}}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	cart, err := ann.CreateCart(ctx, client.CreateCartBody{Lines: []client.LineInput{{SKU: "mug", Quantity: 2}}})
	if err != nil {
		t.Fatal(err)
	}
	done, err := ann.CheckOut(ctx, cart.ID, client.CheckOutBody{PayWith: "simulator", Token: "pm_card_visa"})
	if err != nil {
		t.Fatal(err)
	}
	if mine, err := ann.ListMyOrders(ctx, client.ListMyOrdersQuery{}); err != nil || len(mine.Items) != 1 || mine.Items[0].ID != done.Order.ID {
		t.Errorf("Ann's orders are %v, %v", mine, err)
	}
	if _, err := bob.ShipOrder(ctx, done.Order.ID, client.ShipOrderBody{}); err != nil {
		t.Errorf("Bob ships: %v", err)
	}
	if _, err := ann.ShipOrder(ctx, done.Order.ID, client.ShipOrderBody{}); err == nil {
		t.Error("Ann ships too")
	}
	if _, err := guest.GetOrder(ctx, done.Order.ID); err == nil {
		t.Error("a guest reads Ann's order")
	}
}

// TestAnotherSiteCannotUseTheCookie sends what a browser would send from a page
// elsewhere: the cookie comes along, and nothing happens.
func TestAnotherSiteCannotUseTheCookie(t *testing.T) {
	shop := commercetest.Open(t)
	handler, err := app(shop)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(handler)
	defer server.Close()
	bob := visitor(t, server, "bob")
	r, err := http.NewRequestWithContext(t.Context(), "PUT", server.URL+"/shop/staff/products/mug", strings.NewReader(`{"title":"Mug","variants":[{"sku":"mug"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Origin", "https://evil.example")
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	answer, err := bob.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusForbidden {
		t.Errorf("another site's request: %d", answer.StatusCode)
	}
}
