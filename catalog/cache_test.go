package catalog_test

import (
	"sync"
	"testing"

	"github.com/keelshop/commerce/catalog"
)

// mapCache is the simplest cache that keeps the promise of catalog.Cache.
type mapCache struct {
	mu     sync.Mutex
	values map[string]any
	loads  int
	bumped map[string]uint64
}

func (c *mapCache) Version(key string) (uint64, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.bumped[key], true
}

func (c *mapCache) Get(key string, load func() (any, error)) (any, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if v, ok := c.values[key]; ok {
		return v, nil
	}
	c.loads++
	v, err := load()
	if err == nil {
		c.values[key] = v
	}
	return v, err
}

func (c *mapCache) Many(keys []string, load func([]int) ([]any, error)) ([]any, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := make([]any, len(keys))
	var missing []int
	for i, key := range keys {
		v, ok := c.values[key]
		if out[i] = v; !ok {
			missing = append(missing, i)
		}
	}
	if len(missing) == 0 {
		return out, nil
	}
	c.loads++
	values, err := load(missing)
	for n, i := range missing {
		if err == nil && values[n] != nil {
			out[i], c.values[keys[i]] = values[n], values[n]
		}
	}
	return out, err
}

func (c *mapCache) forget(keys []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, k := range keys {
		delete(c.values, k)
		c.bumped[k]++
	}
}

func TestEveryChangeReachesTheCache(t *testing.T) {
	s := newShop(t, 3)
	title := func(sku catalog.SKU) string {
		v, err := s.BySKU(t.Context(), sku)
		if err != nil {
			return err.Error()
		}
		p, err := s.Get(t.Context(), v.Product)
		if err != nil {
			t.Fatal(err)
		}
		return p.Title + "|" + v.Title
	}
	s.must(shirt("S", "M"))
	if got := title("SHIRT-M"); got != "Shirt|Shirt – M" {
		t.Fatal(got)
	}
	loads := s.cache.loads
	if title("SHIRT-M"); s.cache.loads != loads {
		t.Fatal("a second read was not cached")
	}
	c := shirt("S", "M")
	c.Title = "Blouse"
	p := s.must(c)
	if got := title("SHIRT-M"); got != "Blouse|Blouse – M" {
		t.Fatal(got)
	}
	s.must(shirt("S"))
	if got, want := title("SHIRT-M"), (&catalog.UnknownSKUError{SKU: "SHIRT-M"}).Error(); got != want {
		t.Fatal(got)
	}
	if _, err := s.ArchiveProduct(t.Context(), catalog.ArchiveProduct{Product: p.ID}); err != nil {
		t.Fatal(err)
	}
	if v, err := s.BySKU(t.Context(), "SHIRT-S"); err != nil || v.Purchasable {
		t.Fatalf("got %+v, %v", v, err)
	}
}

func TestCachedReadsAllocateLittle(t *testing.T) {
	s := newShop(t, 2)
	p := s.must(mug())
	ctx := t.Context()
	for name, read := range map[string]func() error{
		"BySKU": func() error { _, err := s.BySKU(ctx, "MUG"); return err },
		"Get":   func() error { _, err := s.Get(ctx, p.ID); return err },
	} {
		if n := testing.AllocsPerRun(100, func() {
			if err := read(); err != nil {
				t.Fatal(err)
			}
		}); n > 2 {
			t.Errorf("%s: %v allocations, want at most 2", name, n)
		}
	}
}

func BenchmarkBySKUCached(b *testing.B) {
	s := newShop(b, 1)
	s.must(mug())
	ctx := b.Context()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.BySKU(ctx, "MUG"); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkBySKUUncached(b *testing.B) {
	s := newShop(b, 8)
	s.must(mug())
	plain := catalog.NewService(s.engine, nil)
	ctx := b.Context()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := plain.BySKU(ctx, "MUG"); err != nil {
			b.Fatal(err)
		}
	}
}
