package httpapi_test

import (
	"strings"
	"testing"
)

// TestAnOrderIsChangedPaidAndPaidBack: staff change an order, its customer pays
// what is due with a card that is kept, goods come back in steps, and a grant
// goes to the payment that was chosen.
func TestAnOrderIsChangedPaidAndPaidBack(t *testing.T) {
	w := newWorld(t)
	bought := w.must(200, w.alice, "POST", w.cart(w.alice, "mug", 2)+"/checkout", goodCard)
	id := bought.at("order.id").(string)
	order, mine := "/staff/orders/"+id, "/orders/"+id

	const change = `{"reason":"one more","add":[{"sku":"mug","quantity":1}]}`
	p := w.must(200, "staff", "POST", order+"/changes/preview", change)
	due := p.at("added.minor").(float64)
	if due <= 0 || p.at("outstanding.minor") != due {
		t.Fatalf("the preview is %s", p.text)
	}
	if r := w.ask("staff", "POST", order+"/changes", change); r.status != 422 {
		t.Errorf("without a version: %d %s", r.status, r.text)
	}
	w.must(200, "staff", "POST", order+"/changes", change, "If-Match", p.header.Get("ETag"))
	if r := w.ask("staff", "POST", order+"/changes", change, "If-Match", p.header.Get("ETag")); r.status != 412 {
		t.Errorf("again: %d %s", r.status, r.text)
	}
	if l := w.must(200, "staff", "GET", order+"/changes", ""); l.at("items.0.added.minor") != due {
		t.Errorf("the changes are %s", l.text)
	}

	kept := w.must(201, w.alice, "POST", "/payment-methods", `{"provider":"simulator","token":"pm_card_visa"}`)
	if kept.at("default") != true || kept.at("last4") != "4242" || strings.Contains(kept.text, "sim_") {
		t.Errorf("what is kept is %s", kept.text)
	}
	method := kept.at("id").(string)
	if r := w.ask(w.bob, "DELETE", "/payment-methods/"+method, ""); r.status != 404 {
		t.Errorf("somebody else's card: %d %s", r.status, r.text)
	}
	paid := w.must(200, w.alice, "POST", mine+"/payments", `{"pay_with":"simulator","token":"`+method+`"}`, "Idempotency-Key", "pay-what-is-due-1")
	if paid.at("payment.captured.minor") != due || paid.at("due.minor") != 0.0 || paid.at("order.payment_status") != "paid" {
		t.Errorf("paying came to %s", paid.text)
	}
	second := paid.at("payment.id").(string)
	if r := w.ask(w.alice, "POST", mine+"/payments", `{"pay_with":"simulator","token":"`+method+`"}`); r.status != 409 {
		t.Errorf("paying what is paid: %d %s", r.status, r.text)
	}
	w.must(204, w.alice, "DELETE", "/payment-methods/"+method, "")

	w.must(200, "staff", "POST", order+"/line-cancellations", `{"lines":[{"line":2,"quantity":1}],"reason":"too many"}`)
	w.must(200, "staff", "POST", order+"/shipments", `{}`)
	back := w.must(200, w.alice, "POST", mine+"/returns", `{"lines":[{"line":1,"quantity":1}],"reason":"damaged"}`)
	returned := "/staff/returns/" + back.at("id").(string)
	if r := w.must(200, "staff", "POST", returned+"/decision", `{"state":"approved","payer":"shop"}`); r.at("state") != "approved" {
		t.Errorf("the return is %s", r.text)
	}
	if r := w.must(200, "staff", "POST", returned+"/receipts", `{"lines":[{"line":1,"damaged":1}]}`); r.at("lines.0.damaged") != 1.0 || r.at("state") != "received" {
		t.Errorf("the return is %s", r.text)
	}
	g := w.must(200, "staff", "POST", order+"/grants", `{"lines":[{"line":1,"quantity":1}],"reason":"broken","return":"`+back.at("id").(string)+`"}`)
	if g.at("state") != "granted" || g.at("source") != "return" || g.at("fees.minor") != 0.0 {
		t.Errorf("the grant is %s", g.text)
	}
	if r := w.ask("staff", "POST", order+"/grants", `{"fees":{"minor":100,"currency":"EUR"},"reason":"no fees"}`); r.status != 409 || r.at("error") != "orders.cap" {
		t.Errorf("fees that nobody paid: %d %s", r.status, r.text)
	}
	release := order + "/grants/2/release"
	first := w.must(200, w.alice, "GET", mine+"/payments", "").at("items.0.id").(string)
	if r := w.ask("staff", "POST", release, `{"to":[{"payment":"`+first+`","amount":{"minor":100000,"currency":"EUR"}}]}`); r.status != 409 || r.at("error") != "payments.amount" {
		t.Errorf("more than it has: %d %s", r.status, r.text)
	}
	if r := w.must(200, "staff", "POST", release, `{"to":[{"payment":"`+first+`","amount":{"minor":100,"currency":"EUR"}}]}`); r.at("state") != "released" {
		t.Errorf("the grant is %s", r.text)
	}
	if second == first {
		t.Error("there is one payment only")
	}
	for _, list := range []string{"/staff/payments/troubles", "/staff/discrepancies"} {
		if l := w.must(200, "staff", "GET", list, ""); l.at("items.0") != nil {
			t.Errorf("%s are %s", list, l.text)
		}
	}
	if r := w.ask("staff", "POST", "/staff/payments/"+first+"/resolutions", `{"state":"captured","reason":"seen"}`); r.status != 409 {
		t.Errorf("resolving what is decided: %d %s", r.status, r.text)
	}
}
