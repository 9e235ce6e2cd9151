package commerce_test

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/commercetest"
	"github.com/keelshop/commerce/fault"
)

// TestCartsInMemoryAreNeverBehind: carts that are kept in memory are read as
// everybody has heard that they were changed, while several change them.
func TestCartsInMemoryAreNeverBehind(t *testing.T) {
	shop := commercetest.Open(t, commerce.WithShards(2))
	stock(t, shop, "mug", 100_000)
	var wg sync.WaitGroup
	for range 4 {
		c, err := shop.Carts.AddLine(t.Context(), cart.AddLine{SKU: "mug", Quantity: 1})
		must(t, err)
		var acked atomic.Int64
		for range 2 {
			wg.Go(func() {
				for range 60 {
					got, err := shop.Carts.AddLine(t.Context(), cart.AddLine{Cart: c.ID, SKU: "mug", Quantity: 1})
					if err != nil {
						t.Error(err)
						return
					}
					for {
						old := acked.Load()
						if old >= got.Version || acked.CompareAndSwap(old, got.Version) {
							break
						}
					}
				}
			})
			wg.Go(func() {
				for range 600 {
					least := acked.Load()
					got, err := shop.Carts.Get(t.Context(), c.ID)
					if err != nil || got.Version < least || got.Lines[0].Quantity != got.Version {
						t.Errorf("after version %d was confirmed: version %d with %d units, %v", least, got.Version, got.Lines[0].Quantity, err)
						return
					}
				}
			})
		}
	}
	wg.Wait()
}

// TestACartInMemoryIsNotBehindAnotherNode: what a node has in memory of a cart
// is not shown once another node has confirmed a change.
func TestACartInMemoryIsNotBehindAnotherNode(t *testing.T) {
	t.Parallel()
	f := newFleet(t, 1)
	stock(t, f.nodes[0], "mug", 100)
	f.join(1, 2)
	must(t, f.nodes[2].Cluster().Drain(t.Context(), "node_2"))
	c, err := f.nodes[0].Carts.AddLine(t.Context(), cart.AddLine{SKU: "mug", Quantity: 1})
	must(t, err)
	follower := f.nodes[2].Carts
	for want := int64(1); want <= 5; want++ {
		for range 2 { // from the file, and then from memory
			got, err := follower.Get(t.Context(), c.ID)
			must(t, err)
			if got.Version != want {
				t.Fatalf("the follower shows version %d after %d was confirmed", got.Version, want)
			}
		}
		_, err = f.nodes[0].Carts.AddLine(t.Context(), cart.AddLine{Cart: c.ID, SKU: "mug", Quantity: 1})
		must(t, err)
	}
	resume := commerce.Pause(f.nodes[2])
	defer resume()
	must(t, commerce.TakeCut(t.Context(), f.nodes[0]))
	_, err = f.nodes[0].Carts.AddLine(t.Context(), cart.AddLine{Cart: c.ID, SKU: "mug", Quantity: 1})
	must(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if got, err := follower.Get(ctx, c.ID); fault.CodeOf(err) != fault.Unavailable {
		t.Errorf("a follower that is behind shows version %d, %v", got.Version, err)
	}
}

// TestTwoSessionsBothCount: what two answers say that a browser has seen adds
// up, in whatever order it brings them along.
func TestTwoSessionsBothCount(t *testing.T) {
	shop := commercetest.Open(t, commerce.WithShards(2))
	parts := strings.Split(string(shop.Session(t.Context())), ".")
	session := func(first, second string) commerce.Session {
		return commerce.Session(strings.Join([]string{parts[0], parts[1], first, second}, "."))
	}
	want := session("zz1", "zz2")
	for _, order := range [][]commerce.Session{
		{session("zz1", "1"), session("1", "zz2")}, {session("1", "zz2"), session("zz1", "1")}, {want, ""}, {"", want}, {want, session("1", "1")},
	} {
		ctx := t.Context()
		for _, seen := range order {
			var err error
			ctx, err = shop.Since(ctx, seen)
			must(t, err)
		}
		if got := shop.Session(ctx); got != want {
			t.Errorf("%q together are %q, want %q", order, got, want)
		}
	}
	ctx, err := shop.Since(t.Context(), want)
	must(t, err)
	if _, err := shop.Since(ctx, "s1.another.1.1"); fault.CodeOf(err) != fault.Invalid {
		t.Errorf("a session of another store: %v", err)
	}
}
