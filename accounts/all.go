package accounts

import (
	"context"
	"fmt"
	"iter"

	"github.com/keelshop/commerce/internal/listing"
	"github.com/keelshop/commerce/internal/sqlite"
)

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
	list := listing.List[record]{
		Engine: s.engine, After: string(f.After), Limit: f.Limit,
		Page: f.page, Key: func(r record) string { return string(r.ID) },
	}
	return func(yield func(Customer, error) bool) {
		for r, err := range list.All(ctx) {
			var c Customer
			if err == nil {
				c, err = s.open(ctx, r)
			}
			if err != nil {
				yield(Customer{}, fmt.Errorf("listing customers: %w", err))
				return
			}
			if !yield(c, nil) {
				return
			}
		}
	}
}

func (f Filter) page(tx *sqlite.Tx, after string, limit int) (page []record, err error) {
	ids, err := f.ids(tx, after, limit)
	for _, id := range ids {
		r, _, err := readRecord(tx, id)
		if err != nil {
			return nil, err
		}
		page = append(page, r)
	}
	return page, err
}

func (f Filter) ids(tx *sqlite.Tx, after string, limit int) (ids []CustomerID, err error) {
	rows := tx.Query(`SELECT id FROM customers WHERE id > ? AND (? = '' OR EXISTS (SELECT 1 FROM json_each(groups) WHERE value = ?))
		ORDER BY id LIMIT ?`, after, f.Group, f.Group, limit)
	for rows.Next() {
		ids = append(ids, CustomerID(rows.Text(0)))
	}
	return ids, rows.Close()
}
