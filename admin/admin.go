// Package admin is what the people who run a shop see: orders to send, goods and
// stock, customers, promotions and the health of the store, rendered on the
// server with html/template.
//
// Every page works without scripts; the package has none. A GET changes
// nothing. Each change is a command of the store with a key of its form, so a
// form that is sent twice has one effect, and with the version that was shown,
// so nobody overwrites what somebody else has changed.
package admin

import (
	"cmp"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/documents"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/pan"
	"github.com/keelshop/commerce/internal/web"
	"github.com/keelshop/commerce/money"
)

// Options are how the pages are made. The zero value serves a site of its own.
type Options struct {
	// Name is what the shop is called. It defaults to "Shop".
	Name string
	// Base is the path that the pages are mounted under, as in /admin, without
	// a slash at its end. "" is a site of its own.
	Base string
	// HTTPS says that browsers reach the pages through TLS only. Cookies are
	// Secure then and bound to the host.
	HTTPS bool
	// Currencies that prices are shown and edited in. It defaults to EUR.
	Currencies []money.Currency
	// Staff finds out which member of the staff sends a request, for programs
	// with users of their own. The error is fault.Denied if it is none. It
	// defaults to the store's own accounts: customers in accounts.StaffGroup
	// log in with their passwords.
	Staff func(*http.Request) (accounts.CustomerID, error)
	// Backups is how staff see to backups. If it is nil, there is no page for
	// them.
	Backups *Backups
	// PerSecret bounds how often one client address may try to log in. It
	// defaults to 20 times in a minute.
	PerSecret Rate
	// PerAddress bounds the requests of one client address, 1,000 in 10 s by
	// default; a fifth of them may be under way at once.
	PerAddress Rate
	// AtOnce bounds how many requests are worked on at once. Looking at pages is
	// turned away long before, when pages take longer than Patience; what changes
	// something is not. They default to 500 and a second.
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

// Served tells of a request that was answered. It holds nothing personal.
type Served = web.Served

// Unlimited is a Rate that limits nothing.
var Unlimited = Rate{Requests: -1}

// Rate is how many requests may come in a window of time.
type Rate = web.Rate

// site is the pages of one store.
type site struct {
	Options
	secret  *web.Limiter
	shed    *web.Shedder
	shop    *commerce.Store
	task    task     // on backups
	staffed []string // the routes that are for staff only
	pages   pages
	printer *documents.Printer
}

// New returns the handler of the pages.
func New(shop *commerce.Store, o Options) (http.Handler, error) {
	s, err := newSite(shop, o)
	if err != nil {
		return nil, err
	}
	sameOrigin, err := web.SameOrigin(nil, s.refuse)
	if err != nil {
		return nil, err
	}
	compress, err := web.Compress()
	if err != nil {
		return nil, err
	}
	return web.Chain(s.routes(), web.RequestID, web.Observe(web.LogTo(s.Logger)), s.observe(), compress, web.Recover(s.Logger, s.refuse), web.BoundBodies(s.AtOnce),
		web.SecurityHeaders(web.CSP{}, s.HTTPS), web.LimitAddresses(s.PerAddress, s.Proxies, s.refuse), s.limitBody, sameOrigin), nil
}

// observe tells the program of each request, if it wants to know.
func (s *site) observe() web.Middleware {
	if s.Observe == nil {
		return nil
	}
	return web.Observe(s.Observe)
}

func newSite(shop *commerce.Store, o Options) (*site, error) {
	if o.Name == "" {
		o.Name = "Shop"
	}
	if o.Base != "" && (!strings.HasPrefix(o.Base, "/") || strings.HasSuffix(o.Base, "/")) {
		return nil, fault.New(fault.Invalid, "the base %q must begin with a slash and not end with one", o.Base)
	}
	if len(o.Currencies) == 0 {
		o.Currencies = []money.Currency{"EUR"}
	}
	o.Logger = pan.Logger(o.Logger)
	o.PerAddress = cmp.Or(o.PerAddress, Rate{Requests: 1000, Per: 10 * time.Second})
	s := &site{Options: o, shop: shop}
	s.shed = web.NewShedder(cmp.Or(o.AtOnce, 500), cmp.Or(o.Patience, time.Second), s.refuse)
	s.secret = web.NewLimiter("secret", cmp.Or(o.PerSecret, Rate{Requests: 20, Per: time.Minute}), s.refuse)
	var err error
	if s.pages, err = parsePages(o.Base); err != nil {
		return nil, err
	}
	if s.printer, err = documents.NewPrinter(); err != nil {
		return nil, err
	}
	return s, nil
}

func (s *site) routes() http.Handler {
	mux := http.NewServeMux()
	handle := func(pattern string, h func(*visit) error) {
		method, path, _ := strings.Cut(pattern, " ")
		mux.HandleFunc(method+" "+s.Base+path, s.visitor(pattern, h))
	}
	staff := func(pattern string, h func(*visit) error) {
		s.staffed = append(s.staffed, pattern)
		handle(pattern, func(v *visit) error {
			if v.staff == "" {
				return v.toLogIn()
			}
			return h(v)
		})
	}
	if s.Staff == nil {
		handle("GET /login", showLogIn)
		handle("POST /login", func(v *visit) error {
			if !s.secret.Allow(v.w, v.r, web.Network(web.Proxies(s.Proxies).Client(v.r))) {
				return nil
			}
			return logIn(v)
		})
		handle("POST /logout", logOut)
	}
	handle(staticRoute, static)
	staff("GET /{$}", overview)
	staff("GET /orders", listOrders)
	staff("GET /orders/{order}", showOrder)
	staff("POST /orders/{order}/ship", ship)
	staff("POST /orders/{order}/cancel", cancel)
	staff("POST /orders/{order}/return", takeBack)
	staff("POST /orders/{order}/refund", refund)
	staff("POST /orders/{order}/capture", capture)
	staff("POST /orders/{order}/cancel-lines", cancelLines)
	staff("GET /orders/{order}/change", showChange)
	staff("POST /orders/{order}/change", change)
	staff("POST /orders/{order}/track", track)
	staff("POST /orders/{order}/decide", decideReturn)
	staff("POST /orders/{order}/receive", receiveReturn)
	staff("POST /orders/{order}/release", releaseRefund)
	staff("POST /orders/{order}/grant", grantRefund)
	staff("GET /troubles", listTroubles)
	staff("POST /payments/{payment}/resolve", resolve)
	staff("POST /payments/{payment}/refunded", recordRefund)
	staff("POST /discrepancies", clearDiscrepancy)
	staff("POST /orders/{order}/issue", issue)
	staff("GET /orders/{order}/documents/{document}", showDocument)
	staff("GET /products", listProducts)
	staff("GET /products/new", newProduct)
	staff("POST /products", createProduct)
	staff("GET /products/{product}", showProduct)
	staff("POST /products/{product}", changeProduct)
	staff("POST /products/{product}/stock", changeStock)
	staff("POST /products/{product}/variants", addVariant)
	staff(pictureRoute, addPicture)
	staff("GET /pictures/{asset}", showPicture)
	staff("GET /categories", listCategories)
	staff("POST /categories", putCategory)
	staff("POST /categories/{category}/remove", removeCategory)
	staff("GET /customers", findCustomer)
	staff("GET /customers/{customer}", showCustomer)
	staff("POST /customers/{customer}/logout", logOutCustomer)
	staff("POST /customers/{customer}/erase", eraseCustomer)
	staff("GET /promotions", listPromotions)
	staff("POST /promotions", putPromotion)
	staff("POST /promotions/{promotion}/pause", pausePromotion)
	staff("GET /search", showSearch)
	staff("POST /search", putSearchRule)
	staff("POST /search/remove", removeSearchRule)
	staff("POST /search/words", putVocabulary)
	staff("POST /search/forget", forgetMiss)
	staff("GET /balances", listBalances)
	staff("POST /balances/{balance}", setBalance)
	staff("POST /gift-cards", issueGiftCard)
	staff("POST /customers/{customer}/credit", grantCredit)
	staff("GET /price-lists", listPriceLists)
	staff("POST /price-lists", putPriceList)
	staff("POST /price-lists/{list}/prices", putListPrices)
	staff("GET /terms", listTerms)
	staff("POST /terms", putTerms)
	staff("GET /stock", showStock)
	staff("POST /stock", putPlace)
	staff("POST /stock/split", setSplit)
	staff("POST /transfers", sendTransfer)
	staff("POST /transfers/{transfer}", receiveTransfer)
	staff("POST /products/{product}/policy", setPolicy)
	staff("GET /health", health)
	staff("POST /health/verify", verify)
	if s.Backups != nil {
		staff("GET /backups", listBackups)
		staff("POST /backups", makeBackup)
		staff("POST /backups/verify", verifyBackup)
	}
	mux.HandleFunc(s.Base+"/", s.visitor("/", func(v *visit) error {
		allowed := web.Allowed(mux, v.r, s.Base+"/")
		if len(allowed) == 0 {
			return errNoPage
		}
		v.w.Header().Set("Allow", strings.Join(allowed, ", "))
		return &refusal{http.StatusMethodNotAllowed, errNoPage}
	}))
	return mux
}

// Routes that are not like the others: a file costs less than turning somebody
// away, and a form with a picture is read as it comes.
const (
	staticRoute  = "GET /static/{file}"
	pictureRoute = "POST /products/{product}/pictures"
)

var errNoPage = fault.New(fault.NotFound, "there is no such page")
