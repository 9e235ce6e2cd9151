package storefront

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"golang.org/x/text/language"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/web"
	"github.com/keelshop/commerce/money"
)

// visit is one request, with what the shop knows of who makes it.
type visit struct {
	site      *site
	w         http.ResponseWriter
	r         *http.Request
	locale    *locale
	currency  money.Currency
	customer  accounts.CustomerID // "" is a guest
	public    bool                // the page is the same for all who are not logged in: see browsing
	market    string              // the country that goods go to, as far as it is known
	basket    cart.Cart           // the zero Cart if there is none, and on public pages
	forgotten bool                // what the browser has kept is somebody else's: see forget
	joined    bool                // basket was a guest's when the request came: see joinCart
	bought    cart.Cart           // the browser's last one, if it still names one that was bought
	lists     *catalog.PriceLists // see price
	groups    []string            // of the customer
	key       *pageKey            // of a page that may be kept, or nil
	latest    commerce.Position   // of the store when the page was begun
	tags      []string            // what the page shows, for caches: see tag
}

// audience says for whom a page is the same.
type audience int

const (
	oneself   audience = iota // for each shopper it is another
	guests                    // for all who are not logged in
	everybody                 // files
	crawlers                  // the same for everybody, and as dear to make as a page
)

// visitor adapts a page to net/http: it finds out who asks, and turns errors
// into pages. A public page is the same for all who are not logged in: for them
// neither their cart nor anything else of their own is looked at, so that it can
// be kept, here and by caches in front.
func (s *site) visitor(route string, to audience, h func(*visit) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		web.SetRoute(r.Context(), route)
		if to != everybody { // a file costs less than turning somebody away
			if _, err := web.ReadBody(w, r, mostForm); err != nil {
				s.refuse(w, r, web.PageStatus(err), err)
				return
			}
			running, ok := s.guard.shed.Admit(w, r, to == oneself)
			if !ok {
				return
			}
			defer running.Done()
		}
		v := &visit{site: s, w: w, r: r}
		v.locale = s.localeOf(r)
		err := v.identify(to)
		if err == nil {
			err = v.readCookies()
		}
		if err == nil {
			err = v.joinCart()
		}
		if err == nil {
			err = h(v)
		}
		if err != nil {
			v.fail(err)
		}
	}
}

func (v *visit) ctx() context.Context { return v.r.Context() }

// localeOf goes by what the shopper chose, then by what their browser asks for.
func (s *site) localeOf(r *http.Request) *locale {
	if c, err := r.Cookie(s.cookieName(cookieLanguage)); err == nil {
		for _, l := range s.locales {
			if l.Code == c.Value {
				return l
			}
		}
	}
	wanted := r.Header.Get("Accept-Language")
	if wanted == "" {
		return s.locales[0]
	}
	_, i := language.MatchStrings(s.matcher, wanted)
	return s.locales[i]
}

// readCookies finds the shopper's currency, session and cart. A cart that is
// gone, bought or somebody else's is no error: the shopper starts with an empty
// one.
func (v *visit) readCookies() error {
	v.currency = v.site.Currencies[0]
	if c := money.Currency(v.cookie(cookieCurrency)); slices.Contains(v.site.Currencies, c) {
		v.currency = c
	}
	if v.public {
		if m := v.cookie(cookieMarket); slices.Contains(v.site.Countries, m) {
			v.market = m
		}
		return nil
	}
	v.readPosition()
	if err := v.readSession(); err != nil {
		return err
	}
	if err := v.readCart(); err != nil {
		return err
	}
	v.market = v.basket.ShippingCountry
	if len(v.basket.Lines) > 0 {
		v.currency = v.basket.Currency
	}
	v.tellPublicPages()
	return nil
}

// readCart finds the cart that the browser names or else, if nothing can be put
// into that any more, the one that the customer left here or elsewhere.
func (v *visit) readCart() error {
	named, err := v.namedCart()
	switch {
	case err != nil:
		return err
	case named.Status == cart.Active || named.Status == cart.Locking:
		v.basket = named
		return nil
	case named.Status == cart.Completed && named.Order != "":
		v.bought = named
	}
	if v.customer == "" {
		return nil
	}
	v.basket, err = v.site.shop.Carts.ActiveOf(v.ctx(), v.customer)
	if fault.CodeOf(err) == fault.NotFound {
		return nil
	}
	return err
}

// namedCart returns the cart that the browser names, in whatever state it is,
// and the zero Cart if that is gone or somebody else's.
func (v *visit) namedCart() (cart.Cart, error) {
	id := v.cookie(cookieCart)
	if id == "" {
		return cart.Cart{}, nil
	}
	named, err := v.site.shop.Carts.Get(v.ctx(), cart.ID(id))
	switch code := fault.CodeOf(err); {
	case code == fault.NotFound || code == fault.Invalid:
		return cart.Cart{}, nil
	case err != nil:
		return cart.Cart{}, err
	case named.Customer != "" && named.Customer != v.customer:
		return cart.Cart{}, nil
	}
	return named, nil
}

// page is what every template is shown. Pages embed it.
type page struct {
	Shop        string
	Title       string // of the window; "" is the shop's name alone
	Description string // for search engines
	Canonical   string // address of the page for search engines; "" is none
	NoIndex     bool
	Locale      *locale
	Locales     []*locale
	Currency    money.Currency
	Currencies  []money.Currency
	Categories  []categoryView // at the top
	Public      bool           // the page does not know the cart: a script fills in Units
	Units       int64          // in the cart
	LoggedIn    bool
	Here        string // path and query, to come back to
	Searches    bool   // the shop has a search
	Search      string // what was searched for
	Note        string // what has just happened, "" is nothing
}

func (v *visit) page(title string) (page, error) {
	tree, err := v.site.shop.Catalog.Categories(v.ctx())
	if err == nil {
		err = v.readPrices()
	}
	if err != nil {
		return page{}, err
	}
	p := page{
		Shop: v.site.Name, Title: title, Locale: v.locale, Locales: v.site.locales,
		Currency: v.currency, Currencies: v.site.Currencies, Here: here(v.r.URL),
		Public: v.public, Note: v.note(), LoggedIn: v.customer != "", Searches: len(v.site.Finders) > 0, Categories: v.categories(tree.Children("")),
	}
	if v.r.Method != http.MethodGet {
		p.Here = v.site.Base + "/"
	}
	p.Units = v.units()
	return p, nil
}

// appended is what advertisements append to addresses. No page depends on it: a
// cache in front may leave it out (see examples/cluster/nginx.conf).
var appended = regexp.MustCompile(`&(?:utm_[a-z_]+|fbclid|[gd]clid|gbraid|wbraid|msclkid|mc_[ce]id)=[^&]*`)

// here returns the path and the query of a page, without what is appended.
func here(u *url.URL) string {
	query := strings.TrimPrefix(appended.ReplaceAllString("&"+u.RawQuery, ""), "&")
	return (&url.URL{Path: u.Path, RawPath: u.RawPath, RawQuery: query}).RequestURI()
}

func (v *visit) categories(list []catalog.Category) []categoryView {
	views := make([]categoryView, len(list))
	for i, c := range list {
		views[i] = v.category(c)
	}
	return views
}

// show renders a page. What it shows is the shopper's own, unless it is a public
// page: only their browser keeps it, and asks whether it still holds.
func (v *visit) show(status int, name string, data any) error {
	body, err := v.site.theme.render(v.locale, name, data)
	if err != nil {
		return err
	}
	return v.send(status, body)
}

func (v *visit) send(status int, body []byte) error {
	if status != http.StatusOK || v.r.Method != http.MethodGet {
		v.headers()
		v.w.WriteHeader(status)
		_, _ = v.w.Write(body) // the browser has gone if this fails
		return nil
	}
	sum := sha256.Sum256(body)
	p := cachedPage{body: body, tag: `W/"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`, at: v.latest, made: time.Now(), tags: strings.Join(v.tags, " ")}
	if v.key != nil {
		if err := p.compress(); err != nil {
			return err
		}
		v.site.cache.put(*v.key, p)
	}
	v.respond(p)
	return nil
}

// respond sends a page, unless the browser has it.
func (v *visit) respond(p cachedPage) {
	v.headers()
	if v.public {
		v.w.Header().Set("Cache-Control", publicCache)
		v.w.Header().Set("Surrogate-Key", p.tags)
	}
	v.w.Header().Set("ETag", p.tag)
	if web.MatchETag(v.r.Header.Get("If-None-Match"), p.tag) {
		v.w.WriteHeader(http.StatusNotModified)
		return
	}
	body := p.body
	if p.gzip != nil && takesGzip(v.r.Header.Get("Accept-Encoding")) {
		body = p.gzip
		v.w.Header().Set("Content-Encoding", "gzip")
		v.w.Header().Add("Vary", "Accept-Encoding")
	}
	_, _ = v.w.Write(body) // the browser has gone if this fails
}

func (v *visit) headers() {
	v.keepPosition()
	h := v.w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Language", v.locale.Code)
	h.Set("Cache-Control", "private, no-cache")
	h.Add("Vary", "Accept-Language, Cookie")
}

// publicCache lets caches in front keep a public page: for half a minute, a
// minute longer while they ask for a newer one, and for a day while no node of
// the shop answers. Browsers ask each time, which costs no body.
const publicCache = "public, max-age=0, s-maxage=30, stale-while-revalidate=60, stale-if-error=86400"

// tag notes what a page shows, by which a cache in front can drop it.
func (v *visit) tag(key string) {
	if key != "" && !slices.Contains(v.tags, key) {
		v.tags = append(v.tags, key)
	}
}

// redirect sends the browser to a page of the shop with a GET.
func (v *visit) redirect(path string) error {
	v.keepPosition()
	http.Redirect(v.w, v.r, v.site.Base+path, http.StatusSeeOther)
	return nil
}

// moved sends the browser to where a page is now, for good.
func (v *visit) moved(path string) error {
	http.Redirect(v.w, v.r, v.site.Base+path, http.StatusMovedPermanently)
	return nil
}
