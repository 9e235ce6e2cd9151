package search

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/commercetest"
)

// TestThePostingCacheIsBounded: two generations of half its size each, whatever
// is asked for.
func TestThePostingCacheIsBounded(t *testing.T) {
	c := newPostingCache(1 << 18)
	lists := [][]posting{make([]posting, 100), make([]posting, 100)}
	for i := range 10_000 {
		k := postingKey{field(i % int(fields)), fmt.Sprint("term", i)}
		c.put(k, cached{segments: []uint64{1, 2}, lists: lists})
		c.put(k, cached{segments: []uint64{1, 2}, lists: lists})
		if got := c.get(k); len(got.lists) != 2 {
			t.Fatalf("what was put is not there: %v", got)
		}
		held := 0
		for _, generation := range []map[postingKey]cached{c.young, c.old} {
			for k, have := range generation {
				held += have.cost(k)
			}
		}
		if i%100 == 0 && held > 1<<18 {
			t.Fatalf("%d bytes are held", held)
		}
	}
}

// TestFilesAreClosed: batches, merges and rebuilds leave no more files open
// than the segments that are searched.
func TestFilesAreClosed(t *testing.T) {
	shop := commercetest.Open(t)
	f, err := Open(t.Context(), shop, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for round := range 3 {
		for i := range 15 {
			if _, err := shop.Catalog.PutProduct(t.Context(), catalog.PutProduct{SKU: catalog.SKU(fmt.Sprint("SKU-", i)), Title: fmt.Sprint("Mug ", round)}); err != nil {
				t.Fatal(err)
			}
			if err := f.After(t.Context(), shop.Latest()); err != nil {
				t.Fatal(err)
			}
		}
		f.Rebuild()
		for f.Status().Rebuilding || len(f.rebuild) > 0 {
			wait(t.Context(), 5*time.Millisecond)
		}
	}
	const most = 64
	if n := openFiles(t, f.dir.path); n > most {
		t.Errorf("%d files are open, want %d at most", n, most)
	}
}

// openFiles counts the files below a directory that this process has open.
func openFiles(t *testing.T, dir string) (n int) {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skipf("open files cannot be counted here: %v", err)
	}
	for _, e := range entries {
		if to, err := os.Readlink(filepath.Join("/proc/self/fd", e.Name())); err == nil && strings.HasPrefix(to, dir) {
			n++
		}
	}
	return n
}

// TestAnInterruptedBuildGoesOn: what was indexed before is not indexed again.
func TestAnInterruptedBuildGoesOn(t *testing.T) {
	const products = buildSize + 100
	shop := commercetest.Open(t)
	var puts []catalog.PutProduct
	for i := range products {
		puts = append(puts, catalog.PutProduct{SKU: catalog.SKU(fmt.Sprint("SKU-", i)), Title: fmt.Sprint("Mug ", i)})
	}
	if _, err := shop.Catalog.PutProducts(t.Context(), puts); err != nil {
		t.Fatal(err)
	}
	f := &Finder{shop: shop, options: Options{Locale: "en", CacheBytes: 1 << 20, Logger: slog.New(slog.DiscardHandler)}, dir: directory{t.TempDir()}, changed: make(chan struct{})}
	x, err := f.begin()
	if err != nil {
		t.Fatal(err)
	}
	defer x.close()
	ctx, stop := context.WithCancel(t.Context())
	go func() { // after the first part
		for f.indexed() == 0 && ctx.Err() == nil {
			wait(ctx, time.Millisecond)
		}
		stop()
	}()
	if err := f.build(ctx, x); err == nil && f.indexed() < products {
		t.Fatal("a build that was interrupted says that it is complete")
	}
	first := f.indexed()
	if err := f.build(t.Context(), x); err != nil {
		t.Fatal(err)
	}
	if got := f.indexed(); !x.head.Complete || x.count() != products || first == buildSize && got != products {
		t.Errorf("%d were indexed before, %d after, %d are there", first, got, x.count())
	}
}

func (f *Finder) indexed() int {
	f.mu.RLock()
	defer f.mu.RUnlock()
	return f.state.Indexed
}
