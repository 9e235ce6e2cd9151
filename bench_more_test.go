package commerce_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/inventory"
	"github.com/keelshop/commerce/money"
)

// BenchmarkOpen opens an empty directory: a store that can sell.
func BenchmarkOpen(b *testing.B) {
	i := 0
	for b.Loop() {
		i++
		shop, err := commerce.Open(b.Context(), fmt.Sprintf("%s/shop-%d", b.TempDir(), i))
		if err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		if err := shop.Close(); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
}

// BenchmarkAddToCart adds a line to carts that have three.
func BenchmarkAddToCart(b *testing.B) {
	for _, callers := range []int{1, 64, 1024} {
		b.Run(fmt.Sprintf("callers=%d", callers), func(b *testing.B) {
			shop := openBench(b, 1000)
			carts := fillCarts(b, shop, 2000)
			b.ResetTimer()
			parallel(callers, b.N, func(i int) {
				if _, err := shop.Carts.AddLine(context.Background(), cart.AddLine{Cart: carts[i%len(carts)], SKU: benchSKU(i), Quantity: 1}); err != nil {
					b.Error(err)
				}
			})
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "adds/s")
		})
	}
}

// BenchmarkProductRead reads variants by SKU, from the cache and without one.
func BenchmarkProductRead(b *testing.B) {
	for name, bytes := range map[string]int64{"cached": 64 << 20, "uncached": 0} {
		b.Run(name, func(b *testing.B) {
			shop := openBench(b, 1, commerce.WithCacheBytes(bytes))
			skus := make([]catalog.SKU, 1000)
			for i := range skus {
				skus[i] = benchSKU(i)
			}
			for range 3 { // the cache admits a value some time after it was read
				for _, sku := range skus {
					if _, err := shop.Catalog.BySKU(b.Context(), sku); err != nil {
						b.Fatal(err)
					}
				}
			}
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				i++
				if _, err := shop.Catalog.BySKU(context.Background(), skus[i%len(skus)]); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// oneLineCarts makes n carts with one unit each.
func oneLineCarts(b *testing.B, shop *commerce.Store, n int, sku func(i int) catalog.SKU) []cart.ID {
	b.Helper()
	carts := make([]cart.ID, n)
	parallel(256, n, func(i int) {
		c, err := shop.Carts.AddLine(context.Background(), cart.AddLine{SKU: sku(i), Quantity: 1})
		if err != nil {
			b.Error(err)
			return
		}
		carts[i] = c.ID
	})
	return carts
}

// spreadRate returns the checkouts per second of carts with one line each, over
// all SKUs.
func spreadRate(b *testing.B, shop *commerce.Store, n int) float64 {
	carts := oneLineCarts(b, shop, n, benchSKU)
	start := time.Now()
	parallel(1024, n, func(i int) { benchBuy(b, shop, carts[i]) })
	return float64(n) / time.Since(start).Seconds()
}

// BenchmarkHotSKU lets 1,024 callers buy one SKU of which there is half of what
// they want: first it sells, then it is sold out.
func BenchmarkHotSKU(b *testing.B) {
	shop := openBench(b, 1000)
	ctx := b.Context()
	if _, err := shop.Catalog.PutProduct(ctx, catalog.PutProduct{SKU: "HOT", Title: "Everybody wants it", Price: money.New(999, "EUR")}); err != nil {
		b.Fatal(err)
	}
	stock := int64(b.N+1) / 2
	if _, err := shop.Inventory.Receive(ctx, inventory.Receive{SKU: "HOT", Quantity: stock, Reason: "opening stock"}); err != nil {
		b.Fatal(err)
	}
	spread := spreadRate(b, shop, int(stock))
	carts := oneLineCarts(b, shop, b.N, func(int) catalog.SKU { return "HOT" })
	var sold, refused atomic.Int64
	var lastSale atomic.Int64 // ns since the start
	b.ResetTimer()
	start := time.Now()
	parallel(1024, b.N, func(i int) {
		_, err := shop.Checkout.Complete(ctx, completeWithVisa(carts[i]))
		switch {
		case err == nil:
			sold.Add(1)
			lastSale.Store(int64(time.Since(start)))
		case errors.Is(err, fault.Refused):
			refused.Add(1)
		default:
			b.Error(err)
		}
	})
	total := time.Since(start)
	if sold.Load() != stock {
		b.Errorf("%d were sold of %d", sold.Load(), stock)
	}
	selling := time.Duration(lastSale.Load())
	b.ReportMetric(float64(sold.Load())/selling.Seconds(), "sold/s")
	b.ReportMetric(float64(sold.Load())/selling.Seconds()/spread, "of-spread")
	if rest := total - selling; rest > time.Millisecond {
		b.ReportMetric(float64(refused.Load())/total.Seconds(), "refused/s")
	}
}
