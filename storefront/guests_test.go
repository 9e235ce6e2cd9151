package storefront_test

import (
	"maps"
	"testing"

	"github.com/keelshop/commerce/storefront"
)

// ordersAsGuest returns the address of the page of an order.
func ordersAsGuest(t *testing.T, email string) string {
	t.Helper()
	guest := sample.visitor(t)
	guest.submitAt("/p/camp-mug", "/cart/add", nil)
	to := maps.Clone(ada)
	to["email"] = email
	guest.submitAt("/checkout", "/checkout", to)
	guest.open("/checkout/delivery")
	guest.submit("/checkout/delivery", nil)
	guest.open("/checkout/payment?method=manual")
	guest.submit("/checkout/payment", nil)
	guest.want(200, "Thank you for your order")
	return guest.at.Path
}

// TestWhatAGuestBoughtIsInTheAccount of who confirms the address that it was
// ordered with, and not before.
func TestWhatAGuestBoughtIsInTheAccount(t *testing.T) {
	order := ordersAsGuest(t, "was-guest@example.com")
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

// TestAStrangersAccountGetsNoOrders: somebody registers with an address that is
// not theirs, and its owner confirms it, with an account of their own or none. Who
// logs in and opens the link again gets the orders.
func TestAStrangersAccountGetsNoOrders(t *testing.T) {
	order := ordersAsGuest(t, "victim@example.com")
	mallory := sample.visitor(t)
	mallory.register("victim@example.com")
	mallory.open("/account")
	mallory.submit("/account/verify", nil)
	link := storefront.LetterPath(sample.letters.last(t, "victim@example.com"))

	other := sample.visitor(t)
	other.register("victims-other@example.com")
	for _, owner := range []*browser{sample.visitor(t), other} {
		owner.submitAt(link, "/verify", nil)
		owner.want(200, "your e-mail address is confirmed", "log in and open the link again")
		owner.do("GET", order, nil)
		owner.want(404)
	}
	mallory.open("/account")
	mallory.want(200, "You have not ordered anything yet.")
	mallory.do("GET", order, nil)
	mallory.want(404)

	mallory.submitAt(link, "/verify", nil) // it was the owner who had registered
	mallory.want(200, "without logging in, is in your account now")
	mallory.open(order)
	mallory.want(200, "Camp mug")
}
