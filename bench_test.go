package commerce_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/checkout"
	"github.com/keelshop/commerce/inventory"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/payments/simulator"
)

const benchSKUs = 10_000

// openBench opens a store with a catalog of benchSKUs, each with plenty of
// stock.
func openBench(b *testing.B, units int64, opts ...commerce.Option) *commerce.Store {
	b.Helper()
	ctx := context.Background()
	shop, err := commerce.Open(ctx, b.TempDir()+"/shop", append([]commerce.Option{commerce.WithPayments(simulator.New())}, opts...)...)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { shop.Close() })
	products := make([]catalog.PutProduct, benchSKUs)
	lines := make([]inventory.Receive, benchSKUs)
	for i := range products {
		sku := catalog.SKU(fmt.Sprintf("SKU-%05d", i))
		products[i] = catalog.PutProduct{SKU: sku, Title: fmt.Sprintf("Product number %d", i), Price: money.New(int64(100+i), "EUR")}
		lines[i] = inventory.Receive{SKU: sku, Quantity: units, Reason: "opening stock"}
	}
	if _, err := shop.Catalog.PutProducts(ctx, products); err != nil {
		b.Fatal(err)
	}
	for part := range slices.Chunk(lines, 1000) {
		if _, err := shop.Inventory.ReceiveMany(ctx, inventory.ReceiveMany{Lines: part}); err != nil {
			b.Fatal(err)
		}
	}
	return shop
}

// fillCarts makes n carts with three lines each.
func fillCarts(b *testing.B, shop *commerce.Store, n int) []cart.ID {
	b.Helper()
	carts := make([]cart.ID, n)
	parallel(256, n, func(i int) {
		c, err := shop.Carts.AddLines(context.Background(), cart.AddLines{Lines: []cart.AddedLine{
			{SKU: benchSKU(3 * i), Quantity: 1}, {SKU: benchSKU(3*i + 1), Quantity: 2}, {SKU: benchSKU(3*i + 2), Quantity: 1},
		}})
		if err != nil {
			b.Error(err)
			return
		}
		carts[i] = c.ID
	})
	if b.Failed() {
		b.FailNow()
	}
	return carts
}

func benchSKU(i int) catalog.SKU {
	// A multiplier without common factors spreads neighbours over the range.
	return catalog.SKU(fmt.Sprintf("SKU-%05d", i*7919%benchSKUs))
}

// parallel calls fn for 0 to n-1 from a number of goroutines.
func parallel(callers, n int, fn func(i int)) {
	var next atomic.Int64
	var wg sync.WaitGroup
	for range callers {
		wg.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				fn(i)
			}
		})
	}
	wg.Wait()
}

// BenchmarkCheckout is a whole checkout: Begin, Pay with the simulator in
// process, Finish. Carts with three lines are made beforehand.
func BenchmarkCheckout(b *testing.B) {
	for _, callers := range []int{1, 64, 1024} {
		b.Run(fmt.Sprintf("callers=%d", callers), func(b *testing.B) {
			shop := openBench(b, 1_000_000)
			warm := fillCarts(b, shop, 5000) // brings stock to every shard
			parallel(256, len(warm), func(i int) { benchBuy(b, shop, warm[i]) })
			carts := fillCarts(b, shop, b.N)
			took := make([]time.Duration, b.N)
			cpu := cpuTime()
			b.ResetTimer()
			parallel(callers, b.N, func(i int) {
				start := time.Now()
				benchBuy(b, shop, carts[i])
				took[i] = time.Since(start)
			})
			b.StopTimer()
			cpu = cpuTime() - cpu
			slices.Sort(took)
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "checkouts/s")
			b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
			b.ReportMetric(float64(cpu.Microseconds())/float64(b.N), "cpu-us/op")
		})
	}
}

func benchBuy(b *testing.B, shop *commerce.Store, c cart.ID) {
	if _, err := shop.Checkout.Complete(context.Background(), checkout.Complete{Cart: c, PayWith: "simulator", Token: "pm_card_visa"}); err != nil {
		b.Error(err)
	}
}

func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
