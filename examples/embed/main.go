// Embed gives an application that exists already, with its own users and its
// own router, a shop under /shop: pages, and an API under /shop/api. Start it,
// open http://localhost:8080 and log in as ann, as eve, or as bob, who runs the
// shop.
package main

import (
	"context"
	"errors"
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
	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/httpapi"
	"github.com/keelshop/commerce/httpserver"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/orders"
	"github.com/keelshop/commerce/payments/simulator"
	"github.com/keelshop/commerce/storefront"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, "embed.data", "localhost:8080"); err != nil {
		log.Fatal(err)
	}
}

// run serves until ctx ends, and lets requests that are running finish. Ending
// the program in any other way loses nothing either that a client was told.
func run(ctx context.Context, dir, addr string) (err error) {
	bank := simulator.New(simulator.WithURL("/shop/bank"))
	shop, err := commerce.Open(ctx, dir, commerce.WithPayments(bank))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, shop.Close()) }()
	if err := stockUp(ctx, shop); err != nil {
		return err
	}
	handler, err := app(shop, bank)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	fmt.Printf("http://%s (Ctrl-C closes it)\n", listener.Addr())
	return httpserver.Serve(ctx, httpserver.New(handler, slog.Default()), listener, 10*time.Second)
}

// app is the application: a few pages of its own, and the shop. With a real
// bank, the pages under /shop/bank would be the bank's.
func app(shop *commerce.Store, bank *simulator.Simulator) (http.Handler, error) {
	users := newUsers(shop)
	pages, err := storefront.New(shop, storefront.Options{
		Name: "The application's shop", Base: "/shop", Auth: bridge{users},
		Payments: []storefront.PaymentMethod{{Provider: bank.Name(), Title: "Card", Field: "/shop/bank/card"}},
	})
	if err != nil {
		return nil, err
	}
	api, err := httpapi.New(shop, httpapi.Options{Prefix: "/shop/api", Auth: bridge{users}})
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("/shop/", pages)
	mux.Handle("/shop/api/", api)
	mux.Handle("/shop/bank/", bank.Handler(simulator.Pages{
		Path: "/shop/bank", Return: "/shop/orders/",
		Notify: func(ctx context.Context, order string) error {
			_, err := shop.Checkout.Resume(ctx, orders.ID(order))
			return err
		},
	}))
	mux.HandleFunc("GET /login", users.showLogIn)
	mux.HandleFunc("POST /login", users.logIn)
	mux.HandleFunc("POST /logout", users.logOut)
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		show(w, homePage, users.of(r).name)
	})
	// Pages elsewhere cannot use the cookie: neither in the shop nor here.
	return http.NewCrossOriginProtection().Handler(mux), nil
}

// stockUp puts something into the shop. Doing it again changes nothing.
func stockUp(ctx context.Context, shop *commerce.Store) error {
	for _, p := range []catalog.PutProduct{
		{Handle: "mug", Title: "Mug", Description: "For whatever keeps you awake.", Variants: untracked("MUG", money.New(1250, "EUR"))},
		{Handle: "shirt", Title: "Shirt", Description: "With our name on it.", Variants: untracked("SHIRT", money.New(2400, "EUR"))},
	} {
		if _, err := shop.Catalog.PutProduct(ctx, p); err != nil {
			return err
		}
	}
	return nil
}

// untracked is one variant that is always there.
func untracked(sku catalog.SKU, price money.Amount) []catalog.PutVariant {
	return []catalog.PutVariant{{SKU: sku, Prices: []money.Amount{price}, Untracked: true}}
}
