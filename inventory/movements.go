package inventory

import (
	"context"
	"iter"
	"time"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/internal/sqlite"
)

// Movement is one change of a pool's on-hand quantity. They add up to it.
type Movement struct {
	Pool     PoolID
	Version  int64 // the pool's version after it; movements count from 1
	Kind     MovementKind
	Quantity int64 // the change
	Reason   string
	At       time.Time // when it was booked
}

// Movements returns the movements of a SKU's stock at a location, oldest
// first, from the one after version after. It ends at the first error.
func (s *Service) Movements(ctx context.Context, sku catalog.SKU, l Location, after int64) iter.Seq2[Movement, error] {
	return func(yield func(Movement, error) bool) {
		pools, err := s.poolsOf(ctx, []catalog.SKU{sku}, []Location{l})
		for err == nil {
			var page []Movement
			if page, err = s.movementsPage(ctx, pools[0], after); err != nil || len(page) == 0 {
				break
			}
			for _, m := range page {
				if !yield(m, nil) {
					return
				}
			}
			after = page[len(page)-1].Version
		}
		if err != nil {
			yield(Movement{}, err)
		}
	}
}

func (s *Service) movementsPage(ctx context.Context, pool PoolID, after int64) ([]Movement, error) {
	slot, err := pool.Slot()
	if err != nil {
		return nil, err
	}
	var page []Movement
	err = s.engine.View(ctx, slot, func(tx *sqlite.Tx) error {
		rows := tx.Query(`SELECT n, kind, quantity, reason, at FROM movements WHERE pool = ? AND n > ? ORDER BY n LIMIT 100`, pool, after)
		for rows.Next() {
			page = append(page, Movement{pool, rows.Int64(0), MovementKind(rows.Text(1)), rows.Int64(2), rows.Text(3), time.UnixMilli(rows.Int64(4)).UTC()})
		}
		return rows.Close()
	})
	return page, err
}
