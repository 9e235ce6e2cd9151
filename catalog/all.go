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
// that is put meanwhile may be missed. After an error it ends; that is an
// *UnknownCategoryError if the filter's category does not exist.
func (s *Service) All(ctx context.Context, f Filter) iter.Seq2[Product, error] {
	return func(yield func(Product, error) bool) {
		categories, err := s.categoriesOf(ctx, f)
		if err != nil {
			yield(Product{}, fmt.Errorf("listing products: %w", err))
			return
		}
		list := listing.List[Product]{
			Engine: s.engine, After: string(f.After), Limit: f.Limit,
			Page: func(tx *sqlite.Tx, after string, limit int) ([]Product, error) {
				return f.page(tx, categories, after, limit)
			},
			Key: func(p Product) string { return string(p.ID) },
		}
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

// categoriesOf returns the categories that a filter means, nil for any.
func (s *Service) categoriesOf(ctx context.Context, f Filter) ([]CategoryID, error) {
	if f.Category == "" {
		return nil, nil
	}
	tree, err := s.Categories(ctx)
	if err != nil {
		return nil, err
	}
	categories := tree.Descendants(f.Category)
	if categories == nil {
		return nil, &UnknownCategoryError{Category: f.Category}
	}
	return categories, nil
}

func (f Filter) page(tx *sqlite.Tx, categories []CategoryID, after string, limit int) (page []Product, err error) {
	ids, err := f.ids(tx, categories, after, limit)
	for _, id := range ids {
		r, _, err := readRecord(tx, id)
		if err != nil {
			return nil, err
		}
		page = append(page, r.Product)
	}
	return page, err
}

func (f Filter) ids(tx *sqlite.Tx, categories []CategoryID, after string, limit int) (ids []ProductID, err error) {
	if categories != nil {
		return f.inCategories(tx, categories, after, limit)
	}
	rows := tx.Query(`SELECT id FROM products WHERE id > ? AND (status = ? OR ? = '') ORDER BY id LIMIT ?`, after, f.Status, f.Status, limit)
	for rows.Next() {
		ids = append(ids, ProductID(rows.Text(0)))
	}
	return ids, rows.Close()
}
