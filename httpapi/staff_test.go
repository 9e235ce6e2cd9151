package httpapi_test

import (
	"strings"
	"testing"
)

func TestStaffPutAProduct(t *testing.T) {
	w := newWorld(t)
	asset := w.must(201, "staff", "POST", "/staff/assets", `<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`, "Content-Type", "image/svg+xml")
	category := w.must(200, "staff", "PUT", "/staff/categories/kitchen", `{"title":"Kitchen"}`).at("id").(string)
	put := w.must(200, "staff", "PUT", "/staff/products/kettle", `{
		"title":"Kettle","brand":"Boil","status":"draft","categories":["`+category+`"],
		"media":[{"asset":"`+asset.at("id").(string)+`","alt":"A kettle"}],
		"attributes":[{"name":"Litres","kind":"number","number":"1.7","unit":"l"}],
		"variants":[{"sku":"kettle-red","options":[{"name":"Colour","value":"Red"}],"prices":[{"minor":4900,"currency":"EUR"}],
			"compare_at":[{"minor":5900,"currency":"EUR"}],"weight_grams":900}],
		"metadata":{"shelf":7},"private_metadata":{"margin":30}}`)
	if put.at("private_metadata.margin") != 30.0 || put.at("status") != "draft" {
		t.Errorf("staff see %s", put.text)
	}
	w.must(404, "", "GET", "/products/kettle", "")
	w.must(404, "", "GET", "/variants/kettle-red", "")
	active := strings.Replace(`{"title":"Kettle","variants":[{"sku":"kettle-red","prices":[{"minor":4900,"currency":"EUR"}]}],
		"categories":["ID"],"media":[{"asset":"`+asset.at("id").(string)+`"}],"private_metadata":{"margin":30}}`, "ID", category, 1)
	w.must(200, "staff", "PUT", "/staff/products/kettle", active, "If-Match", put.header.Get("ETag"))
	if r := w.ask("staff", "PUT", "/staff/products/kettle", active, "If-Match", put.header.Get("ETag")); r.status != 412 {
		t.Errorf("with a version that has passed: %d %s", r.status, r.text)
	}
	shown := w.must(200, "", "GET", "/products/kettle", "")
	if strings.Contains(shown.text, "margin") || shown.at("categories.0") != category {
		t.Errorf("shoppers see %s", shown.text)
	}
	if l := w.must(200, "", "GET", "/products?category=kitchen", ""); l.at("items.0.handle") != "kettle" || l.at("items.1") != nil {
		t.Errorf("the kitchen holds %s", l.text)
	}
	if c := w.must(200, "", "GET", "/categories/kitchen", ""); c.at("products") != 1.0 || c.at("path.0.handle") != "kitchen" {
		t.Errorf("the category is %s", c.text)
	}
	file := w.must(200, "", "GET", shown.at("media.0.url").(string), "")
	if file.header.Get("Content-Type") != "image/svg+xml" || !strings.Contains(file.header.Get("Content-Security-Policy"), "sandbox") {
		t.Errorf("a picture comes with %v", file.header)
	}
	w.must(200, "staff", "POST", "/staff/products/"+put.at("id").(string)+"/archive", "")
	w.must(404, "", "GET", "/products/kettle", "")
}

func TestStaffFulfilReturnAndRefund(t *testing.T) {
	w := newWorld(t)
	cart := w.cart("", "mug", 3)
	bought := w.must(200, "", "POST", cart+"/checkout", goodCard)
	order := "/staff/orders/" + bought.at("order.id").(string)
	shipped := w.must(200, "staff", "POST", order+"/shipments", `{"lines":[{"line":1,"quantity":2}],"tracking":"T1"}`, "Idempotency-Key", "ship-1")
	w.must(200, "staff", "POST", order+"/shipments", `{"lines":[{"line":1,"quantity":2}],"tracking":"T1"}`, "Idempotency-Key", "ship-1")
	if shipped.at("fulfilment_status") != "partial" {
		t.Errorf("after two of three: %s", shipped.text)
	}
	if r := w.ask("staff", "POST", order+"/shipments", `{"lines":[{"line":1,"quantity":2}]}`); r.status != 409 || r.at("error") != "orders.quantity" || r.at("about.have") != 1.0 {
		t.Errorf("two more of one: %d %s", r.status, r.text)
	}
	w.must(200, "staff", "POST", order+"/shipments", `{}`)
	w.must(200, "staff", "POST", order+"/returns", `{"lines":[{"line":1,"quantity":1}],"reason":"too big"}`)
	refunds := w.must(200, "staff", "POST", order+"/refunds", `{"amount":{"minor":100,"currency":"EUR"},"reason":"late"}`)
	if refunds.at("items.0.kind") != "refund" {
		t.Errorf("the refunds are %s", refunds.text)
	}
	if r := w.ask("staff", "POST", order+"/cancel", `{"reason":"too late"}`); r.status != 409 || r.at("error") != "orders.status" {
		t.Errorf("canceling what has shipped: %d %s", r.status, r.text)
	}
	if l := w.must(200, "staff", "GET", "/staff/orders?status=placed", ""); l.at("items.0.id") != bought.at("order.id") {
		t.Errorf("the orders are %s", l.text)
	}
	w.must(200, "staff", "POST", "/staff/stock/mug/adjustments", `{"count":5,"reason":"counted"}`)
	w.must(200, "staff", "POST", "/staff/stock/mug/receipts", `{"quantity":5}`)
	if s := w.must(200, "staff", "GET", "/staff/stock/mug", ""); s.at("on_hand") != 10.0 {
		t.Errorf("the stock is %s", s.text)
	}
	if s := w.must(200, "", "GET", "/availability?sku=mug,pot", ""); s.at("items.0.available") != 10.0 {
		t.Errorf("what can be sold is %s", s.text)
	}
	if c := w.must(200, "staff", "POST", "/staff/customers/search", `{"email":"ALICE@example.com"}`); c.at("id") != w.alice {
		t.Errorf("found %s", c.text)
	}
}
