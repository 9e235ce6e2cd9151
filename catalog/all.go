package catalog

import (
	"context"
	"fmt"
	"iter"

	"github.com/keelshop/commerce/internal/listing"
	"github.com/keelshop/commerce/internal/sqlite"
)

// All returns the products that a filter selects, in the order of their IDs,
// which is about that of their creation. It reads page by page, so a product
// that is put meanwhile may be missed. After an error it ends.
func (s *Service) All(ctx context.Context, f Filter) iter.Seq2[Product, error] {
	list := listing.List[Product]{
		Engine: s.engine, After: string(f.After), Limit: f.Limit,
		Page: f.page, Key: func(p Product) string { return string(p.ID) },
	}
	return func(yield func(Product, error) bool) {
		for p, err := range list.All(ctx) {
			if err != nil {
				yield(Product{}, fmt.Errorf("listing products: %w", err))
				return
			}
			if !yield(p, nil) {
				return
			}
		}
	}
}

func (f Filter) page(tx *sqlite.Tx, after string, limit int) (page []Product, err error) {
	ids, err := f.ids(tx, after, limit)
	for _, id := range ids {
		r, _, err := readRecord(tx, id)
		if err != nil {
			return nil, err
		}
		page = append(page, r.Product)
	}
	return page, err
}

func (f Filter) ids(tx *sqlite.Tx, after string, limit int) (ids []ProductID, err error) {
	rows := tx.Query(`SELECT id FROM products WHERE id > ? AND (status = ? OR ? = '') ORDER BY id LIMIT ?`, after, f.Status, f.Status, limit)
	for rows.Next() {
		ids = append(ids, ProductID(rows.Text(0)))
	}
	return ids, rows.Close()
}
