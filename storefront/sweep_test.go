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

// TestAShopThatMovedBelowAPath: what it has left at the root of the site goes when
// somebody logs in or out, and what is the site's own stays.
func TestAShopThatMovedBelowAPath(t *testing.T) {
	s := sample.with(t, storefront.Options{Base: "/shop"})
	email := strings.ToLower(rand.Text()) + "@example.com"
	const password = "a ship in port is safe"
	if _, err := s.store.Accounts.Register(t.Context(), accounts.Register{Email: commerce.Personal(email), Name: "Grace", Password: password}); err != nil {
		t.Fatal(err)
	}
	logIn := func() string {
		session, err := s.store.Accounts.LogIn(t.Context(), accounts.LogIn{Email: commerce.Personal(email), Password: password})
		if err != nil {
			t.Fatal(err)
		}
		return session.Token.Reveal()
	}
	fill := func() string {
		basket, err := s.store.Carts.AddLine(t.Context(), cart.AddLine{SKU: "RAIN-COAT-INK-S", Quantity: 1, Currency: "EUR"})
		if err != nil {
			t.Fatal(err)
		}
		return string(basket.ID)
	}

	b := s.visitor(t)
	b.setCookies(&http.Cookie{Name: "session", Value: logIn()}, &http.Cookie{Name: "cart", Value: fill()}, &http.Cookie{Name: "units", Value: "3"}, &http.Cookie{Name: "gift", Value: "wrapped"})
	b.open("/shop/account")
	b.want(200, email) // the old cookie is as good as ever
	b.submit("/shop/logout", nil)
	if left := b.atRoot(); len(left) != 1 || left["gift"] != "wrapped" {
		t.Errorf("after logging out, the site has %v", left)
	}
	b.open("/shop/cart")
	b.want(200, "Your cart is empty.")

	b = s.visitor(t)
	b.setCookies(&http.Cookie{Name: "session", Value: "the site's own"}, &http.Cookie{Name: "cart", Value: fill()}, &http.Cookie{Name: "orders", Value: fill()})
	b.submitAt("/shop/login", "/shop/login", map[string]string{"email": email, "password": password})
	b.want(200, email)
	if left := b.atRoot(); len(left) != 1 || left["session"] == "" {
		t.Errorf("after logging in, the site has %v", left)
	}
	b.open("/shop/cart")
	b.want(200, "€189.00") // it came along
}
