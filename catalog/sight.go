package catalog

import (
	"context"
	"fmt"

	"github.com/keelshop/commerce/internal/claim"
	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/internal/sqlite"
)

// Sight is what the catalog was seen to have under a SKU. The zero Sight has not
// been looked at.
type Sight struct {
	SKU     SKU
	Variant *Variant // nil: there is none. It is shared: nobody may change it
	Renewed bool     // by the last Renew: it may differ from what was seen before

	key     string
	version uint64  // of key in the cache; the sight is as good as what is cached there
	kept    bool    // it is known when that changes
	name    id.Slot // where the SKU is claimed
	named   bool    // name is known
}

// Renew looks again at those of some sights that may be out of date, and notes
// in each whether it did. What is not cached is read in one go from each shard.
// As new as what BySKU returns, it costs a few nanoseconds for a variant that
// has not changed.
func (s *Service) Renew(ctx context.Context, sights []Sight) error {
	for i := range sights {
		sights[i].Renewed = false
	}
	if s.engine.Several() {
		named := func(i int) (id.Slot, error) { return sights[i].name, nil }
		for i := range sights {
			if at := &sights[i]; !at.named {
				at.name, at.named = claim.Of(s.engine, ClaimKind, string(at.SKU)).Slot(), true
			}
		}
		if err := s.recentOf(ctx, len(sights), named); err != nil {
			return err
		}
		if err := s.renew(ctx, sights); err != nil {
			return err
		}
		if err := s.recentOf(ctx, len(sights), func(i int) (id.Slot, error) { return sights[i].home() }); err != nil {
			return err
		}
	}
	return s.renew(ctx, sights)
}

// renew is Renew by what is cached here.
func (s *Service) renew(ctx context.Context, sights []Sight) error {
	var stale []int
	for i := range sights {
		at := &sights[i]
		if at.key == "" {
			at.key = skuKey(at.SKU)
		}
		version, kept := s.cache.Version(at.key)
		if at.kept && kept && version == at.version {
			continue
		}
		at.Renewed, at.version, at.kept = true, version, kept // read before the data: what changes in between is looked at again
		stale = append(stale, i)
	}
	if len(stale) == 0 {
		return nil
	}
	keys := make([]string, len(stale))
	for n, i := range stale {
		keys[n] = sights[i].key
	}
	found, err := s.cache.Many(keys, func(missing []int) ([]any, error) {
		skus := make([]SKU, len(missing))
		for n, at := range missing {
			skus[n] = sights[stale[at]].SKU
		}
		return s.loadSKUs(ctx, skus)
	})
	for n, i := range stale {
		at := &sights[i]
		at.Variant = nil
		if err == nil {
			at.Variant, _ = found[n].(*Variant)
		}
		at.kept = at.kept && at.Variant != nil // what is not there is looked for every time
	}
	return err
}

// home returns where what was found is kept, or the name if there is nothing.
func (at *Sight) home() (id.Slot, error) {
	if at.Variant == nil {
		return at.name, nil
	}
	return at.Variant.Product.Slot()
}

// recentOf waits for the shards of n slots, each of them once.
func (s *Service) recentOf(ctx context.Context, n int, slotOf func(i int) (id.Slot, error)) error {
	seen := make([]bool, s.engine.Shards())
	for i := range n {
		slot, err := slotOf(i)
		if err != nil {
			return err
		}
		shard := s.engine.ShardOf(slot)
		if seen[shard] {
			continue
		}
		seen[shard] = true
		if err := s.engine.Recent(ctx, slot); err != nil {
			return err
		}
	}
	return nil
}

// loadSKUs reads variants past the cache, in the way of loadSKU: a nil is one
// that there is not.
func (s *Service) loadSKUs(ctx context.Context, skus []SKU) ([]any, error) {
	values := make([]any, len(skus))
	owners := make([]ProductID, len(skus))
	names := make([]claim.Hash, len(skus))
	read := func(tx *sqlite.Tx, i int) error {
		v, err := readVariant(tx, owners[i], skus[i])
		if v != nil {
			values[i] = v
		}
		return err
	}
	all := make([]int, len(skus))
	for i, sku := range skus {
		names[i], all[i] = claim.Of(s.engine, ClaimKind, string(sku)), i
	}
	var elsewhere []int // those whose product does not live where the SKU is known
	err := s.viewEach(ctx, all, func(i int) (id.Slot, error) { return names[i].Slot(), nil }, func(tx *sqlite.Tx, i int) error {
		owner, _, err := claim.OwnerTx(tx, ClaimKind, names[i])
		if err != nil || owner == "" {
			return err
		}
		owners[i] = ProductID(owner)
		slot, err := owners[i].Slot()
		if err == nil && s.engine.ShardOf(slot) != s.engine.ShardOf(names[i].Slot()) {
			elsewhere = append(elsewhere, i)
			return nil
		}
		return read(tx, i)
	})
	if err != nil {
		return nil, fmt.Errorf("looking up %d SKUs: %w", len(skus), err)
	}
	err = s.viewEach(ctx, elsewhere, func(i int) (id.Slot, error) { return owners[i].Slot() }, read)
	if err != nil {
		return nil, fmt.Errorf("reading %d variants: %w", len(skus), err)
	}
	return values, nil
}

// viewEach runs fn for each of the positions where its slot is, with one view of
// each shard.
func (s *Service) viewEach(ctx context.Context, positions []int, slotOf func(int) (id.Slot, error), fn func(*sqlite.Tx, int) error) error {
	on := make([][]int, s.engine.Shards())
	for _, i := range positions {
		slot, err := slotOf(i)
		if err != nil {
			return err
		}
		shard := s.engine.ShardOf(slot)
		on[shard] = append(on[shard], i)
	}
	for shard, list := range on {
		if len(list) == 0 {
			continue
		}
		// What is read is kept, also if whoever asked for it waits no longer.
		err := s.engine.View(context.WithoutCancel(ctx), s.engine.SlotOn(shard), func(tx *sqlite.Tx) error {
			for _, i := range list {
				if err := fn(tx, i); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}
