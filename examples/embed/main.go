// Embed gives an application that exists already, with its own users and its
// own router, a shop under /shop. Start it, open http://localhost:8080, log in
// as ann or as bob (who runs the shop) and see http://localhost:8080/shop/docs.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/httpapi"
	"github.com/keelshop/commerce/payments/simulator"
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
	shop, err := commerce.Open(ctx, dir, commerce.WithPayments(simulator.New()))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, shop.Close()) }()
	handler, err := app(shop)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	fmt.Printf("http://%s (Ctrl-C closes it)\n", listener.Addr())
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 5 * time.Second, IdleTimeout: time.Minute}
	return serve(ctx, server, listener)
}

// serve answers on listener until ctx ends, and then for ten seconds at most.
func serve(ctx context.Context, server *http.Server, listener net.Listener) error {
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	limit, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	return server.Shutdown(limit)
}

// app is the application: two pages of its own, and the shop.
func app(shop *commerce.Store) (http.Handler, error) {
	users := newUsers()
	api, err := httpapi.New(shop, httpapi.Options{Prefix: "/shop", Auth: bridge{users, shop}})
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("/shop/", api)
	mux.HandleFunc("POST /login", users.logIn)
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprintf(w, page, users.of(r).name)
	})
	return mux, nil
}

const page = `<!doctype html><title>An application</title><p>Hello %q.</p>
<form method="post" action="/login"><label>Name <input name="name"></label><button>Log in</button></form>
<p><a href="/shop/docs">The shop</a></p>`
