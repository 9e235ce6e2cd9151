package httpapi_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/keelshop/commerce/commercetest"
	"github.com/keelshop/commerce/httpapi"
	"github.com/keelshop/commerce/webhooks"
)

func TestStaffEndpoints(t *testing.T) {
	shop := commercetest.Open(t)
	consumer := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusAccepted) }))
	t.Cleanup(consumer.Close)
	sending, err := webhooks.Start(t.Context(), shop, webhooks.Options{AllowPrivate: true, Timeout: 5 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { sending.Close() })
	w := serve(t, shop, httpapi.Options{
		Auth: ownAuth{}, Webhooks: sending, PerAddress: httpapi.Unlimited, PerAccount: httpapi.Unlimited, PerSecret: httpapi.Unlimited,
	})
	made := w.must(201, "staff", "POST", "/staff/endpoints", `{"url":"`+consumer.URL+`/?token=open","kinds":["order.*"]}`, "Idempotency-Key", "erp")
	if again := w.must(201, "staff", "POST", "/staff/endpoints", `{"url":"`+consumer.URL+`/?token=open","kinds":["order.*"]}`, "Idempotency-Key", "erp"); again.at("id") != made.at("id") {
		t.Errorf("asked again: %s", again.text)
	}
	path := "/staff/endpoints/" + made.at("id").(string)
	if r := w.ask("staff", "POST", "/staff/endpoints", `{"url":"ftp://example.com"}`); r.status != 400 && r.status != 422 {
		t.Errorf("an address that is none: %d %s", r.status, r.text)
	}
	off := w.must(200, "staff", "PUT", path, `{"url":"`+consumer.URL+`","disabled":true}`, "If-Match", made.header.Get("ETag"))
	if off.at("disabled") != true || off.at("reason") != "on request" || off.at("version") != 2.0 {
		t.Errorf("got %s", off.text)
	}
	if r := w.ask("staff", "PUT", path, `{"url":"`+consumer.URL+`"}`, "If-Match", made.header.Get("ETag")); r.status != 412 {
		t.Errorf("with a version that has passed: %d %s", r.status, r.text)
	}
	first := w.must(200, "staff", "GET", path+"/secrets", "").at("items.0.secret")
	rotated := w.must(201, "staff", "POST", path+"/secrets", `{}`)
	if rotated.at("items.1.secret") != first || rotated.at("items.0.secret") == first || rotated.at("items.1.expires_at") == nil || rotated.at("items.0.expires_at") != nil {
		t.Errorf("got %s", rotated.text)
	}

	w.register("dora@example.com")
	id := ""
	for event, err := range shop.Events(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		id = webhooks.MessageID(event)
	}
	sent := w.must(200, "staff", "POST", path+"/deliveries/"+id, `{}`)
	log := w.must(200, "staff", "GET", path+"/deliveries", "")
	if sent.at("outcome") != "delivered" || sent.at("status") != 202.0 || log.at("items.0.message") != id {
		t.Errorf("got %s and %s", sent.text, log.text)
	}
	for _, odd := range []string{"nonsense", "v1", "v1.", "v1.AAAAAAAAAA.1.2.3.4.5.6.7.8", string(w.shop.Latest()) + "zz", string(w.shop.Latest()) + ".1"} {
		if r := w.ask("staff", "POST", path+"/replay", `{"position":"`+odd+`"}`); r.status != 422 || r.at("fields.0.location") != "body.position" {
			t.Errorf("from the position %s: %d %s", odd, r.status, r.text)
		}
	}
	w.must(204, "staff", "POST", path+"/replay", `{"position":"`+string(w.shop.Latest())+`"}`)
	w.must(204, "staff", "POST", path+"/replay", `{"position":""}`)
	if e := w.must(200, "staff", "GET", path, ""); e.at("position") != "" || e.at("version") != 5.0 {
		t.Errorf("after a replay: %s", e.text)
	}
	w.must(204, "staff", "DELETE", path, "")
	for _, gone := range []string{path, path + "/secrets", path + "/deliveries"} {
		w.must(404, "staff", "GET", gone, "")
	}
	if l := w.must(200, "staff", "GET", "/staff/endpoints", ""); l.at("items.0") != nil {
		t.Errorf("got %s", l.text)
	}
}

func TestListAndEndSessions(t *testing.T) {
	w := newWorld(t, httpapi.Options{Auth: &shopAuth{}})
	second := w.must(201, "", "POST", "/sessions", `{"email":"alice@example.com","password":"`+password+`","device":"Firefox"}`)
	all := w.must(200, w.alice, "GET", "/sessions", "")
	if all.at("items.2") != nil || all.at("items.1") == nil {
		t.Fatalf("got %s", all.text)
	}
	var other string
	for _, at := range []string{"items.0", "items.1"} {
		if all.at(at+".device") == "Firefox" {
			other = all.at(at + ".id").(string)
		}
	}
	w.must(204, w.bob, "DELETE", "/sessions/"+other, "") // which is not his
	w.must(200, second.at("token").(string), "GET", "/sessions/current", "")
	w.must(204, w.alice, "DELETE", "/sessions/"+other, "")
	if r := w.ask(second.at("token").(string), "GET", "/sessions/current", ""); r.status != 401 && r.status != 403 {
		t.Errorf("an ended session: %d %s", r.status, r.text)
	}
	w.must(200, w.alice, "GET", "/sessions/current", "")
	found := w.must(200, w.staff, "POST", "/staff/customers/search-by-phone", `{"phone":"+49 30 1"}`)
	if found.at("items.0") != nil {
		t.Errorf("found %s", found.text)
	}
	w.must(200, w.alice, "PATCH", "/customers/me", `{"phone":"0049 (0)30-1"}`)
	if found := w.must(200, w.staff, "POST", "/staff/customers/search-by-phone", `{"phone":"+49 30 1"}`); found.at("items.0.email") != "alice@example.com" {
		t.Errorf("found %s", found.text)
	}
}
