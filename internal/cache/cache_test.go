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

// What is read of a group after a change of it was acknowledged has the change.
func TestGroupsAreNeverOlderThanTheLastAcknowledgedWrite(t *testing.T) {
	for _, size := range []int64{0, 64 << 20} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			c := open(t, size)
			var stored, acked atomic.Int64
			var wg sync.WaitGroup
			wg.Go(func() {
				for n := int64(1); n <= 5000; n++ {
					stored.Store(n)
					c.BumpGroup(7)
					acked.Store(n)
				}
			})
			for range 4 {
				wg.Go(func() {
					for range 5000 {
						least := acked.Load()
						got, err := c.GetOf(7, "k", func() (any, int, error) { return stored.Load(), 8, nil })
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

func TestGroupsAreApart(t *testing.T) {
	c := open(t, 1<<20)
	loads := 0
	get := func(group, bytes int) {
		if _, err := c.GetOf(group, fmt.Sprint(group), func() (any, int, error) { loads++; return group, bytes, nil }); err != nil {
			t.Fatal(err)
		}
		c.Wait()
	}
	for i, step := range []struct {
		do   func()
		want int
	}{
		{func() { get(1, 8) }, 1},
		{func() { get(1, 8) }, 1},
		{func() { get(2, 0) }, 2},
		{func() { get(2, 0) }, 3},
		{func() { c.BumpGroup(2); get(1, 8) }, 3},
		{func() { c.BumpGroup(1); get(1, 8) }, 4},
		{func() { c.BumpAll(); get(1, 8) }, 5},
	} {
		if step.do(); loads != step.want {
			t.Fatalf("step %d: loaded %d times, want %d", i, loads, step.want)
		}
	}
}

// What is large takes the place of as many as it weighs.
func TestLargeValuesWeighMore(t *testing.T) {
	c := open(t, 1<<20)
	value := make([]byte, 100<<10)
	for i := range 200 {
		if _, err := c.GetOf(i, fmt.Sprint(i), func() (any, int, error) { return value, len(value), nil }); err != nil {
			t.Fatal(err)
		}
		c.Wait()
	}
	kept := 0
	for i := range 200 {
		hit := true
		if _, err := c.GetOf(i, fmt.Sprint(i), func() (any, int, error) { hit = false; return value, 0, nil }); err != nil {
			t.Fatal(err)
		}
		if hit {
			kept++
		}
	}
	if kept == 0 || kept > 10 {
		t.Errorf("%d values of 100 KiB are kept in 1 MiB", kept)
	}
}
