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
	"net/http"
	"time"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/httpapi"
	"github.com/keelshop/commerce/payments/simulator"
	"github.com/keelshop/commerce/webhooks"
)

func main() {
	ctx := context.Background()
	shop, err := commerce.Open(ctx, "api.data", commerce.WithPayments(simulator.New()))
	check(err)
	defer shop.Close()
	check(hire(ctx, shop))
	sending, err := webhooks.Start(ctx, shop, webhooks.Options{Logger: slog.Default()})
	check(err)
	defer sending.Close()
	api, err := httpapi.New(shop, httpapi.Options{Mailer: console{}, Webhooks: sending, Logger: slog.Default()})
	check(err)
	server := &http.Server{Addr: "localhost:8080", Handler: api, ReadHeaderTimeout: 5 * time.Second, IdleTimeout: time.Minute}
	fmt.Printf("http://%s/docs describes the API; %s runs the shop with the password %q\n", server.Addr, staffEmail, staffPassword)
	// Ending the program in any way loses nothing that a client was told.
	check(server.ListenAndServe())
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

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
