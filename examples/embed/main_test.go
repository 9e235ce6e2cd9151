package main

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/commercetest"
	"github.com/keelshop/commerce/httpapi/client"
	"github.com/keelshop/commerce/payments/simulator"
)

func startApp(t *testing.T) *httptest.Server {
	t.Helper()
	bank := simulator.New(simulator.WithURL("/shop/bank"))
	shop := commercetest.Open(t, commerce.WithPayments(bank))
	if err := stockUp(t.Context(), shop); err != nil {
		t.Fatal(err)
	}
	handler, err := app(shop, bank)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server
}

// visitor is a browser with cookies of its own, which are good for the API too.
type visitor struct {
	t    *testing.T
	http *http.Client
	site string
	api  *client.Client
}

func visit(t *testing.T, server *httptest.Server) visitor {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	h := &http.Client{Jar: jar}
	return visitor{t, h, server.URL, client.New(server.URL+"/shop/api", client.WithHTTPClient(h))}
}

// ask returns the page that a request ends at, the path of that, and its status.
func (v visitor) ask(method, path string, form url.Values) (text, at string, status int) {
	v.t.Helper()
	r, err := http.NewRequestWithContext(v.t.Context(), method, v.site+path, strings.NewReader(form.Encode()))
	if err != nil {
		v.t.Fatal(err)
	}
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	answer, err := v.http.Do(r)
	if err != nil {
		v.t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		v.t.Fatal(err)
	}
	return string(body), answer.Request.URL.RequestURI(), answer.StatusCode
}

// page is ask for what must be there and say something.
func (v visitor) page(method, path string, form url.Values, says string) (text, at string) {
	v.t.Helper()
	text, at, status := v.ask(method, path, form)
	if status != http.StatusOK || !strings.Contains(text, says) {
		v.t.Fatalf("%s %s: %d at %s, which does not say %q:\n%s", method, path, status, at, says, text)
	}
	return text, at
}

func (v visitor) logIn(name string) {
	v.t.Helper()
	v.page("POST", "/login", url.Values{"name": {name}}, "Hello "+name)
}

// TestTheApplicationsUsersBuy: Ann buys in the pages, where she comes as a guest
// and is asked to log in by the application, and then by the API. Both orders
// are hers in both, and not Eve's.
func TestTheApplicationsUsersBuy(t *testing.T) {
	server := startApp(t)
	ann, eve, ctx := visit(t, server), visit(t, server), t.Context()
	eve.logIn("eve")

	ann.page("GET", "/shop/", nil, "The application&#39;s shop")
	ann.page("POST", "/shop/cart/add", url.Values{"sku": {"MUG"}}, "It is in your cart.")
	_, at := ann.page("GET", "/shop/login?back=/shop/checkout", nil, "and bob, who runs the shop")
	if at != "/login?next=%2Fshop%2Fcheckout" {
		t.Fatalf("the shop asks to log in at %s", at)
	}
	ann.page("POST", "/login", url.Values{"name": {"ann"}, "next": {"/shop/checkout"}}, "ann@app.example")
	address := url.Values{"email": {"ann@app.example"}, "name": {"Ann"}, "line1": {"Kai 7"}, "postcode": {"20457"}, "city": {"Hamburg"}, "country": {"DE"}}
	ann.page("POST", "/shop/checkout", address, `src="/shop/bank/card`)
	pay := url.Values{"method": {"simulator"}, "token": {"pm_card_visa"}}
	text, _ := ann.page("GET", "/shop/checkout/payment?"+pay.Encode(), nil, "Pay €12.50")
	for _, field := range regexp.MustCompile(`type="hidden" name="(version|total)" value="([^"]+)"`).FindAllStringSubmatch(text, -1) {
		pay.Set(field[1], field[2])
	}
	_, first := ann.page("POST", "/shop/checkout/payment", pay, "Thank you for your order")

	basket, err := ann.api.CreateCart(ctx, client.CreateCartBody{Lines: []client.LineInput{{SKU: "SHIRT", Quantity: 2}}})
	if err != nil {
		t.Fatal(err)
	}
	done, err := ann.api.CheckOut(ctx, basket.ID, client.CheckOutBody{PayWith: "simulator", Token: "pm_card_visa"})
	if err != nil {
		t.Fatal(err)
	}
	text, _ = ann.page("GET", "/shop/account", nil, "Your orders")
	mine, err := ann.api.ListMyOrders(ctx, client.ListMyOrdersQuery{})
	if err != nil || len(mine.Items) != 2 {
		t.Fatalf("the API says that Ann has %d orders: %v", len(mine.Items), err)
	}
	for _, path := range []string{first, "/shop/orders/" + done.Order.ID} {
		id := strings.TrimPrefix(path, "/shop/orders/")
		ann.page("GET", path, nil, "Thank you for your order")
		if !strings.Contains(text, path) || mine.Items[0].ID != id && mine.Items[1].ID != id {
			t.Errorf("Ann's account lacks the order %s", id)
		}
		if _, _, status := eve.ask("GET", path, nil); status != http.StatusNotFound {
			t.Errorf("Eve asks for Ann's order and gets %d", status)
		}
		if _, err := eve.api.GetOrder(ctx, id); err == nil {
			t.Error("Eve reads Ann's order by the API")
		}
	}
	eve.page("GET", "/shop/account", nil, "You have not ordered anything yet.")
	if hers, err := eve.api.ListMyOrders(ctx, client.ListMyOrdersQuery{}); err != nil || len(hers.Items) != 0 {
		t.Errorf("Eve has the orders %v: %v", hers.Items, err)
	}

	ann.page("POST", "/logout", nil, "Log in")
	ann.page("GET", "/shop/account", nil, "and bob, who runs the shop")
	if _, _, status := ann.ask("GET", first, nil); status != http.StatusNotFound {
		t.Errorf("who has logged out asks for the order and gets %d", status)
	}
}

// TestBobRunsTheShop, and nobody else.
func TestBobRunsTheShop(t *testing.T) {
	server := startApp(t)
	ann, bob, ctx := visit(t, server), visit(t, server), t.Context()
	ann.logIn("ann")
	bob.logIn("bob")
	kettle := client.ProductInput{Title: "Kettle", Variants: []client.VariantInput{
		{SKU: "KETTLE", Untracked: true, Prices: []client.MoneyInput{{Minor: 3900, Currency: "EUR"}}},
	}}
	if _, err := ann.api.PutProduct(ctx, "kettle", kettle); err == nil {
		t.Error("Ann puts a product into the shop")
	}
	if _, err := bob.api.PutProduct(ctx, "kettle", kettle); err != nil {
		t.Error(err)
	}
	ann.page("GET", "/shop/p/kettle", nil, "€39.00")
}

// TestAnotherSiteCannotUseTheCookie sends what a browser would send from a page
// elsewhere: the cookie comes along, and nothing happens.
func TestAnotherSiteCannotUseTheCookie(t *testing.T) {
	server := startApp(t)
	bob := visit(t, server)
	bob.logIn("bob")
	for _, route := range []string{"PUT /shop/api/staff/products/mug", "POST /shop/cart/add", "POST /logout"} {
		method, path, _ := strings.Cut(route, " ")
		r, err := http.NewRequestWithContext(t.Context(), method, server.URL+path, strings.NewReader(`{"title":"Mug"}`))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Origin", "https://evil.example")
		r.Header.Set("Sec-Fetch-Site", "cross-site")
		answer, err := bob.http.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode != http.StatusForbidden {
			t.Errorf("another site's %s: %d", route, answer.StatusCode)
		}
	}
	bob.page("GET", "/", nil, "Hello bob")
}

// TestLogInLeadsNowhereElse: a link to the log-in cannot send whoever follows it
// to another site.
func TestLogInLeadsNowhereElse(t *testing.T) {
	for path, want := range map[string]string{
		"/shop/account?x=1": "/shop/account?x=1", "": "/", "https://evil.example/": "/", "//evil.example": "/", `/\evil.example`: "/", "/a\r\nb": "/",
	} {
		if got := local(path); got != want {
			t.Errorf("%q leads to %q, want %q", path, got, want)
		}
	}
}
