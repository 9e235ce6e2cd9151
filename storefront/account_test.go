package storefront_test

import (
	"crypto/rand"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/checkout"
	"github.com/keelshop/commerce/commercetest"
	"github.com/keelshop/commerce/payments/simulator"
	"github.com/keelshop/commerce/storefront"
)

// register makes an account and is logged in then.
func (b *browser) register(email string) {
	b.t.Helper()
	b.open("/register")
	b.submit("/register", map[string]string{"name": "Grace H.", "email": email, "password": "a ship in port is safe"})
	b.want(200, "Your account", email)
}

func TestAccount(t *testing.T) {
	b := sample.visitor(t)
	b.open("/account")
	b.want(200, "Log in") // asked to
	b.open("/p/oak-board")
	b.submit("/cart/add", nil) // as a guest
	b.register("grace@example.com")
	b.want(200, "You have not ordered anything yet.")
	b.open("/cart")
	b.want(200, "Oak chopping board") // it came along
	b.open("/checkout")
	form := map[string]string{"line1": "Kai 7", "postcode": "20457", "city": "Hamburg", "country": "DE", "save": "1"}
	b.submit("/checkout", form)
	b.submit("/checkout/delivery", nil)
	b.open("/checkout/payment?method=manual")
	b.submit("/checkout/payment", nil)
	b.want(200, "Thank you for your order", "Kai 7")
	order := b.at.Path
	b.open("/account")
	b.want(200, "ordered", "€36.90", "20457 Hamburg")

	other := sample.visitor(t)
	other.do("GET", order, nil)
	other.want(404)
	other.register("mallory@example.com")
	other.do("GET", order, nil)
	other.want(404)

	b.submit("/logout", nil)
	b.do("GET", order, nil)
	b.want(404)
	b.open("/login")
	b.submit("/login", map[string]string{"email": "grace@example.com", "password": "a ship in harbour"})
	b.want(422, "E-mail address or password are not right.")
	b.submit("/login", map[string]string{"email": "Grace@example.com", "password": "a ship in port is safe"})
	b.want(200, "Your account")
	b.open(order)

	b.submitAt("/account", "/account/address/remove", nil)
	b.want(200, "That was saved.")
	if strings.Contains(b.text, "20457") {
		t.Error("the address is still there")
	}
	b.submitAt("/account/address", "/account/address", map[string]string{"name": "G. H.", "line1": "Deich 2", "postcode": "25746", "city": "Heide"})
	b.want(200, "25746 Heide")
	b.submitAt("/account", "/account", map[string]string{"name": "Rear Admiral"})
	b.want(200, "That was saved.")
}

// submitAt opens a page and submits its form.
func (b *browser) submitAt(page, action string, fill map[string]string) {
	b.t.Helper()
	b.open(page)
	b.submit(action, fill)
}

func TestCartMergesAtLogIn(t *testing.T) {
	first := sample.visitor(t)
	first.register("merge@example.com")
	first.submitAt("/p/sea-salt", "/cart/add", nil)
	second := sample.visitor(t)
	second.submitAt("/p/sea-salt", "/cart/add", map[string]string{"quantity": "2"})
	second.submitAt("/p/earl-grey", "/cart/add", nil)
	second.submitAt("/login?back=/cart", "/login", map[string]string{"email": "merge@example.com", "password": "a ship in port is safe"})
	for _, b := range []*browser{first, second} {
		b.open("/cart")
		b.want(200, "Earl Grey tin", "€20.70", "€34.70")
	}
}

func TestRegisterErrors(t *testing.T) {
	b := sample.visitor(t)
	b.register("taken@example.com")
	b = sample.visitor(t)
	for _, test := range []struct{ name, email, password, want string }{
		{"x", "taken@example.com", "correct horse battery", "There is an account with this address."},
		{"x", "new@example.com", "short", "A password needs at least 8 characters."},
		{"x", "new@example.com", "password123", "That password is easy to guess."},
		{"", "new@example.com", "correct horse battery", "Please fill this in."},
		{"x", "new", "correct horse battery", "Please enter an e-mail address"},
	} {
		b.submitAt("/register", "/register", map[string]string{"name": test.name, "email": test.email, "password": test.password})
		b.want(422, test.want)
		if strings.Contains(b.text, test.password) {
			t.Errorf("the page repeats the password %q", test.password)
		}
	}
}

func TestForgottenPassword(t *testing.T) {
	b := sample.visitor(t)
	b.register("forgot@example.com")
	b = sample.visitor(t)
	for _, email := range []string{"nobody@example.com", "forgot@example.com"} {
		b.submitAt("/password", "/password", map[string]string{"email": email})
		b.want(200, "If there is an account with this address")
	}
	path := storefront.LetterPath(sample.letters.last(t, "forgot@example.com"))
	b.submitAt(path, "/password/new", map[string]string{"password": "short"})
	b.want(422, "A password needs at least 8 characters.")
	b.submit("/password/new", map[string]string{"password": "and another long one"})
	b.want(200, "Your account")
	b = sample.visitor(t)
	b.submitAt(path, "/password/new", map[string]string{"password": "and a third long one"})
	b.want(422, "This link is not good any more.")

	b.submitAt("/login", "/login", map[string]string{"email": "forgot@example.com", "password": "and another long one"})
	b.submit("/account/verify", nil)
	b.want(200, "A letter is on its way to you.")
	path = storefront.LetterPath(sample.letters.last(t, "forgot@example.com"))
	b.submitAt(path, "/verify", nil)
	b.want(200, "your e-mail address is confirmed")
}

// Who tries to log in to an account that is not there yet and then makes it
// has one, and is asked to wait.
func TestRegisterAfterFailedLogIns(t *testing.T) {
	clock, bank := commercetest.NewClock(), simulator.New()
	store := commercetest.Open(t, commerce.WithPayments(bank), clock.Option(), quickPasswords)
	s := shop{store: store, bank: bank, letters: &postbox{}}.with(t, storefront.Options{})
	b := s.visitor(t)
	account := map[string]string{"name": "x", "email": "late@example.com", "password": "a ship in port is safe"}
	for range 5 {
		b.submitAt("/login", "/login", account)
		b.want(422)
	}
	b.submitAt("/register", "/register", account)
	b.want(200, "Log in", "That failed too often. Please wait a little and try again.")
	clock.Advance(time.Minute)
	b.submit("/login", account)
	b.want(200, "Your account", "late@example.com")
}

// TestAnotherEmailAsksForThePassword: a browser that is logged in is not enough.
func TestAnotherEmailAsksForThePassword(t *testing.T) {
	b, email := sample.visitor(t), strings.ToLower(rand.Text())
	b.submitAt("/register", "/register", map[string]string{"name": "Ada", "email": email + "@example.com", "password": "a long walk home"})
	b.want(200, "Your account")
	b.submit("/account/email", map[string]string{"email": email + "@example.org", "password": "not it"})
	b.want(200, "The password is not right.", email+"@example.com")
	b.submit("/account/email", map[string]string{"email": "not one", "password": "a long walk home"})
	b.want(200, "That did not work", email+"@example.com")
	b.submit("/account/email", map[string]string{"email": email + "@example.org", "password": "a long walk home"})
	b.want(200, "That was saved.", email+"@example.org")
}

// TestAnotherPassword: who knows the present one gets another, and stays logged in
// where they are and nowhere else.
func TestAnotherPassword(t *testing.T) {
	b, other := sample.visitor(t), sample.visitor(t)
	email := strings.ToLower(rand.Text()) + "@example.com"
	b.register(email)
	const old = "a ship in port is safe"
	other.submitAt("/login", "/login", map[string]string{"email": email, "password": old})
	other.want(200, "Your account")
	b.open("/account")
	b.submit("/account/password", map[string]string{"old": "not it", "new": "that is not what ships are for"})
	b.want(200, "The password is not right.")
	b.submit("/account/password", map[string]string{"old": old, "new": "short"})
	b.want(200, "That password is too short or easy to guess.")
	b.submit("/account/password", map[string]string{"old": old, "new": "that is not what ships are for"})
	b.want(200, "That was saved.", email)
	other.open("/account")
	other.want(200, "Log in")
	other.submit("/login", map[string]string{"email": email, "password": old})
	other.want(422)
	other.submit("/login", map[string]string{"email": email, "password": "that is not what ships are for"})
	other.want(200, "Your account")
	b.open("/account")
	b.want(200, email)
	guest := sample.visitor(t)
	guest.do("POST", "/account/password", url.Values{"old": {old}, "new": {"that is not what ships are for"}})
	guest.want(200, "Log in")
}

// TestOrdersOfManyYears: the account shows the newest orders, and older ones on
// further pages, each once.
func TestOrdersOfManyYears(t *testing.T) {
	b := sample.visitor(t)
	email := strings.ToLower(rand.Text()) + "@example.com"
	b.register(email)
	c, err := sample.store.Accounts.ByEmail(t.Context(), commerce.Personal(email))
	if err != nil {
		t.Fatal(err)
	}
	gift, err := sample.store.Catalog.ByHandle(t.Context(), "gift-card")
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for range 45 {
		basket, err := sample.store.Carts.AddLine(t.Context(), cart.AddLine{Customer: c.ID, SKU: gift.Variants[0].SKU, Quantity: 1, Currency: "EUR"})
		if err == nil {
			_, err = sample.store.Carts.SetContact(t.Context(), cart.SetContact{Cart: basket.ID, Contact: cart.Contact{Email: commerce.Personal(email)}})
		}
		if err != nil {
			t.Fatal(err)
		}
		made, err := sample.store.Checkout.Complete(t.Context(), checkout.Complete{Cart: basket.ID, PayWith: "manual"})
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, string(made.ID))
	}
	slices.Sort(want)
	slices.Reverse(want)
	var got, pages []string
	for next := "/account"; next != ""; {
		b.open(next)
		next = ""
		pages = append(pages, b.text)
		each(b.doc, func(n *node) {
			if to := attr(n, "href"); strings.HasPrefix(to, "/orders/") {
				got = append(got, strings.TrimPrefix(to, "/orders/"))
			} else if strings.HasPrefix(to, "/account?before=") {
				next = to
			}
		})
	}
	if !slices.Equal(got, want) || len(pages) != 3 {
		t.Errorf("on %d pages: %v, want %v", len(pages), got, want)
	}
	b.open("/account?before=nonsense") // before all of them
	if strings.Contains(b.text, "You have not ordered anything yet.") {
		t.Error("who has ordered is told that they have not")
	}
}
