package storefront_test

import (
	"fmt"
	"net/http"
	"net/url"
	"path"
	"regexp"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/commercetest"
	"github.com/keelshop/commerce/documents"
	"github.com/keelshop/commerce/inventory"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/orders"
	"github.com/keelshop/commerce/payments/simulator"
	"github.com/keelshop/commerce/pricing"
	"github.com/keelshop/commerce/search"
	"github.com/keelshop/commerce/storefront"
)

// attacks are texts that would run, or break out of their place, if a page did
// not escape them.
var attacks = []string{
	`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `' onmouseover='alert(1)`, `</title><script>alert(1)</script>`,
	`</script><script>alert(1)</script>`, `javascript:alert(1)`, `<svg/onload=alert(1)>`, `{{.Shop}}`, `<!--`, `]]><script>alert(1)</script>`,
	`\u003cscript\u003ealert(1)\u003c/script\u003e`, `"};alert(1);//`, `<a href="javascript:alert(1)">x</a>`, `%3Cscript%3E`, `<base href="https://evil.example/">`,
	"x\r\nX-Evil: 1\r\nSet-Cookie: evil=1\r\n\r\n<script>alert(1)</script>", `%0d%0aX-Evil:%201%0d%0aSet-Cookie:%20evil=1`, "\nLocation: https://evil.example/", "//evil.example/",
}

// A shop whose every text is an attack shows pages in which nothing runs.
func TestNothingRunsThatDataSays(t *testing.T) {
	bank := simulator.New(simulator.WithURL("/bank"))
	store := commercetest.Open(t, commerce.WithPayments(bank), quickPasswords)
	zone := pricing.ShippingZone{ID: "all", Areas: []pricing.Area{{Country: "DE"}}}
	for i, attack := range attacks {
		putAttack(t, store, i, attack)
		zone.Methods = append(zone.Methods, pricing.ShippingMethod{ID: fmt.Sprint("way-", i), Name: attack, Rates: []pricing.ShippingRate{{Currency: "EUR", Tiers: []pricing.ShippingTier{{Price: 100}}}}})
	}
	if _, err := store.Pricing.PutShippingZone(t.Context(), pricing.PutShippingZone{Zone: zone}); err != nil {
		t.Fatal(err)
	}
	finder, err := search.Open(t.Context(), store, search.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := finder.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := finder.After(t.Context(), store.Latest()); err != nil {
		t.Fatal(err)
	}
	s := shop{store: store, bank: bank, letters: &postbox{}, finders: map[string]*search.Finder{"en": finder}}.with(t, storefront.Options{})
	for i, attack := range attacks {
		b := s.visitor(t)
		for _, path := range attackedPages(i, attack) {
			b.do("GET", path, nil)
			b.harmless(attack)
		}
		b.buyAttacked(store, i, attack)
		b.registerAttacked(i, attack)
	}
}

// buyAttacked says the attack wherever a shopper is asked something.
func (b *browser) buyAttacked(store *commerce.Store, i int, attack string) {
	b.t.Helper()
	b.submitAt(fmt.Sprintf("/p/thing-%d", i), "/cart/add", nil)
	b.harmless(attack)
	b.submit("/cart/code", map[string]string{"code": attack})
	b.harmless(attack)
	b.submitAt("/checkout", "/checkout", map[string]string{"email": attack, "name": attack, "line1": attack, "postcode": attack, "city": attack})
	b.harmless(attack)
	b.submit("/checkout", attacked(attack))
	b.harmless(attack)
	if strings.Contains(strings.TrimSpace(attack), "\n") { // no address has lines in a line
		b.want(422)
		return
	}
	b.open("/checkout/split/new")
	b.harmless(attack)
	b.submit("/checkout/split/new", attacked(attack))
	b.want(200, "Nothing goes there yet.")
	b.harmless(attack)
	b.open("/checkout/split/2")
	b.harmless(attack)
	b.open("/checkout/split")
	b.submit("/checkout/split", map[string]string{"line": attack, "to": attack, "quantity": "1"})
	b.harmless(attack)
	b.submit("/checkout/split/2/remove", nil)
	b.open("/checkout/delivery")
	b.harmless(attack)
	b.submit("/checkout/delivery", map[string]string{"method": fmt.Sprint("way-", i)})
	b.harmless(attack)
	b.open("/checkout/payment?method=manual")
	b.harmless(attack)
	b.submit("/checkout/payment", nil)
	b.want(200, "Thank you for your order")
	b.harmless(attack)
	b.sendBackAttacked(store, attack)
}

// sendBackAttacked has the order sent by an attack and asks for it to be taken
// back. Its papers are those of a seller who is one, too.
func (b *browser) sendBackAttacked(store *commerce.Store, attack string) {
	b.t.Helper()
	page, ctx := b.at.Path, b.t.Context()
	order := orders.ID(path.Base(page))
	if _, err := store.Orders.Ship(ctx, orders.Ship{Order: order, Carrier: attack, Tracking: attack, URL: "https://carrier.example/" + url.PathEscape(attack)}); err != nil {
		b.t.Fatal(err)
	}
	lines := []string{attack}
	if _, err := store.Documents.PutSettings(ctx, documents.PutSettings{Settings: documents.Settings{Invoice: documents.Never, Seller: documents.Seller{
		Name: attack, Address: lines, Country: attack, TaxID: attack, Contact: lines, Bank: lines, Note: attack,
	}}}); err != nil {
		b.t.Fatal(err)
	}
	if _, err := store.Documents.Issue(ctx, order); err != nil {
		b.t.Fatal(err)
	}
	var paper []string
	for end := time.Now().Add(time.Minute); paper == nil; paper = regexp.MustCompile(`/documents/([^"]+)"`).FindStringSubmatch(b.text) {
		if time.Now().After(end) {
			b.t.Fatalf("there is no invoice: %s", b.text)
		}
		time.Sleep(5 * time.Millisecond)
		b.open(page)
		b.harmless(attack)
	}
	b.open(page + "/documents/" + paper[1])
	b.harmless(attack)
	b.open(page + "/return")
	b.harmless(attack)
	b.submit(page+"/return", map[string]string{"reason": attack, "line-1": "1"})
	b.harmless(attack)
	b.do("POST", page+"/downloads", url.Values{"line": {attack}, "file": {attack}, "key": {attack}})
	b.harmless(attack)
}

func (b *browser) registerAttacked(i int, attack string) {
	b.t.Helper()
	b.submitAt("/register", "/register", map[string]string{"name": attack, "email": attack, "password": attack})
	b.harmless(attack)
	b.submit("/register", map[string]string{"name": attack, "email": fmt.Sprintf("a%d@example.com", i), "password": "a long password, isn't it"})
	if strings.Contains(strings.TrimSpace(attack), "\n") {
		b.want(422)
		b.harmless(attack)
		return
	}
	b.want(200, "Your account")
	b.harmless(attack)
	b.submitAt("/account/address", "/account/address", attacked(attack))
	b.want(200, "That was saved.")
	b.harmless(attack)
}

func attacked(attack string) map[string]string {
	return map[string]string{
		"email": "ada@example.com", "name": attack, "company": attack, "line1": attack, "line2": attack, "postcode": "24103", "city": attack, "phone": attack, "country": "DE",
	}
}

func putAttack(t *testing.T, store *commerce.Store, i int, attack string) {
	t.Helper()
	file, err := store.Assets.Put(t.Context(), strings.NewReader("<html><script>alert(1)</script>"))
	if err != nil {
		t.Fatal(err)
	}
	pictures := []catalog.Media{{Asset: file, Alt: attack}}
	c, err := store.Catalog.PutCategory(t.Context(), catalog.PutCategory{Handle: fmt.Sprintf("all-%d", i), Title: attack, Description: attack, Media: pictures})
	if err != nil {
		t.Fatal(err)
	}
	thing, other := catalog.SKU(fmt.Sprintf("thing-%d", i)), catalog.SKU(fmt.Sprintf("other-%d", i))
	_, err = store.Catalog.PutProduct(t.Context(), catalog.PutProduct{
		Handle: string(thing), Title: attack, Description: attack, Brand: attack, Categories: []catalog.CategoryID{c.ID}, Media: pictures,
		SEO:        catalog.SEO{Title: attack, Description: attack},
		Attributes: []catalog.Attribute{{Name: attack + " ", Text: attack}, {Name: "x", Kind: catalog.EnumAttribute, Values: []string{attack}}},
		Variants: []catalog.PutVariant{
			{SKU: thing, Options: []catalog.Option{{Name: attack, Value: attack}}, Prices: []money.Amount{money.New(100, "EUR")}},
			{SKU: other, Options: []catalog.Option{{Name: attack, Value: "other"}}, Prices: []money.Amount{money.New(200, "EUR")}},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := store.Inventory.Receive(t.Context(), inventory.Receive{SKU: thing, Quantity: 10}); err != nil {
		t.Fatal(err)
	}
}

func attackedPages(i int, attack string) []string {
	q, all, thing := url.QueryEscape(attack), fmt.Sprintf("/c/all-%d", i), fmt.Sprintf("/p/thing-%d", i)
	return []string{
		"/", all, thing, "/search?q=" + q, "/suggest?q=" + q, all + "?f.x=" + q, all + "?f." + q + "=" + q, all + "?price=" + q, all + "?sort=" + q,
		all + "?after=" + q, thing + "?sku=" + q, "/p/" + q, "/c/" + q, "/" + q, "/cart?note=" + q, "/cart?code=" + q, "/login?back=" + q, "/downloads/" + q, "/orders/" + q + "/return",
		"/orders/" + q + "/documents/" + q, "/cart/units?sku=" + q, "/pages/" + q, "/register?back=" + q,
		"/password/new?token=" + q, "/verify?token=" + q, "/orders/" + q, "/media/" + q, "/static/" + q,
		"/checkout/payment?token=" + q + "&card=" + q + "&method=" + q + "&declined=" + q, "/bank/card?return=" + q,
	}
}

// harmless looks for what an attack would have made of the page.
func (b *browser) harmless(attack string) {
	b.t.Helper()
	if b.status >= 500 {
		b.t.Errorf("%s answered %d to %q", b.at, b.status, attack)
	}
	for _, head := range b.heads {
		to, err := url.Parse(head.Get("Location"))
		if head.Get("X-Evil") != "" || strings.Contains(strings.Join(head.Values("Set-Cookie"), " "), "evil=") || err != nil || to.Host == "evil.example" {
			b.t.Errorf("%s: %q became a header: %v", b.at, attack, head)
		}
	}
	each(b.doc, func(n *html.Node) {
		if n.Data == "script" && attr(n, "src") == "" && attr(n, "type") != "application/ld+json" || n.Data == "base" {
			b.t.Errorf("%s: %q became <%s>", b.at, attack, n.Data)
		}
		for _, a := range n.Attr {
			link := a.Key == "href" || a.Key == "src" || a.Key == "action"
			if strings.HasPrefix(a.Key, "on") || a.Key == "style" || link && strings.HasPrefix(strings.ToLower(strings.TrimSpace(a.Val)), "javascript:") {
				b.t.Errorf("%s: %q became %s=%q", b.at, attack, a.Key, a.Val)
			}
			if link && strings.Contains(a.Val, "evil.example") && !strings.Contains(a.Val, "%") {
				b.t.Errorf("%s: %q became a link to %s", b.at, attack, a.Val)
			}
		}
	})
}

// Whoever only looks changes nothing. This test looks at everything; whether
// commands came of it is known when all tests have ended, since none may.
func TestGETChangesNothing(t *testing.T) {
	b := sample.visitor(t)
	b.register("looks@example.com")
	b.fill()
	b.payWith("4000 0027 6000 3184")
	order := b.at.Path // pending
	for _, path := range append(attackedPages(0, "x"), "/account", "/account/address", "/login", "/register", "/password", "/checkout", "/checkout/delivery", "/checkout/payment",
		order, "/cart", "/cart/add", "/cart/change", "/logout", "/preferences", order+"/refresh", order+"/abandon", "/sitemap.xml", "/robots.txt", "/account/verify") {
		for _, method := range []string{http.MethodGet, http.MethodHead} {
			b.do(method, path, nil)
			if b.status >= 500 {
				t.Errorf("%s %s answered %d", method, path, b.status)
			}
		}
	}
	b.open(order)
	b.submit(order+"/abandon", nil)
	b.want(200, "This order was canceled")
}

// Forms that another site sends are refused, and so are those that are too
// long.
func TestForeignForms(t *testing.T) {
	form := url.Values{"sku": {"EARL-GREY"}}
	for _, test := range []struct {
		name   string
		header map[string]string
		form   url.Values
		want   int
	}{
		{"own", map[string]string{"Sec-Fetch-Site": "same-origin"}, form, 200},
		{"another site", map[string]string{"Sec-Fetch-Site": "cross-site"}, form, 403},
		{"another origin", map[string]string{"Origin": "https://evil.example"}, form, 403},
		{"too long", map[string]string{"Sec-Fetch-Site": "same-origin"}, url.Values{"sku": {strings.Repeat("x", 100<<10)}}, 413},
	} {
		r, err := http.NewRequest("POST", sample.url+"/cart/add", strings.NewReader(test.form.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		for k, v := range test.header {
			r.Header.Set(k, v)
		}
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode != test.want {
			t.Errorf("%s: %d, want %d", test.name, answer.StatusCode, test.want)
		}
	}
}

func TestCookiesAndHeaders(t *testing.T) {
	s := sample.with(t, storefront.Options{HTTPS: true, URL: "https://shop.example.com"})
	r, err := http.NewRequest("POST", s.url+"/cart/add", strings.NewReader("sku=EARL-GREY"))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	answer, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.Header.Get("Strict-Transport-Security") == "" {
		t.Error("browsers are not told to stay with TLS")
	}
	if c := answer.Header.Get("Set-Cookie"); !strings.HasPrefix(c, "__Host-cart=cart_") || !strings.HasSuffix(c, "; Path=/; Max-Age=7776000; HttpOnly; Secure; SameSite=Lax") {
		t.Errorf("the cookie is %q", c)
	}
	for _, path := range []string{"/", "/p/earl-grey", "/cart", "/nothing", "/bank/card"} {
		answer, err := http.Get(s.url + path)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		policy := answer.Header.Get("Content-Security-Policy")
		if strings.Contains(policy, "unsafe") || !strings.Contains(policy, "default-src") || answer.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: %v", path, answer.Header)
		}
	}
	b := s.visitor(t)
	b.open("/p/earl-grey")
	if !strings.Contains(b.text, `<link rel="canonical" href="https://shop.example.com/p/earl-grey">`) {
		t.Error("the canonical address is not on the site")
	}
}

// What a merchant has from elsewhere is shown as a picture or not at all.
func TestMedia(t *testing.T) {
	for body, want := range map[string]string{
		"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>": "image/svg+xml",
		"\x89PNG\r\n\x1a\n0000":                  "image/png",
		"<html><script>alert(1)</script></html>": "application/octet-stream",
		"":                                       "application/octet-stream",
	} {
		id, err := sample.store.Assets.Put(t.Context(), strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		answer, err := http.Get(sample.url + "/media/" + string(id))
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if got := answer.Header.Get("Content-Type"); got != want || !strings.Contains(answer.Header.Get("Content-Security-Policy"), "sandbox") {
			t.Errorf("%q is served as %s with %s", body, got, answer.Header.Get("Content-Security-Policy"))
		}
	}
}
