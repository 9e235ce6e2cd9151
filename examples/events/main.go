// Events sells mugs and keeps a table of its own, the revenue of each day, in
// step with the store. Kill it at any moment and run it again: the table never
// misses a sale and never counts one twice.
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/checkout"
	"github.com/keelshop/commerce/inventory"
	"github.com/keelshop/commerce/money"
)

func main() {
	if err := run(context.Background(), "events.data", 20); err != nil {
		log.Fatal(err)
	}
}

// run sells until the shop has made a number of sales, while the table follows.
func run(ctx context.Context, dir string, sales int) (err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	table, err := openRevenue(ctx, filepath.Join(dir, "revenue.db"))
	if err != nil {
		return err
	}
	defer table.close()
	shop, err := commerce.Open(ctx, filepath.Join(dir, "shop"))
	if err != nil {
		return err
	}
	defer shop.Close()

	following, stop := context.WithCancel(ctx)
	followed := make(chan error, 1)
	go func() { followed <- table.keepInStep(following, shop.Follow) }()
	err = sell(ctx, shop, sales)
	stop()
	<-followed // what it says is that it was stopped; what it missed comes now
	if err != nil {
		return err
	}
	if err := table.keepInStep(ctx, shop.Events); err != nil {
		return err
	}
	return table.print(ctx, os.Stdout)
}

// sell makes the sales that were not made yet: their keys say which those are.
func sell(ctx context.Context, shop *commerce.Store, sales int) error {
	mug := catalog.PutProduct{SKU: "mug", Title: "Mug", Price: money.New(1250, "EUR")}
	if _, err := shop.Catalog.PutProduct(ctx, mug); err != nil {
		return err
	}
	stock := inventory.Receive{SKU: mug.SKU, Quantity: int64(sales), Key: fmt.Sprintf("stock for %d", sales)}
	if _, err := shop.Inventory.Receive(ctx, stock); err != nil {
		return err
	}
	for i := range sales {
		key := fmt.Sprintf("sale %d", i)
		basket, err := shop.Carts.AddLine(ctx, cart.AddLine{SKU: mug.SKU, Quantity: 1, Key: key})
		if err != nil {
			return err
		}
		order, err := shop.Checkout.Complete(ctx, checkout.Complete{Cart: basket.ID, Key: key})
		if err != nil {
			return err
		}
		fmt.Println("sold", order.ID)
	}
	return nil
}
