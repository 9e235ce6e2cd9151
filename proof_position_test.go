package commerce_test

import (
	"testing"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/checkout"
	"github.com/keelshop/commerce/fault"
)

// TestPositionsOfAnotherStore are refused, also when they would fit.
func TestPositionsOfAnotherStore(t *testing.T) {
	one := open(t, t.TempDir()+"/one", commerce.WithShards(2))
	two := open(t, t.TempDir()+"/two", commerce.WithShards(2))
	if one.Latest() == two.Latest() || one.Latest().Includes(two.Latest()) {
		t.Errorf("positions of two stores: %s and %s", one.Latest(), two.Latest())
	}
	for _, err := range one.Events(t.Context(), two.Latest()) {
		if fault.CodeOf(err) != fault.Invalid {
			t.Errorf("got %v", err)
		}
		return
	}
	t.Error("a position of another store was taken")
}

// FuzzPosition: a text is refused as the caller's mistake, or it is a position
// from which events are read in order and without gaps.
func FuzzPosition(f *testing.F) {
	shop := open(f, f.TempDir()+"/shop", commerce.WithShards(2))
	stock(f, shop, "mug", 10)
	for range 5 {
		_, err := buy(f.Context(), shop, "mug", 1, checkout.Complete{})
		must(f, err)
	}
	f.Add("")
	for e, err := range shop.Events(f.Context(), "") {
		must(f, err)
		f.Add(string(e.Position))
	}
	for _, s := range []string{"v1", "v1.0", "v1.0.0", "v1.0.0.0", "v2.0.0", "v1.-1.0", "v1.+1.0", "v1.00.0", "v1.Z.z", "v1.1y2p0ij32e8e8.0", "\xff.0.0"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		next := map[int]int64{}
		for e, err := range shop.Events(t.Context(), commerce.Position(s)) {
			if err != nil {
				if code := fault.CodeOf(err); code != fault.Invalid && code != fault.NotFound {
					t.Errorf("%q: %v (%v)", s, err, code)
				}
				return
			}
			if n, seen := next[e.Shard]; seen && e.Sequence != n {
				t.Errorf("%q: shard %d goes on with event %d, not %d", s, e.Shard, e.Sequence, n)
			}
			next[e.Shard] = e.Sequence + 1
		}
	})
}
