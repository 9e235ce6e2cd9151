package httpapi_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// full makes what every path parameter can name: a shop in which something has
// happened.
func (w *world) full() map[string]string {
	w.t.Helper()
	mine := w.bought()
	done := func(who, method, path, body string) reply {
		w.t.Helper()
		r := w.ask(who, method, path, body)
		if r.status/100 != 2 {
			w.t.Fatalf("%s %s answered %d %s", method, path, r.status, r.text)
		}
		return r
	}
	id := func(r reply) string { return r.at("id").(string) }
	order := mine["{order}"]
	done(w.staff, "PUT", "/staff/promotions/summer", `{"name":"Summer","needs_code":true,"effect":{"kind":"percent_off","rate":"10%"}}`)
	done(w.staff, "PUT", "/staff/coupons/SAVE", `{"promotion":"summer"}`)
	done(w.staff, "PUT", "/staff/price-lists/trade", `{"title":"Trade"}`)
	done(w.staff, "PUT", "/staff/product-types/kettle", `{"title":"Kettle"}`)
	mine["{rma}"] = id(done(w.alice, "POST", "/orders/"+order+"/returns", `{"lines":[{"line":1,"quantity":1}],"reason":"damaged"}`))
	done(w.staff, "POST", "/staff/orders/"+order+"/grants", `{"other":{"minor":100,"currency":"EUR"},"reason":"late"}`)
	mine["{balance}"] = id(done(w.staff, "POST", "/staff/gift-cards", `{"amount":{"minor":1000,"currency":"EUR"}}`))
	mine["{method}"] = id(done(w.alice, "POST", "/payment-methods", `{"provider":"simulator","token":"pm_card_visa"}`))
	done(w.alice, "POST", "/customers/me/addresses", oneAddress)
	mine["{cart}"] = strings.TrimPrefix(w.cart(w.alice, "mug", 3), "/carts/")
	done(w.alice, "POST", "/carts/"+mine["{cart}"]+"/deliveries", `{"address":`+oneAddress+`}`)
	mine["{delivery}"] = "2"
	return mine
}

const oneAddress = `{"line1":"1 Way","city":"Ulm","postcode":"89073","country":"DE"}`

// good are bodies that the shop of full takes, for operations whose schema does not
// say enough to make one.
func good(mine map[string]string) map[string]string {
	eur := `{"minor":100,"currency":"EUR"}`
	variant := `{"sku":"mug","prices":[{"minor":1250,"currency":"EUR"}]}`
	bodies := map[string]string{
		"create-cart": twoMugs, "add-lines": twoMugs, "set-quantity": `{"line":1,"quantity":2}`, "update-cart": `{"contact":{"name":"Ann"}}`,
		"check-out": `{"tenders":[{"pay_with":"simulator","token":"pm_card_visa"}]}`, "apply-code": `{"code":"SAVE"}`,
		"add-delivery": `{"address":` + oneAddress + `}`, "update-delivery": `{"address":` + oneAddress + `}`, "add-address": oneAddress,
		"assign-lines": `{"lines":[{"line":1,"quantity":1}]}`, "register": `{"email":"eve@example.com","password":"a long walk home"}`,
		"update-me": `{"name":"Alice","email":"alice@example.com"}`, "log-in": `{"email":"alice@example.com","password":"a long walk home"}`,
		"change-password": `{"old_password":"a long walk home","new_password":"another long walk"}`, "reset": `{"token":"x","password":"another long walk"}`,
		"verify": `{"token":"x"}`, "get-gift-card": `{"code":"GGGGGGGGGGGGGGGG"}`, "merge-cart": `{"cart":"` + mine["{cart}"] + `"}`, "pay-order": `{"pay_with":"simulator","token":"pm_card_visa"}`,
		"request-return": `{"lines":[{"line":1,"quantity":1}],"reason":"damaged"}`, "reorder": `{}`,
		"save-payment-method": `{"provider":"simulator","token":"pm_card_visa"}`, "start-reset": `{"email":"alice@example.com"}`,
		"adjust-balance": `{"amount":` + eur + `,"reason":"a gift"}`, "set-balance-state": `{"disabled":false}`, "put-category": `{"title":"Cups"}`,
		"put-collection": `{"title":"Winter"}`, "put-coupon": `{"promotion":"summer"}`, "find-customer": `{"email":"alice@example.com"}`,
		"find-customers-by-phone": `{"phone":"+49 731 1"}`, "grant-credit": `{"amount":` + eur + `}`, "put-exemption": `{"areas":[{"country":"DE"}]}`,
		"clear-discrepancy":     `{"kind":"still_held","note":"seen","payment":"` + mine["{payment}"] + `","provider":"simulator"}`,
		"put-document-settings": `{"seller":{"name":"Shop"}}`, "put-download-settings": `{"by_staff":false}`, "create-endpoint": `{"url":"https://example.com/hook"}`,
		"put-endpoint": `{"url":"https://example.com/hook"}`, "replay-endpoint": `{"position":""}`, "rotate-endpoint-secret": `{}`,
		"put-fee": `{"name":"Fee","amounts":[` + eur + `]}`, "issue-gift-card": `{"amount":` + eur + `}`, "put-search-rule": `{"query":"cup","redirect":"/cups"}`,
		"put-vocabulary": `{"stop_words":["the"]}`, "set-numbering": `{"scheme":"sequence","prefix":"A-"}`, "annotate-order": `{"metadata":{}}`,
		"cancel-order": `{"reason":"late"}`, "confirm-change": `{"reason":"late","cancel":[{"line":1,"quantity":1}]}`,
		"preview-change": `{"reason":"late","cancel":[{"line":1,"quantity":1}]}`, "take-back-gift-card": `{"line":1,"unit":1,"reason":"late"}`,
		"grant-refund": `{"other":` + eur + `,"reason":"late"}`, "release-refund": `{}`, "cancel-lines": `{"lines":[{"line":1,"quantity":1}],"reason":"late"}`,
		"refund-order": `{"amount":` + eur + `,"to":[{"payment":"` + mine["{payment}"] + `","amount":` + eur + `}]}`, "return-order": `{"lines":[{"line":1,"quantity":1}],"reason":"late"}`, "ship-order": `{"lines":[{"line":1,"quantity":1}]}`,
		"track-parcel": `{"status":"in_transit"}`, "reconcile-payments": `{"provider":"simulator","since":"2026-01-01T00:00:00Z"}`,
		"capture-payment": `{}`, "record-refund": `{"reference":"r1"}`, "resolve-payment": `{"state":"captured","reason":"seen"}`, "void-payment": `{}`,
		"set-places": `{"places":[{"id":"main"},{"id":"berlin"}]}`, "put-price-list": `{"title":"Trade"}`,
		"put-list-prices": `{"prices":[{"sku":"mug","tiers":[{"price":` + eur + `}]}]}`, "put-product-type": `{"title":"Kettle"}`,
		"put-products": `{"products":[{"handle":"mug","title":"The mug","variants":[` + variant + `]}]}`,
		"put-product":  `{"title":"The mug","variants":[` + variant + `]}`, "put-variants": `{"variants":[` + variant + `]}`,
		"put-promotion": `{"name":"Summer","needs_code":true,"effect":{"kind":"percent_off","rate":"10%"}}`, "make-coupons": `{"count":1}`,
		"put-quantity-rule": `{"max":1000000}`, "decide-return": `{"state":"approved"}`, "receive-return": `{"lines":[{"line":1,"resellable":1}]}`,
		"put-settings": `{}`, "put-shipping-zone": `{"areas":[{}]}`, "receive-stock-of-many": `{"lines":[{"sku":"mug","quantity":1}]}`,
		"adjust-stock": `{"count":50,"reason":"counted"}`, "set-stock-policy": `{}`, "receive-stock": `{"quantity":1}`, "put-tax-zone": `{"areas":[{}]}`,
		"set-terms": `{"items":[{"name":"net30","days":30}]}`, "send-transfer": `{"sku":"mug","to":"berlin","quantity":1}`, "receive-transfer": `{"quantity":1}`,
	}
	return bodies
}

// everyField tries the fields of one operation.
type everyField struct {
	t    *testing.T
	d    *document
	api  http.Handler
	who  string
	op   operation
	path string
	n    int

	version string // the If-Match of every request
}

// TestEveryFieldIsNamed sends every field of every operation's body in every wrong
// way, to a shop in which what the paths name is there. It wants a refusal that
// names the field; where the schema leaves it to the commands whether something
// is wrong, that they name it if they refuse it.
func TestEveryFieldIsNamed(t *testing.T) {
	w, _ := newFullWorld(t, nil)
	mine := w.full()
	bodies := good(mine)
	d := w.document()
	n := 0
	for _, op := range w.operations() {
		if op.RequestBody == nil || op.ID == "upload-asset" {
			continue
		}
		e := &everyField{t: t, d: d, api: w.api, who: w.tokenFor(op.Policy), op: op, path: op.fill(mine)}
		schema := d.at(pointer("paths", op.Path, strings.ToLower(op.Method), "requestBody", "content", "application/json", "schema"))
		body := map[string]any{}
		if text, ok := bodies[op.ID]; ok {
			if err := json.Unmarshal([]byte(text), &body); err != nil {
				t.Fatalf("%s: %v", op.ID, err)
			}
		} else {
			body = e.least(schema).(map[string]any)
		}
		if op.ID == "confirm-change" { // it needs the version that was previewed
			e.version = w.must(200, w.staff, "GET", "/orders/"+mine["{order}"], "").header.Get("ETag")
		}
		e.object(body, schema, nil)
		e.raw()
		r := e.send(body)
		if r.Code/100 != 2 && !slices.Contains([]int{401, 403, 409, 412}, r.Code) && !slices.Contains(strangers, op.ID) {
			t.Errorf("%s: the good body is answered %d %s", op.ID, r.Code, r.Body)
		}
		n += e.n
	}
	t.Logf("%d requests", n)
	if n < 3000 {
		t.Errorf("only %d requests were made", n)
	}
}

// strangers are operations that end at somebody or something that is not there.
var strangers = []string{"change-password", "log-in", "reset", "verify", "join-guest-orders", "get-gift-card", "clear-discrepancy", "link-download", "link-download-of-cart", "take-back-gift-card"}

// elsewhere are fields that are refused because of another one, which is named.
var elsewhere = map[string]string{
	"check-out body.terms": "body.tenders.pay_with", "ship-order body.delivery": "body.lines",
	"put-search-rule body.query": "body.redirect", "put-search-rule body.redirect": "body",
}

// TestEveryParameterIsNamed is the same for what stands in the path, the query and
// the headers.
func TestEveryParameterIsNamed(t *testing.T) {
	w, _ := newFullWorld(t, nil)
	mine := w.full()
	bodies := good(mine)
	d := w.document()
	for _, op := range w.operations() {
		if op.ID == "upload-asset" || op.Policy == "provider" || op.Policy == "session" {
			continue
		}
		e := &everyField{t: t, d: d, api: w.api, who: w.tokenFor(op.Policy), op: op, path: op.fill(mine)}
		needed := url.Values{}
		if op.ID == "search" { // prices need one
			needed.Set("currency", "EUR")
		}
		for _, p := range op.Parameters {
			if p.In == "query" && p.Required {
				needed.Set(p.Name, map[bool]string{true: "EUR", false: "mug"}[p.Name == "currency"])
			}
		}
		body := bodies[op.ID]
		if op.RequestBody != nil && body == "" {
			body = "{}"
		}
		for _, p := range op.Parameters {
			if p.In == "path" && op.Policy == "staff" { // others do not learn whether it can be one
				path := op.fill(map[string]string{"{" + p.Name + "}": url.PathEscape(strings.Repeat("x", 5000))})
				e.refused("a long "+p.Name, e.ask(op2(path, mine)+"?"+needed.Encode(), body), "path."+p.Name)
			}
			if p.In == "query" {
				e.query(p.Name, p.Schema, needed, body)
			}
		}
		e.refused("an unknown parameter", e.ask(e.path+"?"+needed.Encode()+"&zzz=1", body), "query.zzz")
		e.refused("a query with a bad escape", e.ask(e.path+"?"+needed.Encode()+"&limit=%zz", body), "query")
		if op.takesKey() {
			e.refused("a long key", e.ask(e.path, body, "Idempotency-Key", strings.Repeat("k", 300)), "header.Idempotency-Key")
			e.refused("two keys", e.ask(e.path, body, "Idempotency-Key", "the-first-of-two-keys", "Idempotency-Key", "the-other-of-two-keys"), "header.Idempotency-Key")
			e.refused("a key that is a card number", e.ask(e.path+"?"+needed.Encode(), body, "Idempotency-Key", "4242424242424242"), "header.Idempotency-Key")
		}
		if op.takes("header", "If-Match") {
			e.refused("an odd version", e.ask(e.path+"?"+needed.Encode(), body, "If-Match", "one"), "header.If-Match")
		}
		if op.RequestBody != nil {
			e.refused("a form", e.ask(e.path+"?"+needed.Encode(), body, "Content-Type", "text/plain"), "header.Content-Type")
		}
	}
}

func op2(path string, values map[string]string) string { return operation{Path: path}.fill(values) }

// query tries one parameter.
func (e *everyField) query(name string, raw json.RawMessage, needed url.Values, body string) {
	e.t.Helper()
	var schema map[string]any
	if err := json.Unmarshal(raw, &schema); err != nil {
		e.t.Fatal(err)
	}
	with := func(value string) string {
		q := maps.Clone(needed)
		q.Set(name, value)
		return e.path + "?" + q.Encode()
	}
	switch schema["type"] {
	case "integer":
		for _, odd := range []string{"many", "1.5", "-1", "9223372036854775808", "1e1"} {
			e.refused(name+"="+odd, e.ask(with(odd), body), "query."+name)
		}
	case "array":
		return
	}
	e.refused("two of "+name, e.ask(with("1")+"&"+name+"=2", body), "query."+name)
	if schema["maxLength"] != nil || schema["pattern"] != nil || schema["enum"] != nil {
		e.refused("a long "+name, e.ask(with(strings.Repeat("x", 5000)), body), "query."+name)
	}
	for _, odd := range []string{"\x00", "cus_1", "4242424242424242"} {
		if r := e.ask(with(odd), body); r.Code >= 500 || r.Code == 400 || r.Code == 422 {
			e.refused(name+"="+odd, r, "query."+name)
		}
	}
}

// tokenFor returns who may use operations of a policy.
func (w *world) tokenFor(policy string) string {
	if policy == "staff" {
		return w.staff
	}
	return w.alice
}

// object tries the members of an object, which is at a path of the whole body.
func (e *everyField) object(whole, schema map[string]any, at []any) {
	properties, _ := schema["properties"].(map[string]any)
	if properties == nil {
		return // its members are free
	}
	e.must("an unknown member", e.with(whole, append(slices.Clone(at), "zzz"), 1), append(slices.Clone(at), "zzz"))
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		e.field(whole, e.d.follow(properties[name].(map[string]any)), append(slices.Clone(at), name))
	}
}

func (e *everyField) field(whole, schema map[string]any, at []any) {
	kind := schema["type"]
	nullable := false
	if kinds, ok := kind.([]any); ok {
		kind, nullable = kinds[0], slices.Contains(kinds, any("null"))
	}
	wrong := any("x")
	if kind == "string" {
		wrong = 7
	}
	e.must("another type", e.with(whole, at, wrong), at)
	if nullable {
		e.may("null", e.with(whole, at, nil), at)
	} else {
		e.must("null", e.with(whole, at, nil), at)
	}
	name := at[len(at)-1]
	if _, ok := name.(string); ok {
		twice := append(slices.Clone(at[:len(at)-1]), name.(string)+"<twice>")
		value := e.least(schema)
		e.must("a duplicate", e.with(e.with(whole, at, value), twice, value), at)
	}
	switch kind {
	case "integer":
		e.number(whole, schema, at)
	case "string":
		long := strings.Repeat("x", 70_000)
		if most, ok := schema["maxLength"]; ok && integer(most) < len(long) || schema["enum"] != nil || schema["pattern"] != nil || schema["format"] != nil {
			e.must("too long", e.with(whole, at, long), at)
		} else {
			e.may("too long", e.with(whole, at, long), at)
		}
		if e.op.ID == "put-variants" && location(at) == "body.variants[0].sku" {
			return // it would make another variant that looks like the first
		}
		for _, odd := range []string{"", "\x00", "4242424242424242"} {
			e.may("odd", e.with(whole, at, odd), at)
		}
	case "array":
		items := e.d.follow(schema["items"].(map[string]any))
		first := append(slices.Clone(at), 0)
		if items["type"] == "object" && items["properties"] != nil {
			e.object(e.with(whole, first, e.least(items)), items, first)
		} else {
			e.field(e.with(whole, first, e.least(items)), items, first)
		}
		if most, ok := schema["maxItems"]; ok && integer(most) <= 1000 {
			many := make([]any, integer(most)+1)
			for i := range many {
				many[i] = e.least(items)
			}
			e.must("too many", e.with(whole, at, many), at)
		}
	case "object":
		if schema["properties"] != nil {
			e.object(e.with(whole, at, e.merged(whole, schema, at)), schema, at)
		}
	}
}

// number tries a whole number.
func (e *everyField) number(whole, schema map[string]any, at []any) {
	for _, n := range []string{"1.5", "1e400", "9223372036854775808"} {
		e.must(n, e.with(whole, at, json.RawMessage(n)), at)
	}
	e.may("1e2", e.with(whole, at, json.RawMessage("1e2")), at)
	least, bounded := schema["minimum"]
	if bounded && integer(least) > -1 {
		e.must("negative", e.with(whole, at, -1), at)
	} else {
		e.may("negative", e.with(whole, at, -1), at)
	}
	if _, bounded := schema["maximum"]; bounded {
		e.must("huge", e.with(whole, at, int64(9e18)), at)
	} else {
		e.may("huge", e.with(whole, at, int64(9e18)), at)
	}
}

func integer(v any) int {
	n, err := v.(json.Number).Int64()
	if err != nil {
		return 0
	}
	return int(n)
}

// merged is the object that is at a path, or the least that there can be.
func (e *everyField) merged(whole, schema map[string]any, at []any) any {
	var v any = whole
	for _, step := range at {
		switch node := v.(type) {
		case map[string]any:
			v = node[step.(string)]
		case []any:
			if step.(int) >= len(node) {
				return e.least(schema)
			}
			v = node[step.(int)]
		default:
			return e.least(schema)
		}
	}
	if v == nil {
		return e.least(schema)
	}
	return v
}

// with returns a copy of the body that has a value at a path.
func (e *everyField) with(whole map[string]any, at []any, value any) map[string]any {
	return put(whole, at, value).(map[string]any)
}

func put(node any, at []any, value any) any {
	if len(at) == 0 {
		return value
	}
	switch step := at[0].(type) {
	case string:
		object, _ := node.(map[string]any)
		object = maps.Clone(object)
		if object == nil {
			object = map[string]any{}
		}
		object[step] = put(object[step], at[1:], value)
		return object
	default:
		list, _ := node.([]any)
		list = slices.Clone(list)
		if len(list) == 0 {
			list = make([]any, 1)
		}
		list[0] = put(list[0], at[1:], value)
		return list
	}
}

// least returns the least value that a schema allows.
func (e *everyField) least(schema map[string]any) any {
	schema = e.d.follow(schema)
	if enum, ok := schema["enum"].([]any); ok {
		return enum[0]
	}
	kind := schema["type"]
	if kinds, ok := kind.([]any); ok {
		kind = kinds[0]
	}
	switch kind {
	case "object":
		out := map[string]any{}
		required, _ := schema["required"].([]any)
		for _, name := range required {
			out[name.(string)] = e.least(schema["properties"].(map[string]any)[name.(string)].(map[string]any))
			if name == "currency" {
				out["currency"] = "EUR"
			}
		}
		return out
	case "array":
		if schema["minItems"] != nil {
			return []any{e.least(schema["items"].(map[string]any))}
		}
		return []any{}
	case "integer":
		return 1
	case "boolean":
		return false
	}
	switch pattern, _ := schema["pattern"].(string); {
	case schema["format"] == "date-time":
		return "2026-05-01T00:00:00Z"
	case strings.Contains(pattern, "{64}"):
		return strings.Repeat("0a", 32)
	case strings.Contains(pattern, "{3}"):
		return "EUR"
	case strings.Contains(pattern, "{2}"):
		return "DE"
	}
	return "mug"
}

// must wants a refusal that names the field.
func (e *everyField) must(what string, body map[string]any, at []any) {
	e.t.Helper()
	r := e.send(body)
	if r.Code != 400 && r.Code != 413 && r.Code != 422 {
		e.t.Errorf("%s: %s at %s is answered %d %.300s", e.op.ID, what, location(at), r.Code, r.Body)
		return
	}
	e.named(what, r, at, true)
}

// may wants that the field is named if it is refused.
func (e *everyField) may(what string, body map[string]any, at []any) {
	e.t.Helper()
	r := e.send(body)
	if r.Code >= 500 {
		e.t.Errorf("%s: %s at %s is answered %d %.300s", e.op.ID, what, location(at), r.Code, r.Body)
	}
	if r.Code == 400 || r.Code == 413 || r.Code == 422 {
		e.named(what, r, at, false)
	}
}

func (e *everyField) named(what string, r *httptest.ResponseRecorder, at []any, exactly bool) {
	e.t.Helper()
	var p struct {
		Code   string
		Fields []struct{ Location string }
	}
	if err := json.Unmarshal(r.Body.Bytes(), &p); err != nil || p.Code != "invalid" {
		e.t.Errorf("%s: %s at %s is answered %s: %v", e.op.ID, what, location(at), r.Body, err)
	}
	want := unnumbered.ReplaceAllString(location(at), "")
	for _, f := range p.Fields {
		got := unnumbered.ReplaceAllString(f.Location, "")
		if got == want || strings.HasPrefix(want, got+".") && got != "body" || strings.HasPrefix(got, want+".") || got == elsewhere[e.op.ID+" "+want] {
			return
		}
		// What does not fit together is named by one of its members.
		if parent := got[:max(0, strings.LastIndex(got, "."))]; !exactly && strings.Count(parent, ".") > 0 && strings.HasPrefix(want, parent+".") {
			return
		}
	}
	e.t.Errorf("%s: %s at %s is answered %d %.400s", e.op.ID, what, location(at), r.Code, r.Body)
}

var unnumbered = regexp.MustCompile(`\[\d+\]`)

// location writes a path as problems do.
func location(at []any) string {
	out := "body"
	for _, step := range at {
		if i, ok := step.(int); ok {
			out += fmt.Sprintf("[%d]", i)
		} else {
			out += "." + step.(string)
		}
	}
	return out
}

func (e *everyField) send(body map[string]any) *httptest.ResponseRecorder {
	e.t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		e.t.Fatal(err)
	}
	return e.ask(e.path, strings.ReplaceAll(string(text), `\u003ctwice\u003e`, ""))
}

// raw sends what is no body of the operation at all.
func (e *everyField) raw() {
	e.t.Helper()
	for _, body := range []string{``, `null`, `[]`, `7`, `{`, `{} {}`, "\xff"} {
		if r := e.ask(e.path, body); body != "" || r.Code == 400 || r.Code == 422 {
			e.refused("a body of "+body, r, "body")
		}
	}
	if e.op.ID == "put-product" || e.op.ID == "put-products" || e.op.ID == "put-variants" {
		return // they take 8 MiB
	}
	e.refused("an overlong body", e.ask(e.path, strings.Repeat(" ", 256<<10)+"{}"), "body")
}

// refused wants that a request was refused for what is at a place.
func (e *everyField) refused(what string, r *httptest.ResponseRecorder, at string) {
	e.t.Helper()
	var p struct {
		Code   string
		Fields []struct{ Location string }
	}
	err := json.Unmarshal(r.Body.Bytes(), &p)
	if err != nil || r.Code/100 != 4 || p.Code != "invalid" || len(p.Fields) == 0 || p.Fields[0].Location != at {
		e.t.Errorf("%s: %s is answered %d %.300s, want that %s is named", e.op.ID, what, r.Code, r.Body, at)
	}
}

// ask sends a request. Headers come in pairs.
func (e *everyField) ask(path, body string, header ...string) *httptest.ResponseRecorder {
	e.n++
	r := httptest.NewRequest(e.op.Method, path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+e.who)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if e.version != "" {
		r.Header.Set("If-Match", e.version)
	}
	for i := 0; i+1 < len(header); i += 2 {
		if r.Header.Get(header[i]) == "" || header[i] != "Content-Type" {
			r.Header.Add(header[i], header[i+1])
		} else {
			r.Header.Set(header[i], header[i+1])
		}
	}
	w := httptest.NewRecorder()
	e.api.ServeHTTP(w, r)
	return w
}
