package storefront_test

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/storefront"
)

// host is a program with users of its own: a header names them.
type host map[string]accounts.CustomerID

func (h host) Customer(r *http.Request) (accounts.CustomerID, error) {
	switch user := r.Header.Get("User"); user {
	case "liar":
		return "", fault.New(fault.Denied, "that is not who you are")
	case "broken":
		return "", errors.New("the users cannot be read")
	default:
		return h[user], nil
	}
}

func (host) LogInURL(back string) string {
	return "/app/login?" + url.Values{"next": {back}}.Encode()
}

// hosted is the sample shop as a part of a program with these users.
func hosted(t *testing.T, users ...string) shop {
	h := host{}
	for _, user := range users {
		email := commerce.Personal(user + "@app.example")
		c, err := sample.store.Accounts.Register(t.Context(), accounts.Register{Email: email})
		if fault.CodeOf(err) == fault.Conflict { // the test runs again
			c, err = sample.store.Accounts.ByEmail(t.Context(), email)
		}
		if err != nil {
			t.Fatal(err)
		}
		h[user] = c.ID
	}
	return sample.with(t, storefront.Options{Base: "/shop", Auth: h})
}

func (s shop) visitorAs(t *testing.T, user string) *browser {
	b := s.visitor(t)
	b.header.Set("User", user)
	b.client.CheckRedirect = func(r *http.Request, _ []*http.Request) error {
		if strings.HasPrefix(r.URL.Path, "/app/") {
			return http.ErrUseLastResponse
		}
		return nil
	}
	return b
}

// inside checks that a page leads nowhere but into the shop and to the bank, and
// that its cookies stay in the shop.
func (b *browser) inside() {
	b.t.Helper()
	each(b.doc, func(n *node) {
		for _, name := range []string{"href", "src", "action", "data-suggest"} {
			link := attr(n, name)
			if strings.HasPrefix(link, "/") && !strings.HasPrefix(link, "/shop/") && !strings.HasPrefix(link, "/bank/") {
				b.t.Errorf("%s links to %s", b.at, link)
			}
		}
	})
	root, err := b.at.Parse("/")
	if err != nil {
		b.t.Fatal(err)
	}
	if got := b.client.Jar.Cookies(root); len(got) > 0 {
		b.t.Errorf("after %s the whole site gets the cookies %v", b.at, got)
	}
}

// TestUsersOfAProgram buys as one of them: first as a guest, then, logged in by
// the program, as a customer.
func TestUsersOfAProgram(t *testing.T) {
	s := hosted(t, "hedy", "alan")
	b := s.visitorAs(t, "nobody")
	b.do("GET", "/shop/account?note=saved", nil)
	b.want(http.StatusSeeOther)
	if got := b.leadsTo(); got != "/app/login?next=%2Fshop%2Faccount%3Fnote%3Dsaved" {
		t.Errorf("a guest who wants to see their account is sent to %s", got)
	}
	b.submitAt("/shop/p/oak-board", "/shop/cart/add", nil)
	b.open("/shop/checkout")
	b.inside()
	guests := b.text

	b.header.Set("User", "hedy")
	b.open("/shop/cart")
	b.want(200, "Oak chopping board", "Account")
	b.submit("/shop/cart/change", map[string]string{"quantity": "2"})
	b.want(200, "The cart has changed meanwhile.")
	b.open("/shop/checkout")
	if b.text == guests || !strings.Contains(b.text, "hedy@app.example") {
		t.Error("the checkout does not know the customer")
	}
	b.submit("/shop/checkout", map[string]string{"name": "Hedy L.", "line1": "Kai 7", "postcode": "20457", "city": "Hamburg", "country": "DE"})
	b.inside()
	b.submit("/shop/checkout/delivery", nil)
	b.inside()
	b.frame()
	b.submit("/bank/card", map[string]string{"number": "4242 4242 4242 4242"})
	b.inside()
	b.submit("/shop/checkout/payment", nil)
	b.want(200, "Thank you for your order")
	b.inside()
	order := b.at.Path
	b.open("/shop/account")
	b.want(200, "€36.90", "hedy@app.example")
	b.inside()
	for _, not := range []string{"password", "/logout", "/account/email"} {
		if strings.Contains(b.text, not) {
			t.Errorf("the account has %s, which is the program's", not)
		}
	}
	for _, user := range []string{"alan", "nobody"} {
		other := s.visitorAs(t, user)
		other.do("GET", order, nil)
		other.want(404)
		b.header.Set("User", user) // who logs out leaves nothing behind either
		b.do("GET", order, nil)
		b.want(404)
	}
}

// TestTheNextToUseABrowser finds nothing of who was logged in before, though the
// program does not tell the shop when it logs people out; and what they chose
// waits for them.
func TestTheNextToUseABrowser(t *testing.T) {
	s := hosted(t, "joan", "kay")
	b := s.visitorAs(t, "nobody")
	b.submitAt("/shop/p/oak-board", "/shop/cart/add", nil)
	b.open("/shop/checkout")
	b.submit("/shop/checkout", ada)
	b.submit("/shop/checkout/delivery", nil)
	b.open("/shop/checkout/payment?method=manual")
	b.submit("/shop/checkout/payment", nil)
	b.want(200, "Thank you for your order")
	guests := b.at.Path
	b.header.Set("User", "joan")
	b.open(guests)
	b.want(200, "Thank you for your order")
	b.submitAt("/shop/p/earl-grey", "/shop/cart/add", nil)
	b.want(200, "Earl Grey tin")

	for _, user := range []string{"kay", "nobody"} {
		b.header.Set("User", user)
		b.open("/shop/cart")
		b.want(200, "Your cart is empty.")
		b.do("GET", guests, nil)
		b.want(404)
	}
	b.header.Set("User", "joan")
	b.open("/shop/cart")
	b.want(200, "Earl Grey tin")
}

// leadsTo is where the page that was not followed would lead.
func (b *browser) leadsTo() string {
	a := find(b.doc, func(n *node) bool { return n.Data == "a" })
	if a == nil {
		b.t.Fatalf("%s leads nowhere", b.at)
	}
	return attr(a, "href")
}

// TestAProgramsOwnPages: what is the program's is not there in the shop, for
// nobody, and what its Auth says is believed.
func TestAProgramsOwnPages(t *testing.T) {
	s := hosted(t, "grete")
	for _, user := range []string{"grete", "nobody"} {
		b := s.visitorAs(t, user)
		for _, route := range []string{
			"POST /login", "POST /logout", "GET /register", "POST /register", "POST /account/email", "POST /account/verify",
			"GET /verify", "POST /verify", "GET /password", "POST /password", "GET /password/new", "POST /password/new",
		} {
			method, path, _ := strings.Cut(route, " ")
			b.do(method, "/shop"+path, url.Values{})
			if !slices.Contains([]int{http.StatusNotFound, http.StatusMethodNotAllowed}, b.status) {
				t.Errorf("%s answers %d", route, b.status)
			}
		}
		b.do("GET", "/shop/login?back=https://evil.example/", nil)
		if got := b.leadsTo(); got != "/app/login?next=%2Fshop%2F" {
			t.Errorf("to log in leads to %s", got)
		}
	}
	for user, want := range map[string]int{"liar": 403, "broken": 500, "grete": 200, "nobody": 200} {
		b := s.visitorAs(t, user)
		for _, path := range []string{"/shop/", "/shop/p/oak-board", "/shop/cart"} {
			b.do("GET", path, nil)
			b.want(want)
		}
		b.do("POST", "/shop/cart/add", url.Values{"sku": {"EARL-GREY"}})
		b.want(want)
	}
}

// TestPagesOfAProgramsUsersAreTheirOwn: what a cache in front may keep is the
// same for all guests.
func TestPagesOfAProgramsUsersAreTheirOwn(t *testing.T) {
	s := hosted(t, "ida")
	for user, want := range map[string]string{"ida": "private", "nobody": "public"} {
		r, err := http.NewRequestWithContext(t.Context(), "GET", s.url+"/shop/p/oak-board", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("User", user)
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if got := answer.Header.Get("Cache-Control"); !strings.HasPrefix(got, want) {
			t.Errorf("what %s gets is %q", user, got)
		}
	}
}

// TestCookiesBelowABase: a shop that is a part of a site keeps its cookies to
// itself, also through TLS, where a __Host- cookie could not.
func TestCookiesBelowABase(t *testing.T) {
	s := sample.with(t, storefront.Options{Base: "/shop", HTTPS: true})
	r, err := http.NewRequestWithContext(t.Context(), "POST", s.url+"/shop/cart/add", strings.NewReader("sku=EARL-GREY"))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	answer, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if c := answer.Header.Get("Set-Cookie"); !strings.HasPrefix(c, "__Secure-cart=cart_") || !strings.Contains(c, "; Path=/shop; ") {
		t.Errorf("the cookie is %q", c)
	}
	if to := answer.Header.Get("Location"); to != "/shop/cart?note=added" {
		t.Errorf("the browser is sent to %s", to)
	}
}

// TestLoggingInHalfWayThroughACheckout: the cart may be another then, and is
// shown before anything is done with it.
func TestLoggingInHalfWayThroughACheckout(t *testing.T) {
	s := hosted(t, "grete")
	b := s.visitorAs(t, "nobody")
	b.submitAt("/shop/p/oak-board", "/shop/cart/add", nil)
	b.open("/shop/checkout")
	b.submit("/shop/checkout", ada)
	b.want(200, "Delivery")
	b.header.Set("User", "grete")
	b.submit("/shop/checkout/delivery", nil)
	b.want(200, "The cart has changed meanwhile.", "Oak chopping board")
	b.open("/shop/checkout")
	b.submit("/shop/checkout", ada)
	b.want(200, "Delivery")
}

// TestWhatIsAppendedChangesNoPage: what advertisements append to an address does
// not get into a page that a cache keeps for everybody.
func TestWhatIsAppendedChangesNoPage(t *testing.T) {
	for _, q := range []string{"?utm_source=planted", "?gclid=planted&sort=name", "?sort=name&fbclid=planted"} {
		b := sample.visitor(t)
		b.open("/p/oak-board" + q)
		if strings.Contains(b.text, "planted") {
			t.Errorf("the page of %s repeats it", q)
		}
	}
}
