package catalog

import (
	"context"

	"github.com/keelshop/commerce/internal/claim"
	"github.com/keelshop/commerce/internal/id"
)

// storeWide returns a value of the store's slot from the cache, or loads it.
func (s *Service) storeWide(ctx context.Context, key string, load func() (any, error)) (any, error) {
	if err := s.engine.Recent(ctx, id.StoreSlot); err != nil {
		return nil, err
	}
	return s.cache.Get(key, load)
}

// recentSKU is cachedSKU where other nodes write too: what is cached of a
// variant follows from the shard of its SKU, and from that of its product.
func (s *Service) recentSKU(ctx context.Context, sku SKU) (*Variant, error) {
	name := claim.Of(s.engine, ClaimKind, string(sku)).Slot()
	if err := s.engine.Recent(ctx, name); err != nil {
		return nil, err
	}
	v, err := s.cachedSKU(ctx, sku)
	if err != nil {
		return nil, err
	}
	home, err := v.Product.Slot()
	if err != nil || s.engine.ShardOf(home) == s.engine.ShardOf(name) {
		return v, err
	}
	if err := s.engine.Recent(ctx, home); err != nil {
		return nil, err
	}
	return s.cachedSKU(ctx, sku)
}

// recentProduct waits where other nodes write too. Nothing that is not a
// product's ID is cached.
func (s *Service) recentProduct(ctx context.Context, product ProductID) error {
	slot, err := product.Slot()
	if err != nil {
		return nil
	}
	return s.engine.Recent(ctx, slot)
}

// recentEverywhere waits for all shards.
func (s *Service) recentEverywhere(ctx context.Context) error {
	for shard := range s.engine.Shards() {
		if err := s.engine.Recent(ctx, s.engine.SlotOn(shard)); err != nil {
			return err
		}
	}
	return nil
}
