package storefront_test

import (
	"flag"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/commercetest"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/payments/simulator"
	"github.com/keelshop/commerce/search"
	"github.com/keelshop/commerce/storefront"
)

// fuzzing reports whether this process looks for inputs, which needs no sample
// goods: each of its processes would load them, for seconds.
func fuzzing() bool {
	flag.Parse()
	return flag.Lookup("test.fuzz").Value.String() != "" || flag.Lookup("test.fuzzworker").Value.String() == "true"
}

// FuzzQueries asks for every page with any query and any cookies, as anybody and
// as somebody with a cart. No answer is a failure of ours; nothing is changed; no
// header is broken out of, no browser sent elsewhere; and nothing runs.
func FuzzQueries(f *testing.F) {
	s := fuzzed(f)
	paths := getPaths(f, s.paths)
	for i := range paths {
		for _, n := range []int{i, i + 5} {
			f.Add(uint8(i), fuzzedQueries[n%len(fuzzedQueries)], fuzzedCookies[n%len(fuzzedCookies)], i%2 == 0)
		}
	}
	for _, list := range []string{"/c/thing", "/search"} {
		i := slices.Index(paths, list)
		for _, query := range fuzzedQueries {
			f.Add(uint8(i), query, "", false)
		}
	}
	f.Fuzz(func(t *testing.T, i uint8, query, cookies string, known bool) {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, paths[int(i)%len(paths)], nil)
		r.URL.RawQuery = query
		r.Header.Set("Cookie", cookies)
		if known {
			r.Header.Set("Cookie", s.cookies+"; "+cookies)
		}
		w := httptest.NewRecorder()
		s.handler.ServeHTTP(w, r)
		if len(s.onlyLooked.seen) > 0 {
			t.Fatalf("%s?%q caused the commands %v", r.URL.Path, query, s.onlyLooked.seen)
		}
		keepsToItself(t, w.Header())
		b := browser{t: t, at: r.URL, status: w.Code, text: w.Body.String()}
		var err error
		if b.doc, err = html.Parse(w.Body); err != nil {
			t.Fatal(err)
		}
		b.harmless(query)
	})
}

// keepsToItself looks at what an answer says before its body.
func keepsToItself(t *testing.T, h http.Header) {
	t.Helper()
	for name, values := range h {
		for _, value := range values {
			if strings.ContainsAny(value, "\r\n\x00") {
				t.Errorf("%s is %q", name, value)
			}
		}
	}
	if to := h.Get("Location"); to != "" && (!strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") || strings.Contains(to, `\`)) {
		t.Errorf("the browser is sent to %q", to)
	}
	own := []string{"cart", "orders", "session", "language", "currency", "units", "gift", "credit", "market", "customer", "position"}
	for _, c := range (&http.Response{Header: h}).Cookies() {
		if !slices.Contains(own, c.Name) || c.Path != "/" || c.Domain != "" || c.SameSite != http.SameSiteLaxMode {
			t.Errorf("the cookie %v is set", c)
		}
	}
}

var fuzzedQueries = []string{
	"", "q=thing", "q=%00%ff&sort=price&after=%ff", "f.Colour=Blue&f.Colour=Red&f.=x&f.%0d%0aX=1", "n.Weight=1..2&n.Weight=..&n.Weight=1e999..", "price=0-99999999999999999999",
	"price=1-2&price=-1", "price=5000-&brand=Acme&brand=", "category=x&stock=yes&stock=maybe", "sort=price_desc&after=AAAA", "after=eyJ4Ijo5fQ&q=" + strings.Repeat("a+", 300),
	"f.Colour=" + strings.Repeat("x&f.Colour=", 30), strings.Repeat("f.a=1&n.b=1..2&", 70), "sku=THING-BLUE", "sku=%0d%0aSet-Cookie:a=b", "note=added&code=x", "back=//evil.example&token=%22%3E%3Cscript%3E",
	"back=/%09/evil.example", "method=manual&token=tok_x&card=4242&declined=expired_card", "method=x&card=%3Cb%3E", "part=first", "part=prd_%00", "a=%zz;b", "v=1", "q=weight:1..2+-+%2F*%22(",
	"q=" + "%F0%9F%98%80" + "&page=2&page=-1", "n.Weight=NaN..Inf&f.Weight=1", "price=%D9%A1-%D9%A2",
}

var fuzzedCookies = []string{
	"", "language=de; currency=USD; market=AT", "cart=cart_x; orders=a.b..; session=x", "gift=%0d%0a; credit=1; units=99", "currency=XXX; language=tlh; market=<b>",
	"position=x; position-a=y; cart=" + strings.Repeat("9", 300), `cart="\"; session="; ;;=`,
}

// fuzzedShop is a small shop in which somebody has a cart and somebody an order.
type fuzzedShop struct {
	shop
	cookies string            // of the one with the cart
	paths   map[string]string // what stands for the names in braces
}

func fuzzed(f *testing.F) fuzzedShop {
	looked := &looks{}
	s := shop{bank: simulator.New(simulator.WithURL("/bank")), letters: &postbox{}, onlyLooked: looked}
	s.store = commercetest.Open(f, commerce.WithPayments(s.bank), commerce.WithHook(looked.see), quickPasswords)
	picture := stockThing(f, s.store)
	finder, err := search.Open(f.Context(), s.store, search.Options{})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() {
		if err := finder.Close(); err != nil {
			f.Error(err)
		}
	})
	if err := finder.After(f.Context(), s.store.Latest()); err != nil {
		f.Fatal(err)
	}
	s.finders = map[string]*search.Finder{"en": finder}
	if s.handler, err = s.routes(storefront.Options{Patience: time.Hour}); err != nil { // a slow machine is no failure
		f.Fatal(err)
	}
	server := httptest.NewServer(s.handler)
	f.Cleanup(server.Close)
	s.url = server.URL

	b := s.visitor(f)
	b.submitAt("/p/thing", "/cart/add", nil)
	b.submitAt("/checkout", "/checkout", ada)
	b.open("/checkout/payment?method=manual")
	b.submit("/checkout/payment", nil)
	b.want(http.StatusOK, "Thank you for your order")
	order := strings.TrimPrefix(b.at.Path, "/orders/")
	b.submitAt("/p/thing", "/cart/add", nil)
	b.submitAt("/checkout", "/checkout", ada)
	var cookies []string
	for _, c := range b.client.Jar.Cookies(b.at) {
		cookies = append(cookies, c.String())
	}
	return fuzzedShop{s, strings.Join(cookies, "; "), map[string]string{
		"handle": "thing", "order": order, "document": "doc", "token": "tok", "delivery": "2", "cart": "cart_00000000000000000000000000", "page": "about", "asset": picture, "file": "shop.css",
	}}
}

// stockThing puts a thing of two colours into a category. It returns the ID of
// its picture.
func stockThing(f *testing.F, store *commerce.Store) string {
	picture, err := store.Assets.Put(f.Context(), strings.NewReader("\x89PNG\r\n\x1a\n0000"))
	if err != nil {
		f.Fatal(err)
	}
	c, err := store.Catalog.PutCategory(f.Context(), catalog.PutCategory{Handle: "thing", Title: "Things"})
	if err != nil {
		f.Fatal(err)
	}
	weight, err := catalog.ParseNumber("1.5")
	if err != nil {
		f.Fatal(err)
	}
	put := catalog.PutProduct{
		Handle: "thing", Title: "Thing", Brand: "Acme", Categories: []catalog.CategoryID{c.ID}, Media: []catalog.Media{{Asset: picture, Alt: "A thing"}},
	}
	for i, colour := range []string{"Blue", "Red"} {
		put.Variants = append(put.Variants, catalog.PutVariant{
			SKU: catalog.SKU("THING-" + strings.ToUpper(colour)), Options: []catalog.Option{{Name: "Colour", Value: colour}}, Untracked: true,
			Prices:     []money.Amount{money.New(1000+int64(i), "EUR"), money.New(1100, "USD")},
			Attributes: []catalog.Attribute{{Name: "Weight", Kind: catalog.NumberAttribute, Number: weight, Unit: "kg"}},
		})
	}
	if _, err := store.Catalog.PutProduct(f.Context(), put); err != nil {
		f.Fatal(err)
	}
	return string(picture)
}

// getPaths returns the path of every route that is asked for by GET, as the
// source lists them.
func getPaths(f *testing.F, names map[string]string) (paths []string) {
	source, err := os.ReadFile("storefront.go")
	if err != nil {
		f.Fatal(err)
	}
	for _, route := range regexp.MustCompile(`\("GET ([^"]+)"`).FindAllStringSubmatch(string(source), -1) {
		path := strings.TrimSuffix(route[1], "{$}")
		for name, value := range names {
			path = strings.ReplaceAll(path, "{"+name+"}", value)
		}
		if strings.Contains(path, "{") {
			f.Fatalf("nothing stands for what the route %s names", route[1])
		}
		paths = append(paths, path)
	}
	if len(paths) < 25 || len(paths) > 256 {
		f.Fatalf("%d routes are asked", len(paths))
	}
	return append(paths, "/nothing")
}
