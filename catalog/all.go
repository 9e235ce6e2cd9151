package catalog

import (
	"context"
	"fmt"
	"iter"

	"github.com/keelshop/commerce/internal/sqlite"
)

// pageSize is how many products one snapshot is read for.
const pageSize = 100

// All returns the products that a filter selects, in the order of their IDs,
// which is about that of their creation. It reads page by page, so a product
// that is put meanwhile may be missed. After an error it ends.
func (s *Service) All(ctx context.Context, f Filter) iter.Seq2[Product, error] {
	return func(yield func(Product, error) bool) {
		shards := make([]source, s.engine.Shards())
		for i := range shards {
			shards[i] = source{s: s, shard: i, filter: f}
		}
		for n := 0; f.Limit == 0 || n < f.Limit; n++ {
			next, err := first(ctx, shards)
			if err != nil {
				yield(Product{}, fmt.Errorf("listing products: %w", err))
				return
			}
			if next == nil || !yield(next.take(), nil) {
				return
			}
		}
	}
}

// source is the listing of one shard.
type source struct {
	s      *Service
	shard  int
	filter Filter
	page   []Product
	ended  bool
}

// first returns the source with the lowest ID, nil when all are at their end.
func first(ctx context.Context, shards []source) (next *source, err error) {
	for i := range shards {
		src := &shards[i]
		if err := src.fill(ctx); err != nil {
			return nil, err
		}
		if len(src.page) > 0 && (next == nil || src.page[0].ID < next.page[0].ID) {
			next = src
		}
	}
	return next, nil
}

func (src *source) take() Product {
	p := src.page[0]
	src.page, src.filter.After = src.page[1:], p.ID
	return p
}

func (src *source) fill(ctx context.Context) error {
	if len(src.page) > 0 || src.ended {
		return nil
	}
	limit := pageSize
	if src.filter.Limit > 0 {
		limit = min(limit, src.filter.Limit)
	}
	err := src.s.engine.View(ctx, src.s.engine.SlotOn(src.shard), func(tx *sqlite.Tx) error {
		ids, err := idPage(tx, src.filter, limit)
		if err != nil {
			return err
		}
		for _, id := range ids {
			r, _, err := readRecord(tx, id)
			if err != nil {
				return err
			}
			src.page = append(src.page, r.Product)
		}
		return nil
	})
	src.ended = len(src.page) < limit
	return err
}

func idPage(tx *sqlite.Tx, f Filter, limit int) (ids []ProductID, err error) {
	rows := tx.Query(`SELECT id FROM products WHERE id > ? AND (status = ? OR ? = '') ORDER BY id LIMIT ?`, f.After, f.Status, f.Status, limit)
	for rows.Next() {
		ids = append(ids, ProductID(rows.Text(0)))
	}
	return ids, rows.Close()
}
