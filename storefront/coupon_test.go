package storefront_test

import "testing"

func TestCodes(t *testing.T) {
	b := sample.visitor(t)
	b.submitAt("/p/sea-salt", "/cart/add", nil) // €6.90
	b.submit("/cart/code", map[string]string{"code": "NOPE"})
	b.want(200, "There is no such code.")
	b.submit("/cart/code", map[string]string{"code": "welcome10"})
	b.want(200, "WELCOME10", "The cart is not large enough for this code yet.", "Total €6.90")
	b.submitAt("/p/oak-board", "/cart/add", nil) // €32.00
	b.want(200, "10 % for a first visit −€3.89", "Total €35.01")
	b.submit("/cart/code/remove", nil)
	b.want(200, "Your cart was changed.", "Total €38.90")
}
