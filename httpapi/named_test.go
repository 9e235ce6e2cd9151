package httpapi_test

import (
	"strings"
	"testing"

	"github.com/keelshop/commerce/httpapi"
	"github.com/keelshop/commerce/webhooks"
)

// TestRefusedFieldsAreNamed: what a command refuses names the field as what the
// schema refuses does.
func TestRefusedFieldsAreNamed(t *testing.T) {
	w := newWorld(t)
	cart := w.cart("", "mug", 1)
	for _, test := range []struct{ who, method, path, body, location string }{
		{"", "PATCH", cart, `{"contact":{"email":"not an address\r\nBcc: x@y.z"}}`, "body.contact.email"},
		{"", "PATCH", cart, `{"contact":{"email":"ann@example.com","name":"Ann\u0000"}}`, "body.contact.name"},
		{"", "PATCH", cart, `{"contact":{"shipping_address":{"line1":"1 Way\nBcc: x","city":"Ulm","country":"DE"}}}`, "body.contact.shipping_address.line1"},
		{"", "PATCH", cart, `{"metadata":null}`, "body.metadata"},
		{"", "POST", cart + "/lines", `{"lines":[{"sku":"mug","quantity":1e1}]}`, "body.lines[0].quantity"},
		{"", "POST", "/customers", `{"email":"somebody","password":"correct horse battery staple"}`, "body.email"},
		{"", "POST", "/customers", `{"email":"some@body.example","password":"123"}`, "body.password"},
		{w.staff, "PUT", "/staff/products/cap", `{"title":"Cap","variants":[{"sku":"cap","prices":[{"minor":-1,"currency":"EUR"}]}]}`, "body.variants[0].prices"},
		{w.staff, "PUT", "/staff/products/cap", `{"title":"Cap","metadata":null,"variants":[{"sku":"cap"}]}`, "body.metadata"},
		{w.staff, "PUT", "/staff/promotions/most", `{"name":"Most","effect":{"kind":"percent_off","rate":"500%"}}`, "body.effect.rate"},
		{w.staff, "POST", "/staff/endpoints", `{"url":"ftp://example.com"}`, "body.url"},
		{"", "GET", "/products?after=zzz", "", "query.after"},
		{w.staff, "GET", "/staff/orders?after=garbage", "", "query.after"},
		{w.staff, "GET", "/staff/products?after=cart_01", "", "query.after"},
		{w.alice, "GET", "/orders?after=zzz", "", "query.after"},
		{"", "GET", "/carts/cart_0", "", "path.cart"},
		{w.staff, "PUT", "/staff/price-lists/a%00", `{"title":"A"}`, "path.list"},
		{w.staff, "PUT", "/staff/product-types/a%00", `{"title":"A"}`, "path.code"},
		{"", "POST", "/carts/" + strings.ToLower("cart_01KAJ3W7Q8Z5D4F6G7H8J9K0M1") + "/checkout", goodCard, "path.cart"},
		{w.alice, "GET", "/orders/ord_0", "", "path.order"},
		{w.staff, "POST", "/staff/endpoints", `{"url":"https://example.com:99999/"}`, "body.url"},
		{w.staff, "POST", "/staff/endpoints", `{"url":"https://example.com:0/"}`, "body.url"},
		{w.staff, "POST", "/staff/endpoints", `{"url":"https://:443/"}`, "body.url"},
	} {
		r := w.ask(test.who, test.method, test.path, test.body)
		if got, _ := r.at("fields.0.location").(string); r.status/100 != 4 || !strings.EqualFold(got, test.location) {
			t.Errorf("%s %s %s: %d %s, want the field %s", test.method, test.path, test.body, r.status, r.text, test.location)
		}
	}
}

// TestDetailsNameNoCommands: what a command is called is for the log.
func TestDetailsNameNoCommands(t *testing.T) {
	w := newWorld(t)
	for path, body := range map[string]string{
		"/staff/products/mug/variants":                            `{"remove":["mug"]}`,
		"/staff/products/prd_01KAJ3W7Q8Z5D4F6G7H8J9K0M1/variants": `{"remove":["mug"]}`,
	} {
		if r := w.ask(w.staff, "PATCH", path, body); r.status/100 != 4 || strings.Contains(r.at("detail").(string), "catalog.") {
			t.Errorf("%s: %d %s", path, r.status, r.text)
		}
	}
	if r := w.ask(w.staff, "DELETE", "/staff/endpoints/whe_01KAJ3W7Q8Z5D4F6G7H8J9K0M1", ""); r.status != 404 || strings.Contains(r.at("detail").(string), "endpoints.") {
		t.Errorf("an endpoint: %d %s", r.status, r.text)
	}
}

// TestBoundsAreWrittenInDigits, not as a program writes them.
func TestBoundsAreWrittenInDigits(t *testing.T) {
	w := newWorld(t)
	r := w.ask("", "POST", "/carts", `{"lines":[{"sku":"mug","quantity":9007199254740993}]}`)
	if r.status != 422 || r.at("fields.0.message") != "expected number <= 1000000" {
		t.Errorf("too many: %d %s", r.status, r.text)
	}
}

// TestEndpointsThatNothingIsSentTo are refused when they are made, not found out
// when something happens.
func TestEndpointsThatNothingIsSentTo(t *testing.T) {
	shop, o, _ := everything(t)
	o.Auth = ownAuth{}
	w := serve(t, shop, o)
	quiet := serve(t, shop, httpapi.Options{Auth: ownAuth{}}) // another program sends
	for _, address := range []string{
		"http://example.com/hook", "https://127.0.0.1/", "https://[::1]:8443/", "https://10.1.2.3/", "https://localhost/hook", "https://169.254.169.254/latest",
		"https://[::ffff:127.0.0.1]/", "https://[fe80::1%25eth0]/", "https://LOCALHOST./", "https://shop.localhost:8443/", "https://0.0.0.0/", "https://100.64.0.1/",
		"https://2130706433/", "https://0x7f.1/", "https://0177.0.0.1/", "https://127.1/",
	} {
		for _, w := range []*world{w, quiet} {
			if r := w.ask("staff", "POST", "/staff/endpoints", `{"url":"`+address+`"}`); r.status != 422 || r.at("fields.0.location") != "body.url" {
				t.Errorf("%s: %d %s", address, r.status, r.text)
			}
		}
	}
	quiet.must(201, "staff", "POST", "/staff/endpoints", `{"url":"https://example.com/other"}`)
	made := w.must(201, "staff", "POST", "/staff/endpoints", `{"url":"https://example.com/hook"}`)
	w.must(422, "staff", "PUT", "/staff/endpoints/"+made.at("id").(string), `{"url":"https://192.168.0.1/"}`)

	lenient, err := webhooks.Start(t.Context(), shop, webhooks.Options{AllowPrivate: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := lenient.Close(); err != nil {
		t.Fatal(err)
	}
	own := serve(t, shop, httpapi.Options{Auth: ownAuth{}, Webhooks: lenient})
	own.must(201, "staff", "POST", "/staff/endpoints", `{"url":"http://127.0.0.1:9000/hook"}`)
}
