package httpapi_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/pricing"
)

// TestACartGoesToSeveralPlaces: a shopper adds a delivery, moves lines there,
// chooses how each is sent, and buys; staff ship one delivery after the other.
func TestACartGoesToSeveralPlaces(t *testing.T) {
	w := newWorld(t)
	for i, country := range []string{"DE", "FR"} {
		_, err := w.shop.Pricing.PutShippingZone(t.Context(), pricing.PutShippingZone{Zone: pricing.ShippingZone{ID: strings.ToLower(country), Areas: []pricing.Area{{Country: country}}, Methods: []pricing.ShippingMethod{
			{ID: "parcel", Name: "Parcel " + country, Rates: []pricing.ShippingRate{{Currency: "EUR", Tiers: []pricing.ShippingTier{{Price: int64(500 * (i + 1))}}}}},
		}}})
		if err != nil {
			t.Fatal(err)
		}
	}
	_, err := w.shop.Pricing.PutTaxZone(t.Context(), pricing.PutTaxZone{Zone: pricing.TaxZone{ID: "fr", Areas: []pricing.Area{{Country: "FR"}}, Rates: []pricing.TaxRate{{Name: "TVA", Rate: money.Percent(20)}}}})
	if err != nil {
		t.Fatal(err)
	}
	c := w.cart(w.alice, "mug", 3)
	const home, away = `{"line1":"Unter den Linden 1","city":"Berlin","postcode":"10117","country":"DE"}`, `{"line1":"Rue Cachée 7","city":"Paris","postcode":"75001","country":"FR"}`
	w.must(200, w.alice, "PATCH", c, `{"contact":{"email":"ada@example.com","shipping_address":`+home+`}}`)
	plain := w.must(200, w.alice, "GET", c, "")
	if strings.Contains(plain.text, `"deliveries"`) || strings.Contains(plain.text, `"delivery"`) {
		t.Errorf("a cart that goes to one place says %s", plain.text)
	}
	two := w.must(200, w.alice, "POST", c+"/deliveries", `{"address":`+away+`}`)
	if two.at("deliveries.1.id") != 2.0 || two.at("deliveries.1.country") != "FR" {
		t.Fatalf("the cart is %s", two.text)
	}
	line := int64(two.at("lines.0.id").(float64))
	two = w.must(200, w.alice, "POST", c+"/deliveries/2/lines", fmt.Sprintf(`{"lines":[{"line":%d,"quantity":2}]}`, line))
	if two.at("lines.1.delivery") != 2.0 || two.at("lines.1.quantity") != 2.0 || two.at("missing.1") != "deliveries.2.shipping_method" {
		t.Fatalf("the cart is %s", two.text)
	}
	second := int64(two.at("lines.1.id").(float64))
	if r := w.ask(w.alice, "PUT", c+"/lines/mug", `{"quantity":1}`); r.status != 422 {
		t.Errorf("which mugs: %d %s", r.status, r.text)
	}
	w.must(200, w.alice, "PUT", c+"/lines/mug", fmt.Sprintf(`{"quantity":3,"line":%d}`, second))
	if r := w.ask(w.alice, "PATCH", c+"/deliveries/2", `{"shipping_method":"pigeon"}`); r.status < 400 {
		t.Errorf("by pigeon: %d %s", r.status, r.text)
	}
	if r := w.ask(w.alice, "PATCH", c+"/deliveries/7", `{"shipping_method":"parcel"}`); r.status != 404 {
		t.Errorf("a delivery that is not there: %d %s", r.status, r.text)
	}
	w.must(200, w.alice, "PATCH", c+"/deliveries/1", `{"shipping_method":"parcel"}`)
	two = w.must(200, w.alice, "PATCH", c+"/deliveries/2", `{"shipping_method":"parcel"}`)
	if two.at("deliveries.1.shipping.minor") != 1000.0 || two.at("deliveries.1.tax.minor") != 200.0 || two.at("shipping.minor") != 1500.0 || two.at("tax.minor") != 750.0+200 {
		t.Errorf("the cart is %s", two.text)
	}
	if r := w.ask(w.bob, "GET", c+"/deliveries", ""); r.status != 404 && r.status != 403 {
		t.Errorf("somebody else's addresses: %d %s", r.status, r.text)
	}
	if r := w.must(200, w.alice, "GET", c+"/deliveries", ""); r.at("items.0.address.line1") != "Rue Cachée 7" {
		t.Errorf("the addresses are %s", r.text)
	}
	bought := w.must(200, w.alice, "POST", c+"/checkout", goodCard)
	id := bought.at("order.id").(string)
	o := w.must(200, w.alice, "GET", "/orders/"+id, "")
	if o.at("deliveries.1.shipping_name") != "Parcel FR" || o.at("deliveries.0.shipping.minor") != 500.0 || o.at("lines.1.delivery") != 2.0 {
		t.Errorf("the order is %s", o.text)
	}
	if r := w.must(200, w.alice, "GET", "/orders/"+id+"/deliveries", ""); r.at("items.1.address.city") != "Paris" || r.at("items.0.address.city") != "Berlin" {
		t.Errorf("it goes to %s", r.text)
	}
	shipments := "/staff/orders/" + id + "/shipments"
	if r := w.ask("staff", "POST", shipments, `{}`); r.status < 400 || r.status >= 500 {
		t.Errorf("all in one parcel: %d %s", r.status, r.text)
	}
	w.must(200, "staff", "POST", shipments, `{"delivery":2}`)
	if r := w.must(200, "staff", "POST", shipments, `{}`); r.at("fulfilment_status") != "fulfilled" {
		t.Errorf("the order is %s", r.text)
	}
	p := w.must(200, "staff", "POST", "/staff/orders/"+id+"/changes/preview", `{"reason":"one more","add":[{"sku":"mug","quantity":1}],"delivery":2}`)
	if p.at("added.minor") != 1500.0 {
		t.Errorf("the change is %s", p.text)
	}
	changes := "/staff/orders/" + id + "/changes"
	moved := w.must(200, "staff", "POST", changes, `{"reason":"they moved","delivery":2,"address":{"line1":"Quai Fleuri 3","city":"Lyon","country":"FR"}}`, "If-Match", p.header.Get("ETag"))
	if r := w.must(200, w.alice, "GET", "/orders/"+id+"/deliveries", ""); r.at("items.1.address.city") != "Lyon" || r.at("items.0.address.city") != "Berlin" {
		t.Errorf("it goes to %s", r.text)
	}
	if r := w.ask("staff", "POST", changes, `{"reason":"x","delivery":3,"address":{"line1":"Quai Fleuri 3","city":"Lyon","country":"FR"}}`, "If-Match", moved.header.Get("ETag")); r.status != 409 || r.at("error") != "orders.delivery" {
		t.Errorf("a delivery that is not there: %d %s", r.status, r.text)
	}
	grants := "/staff/orders/" + id + "/grants"
	if r := w.ask("staff", "POST", grants, `{"shipping":{"minor":90000,"currency":"EUR"},"delivery":2,"reason":"late"}`); r.status != 409 || r.at("about.what") != "shipping of delivery 2" {
		t.Errorf("more than it cost to send: %d %s", r.status, r.text)
	}
	if r := w.must(200, "staff", "POST", grants, `{"shipping":{"minor":100,"currency":"EUR"},"delivery":2,"reason":"late"}`); r.at("delivery") != 2.0 || r.at("shipping.minor") != 100.0 {
		t.Errorf("the grant is %s", r.text)
	}
	// What is taken off goes to the first.
	next := w.cart(w.bob, "mug", 1)
	w.must(200, w.bob, "POST", next+"/deliveries", `{}`)
	if r := w.must(200, w.bob, "DELETE", next+"/deliveries/2", ""); strings.Contains(r.text, `"deliveries"`) {
		t.Errorf("the cart is %s", r.text)
	}
}
