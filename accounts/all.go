package accounts

import (
	"context"
	"fmt"
	"iter"

	"github.com/keelshop/commerce/internal/sqlite"
)

// pageSize is how many customers one snapshot is read for.
const pageSize = 100

// Filter selects customers. Its zero value means all of them.
type Filter struct {
	Group string     // "" means any
	After CustomerID // only customers whose ID sorts behind this one
	Limit int        // 0 means no limit
}

// All returns the customers that a filter selects, the erased ones included,
// in the order of their IDs, which is about that of their registration. It
// reads page by page, so one who registers meanwhile may be missed. After an
// error it ends.
func (s *Service) All(ctx context.Context, f Filter) iter.Seq2[Customer, error] {
	return func(yield func(Customer, error) bool) {
		shards := make([]source, s.engine.Shards())
		for i := range shards {
			shards[i] = source{s: s, shard: i, filter: f}
		}
		for n := 0; f.Limit == 0 || n < f.Limit; n++ {
			c, found, err := next(ctx, shards)
			if err != nil {
				yield(Customer{}, fmt.Errorf("listing customers: %w", err))
				return
			}
			if !found || !yield(c, nil) {
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
	page   []record
	ended  bool
}

// next takes the customer with the lowest ID of all shards.
func next(ctx context.Context, shards []source) (c Customer, found bool, err error) {
	var lowest *source
	for i := range shards {
		src := &shards[i]
		if err := src.fill(ctx); err != nil {
			return Customer{}, false, err
		}
		if len(src.page) > 0 && (lowest == nil || src.page[0].ID < lowest.page[0].ID) {
			lowest = src
		}
	}
	if lowest == nil {
		return Customer{}, false, nil
	}
	r := lowest.page[0]
	lowest.page, lowest.filter.After = lowest.page[1:], r.ID
	c, err = lowest.s.open(ctx, r)
	return c, err == nil, err
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
			src.page = append(src.page, r)
		}
		return nil
	})
	src.ended = len(src.page) < limit
	return err
}

func idPage(tx *sqlite.Tx, f Filter, limit int) (ids []CustomerID, err error) {
	rows := tx.Query(`SELECT id FROM customers WHERE id > ? AND (? = '' OR EXISTS (SELECT 1 FROM json_each(groups) WHERE value = ?))
		ORDER BY id LIMIT ?`, f.After, f.Group, f.Group, limit)
	for rows.Next() {
		ids = append(ids, CustomerID(rows.Text(0)))
	}
	return ids, rows.Close()
}
