// Package storefront is the shop that people see: pages for browsing, buying
// and looking after an account, rendered on the server with html/template.
//
// Answers are compressed. How often a visitor may come is bounded, and when there
// is more to do than can be done, browsing is turned away before those who buy.
//
// Every page works without scripts; a small one of the package's own makes some
// of them quicker. Pages ask nothing of other servers, unless a payment
// provider's field does. A GET changes nothing.
//
// [New] returns a handler for a whole site, or for a part of one: see
// [Options.Base]. What it looks like is up to [Options.Theme], a file system
// whose templates, style sheets and pages take the place of the package's own.
package storefront

import (
	"cmp"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"golang.org/x/text/language"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/documents"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/pan"
	"github.com/keelshop/commerce/internal/web"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/search"
)

// Options are how a storefront is made. The zero value is a shop that sells for
// euros, on invoice.
type Options struct {
	// Name is what the shop is called. It defaults to "Shop".
	Name string
	// Base is the path that the shop is mounted under, as in /shop, without a
	// slash at its end. "" is a site of its own. Links, redirects and cookies
	// stay below it. Search engines read robots.txt at the root of a site only:
	// the program's own can name BASE/sitemap.xml.
	Base string
	// URL is where the site is found, as in https://shop.example.com, for
	// links that leave it: site map, canonical addresses, letters. If it is "",
	// links are made from what a request says.
	URL string
	// HTTPS says that browsers reach the shop through TLS only. Cookies are
	// Secure then and, without Base, bound to the host.
	HTTPS bool
	// Currencies that shoppers may choose from, the default first. It
	// defaults to EUR.
	Currencies []money.Currency
	// Countries that goods are sent to, as ISO 3166-1 codes, the default
	// first. It defaults to some in Europe, the United Kingdom and the United
	// States.
	Countries []string
	// Payments are the ways to pay, the default first. It defaults to the
	// provider that every store has, "manual", as payment on invoice.
	Payments []PaymentMethod
	// Finders find products, by the language that they search in: "en", "de".
	// A language without one is searched in English. Without any there is no
	// search, and categories have no filters.
	Finders map[string]*search.Finder
	// Auth says who sends a request, for a program with users of its own. The
	// shop has no pages to log in, register or change a password then. Without
	// one, customers log in here, and a cookie of the shop's remembers it.
	Auth Auth
	// Mailer sends letters, by which customers get a new password or confirm
	// their address: see LetterPath. Without one, or with Auth, there are no such
	// pages.
	Mailer accounts.Mailer
	// Theme holds files that take the place of those of this package, by
	// their paths: templates/*.html and static/*. Further ones are added:
	// static/theme.css is loaded behind the others, and templates/pages/X.html
	// becomes the page /pages/X.
	Theme fs.FS
	// TrustedOrigins may send forms to the shop from other sites, as in
	// https://pay.example.com.
	TrustedOrigins []string
	// PerAddress bounds the requests of one client address, PerSecret those of
	// one that try a password, a letter's link or a code, PerPayment those of
	// one, and of one customer, that pay: whoever tries stolen cards does it
	// here. They default to 1,000 in 10 s, 20 in a minute and 30 in 10 minutes.
	// An IPv6 address counts as its /64. A fifth of PerAddress, and 32 at least,
	// may be under way at once.
	PerAddress, PerSecret, PerPayment Rate
	// AtOnce bounds how many requests are worked on at once. Browsing is turned
	// away long before, when pages take longer than Patience; whoever has a
	// cart can go on to buy it. They default to 2,000 and 300 ms.
	AtOnce   int
	Patience time.Duration
	// Proxies are the networks of reverse proxies, whose X-Forwarded-For counts.
	Proxies []netip.Prefix
	// Logger gets a line for each request, without addresses and paths, and
	// hears of failures that are the shop's own. It defaults to
	// slog.DiscardHandler.
	Logger *slog.Logger
	// Observe is told of each request that was answered, for metrics.
	Observe func(*http.Request, Served)
}

// Rate is how many requests may come in a window of time.
type Rate = web.Rate

// Unlimited is a Rate that limits nothing.
var Unlimited = Rate{Requests: -1}

// Served tells of a request that was answered. It holds nothing personal.
type Served = web.Served

// PaymentMethod is one way to pay, as shoppers see it.
type PaymentMethod struct {
	// Provider is its name: see commerce.WithPayments.
	Provider string
	// Title is its name for shoppers, in English. It is translated if it is
	// one that the storefront knows: Card, Invoice, Bank transfer, Cash on
	// delivery.
	Title string
	// Field is the address of the provider's own page for its details, which
	// is shown in a frame: it sends the browser back to the query's "return"
	// with "token", and "card" with the last four digits. "" is a method
	// without details.
	Field string
}

// site is a storefront.
type site struct {
	Options
	shop    *commerce.Store
	theme   *theme
	locales []*locale
	matcher language.Matcher // of the locales, by their index
	cache   pageCache
	maps    siteMaps
	guard   guard
	printer *documents.Printer
}

// New returns the handler of a storefront. It returns fault.Invalid, naming the
// file, if a template of the theme does not parse, and for options that cannot
// be meant.
func New(shop *commerce.Store, o Options) (http.Handler, error) {
	if err := o.complete(); err != nil {
		return nil, err
	}
	s := &site{Options: o, shop: shop, maps: newSiteMaps()}
	var err error
	if s.printer, err = documents.NewPrinter(); err != nil {
		return nil, err
	}
	if s.theme, err = newTheme(o.Theme, o.Base); err != nil {
		return nil, err
	}
	s.locales = newLocales()
	s.matcher = newMatcher(s.locales)
	if err := s.theme.parse(s.locales); err != nil {
		return nil, err
	}
	if s.guard, err = s.newGuard(); err != nil {
		return nil, err
	}
	sameOrigin, err := web.SameOrigin(o.TrustedOrigins, s.refuse)
	if err != nil {
		return nil, err
	}
	compress, err := web.Compress()
	if err != nil {
		return nil, err
	}
	return web.Chain(s.routes(), web.RequestID, web.Observe(s.served()), compress, web.Recover(o.Logger, s.refuse), web.BoundBodies(o.AtOnce),
		web.SecurityHeaders(o.policy(), o.HTTPS), web.LimitAddresses(o.PerAddress, o.Proxies, s.turnAway), web.LimitBody(mostForm, s.refuse), sameOrigin), nil
}

// mostForm bounds what is sent to the shop, in bytes.
const mostForm = 64 << 10

func (o *Options) complete() error {
	if o.Name == "" {
		o.Name = "Shop"
	}
	if o.Base != "" && (!strings.HasPrefix(o.Base, "/") || strings.HasSuffix(o.Base, "/")) {
		return fault.New(fault.Invalid, "the base %q must begin with a slash and not end with one", o.Base)
	}
	if len(o.Currencies) == 0 {
		o.Currencies = []money.Currency{"EUR"}
	}
	for _, c := range o.Currencies {
		if err := c.Check(); err != nil {
			return err
		}
	}
	if len(o.Countries) == 0 {
		o.Countries = []string{"DE", "AT", "BE", "CH", "DK", "ES", "FR", "GB", "IE", "IT", "LU", "NL", "PL", "SE", "US"}
	}
	if len(o.Payments) == 0 {
		o.Payments = []PaymentMethod{{Provider: "manual", Title: "Invoice"}}
	}
	o.Logger = pan.Logger(o.Logger)
	o.AtOnce, o.Patience = cmp.Or(o.AtOnce, 2000), cmp.Or(o.Patience, 300*time.Millisecond)
	o.PerAddress = cmp.Or(o.PerAddress, Rate{Requests: 1000, Per: 10 * time.Second})
	o.PerSecret = cmp.Or(o.PerSecret, Rate{Requests: 20, Per: time.Minute})
	o.PerPayment = cmp.Or(o.PerPayment, Rate{Requests: 30, Per: 10 * time.Minute})
	if u, err := url.Parse(o.URL); err != nil || o.URL != "" && (u.Scheme == "" || u.Host == "" || u.Path != "") {
		return fault.New(fault.Invalid, "%q is not where a site is found: write it like https://shop.example.com", o.URL)
	}
	return nil
}

// policy lets pages load what the site serves, and frames of the providers.
func (o *Options) policy() web.CSP {
	var csp web.CSP
	for _, p := range o.Payments {
		if u, err := url.Parse(p.Field); err == nil && u.Host != "" {
			csp.Frames = append(csp.Frames, u.Scheme+"://"+u.Host)
			csp.Forms = append(csp.Forms, u.Scheme+"://"+u.Host)
		}
	}
	return csp
}

func (s *site) routes() http.Handler {
	mux := http.NewServeMux()
	for _, r := range s.table() {
		method, path, _ := strings.Cut(r.pattern, " ")
		mux.HandleFunc(method+" "+s.Base+path, s.visitor(r.pattern, r.to, r.serve))
	}
	mux.HandleFunc(s.Base+"/", s.visitor("/", guests, func(v *visit) error {
		allowed := web.Allowed(mux, v.r, s.Base+"/")
		if len(allowed) == 0 {
			return errNoPage
		}
		v.w.Header().Set("Allow", strings.Join(allowed, ", "))
		return &refusal{http.StatusMethodNotAllowed, errNoPage}
	}))
	return mux
}

// A route is a page of the shop, or what a form of one does.
type route struct {
	pattern string // of the mux, below the base
	to      audience
	serve   func(*visit) error
}

// table lists the routes that the options ask for.
func (s *site) table() (list []route) {
	add := func(pattern string, to audience, h func(*visit) error) { list = append(list, route{pattern, to, h}) }
	handle := func(pattern string, h func(*visit) error) { add(pattern, oneself, h) }
	browse := func(pattern string, h func(*visit) error, params ...string) { add(pattern, guests, cached(h, params)) }
	file := func(pattern string, h func(*visit) error) { add(pattern, everybody, h) }
	browse("GET /{$}", home)
	browse("GET /c/{handle}", category, listParams()...)
	browse("GET /p/{handle}", product, paramSKU)
	handle("GET /cart", showCart)
	handle("GET /cart/units", showUnits)
	handle("POST /cart/add", addToCart)
	handle("POST /cart/change", changeCart)
	handle("POST /cart/code", secretly(applyCode))
	handle("POST /cart/code/remove", removeCode)
	handle("GET /checkout", showContact)
	handle("POST /checkout", setContact)
	handle("GET /checkout/delivery", showDelivery)
	handle("POST /checkout/delivery", unlessJoined(setDelivery))
	handle("GET /checkout/split", showSplit)
	handle("POST /checkout/split", unlessJoined(moveLine))
	handle("GET /checkout/split/{delivery}", showSplitAddress)
	handle("POST /checkout/split/{delivery}", unlessJoined(setSplitAddress))
	handle("POST /checkout/split/{delivery}/remove", unlessJoined(removeSplit))
	handle("GET /checkout/payment", giftSecretly(showPayment))
	handle("POST /checkout/payment", unlessJoined(paying(giftSecretly(pay))))
	handle("POST /checkout/gift", unlessJoined(secretly(setGift)))
	handle("POST /checkout/credit", unlessJoined(setCredit))
	handle("GET /orders/{order}", showOrder)
	handle("GET /orders/{order}/payment", giftSecretly(showDue))
	handle("POST /orders/{order}/payment", paying(giftSecretly(payDue)))
	handle("GET /orders/{order}/of/{cart}", secretly(followOrderLink))
	handle("POST /orders/{order}/refresh", refreshOrder)
	handle("POST /orders/{order}/abandon", abandonOrder)
	handle("GET /orders/{order}/return", showReturn)
	handle("POST /orders/{order}/return", requestReturn)
	handle("GET /orders/{order}/documents/{document}", showDocument)
	handle("POST /orders/{order}/downloads", download)
	handle("GET /downloads/{token}", showLink)
	handle("POST /downloads/{token}", downloadByLink)
	if len(s.Finders) > 0 {
		browse("GET /search", find, listParams()...)
		browse("GET /suggest", suggest, paramText)
	}
	handle("GET /login", showLogIn)
	handle("GET /account", account)
	handle("POST /account", changeAccount)
	handle("GET /account/address", showAddress)
	handle("POST /account/address", addAddress)
	handle("POST /account/address/remove", removeAddress)
	if s.Auth == nil { // else they are the program's
		handle("POST /login", secretly(logIn))
		handle("POST /logout", logOut)
		handle("GET /register", showRegister)
		handle("POST /register", secretly(register))
		handle("POST /account/email", secretly(changeEmail))
		handle("POST /account/password", secretly(changePassword))
	}
	if s.Auth == nil && s.Mailer != nil { // without one nobody could get a letter
		handle("POST /account/verify", sendVerification)
		handle("GET /verify", showVerify)
		handle("POST /verify", secretly(verify))
		handle("GET /password", showForgotten)
		handle("POST /password", secretly(forgotten))
		handle("GET /password/new", showNewPassword)
		handle("POST /password/new", secretly(newPassword))
	}
	handle("POST /preferences", setPreferences)
	browse("GET /pages/{page}", themePage)
	file("GET /media/{asset}", media)
	file("GET /static/{file}", static)
	add("GET /sitemap.xml", crawlers, sitemap)
	file("GET /robots.txt", robots)
	return list
}

var errNoPage = fault.New(fault.NotFound, "there is no such page")

// origin returns where the site is found, for links that leave it.
func (v *visit) origin() string {
	if v.site.URL != "" {
		return v.site.URL
	}
	scheme := "http"
	if v.site.HTTPS || v.r.TLS != nil {
		scheme = "https"
	}
	return fmt.Sprintf("%s://%s", scheme, v.r.Host)
}
