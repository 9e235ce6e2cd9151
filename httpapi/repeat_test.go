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
