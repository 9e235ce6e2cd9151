package httpapi_test

import (
	"testing"
	"time"

	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/httpapi"
)

func TestPricesForWhoAsks(t *testing.T) {
	w := newWorld(t, httpapi.Options{Auth: &shopAuth{}, Channels: []string{"app"}})
	trader := w.logIn("trader@example.com", "trade")
	for code, scope := range map[string]string{"trade": `"groups":["trade"]`, "swiss": `"markets":["CH"]`, "app": `"channels":["app"]`, "till": `"channels":["till"]`} {
		w.must(200, w.staff, "PUT", "/staff/price-lists/"+code, `{"title":"T",`+scope+`}`)
	}
	for code, minor := range map[string]string{"trade": "900", "swiss": "800", "app": "700", "till": "600"} {
		w.must(204, w.staff, "PUT", "/staff/price-lists/"+code+"/prices", `{"prices":[{"sku":"mug","tiers":[{"min_quantity":1,"price":{"minor":`+minor+`,"currency":"EUR"}}]}]}`)
	}
	const path = "/prices?sku=mug,nothing&currency=EUR"
	for _, c := range []struct {
		who, query, cache string
		minor             float64
	}{
		{"", "", "public, max-age=10, stale-while-revalidate=60", 1250}, {trader, "", "private, no-store", 900}, {"", "&market=CH", "public, max-age=10, stale-while-revalidate=60", 800},
		{"", "&channel=app", "public, max-age=10, stale-while-revalidate=60", 700}, {w.staff, "&channel=till", "private, no-store", 600},
	} {
		r := w.must(200, c.who, "GET", path+c.query, "")
		if r.at("items.0.price.minor") != c.minor || r.at("items.1") != nil || r.header.Get("Cache-Control") != c.cache {
			t.Errorf("%q%s pays %s, cached %q", c.who, c.query, r.text, r.header.Get("Cache-Control"))
		}
	}
	if r := w.ask("", "GET", path+"&channel=till", ""); r.status != 422 || r.at("fields.0.location") != "query.channel" {
		t.Errorf("a channel that is not open: %d %s", r.status, r.text)
	}
	why := w.must(200, w.staff, "GET", "/staff/variants/mug/price?currency=EUR&groups=trade", "")
	if why.at("price.price.minor") != 900.0 || len(why.at("considered").([]any)) != 5 {
		t.Errorf("explained by %s", why.text)
	}
	if r := w.must(200, w.staff, "GET", "/staff/variants/mug/list-prices", ""); len(r.at("items").([]any)) != 4 {
		t.Errorf("the lists have %s", r.text)
	}
	if r := w.must(200, "", "GET", "/variants/mug/lowest-price?currency=EUR", ""); r.at("price.minor") != 1250.0 {
		t.Errorf("the lowest price is %s", r.text)
	}
	if r := w.must(200, "", "GET", "/variants/mug/lowest-price?currency=EUR&before=2020-01-01T00:00:00Z", ""); r.at("price") != nil {
		t.Errorf("the lowest price of long ago is %s", r.text)
	}
}

func TestSearchExplained(t *testing.T) {
	w, _ := newFullWorld(t, nil)
	if r := w.must(200, w.staff, "GET", "/staff/search/explanation?q=mug&product=mug", ""); r.at("matched") != true || r.at("words.0.term") != "mug" {
		t.Errorf("explained by %s", r.text)
	}
	w.must(422, "", "GET", "/search?q=mug&channel=till", "")
	if r := w.must(200, w.staff, "GET", "/search?q=mug&channel=till", ""); r.header.Get("Cache-Control") != "private, no-store" {
		t.Errorf("what a channel for staff finds is kept by caches: %v", r.header)
	}
}

func TestHistory(t *testing.T) {
	w := newWorld(t)
	id := w.must(200, "", "GET", "/products/mug", "").at("id").(string)
	w.must(200, w.staff, "PUT", "/staff/products/mug", `{"title":"Cup","variants":[{"sku":"mug","prices":[{"minor":1250,"currency":"EUR"}]}]}`)
	first := w.must(200, w.staff, "GET", "/staff/history/"+id+"?limit=1", "")
	second := w.must(200, w.staff, "GET", "/staff/history/"+id+"?limit=1&after="+first.at("next").(string), "")
	if first.at("items.0.version") != 1.0 || second.at("items.0.version") != 2.0 || second.at("items.0.by") != "staff:7" || second.at("items.0.fields.0") != "title" || second.at("next") != nil {
		t.Errorf("the history is %s and %s", first.text, second.text)
	}
}

func TestParcels(t *testing.T) {
	w := newWorld(t)
	cart := w.cart(w.alice, "mug", 2)
	order := w.must(200, w.alice, "POST", cart+"/checkout", goodCard).at("order.id").(string)
	w.must(200, w.staff, "POST", "/staff/orders/"+order+"/shipments", `{"tracking":"T-1"}`)
	parcel := w.must(200, w.alice, "GET", "/orders/"+order+"/parcels", "").at("items.0.id").(string)
	const event = `{"status":"delivered","note":"left with a neighbour"}`
	for range 2 {
		w.must(200, w.staff, "POST", "/staff/parcels/"+parcel+"/events", event, "Idempotency-Key", "scan 7")
	}
	r := w.must(200, w.alice, "GET", "/orders/"+order+"/parcels", "")
	if r.at("items.0.status") != "delivered" || r.at("items.0.tracking") != "T-1" || r.at("items.0.lines.0.quantity") != 2.0 || r.at("items.0.events.2") != nil {
		t.Errorf("the parcels are %s", r.text)
	}
	again := w.must(200, w.alice, "POST", "/orders/"+order+"/reorder", `{}`, "Idempotency-Key", "once more")
	if again.at("cart.lines.0.quantity") != 2.0 || again.at("cart.customer") != w.alice || again.at("left.0") != nil {
		t.Errorf("ordered again: %s", again.text)
	}
	if same := w.must(200, w.alice, "POST", "/orders/"+order+"/reorder", `{}`, "Idempotency-Key", "once more"); same.at("cart.id") != again.at("cart.id") {
		t.Errorf("ordered again with the same key: %s", same.text)
	}
	bobs := w.cart(w.bob, "mug", 1)
	if r := w.ask(w.alice, "POST", "/orders/"+order+"/reorder", `{"cart":"`+bobs[len("/carts/"):]+`"}`); r.status != 404 {
		t.Errorf("into another's cart: %d %s", r.status, r.text)
	}
	noted := w.must(200, w.staff, "PATCH", "/staff/orders/"+order, `{"metadata":{"crm":7},"external_reference":"ERP-1"}`)
	if noted.at("metadata.crm") != 7.0 {
		t.Errorf("noted: %s", noted.text)
	}
	if r := w.must(200, w.staff, "GET", "/staff/ledger?order="+order, ""); r.at("items.0.order") != order || r.at("items.1.account") == nil {
		t.Errorf("booked: %s", r.text)
	}
	if r := w.must(200, w.staff, "GET", "/staff/ledger/balances", ""); r.at("items.0.account") == nil {
		t.Errorf("the accounts are %s", r.text)
	}
}

func TestSettingsOfPapers(t *testing.T) {
	w := newWorld(t, httpapi.Options{Auth: &shopAuth{}})
	sam := w.logIn("susan@example.com", accounts.StaffGroup)
	set := w.must(200, sam, "PUT", "/staff/numbering", `{"scheme":"sequence","prefix":"A-","first":100}`)
	if got := w.must(200, sam, "GET", "/staff/numbering", ""); got.text != set.text || got.at("next") != 100.0 {
		t.Errorf("numbered by %s, after %s", got.text, set.text)
	}
	put := w.must(200, sam, "PUT", "/staff/documents/settings", `{"seller":{"name":"Kiln","country":"DE"},"invoice":"payment"}`)
	if got := w.must(200, sam, "GET", "/staff/documents/settings", ""); got.text != put.text || got.at("seller.name") != "Kiln" {
		t.Errorf("invoiced by %s, after %s", got.text, put.text)
	}
	for range 2 {
		w.must(204, sam, "POST", "/staff/stock/receipts", `{"lines":[{"sku":"mug","quantity":3},{"sku":"cup","quantity":4}]}`, "Idempotency-Key", "delivery 1")
	}
	if r := w.must(200, "", "GET", "/availability?sku=mug,cup", ""); r.at("items.0.available") != 13.0 || r.at("items.1.available") != 14.0 {
		t.Errorf("received: %s", r.text)
	}
	body := `{"provider":"simulator","since":"` + time.Now().Add(-time.Hour).UTC().Format(time.RFC3339) + `"}`
	if r := w.ask(sam, "POST", "/staff/payments/reconciliations", body); r.status >= 500 {
		t.Errorf("compared: %d %s", r.status, r.text)
	}
}
