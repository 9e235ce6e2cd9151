package commerce_test

import (
	"context"
	"database/sql"
	"fmt"
	"iter"
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
	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/inventory"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/payments/simulator"
)

const benchSKUs = 10_000

// openBench opens a store with a catalog of benchSKUs, each with plenty of
// stock.
func openBench(b testing.TB, units int64, opts ...commerce.Option) *commerce.Store {
	b.Helper()
	return openBenchAt(b, b.TempDir()+"/shop", units, opts...)
}

func openBenchAt(b testing.TB, dir string, units int64, opts ...commerce.Option) *commerce.Store {
	b.Helper()
	ctx := context.Background()
	shop, err := commerce.Open(ctx, dir, append([]commerce.Option{commerce.WithPayments(simulator.New())}, opts...)...)
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
	spreadStock(b, shop)
	return shop
}

// spreadStock brings some of every SKU to every shard, as a shop that has been
// selling for a while has it.
func spreadStock(b testing.TB, shop *commerce.Store) {
	b.Helper()
	ctx := context.Background()
	shards := len(shop.Status().Shards)
	for part := range slices.Chunk(slices.Collect(skuRange()), 500) {
		variants, err := shop.Catalog.Variants(ctx, part)
		if err != nil {
			b.Fatal(err)
		}
		short := make([]inventory.Short, len(variants))
		for i, v := range variants {
			short[i] = inventory.Short{Pool: inventory.PoolOf(v.ID, ""), SKU: v.SKU, Want: 1}
		}
		for s := range shards {
			home := id.Slot(s*id.Slots/shards) + 1
			if err := shop.Inventory.Fill(ctx, home, short, func() error { return nil }); err != nil {
				b.Fatal(err)
			}
		}
	}
}

func skuRange() iter.Seq[catalog.SKU] {
	return func(yield func(catalog.SKU) bool) {
		for i := range benchSKUs {
			if !yield(benchSKU(i)) {
				return
			}
		}
	}
}

// fillCarts makes n carts with three lines each.
func fillCarts(b testing.TB, shop *commerce.Store, n int) []cart.ID {
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
//
// pages/op is how many pages its two commits write to a shard's -wal, of those
// that many callers share a part.
//
// of-raw is its rate divided by that of hand-written SQLite that writes the same
// rows from one goroutine, 256 checkouts in a transaction; it counts only if
// raw-stmts/s is at least 300,000. of-fsync is, for a lone caller, its time
// divided by that of one synced SQLite commit.
func BenchmarkCheckout(b *testing.B) {
	rawCheckouts, rawStatements := rawSpeed(b)
	fsync := fsyncTime(b)
	for _, callers := range []int{1, 64, 1024} {
		b.Run(fmt.Sprintf("callers=%d", callers), func(b *testing.B) {
			shop := openBench(b, 1_000_000)
			warm := fillCarts(b, shop, 1000)
			parallel(256, len(warm), func(i int) { benchBuy(b, shop, warm[i]) })
			carts := fillCarts(b, shop, b.N)
			took := make([]time.Duration, b.N)
			cpu, pages := cpuTime(), shop.PagesWritten()
			b.ResetTimer()
			parallel(callers, b.N, func(i int) {
				start := time.Now()
				benchBuy(b, shop, carts[i])
				took[i] = time.Since(start)
			})
			b.StopTimer()
			cpu, pages = cpuTime()-cpu, shop.PagesWritten()-pages
			slices.Sort(took)
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "checkouts/s")
			b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
			b.ReportMetric(float64(cpu.Microseconds())/float64(b.N), "cpu-us/op")
			b.ReportMetric(float64(pages)/float64(b.N), "pages/op")
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds()/rawCheckouts, "of-raw")
			b.ReportMetric(rawStatements, "raw-stmts/s")
			if callers == 1 {
				b.ReportMetric(b.Elapsed().Seconds()/float64(b.N)/fsync.Seconds(), "of-fsync")
			}
		})
	}
}

func benchBuy(b testing.TB, shop *commerce.Store, c cart.ID) {
	if _, err := shop.Checkout.Complete(context.Background(), completeWithVisa(c)); err != nil {
		b.Error(err)
	}
}

func completeWithVisa(c cart.ID) checkout.Complete {
	return checkout.Complete{Cart: c, PayWith: "simulator", Token: "pm_card_visa"}
}

// fsyncTime returns how long one synced SQLite commit of a small row takes.
func fsyncTime(b *testing.B) time.Duration {
	b.Helper()
	db, err := sql.Open("sqlite", "file:"+b.TempDir()+"/sync.db?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)")
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	if _, err := db.Exec(`CREATE TABLE t (id INTEGER PRIMARY KEY, data BLOB)`); err != nil {
		b.Fatal(err)
	}
	insert, err := db.Prepare(`INSERT INTO t (data) VALUES (?)`)
	if err != nil {
		b.Fatal(err)
	}
	data := make([]byte, 500)
	const n = 500
	start := time.Now()
	for range n {
		if _, err := insert.Exec(data); err != nil {
			b.Fatal(err)
		}
	}
	return time.Since(start) / n
}

func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
