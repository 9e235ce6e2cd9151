package storefront_test

import (
	"crypto/rand"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/storefront"
)

// publicPages are what caches in front may keep.
var publicPages = []string{"/", "/c/clothing", "/p/lambswool-sweater", "/search?q=wool", "/suggest?q=mu"}

// look asks for a page with cookies, by the handler itself.
func look(path, cookies string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, path, nil)
	if cookies != "" {
		r.Header.Set("Cookie", cookies)
	}
	w := httptest.NewRecorder()
	sample.handler.ServeHTTP(w, r)
	return w
}

// TestPublicPagesHoldNothingPersonal: whoever is not logged in gets the same
// bytes, with a full cart and without, and no cookie that a cache would hand to
// the next.
func TestPublicPagesHoldNothingPersonal(t *testing.T) {
	b := sample.visitor(t)
	b.submitAt("/p/camp-mug", "/cart/add", map[string]string{"quantity": "3"})
	var cookies []string
	for _, c := range b.client.Jar.Cookies(b.at) {
		cookies = append(cookies, c.Name+"="+c.Value)
	}
	mine := strings.Join(cookies, "; ")
	if !strings.Contains(mine, "units=3") || !strings.Contains(mine, "cart=") {
		t.Fatalf("the cookies of somebody with three things in the cart are %q", mine)
	}
	for _, path := range publicPages {
		empty, full := look(path, ""), look(path, mine)
		if empty.Code != 200 || empty.Body.String() != full.Body.String() {
			t.Errorf("%s is another page for somebody with a cart", path)
		}
		h := full.Header()
		if h.Get("Set-Cookie") != "" || !strings.HasPrefix(h.Get("Cache-Control"), "public, ") || !strings.Contains(h.Get("Cache-Control"), "stale-while-revalidate") {
			t.Errorf("%s is not to be shared: %v", path, h)
		}
		if !strings.HasPrefix(h.Get("Surrogate-Key"), "catalog") || h.Get("ETag") == "" {
			t.Errorf("%s does not say what it shows: %v", path, h)
		}
	}
	b.open("/cart/units")
	b.want(200, "3")
}

// TestPagesOfCustomersAreTheirs: with a session, no cache may keep a page.
func TestPagesOfCustomersAreTheirs(t *testing.T) {
	b := sample.visitor(t)
	b.submitAt("/register", "/register", map[string]string{"name": "Ada", "email": strings.ToLower(rand.Text()) + "@example.com", "password": "a long walk home"})
	b.want(200, "Your account")
	session := ""
	for _, c := range b.client.Jar.Cookies(b.at) {
		if c.Name == "session" {
			session = c.Name + "=" + c.Value
		}
	}
	for _, path := range append(publicPages, "/cart", "/account") {
		h := look(path, session).Header()
		if h.Get("Cache-Control") != "private, no-cache" || h.Get("Surrogate-Key") != "" {
			t.Errorf("%s of a customer may be shared: %v", path, h)
		}
	}
	for _, path := range []string{"/cart", "/login", "/cart/units"} {
		if c := look(path, "").Header().Get("Cache-Control"); c != "private, no-cache" {
			t.Errorf("%s of a guest: %s", path, c)
		}
	}
	if c := look("/nothing", "").Header().Get("Cache-Control"); strings.Contains(c, "public") {
		t.Errorf("a page that is not there is kept: %s", c)
	}
}

// TestPagesAreTaggedWithWhatTheyShow: the key of a product is on its page and
// on each list that shows it.
func TestPagesAreTaggedWithWhatTheyShow(t *testing.T) {
	p, err := sample.store.Catalog.ByHandle(t.Context(), "lambswool-sweater")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/p/lambswool-sweater", "/c/clothing", "/search?q=lambswool"} {
		if keys := look(path, "").Header().Get("Surrogate-Key"); !strings.Contains(keys, string(p.ID)) {
			t.Errorf("%s does not name the product: %q", path, keys)
		}
	}
	if keys := look("/c/kitchen", "").Header().Get("Surrogate-Key"); strings.Contains(keys, string(p.ID)) {
		t.Errorf("a list without the product names it: %q", keys)
	}
}

// TestWhatIsChangedIsShownAtOnce: a kept page and its cards do not outlive a
// change by more than the moment that pages are kept for.
func TestWhatIsChangedIsShownAtOnce(t *testing.T) {
	s := sample.with(t, storefront.Options{})
	b := s.visitor(t)
	b.open("/c/pantry")
	b.want(200, "Heather honey")
	p, err := s.store.Catalog.ByHandle(t.Context(), "heather-honey")
	if err != nil {
		t.Fatal(err)
	}
	rename := func(title string) {
		t.Helper()
		put := catalog.PutProduct{ID: p.ID, Handle: p.Handle, Title: title, Description: p.Description, Brand: p.Brand, Categories: p.Categories, Media: p.Media, Attributes: p.Attributes, Translations: p.Translations}
		for _, v := range p.Variants {
			put.Variants = append(put.Variants, catalog.PutVariant{SKU: v.SKU, Options: v.Options, Prices: v.Prices, CompareAt: v.CompareAt, WeightGrams: v.WeightGrams, TaxCategory: v.TaxCategory})
		}
		if _, err := s.store.Catalog.PutProduct(t.Context(), put); err != nil {
			t.Fatal(err)
		}
	}
	rename("Linden honey")
	defer rename("Heather honey")
	for b.open("/p/" + p.Handle); !strings.Contains(b.text, "Linden honey"); { // the page is kept for a second
		b.open("/p/" + p.Handle)
	}
}

// TestCurrencyAndMarketAreTold: what public pages depend on is in cookies of its
// own, which a cache in front can tell apart.
func TestCurrencyAndMarketAreTold(t *testing.T) {
	euros, pounds := look("/p/camp-mug", "").Body.String(), look("/p/camp-mug", "currency=GBP").Body.String()
	if !strings.Contains(euros, "€") || !strings.Contains(pounds, "£") {
		t.Error("the currency of a cookie is not that of the page")
	}
	b := sample.visitor(t)
	b.submitAt("/p/camp-mug", "/cart/add", nil)
	b.submitAt("/checkout", "/checkout", map[string]string{
		"email": "ada@example.com", "name": "Ada", "line1": "1 Way", "postcode": "1010", "city": "Vienna", "country": "AT",
	})
	site, err := url.Parse(sample.url)
	if err != nil {
		t.Fatal(err)
	}
	market := ""
	for _, c := range b.client.Jar.Cookies(site) {
		if c.Name == "market" {
			market = c.Value
		}
	}
	if market != "AT" {
		t.Errorf("the country of the address is not told: %q", market)
	}
}

// TestMadeUpQueriesMakeNoPages: an address with parameters that its page does not
// know shows the page that was kept without them.
func TestMadeUpQueriesMakeNoPages(t *testing.T) {
	var kept []storefront.Served
	h, err := sample.routes(storefront.Options{Observe: func(_ *http.Request, s storefront.Served) { kept = append(kept, s) }})
	if err != nil {
		t.Fatal(err)
	}
	ask := func(path string) string {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		if w.Code != http.StatusOK {
			t.Fatalf("%s: %d", path, w.Code)
		}
		return w.Body.String()
	}
	for _, path := range []string{"/", "/c/kitchen?sort=newest", "/p/camp-mug", "/search?q=wool", "/suggest?q=mu", "/cart"} {
		plain, mark := ask(path), "?"
		if strings.Contains(path, "?") {
			mark = "&"
		}
		kept = nil
		for range 50 { // one may come when the page has just become too old
			if page := ask(path + mark + "zzz=" + rand.Text()); path != "/cart" && page != plain {
				t.Errorf("%s is another page with a parameter that it does not know", path)
			}
		}
		there := 0
		for _, s := range kept {
			if s.Kept == "yes" {
				there++
			}
			if (s.Kept == "") != (path == "/cart") {
				t.Errorf("%s: kept is %q", path, s.Kept)
			}
		}
		if (there == 0) != (path == "/cart") {
			t.Errorf("%s: of 50 addresses with made-up parameters, %d showed the page that was kept", path, there)
		}
	}
}

// TestSiteMapsAreShed: a map costs more than a page, and waits like one when
// there is too much to do.
func TestSiteMapsAreShed(t *testing.T) {
	b := sample.with(t, storefront.Options{AtOnce: 1}).visitor(t) // nobody may browse, one may buy
	for path, want := range map[string]int{"/sitemap.xml": 503, "/sitemap.xml?part=first": 503, "/": 503, "/robots.txt": 200, "/cart": 200} {
		if b.do(http.MethodGet, path, nil); b.status != want {
			t.Errorf("%s answers %d, want %d", path, b.status, want)
		}
	}
}
