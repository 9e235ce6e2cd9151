package httpapi_test

import (
	"strings"
	"testing"
)

// TestRulesAreKept: what staff put is what they read, and what a cart is priced
// by.
func TestRulesAreKept(t *testing.T) {
	w := newWorld(t)
	w.must(200, w.staff, "PUT", "/staff/settings", `{"tax_included":true,"home":{"country":"DE"},"currencies":["EUR"]}`)
	w.must(200, w.staff, "PUT", "/staff/tax-zones/de", `{"areas":[{"country":"DE"}],"rates":[{"name":"VAT","rate":"19%"},
		{"name":"VAT","rate":"16%","category":"food","period":{"from":"2026-07-01T00:00:00Z","until":"2027-01-01T00:00:00Z"}}]}`)
	w.must(200, w.staff, "PUT", "/staff/shipping-zones/de", `{"areas":[{"country":"DE"}],"methods":[
		{"id":"parcel","name":"Parcel","min_days":1,"max_days":3,"rates":[{"currency":"EUR","tiers":[{"price":490}],"free_from":5000}]}]}`)
	w.must(200, w.staff, "PUT", "/staff/quantity-rules/six", `{"items":{"skus":["mug"]},"max":6}`)
	w.must(200, w.staff, "PUT", "/staff/promotions/summer", `{"name":"Summer","needs_code":true,"effect":{"kind":"percent_off","rate":"10%"},
		"if":{"min_subtotal":[{"minor":1000,"currency":"EUR"}]},"limits":{"uses":5}}`)
	w.must(200, w.staff, "PUT", "/staff/fees/wrap", `{"name":"Gift wrap","kind":"gift_wrap","per_line":true,"property":"gift_wrap","amounts":[{"minor":250,"currency":"EUR"}]}`)
	got := w.must(200, w.staff, "GET", "/staff/rules", "")
	for path, want := range map[string]any{
		"settings.home.country": "DE", "tax_zones.0.rates.1.period.from": "2026-07-01T00:00:00Z", "shipping_zones.0.methods.0.rates.0.free_from": 5000.0,
		"quantity_rules.0.max": 6.0, "promotions.0.if.min_subtotal.0.minor": 1000.0, "promotions.0.limits.uses": 5.0, "fees.0.property": "gift_wrap", "version": 6.0,
	} {
		if have := got.at(path); have != want {
			t.Errorf("%s is %v, want %v", path, have, want)
		}
	}
	w.must(204, w.staff, "PUT", "/staff/customers/"+w.alice+"/exemptions/DE-1", `{"reason":"charity","areas":[{"country":"DE"}]}`)
	if have := w.must(200, w.staff, "GET", "/staff/customers/"+w.alice+"/exemptions", ""); have.at("items.0.areas.0.country") != "DE" {
		t.Errorf("the exemptions are %s", have.text)
	}
	w.must(204, w.staff, "DELETE", "/staff/customers/"+w.alice+"/exemptions/DE-1", "")
	w.must(404, w.staff, "DELETE", "/staff/customers/"+w.alice+"/exemptions/DE-1", "")
	tag := got.header.Get("ETag")
	w.must(304, w.staff, "GET", "/staff/rules", "", "If-None-Match", tag)
	w.must(200, w.staff, "PUT", "/staff/promotions/summer", `{"id":"summer","name":"Summer","needs_code":true,"effect":{"kind":"percent_off","rate":"20%"}}`, "If-Match", tag)
	w.must(412, w.staff, "PUT", "/staff/promotions/summer", `{"name":"Winter","effect":{"kind":"percent_off","rate":"20%"}}`, "If-Match", tag)
	w.must(422, w.staff, "PUT", "/staff/promotions/summer", `{"id":"winter","name":"Winter","effect":{"kind":"percent_off","rate":"20%"}}`)
	w.must(422, w.staff, "PUT", "/staff/promotions/odd", `{"name":"Odd","effect":{"kind":"percent_off","rate":"a lot"}}`)
	w.must(422, w.staff, "PUT", "/staff/promotions/odd", `{"name":"Odd","effect":{"kind":"no such kind"}}`)

	w.must(200, w.staff, "PUT", "/staff/coupons/SUMMER20", `{"promotion":"summer","limits":{"uses":1}}`)
	if made := w.must(201, w.staff, "POST", "/staff/promotions/summer/coupons", `{"count":3,"prefix":"MAIL-","limits":{"uses":1}}`); !strings.HasPrefix(made.at("codes.2").(string), "MAIL-") {
		t.Errorf("the codes are %s", made.text)
	}
	page := w.must(200, w.staff, "GET", "/staff/coupons?promotion=summer&limit=3", "")
	if next, ok := page.at("next").(string); !ok || w.must(200, w.staff, "GET", "/staff/coupons?promotion=summer&limit=3&after="+next, "").at("items.0.promotion") != "summer" {
		t.Errorf("the second page of codes does not follow: %s", page.text)
	}
	cart := w.cart("", "mug", 2)
	w.must(200, "", "POST", cart+"/codes", `{"code":"summer20"}`)
	quote := w.must(200, "", "GET", cart+"/quote", "")
	if before, off := quote.at("subtotal.minor").(float64), quote.at("discount.minor").(float64); off*5 != before {
		t.Errorf("the code takes %v off %v, want a fifth: %s", off, before, quote.text)
	}
	w.must(200, w.staff, "PUT", "/staff/coupons/SUMMER20", `{"promotion":"summer","revoked":true}`)
	if c := w.must(200, w.staff, "GET", "/staff/coupons/summer20", ""); c.at("revoked") != true {
		t.Errorf("a code that was revoked is %s", c.text)
	}
	w.must(204, w.staff, "DELETE", "/staff/quantity-rules/six", "")
	w.must(404, w.staff, "DELETE", "/staff/quantity-rules/six", "")
}

// TestPriceLists: a list with a price for a market is what the market pays.
func TestPriceLists(t *testing.T) {
	w := newWorld(t)
	w.must(200, w.staff, "PUT", "/staff/price-lists/trade", `{"title":"Trade","markets":["AT"],"priority":5,"from":"2026-01-01T00:00:00Z"}`)
	w.must(204, w.staff, "PUT", "/staff/price-lists/trade/prices", `{"prices":[{"sku":"mug","tiers":[{"price":{"minor":900,"currency":"EUR"}},{"min_quantity":10,"price":{"minor":800,"currency":"EUR"}}]}]}`)
	w.must(404, w.staff, "PUT", "/staff/price-lists/none/prices", `{"prices":[{"sku":"mug"}]}`)
	lists := w.must(200, w.staff, "GET", "/staff/price-lists", "")
	if lists.at("items.0.code") != "trade" || lists.at("items.0.status") != "active" || lists.at("items.0.markets.0") != "AT" {
		t.Errorf("the lists are %s", lists.text)
	}
	cart := w.cart("", "mug", 2)
	w.must(200, "", "PATCH", cart, `{"contact":{"email":"ann@example.com","shipping_address":{"line1":"1 Way","city":"Graz","country":"AT"}}}`)
	if quote := w.must(200, "", "GET", cart+"/quote", ""); quote.at("subtotal.minor") != 1800.0 {
		t.Errorf("two mugs in Austria: %s", quote.text)
	}
	w.must(200, w.staff, "PUT", "/staff/price-lists/trade", `{"title":"Trade","status":"archived"}`, "If-Match", `"1"`)
	w.must(412, w.staff, "PUT", "/staff/price-lists/trade", `{"title":"Trade"}`, "If-Match", `"1"`)
}

// TestStockOfWhatIsNotOnShow: a draft's stock is nobody's business.
func TestStockOfWhatIsNotOnShow(t *testing.T) {
	w := newWorld(t)
	w.must(200, w.staff, "PUT", "/staff/products/secret", `{"title":"Secret","status":"draft","variants":[{"sku":"secret","prices":[{"minor":100,"currency":"EUR"}]}]}`)
	w.must(200, w.staff, "POST", "/staff/stock/secret/receipts", `{"quantity":7}`)
	got := w.must(200, "", "GET", "/availability?sku=mug,secret,nothing", "")
	if got.at("items.0.sku") != "mug" || strings.Contains(got.text, "secret") {
		t.Errorf("what is available: %s", got.text)
	}
	w.must(200, w.staff, "GET", "/staff/stock/secret", "")
}
