package storefront_test

import (
	"maps"
	"testing"

	"github.com/keelshop/commerce/storefront"
)

// TestWhatAGuestBoughtIsInTheAccount of who confirms the address that it was
// ordered with, and not before.
func TestWhatAGuestBoughtIsInTheAccount(t *testing.T) {
	guest := sample.visitor(t)
	guest.submitAt("/p/camp-mug", "/cart/add", nil)
	to := maps.Clone(ada)
	to["email"] = "was-guest@example.com"
	guest.submitAt("/checkout", "/checkout", to)
	guest.open("/checkout/delivery")
	guest.submit("/checkout/delivery", nil)
	guest.open("/checkout/payment?method=manual")
	guest.submit("/checkout/payment", nil)
	guest.want(200, "Thank you for your order")
	order := guest.at.Path

	b := sample.visitor(t)
	b.register("was-guest@example.com")
	b.want(200, "You have not ordered anything yet.")
	b.do("GET", order, nil)
	b.want(404)
	b.open("/account")
	b.submit("/account/verify", nil)
	b.submitAt(storefront.LetterPath(sample.letters.last(t, "was-guest@example.com")), "/verify", nil)
	b.want(200, "your e-mail address is confirmed", "without logging in, is in your account now")
	b.open("/account")
	b.want(200, order[len("/orders/ord_0"):][:4])
	b.open(order)
	b.want(200, "Camp mug", "Hafenstraße 1")
}
