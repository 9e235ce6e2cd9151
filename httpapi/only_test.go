package httpapi_test

import (
	"encoding/json"
	"errors"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/httpapi/client"
)

// makers are the operations that make what their path names, with a path to
// something that is not there in the shop of full, and what is put there.
func makers(alice string) map[string][2]string {
	return map[string][2]string{
		"put-product":       {"/staff/products/new", `{"title":"New","variants":[{"sku":"new","prices":[{"minor":100,"currency":"EUR"}]}]}`},
		"put-category":      {"/staff/categories/new", `{"title":"New"}`},
		"put-collection":    {"/staff/collections/new", `{"title":"New"}`},
		"put-product-type":  {"/staff/product-types/new", `{"title":"New"}`},
		"put-price-list":    {"/staff/price-lists/new", `{"title":"New"}`},
		"put-coupon":        {"/staff/coupons/NEW", `{"promotion":"summer"}`},
		"put-promotion":     {"/staff/promotions/new", `{"name":"New","effect":{"kind":"percent_off","rate":"10%"}}`},
		"put-tax-zone":      {"/staff/tax-zones/new", `{"areas":[{"country":"DE"}]}`},
		"put-shipping-zone": {"/staff/shipping-zones/new", `{"areas":[{"country":"DE"}]}`},
		"put-quantity-rule": {"/staff/quantity-rules/new", `{"max":10}`},
		"put-fee":           {"/staff/fees/new", `{"name":"New","amounts":[{"minor":100,"currency":"EUR"}]}`},
		"put-exemption":     {"/staff/customers/" + alice + "/exemptions/NEW", `{"areas":[{"country":"DE"}]}`},
	}
}

// TestOnlyIfItIsNew: If-None-Match: * makes what is not there, and changes nothing
// that is (RFC 9110, 13.1.2); If-Match: * is the other way round (13.1.1).
func TestOnlyIfItIsNew(t *testing.T) {
	w, _ := newFullWorld(t, nil)
	mine := w.full()
	all := makers(mine["{customer}"])
	for _, op := range w.operations() {
		if got, want := op.Method != "GET" && op.takes("header", "If-None-Match"), all[op.ID][0] != ""; got != want {
			t.Errorf("%s takes If-None-Match: %v, want %v", op.ID, got, want)
		}
		if all[op.ID][0] == "" {
			continue
		}
		path, body := all[op.ID][0], all[op.ID][1]
		refused := func(status int, at string, header ...string) {
			t.Helper()
			before := w.shop.Latest()
			r := w.ask(w.staff, "PUT", path, body, header...)
			if location, _ := r.at("fields.0.location").(string); r.status != status || at != location {
				t.Errorf("%s with %q: %d %s, want %d %s", op.ID, header, r.status, r.text, status, at)
			}
			if w.shop.Latest() != before {
				t.Errorf("%s with %q was refused and has changed something", op.ID, header)
			}
		}
		good := func(header ...string) {
			t.Helper()
			if r := w.ask(w.staff, "PUT", path, body, header...); r.status/100 != 2 {
				t.Errorf("%s with %q: %d %s", op.ID, header, r.status, r.text)
			}
		}
		refused(412, "", "If-Match", "*")
		refused(422, "header.If-None-Match", "If-None-Match", `"1"`)
		refused(422, "header.If-None-Match", "If-None-Match", `*, "1"`)
		refused(422, "header.If-None-Match", "If-None-Match", "*", "If-Match", "*")
		for range 2 { // asking again with the key is no second time
			good("If-None-Match", "*", "Idempotency-Key", "new-"+op.ID)
		}
		refused(412, "", "If-None-Match", "*")
		refused(412, "", "If-None-Match", " * ", "Idempotency-Key", "again-"+op.ID)
		good("If-Match", "*")
	}
}

// TestEveryConditionIsLookedAt: no change ignores a condition.
func TestEveryConditionIsLookedAt(t *testing.T) {
	w, _ := newFullWorld(t, nil)
	mine := w.full()
	bodies := good(mine)
	mine["{product}"], mine["{category}"] = mine["{subject}"], w.must(200, "", "GET", "/categories/cups", "").at("id").(string)
	all := makers(mine["{customer}"])
	for _, one := range all {
		if r := w.ask(w.staff, "PUT", one[0], one[1]); r.status/100 != 2 {
			t.Fatalf("%s: %d %s", one[0], r.status, r.text)
		}
	}
	d := w.document()
	for _, op := range w.operations() {
		if op.Method == "GET" {
			continue
		}
		e := &everyField{t: t, d: d, api: w.api, who: w.tokenFor(op.Policy), op: op}
		path, body := op.fill(mine), bodies[op.ID]
		if one, ok := all[op.ID]; ok {
			path, body = one[0], one[1]
		}
		if body == "" && op.RequestBody != nil && op.ID != "upload-asset" {
			text, err := json.Marshal(e.least(d.at(pointer("paths", op.Path, strings.ToLower(op.Method), "requestBody", "content", "application/json", "schema"))))
			if err != nil {
				t.Fatal(err)
			}
			body = string(text)
		}
		conditions := map[string]string{"If-Match": `"999999999"`, "If-None-Match": "*"}
		for name, value := range conditions {
			before := w.shop.Latest()
			r := e.ask(path, body, name, value)
			switch {
			case r.Code/100 == 2 || w.shop.Latest() != before:
				t.Errorf("%s ignores %s: %d %s", op.ID, name, r.Code, r.Body)
			case !op.takes("header", name) && !(r.Code == 412 && named(r, "header."+name)):
				t.Errorf("%s does not take %s, and answers %d %s", op.ID, name, r.Code, r.Body)
			case op.takes("header", name) && r.Code != 412 && !slices.Contains(elsewhereFirst, op.ID):
				t.Errorf("%s with %s answers %d %s", op.ID, name, r.Code, r.Body)
			}
		}
	}
}

// elsewhereFirst are operations that something else keeps from being carried out
// in the shop of full.
var elsewhereFirst = []string{"change-password"}

func named(r *httptest.ResponseRecorder, at string) bool {
	return strings.Contains(r.Body.String(), `"location":"`+at+`"`)
}

// TestTheFirstVersionCanBeMatched: the ETag of settings and rules that were never
// put is good for one change.
func TestTheFirstVersionCanBeMatched(t *testing.T) {
	w := newWorld(t)
	for path, change := range map[string][2]string{
		"/staff/documents/settings": {"/staff/documents/settings", `{"seller":{"name":"Shop"}}`},
		"/staff/merchandising":      {"/staff/merchandising/rules", `{"query":"cup","redirect":"/cups"}`},
		"/staff/rules":              {"/staff/fees/wrap", `{"name":"Wrap","amounts":[{"minor":100,"currency":"EUR"}]}`},
	} {
		tag := w.must(200, w.staff, "GET", path, "").header.Get("ETag")
		w.must(200, w.staff, "PUT", change[0], change[1], "If-Match", tag)
		if r := w.ask(w.staff, "PUT", change[0], change[1], "If-Match", tag); r.status != 412 || r.at("about.have") != 1.0 {
			t.Errorf("%s with the tag %s again: %d %s", change[0], tag, r.status, r.text)
		}
		w.must(200, w.staff, "PUT", change[0], change[1], "If-Match", w.must(200, w.staff, "GET", path, "").header.Get("ETag"))
	}
}

// TestOneOfManyMakesIt: of many who want to make the same thing, one does.
func TestOneOfManyMakesIt(t *testing.T) {
	w := newWorld(t)
	var made, stale int
	var all sync.WaitGroup
	var mu sync.Mutex
	for range 8 {
		all.Go(func() {
			shop := client.New(w.url, client.WithToken(w.staff))
			_, err := shop.PutProduct(t.Context(), "one", client.ProductInput{Title: "One", Variants: []client.VariantInput{{SKU: "one"}}}, client.IfNew())
			e, _ := errors.AsType[*client.Error](err)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				made++
			case e != nil && e.Status == 412 && errors.Is(err, fault.Conflict):
				stale++
			default:
				t.Errorf("neither made nor there: %v", err)
			}
		})
	}
	all.Wait()
	if made != 1 || stale != 7 {
		t.Errorf("%d made it, %d found it there", made, stale)
	}
	shop := client.New(w.url, client.WithToken(w.staff))
	_, err := shop.PutProduct(t.Context(), "two", client.ProductInput{Title: "Two", Variants: []client.VariantInput{{SKU: "two"}}}, client.IfThere())
	if e, ok := errors.AsType[*client.Error](err); !ok || e.Status != 412 {
		t.Errorf("replacing what is not there: %v", err)
	}
}
