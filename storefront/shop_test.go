package storefront_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"golang.org/x/net/html"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/internal/samplegoods"
	"github.com/keelshop/commerce/internal/sqlite/faultvfs"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/orders"
	"github.com/keelshop/commerce/payments/simulator"
	"github.com/keelshop/commerce/search"
	"github.com/keelshop/commerce/storefront"
)

// shop is a storefront with the sample goods and a bank beside it.
type shop struct {
	store   *commerce.Store
	bank    *simulator.Simulator
	letters *postbox
	finders map[string]*search.Finder
	// onlyLooked are the commands that somebody caused who only looked.
	onlyLooked *looks
	url        string
	handler    http.Handler
}

// quickPasswords are hashed with too little work for anything but tests.
var quickPasswords = commerce.WithPasswords(accounts.Passwords{MemoryKiB: 64, Passes: 1, Threads: 1})

// sample is the shop that most tests share: loading the goods takes a second.
// It is verified when all of them have ended.
var sample shop

func TestMain(m *testing.M) {
	code, err := runTests(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func runTests(m *testing.M) (code int, err error) {
	if fuzzing() {
		return m.Run(), nil
	}
	dir, err := os.MkdirTemp("", "storefront")
	if err != nil {
		return 1, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	faultvfs.Unsynced()
	ctx := context.Background()
	sample = shop{bank: simulator.New(simulator.WithURL("/bank")), letters: &postbox{}, onlyLooked: &looks{}}
	sample.store, err = commerce.Open(ctx, filepath.Join(dir, "shop"), commerce.WithPayments(sample.bank), commerce.WithShards(2),
		commerce.WithHook(sample.onlyLooked.see), quickPasswords)
	if err != nil {
		return 1, err
	}
	defer func() { err = errors.Join(err, sample.store.Close()) }()
	if _, err := samplegoods.Load(ctx, sample.store); err != nil {
		return 1, err
	}
	sample.finders = map[string]*search.Finder{}
	for _, language := range []string{"en", "de"} {
		finder, err := search.Open(ctx, sample.store, search.Options{Locale: language, Dir: filepath.Join(dir, language)})
		if err != nil {
			return 1, err
		}
		defer func() { err = errors.Join(err, finder.Close()) }()
		if err := finder.After(ctx, sample.store.Latest()); err != nil {
			return 1, err
		}
		sample.finders[language] = finder
	}
	handler, err := sample.routes(storefront.Options{})
	if err != nil {
		return 1, err
	}
	server := httptest.NewServer(handler)
	defer server.Close()
	sample.url, sample.handler = server.URL, handler
	code = m.Run()
	violations, err := sample.store.Verify(ctx)
	if len(sample.onlyLooked.seen) > 0 {
		err = errors.Join(err, fmt.Errorf("a GET caused the commands %v", sample.onlyLooked.seen))
	}
	for _, v := range violations {
		err = errors.Join(err, fmt.Errorf("after all tests: %v", v))
	}
	return code, err
}

// routes puts the bank's pages beside the storefront.
func (s shop) routes(o storefront.Options) (http.Handler, error) {
	if o.PerAddress == (storefront.Rate{}) { // tests come often
		o.PerAddress, o.PerSecret, o.PerPayment = storefront.Unlimited, storefront.Unlimited, storefront.Unlimited
	}
	o.Name, o.Mailer, o.Finders = "Test & Co", s.letters, s.finders
	o.Currencies = []money.Currency{"EUR", "USD", "GBP"}
	o.Payments = []storefront.PaymentMethod{
		{Provider: s.bank.Name(), Title: "Card", Field: "/bank/card"}, {Provider: "manual", Title: "Invoice"},
	}
	pages, err := storefront.New(s.store, o)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("/bank/", s.bank.Handler(simulator.Pages{Path: "/bank", Return: o.Base + "/orders/", Notify: func(ctx context.Context, order string) error {
		_, err := s.store.Checkout.Resume(ctx, orders.ID(order))
		return err
	}}))
	mux.Handle("/", pages)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mux.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), methodKey{}, r.Method)))
	}), nil
}

// looks is a hook that remembers commands of requests that must not have any.
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

// with is the sample shop with other options.
func (s shop) with(t *testing.T, o storefront.Options) shop {
	handler, err := s.routes(o)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	s.url = server.URL
	return s
}

// postbox keeps the letters that a shop has sent.
type postbox struct {
	mu      sync.Mutex
	letters []accounts.Letter
}

// Send implements accounts.Mailer.
func (p *postbox) Send(_ context.Context, l accounts.Letter) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.letters = append(p.letters, l)
	return nil
}

// last returns the newest letter to an address.
func (p *postbox) last(t *testing.T, to string) accounts.Letter {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, l := range slices.Backward(p.letters) {
		if l.To.Reveal() == to {
			return l
		}
	}
	t.Fatalf("there is no letter to %s", to)
	return accounts.Letter{}
}

// browser visits a shop as a person without scripts does: it follows links,
// fills in forms and keeps cookies.
type browser struct {
	t      testing.TB
	client *http.Client
	header http.Header
	at     *url.URL
	status int
	text   string
	doc    *html.Node
	heads  []http.Header // of the answer, and of the redirects that led to it
}

func (s shop) visitor(t testing.TB) *browser {
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	at, err := url.Parse(s.url)
	if err != nil {
		t.Fatal(err)
	}
	return &browser{t: t, client: &http.Client{Jar: jar}, header: http.Header{}, at: at}
}

func (b *browser) do(method, path string, form url.Values) {
	b.t.Helper()
	to, err := b.at.Parse(path)
	if err != nil {
		b.t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(b.t.Context(), method, to.String(), strings.NewReader(form.Encode()))
	if err != nil {
		b.t.Fatal(err)
	}
	for name, values := range b.header {
		r.Header[name] = values
	}
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	answer, err := b.client.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	b.at, b.status, b.text = answer.Request.URL, answer.StatusCode, string(text)
	b.heads = nil
	for a := answer; a != nil; a = a.Request.Response {
		b.heads = append(b.heads, a.Header)
	}
	if b.doc, err = html.Parse(strings.NewReader(b.text)); err != nil {
		b.t.Fatal(err)
	}
}

// open shows a page, which must be there.
func (b *browser) open(path string) {
	b.t.Helper()
	b.do(http.MethodGet, path, nil)
	b.want(http.StatusOK)
}

func (b *browser) want(status int, texts ...string) {
	b.t.Helper()
	if b.status != status {
		b.t.Fatalf("%s answered %d, want %d:\n%s", b.at, b.status, status, words(b.doc))
	}
	for _, text := range texts {
		if !strings.Contains(words(b.doc), text) {
			b.t.Fatalf("%s does not say %q:\n%s", b.at, text, words(b.doc))
		}
	}
}

// submit fills in the form with an action and sends it. Fields that are not
// named keep what the page put there.
func (b *browser) submit(action string, fill map[string]string) {
	b.t.Helper()
	form := find(b.doc, func(n *html.Node) bool {
		return n.Data == "form" && strings.HasPrefix(attr(n, "action"), action) && attr(n, "method") == "post"
	})
	if form == nil {
		b.t.Fatalf("%s has no form for %s:\n%s", b.at, action, words(b.doc))
	}
	values := url.Values{}
	each(form, func(n *html.Node) {
		switch {
		case n.Data == "input" && attr(n, "type") != "radio" && attr(n, "name") != "":
			values.Set(attr(n, "name"), attr(n, "value"))
		case n.Data == "input" && has(n, "checked"):
			values.Set(attr(n, "name"), attr(n, "value"))
		case n.Data == "option" && (has(n, "selected") || values.Get(attr(n.Parent, "name")) == ""):
			value := attr(n, "value")
			if value == "" {
				value = words(n)
			}
			values.Set(attr(n.Parent, "name"), value)
		}
	})
	for name, value := range fill {
		values.Set(name, value)
	}
	b.do(http.MethodPost, attr(form, "action"), values)
}

// frame opens what the page shows in a frame.
func (b *browser) frame() {
	b.t.Helper()
	frame := find(b.doc, func(n *html.Node) bool { return n.Data == "iframe" })
	if frame == nil {
		b.t.Fatalf("%s has no frame:\n%s", b.at, words(b.doc))
	}
	b.open(attr(frame, "src"))
}

type node = html.Node

func each(n *html.Node, see func(*html.Node)) {
	for c := range n.Descendants() {
		if c.Type == html.ElementNode {
			see(c)
		}
	}
}

func find(n *html.Node, match func(*html.Node) bool) (found *html.Node) {
	each(n, func(c *html.Node) {
		if found == nil && match(c) {
			found = c
		}
	})
	return found
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func has(n *html.Node, name string) bool {
	for _, a := range n.Attr {
		if a.Key == name {
			return true
		}
	}
	return false
}

// words returns the text of a page as a person reads it, more or less.
func words(n *html.Node) string {
	var out []string
	for c := range n.Descendants() {
		if c.Type == html.TextNode && c.Parent.Data != "script" && c.Parent.Data != "style" {
			out = append(out, strings.Fields(c.Data)...)
		}
	}
	return strings.ReplaceAll(strings.Join(out, " "), "\u00a0", " ")
}
