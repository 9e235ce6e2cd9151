// Api serves a shop as a REST API and nothing else: no pages, but one that
// describes the API. Start it, open http://localhost:8080/docs, and try the
// lines in docs/http.md.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/httpapi"
	"github.com/keelshop/commerce/httpserver"
	"github.com/keelshop/commerce/payments/simulator"
	"github.com/keelshop/commerce/search"
	"github.com/keelshop/commerce/webhooks"
)

func main() {
	var s settings
	flag.StringVar(&s.dir, "data", "api.data", "the directory of the shop")
	flag.StringVar(&s.addr, "addr", "localhost:8080", "where to listen")
	flag.IntVar(&s.rate, "rate", 0, "requests in 10 s from one address; 0 is the usual 1,000, -1 any number, for load tests")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, s); err != nil {
		log.Fatal(err)
	}
}

// settings are what the command line says.
type settings struct {
	dir, addr string
	rate      int // see httpapi.Options.PerAddress
}

// run serves until ctx ends, and gives requests that are running ten seconds to
// finish. Ending the program in any other way loses nothing either that a client
// was told.
func run(ctx context.Context, s settings) (err error) {
	shop, err := commerce.Open(ctx, s.dir, commerce.WithPayments(simulator.New()))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, shop.Close()) }()
	if err := hire(ctx, shop); err != nil {
		return err
	}
	sending, err := webhooks.Start(ctx, shop, webhooks.Options{Logger: slog.Default()})
	if err != nil {
		return err
	}
	defer sending.Close()
	finder, err := search.Open(ctx, shop, search.Options{Logger: slog.Default()})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, finder.Close()) }()
	api, err := newAPI(shop, finder, sending, s.rate)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", s.addr)
	if err != nil {
		return err
	}
	fmt.Printf("http://%s/docs describes the API; %s runs the shop with the password %q (Ctrl-C closes it)\n", listener.Addr(), staffEmail, staffPassword)
	return httpserver.Serve(ctx, httpserver.New(api, slog.Default()), listener, 10*time.Second)
}

// newAPI serves everything that the shop has. rate bounds the requests of one
// address, and of one customer, in 10 s.
func newAPI(shop *commerce.Store, finder *search.Finder, sending *webhooks.Dispatcher, rate int) (http.Handler, error) {
	o := httpapi.Options{Mailer: console{}, Finder: finder, Webhooks: sending, Logger: slog.Default()}
	if rate != 0 {
		o.PerAddress = httpapi.Rate{Requests: rate, Per: 10 * time.Second}
		o.PerAccount = o.PerAddress
	}
	return httpapi.New(shop, o)
}

const (
	staffEmail    = "staff@example.com"
	staffPassword = "for this example only"
)

// hire makes an account for staff on the first start. A real shop does that
// once, with a password that nobody else knows.
func hire(ctx context.Context, shop *commerce.Store) error {
	_, err := shop.Accounts.Register(ctx, accounts.Register{
		Email: staffEmail, Password: staffPassword, Groups: []string{accounts.StaffGroup},
	})
	if _, there := errors.AsType[*accounts.EmailTakenError](err); there {
		return nil
	}
	return err
}

// console is the mailer of somebody who tries things out: letters are printed.
type console struct{}

// Send implements accounts.Mailer.
func (console) Send(_ context.Context, l accounts.Letter) error {
	fmt.Printf("a letter to %s: %s with the token %s\n", l.To.Reveal(), l.Kind, l.Token.Reveal())
	return nil
}
