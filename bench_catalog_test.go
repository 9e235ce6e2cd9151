package commerce_test

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/money"
)

// poster is a product with n variants.
func poster(n int) catalog.PutProduct {
	c := catalog.PutProduct{Handle: "poster", Title: "Poster"}
	for i := range n {
		c.Variants = append(c.Variants, catalog.PutVariant{
			SKU:     catalog.SKU(fmt.Sprint("poster-", i)),
			Options: []catalog.Option{{Name: "Size", Value: fmt.Sprint(i % 20)}, {Name: "Colour", Value: fmt.Sprint(i / 20)}},
			Prices:  []money.Amount{money.New(1000, "EUR"), money.New(1100, "USD")},
		})
	}
	return c
}

// catalogBench opens a store that is closed, and not verified, at the end.
func catalogBench(b *testing.B) *commerce.Store {
	b.Helper()
	shop, err := commerce.Open(b.Context(), filepath.Join(b.TempDir(), "shop"))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { shop.Close() })
	return shop
}

// timed runs do for every iteration and reports the median and the 99th
// percentile.
func timed(b *testing.B, do func(i int) error) {
	b.Helper()
	var all []time.Duration
	i := 0
	for b.Loop() {
		start := time.Now()
		if err := do(i); err != nil {
			b.Fatal(err)
		}
		all = append(all, time.Since(start))
		i++
	}
	slices.Sort(all)
	b.ReportMetric(float64(all[len(all)/2].Microseconds()), "p50-µs")
	b.ReportMetric(float64(all[len(all)*99/100].Microseconds()), "p99-µs")
}

// BenchmarkLargeProduct works on a product of 2,000 variants.
func BenchmarkLargeProduct(b *testing.B) {
	shop := catalogBench(b)
	ctx := context.Background()
	large := poster(2000)
	p, err := shop.Catalog.PutProduct(ctx, large)
	if err != nil {
		b.Fatal(err)
	}
	price := int64(1000)
	b.Run("update one", func(b *testing.B) {
		timed(b, func(i int) error {
			v := large.Variants[i%2000]
			price++
			v.Prices = []money.Amount{money.New(price, "EUR")}
			_, err := shop.Catalog.PutVariants(ctx, catalog.PutVariants{Product: p.ID, Variants: []catalog.PutVariant{v}})
			return err
		})
	})
	b.Run("page of 100", func(b *testing.B) {
		timed(b, func(i int) error {
			_, err := shop.Catalog.VariantsOf(ctx, p.ID, catalog.SKU(fmt.Sprint("poster-", i%1900)), 100)
			return err
		})
	})
	b.Run("read all, cached", func(b *testing.B) {
		timed(b, func(int) error { _, err := shop.Catalog.Get(ctx, p.ID); return err })
	})
}

// BenchmarkPutVariants puts 1,000 new products of three variants, each with a
// handle and a reference of its own, so that five names have to be unique.
func BenchmarkPutVariants(b *testing.B) {
	shop := catalogBench(b)
	n := 0
	for b.Loop() {
		list := make([]catalog.PutProduct, 1000)
		for i := range list {
			n++
			name := fmt.Sprint("product-", n)
			list[i] = catalog.PutProduct{Handle: name, Title: name, ExternalReference: name}
			for j := range 3 {
				list[i].Variants = append(list[i].Variants, catalog.PutVariant{
					SKU: catalog.SKU(fmt.Sprint(name, "/", j)), Options: []catalog.Option{{Name: "Size", Value: fmt.Sprint(j)}},
					Prices: []money.Amount{money.New(1000, "EUR")},
				})
			}
		}
		if _, err := shop.Catalog.PutProducts(b.Context(), list); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(3*n)/b.Elapsed().Seconds(), "variants/s")
}

// BenchmarkCollected changes a product and waits until a collection has it,
// among 5,000 collections with rules.
func BenchmarkCollected(b *testing.B) {
	shop := catalogBench(b)
	ctx := context.Background()
	for i := range 5000 {
		_, err := shop.Catalog.PutCollection(ctx, catalog.PutCollection{Handle: fmt.Sprint(i), Title: "Collection", Rules: []catalog.Rule{
			{Field: catalog.RuleBrand, Op: catalog.Is, Values: []string{fmt.Sprint("brand ", i)}}}})
		if err != nil {
			b.Fatal(err)
		}
	}
	timed(b, func(i int) error {
		before := shop.Latest()
		p, err := shop.Catalog.PutProduct(ctx, catalog.PutProduct{SKU: "mug", Title: "Mug", Brand: fmt.Sprint("brand ", i%5000)})
		if err != nil {
			return err
		}
		for e, err := range shop.Follow(ctx, before) {
			if err != nil || e.Kind == "product.collected" && e.Subject == string(p.ID) {
				return err
			}
		}
		return nil
	})
}

// BenchmarkCollectedLarge changes products of a shop with 100,000 variants
// among 5,000 collections with rules, a tenth of them by price, and waits until
// the collection has them: at rest, and while new rules are being held against
// all products, which takes pass-s.
func BenchmarkCollectedLarge(b *testing.B) {
	const products, brands, byPrice = 25_000, 4500, 500
	shop := catalogBench(b)
	ctx := context.Background()
	parallel(64, brands+byPrice, func(i int) {
		rule := catalog.Rule{Field: catalog.RuleBrand, Op: catalog.Is, Values: []string{fmt.Sprint("brand ", i)}}
		if i >= brands {
			rule = catalog.Rule{Field: catalog.RulePrice, Op: catalog.AtMost, Price: new(money.New(int64(i), "EUR"))}
		}
		if _, err := shop.Catalog.PutCollection(ctx, catalog.PutCollection{Handle: fmt.Sprint(i), Title: "Collection", Rules: []catalog.Rule{rule}}); err != nil {
			b.Error(err)
		}
	})
	item := func(n, brand int) catalog.PutProduct {
		p := catalog.PutProduct{Handle: fmt.Sprint("item-", n), Title: "Item", Brand: fmt.Sprint("brand ", brand)}
		for v := range 4 {
			p.Variants = append(p.Variants, catalog.PutVariant{
				SKU: catalog.SKU(fmt.Sprintf("%d/%d", n, v)), Prices: []money.Amount{money.New(int64(4900+n%1000), "EUR")},
				Options: []catalog.Option{{Name: "Size", Value: fmt.Sprint(v)}},
			})
		}
		return p
	}
	list := make([]catalog.PutProduct, products)
	for i := range list {
		list[i] = item(i, i%brands)
	}
	if _, err := shop.Catalog.PutProducts(ctx, list); err != nil {
		b.Fatal(err)
	}
	change := func(n int) error {
		before := shop.Latest()
		p, err := shop.Catalog.PutProduct(ctx, item(n, (n+1)%brands))
		if err != nil {
			return err
		}
		for e, err := range shop.Follow(ctx, before) {
			if err != nil || e.Kind == "product.collected" && e.Subject == string(p.ID) {
				return err
			}
		}
		return nil
	}
	wait := func() {
		for shop.Uncollected(b) > 0 {
			time.Sleep(10 * time.Millisecond)
		}
	}
	b.Run("at rest", func(b *testing.B) {
		wait()
		timed(b, func(i int) error { return change(i % products) })
	})
	b.Run("new rules", func(b *testing.B) {
		passes := time.Duration(0)
		timed(b, func(i int) error {
			b.StopTimer()
			wait()
			_, err := shop.Catalog.PutCollection(ctx, catalog.PutCollection{Handle: fmt.Sprint("new-", i), Title: "Collection", Rules: []catalog.Rule{
				{Field: catalog.RuleTitle, Op: catalog.Contains, Values: []string{fmt.Sprint("item ", i)}}}})
			for err == nil && shop.Uncollected(b) < products/2 {
				time.Sleep(time.Millisecond) // the shards have not heard yet
			}
			start := time.Now()
			b.StartTimer()
			if err == nil {
				err = change(i % products)
			}
			b.StopTimer()
			wait()
			passes += time.Since(start)
			b.StartTimer()
			return err
		})
		b.ReportMetric(passes.Seconds()/float64(b.N), "pass-s")
	})
}
