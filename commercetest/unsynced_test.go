package commercetest_test

import (
	"context"
	"flag"
	"path/filepath"
	"testing"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/commercetest"
	"github.com/keelshop/commerce/internal/sqlite/faultvfs"
	"github.com/keelshop/commerce/money"
)

// skips opens a store, writes to it, and returns how many syncs were left out.
func skips(t testing.TB, open func() *commerce.Store) int64 {
	t.Helper()
	before := faultvfs.Skipped()
	shop := open()
	_, err := shop.Catalog.PutProduct(context.Background(), catalog.PutProduct{SKU: "mug", Title: "Mug", Price: money.New(100, "EUR")})
	if err == nil {
		err = shop.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return faultvfs.Skipped() - before
}

// TestOnlyTheStoresOfTestsAreNotSynced: a benchmark after a test waits for the
// disk, and so does a store that the program opens itself.
func TestOnlyTheStoresOfTestsAreNotSynced(t *testing.T) {
	if skips(t, func() *commerce.Store { return commercetest.Open(t) }) == 0 {
		t.Error("the store of a test waits for the disk")
	}
	own := func() *commerce.Store {
		shop, err := commerce.Open(t.Context(), filepath.Join(t.TempDir(), "shop"), commerce.WithShards(1))
		if err != nil {
			t.Fatal(err)
		}
		return shop
	}
	if n := skips(t, own); n != 0 {
		t.Errorf("%d syncs of a store of the program's own were left out", n)
	}
	once(t)
	ran := false
	testing.Benchmark(func(b *testing.B) {
		ran = true
		if n := skips(b, func() *commerce.Store { return commercetest.Open(b) }); n != 0 {
			t.Errorf("%d syncs of a benchmark were left out", n)
		}
	})
	if !ran {
		t.Error("nothing was measured")
	}
}

// once makes benchmarks run once.
func once(t *testing.T) {
	before := flag.Lookup("test.benchtime").Value.String()
	if err := flag.Set("test.benchtime", "1x"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := flag.Set("test.benchtime", before); err != nil {
			t.Error(err)
		}
	})
}
