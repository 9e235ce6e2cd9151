package httpapi_test

import (
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/keelshop/commerce/commercetest"
	"github.com/keelshop/commerce/httpapi"
)

// many returns variants of a size, from a number on.
func many(from, to int) string {
	var all []string
	for i := from; i < to; i++ {
		all = append(all, fmt.Sprintf(`{"sku":"shirt-%d","options":[{"name":"Size","value":"%d"}],"prices":[{"minor":%d,"currency":"EUR"}],
			"attributes":[{"name":"Fit","kind":"text","text":"A fit that is told of in some words, number %d"}]}`, i, i, 1000+i, i))
	}
	return strings.Join(all, ",")
}

func TestManyVariants(t *testing.T) {
	w := newWorld(t)
	const path = "/staff/products/shirt/variants"
	body := `{"title":"Shirt","variants":[` + many(0, 2000) + `]}`
	if len(body) < 256<<10 {
		t.Fatalf("%d bytes are no test", len(body))
	}
	w.must(200, w.staff, "PUT", "/staff/products/shirt?fields=id", body)
	seen, after := 0, ""
	for {
		r := w.must(200, w.staff, "GET", path+"?limit=500&after="+after, "")
		for i := range 9 {
			if r.at(fmt.Sprintf("items.%d.sku", i)) != fmt.Sprintf("shirt-%d", seen+i) {
				t.Fatalf("behind %q: %.200s", after, r.text)
			}
		}
		seen += len(r.at("items").([]any))
		next, more := r.at("next").(string)
		if !more {
			break
		}
		after = next
	}
	if seen != 2000 {
		t.Fatalf("read %d variants", seen)
	}
	tag := w.must(200, w.staff, "GET", path+"?limit=1", "").header.Get("ETag")
	put := w.must(200, w.staff, "PATCH", path, `{"variants":[`+many(7, 8)+`],"remove":["shirt-8","shirt-1999"]}`, "If-Match", tag, "Idempotency-Key", "k")
	again := w.must(200, w.staff, "PATCH", path, `{"variants":[`+many(7, 8)+`],"remove":["shirt-8","shirt-1999"]}`, "If-Match", tag, "Idempotency-Key", "k")
	if put.at("items.0.sku") != "shirt-7" || put.text != again.text {
		t.Errorf("put %s, and again %s", put.text, again.text)
	}
	if r := w.ask(w.staff, "PATCH", path, `{"remove":["shirt-9"]}`, "If-Match", tag); r.status != 412 {
		t.Errorf("with a version that has passed: %d %s", r.status, r.text)
	}
	if r := w.ask(w.staff, "PATCH", path, `{"variants":[{"sku":"x","prices":[{"minor":1,"currency":"XXZ"}]}]}`); r.status != 422 || r.at("fields.0.location") != "body.variants[0].prices[0].currency" {
		t.Errorf("a currency that is none: %d %s", r.status, r.text)
	}
	if r := w.must(200, w.staff, "GET", path+"?after=shirt-7&limit=1", ""); r.at("items.0.sku") != "shirt-9" {
		t.Errorf("behind what was removed: %s", r.text)
	}
}

func TestManyProducts(t *testing.T) {
	w := newWorld(t)
	const body = `{"products":[
		{"handle":"vase","title":"Vase","variants":[{"sku":"vase","prices":[{"minor":900,"currency":"EUR"}]}]},
		{"handle":"jar","title":"Jar","variants":[{"sku":"jar","prices":[{"minor":1,"currency":"XXZ"}]}]},
		{"handle":"thief","title":"Thief","variants":[{"sku":"mug","prices":[{"minor":1,"currency":"EUR"}]}]},
		{"handle":"odd","title":"Odd","variants":[{"sku":"odd"},{"sku":"odd"}]},
		{"handle":"bowl","title":"Bowl","variants":[{"sku":"bowl","prices":[{"minor":700,"currency":"EUR"}]}]}]}`
	r := w.must(200, w.staff, "POST", "/staff/products", body)
	if r.at("items.0.id") == nil || r.at("items.4.version") != 1.0 || r.at("items.0.problem") != nil {
		t.Errorf("what is good was not put: %s", r.text)
	}
	if r.at("items.1.problem.fields.0.location") != "body.products[1].variants[0].prices[0].currency" || r.at("items.1.id") != nil {
		t.Errorf("a currency that is none: %s", r.text)
	}
	if r.at("items.2.problem.status") != 409.0 || r.at("items.2.problem.error") == nil {
		t.Errorf("another product's SKU: %s", r.text)
	}
	if r.at("items.3.problem.code") != "invalid" {
		t.Errorf("a SKU twice: %s", r.text)
	}
	for _, handle := range []string{"vase", "bowl"} {
		w.must(200, "", "GET", "/products/"+handle, "")
	}
	const good = `{"products":[{"handle":"vase","title":"Vase","variants":[{"sku":"vase","prices":[{"minor":900,"currency":"EUR"}]}]}]}`
	again := w.must(200, w.staff, "POST", "/staff/products", good)
	if again.at("items.0.id") != r.at("items.0.id") || again.at("items.0.version") != 1.0 {
		t.Errorf("put again: %s", again.text)
	}
}

// BenchmarkPutVariants puts products of 10 variants, 100 in a request.
func BenchmarkPutVariants(b *testing.B) {
	shop := commercetest.Open(b)
	api, err := httpapi.New(shop, httpapi.Options{Auth: ownAuth{}, PerAddress: httpapi.Unlimited, PerAccount: httpapi.Unlimited})
	if err != nil {
		b.Fatal(err)
	}
	n := 0
	for b.Loop() {
		var products []string
		for range 100 {
			var variants []string
			for v := range 10 {
				variants = append(variants, fmt.Sprintf(`{"sku":"p%d-%d","options":[{"name":"Size","value":"%d"}],"prices":[{"minor":1000,"currency":"EUR"}]}`, n, v, v))
			}
			products = append(products, fmt.Sprintf(`{"handle":"p%d","title":"Product","variants":[%s]}`, n, strings.Join(variants, ",")))
			n++
		}
		r := httptest.NewRequest("POST", "/staff/products", strings.NewReader(`{"products":[`+strings.Join(products, ",")+`]}`))
		r.Header.Set("Authorization", "Bearer staff")
		w := httptest.NewRecorder()
		if api.ServeHTTP(w, r); w.Code != 200 || strings.Contains(w.Body.String(), "problem") {
			b.Fatalf("%d %.500s", w.Code, w.Body)
		}
	}
	b.ReportMetric(float64(n*10)/b.Elapsed().Seconds(), "variants/s")
}
