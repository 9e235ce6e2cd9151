package search

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/checkout"
	"github.com/keelshop/commerce/inventory"
	"github.com/keelshop/commerce/money"
)

const benchGoods = 1000

// openGoods opens a store with goods in stock.
func openGoods(b testing.TB) *commerce.Store {
	ctx := context.Background()
	shop, err := commerce.Open(ctx, filepath.Join(b.TempDir(), "shop"))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { shop.Close() })
	var puts []catalog.PutProduct
	var stock inventory.ReceiveMany
	for i := range benchGoods {
		sku := catalog.SKU(fmt.Sprint("SKU-", i))
		puts = append(puts, catalog.PutProduct{SKU: sku, Title: fmt.Sprint("Cup ", i), Price: money.New(100, "EUR")})
		stock.Lines = append(stock.Lines, inventory.Receive{SKU: sku, Quantity: 1 << 40})
	}
	if _, err := shop.Catalog.PutProducts(ctx, puts); err != nil {
		b.Fatal(err)
	}
	if _, err := shop.Inventory.ReceiveMany(ctx, stock); err != nil {
		b.Fatal(err)
	}
	return shop
}

// BenchmarkVisible is how long it takes from a change, acknowledged and
// durable, until queries see it.
func BenchmarkVisible(b *testing.B) {
	shop := openGoods(b)
	f, err := Open(b.Context(), shop, Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	var times clocks
	for i := 0; b.Loop(); i++ {
		put := catalog.PutProduct{SKU: catalog.SKU(fmt.Sprint("SKU-", i%benchGoods)), Title: fmt.Sprint("Mug ", i), Price: money.New(100, "EUR")}
		if _, err := shop.Catalog.PutProduct(b.Context(), put); err != nil {
			b.Fatal(err)
		}
		times.time(b, func() error { return f.After(b.Context(), shop.Latest()) })
	}
	times.report(b, 0, "")
}

// surveyed reports whether what sells has been surveyed once.
func (f *Finder) surveyed() bool {
	x := f.active
	x.mu.RLock()
	defer x.mu.RUnlock()
	return x.cols.units != nil
}

// BenchmarkCheckoutBesideSearch is what checkouts cost with a Finder that
// follows them, in processor time, divided by what they cost without. Surveys,
// which take a hundredth of the time at most, come before.
func BenchmarkCheckoutBesideSearch(b *testing.B) {
	const rounds, callers, each = 6, 32, 25
	shop := openGoods(b)
	buy := func() time.Duration {
		before := processorTime(b)
		var wg sync.WaitGroup
		for c := range callers {
			wg.Go(func() {
				for i := range each {
					if err := buyOne(shop, catalog.SKU(fmt.Sprint("SKU-", (c*each+i)%benchGoods))); err != nil {
						b.Error(err)
						return
					}
				}
			})
		}
		wg.Wait()
		return processorTime(b) - before
	}
	buy() // shards lend each other what they need
	var with, without time.Duration
	for b.Loop() {
		for range rounds { // in turns, since the machine has other things to do
			without += buy()
			f, err := Open(b.Context(), shop, Options{})
			if err != nil {
				b.Fatal(err)
			}
			if err := f.After(b.Context(), shop.Latest()); err != nil {
				b.Fatal(err)
			}
			for !f.surveyed() {
				wait(b.Context(), time.Millisecond)
			}
			with += buy()
			if err := f.Close(); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(with)/float64(without), "of-without")
	b.ReportMetric(float64(with.Microseconds())/float64(rounds*callers*each*b.N), "cpu-µs/checkout")
}

func buyOne(shop *commerce.Store, sku catalog.SKU) error {
	ctx := context.Background()
	c, err := shop.Carts.AddLine(ctx, cart.AddLine{SKU: sku, Quantity: 1})
	if err != nil {
		return err
	}
	_, err = shop.Checkout.Complete(ctx, checkout.Complete{Cart: c.ID, PayWith: "manual"})
	return err
}

// BenchmarkListing is a page of 48 products as they are in the store, with
// stock and with prices for a customer for whom twenty price lists count, with
// tiers.
func BenchmarkListing(b *testing.B) {
	const lists, perPage = 20, 48
	shop := openGoods(b)
	for i := range lists {
		l, err := shop.Catalog.PutPriceList(b.Context(), catalog.PutPriceList{
			Code: fmt.Sprint("list-", i), Title: "List", Groups: []string{"trade"}, Priority: int64(i),
		})
		if err != nil {
			b.Fatal(err)
		}
		put := catalog.PutListPrices{List: l.ID}
		for n := range benchGoods {
			put.Prices = append(put.Prices, catalog.SKUPrices{SKU: catalog.SKU(fmt.Sprint("SKU-", n)), Tiers: []catalog.Tier{
				{Price: money.New(int64(90-i), "EUR")}, {MinQuantity: 10, Price: money.New(int64(80-i), "EUR")},
			}})
		}
		if err := shop.Catalog.PutListPrices(b.Context(), put); err != nil {
			b.Fatal(err)
		}
	}
	f, err := Open(b.Context(), shop, Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	if err := f.After(b.Context(), shop.Latest()); err != nil {
		b.Fatal(err)
	}
	q := Query{Limit: perPage, Currency: "EUR", Groups: []string{"trade"}}
	var calls clocks
	for b.Loop() {
		calls.time(b, func() error {
			r, err := f.Find(b.Context(), q)
			if err == nil && (len(r.Hits) != perPage || r.Hits[0].Price.Minor() != 71 || !r.Hits[0].Available) {
				err = fmt.Errorf("%d hits, the first %+v", len(r.Hits), r.Hits[0])
			}
			return err
		})
	}
	calls.report(b, 10, "")
}
