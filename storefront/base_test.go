package storefront_test

import (
	"crypto/rand"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/credit"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/storefront"
)

// atRoot returns the cookies that the whole site gets, by their names.
func (b *browser) atRoot() map[string]string {
	b.t.Helper()
	root, err := url.Parse("https://shop.example.com/elsewhere")
	if err != nil {
		b.t.Fatal(err)
	}
	root.Scheme, root.Host = b.at.Scheme, b.at.Host
	got := map[string]string{}
	for _, c := range b.client.Jar.Cookies(root) {
		got[c.Name] = c.Value
	}
	return got
}

// TestAShopBelowAPathKeepsToIt: what the site has at its root stays whatever
// somebody does in the shop, also when it has the names of the shop's cookies.
func TestAShopBelowAPathKeepsToIt(t *testing.T) {
	s := sample.with(t, storefront.Options{Base: "/shop"})
	email := strings.ToLower(rand.Text()) + "@example.com"
	const password = "a ship in port is safe"
	if _, err := s.store.Accounts.Register(t.Context(), accounts.Register{Email: commerce.Personal(email), Name: "Grace", Password: password}); err != nil {
		t.Fatal(err)
	}
	b := s.visitor(t)
	b.setCookies(&http.Cookie{Name: "session", Value: "the site's own"}, &http.Cookie{Name: "units", Value: "7"}, &http.Cookie{Name: "gift", Value: "wrapped"})
	for range 2 {
		b.submitAt("/shop/login", "/shop/login", map[string]string{"email": email, "password": password})
		b.want(200, email)
		b.submit("/shop/logout", nil)
		if left := b.atRoot(); len(left) != 3 || left["session"] == "" || left["units"] != "7" || left["gift"] != "wrapped" {
			t.Errorf("after logging out, the site has %v", left)
		}
	}
	b.open("/shop/login?back=/shop/account")
	b.want(200, "Log in")
}

// TestAShopThatMovedBelowAPath: cookies that it left at the root of the site are
// as good as ever, and whoever logs out is logged out of them too.
func TestAShopThatMovedBelowAPath(t *testing.T) {
	s := sample.with(t, storefront.Options{Base: "/shop"})
	email := strings.ToLower(rand.Text()) + "@example.com"
	const password = "a ship in port is safe"
	if _, err := s.store.Accounts.Register(t.Context(), accounts.Register{Email: commerce.Personal(email), Name: "Grace", Password: password}); err != nil {
		t.Fatal(err)
	}
	old, err := s.store.Accounts.LogIn(t.Context(), accounts.LogIn{Email: commerce.Personal(email), Password: password})
	if err != nil {
		t.Fatal(err)
	}
	basket, err := s.store.Carts.AddLine(t.Context(), cart.AddLine{SKU: "RAIN-COAT-INK-S", Quantity: 1, Currency: "EUR"})
	if err != nil {
		t.Fatal(err)
	}
	b := s.visitor(t)
	b.setCookies(&http.Cookie{Name: "session", Value: old.Token.Reveal()}, &http.Cookie{Name: "cart", Value: string(basket.ID)})
	b.open("/shop/account")
	b.want(200, email)
	b.submitAt("/shop/login", "/shop/login", map[string]string{"email": email, "password": password}) // now there are two sessions
	b.open("/shop/cart")
	b.want(200, "€189.00")
	b.submitAt("/shop/account", "/shop/logout", nil)
	b.open("/shop/account")
	b.want(200, "Log in")
	b.open("/shop/cart")
	b.want(200, "Your cart is empty.")
}

// TestLoggingOutSaysNothingOfSecrets: whoever logs out with gift card codes or
// orders, of which there may be thousands in one request, learns nothing of them.
func TestLoggingOutSaysNothingOfSecrets(t *testing.T) {
	s := sample.with(t, storefront.Options{Base: "/shop"})
	card, err := s.store.Credit.Issue(t.Context(), credit.Issue{Amount: money.New(1000, "EUR"), Reason: "test"})
	if err != nil {
		t.Fatal(err)
	}
	basket, err := s.store.Carts.AddLine(t.Context(), cart.AddLine{SKU: "EARL-GREY", Quantity: 1, Currency: "EUR"})
	if err != nil {
		t.Fatal(err)
	}
	answer := func(cookies string) string {
		r, err := http.NewRequestWithContext(t.Context(), "POST", s.url+"/shop/logout", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Cookie", cookies)
		got, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		got.Body.Close()
		return got.Status + " " + strings.Join(got.Header["Set-Cookie"], "\n")
	}
	for _, c := range []struct{ known, made string }{
		{"gift=" + card.Code, "gift=" + strings.Repeat("2", len(card.Code))},
		{"orders=" + string(basket.ID), "orders=cart_00000000000000000000000000"},
	} {
		known, made := answer(c.known), answer(c.made)
		if known != made || strings.Contains(known, "Path=/;") {
			t.Errorf("%s is answered with\n%s\nand %s with\n%s", c.known, known, c.made, made)
		}
	}
}
