package commerce_test

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/cart"
)

// benchCartLines are the sizes of carts that BenchmarkCartChange measures.
var benchCartLines = []int{1, 10, 100, 1000}

// BenchmarkCartChange changes one line of a cart that has so many, durably, and
// gets the whole priced cart back: SetQuantity, and AddLines with one line that
// is there already. One caller changes a handful of carts in turn, so that what
// is measured is what a change costs and not how entries are shared.
//
// cpu-us/op is the processor time of all that runs for it, the answer included.
func BenchmarkCartChange(b *testing.B) {
	for _, promotions := range []int{0, 20} {
		b.Run(fmt.Sprintf("promotions=%d", promotions), func(b *testing.B) {
			shop := openBench(b, 1_000_000, commerce.WithShards(2))
			if promotions > 0 {
				fullRules(b, shop)
			}
			for _, lines := range benchCartLines {
				carts := cartsOf(b, shop, 4, lines)
				b.Run(fmt.Sprintf("set/lines=%d", lines), func(b *testing.B) {
					benchChange(b, func(i int) (cart.Cart, error) {
						return shop.Carts.SetQuantity(context.Background(), cart.SetQuantity{Cart: carts[i%len(carts)], SKU: benchSKU(i % lines), Quantity: int64(1 + i%5)})
					})
				})
				b.Run(fmt.Sprintf("add/lines=%d", lines), func(b *testing.B) {
					benchChange(b, func(i int) (cart.Cart, error) {
						return shop.Carts.AddLine(context.Background(), cart.AddLine{Cart: carts[i%len(carts)], SKU: benchSKU(i % lines), Quantity: 1})
					})
				})
				b.Run(fmt.Sprintf("read/lines=%d", lines), func(b *testing.B) {
					benchChange(b, func(i int) (cart.Cart, error) { return shop.Carts.Get(context.Background(), carts[i%len(carts)]) })
				})
			}
		})
	}
}

// benchChange times calls that answer with a cart.
func benchChange(b *testing.B, change func(i int) (cart.Cart, error)) {
	for i := range 64 { // what is read often is kept after a while
		if _, err := change(i); err != nil {
			b.Fatal(err)
		}
	}
	took := make([]time.Duration, 0, b.N)
	b.ReportAllocs()
	runtime.GC()
	cpu := cpuTime()
	b.ResetTimer()
	for i := range b.N {
		start := time.Now()
		if _, err := change(i); err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(start))
	}
	b.StopTimer()
	b.ReportMetric(float64((cpuTime()-cpu).Microseconds())/float64(b.N), "cpu-us/op")
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds()), "median-us")
}

// cartsOf makes n carts with so many lines each.
func cartsOf(b *testing.B, shop *commerce.Store, n, lines int) []cart.ID {
	b.Helper()
	out := make([]cart.ID, n)
	for i := range out {
		var all []cart.AddedLine
		for l := range lines {
			all = append(all, cart.AddedLine{SKU: benchSKU(l), Quantity: 1})
		}
		c, err := shop.Carts.AddLines(context.Background(), cart.AddLines{Lines: all})
		must(b, err)
		out[i] = c.ID
	}
	return out
}
