package storefront_test

import (
	"net/url"
	"path"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/keelshop/commerce/downloads"
	"github.com/keelshop/commerce/orders"
	"github.com/keelshop/commerce/storefront"
)

// owner is somebody who has bought something to be downloaded, and everything
// that a route of the shop may name of theirs.
type owner struct {
	*browser
	email string
	order orders.ID
	fill  map[string]string // what stands for a wildcard of a pattern
	own   []string          // texts that only they may see
}

func newOwner(t *testing.T, email string) owner {
	t.Helper()
	b := sample.visitor(t)
	b.register(email)
	b.submitAt("/account/address", "/account/address", address("Ottilie Geheim"))
	b.submitAt("/p/beanie-pattern", "/cart/add", nil)
	b.open("/checkout")
	b.submit("/checkout", map[string]string{"email": email, "name": "Ottilie Geheim"})
	b.open("/checkout/payment")
	b.payWith(goodCard)
	b.want(200, "Thank you for your order")
	page := b.at.Path
	o := owner{browser: b, email: email, order: orders.ID(path.Base(page)), own: []string{email, "Ottilie", "Geheim", "Verborgenstr"}}
	issued, err := sample.store.Documents.Issue(t.Context(), o.order)
	if err != nil || len(issued) == 0 {
		t.Fatal(issued, err)
	}
	var document []string
	for end := time.Now().Add(time.Minute); document == nil || !strings.Contains(b.text, "3 downloads left"); b.open(page) {
		time.Sleep(5 * time.Millisecond)
		if time.Now().After(end) {
			t.Fatalf("no document or no file: %s", b.text)
		}
		document = regexp.MustCompile(`/documents/([^"]+)"`).FindStringSubmatch(b.text)
	}
	asset := regexp.MustCompile(`/media/([^"?]+)`).FindStringSubmatch(sample.page(t, "/p/earl-grey"))
	o.fill = map[string]string{
		"order": string(o.order), "document": document[1], "asset": asset[1], "handle": "earl-grey", "file": "nothing.css", "page": "imprint", "token": "x", "delivery": "2", "cart": "cart_00000000000000000000000000",
	}
	return o
}

func address(name string) map[string]string {
	return map[string]string{"name": name, "line1": "Verborgenstr. 7", "postcode": "24103", "city": "Kiel", "country": "DE"}
}

func (s shop) page(t *testing.T, path string) string {
	t.Helper()
	b := s.visitor(t)
	b.open(path)
	return b.text
}

// target fills the wildcards of a pattern in. It fails for one that it does
// not know, so that no route is left out.
func (o owner) target(pattern string) (method, target string) {
	o.t.Helper()
	method, target, _ = strings.Cut(pattern, " ")
	target = regexp.MustCompile(`\{([a-z]+)(\.\.\.)?\}|\{\$\}`).ReplaceAllStringFunc(target, func(wild string) string {
		if wild == "{$}" {
			return ""
		}
		value, known := o.fill[strings.Trim(wild, "{}.")]
		if !known {
			o.t.Fatalf("%s: what %s stands for is not known here", pattern, wild)
		}
		return value
	})
	return method, strings.Replace(target, "/c/earl-grey", "/c/tea", 1)
}

// form is what a form of any page could hold.
func (o owner) form() url.Values {
	return url.Values{
		"order": {string(o.order)}, "sku": {"EARL-GREY"}, "quantity": {"1"}, "line": {"1"}, "email": {o.email}, "password": {"a wrong guess, hopefully"},
		"address": {"1"}, "name": {"Somebody Else"}, "code": {"NOSUCHCODE"}, "method": {"manual"}, "reason": {"x"}, "quantity.1": {"1"}, "file": {"1"},
	}
}

// TestStrangersAndEveryRoute takes each route of the shop with what belongs to
// one customer, as somebody without an account and as another customer. Neither
// sees a word of theirs or changes anything of theirs.
func TestStrangersAndEveryRoute(t *testing.T) {
	o := newOwner(t, "ottilie@example.com")
	before := o.state()
	for _, who := range []string{"anonymous", "another customer"} {
		stranger := sample.visitor(t)
		if who != "anonymous" {
			stranger.register("otto@example.com")
		}
		for _, pattern := range storefront.Patterns() {
			method, target := o.target(pattern)
			form := o.form()
			if method == "GET" {
				form = nil
			}
			stranger.do(method, target, form)
			if stranger.status >= 500 {
				t.Errorf("%s: %s answered %d", who, pattern, stranger.status)
			}
			if strings.HasPrefix(target, "/orders/") && stranger.status != 404 {
				t.Errorf("%s: %s answered %d and is nobody else's: 404", who, pattern, stranger.status)
			}
			for _, word := range o.own {
				// A form shows again what was written into it.
				if strings.Contains(stranger.text, word) && (word != o.email || method == "GET") {
					t.Errorf("%s: %s shows %q", who, pattern, word)
				}
			}
			if who != "anonymous" { // whoever has logged out or in as somebody else meanwhile
				stranger.open("/account")
				if !strings.Contains(stranger.text, "otto@example.com") {
					stranger.submitAt("/login", "/login", map[string]string{"email": "otto@example.com", "password": "a ship in port is safe"})
					stranger.want(200)
				}
			}
		}
	}
	if after := o.state(); after != before {
		t.Errorf("before: %s\nafter: %s", before, after)
	}
}

// state is all that the owner sees of what is theirs.
func (o owner) state() string {
	o.t.Helper()
	var all strings.Builder
	for _, path := range []string{"/account", "/account/address", "/orders/" + string(o.order), "/cart"} {
		o.open(path)
		all.WriteString(words(o.doc) + "\n")
	}
	return all.String()
}

// TestEveryGETChangesNothing looks at each route that is there to be looked at,
// as whom everything in it belongs to. Whether commands came of it is known
// when all tests have ended, since none may.
func TestEveryGETChangesNothing(t *testing.T) {
	o := newOwner(t, "olga@example.com")
	link, err := sample.store.Downloads.Link(t.Context(), downloads.Link{Order: o.order, Line: 1, File: 1})
	if err != nil {
		t.Fatal(err)
	}
	o.fill["token"] = link.Token.Reveal()
	before, seen := o.state(), 0
	for _, pattern := range storefront.Patterns() {
		method, target := o.target(pattern)
		if method != "GET" {
			continue
		}
		for _, method := range []string{"GET", "HEAD"} {
			o.do(method, target, nil)
			if o.status >= 500 {
				t.Errorf("%s %s answered %d", method, target, o.status)
			}
			if o.status == 200 {
				seen++
			}
		}
	}
	if seen < 40 {
		t.Errorf("only %d answers were pages", seen)
	}
	if after := o.state(); after != before {
		t.Errorf("before: %s\nafter: %s", before, after)
	}
}
