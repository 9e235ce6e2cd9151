package admin_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/admin"
	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/checkout"
	"github.com/keelshop/commerce/commercetest"
	"github.com/keelshop/commerce/documents"
	"github.com/keelshop/commerce/inventory"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/orders"
	"github.com/keelshop/commerce/payments/simulator"
)

const nasty = `<script>alert(1)</script>"'`

// office is a store with goods, a member of the staff and their browser.
type office struct {
	*testing.T
	*commerce.Store
	options admin.Options
	web     *httptest.Server
	browser *http.Client
	product catalog.Product
	looks   looks
}

// looks is a hook that remembers commands of requests that only read.
type looks struct {
	mu   sync.Mutex
	seen []string
}

type methodKey struct{}

func (l *looks) see(ctx context.Context, command any) error {
	if m, _ := ctx.Value(methodKey{}).(string); m == http.MethodGet || m == http.MethodHead {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.seen = append(l.seen, fmt.Sprintf("%T", command))
	}
	return nil
}

func (l *looks) method(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), methodKey{}, r.Method)))
	})
}

func open(t *testing.T) *office {
	o := &office{T: t}
	o.Store = commercetest.Open(t, commerce.WithPayments(simulator.New()), commerce.WithHook(o.looks.see))
	o.options = admin.Options{Name: nasty, Base: "/admin", Currencies: []money.Currency{"EUR", "USD"}, Backups: newBackups(t, o.Store)}
	h, err := admin.New(o.Store, o.options)
	if err != nil {
		t.Fatal(err)
	}
	o.web = httptest.NewServer(o.looks.method(h))
	t.Cleanup(o.web.Close)
	o.browser = o.newBrowser()
	o.product, err = o.Catalog.PutProduct(t.Context(), catalog.PutProduct{
		Handle: "mug", Title: "Mug " + nasty, Description: nasty, Brand: nasty, ExternalReference: "ERP-1",
		Variants: []catalog.PutVariant{
			{SKU: "mug-b", Options: []catalog.Option{{Name: "Colour", Value: nasty}}, Prices: []money.Amount{money.New(1250, "EUR"), money.New(1100, "GBP")}, WeightGrams: 300},
			{SKU: "mug-r", Options: []catalog.Option{{Name: "Colour", Value: "red"}}, Prices: []money.Amount{money.New(1250, "EUR")}},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := o.Inventory.Receive(t.Context(), inventory.Receive{SKU: "mug-b", Quantity: 20}); err != nil {
		t.Fatal(err)
	}
	_, err = o.Accounts.Register(t.Context(), accounts.Register{Email: "boss@example.com", Name: "Boss", Groups: []string{accounts.StaffGroup}, Password: "correct horse battery"})
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func (o *office) newBrowser() *http.Client {
	jar, err := cookiejar.New(nil)
	if err != nil {
		o.Fatal(err)
	}
	return &http.Client{Jar: jar}
}

// answer is a page as the browser got it, after redirects.
type answer struct {
	*testing.T
	status int
	path   string
	body   string
}

func (o *office) read(r *http.Response, err error) answer {
	o.Helper()
	if err != nil {
		o.Fatal(err)
	}
	defer r.Body.Close()
	body := readAll(o.T, r)
	if strings.Contains(body, "<script>alert(1)") {
		o.Errorf("%s lets a script in", r.Request.URL.Path)
	}
	if csp := r.Header.Get("Content-Security-Policy"); !strings.Contains(csp, "script-src 'self'") && !strings.HasPrefix(csp, "default-src 'none'") {
		o.Errorf("%s has the policy %q", r.Request.URL.Path, csp)
	}
	return answer{o.T, r.StatusCode, r.Request.URL.RequestURI(), body}
}

func (o *office) get(path string) answer {
	o.Helper()
	return o.read(o.browser.Get(o.web.URL + "/admin" + path))
}

func (o *office) post(path string, form ...string) answer {
	o.Helper()
	values := url.Values{}
	for i := 0; i < len(form); i += 2 {
		values.Set(form[i], form[i+1])
	}
	r, err := http.NewRequestWithContext(o.Context(), http.MethodPost, o.web.URL+"/admin"+path, strings.NewReader(values.Encode()))
	if err != nil {
		o.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	return o.read(o.browser.Do(r))
}

func (a answer) want(status int, texts ...string) answer {
	a.Helper()
	if a.status != status {
		a.Fatalf("%s: status %d, want %d\n%s", a.path, a.status, status, a.body)
	}
	for _, text := range texts {
		if !strings.Contains(a.body, text) {
			a.Errorf("%s lacks %q:\n%s", a.path, text, a.body)
		}
	}
	return a
}

func (o *office) logIn() *office {
	o.Helper()
	o.post("/login", "email", "boss@example.com", "password", "correct horse battery", "back", "/admin/orders").want(200, "<h1>Orders</h1>")
	return o
}

// sell places an order of n blue mugs.
func (o *office) sell(n int64, authorizeOnly bool) orders.Order {
	o.Helper()
	basket, err := o.Carts.AddLine(o.Context(), cart.AddLine{SKU: "mug-b", Quantity: n})
	if err == nil {
		_, err = o.Carts.SetContact(o.Context(), cart.SetContact{Cart: basket.ID, Contact: cart.Contact{
			Email: "ann@example.com", Name: nasty, ShippingAddress: accounts.Address{Name: nasty, Line1: nasty, City: "Bonn", Postcode: "53111", Country: "DE"},
		}})
	}
	if err != nil {
		o.Fatal(err)
	}
	r, err := o.Checkout.Complete(o.Context(), checkout.Complete{Cart: basket.ID, PayWith: "simulator", Token: "pm_card_visa", AuthorizeOnly: authorizeOnly})
	if err != nil {
		o.Fatal(err)
	}
	return r.Order
}

// TestOnlyStaffGetIn asks for every page that there is as nobody, and as a
// customer.
func TestOnlyStaffGetIn(t *testing.T) {
	o := open(t)
	order := o.sell(1, false)
	c, err := o.Accounts.Register(t.Context(), accounts.Register{Email: "ann@example.com", Password: "correct horse battery"})
	if err != nil {
		t.Fatal(err)
	}
	routes, err := admin.StaffRoutes(o.Store, o.options)
	if err != nil || len(routes) < 40 {
		t.Fatalf("there are %d routes, %v", len(routes), err)
	}
	ids := strings.NewReplacer("{$}", "", "{order}", string(order.ID), "{product}", string(o.product.ID), "{customer}", string(c.ID))
	var pages, forms []string
	for _, route := range routes {
		method, path, _ := strings.Cut(ids.Replace(route), " ")
		switch path = regexp.MustCompile(`\{\w+\}`).ReplaceAllString(path, "x"); method {
		case "GET":
			pages = append(pages, path)
		case "POST":
			forms = append(forms, path)
		default:
			t.Errorf("%s is neither asked for nor sent", route)
		}
	}
	for _, who := range []string{"nobody", "a customer"} {
		for _, p := range pages {
			o.get(p).want(401, "<h1>Log in</h1>")
		}
		for _, p := range forms {
			o.post(p, "version", "1", "reason", "because").want(403)
		}
		o.post("/login", "email", "ann@example.com", "password", "correct horse battery").want(422, "not of the staff")
		o.post("/login", "email", "boss@example.com", "password", "wrong").want(422, "not right")
		// A shopper's own session does not open these pages either.
		session, err := o.Accounts.LogIn(t.Context(), accounts.LogIn{Email: "ann@example.com", Password: "correct horse battery"})
		if err != nil {
			t.Fatal(who, err)
		}
		u, err := url.Parse(o.web.URL)
		if err != nil {
			t.Fatal(err)
		}
		o.browser.Jar.SetCookies(u, []*http.Cookie{{Name: "staff", Value: session.Token.Reveal(), Path: "/"}})
	}
	if got, err := o.Orders.Get(t.Context(), order.ID); err != nil || got.Version != order.Version {
		t.Errorf("the order was changed: %+v, %v", got, err)
	}
	o.browser = o.newBrowser()
	o.logIn()
	for _, p := range pages {
		if !strings.HasSuffix(p, "/x") {
			o.get(p).want(200)
		}
	}
	o.post("/logout").want(200, "<h1>Log in</h1>")
	o.get("/orders").want(401)
}

// TestReadingChangesNothing asks for every page that there is, with something
// on each that would be a script if it were not written as text, and looks for
// commands and events.
func TestReadingChangesNothing(t *testing.T) {
	o := open(t).logIn()
	ids := o.fillWithAttacks()
	routes, err := admin.StaffRoutes(o.Store, o.options)
	if err != nil {
		t.Fatal(err)
	}
	before, pages := o.Latest(), []string{"/orders?status=placed", "/products?q=mug", "/customers?q=ann@example.com", "/products?q=" + url.QueryEscape(nasty), "/customers?q=" + url.QueryEscape(nasty)}
	for _, route := range routes {
		method, path, _ := strings.Cut(strings.Replace(route, "{$}", "", 1), " ")
		if method != "GET" {
			continue
		}
		pages = append(pages, regexp.MustCompile(`\{\w+\}`).ReplaceAllStringFunc(path, func(wild string) string {
			if ids[wild] == "" {
				t.Fatalf("%s: what %s stands for is not known here", route, wild)
			}
			return ids[wild]
		}))
	}
	for _, p := range pages {
		for _, method := range []string{http.MethodGet, http.MethodHead} {
			r, err := http.NewRequestWithContext(t.Context(), method, o.web.URL+"/admin"+p, nil)
			if err != nil {
				t.Fatal(err)
			}
			o.read(o.browser.Do(r)).want(200)
		}
	}
	if len(o.looks.seen) > 0 {
		t.Errorf("looking had the commands %v done", o.looks.seen)
	}
	for e, err := range o.Events(t.Context(), before) {
		t.Errorf("event %s, %v", e.Kind, err)
	}
	o.get("/nowhere").want(404)
	o.get("/orders/nonsense").want(400)
	o.get("/orders?status=nonsense").want(400)
	o.get("/products/prd_01KAJ3W7Q8Z5D4F6G7H8J9K0M1").want(404)
	o.get("/static/admin.css").want(200, "--brand")
	o.get("/static/nothing.css").want(404)
}

// fillWithAttacks has the attack on every page of the staff, and returns what
// the wildcards of routes stand for.
func (o *office) fillWithAttacks() map[string]string {
	o.Helper()
	ctx, order := o.Context(), o.sell(2, false)
	c, err := o.Accounts.Register(ctx, accounts.Register{Email: "ann@example.com", Name: nasty, Password: "correct horse battery"})
	if err != nil {
		o.Fatal(err)
	}
	_, err = o.Documents.PutSettings(ctx, documents.PutSettings{Settings: documents.Settings{Invoice: documents.Never, Seller: documents.Seller{Name: nasty, Address: []string{nasty}, Note: nasty}}})
	if err != nil {
		o.Fatal(err)
	}
	if _, err := o.Orders.Ship(ctx, orders.Ship{Order: order.ID, Carrier: nasty, Tracking: nasty, Lines: []orders.LineQuantity{{Line: 1, Quantity: 1}}}); err != nil {
		o.Fatal(err)
	}
	papers, err := o.Documents.Issue(ctx, order.ID)
	if err != nil || len(papers) == 0 {
		o.Fatal(papers, err)
	}
	picture, err := o.Assets.Put(ctx, strings.NewReader("\x89PNG\r\n\x1a\n0000"))
	if err != nil {
		o.Fatal(err)
	}
	for end := time.Now().Add(time.Minute); ; {
		if d, err := o.Documents.Get(ctx, papers[0].ID); err == nil && d.Number != "" {
			break
		}
		if time.Now().After(end) {
			o.Fatal("the invoice gets no number")
		}
		time.Sleep(5 * time.Millisecond)
	}
	o.post("/promotions", "version", "0", "key", "k1", "id", "ten", "name", nasty, "kind", "percent_off", "value", "10").want(200)
	o.post("/price-lists", "key", "k2", "code", "trade", "title", nasty, "discount", "10").want(200)
	o.post("/stock", "key", "k3", "version", "1", "id", "berlin", "name", nasty).want(200)
	o.post("/transfers", "key", "k4", "sku", "mug-b", "from", "main", "to", "berlin", "quantity", "5", "reference", nasty).want(200)
	o.post("/search", "version", "0", "key", "k5", "query", nasty, "locale", "en", "pins", "mug-b").want(200)
	o.post("/search/words", "version", "1", "key", "k6", "locale", "", "synonyms", nasty+", cup").want(200)
	o.post("/gift-cards", "key", "k7", "amount", "25", "currency", "EUR", "reason", nasty).want(200)
	o.post("/customers/"+string(c.ID)+"/credit", "key", "k8", "amount", "5", "currency", "EUR", "reason", nasty).want(200)
	return map[string]string{
		"{order}": string(order.ID), "{document}": string(papers[0].ID), "{product}": string(o.product.ID), "{customer}": string(c.ID), "{asset}": string(picture),
	}
}

func TestOtherSitesCannotSendForms(t *testing.T) {
	o := open(t).logIn()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, o.web.URL+"/admin/health/verify", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	o.read(o.browser.Do(r)).want(403)
}

var hidden = regexp.MustCompile(`name="key" value="([^"]+)"`)

// TestOrderFromSendingToRefund ships a part, ships the rest, takes something
// back and pays something back, each with a form that is sent twice.
func TestOrderFromSendingToRefund(t *testing.T) {
	o := open(t).logIn()
	order := o.sell(3, false)
	path := "/orders/" + string(order.ID)
	o.get("/").want(200, string(order.ID), "37.50 EUR")
	o.get("/orders").want(200, string(order.ID))
	twice := func(action string, form ...string) {
		t.Helper()
		page := o.get(path).want(200)
		key := hidden.FindStringSubmatch(page.body)
		current, err := o.Orders.Get(t.Context(), order.ID)
		if err != nil || key == nil {
			t.Fatalf("key %v, %v", key, err)
		}
		form = append(form, "key", key[1], "version", fmt.Sprint(current.Version))
		o.post(path+action, form...).want(200)
		o.post(path+action, form...).want(200)
	}
	twice("/ship", "line-1", "1", "tracking", "T1")
	twice("/ship", "line-1", "2")
	twice("/return", "line-1", "1", "reason", "broken", "discard", "yes")
	twice("/refund", "amount", "5.00", "reason", "late")
	if err := o.Payments.Settle(t.Context(), order.ID); err != nil {
		t.Fatal(err)
	}
	got, err := o.Orders.Get(t.Context(), order.ID)
	if err != nil || got.Shipped != 3 || got.Returned != 1 || got.Refunded != money.New(1750, "EUR") {
		t.Errorf("order %+v, %v", got, err)
	}
	o.get(path).want(200, "17.50 EUR", "partially refunded")
	o.post(path+"/ship", "line-1", "1", "version", "1", "key", "k").want(409)
	o.post(path+"/refund", "amount", "1000", "reason", "x", "key", "k2").want(422)
	o.post(path+"/refund", "amount", "lots", "reason", "x").want(400)
	o.post(path+"/ship", "line-1", "x", "version", "1").want(400)
	o.post(path + "/ship").want(400)
}

func TestCaptureAndCancel(t *testing.T) {
	o := open(t).logIn()
	held := o.sell(1, true)
	attempts, err := o.Payments.ByOrder(t.Context(), held.ID)
	if err != nil {
		t.Fatal(err)
	}
	o.get("/orders/"+string(held.ID)).want(200, "Take 12.50 EUR")
	o.post("/orders/"+string(held.ID)+"/capture", "attempt", string(attempts[0].ID), "key", "c1").want(200, "The money was taken.")
	other := o.sell(1, false)
	o.post("/orders/"+string(other.ID)+"/cancel", "reason", "sold out", "version", fmt.Sprint(other.Version), "key", "c2").want(200, "sold out")
	if got, err := o.Orders.Get(t.Context(), other.ID); err != nil || got.Status != orders.Canceled {
		t.Errorf("order %+v, %v", got, err)
	}
}

func TestProductIsEdited(t *testing.T) {
	o := open(t).logIn()
	path := "/products/" + string(o.product.ID)
	o.get("/products?q=ug-b").want(200, "There are none.")
	o.get("/products?q=mug-b").want(200, string(o.product.ID))
	o.get(path).want(200, `name="price-mug-b-EUR" inputmode="decimal" value="12.50"`, `name="price-mug-b-USD" inputmode="decimal" value=""`)
	form := []string{"version", "1", "key", "p1", "title", "Cup", "brand", "Kiln", "description", "Two\r\nlines", "status", "draft",
		"price-mug-b-EUR", "13", "price-mug-b-USD", "15.00", "price-mug-r-EUR", "", "price-mug-r-USD", ""}
	o.post(path, form...).want(200, "Saved.", "Cup")
	p, err := o.Catalog.Get(t.Context(), o.product.ID)
	if err != nil {
		t.Fatal(err)
	}
	blue := p.Variants[0]
	if p.Title != "Cup" || p.Description != "Two\nlines" || p.Status != catalog.Draft || p.ExternalReference != "ERP-1" || blue.WeightGrams != 300 {
		t.Errorf("product %+v", p)
	}
	if want := []money.Amount{money.New(1300, "EUR"), money.New(1100, "GBP"), money.New(1500, "USD")}; fmt.Sprint(blue.Prices) != fmt.Sprint(want) || len(p.Variants[1].Prices) != 0 {
		t.Errorf("prices %v and %v", blue.Prices, p.Variants[1].Prices)
	}
	o.post(path, form...).want(200)                      // the same form again
	o.post(path, append(form, "key", "p2")...).want(409) // somebody else's version
	o.post(path+"/stock", "sku", "mug-b", "quantity", "5", "how", "receive", "key", "s1").want(200, "The stock is corrected.")
	o.post(path+"/stock", "sku", "mug-b", "quantity", "5", "how", "receive", "key", "s1").want(200)
	o.post(path+"/stock", "sku", "mug-r", "quantity", "7", "how", "count", "key", "s2").want(200)
	o.post(path+"/stock", "sku", "mug-r", "quantity", "-7", "how", "count", "key", "s3").want(400)
	o.post(path+"/stock", "sku", "nothing", "quantity", "7", "how", "count", "key", "s4").want(404)
	for sku, want := range map[catalog.SKU]int64{"mug-b": 25, "mug-r": 7} {
		if l, err := o.Inventory.Level(t.Context(), sku, inventory.Main); err != nil || l.OnHand != want {
			t.Errorf("%s: %d on hand, %v; want %d", sku, l.OnHand, err, want)
		}
	}
}

func TestCustomersAreFoundAsAWhole(t *testing.T) {
	o := open(t).logIn()
	c, err := o.Accounts.Register(t.Context(), accounts.Register{Email: "ann@example.com", Name: "Ann " + nasty, Phone: "+49 228 12345", Password: "correct horse battery"})
	if err != nil {
		t.Fatal(err)
	}
	o.get("/customers?q=ann@example.com").want(200, string(c.ID))
	o.get("/customers?q="+url.QueryEscape("+49 (228) 123-45")).want(200, string(c.ID))
	o.get("/customers?q=ann@").want(200, "Nobody was found.")
	o.get("/customers?q=ord_01KAJ3W7Q8Z5D4F6G7H8J9K0M1").want(200, "Nobody was found.")
	guest := o.sell(1, false)
	o.get("/orders?number="+strings.ToLower(guest.Number)).want(200, "Order "+guest.Number)
	o.get("/orders?number=X").want(404, "No order has this number.")
	o.get("/customers?q="+string(guest.ID)).want(200, "Order "+guest.Number)
	o.get("/customers?q="+strings.ToLower(guest.Number)).want(200, "Order "+guest.Number)
	path := "/customers/" + string(c.ID)
	if _, err := o.Accounts.LogIn(t.Context(), accounts.LogIn{Email: "ann@example.com", Password: "correct horse battery"}); err != nil {
		t.Fatal(err)
	}
	o.get(path).want(200, "Logged in on 1 devices.")
	o.post(path+"/logout").want(200, "Logged in on 0 devices.")
	o.post(path+"/erase", "confirm", "yes").want(400, "write their ID")
	o.post(path+"/erase", "confirm", string(c.ID), "key", "e1").want(200, "erased")
	o.get("/customers?q=ann@example.com").want(200, "Nobody was found.")
}

func TestPromotionIsMadeAndPaused(t *testing.T) {
	o := open(t).logIn()
	o.post("/promotions", "version", "0", "key", "k", "id", "ten", "name", "Ten "+nasty, "kind", "percent_off", "value", "10", "currency", "EUR", "code", "TEN", "uses", "5", "from", "2026-01-01").
		want(200, "Saved.", "10", "TEN")
	rules, err := o.Pricing.Rules(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	p, ok := rules.Promotion("ten")
	if !ok || p.Effect.Rate != money.Percent(10) || !p.NeedsCode || p.Limits.Uses != 5 {
		t.Errorf("promotion %+v", p)
	}
	o.post("/promotions", "version", fmt.Sprint(rules.Version), "key", "k9", "id", "ten", "name", "Other", "kind", "free_shipping").want(409, "choose another ID")
	o.post("/promotions/ten/pause", "paused", "yes", "key", "k2").want(200, "paused")
	for _, bad := range [][]string{
		{"id", "x", "name", "x", "kind", "percent_off", "value", "ten"},
		{"id", "x", "name", "x", "kind", "amount_off", "value", "1.234", "currency", "EUR"},
		{"id", "x", "name", "x", "kind", "buy_get", "value", "1"},
		{"id", "x", "name", "x", "kind", "free_shipping", "from", "tomorrow"},
		{"id", "", "name", "x", "kind", "free_shipping"},
		{"id", "x", "name", "x", "kind", "free_shipping", "uses", "-1"},
	} {
		o.post("/promotions", append(bad, "version", fmt.Sprint(rules.Version+1))...).want(400)
	}
}

func TestGiftCardsAndCredit(t *testing.T) {
	o := open(t).logIn()
	made := o.post("/gift-cards", "key", "k", "amount", "25", "currency", "EUR", "until", "2030-12-31", "reason", nasty)
	made.want(200, "told only now", "25.00 EUR", "1 Jan 2031")
	_, rest, _ := strings.Cut(made.body, "<b><code>")
	code, _, _ := strings.Cut(rest, "</code>")
	b, err := o.Credit.ByCode(t.Context(), code)
	if err != nil || b.Left != money.New(2500, "EUR") {
		t.Fatalf("the card of %q has %v (%v)", code, b.Left, err)
	}
	o.post("/gift-cards", "key", "k2", "amount", "a lot", "currency", "EUR").want(400)
	o.post("/balances/"+string(b.ID), "key", "k3", "disabled", "yes").want(200, "paused")
	c, err := o.Accounts.Register(t.Context(), accounts.Register{Email: "ann@example.com"})
	if err != nil {
		t.Fatal(err)
	}
	o.post("/customers/"+string(c.ID)+"/credit", "key", "k4", "amount", "5", "currency", "EUR", "reason", "sorry").want(200, "5.00 EUR left of 5.00 EUR")
	o.get("/balances").want(200, "store credit", string(c.ID))
}

func TestPriceListIsMadeAndFilled(t *testing.T) {
	o := open(t).logIn()
	o.post("/price-lists", "key", "k", "code", "trade", "title", "Trade "+nasty, "markets", "at, ch", "groups", "firms", "priority", "7", "discount", "12.5", "from", "2026-01-01").
		want(200, "Saved.", "trade", "AT CH", "12.50 %")
	o.post("/price-lists/trade/prices", "prices", "mug-b 9.90 eur\nmug-b 8.90 EUR 10\n\nmug-r 9 EUR").want(200, "Saved.")
	lists, err := o.Catalog.PriceLists(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	v, err := o.Catalog.BySKU(t.Context(), "mug-b")
	if err != nil {
		t.Fatal(err)
	}
	for quantity, want := range map[int64]int64{1: 990, 10: 890} {
		price, ok := lists.Price(v, catalog.Ask{At: time.Now(), Currency: "EUR", Market: "AT", Groups: []string{"firms"}, Quantity: quantity})
		if !ok || price.Amount.Minor() != want {
			t.Errorf("%d of it cost %v each, want %d", quantity, price.Amount, want)
		}
	}
	for _, bad := range []string{"", "mug-b 9.90", "mug-b nine EUR", "mug-b 9.90 EUR few", "mug-b 9.90 EUR 1 2"} {
		o.post("/price-lists/trade/prices", "prices", bad).want(400)
	}
	o.post("/price-lists/nothing/prices", "prices", "mug-b 9 EUR").want(404)
	o.post("/price-lists", "code", "x", "title", "x", "discount", "0.001").want(400, "more than two digits")
	o.post("/price-lists", "code", "trade", "title", "Trade", "status", "archived").want(200, "archived")
}

func TestVerifyTellsThatAllIsWell(t *testing.T) {
	o := open(t).logIn()
	o.sell(1, false)
	o.get("/health").want(200, "The store is running.")
	o.post("/health/verify").want(200, "Every invariant holds.")
}

// TestClosedStoreTellsStrangersNothing asks for a page that cannot be made.
func TestClosedStoreTellsStrangersNothing(t *testing.T) {
	o := open(t)
	if err := o.Close(); err != nil {
		t.Fatal(err)
	}
	a := o.post("/login", "email", "boss@example.com", "password", "correct horse battery")
	if a.status < 500 || strings.Contains(a.body, "closed") {
		t.Errorf("status %d:\n%s", a.status, a.body)
	}
}

// TestOwnStaff mounts the pages in a program that knows its staff itself.
func TestOwnStaff(t *testing.T) {
	shop := commercetest.Open(t)
	h, err := admin.New(shop, admin.Options{Staff: func(r *http.Request) (accounts.CustomerID, error) {
		if r.Header.Get("X-User") == "" {
			return "", nil
		}
		return "cus_own", nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	for user, want := range map[string]int{"": 403, "boss": 200} {
		r := httptest.NewRequest(http.MethodGet, "/orders", nil)
		r.Header.Set("X-User", user)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != want {
			t.Errorf("as %q the answer is %d, want %d", user, w.Code, want)
		}
	}
}

func readAll(t *testing.T, r *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
