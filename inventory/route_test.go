package inventory_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/inventory"
)

// moving is a shelf whose goods may move to another product, and so to another
// shard.
type moving struct {
	shelf
	to map[catalog.SKU]catalog.SKU // whose variant it is now; "nothing" is none
}

func (m moving) Variants(ctx context.Context, skus []catalog.SKU) ([]catalog.Variant, error) {
	now := make([]catalog.SKU, len(skus))
	for i, sku := range skus {
		if now[i] = sku; m.to[sku] != "" {
			now[i] = m.to[sku]
		}
	}
	return m.shelf.Variants(ctx, now)
}

func newMovingShop(t *testing.T) (*shop, moving) {
	s := newShop(t, 8)
	m := moving{s.shelf, map[catalog.SKU]catalog.SKU{}}
	s.Service = inventory.NewService(s.engine, m, nil)
	return s, m
}

// elsewhere returns names of goods that live on as many shards as they are.
func (s *shop) elsewhere(n int) []catalog.SKU {
	var out []catalog.SKU
	seen := map[int]bool{}
	for i := 0; len(out) < n; i++ {
		sku := catalog.SKU(name("thing-%d", i))
		slot, err := s.pool(sku).Slot()
		s.must(err)
		if shard := s.engine.ShardOf(slot); !seen[shard] {
			seen[shard] = true
			out = append(out, sku)
		}
	}
	return out
}

// TestAKeyIsNotUsedForOtherGoods, wherever they live.
func TestAKeyIsNotUsedForOtherGoods(t *testing.T) {
	s := newShop(t, 8)
	things := s.elsewhere(8)
	for i, sku := range things {
		_, err := s.Receive(t.Context(), inventory.Receive{SKU: sku, Quantity: 3, Key: "delivery"})
		if i == 0 && err != nil || i > 0 && !errors.Is(err, fault.Conflict) {
			t.Errorf("receiving %s: %v", sku, err)
		}
		_, err = s.Adjust(t.Context(), inventory.Adjust{SKU: sku, Delta: 2, Reason: "found", Key: "delivery"})
		if i == 0 && err != nil || i > 0 && !errors.Is(err, fault.Conflict) {
			t.Errorf("adjusting %s: %v", sku, err)
		}
		_, err = s.ReceiveMany(t.Context(), inventory.ReceiveMany{Lines: []inventory.Receive{{SKU: sku, Quantity: 1}}, Key: "delivery"})
		if i == 0 && err != nil || i > 0 && !errors.Is(err, fault.Conflict) {
			t.Errorf("receiving many of %s: %v", sku, err)
		}
		if l := s.level(sku); i == 0 && l.OnHand != 6 || i > 0 && l.OnHand != 0 {
			t.Errorf("%d of %s are on hand", l.OnHand, sku)
		}
	}
}

// TestGoodsThatHaveMoved: asking again gives the first answer and adds nothing
// to where the SKU is now, also if it is nowhere.
func TestGoodsThatHaveMoved(t *testing.T) {
	for _, now := range []catalog.SKU{"another", "nothing"} {
		s, shelf := newMovingShop(t)
		things := s.elsewhere(4)
		one := inventory.Receive{SKU: things[0], Quantity: 3, Key: "delivery"}
		found := inventory.Adjust{SKU: things[0], Delta: 2, Reason: "found", Key: "found"}
		many := inventory.ReceiveMany{Key: strings.Repeat("k", 255)}
		for _, sku := range things {
			many.Lines = append(many.Lines, inventory.Receive{SKU: sku, Quantity: 5})
		}
		first, err := s.Receive(t.Context(), one)
		s.must(err)
		adjusted, err := s.Adjust(t.Context(), found)
		s.must(err)
		all, err := s.ReceiveMany(t.Context(), many)
		s.must(err)

		shelf.to[things[0]] = now
		if again, err := s.Receive(t.Context(), one); err != nil || !same(again, first) {
			t.Errorf("%s: received again: %+v, %v; want %+v", now, again, err, first)
		}
		if again, err := s.Adjust(t.Context(), found); err != nil || !same(again, adjusted) {
			t.Errorf("%s: adjusted again: %+v, %v; want %+v", now, again, err, adjusted)
		}
		if again, err := s.ReceiveMany(t.Context(), many); err != nil || !same(again[0], all[0]) {
			t.Errorf("%s: received many again: %+v, %v; want %+v", now, again, err, all)
		}
		if l := s.level("another"); l.OnHand != 0 {
			t.Errorf("%d were added to where it is now", l.OnHand)
		}
		for i, sku := range things[1:] {
			if l := s.level(sku); l.OnHand != 5 {
				t.Errorf("line %d: %d are on hand, want 5", i+1, l.OnHand)
			}
		}
	}
}

func same(a, b inventory.Stock) bool {
	return a.Pool == b.Pool && a.SKU == b.SKU && a.OnHand == b.OnHand && a.Version == b.Version
}

// TestALongKey is refused before anything is logged.
func TestALongKey(t *testing.T) {
	s := newShop(t, 2)
	before := s.engine.Submitted()
	_, err := s.Receive(t.Context(), inventory.Receive{SKU: "mug", Quantity: 3, Key: strings.Repeat("k", 256)})
	if !errors.Is(err, fault.Invalid) || s.engine.Submitted() != before {
		t.Errorf("got %v, and %d commands were logged", err, s.engine.Submitted()-before)
	}
}
