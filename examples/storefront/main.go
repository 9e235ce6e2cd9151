// Storefront is a complete shop in a browser: sample goods, cart, checkout with
// a simulated bank, accounts, pages for the staff, and the REST API beside them.
//
//	go run ./examples/storefront
//
// Then open http://localhost:8080. The README beside this file says what to
// try.
package main

import (
	"context"
	"embed"
	"flag"
	"fmt"
	"io/fs"
	"log"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/admin"
	"github.com/keelshop/commerce/httpapi"
	"github.com/keelshop/commerce/httpserver"
	"github.com/keelshop/commerce/metrics"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/orders"
	"github.com/keelshop/commerce/payments/simulator"
	"github.com/keelshop/commerce/search"
	"github.com/keelshop/commerce/storefront"
	"github.com/keelshop/commerce/webhooks"
)

//go:embed theme
var files embed.FS

func main() {
	var s settings
	flag.StringVar(&s.addr, "addr", "localhost:8080", "where to listen")
	flag.StringVar(&s.dir, "dir", "storefront.data", "where to keep the shop")
	flag.StringVar(&s.password, "staff-password", "", "set the password of "+staffEmail+", who logs in at /admin")
	own := &s.own
	flag.StringVar(&own.file, "import", "", "sell what is in this product export instead of the sample goods")
	currency := flag.String("currency", "EUR", "the currency of its prices, if it names none")
	flag.BoolVar(&own.fromWeb, "pictures", false, "fetch its pictures from the web")
	flag.StringVar(&s.private, "private", "", "where operators get /metrics, health and profiles, as in localhost:9090")
	flag.BoolVar(&s.traces, "traces", false, "write OpenTelemetry spans to the terminal")
	flag.Parse()
	own.currency = money.Currency(*currency)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, s); err != nil {
		log.Fatal(err)
	}
}

// settings are what the command line says.
type settings struct {
	addr, private, dir, password string
	own                          imported
	traces                       bool
}

func run(ctx context.Context, s settings) error {
	logger := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})) // Info has a line for each request
	watched := metrics.New()
	bank := simulator.New(simulator.WithURL("/bank"))
	options := []commerce.Option{commerce.WithPayments(bank), commerce.WithLogger(logger), commerce.WithObserver(watched.Observer())}
	traced := func(h http.Handler) http.Handler { return h }
	if s.traces {
		tracer := tracing(os.Stdout)
		options, traced = append(options, commerce.WithObserver(tracer.Observer())), tracer.Handler
	}
	shop, err := commerce.Open(ctx, s.dir, options...)
	if err != nil {
		return err
	}
	defer shop.Close()
	if err := stockUp(ctx, shop, s.own, os.Stdout); err != nil {
		return err
	}
	if err := hireStaff(ctx, shop, s.password, os.Stdout); err != nil {
		return err
	}
	finders, err := openFinders(ctx, shop)
	if err != nil {
		return err
	}
	defer closeFinders(finders)
	sending, err := webhooks.Start(ctx, shop, webhooks.Options{Logger: logger})
	if err != nil {
		return err
	}
	defer sending.Close()
	go watched.Watch(ctx, shop) // what it counts ends with the shop
	if s.private != "" {
		for language, finder := range finders {
			watched.Follow("search-"+language, func() commerce.Position { return finder.Status().Position })
		}
		stop, err := serveOperators(s.private, watched)
		if err != nil {
			return err
		}
		defer stop()
	}
	mail := &console{to: os.Stdout, site: "http://" + s.addr}
	go storefront.Postman{Shop: shopName, Mailer: mail, Logger: logger}.Run(ctx, shop) // ends with the shop, too
	site := parts{shop, bank, finders, mail, sending, logger, watched}
	handler, err := site.routes()
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", s.addr)
	if err != nil {
		return err
	}
	fmt.Printf("The shop is open at http://%s, its API at http://%s/api/docs (Ctrl-C closes it)\n", s.addr, s.addr)
	return httpserver.Serve(ctx, httpserver.New(traced(handler), logger), listener, 10*time.Second)
}

// serveOperators serves what shoppers must not see, on an address of its own.
func serveOperators(addr string, watched *metrics.Metrics) (stop func(), err error) {
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, err
	}
	server := &http.Server{Handler: watched.Handler(), ReadHeaderTimeout: 5 * time.Second}
	go server.Serve(listener) // until it is closed
	return func() { server.Close() }, nil
}

// openFinders opens a search in each language and waits until all goods are
// found.
func openFinders(ctx context.Context, shop *commerce.Store) (map[string]*search.Finder, error) {
	finders := map[string]*search.Finder{}
	for _, language := range []string{"en", "de"} {
		finder, err := search.Open(ctx, shop, search.Options{Locale: language, Dir: filepath.Join(shop.Dir(), "search-"+language)})
		if err == nil {
			finders[language] = finder
			err = finder.After(ctx, shop.Latest())
		}
		if err != nil {
			closeFinders(finders)
			return nil, err
		}
	}
	return finders, nil
}

func closeFinders(finders map[string]*search.Finder) {
	for _, f := range finders {
		_ = f.Close() // the index is made again if anything is lost
	}
}

// parts are what the pages are made of.
type parts struct {
	shop    *commerce.Store
	bank    *simulator.Simulator
	finders map[string]*search.Finder
	mailer  accounts.Mailer
	sending *webhooks.Dispatcher
	logger  *slog.Logger
	watched *metrics.Metrics
}

// routes puts the pages of the staff, the API and the bank's pages beside the
// shop. With a real bank they would be elsewhere.
func (p parts) routes() (http.Handler, error) {
	currencies, err := currenciesOf(context.Background(), p.shop)
	if err != nil {
		return nil, err
	}
	pages, err := p.pages(currencies)
	if err != nil {
		return nil, err
	}
	copies, err := backups(context.Background(), p.shop)
	if err != nil {
		return nil, err
	}
	office, err := admin.New(p.shop, admin.Options{
		Name: shopName, Base: "/admin", Currencies: currencies, Backups: copies, Logger: p.logger, Observe: p.below("/admin"),
	})
	if err != nil {
		return nil, err
	}
	api, err := httpapi.New(p.shop, httpapi.Options{
		Prefix: "/api", Mailer: p.mailer, Finder: p.finders["en"], Webhooks: p.sending, Backups: copies.List, Logger: p.logger, Observe: p.below("/api"),
	})
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("/bank/", p.bank.Handler(simulator.Pages{
		Path: "/bank", Return: "/orders/",
		Notify: func(ctx context.Context, order string) error {
			_, err := p.shop.Checkout.Resume(ctx, orders.ID(order))
			return err
		},
	}))
	mux.Handle("/admin/", office)
	mux.Handle("/api/", api)
	mux.Handle("/", pages)
	return mux, nil
}

// below counts the requests of a part of the site, whose routes might be those of
// another.
func (p parts) below(base string) func(*http.Request, httpapi.Served) {
	return func(r *http.Request, s httpapi.Served) {
		if method, path, ok := strings.Cut(s.Route, " "); ok {
			s.Route = method + " " + base + path
		}
		p.watched.Request(r, s)
	}
}

const shopName = "Juniper & Oar"

// pages are what shoppers see.
func (p parts) pages(currencies []money.Currency) (http.Handler, error) {
	theme, err := fs.Sub(files, "theme")
	if err != nil {
		return nil, err
	}
	return storefront.New(p.shop, storefront.Options{
		Name:       shopName,
		Currencies: currencies,
		Payments: []storefront.PaymentMethod{
			{Provider: p.bank.Name(), Title: "Card", Field: "/bank/card"},
			{Provider: "manual", Title: "Invoice"},
		},
		Finders: p.finders,
		Mailer:  p.mailer,
		Theme:   theme,
		Logger:  p.logger,
		Observe: p.watched.Request,
	})
}
