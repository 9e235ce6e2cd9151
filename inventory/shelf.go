package inventory

import (
	"context"

	"github.com/keelshop/commerce/internal/command"
)

// shelf is what one pool has to offer. It is for showing: what promises goods
// reads the tables itself.
type shelf struct {
	pool            PoolID
	there, sellable int64
	backorder       int64
	expectedAt      int64 // ms since 1970 UTC
}

func (v *view) shelf() *shelf {
	return &shelf{v.pool, v.available(), v.sellable(), v.stock.Backorder, v.stock.ExpectedAt}
}

// shelfKey names a pool's shelf in the cache.
func shelfKey(pool PoolID) string { return "stock:" + string(pool) }

// execOn runs a statement that changes a pool's row of pools, grants or
// allowances. What is cached of the pool is stale then, whichever shard it is.
func execOn(tx *command.Tx, pool PoolID, query string, args ...any) (int64, error) {
	tx.Touch(shelfKey(pool))
	return tx.Exec(query, args...)
}

// shelvesOf returns the shelves of pools in their order. They are shared: nobody
// may change them.
//
// A store that alone writes has them in its cache. With other nodes, each shard
// is asked, since a cache follows what they have confirmed a moment later.
func (s *Service) shelvesOf(ctx context.Context, pools []PoolID) ([]*shelf, error) {
	if s.engine.Several() {
		return s.readShelves(ctx, pools)
	}
	keys := make([]string, len(pools))
	for i, p := range pools {
		keys[i] = shelfKey(p)
	}
	values, err := s.cache.Many(keys, func(missing []int) ([]any, error) {
		read, err := s.readShelves(ctx, pick(pools, missing))
		out := make([]any, len(read))
		for i := range read {
			out[i] = read[i]
		}
		return out, err
	})
	if err != nil {
		return nil, err
	}
	out := make([]*shelf, len(values))
	for i, v := range values {
		out[i] = v.(*shelf)
	}
	return out, nil
}

func (s *Service) readShelves(ctx context.Context, pools []PoolID) ([]*shelf, error) {
	if len(pools) == 0 {
		return nil, nil
	}
	views, err := s.readAll(ctx, pools)
	if err != nil {
		return nil, err
	}
	out := make([]*shelf, len(views))
	for i, v := range views {
		out[i] = v.shelf()
	}
	return out, nil
}
