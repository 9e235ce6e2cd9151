// Quickstart sells two mugs. Run it again: it goes on from the same directory.
package main

import (
	"context"
	"fmt"
	"log"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/checkout"
	"github.com/keelshop/commerce/inventory"
	"github.com/keelshop/commerce/money"
)

func main() {
	ctx := context.Background()
	shop, err := commerce.Open(ctx, "shop.data")
	check(err)
	defer shop.Close()

	mug := catalog.PutProduct{SKU: "mug-blue", Title: "Blue mug", Price: money.New(1250, "EUR")}
	_, err = shop.Catalog.PutProduct(ctx, mug)
	check(err)
	_, err = shop.Inventory.Receive(ctx, inventory.Receive{SKU: mug.SKU, Quantity: 10})
	check(err)
	basket, err := shop.Carts.AddLine(ctx, cart.AddLine{SKU: mug.SKU, Quantity: 2})
	check(err)
	order, err := shop.Checkout.Complete(ctx, checkout.Complete{Cart: basket.ID, PayWith: "manual"})
	check(err)
	fmt.Println(order.ID, order.Total) // ord_01K… 25.00 EUR
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
