package httpapi_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/keelshop/commerce/httpapi"
)

func TestOddBodiesNameTheField(t *testing.T) {
	w := newWorld(t)
	cart := w.cart("", "mug", 1)
	lines, person := cart+"/lines", cart
	for _, test := range []struct {
		name, method, path, body string
		status                   int
		field                    string
	}{
		{"unknown field", "POST", lines, `{"lines":[{"sku":"mug","quantity":1,"price":1}]}`, 422, "body.lines[0].price"},
		{"price is not for shoppers", "POST", lines, `{"lines":[{"sku":"mug","quantity":1,"agreed_price":{"minor":1,"currency":"EUR"}}]}`, 422, "body.lines[0].agreed_price"},
		{"duplicate in another case", "POST", lines, `{"lines":[{"sku":"mug","quantity":1,"SKU":"cup"}]}`, 422, "body.lines[0].SKU"},
		{"duplicate field", "POST", lines, `{"lines":[{"sku":"mug","quantity":1,"quantity":2}]}`, 422, "body.lines[0].quantity"},
		{"duplicate by escape", "POST", lines, `{"lines":[{"sku":"mug","quantity":1,"\u0073ku":"cup"}]}`, 422, "body.lines[0].sku"},
		{"missing field", "POST", lines, `{"lines":[{"sku":"mug"}]}`, 422, "body.lines[0]"},
		{"text for number", "POST", lines, `{"lines":[{"sku":"mug","quantity":"1"}]}`, 422, "body.lines[0].quantity"},
		{"fraction", "POST", lines, `{"lines":[{"sku":"mug","quantity":1.5}]}`, 422, "body.lines[0].quantity"},
		{"exponent", "POST", lines, `{"lines":[{"sku":"mug","quantity":1e1}]}`, 422, "body.lines[0].quantity"},
		{"huge number", "POST", lines, `{"lines":[{"sku":"mug","quantity":1e400}]}`, 422, "body.lines[0].quantity"},
		{"negative", "POST", lines, `{"lines":[{"sku":"mug","quantity":-1}]}`, 422, "body.lines[0].quantity"},
		{"null list", "POST", lines, `{"lines":null}`, 422, "body.lines"},
		{"empty list", "POST", lines, `{"lines":[]}`, 422, "body.lines"},
		{"object for list", "POST", lines, `{"lines":{}}`, 422, "body.lines"},
		{"list for body", "POST", lines, `[]`, 422, "body"},
		{"too many", "POST", lines, `{"lines":[` + strings.Repeat(`{"sku":"mug","quantity":1},`, 100) + `{"sku":"mug","quantity":1}]}`, 422, "body.lines"},
		{"long text", "PATCH", person, `{"contact":{"name":"` + strings.Repeat("x", 201) + `"}}`, 422, "body.contact.name"},
		{"country", "PATCH", person, `{"contact":{"shipping_address":{"line1":"a","city":"b","country":"Germany"}}}`, 422, "body.contact.shipping_address.country"},
		{"card number", "POST", cart + "/checkout", `{"pay_with":"simulator","token":"4242424242424242"}`, 422, ""},
		{"currency", "POST", cart + "/checkout", `{"pay_with":"simulator","expected_total":{"minor":1,"currency":"XXZ"}}`, 422, "body.expected_total.currency"},
		{"no body", "POST", lines, ``, 400, ""},
		{"not JSON", "POST", lines, `lines`, 400, ""},
		{"cut off", "POST", lines, `{"lines":[`, 400, ""},
		{"two values", "POST", lines, `{} {}`, 400, ""},
		{"not UTF-8", "POST", lines, "{\"lines\":\"\xff\"}", 400, ""},
		{"deep", "POST", lines, strings.Repeat("[", 100) + strings.Repeat("]", 100), 422, "body" + strings.Repeat("[0]", 33)},
		{"too long", "POST", lines, `{"lines":"` + strings.Repeat("x", 256<<10) + `"}`, 413, ""},
		{"unknown query", "GET", cart + "?filter=x", ``, 422, "query.filter"},
		{"unknown selection", "GET", cart + "?fields=id,lines.secret", ``, 422, "query.fields"},
		{"odd limit", "GET", "/products?limit=many", ``, 422, "query.limit"},
		{"large limit", "GET", "/products?limit=1000", ``, 422, "query.limit"},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := w.ask("", test.method, test.path, test.body)
			if r.status != test.status {
				t.Fatalf("answered %d %s, want %d", r.status, r.text, test.status)
			}
			if r.header.Get("Content-Type") != "application/problem+json" || r.at("code") != "invalid" || r.at("status") != float64(test.status) {
				t.Errorf("the problem is %s", r.text)
			}
			if test.field != "" && r.at("fields.0.location") != test.field {
				t.Errorf("the problem names %v, want %s: %s", r.at("fields.0.location"), test.field, r.text)
			}
		})
	}
	if got := w.must(200, "", "GET", cart, "").at("version"); got != 1.0 {
		t.Errorf("the cart is at version %v: an odd body has changed it", got)
	}
}

func TestOddHeaders(t *testing.T) {
	w := newWorld(t)
	cart := w.cart("", "mug", 1)
	const line = `{"lines":[{"sku":"mug","quantity":1}]}`
	for _, test := range []struct {
		name   string
		header []string
		status int
		field  any
	}{
		{"form", []string{"Content-Type", "application/x-www-form-urlencoded"}, 415, "header.Content-Type"},
		{"odd media type", []string{"Content-Type", "json;;;"}, 415, "header.Content-Type"},
		{"UTF-16", []string{"Content-Type", "application/json; charset=utf-16"}, 415, "header.Content-Type"},
		{"Latin 1", []string{"Content-Type", `application/json; charset="ISO-8859-1"`}, 415, "header.Content-Type"},
		{"gzip", []string{"Content-Encoding", "gzip"}, 415, "header.Content-Encoding"},
		{"several encodings", []string{"Content-Encoding", "identity, br"}, 415, "header.Content-Encoding"},
		{"guest's short key", []string{"Idempotency-Key", "1"}, 422, "header.Idempotency-Key"},
		{"a key that is no text", []string{"Idempotency-Key", strings.Repeat("\xff\xfe", 10)}, 422, "header.Idempotency-Key"},
		{"long key", []string{"Idempotency-Key", strings.Repeat("k", 256)}, 422, "header.Idempotency-Key"},
		{"odd version", []string{"If-Match", `"one"`}, 422, "header.If-Match"},
		{"stale version", []string{"If-Match", `"7"`}, 412, nil},
		{"UTF-8", []string{"Content-Type", `application/json; charset="UTF-8"`, "Content-Encoding", "identity"}, 200, nil},
	} {
		r := w.ask("", "POST", cart+"/lines", line, test.header...)
		if r.status != test.status || r.at("fields.0.location") != test.field {
			t.Errorf("%s: %d %s, want %d %v", test.name, r.status, r.text, test.status, test.field)
		}
	}
}

// TestWhoIsNotKnownHasToLogIn: an Authorization that is none of ours is told what
// would be, and of two neither counts.
func TestWhoIsNotKnownHasToLogIn(t *testing.T) {
	w := newWorld(t, httpapi.Options{Auth: &shopAuth{}})
	for name, values := range map[string][]string{
		"another scheme": {"Basic Zm9vOmJhcg=="}, "no token": {"Bearer"}, "a strange one": {"Bearer x"}, "two": {"Bearer " + w.staff, "Bearer " + w.staff},
	} {
		r := httptest.NewRequest("GET", "/staff/orders", nil)
		r.Header["Authorization"] = values
		answer := httptest.NewRecorder()
		if w.api.ServeHTTP(answer, r); answer.Code != 401 || answer.Header().Get("WWW-Authenticate") == "" {
			t.Errorf("%s: %d %s %v", name, answer.Code, answer.Body, answer.Header())
		}
	}
	w.must(200, w.staff, "GET", "/staff/orders", "")
}

// TestHandlesThatNothingIsFoundBy: whoever puts something by its ID would make a
// second one that has the ID for a handle.
func TestHandlesThatNothingIsFoundBy(t *testing.T) {
	w := newWorld(t)
	id := w.must(200, "", "GET", "/products/mug", "").at("id").(string)
	product := `{"title":"Mug","variants":[{"sku":"another"}]}`
	for path, body := range map[string]string{
		"/staff/products/" + id: product, "/staff/products/%2E%2E": product, "/staff/products/%2e": product,
		"/staff/categories/cat_1": `{"title":"Cups"}`, "/staff/collections/coll_": `{"title":"Winter"}`,
	} {
		if r := w.ask(w.staff, "PUT", path, body); r.status != 422 || r.at("fields.0.location") != "path.handle" {
			t.Errorf("%s: %d %s", path, r.status, r.text)
		}
	}
	r := w.must(200, w.staff, "POST", "/staff/products", `{"products":[{"handle":"prd_1","title":"Mug","variants":[{"sku":"another"}]}]}`)
	if r.at("items.0.problem.fields.0.location") != "body.products[0].handle" {
		t.Errorf("among many: %s", r.text)
	}
}

func TestUnroutedPaths(t *testing.T) {
	w := newWorld(t, httpapi.Options{Prefix: "/shop/api"})
	if r := w.ask("", "GET", "/nothing", ""); r.status != 404 || r.at("code") != "not_found" {
		t.Errorf("an unknown path: %d %s", r.status, r.text)
	}
	if r := w.ask("", "DELETE", "/products", ""); r.status != 405 || r.header.Get("Allow") != "GET, HEAD" {
		t.Errorf("another method: %d %s, Allow %q", r.status, r.text, r.header.Get("Allow"))
	}
}

// FuzzBodies sends any bytes to every route that takes a body: whatever they
// are, the answer is no failure of ours.
func FuzzBodies(f *testing.F) {
	api, ops := fuzzed(f, func(op operation) bool { return op.RequestBody != nil })
	bodies := []string{
		``, `{}`, `null`, `[]`, `{"lines":[{"sku":"mug","quantity":1}]}`, `{"contact":{"email":"a@b"},"metadata":{"a":[1,{"b":null}]}}`,
		`{"title":"T","variants":[{"sku":"s","prices":[{"minor":1,"currency":"EUR"}],"attributes":[{"name":"n","number":"1e9"}]}]}`,
		`{"count":1,"reason":"r"}`, `{"email":"a@b.c","password":"xxxxxxxxxxxx"}`, `{"a":1,"a":2}`, "\xff", `{"minor":9223372036854775808}`,
	}
	for i := range ops {
		f.Add(uint8(i), bodies[i%len(bodies)])
		f.Add(uint8(i), `{}`)
	}
	f.Fuzz(func(t *testing.T, i uint8, body string) {
		op := ops[int(i)%len(ops)]
		noFailure(t, api, op.Method, op.Path, body)
	})
}

// FuzzQueries sends any query to every route that takes parameters.
func FuzzQueries(f *testing.F) {
	api, ops := fuzzed(f, func(op operation) bool { return op.Method == "GET" && len(op.Parameters) > 0 })
	queries := []string{
		`q=mug&currency=EUR&filter=brand:Bosch&facets=price,brand&price_min=1&price_max=2`, `filter=price:&filter=:x&facets=,`, `limit=-1`, `after=%00%ff`,
		`sku=mug,,cup&currency=EUR&quantity=9223372036854775808`, `fields=id,items.,..a`, `before=2026-13-01T00:00:00Z&currency=EUR`, `limit=1&limit=2&a=%zz;`,
	}
	for i := range ops {
		for _, q := range queries[i%2*4:][:4] {
			f.Add(uint8(i), q)
		}
	}
	f.Fuzz(func(t *testing.T, i uint8, query string) {
		op := ops[int(i)%len(ops)]
		noFailure(t, api, op.Method, op.Path+"?"+strings.Map(printable, query), "")
	})
}

// printable leaves out what cannot be in a request's first line.
func printable(r rune) rune {
	if r <= ' ' || r > '~' || r == '#' {
		return -1
	}
	return r
}

// slow are the routes that hash a password, which is too slow for a fuzzer.
var slow = []string{"register", "log-in", "change-password", "reset"}

// fuzzed returns the API of a shop in which something has happened, and those of
// its operations that are wanted, with paths that lead to it.
func fuzzed(f *testing.F, wanted func(operation) bool) (http.Handler, []operation) {
	w, _ := newFullWorld(f, nil)
	mine := w.full()
	ops := slices.DeleteFunc(w.operations(), func(op operation) bool {
		return slices.Contains(slow, op.ID) || op.Policy == "provider" || !wanted(op)
	})
	if len(ops) < 40 || len(ops) > 256 {
		f.Fatalf("%d operations are fuzzed", len(ops))
	}
	for i, op := range ops {
		ops[i].Path = op.fill(mine)
	}
	return w.api, ops
}

func noFailure(t *testing.T, api http.Handler, method, path, body string) {
	t.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer staff")
	w := httptest.NewRecorder()
	api.ServeHTTP(w, r)
	if w.Code >= 500 {
		t.Fatalf("%s %s of %q answered %d %s", method, path, body, w.Code, w.Body)
	}
	if (w.Code == 400 || w.Code == 413 || w.Code == 422) && !strings.Contains(w.Body.String(), `"fields":[{"location":"`) {
		t.Fatalf("%s %s of %q answered %d %s, which names no field", method, path, body, w.Code, w.Body)
	}
	if w.Code >= 400 && !strings.Contains(w.Body.String(), `"code":"`) {
		t.Fatalf("%s %s of %q answered %d %s, which is no problem document", method, path, body, w.Code, w.Body)
	}
}
