package httpapi_test

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/keelshop/commerce/accounts"
)

// operation is a route as the OpenAPI document tells of it.
type operation struct {
	Method, Path string
	ID           string                     `json:"operationId"`
	Policy       string                     `json:"x-policy"`
	Responses    map[string]json.RawMessage `json:"responses"`
	RequestBody  json.RawMessage            `json:"requestBody"`
	Parameters   []struct {
		Name, In string
		Required bool
		Schema   json.RawMessage
	} `json:"parameters"`
}

// operations reads them from the API's own document, those that remove
// something last.
func (w *world) operations() []operation {
	w.t.Helper()
	return operationsOf(w.t, []byte(w.must(200, "", "GET", "/openapi.json", "").text))
}

func operationsOf(t testing.TB, document []byte) []operation {
	t.Helper()
	var doc struct {
		Paths map[string]map[string]operation `json:"paths"`
	}
	if err := json.Unmarshal(document, &doc); err != nil {
		t.Fatal(err)
	}
	var out []operation
	for path, methods := range doc.Paths {
		for method, op := range methods {
			op.Method, op.Path = strings.ToUpper(method), path
			out = append(out, op)
		}
	}
	slices.SortFunc(out, func(a, b operation) int {
		if (a.Method == "DELETE") != (b.Method == "DELETE") {
			return map[bool]int{true: 1, false: -1}[a.Method == "DELETE"]
		}
		return strings.Compare(a.Method+a.Path, b.Method+b.Path)
	})
	if len(out) < 150 {
		t.Fatalf("the document lists %d operations only", len(out))
	}
	return out
}

// bought makes alice a customer with an order and returns the values of path
// parameters that are hers.
func (w *world) bought() map[string]string {
	cart := w.cart(w.alice, "mug", 2)
	order := w.must(200, w.alice, "POST", cart+"/checkout", goodCard).at("order.id").(string)
	payment := w.must(200, w.alice, "GET", "/orders/"+order+"/payments", "").at("items.0.id").(string)
	w.must(200, w.staff, "PUT", "/staff/categories/cups", `{"title":"Cups"}`)
	asset := w.must(201, w.staff, "POST", "/staff/assets", `a file`, "Content-Type", "text/plain").at("id").(string)
	endpoint := w.must(201, w.staff, "POST", "/staff/endpoints", `{"url":"https://erp.example.com/hook"}`).at("id").(string)
	w.must(200, w.staff, "PUT", "/staff/collections/winter", `{"title":"Winter"}`)
	w.must(200, w.staff, "PUT", "/staff/places", `{"places":[{"id":"main"},{"id":"berlin"}]}`)
	w.must(200, w.staff, "POST", "/staff/stock/cup/receipts", `{"quantity":2}`)
	transfer := w.must(201, w.staff, "POST", "/staff/transfers", `{"sku":"cup","to":"berlin","quantity":2}`).at("id").(string)
	shipped := w.must(200, w.staff, "POST", "/staff/orders/"+order+"/shipments", `{"lines":[{"line":1,"quantity":1}]}`)
	parcel := w.must(200, w.staff, "GET", "/orders/"+shipped.at("id").(string)+"/parcels", "").at("items.0.id").(string)
	return map[string]string{
		"{parcel}": parcel, "{subject}": w.must(200, "", "GET", "/products/mug", "").at("id").(string),
		"{collection}": "winter", "{transfer}": transfer,
		"{endpoint}": endpoint, "{session}": "ssn_01KAJ3W7Q8Z5D4F6G7H8J9K0M1",
		"{cart}": strings.TrimPrefix(cart, "/carts/"), "{order}": order, "{payment}": payment, "{asset}": asset,
		"{provider}": "simulator", "{message}": "evt_0_1_0", "{delivery}": "1", "{method}": "pmt_01KAJ3W7Q8Z5D4F6G7H8J9K0M1", "{rma}": "rma_01KAJ3W7Q8Z5D4F6G7H8J9K0M1", "{grant}": "1", "{rule}": "summer", "{certificate}": "DE-1", "{balance}": "bal_01KAJ3W7Q8Z5D4F6G7H8J9K0M1", "{list}": "trade", "{code}": "SAVE", "{product}": "mug", "{handle}": "mug", "{sku}": "mug", "{category}": "cups",
		"{token}": "dwn_" + strings.Repeat("A", 46), "{customer}": w.register("carol@example.com"), "{address}": "adr_01KAJ3W7Q8Z5D4F6G7H8J9K0M1",
	}
}

// takesKey reports whether an operation declares the header Idempotency-Key.
func (op operation) takesKey() bool { return op.takes("header", "Idempotency-Key") }

func (op operation) takes(kind, name string) bool {
	for _, p := range op.Parameters {
		if p.In == kind && p.Name == name {
			return true
		}
	}
	return false
}

func (op operation) fill(values map[string]string) string {
	path := op.Path
	for name, value := range values {
		path = strings.ReplaceAll(path, name, value)
	}
	return path
}

// TestEveryRouteForEverybody asks every route as everybody, and compares with
// what its policy says.
func TestEveryRouteForEverybody(t *testing.T) {
	t.Run("users of the host program", func(t *testing.T) {
		w, _ := newFullWorld(t, nil)
		everyRoute(t, w, true)
	})
	t.Run("the shop's own accounts", func(t *testing.T) {
		w, _ := newFullWorld(t, &shopAuth{})
		everyRoute(t, w, false)
	})
}

// nowhere is a mailer that loses its letters.
type nowhere struct{}

func (nowhere) Send(context.Context, accounts.Letter) error { return nil }

func everyRoute(t *testing.T, w *world, own bool) {
	mine := w.bought()
	for _, op := range w.operations() {
		path := op.fill(mine)
		if strings.Contains(path, "{") {
			t.Fatalf("the test does not know what to fill in at %s", path)
		}
		if own && strings.HasPrefix(op.Path, "/sessions") {
			continue // the host program has sessions of its own
		}
		for who, token := range map[string]string{"guest": "", "other": w.bob, "staff": w.staff, "owner": w.alice} {
			want := refusal(op.Policy, who, own)
			if want == 0 && op.Method == "DELETE" && (op.Policy == "customer" || op.Policy == "session") {
				continue // they are needed for the routes that follow
			}
			body := "{}"
			if op.Method == "GET" || op.Method == "DELETE" {
				body = ""
			}
			before := w.shop.Latest()
			got := w.ask(token, op.Method, path, body)
			name := op.Method + " " + op.Path + " for " + op.Policy + ", " + who
			switch {
			case want == 0 && (got.status == 401 || got.status == 403 || got.status >= 500):
				t.Errorf("%s: %d %s, want that it is let in", name, got.status, got.text)
			case want == 0 && got.status == 404 && (op.Policy == "cart-holder" || op.Policy == "order-owner") && !strings.Contains(op.Path, "lines/"):
				t.Errorf("%s: %d %s, want that it is found", name, got.status, got.text)
			case want != 0 && got.status != want:
				t.Errorf("%s: %d %s, want %d", name, got.status, got.text, want)
			case want != 0 && w.shop.Latest() != before:
				t.Errorf("%s was refused and has changed something", name)
			}
		}
	}
}

// refusal returns the status with which a policy turns somebody away from what
// is alice's, 0 if it does not. The host program's staff are no customers
// of the shop; the shop's own are.
func refusal(policy, who string, own bool) int {
	if policy == "provider" {
		return 403 // nobody here can sign
	}
	if policy == "customer" && who == "staff" && own {
		return 403
	}
	return map[string]map[string]int{
		"cart-holder": {"guest": 404, "other": 404},
		"order-owner": {"guest": 401, "other": 404},
		"customer":    {"guest": 401},
		"session":     {"guest": 401},
		"staff":       {"guest": 401, "other": 403, "owner": 403},
	}[policy][who]
}

// TestReadingChangesNothing proves of every GET that no command was logged, but
// for one: texts that found nothing are noted soon after, for the merchant.
func TestReadingChangesNothing(t *testing.T) {
	w, finder := newFullWorld(t, nil)
	mine := w.bought()
	for _, op := range w.operations() {
		if op.Method != "GET" {
			continue
		}
		for _, who := range []string{"", w.bob, w.alice, w.staff} {
			before := w.logged()
			w.ask(who, "GET", op.fill(mine), "")
			w.ask(who, "GET", op.fill(mine)+"?limit=1&fields=id", "")
			if after := w.logged(); !slices.Equal(before, after) {
				t.Errorf("GET %s: the logs were at %v and are at %v", op.Path, before, after)
			}
		}
	}
	before := w.logged()
	w.must(200, "", "GET", "/search?q=mug", "")
	w.must(200, "", "GET", "/search?q=zeppelin", "")
	if err := finder.Close(); err != nil {
		t.Fatal(err)
	}
	if n := total(w.logged()) - total(before); n != 1 {
		t.Errorf("a text that found nothing was noted by %d entries", n)
	}
	if r := w.must(200, w.staff, "GET", "/staff/merchandising/misses?fields=items.text,items.count", ""); strings.TrimSpace(r.text) != `{"items":[{"count":1,"text":"zeppelin"}]}` {
		t.Errorf("noted: %s", r.text)
	}
	before = w.logged()
	w.cart("", "mug", 1)
	if slices.Equal(before, w.logged()) {
		t.Error("a new cart does not show: this test proves nothing")
	}
}

func total(logs []uint64) (n uint64) {
	for _, log := range logs {
		n += log
	}
	return n
}

// logged returns how many entries the log of each shard has.
func (w *world) logged() []uint64 {
	var out []uint64
	for _, s := range w.shop.Status().Shards {
		out = append(out, s.Log)
	}
	return out
}

func TestAnUnknownTokenIsNobody(t *testing.T) {
	w := newWorld(t)
	if r := w.ask("forged", "POST", "/carts", `{"lines":[{"sku":"mug","quantity":1}]}`); r.status != 403 {
		t.Errorf("a token that is not known: %d %s", r.status, r.text)
	}
	if r := w.ask("forged", "GET", "/products/mug", ""); r.status != 200 {
		t.Errorf("what is public does not look at who asks, and answered %d", r.status)
	}
}
