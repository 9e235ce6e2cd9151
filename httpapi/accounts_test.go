package httpapi_test

import (
	"context"
	"net/url"
	"testing"
	"time"

	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/httpapi"
)

// letterbox keeps the letters that it is given.
type letterbox struct{ letters []accounts.Letter }

func (l *letterbox) Send(_ context.Context, letter accounts.Letter) error {
	l.letters = append(l.letters, letter)
	return nil
}

func (l *letterbox) token(t *testing.T) string {
	t.Helper()
	if len(l.letters) == 0 {
		t.Fatal("no letter has come")
	}
	return l.letters[len(l.letters)-1].Token.Reveal()
}

func TestAnAccountFromRegisteringToErasing(t *testing.T) {
	box := &letterbox{}
	w := newWorld(t, httpapi.Options{Auth: &shopAuth{}, Mailer: box})
	const who = `"email":"ann@example.com","password":"a long walk home"`
	w.must(201, "", "POST", "/customers", `{`+who+`,"name":"Ann"}`)
	if r := w.ask("", "POST", "/customers", `{`+who+`}`); r.status != 409 || r.at("error") != "accounts.email_taken" {
		t.Errorf("registering twice: %d %s", r.status, r.text)
	}
	if r := w.ask("", "POST", "/customers", `{"email":"eve@example.com","password":"short"}`); r.status != 422 || r.at("error") != "accounts.password" {
		t.Errorf("a short password: %d %s", r.status, r.text)
	}
	if r := w.ask("", "POST", "/sessions", `{"email":"ann@example.com","password":"wrong"}`); r.status != 401 || r.at("error") != "accounts.wrong_password" {
		t.Errorf("a wrong password: %d %s", r.status, r.text)
	}
	guest := w.cart("", "mug", 1)
	token := w.must(201, "", "POST", "/sessions", `{`+who+`}`).at("token").(string)
	if me := w.must(200, token, "GET", "/customers/me", ""); me.at("name") != "Ann" {
		t.Errorf("Ann is %s", me.text)
	}
	merged := w.must(200, token, "POST", "/customers/me/cart/merge", `{"cart":"`+guest[len("/carts/"):]+`"}`)
	if mine := w.must(200, token, "GET", "/customers/me/cart", ""); mine.at("id") != merged.at("id") || mine.at("lines.0.sku") != "mug" {
		t.Errorf("Ann's cart is %s", mine.text)
	}
	if r := w.ask("", "GET", "/carts/"+merged.at("id").(string), ""); r.status != 404 {
		t.Errorf("a guest reads Ann's cart: %d", r.status)
	}
	w.must(202, token, "POST", "/customers/me/verification", "")
	w.must(204, "", "POST", "/verifications", `{"token":"`+box.token(t)+`"}`)
	adr := w.must(201, token, "POST", "/customers/me/addresses", `{"line1":"1 Way","city":"Ulm","country":"DE"}`).at("id").(string)
	w.must(204, token, "DELETE", "/customers/me/addresses/"+adr, "")
	w.must(200, token, "PATCH", "/customers/me", `{"name":"Anne"}`)
	w.must(401, token, "PATCH", "/customers/me", `{"email":"anne@example.com"}`)
	w.must(401, token, "PATCH", "/customers/me", `{"email":"anne@example.com","password":"not it"}`)

	w.must(202, "", "POST", "/password-resets", `{"email":"nobody@example.com"}`)
	w.must(202, "", "POST", "/password-resets", `{"email":"ann@example.com"}`)
	fresh := w.must(201, "", "PUT", "/password-resets", `{"token":"`+box.token(t)+`","password":"another long walk"}`).at("token").(string)
	if r := w.ask(token, "GET", "/customers/me", ""); r.status != 401 || r.header.Get("WWW-Authenticate") == "" {
		t.Errorf("the old session after a reset: %d %s", r.status, r.text)
	}
	changed := w.must(200, fresh, "PUT", "/customers/me/password", `{"old_password":"another long walk","new_password":"the third long walk"}`).at("token").(string)
	w.must(200, changed, "GET", "/sessions/current", "")
	w.must(204, changed, "DELETE", "/sessions/current", "")
	w.must(401, changed, "GET", "/customers/me", "")
	last := w.must(201, "", "POST", "/sessions", `{"email":"ann@example.com","password":"the third long walk"}`).at("token").(string)
	w.must(204, last, "DELETE", "/customers/me", "")
	if r := w.ask("", "POST", "/sessions", `{"email":"ann@example.com","password":"the third long walk"}`); r.status != 401 {
		t.Errorf("logging in after erasure: %d %s", r.status, r.text)
	}
}

func TestGuessingPasswordsIsLimited(t *testing.T) {
	w := newWorld(t, httpapi.Options{Auth: &shopAuth{}, PerAddress: httpapi.Unlimited, PerAccount: httpapi.Unlimited,
		PerSecret: httpapi.Rate{Requests: 2, Per: time.Hour}})
	var last reply
	for range 3 {
		last = w.ask("", "POST", "/sessions", `{"email":"alice@example.com","password":"guess"}`)
	}
	if last.status != 429 {
		t.Errorf("the third guess of two: %d %s", last.status, last.text)
	}
	w.must(200, "", "GET", "/products/mug", "")
}

// TestGuestsOrdersAreJoinedOverHTTP: only who is logged in and has a letter to the
// address gets them, not who has registered with it; they are erased with the
// customer.
func TestGuestsOrdersAreJoinedOverHTTP(t *testing.T) {
	box := &letterbox{}
	w := newWorld(t, httpapi.Options{Auth: &shopAuth{}, Mailer: box})
	cart := w.cart("", "mug", 1)
	w.must(200, "", "PATCH", cart, `{"contact":{"email":"Ann@Example.com","name":"Ann","shipping_address":{"line1":"1 Way","city":"Ulm","country":"DE"}}}`)
	order := "/orders/" + w.must(200, "", "POST", cart+"/checkout", `{"pay_with":"simulator","token":"pm_card_visa"}`).at("order.id").(string)
	const who = `"email":"ann@example.com","password":"a long walk home"`
	w.must(201, "", "POST", "/customers", `{`+who+`}`)
	token := w.must(201, "", "POST", "/sessions", `{`+who+`}`).at("token").(string)
	w.must(404, token, "GET", order, "")
	w.must(202, token, "POST", "/customers/me/verification", "")
	letter := `{"token":"` + box.token(t) + `"}`
	w.must(204, "", "POST", "/verifications", letter)
	if r := w.ask(token, "POST", "/customers/me/guest-orders", ""); r.status < 400 {
		t.Errorf("without a letter: %d %s", r.status, r.text)
	}
	w.must(404, token, "POST", "/customers/me/guest-orders", `{"token":"x"}`)
	const other = `"email":"else@example.com","password":"a long walk home"`
	w.must(201, "", "POST", "/customers", `{`+other+`}`)
	stranger := w.must(201, "", "POST", "/sessions", `{`+other+`}`).at("token").(string)
	w.must(404, stranger, "POST", "/customers/me/guest-orders", letter)
	w.must(404, token, "GET", order, "")
	w.must(202, token, "POST", "/customers/me/verification", "") // that one is used up
	letter = `{"token":"` + box.token(t) + `"}`
	for _, want := range []float64{1, 0} {
		if r := w.must(200, token, "POST", "/customers/me/guest-orders", letter); r.at("joined") != want {
			t.Errorf("got %s, want %v", r.text, want)
		}
	}
	me := w.must(200, token, "GET", "/customers/me", "").at("id").(string)
	number := w.must(200, token, "GET", order, "").at("number").(string)
	clerk := w.logIn("clerk@example.com", accounts.StaffGroup)
	for who, want := range map[string]int{me: 1, "cus_01KAJ3W7Q8Z5D4F6G7H8J9K0M1": 0} {
		r := w.must(200, clerk, "GET", "/staff/orders?number="+url.QueryEscape(number)+"&customer="+who, "")
		if items, _ := r.at("items").([]any); len(items) != want {
			t.Errorf("the order %s of %s: %s", number, who, r.text)
		}
	}
	if r := w.must(200, token, "GET", "/orders", ""); "/orders/"+r.at("items.0.id").(string) != order {
		t.Errorf("the orders are %s", r.text)
	}
	w.must(204, token, "DELETE", "/customers/me", "")
	if contact := w.must(200, "", "GET", cart+"/contact", ""); contact.at("name") != nil || contact.at("shipping_address.city") != "" {
		t.Errorf("after the erasure the contact is %s", contact.text)
	}
}
