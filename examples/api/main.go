// Api serves a shop as a REST API and nothing else: no pages, but one that
// describes the API. Start it, open http://localhost:8080/docs, and try the
// lines in docs/http.md.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/httpapi"
	"github.com/keelshop/commerce/internal/web"
	"github.com/keelshop/commerce/payments/simulator"
	"github.com/keelshop/commerce/webhooks"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, "api.data", "localhost:8080"); err != nil {
		log.Fatal(err)
	}
}

// run serves until ctx ends, and gives requests that are running ten seconds to
// finish. Ending the program in any other way loses nothing either that a client
// was told.
func run(ctx context.Context, dir, addr string) (err error) {
	shop, err := commerce.Open(ctx, dir, commerce.WithPayments(simulator.New()))
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
	api, err := httpapi.New(shop, httpapi.Options{Mailer: console{}, Webhooks: sending, Logger: slog.Default()})
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	fmt.Printf("http://%s/docs describes the API; %s runs the shop with the password %q (Ctrl-C closes it)\n", listener.Addr(), staffEmail, staffPassword)
	return web.Serve(ctx, web.Server(api, slog.Default()), listener, 10*time.Second)
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
