package httpapi_test

import (
	"testing"

	"github.com/keelshop/commerce/httpapi"
)

// Who has a guest's key reads with it what the guest sent, and nothing newer.
func TestRepeatingARegistrationTellsNothingNew(t *testing.T) {
	w := newWorld(t, httpapi.Options{Auth: &shopAuth{}})
	const key, body = "a-key-of-a-guest-1", `{"email":"ann@example.com","password":"a long walk home","name":"Ann","phone":"+49 731 1"}`
	first := w.must(201, "", "POST", "/customers", body, "Idempotency-Key", key)
	if first.at("name") != "Ann" || first.at("email") != "ann@example.com" || first.at("phone") != "+49 731 1" || first.at("version") != 1.0 {
		t.Errorf("registering answers %s", first.text)
	}
	token := w.must(201, "", "POST", "/sessions", `{"email":"ann@example.com","password":"a long walk home"}`).at("token").(string)
	w.must(201, token, "POST", "/customers/me/addresses", `{"line1":"1 Secret Way","city":"Ulm","country":"DE"}`)
	w.must(200, token, "PATCH", "/customers/me", `{"name":"Anne of Ulm","phone":"+49 731 2"}`)
	again := w.must(201, "", "POST", "/customers", body, "Idempotency-Key", key)
	if again.text != first.text || again.header.Get("ETag") != first.header.Get("ETag") {
		t.Errorf("repeated, it answers %s with %s, not %s with %s",
			again.text, again.header.Get("ETag"), first.text, first.header.Get("ETag"))
	}
}

func TestRepeatingACartThatIsACustomersNow(t *testing.T) {
	w := newWorld(t)
	const key, body = "a-key-of-a-guest-2", `{"lines":[{"sku":"mug","quantity":1}]}`
	guest := w.must(201, "", "POST", "/carts", body, "Idempotency-Key", key).at("id").(string)
	if again := w.must(201, "", "POST", "/carts", body, "Idempotency-Key", key); again.at("id") != guest {
		t.Errorf("repeated, it answers %s", again.text)
	}
	w.must(200, w.alice, "POST", "/customers/me/cart/merge", `{"cart":"`+guest+`"}`)
	read := w.must(404, "", "GET", "/carts/"+guest, "")
	if again := w.ask("", "POST", "/carts", body, "Idempotency-Key", key); again.status != 404 || again.at("error") != read.at("error") || again.at("id") != nil {
		t.Errorf("a guest repeats what is Alice's now: %d %s", again.status, again.text)
	}
}

// A lost answer is no lost password: the same request tells the same session,
// also when the one that it was made in has ended.
func TestAPasswordIsChangedOnceMore(t *testing.T) {
	w := newWorld(t, httpapi.Options{Auth: &shopAuth{}})
	const key, logIn = "a-key-of-a-client-1", `{"email":"alice@example.com","password":"` + password + `"}`
	first := w.must(201, "", "POST", "/sessions", logIn, "Idempotency-Key", key)
	if again := w.must(201, "", "POST", "/sessions", logIn, "Idempotency-Key", key); again.text != first.text {
		t.Errorf("logged in again: %s, want %s", again.text, first.text)
	}
	if r := w.ask("", "POST", "/sessions", `{"email":"alice@example.com","password":"something else"}`, "Idempotency-Key", key); r.status != 401 || r.at("token") != nil {
		t.Errorf("the key without the password: %d %s", r.status, r.text)
	}
	token := first.at("token").(string)
	const change = `{"old_password":"` + password + `","new_password":"a long walk home"}`
	changed := w.must(200, token, "PUT", "/customers/me/password", change, "Idempotency-Key", key)
	again := w.must(200, token, "PUT", "/customers/me/password", change, "Idempotency-Key", key)
	if again.at("token") != changed.at("token") || again.at("customer") != changed.at("customer") {
		t.Errorf("changed again: %s, want %s", again.text, changed.text)
	}
	if r := w.ask(token, "GET", "/sessions/current", ""); r.status != 401 {
		t.Errorf("the session before goes on: %d %s", r.status, r.text)
	}
	if r := w.ask(token, "PUT", "/customers/me/password", change); r.status != 401 {
		t.Errorf("without the key: %d %s", r.status, r.text)
	}
	now := again.at("token").(string)
	w.must(200, now, "GET", "/sessions/current", "")
	for range 2 {
		w.must(204, now, "DELETE", "/sessions/current", "")
	}
}

func TestALinkIsMadeOnceMore(t *testing.T) {
	w := newWorld(t)
	file := w.must(201, w.staff, "POST", "/staff/assets", `knit two`, "Content-Type", "text/plain").at("id").(string)
	w.must(200, w.staff, "PUT", "/staff/products/scarf", `{"title":"Scarf","variants":[{"sku":"scarf","untracked":true,"prices":[{"minor":450,"currency":"EUR"}],
		"digital":{"files":[{"asset":"`+file+`","name":"scarf.txt"}]}}]}`)
	cart := w.cart(w.alice, "scarf", 1)
	order := "/orders/" + w.must(200, w.alice, "POST", cart+"/checkout", goodCard).at("order.id").(string)
	w.must(200, w.staff, "POST", "/staff"+order+"/deliveries", `{}`)
	for _, path := range []string{order + "/downloads", cart + "/order/downloads"} {
		first := w.must(201, w.alice, "POST", path, `{"line":1,"file":1}`, "Idempotency-Key", "link "+path)
		again := w.must(201, w.alice, "POST", path, `{"line":1,"file":1}`, "Idempotency-Key", "link "+path)
		if first.text != again.text {
			t.Errorf("asked again: %s, want %s", again.text, first.text)
		}
		if got := w.must(200, "", "POST", "/downloads/"+first.at("token").(string), ""); got.text != "knit two" {
			t.Errorf("downloaded %q", got.text)
		}
	}
}
