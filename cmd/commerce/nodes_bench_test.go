package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/checkout"
	"github.com/keelshop/commerce/fault"
	"golang.org/x/sync/errgroup"
)

// BenchmarkCheckoutOnNodes checks carts of three lines out, as BenchmarkCheckout
// of the package does, on three nodes in this process that talk over TLS and are
// asked in turn, and right before it on one node. of-single is the rate divided by that of one node, cpu-of-single the
// processor time of a checkout divided by its.
func BenchmarkCheckoutOnNodes(b *testing.B) {
	for _, callers := range []int{64, 256, 1024} {
		b.Run(fmt.Sprintf("callers=%d", callers), func(b *testing.B) {
			f := benchFlags{skus: 10_000, lines: 3, shards: commerce.DefaultShards, callers: callers, nodes: 1}
			single, singleCPU := checkoutOn(b, f)
			f.nodes = 3
			took, cpu := checkoutOn(b, f)
			b.ReportMetric(float64(b.N)/single.Seconds(), "single/s")
			b.ReportMetric(float64(b.N)/took.Seconds(), "checkouts/s")
			b.ReportMetric(single.Seconds()/took.Seconds(), "of-single")
			b.ReportMetric(float64(singleCPU.Microseconds())/float64(b.N), "cpu-us-single/op")
			b.ReportMetric(float64(cpu.Microseconds())/float64(b.N), "cpu-us/op")
			b.ReportMetric(cpu.Seconds()/singleCPU.Seconds(), "cpu-of-single")
		})
	}
}

// checkoutOn opens nodes, makes b.N carts, and returns how long their checkouts
// took, and how much of the processors.
func checkoutOn(b *testing.B, f benchFlags) (took, cpu time.Duration) {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.Context(), 10*time.Minute)
	defer cancel()
	shops, err := openNodes(ctx, b.TempDir(), f)
	defer func() {
		for _, shop := range shops {
			err := shop.Close()
			if err != nil {
				b.Error(err)
			}
		}
	}()
	if err == nil {
		err = stockUp(ctx, shops[0], f.skus)
	}
	if err == nil {
		_, err = buyAll(ctx, shops, f, 3)
	}
	if err != nil {
		b.Fatal(err)
	}
	carts := make([]cart.ID, b.N)
	each(b, 256, b.N, func(i int) error {
		lines := make([]cart.AddedLine, f.lines)
		for j := range lines {
			lines[j] = cart.AddedLine{SKU: benchSKU(rand.IntN(f.skus)), Quantity: 1}
		}
		c, err := shops[i%len(shops)].Carts.AddLines(ctx, cart.AddLines{Lines: lines})
		carts[i] = c.ID
		return err
	})
	cpu = ownTime()
	began := time.Now()
	b.ResetTimer()
	each(b, f.callers, b.N, func(i int) error {
		for try := i; ; try++ { // as a client does, with the key
			_, err := shops[try%len(shops)].Checkout.Complete(ctx, checkout.Complete{Cart: carts[i], PayWith: payWith, Key: string(carts[i])})
			if !fault.Retryable(err) {
				return err
			}
		}
	})
	b.StopTimer()
	return time.Since(began), ownTime() - cpu
}

// each calls do for 0 to n-1 from some goroutines, each of which takes the next.
func each(b *testing.B, callers, n int, do func(i int) error) {
	b.Helper()
	var all errgroup.Group
	var next atomic.Int64
	for range callers {
		all.Go(func() (err error) {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				err = errors.Join(err, do(i))
			}
			return err
		})
	}
	if err := all.Wait(); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkStoresAtRest measures what three nodes of a store of 16 shards cost,
// all in this process, when nobody asks them for anything: in percent of one
// processor, and in memory. Each round is a second.
func BenchmarkStoresAtRest(b *testing.B) {
	resident := func() float64 {
		runtime.GC()
		debug.FreeOSMemory()
		stat, err := os.ReadFile("/proc/self/statm")
		if err != nil {
			b.Skip("this needs /proc: ", err)
		}
		pages, err := strconv.Atoi(strings.Fields(string(stat))[1])
		if err != nil {
			b.Fatal(err)
		}
		return float64(pages*os.Getpagesize()) / (1 << 20)
	}
	before := resident()
	ctx, cancel := context.WithTimeout(b.Context(), 10*time.Minute)
	defer cancel()
	shops, err := openNodes(ctx, b.TempDir(), benchFlags{shards: 16, nodes: 3})
	defer func() {
		for _, shop := range shops {
			if err := shop.Close(); err != nil {
				b.Error(err)
			}
		}
	}()
	if err != nil {
		b.Fatal(err)
	}
	cpu := ownTime()
	b.ResetTimer()
	time.Sleep(time.Duration(b.N) * time.Second)
	b.StopTimer()
	b.ReportMetric(100*float64(ownTime()-cpu)/float64(b.Elapsed()), "%cpu")
	b.ReportMetric(resident()-before, "MiB")
	b.ReportMetric(float64(runtime.NumGoroutine()), "goroutines")
}
