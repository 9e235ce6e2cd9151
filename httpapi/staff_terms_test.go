package httpapi_test

import (
	"testing"
	"time"

	"github.com/keelshop/commerce/httpapi"
)

// TestBuyingOnTerms: who the terms name buys unpaid and is told until when to
// pay; others, and orders beyond what may be owed, are refused.
func TestBuyingOnTerms(t *testing.T) {
	w := newWorld(t, httpapi.Options{Auth: &shopAuth{}})
	trader := w.logIn("trader@example.com", "trade")
	const limit = 3000 // two mugs, not three
	w.must(200, w.staff, "PUT", "/staff/terms", `{"items":[{"name":"net_30","days":30,"groups":["trade"],"limits":[{"minor":3000,"currency":"EUR"}]}]}`)
	if r := w.must(200, w.staff, "GET", "/staff/terms", ""); r.at("items.0.name") != "net_30" || r.at("items.0.limits.0.minor") != float64(limit) {
		t.Errorf("the terms are %s", r.text)
	}
	basket := func(who string) string {
		t.Helper()
		r := w.must(201, who, "POST", "/carts", `{"currency":"EUR","lines":[{"sku":"mug","quantity":2}]}`)
		id := r.at("id").(string)
		w.must(200, who, "PATCH", "/carts/"+id, `{"contact":{"email":"a@example.com","shipping_address":{"line1":"1 Way","city":"Ulm","country":"DE"}}}`)
		return id
	}
	const onTerms = `{"terms":"net_30"}`
	r := w.must(200, trader, "POST", "/carts/"+basket(trader)+"/checkout", onTerms)
	due, err := time.Parse(time.RFC3339, r.at("order.payment_due_at").(string))
	placed, err2 := time.Parse(time.RFC3339, r.at("order.placed_at").(string))
	if err != nil || err2 != nil || r.at("order.status") != "placed" || r.at("order.terms") != "net_30" || due.Sub(placed) < 29*24*time.Hour || due.Sub(placed) > 31*24*time.Hour {
		t.Errorf("the order: %s", r.text)
	}
	for who, cart := range map[string]string{"beyond the limit": basket(trader), "a guest": ""} {
		as := trader
		if who == "a guest" {
			as, cart = "", basket("")
		}
		if r := w.ask(as, "POST", "/carts/"+cart+"/checkout", onTerms); r.status != 422 && r.status != 409 || r.at("error") != "orders.terms" {
			t.Errorf("%s: %d %s", who, r.status, r.text)
		}
	}
	// What a gift card pays is not owed.
	w.must(200, w.staff, "PUT", "/staff/terms", `{"items":[{"name":"net_30","days":30,"groups":["trade"],"limits":[{"minor":6000,"currency":"EUR"}]}]}`)
	code := w.must(201, w.staff, "POST", "/staff/gift-cards", `{"amount":{"minor":2000,"currency":"EUR"},"reason":"sold"}`).at("code").(string)
	both := w.must(200, trader, "POST", "/carts/"+basket(trader)+"/checkout", `{"terms":"net_30","tenders":[{"pay_with":"gift_card","token":"`+code+`"}]}`)
	if both.at("order.payment_status") != "partially_paid" || both.at("order.on_terms.minor") != both.at("order.total.minor").(float64)-2000 {
		t.Errorf("with a gift card: %s", both.text)
	}
	if r := w.must(200, w.staff, "GET", "/staff/orders?overdue=true", ""); len(r.at("items").([]any)) != 0 {
		t.Errorf("overdue: %s", r.text)
	}
}

// TestTermsOfBeforeAreNotReplaced: who has read the terms before somebody else has
// changed them does not undo that.
func TestTermsOfBeforeAreNotReplaced(t *testing.T) {
	w := newWorld(t, httpapi.Options{Auth: &shopAuth{}})
	put := func(status int, name, etag string) reply {
		t.Helper()
		return w.must(status, w.staff, "PUT", "/staff/terms", `{"items":[{"name":"`+name+`","days":30}]}`, "If-Match", etag)
	}
	never := w.must(200, w.staff, "GET", "/staff/terms", "").header.Get("ETag")
	first := put(200, "net_30", never).header.Get("ETag")
	for _, etag := range []string{never, `"7"`} {
		if r := put(412, "net_7", etag); r.at("error") != "orders.terms_version" {
			t.Errorf("for the version %s: %s", etag, r.text)
		}
	}
	put(200, "net_14", first)
	put(412, "net_7", first)
	if r := w.must(200, w.staff, "GET", "/staff/terms", ""); r.at("items.0.name") != "net_14" || len(r.at("items").([]any)) != 1 {
		t.Errorf("the terms are %s", r.text)
	}
	w.must(200, w.staff, "PUT", "/staff/terms", `{"items":[]}`)
}
