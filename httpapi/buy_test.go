package httpapi_test

import (
	"strings"
	"testing"
)

func TestAGuestBuys(t *testing.T) {
	w := newWorld(t)
	made := w.must(201, "", "POST", "/carts", `{"lines":[{"sku":"mug","quantity":2},{"sku":"cup","quantity":1}]}`)
	cart := "/carts/" + made.at("id").(string)
	if made.header.Get("Location") != cart || !strings.HasPrefix(made.header.Get("ETag"), `"1.`) {
		t.Errorf("the new cart is at %q, version %s", made.header.Get("Location"), made.header.Get("ETag"))
	}
	w.must(200, "", "PATCH", cart, `{"contact":{"email":"ann@example.com","name":"Ann","shipping_address":{"line1":"1 Way","city":"Ulm","country":"DE"}}}`)
	quote := w.must(200, "", "GET", cart+"/quote", "")
	if quote.at("total.minor") != 3400.0 || quote.at("total.formatted") != "34.00 EUR" {
		t.Errorf("the quote is %s", quote.text)
	}
	done := w.must(200, "", "POST", cart+"/checkout", `{"pay_with":"simulator","token":"pm_card_visa","expected_total":{"minor":3400,"currency":"EUR"}}`, "If-Match", quote.header.Get("ETag"))
	if done.at("order.status") != "placed" || done.at("order.payment_status") != "paid" {
		t.Errorf("the order is %s", done.text)
	}
	order := w.must(200, "", "GET", cart+"/order", "")
	if order.at("id") != done.at("order.id") || order.at("lines.0.sku") != "mug" {
		t.Errorf("the order of the cart is %s", order.text)
	}
	if contact := w.must(200, "", "GET", cart+"/contact", ""); contact.at("shipping_address.city") != "Ulm" {
		t.Errorf("the contact is %s", contact.text)
	}
}
