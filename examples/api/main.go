// Api is a shop behind HTTP: put a product, fill a cart, check out, look the
// order up. It has no authentication; a real shop lets only staff put products.
//
//	curl -X PUT  localhost:8080/products/mug -d '{"title":"Mug","price":{"minor":1250,"currency":"EUR"},"stock":10}'
//	curl -X POST localhost:8080/carts -d '{"sku":"mug","quantity":2}'
//	curl -X POST localhost:8080/carts/cart_…/checkout -H 'Idempotency-Key: 7f3a'
//	curl         localhost:8080/orders/ord_…
package main

import (
	"context"
	"log"
	"net/http"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/checkout"
	"github.com/keelshop/commerce/inventory"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/orders"
)

func main() {
	shop, err := commerce.Open(context.Background(), "api.data")
	if err != nil {
		log.Fatal(err)
	}
	// Ending the program in any way loses nothing that a client was told.
	log.Fatal(http.ListenAndServe("localhost:8080", routes(shop)))
}

func routes(shop *commerce.Store) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("PUT /products/{sku}", endpoint(func(r *http.Request, in product) (product, error) {
		in.SKU = catalog.SKU(r.PathValue("sku"))
		_, err := shop.Catalog.PutProduct(r.Context(), catalog.PutProduct{SKU: in.SKU, Title: in.Title, Price: in.Price})
		if err == nil {
			_, err = shop.Inventory.Adjust(r.Context(), inventory.Adjust{SKU: in.SKU, Count: &in.Stock, Reason: "counted"})
		}
		return in, err
	}))
	add := endpoint(func(r *http.Request, in line) (purchase, error) {
		c, err := shop.Carts.AddLine(r.Context(), cart.AddLine{Cart: cartID(r), SKU: in.SKU, Quantity: in.Quantity, Key: key(r)})
		return showCart(c), err
	})
	mux.HandleFunc("POST /carts", add)
	mux.HandleFunc("POST /carts/{cart}/lines", add)
	mux.HandleFunc("GET /carts/{cart}", endpoint(func(r *http.Request, _ nothing) (purchase, error) {
		c, err := shop.Carts.Get(r.Context(), cartID(r))
		return showCart(c), err
	}))
	mux.HandleFunc("POST /carts/{cart}/checkout", endpoint(func(r *http.Request, _ nothing) (purchase, error) {
		bought, err := shop.Checkout.Complete(r.Context(), checkout.Complete{Cart: cartID(r), Key: key(r)})
		return showOrder(bought.Order), err
	}))
	mux.HandleFunc("GET /orders/{order}", endpoint(func(r *http.Request, _ nothing) (purchase, error) {
		o, err := shop.Orders.Get(r.Context(), orders.ID(r.PathValue("order")))
		return showOrder(o), err
	}))
	return mux
}

func cartID(r *http.Request) cart.ID { return cart.ID(r.PathValue("cart")) }

// key lets a client that lost an answer ask again without buying twice.
func key(r *http.Request) string { return r.Header.Get("Idempotency-Key") }

type nothing struct{}

type product struct {
	SKU   catalog.SKU  `json:"sku"`
	Title string       `json:"title"`
	Price money.Amount `json:"price"`
	Stock int64        `json:"stock"` // as counted on the shelf
}

// purchase is a cart or an order as a shopper may see it.
type purchase struct {
	ID     string       `json:"id"`
	Status string       `json:"status"`
	Lines  []line       `json:"lines"`
	Total  money.Amount `json:"total"`
}

type line struct {
	SKU      catalog.SKU `json:"sku"`
	Quantity int64       `json:"quantity"`
}

func showCart(c cart.Cart) purchase {
	p := purchase{ID: string(c.ID), Status: string(c.Status), Total: c.Total}
	for _, l := range c.Lines {
		p.Lines = append(p.Lines, line{l.SKU, l.Quantity})
	}
	return p
}

func showOrder(o orders.Order) purchase {
	p := purchase{ID: string(o.ID), Status: string(o.Status), Total: o.Total}
	for _, l := range o.Lines {
		p.Lines = append(p.Lines, line{l.SKU, l.Quantity})
	}
	return p
}
