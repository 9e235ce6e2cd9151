// Embed gives an application that exists already, with its own users and its
// own router, a shop under /shop. Start it, open http://localhost:8080, log in
// as ann or as bob (who runs the shop) and see http://localhost:8080/shop/docs.
package main

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"time"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/httpapi"
	"github.com/keelshop/commerce/payments/simulator"
)

func main() {
	ctx := context.Background()
	shop, err := commerce.Open(ctx, "embed.data", commerce.WithPayments(simulator.New()))
	check(err)
	defer shop.Close()
	handler, err := app(shop)
	check(err)
	server := &http.Server{Addr: "localhost:8080", Handler: handler, ReadHeaderTimeout: 5 * time.Second, IdleTimeout: time.Minute}
	fmt.Printf("http://%s\n", server.Addr)
	// Ending the program in any way loses nothing that a client was told.
	check(server.ListenAndServe())
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

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
