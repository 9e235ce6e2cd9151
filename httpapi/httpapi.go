// Package httpapi serves a shop as a REST API over net/http.
//
//	api, err := httpapi.New(shop, httpapi.Options{Prefix: "/api"})
//	…
//	mux.Handle("/api/", api)
//
// What a route takes and answers is declared by Go types; the OpenAPI 3.1
// document at PREFIX/openapi.json and the page at PREFIX/docs are made of them.
//
// Every route declares who may use it, and New refuses to start
// with one that does not. Who asks is found out by an Auth: by default the
// sessions of package accounts, or the host program's own users.
//
// Conventions, for all routes:
//
//   - Input is strict JSON. Unknown and duplicate members, wrong types and what
//     is too long are answered with 4xx, naming the field.
//   - Errors are problem documents (RFC 9457). Their code is one of package
//     fault, and says what a client can do; error and about carry the noun.
//   - Idempotency-Key makes asking again safe on every route that changes
//     something. It is the key of the store's own commands: stored with the
//     effect, kept across restarts. A secret in an answer, such as a session's
//     token, is not kept: it is made of the key again, for who shows the password
//     again. Where a second time does nothing more, a key is taken and not needed.
//   - ETag is the version of what was read. If-Match makes a change Conditional
//     on it (412 if it has moved on), If-None-Match a read (304). Where a PUT makes
//     what its path names, If-None-Match: * makes it only if it is not there, and
//     If-Match: * replaces it only if it is. A condition that a route cannot look
//     at is refused with 412.
//   - Lists take limit and after, and answer with next while there is more.
//   - fields=id,lines.sku selects what an answer holds.
//   - Money is {"minor": 1250, "currency": "EUR", "formatted": "12.50 EUR"}.
package httpapi

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"reflect"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/backup"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/pan"
	"github.com/keelshop/commerce/internal/web"
	"github.com/keelshop/commerce/search"
	"github.com/keelshop/commerce/webhooks"
)

// Rate is how many requests may come in a window of time.
type Rate = web.Rate

// Unlimited is a Rate that limits nothing.
var Unlimited = Rate{Requests: -1}

// Options says how the API is served. The zero value serves it at the root,
// to the shop's own accounts.
type Options struct {
	// Prefix is the path under which requests arrive, as in "/shop/api".
	Prefix string
	// Auth says who sends a request. It defaults to Sessions.
	Auth Auth
	// Mailer sends the letters by which customers verify their address and
	// reset their password. Without one, those routes are not there.
	Mailer accounts.Mailer
	// Finder answers /search and /suggestions. Without one, they are not there.
	Finder *search.Finder
	// Webhooks sends to endpoints. Without it, they can be listed and changed, with
	// public addresses only, and a message cannot be sent again by hand.
	Webhooks *webhooks.Dispatcher
	// Backups lists the backups of the store for staff, as
	// backup.Place.List does. Without it, they are not shown.
	Backups func(context.Context) ([]backup.Manifest, error)
	// PerAddress and PerAccount bound the requests of one client address and
	// of one customer; PerSecret those of one address that try a password, a
	// token or a code. They default to 1,000 in 10 s, 500 in 10 s and 20 in a minute. An
	// IPv6 address counts as its /64. A fifth of PerAddress, and 32 at least, may
	// be under way at once. Those whose address is not known, as
	// through a Unix socket, only PerAccount bounds: what is in front must.
	PerAddress, PerAccount, PerSecret Rate
	// AtOnce bounds how many requests are worked on at once. Browsing is turned
	// away long before, when requests take longer than Patience; whoever has a
	// cart can go on to buy it. They default to 2,000 and 300 ms. Bodies of more than
	// 16 KiB have 64 KiB for each of AtOnce together, and 32 MiB at least: what would
	// be beyond is answered with 503.
	AtOnce   int
	Patience time.Duration
	// Proxies are the networks of reverse proxies, whose X-Forwarded-For counts.
	Proxies []netip.Prefix
	// TrustedOrigins are other origins whose pages may change something with
	// the cookies of a browser, as in "https://shop.example.com".
	TrustedOrigins []string
	// PayWith lists the payment providers that shoppers may choose. Empty
	// means all that the store has but "manual", which takes the shopper's word
	// for the money: a shop that sells on account names it.
	PayWith []string
	// Channels lists the channels that anybody may buy through. A channel brings
	// its own price lists, promotions and publications, so list only those whose
	// prices are for everybody. Empty means the shop's own alone, which is always
	// there. Staff may sell through any.
	Channels []string
	// Logger gets a line for each request and each failure. It defaults to
	// slog.DiscardHandler.
	Logger *slog.Logger
	// Observe is told of each request that was answered, for metrics.
	Observe func(*http.Request, Served)
}

// Served tells of a request that was answered. It holds nothing personal.
type Served = web.Served

// maxBody bounds the body of a request, in bytes, and maxGoods that of one with
// products or variants.
const (
	maxBody  = 256 << 10
	maxGoods = 8 << 20
)

// New returns the API of a shop. It fails if an option cannot be meant, and if
// a route does not say who may use it.
func New(shop *commerce.Store, o Options) (http.Handler, error) {
	a, err := newAPI(shop, o)
	if err != nil {
		return nil, err
	}
	return a.handler()
}

// api is what the routes have in common.
type api struct {
	shop    *commerce.Store
	options Options
	mux     *http.ServeMux
	huma    huma.API
	types   *fault.Types
	modules map[string]bool // that types are of
	account *web.Limiter
	secret  *web.Limiter
	shed    *web.Shedder
	refuse  web.Refuse
	routes  []route
	bodies  map[string]reflect.Type // what the bodies of requests are decoded into, by the name of the operation
	// mistakes are what add found wrong with routes: check returns them.
	mistakes []error
}

func newAPI(shop *commerce.Store, o Options) (*api, error) {
	o, err := o.withDefaults(shop)
	if err != nil {
		return nil, err
	}
	refuse := web.Problems(o.Prefix + problemTypes)
	a := &api{
		shop: shop, options: o, refuse: refuse, bodies: map[string]reflect.Type{}, mux: http.NewServeMux(), types: errorTypes(shop),
		account: web.NewLimiter("account", o.PerAccount, refuse),
		secret:  web.NewLimiter("secret", o.PerSecret, refuse),
		shed:    web.NewShedder(o.AtOnce, o.Patience, refuse),
	}
	a.modules = modulesOf(a.types)
	a.huma = humago.NewWithPrefix(a.mux, o.Prefix, a.config())
	a.addRoutes()
	if err := a.check(); err != nil {
		return nil, err
	}
	a.addDocs()
	return a, nil
}

// addRoutes lists everything that the API serves.
func (a *api) addRoutes() {
	a.addProducts()
	a.addCategories()
	a.addAssets()
	a.addSearch()
	a.addStock()
	a.addCarts()
	a.addDeliveries()
	a.addCheckout()
	a.addWebhooks()
	a.addOrders()
	a.addPapers()
	a.addFurther()
	a.addDownloads()
	a.addGiftCards()
	a.addStaffOrders()
	a.addStaffChanges()
	a.addStaffQueue()
	a.addStaffProducts()
	a.addStaffVariants()
	a.addStaffCategories()
	a.addSessions()
	a.addCustomers()
	a.addStaffCustomers()
	a.addStaffEndpoints()
	a.addMerchandising()
	a.addCredit()
	a.addStaffRules()
	a.addStaffExemptions()
	a.addStaffCoupons()
	a.addStaffPriceLists()
	a.addStaffPlaces()
	a.addCollections()
	a.addProductTypes()
	a.addBackups()
	a.addPrices()
	a.addParcels()
	a.addStaffRecords()
}

func (a *api) config() huma.Config {
	c := huma.DefaultConfig("Shop", "1")
	c.CreateHooks = nil // no $schema members in answers
	c.OpenAPIPath, c.DocsPath, c.SchemasPath = "", "", ""
	c.RejectUnknownQueryParameters = true
	c.Transformers = []huma.Transformer{a.problems, a.selection}
	c.Components.Schemas = ruleTypes()
	c.Info.Description = "A shop: products, carts, checkout, orders and customers."
	c.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"session": {Type: "http", Scheme: "bearer", Description: "The token of a session, from POST /sessions."},
	}
	return c
}

// handler puts the parts around the routes that every request passes.
func (a *api) handler() (http.Handler, error) {
	sameOrigin, err := web.SameOrigin(a.options.TrustedOrigins, a.refuse)
	if err != nil {
		return nil, err
	}
	compress, err := web.Compress()
	if err != nil {
		return nil, err
	}
	a.mux.HandleFunc("/", a.unrouted)
	return web.Chain(a.mux,
		web.RequestID,
		web.Observe(web.LogTo(a.options.Logger)),
		a.observe(),
		web.Recover(a.options.Logger, a.refuse),
		web.BoundBodies(a.options.AtOnce),
		web.SecurityHeaders(web.CSP{}, false),
		web.LimitAddresses(a.options.PerAddress, a.options.Proxies, a.refuse),
		sameOrigin,
		compress,
	), nil
}

// observe tells the host program of each request, if it wants to know.
func (a *api) observe() web.Middleware {
	if a.options.Observe == nil {
		return nil
	}
	return web.Observe(a.options.Observe)
}

// unrouted answers what no route takes: 405 if one does for another method.
func (a *api) unrouted(w http.ResponseWriter, r *http.Request) {
	allowed := web.Allowed(a.mux, r, "/")
	if len(allowed) == 0 {
		a.refuse(w, r, http.StatusNotFound, fault.New(fault.NotFound, "there is nothing at this path"))
		return
	}
	w.Header().Set("Allow", strings.Join(allowed, ", "))
	a.refuse(w, r, http.StatusMethodNotAllowed, fault.New(fault.Invalid, "this path takes %s only", strings.Join(allowed, ", ")))
}

func (o Options) withDefaults(shop *commerce.Store) (Options, error) {
	if o.Prefix != "" && (!strings.HasPrefix(o.Prefix, "/") || strings.HasSuffix(o.Prefix, "/") || strings.ContainsAny(o.Prefix, "{} ?#")) {
		return o, fault.New(fault.Invalid, "the prefix %q must be a path such as /api, without a / at its end", o.Prefix)
	}
	for _, name := range o.PayWith {
		if _, err := shop.Payments.Provider(name); err != nil {
			return o, fmt.Errorf("the option PayWith: %w", err)
		}
	}
	if o.Auth == nil {
		o.Auth = Sessions(shop)
	}
	o.Logger = pan.Logger(o.Logger)
	o.AtOnce, o.Patience = cmp.Or(o.AtOnce, 2000), cmp.Or(o.Patience, 300*time.Millisecond)
	o.PerAddress = orElse(o.PerAddress, Rate{Requests: 1000, Per: 10 * time.Second})
	o.PerAccount = orElse(o.PerAccount, Rate{Requests: 500, Per: 10 * time.Second})
	o.PerSecret = orElse(o.PerSecret, Rate{Requests: 20, Per: time.Minute})
	return o, nil
}

func orElse(r, standard Rate) Rate {
	if r == (Rate{}) {
		return standard
	}
	return r
}
