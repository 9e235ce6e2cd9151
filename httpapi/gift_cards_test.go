package httpapi_test

import (
	"testing"
	"time"
)

// TestGiftCardsOverHTTP: staff put a gift card into the catalog, a guest buys
// one of a chosen worth and sees its code, and staff, who do not, take it back.
func TestGiftCardsOverHTTP(t *testing.T) {
	w := newWorld(t)
	product := w.must(200, w.staff, "PUT", "/staff/products/gift-card", `{"title":"Gift card","variants":[{"sku":"gift","untracked":true,"prices":[{"minor":2500,"currency":"EUR"}],
		"digital":{"days":365,"gift_card":{"ranges":[{"least":{"minor":1000,"currency":"EUR"},"most":{"minor":9000,"currency":"EUR"}}]}}}]}`)
	again := w.must(200, w.staff, "GET", "/staff/products/"+product.at("id").(string), "")
	if again.at("selling.0.digital.gift_card.ranges.0.most.minor") != 9000.0 {
		t.Errorf("staff see %s", again.text)
	}
	cart := w.cart("", "gift", 1)
	w.must(200, "", "PUT", cart+"/lines/gift", `{"quantity":0}`)
	w.must(422, "", "POST", cart+"/lines", `{"lines":[{"sku":"gift","quantity":1,"properties":[{"name":"worth","value":"90.01"}]}]}`)
	if got := w.must(200, "", "POST", cart+"/lines", `{"lines":[{"sku":"gift","quantity":1,"properties":[{"name":"worth","value":"40"}]}]}`); got.at("lines.0.properties.0.value") != "40" {
		t.Errorf("the cart is %s", got.text)
	}
	order := w.must(200, "", "POST", cart+"/checkout", goodCard).at("order.id").(string)
	for deadline := time.Now().Add(time.Minute); w.must(200, "", "GET", cart+"/order/gift-cards", "").at("items.0.state") != "issued"; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("no card was issued")
		}
	}
	card := w.must(200, "", "GET", cart+"/order/gift-cards", "")
	if card.at("items.0.code") == nil || card.at("items.0.amount.minor") != 4000.0 {
		t.Errorf("the buyer sees %s", card.text)
	}
	if got := w.must(200, w.staff, "GET", "/staff/orders/"+order+"/gift-cards", ""); got.at("items.0.code") != nil || got.at("items.0.last4") == nil {
		t.Errorf("staff see %s", got.text)
	}
	back := w.must(200, w.staff, "POST", "/staff/orders/"+order+"/gift-cards/returns", `{"line":1,"unit":1,"reason":"changed her mind"}`)
	if back.at("state") != "taken_back" {
		t.Errorf("it is %s", back.text)
	}
	w.must(409, w.staff, "POST", "/staff/orders/"+order+"/gift-cards/returns", `{"line":1,"unit":1,"reason":"again"}`)
}
