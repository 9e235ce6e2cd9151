package cache_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/keelshop/commerce/internal/cache"
)

func open(t testing.TB, bytes int64) *cache.Cache {
	c, err := cache.New(bytes)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// A read that begins after a write was acknowledged sees it, whatever was
// cached and however many read at the same time.
func TestNeverOlderThanTheLastAcknowledgedWrite(t *testing.T) {
	for _, size := range []int64{0, 64 << 10, 64 << 20} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			c := open(t, size)
			var stored, acked [16]atomic.Int64
			var wg sync.WaitGroup
			for w := range 16 {
				wg.Go(func() {
					for n := int64(1); n <= 2000; n++ {
						stored[w].Store(n)
						c.Bump(fmt.Sprint(w))
						acked[w].Store(n)
					}
				})
				wg.Go(func() {
					for range 2000 {
						least := acked[w].Load()
						got, err := c.Get(fmt.Sprint(w), func() (any, error) { return stored[w].Load(), nil })
						if err != nil || got.(int64) < least {
							t.Errorf("read %v, %v after %d was acknowledged", got, err, least)
							return
						}
					}
				})
			}
			wg.Wait()
		})
	}
}

// What Many returns is in the order of its keys and as new as what Get returns,
// whatever was cached; only what is missing is loaded.
func TestManyAtOnce(t *testing.T) {
	for _, size := range []int64{0, 64 << 10, 64 << 20} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			c := open(t, size)
			var stored, acked [16]atomic.Int64
			keys := make([]string, len(stored))
			for i := range keys {
				keys[i] = fmt.Sprint(i)
			}
			var wg sync.WaitGroup
			for w := range keys {
				wg.Go(func() {
					for n := int64(1); n <= 500; n++ {
						stored[w].Store(n)
						c.Bump(keys[w])
						acked[w].Store(n)
					}
				})
			}
			for range 4 {
				wg.Go(func() {
					for range 500 {
						var least [16]int64
						for i := range least {
							least[i] = acked[i].Load()
						}
						got, err := c.Many(keys, func(missing []int) ([]any, error) {
							out := make([]any, len(missing))
							for j, i := range missing {
								out[j] = stored[i].Load()
							}
							return out, nil
						})
						if err != nil || len(got) != len(keys) {
							t.Errorf("%d values, %v", len(got), err)
							return
						}
						for i := range got {
							if got[i].(int64) < least[i] {
								t.Errorf("read %v of %d after %d was acknowledged", got[i], i, least[i])
							}
						}
					}
				})
			}
			wg.Wait()
			if _, err := c.Many([]string{"other"}, func([]int) ([]any, error) { return nil, fmt.Errorf("no") }); err == nil {
				t.Error("the error was lost")
			}
		})
	}
}

func TestErrorsAreNotCached(t *testing.T) {
	c := open(t, 1<<20)
	if _, err := c.Get("k", func() (any, error) { return nil, fmt.Errorf("no") }); err == nil {
		t.Fatal("the error was lost")
	}
	if v, err := c.Get("k", func() (any, error) { return 1, nil }); v != 1 || err != nil {
		t.Fatalf("got %v, %v", v, err)
	}
}

func BenchmarkHit(b *testing.B) {
	c := open(b, 64<<20)
	load := func() (any, error) { return "value", nil }
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.Get("sku:mug-blue", load); err != nil {
			b.Fatal(err)
		}
	}
}

// TestWhatIsSoldCostsNothingElse: stock that changes takes no product out of the
// cache.
func TestWhatIsSoldCostsNothingElse(t *testing.T) {
	c, err := cache.New(1 << 20)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	loads := 0
	get := func() {
		t.Helper()
		if _, err := c.Get("sku:mug", func() (any, error) { loads++; return 1, nil }); err != nil {
			t.Fatal(err)
		}
	}
	get()
	for before := 0; loads > before; { // until it is kept, which is not at once
		before = loads
		get()
	}
	before := loads
	for i := range 100_000 {
		c.Bump(fmt.Sprint("stock:", i))
	}
	if get(); loads != before {
		t.Error("a product was read again")
	}
}

// A version moves on with what its key names. Without a cache nobody knows.
func TestVersion(t *testing.T) {
	c := open(t, 64<<10)
	first, known := c.Version("a")
	c.Bump("a")
	if second, _ := c.Version("a"); !known || second == first {
		t.Errorf("version %d after %d (%v)", second, first, known)
	}
	var none *cache.Cache
	if _, known := none.Version("a"); known {
		t.Error("no cache knows a version")
	}
}
