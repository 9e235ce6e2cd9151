package catalog

import (
	"context"
	"fmt"
	"iter"
	"slices"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/listing"
	"github.com/keelshop/commerce/internal/sqlite"
)

// All returns the products that a filter selects, in the order of their IDs,
// which is about that of their creation. It reads page by page, so a product
// that is put meanwhile may be missed. After an error it ends; that is an
// *UnknownCategoryError or *UnknownCollectionError if what the filter names does
// not exist.
func (s *Service) All(ctx context.Context, f Filter) iter.Seq2[Product, error] {
	return func(yield func(Product, error) bool) {
		from, err := s.choose(ctx, f)
		if err != nil {
			yield(Product{}, fmt.Errorf("listing products: %w", err))
			return
		}
		list := listing.List[Product]{
			Engine: s.engine, After: string(f.After), Limit: f.Limit,
			Page: func(tx *sqlite.Tx, after string, limit int) ([]Product, error) {
				return f.page(tx, from, after, limit)
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

// chosenFrom is what a filter selects from: some categories, what the rules of a
// collection have found, or named products. Its zero value is all products.
type chosenFrom struct {
	categories []CategoryID
	collection CollectionID
	products   []ProductID // sorted
}

// choose looks up what a filter selects from.
func (s *Service) choose(ctx context.Context, f Filter) (from chosenFrom, err error) {
	switch {
	case f.Category != "" && f.Collection != "":
		return from, fault.New(fault.Invalid, "a filter names a category or a collection, not both")
	case f.Category != "":
		tree, err := s.Categories(ctx)
		if err != nil {
			return from, err
		}
		if from.categories = tree.Descendants(f.Category); from.categories == nil {
			err = &UnknownCategoryError{Category: f.Category}
		}
		return from, err
	case f.Collection != "":
		all, err := s.Collections(ctx)
		if err != nil {
			return from, err
		}
		c, ok := all.Get(f.Collection)
		if !ok {
			return from, &UnknownCollectionError{Collection: f.Collection}
		}
		if len(c.Rules) > 0 {
			from.collection = c.ID
		} else {
			from.products = append([]ProductID{}, slices.Sorted(slices.Values(c.Products))...)
		}
	}
	return from, nil
}

func (f Filter) page(tx *sqlite.Tx, from chosenFrom, after string, limit int) (page []Product, err error) {
	ids, err := f.ids(tx, from, after, limit)
	for _, id := range ids {
		r, _, err := readRecord(tx, id)
		if err != nil {
			return nil, err
		}
		page = append(page, r.Product)
	}
	return page, err
}

func (f Filter) ids(tx *sqlite.Tx, from chosenFrom, after string, limit int) (ids []ProductID, err error) {
	var rows *sqlite.Rows
	switch {
	case from.categories != nil:
		return f.inCategories(tx, from.categories, after, limit)
	case from.products != nil:
		return f.named(tx, from.products, after, limit)
	case from.collection != "":
		rows = tx.Query(`SELECT p.id FROM collected c JOIN products p ON p.id = c.product
			WHERE c.collection = ? AND c.product > ? AND (p.status = ? OR ? = '') ORDER BY c.product LIMIT ?`, from.collection, after, f.Status, f.Status, limit)
	default:
		rows = tx.Query(`SELECT id FROM products WHERE id > ? AND (status = ? OR ? = '') ORDER BY id LIMIT ?`, after, f.Status, f.Status, limit)
	}
	for rows.Next() {
		ids = append(ids, ProductID(rows.Text(0)))
	}
	return ids, rows.Close()
}

// named returns those of the products that are on the shard.
func (f Filter) named(tx *sqlite.Tx, products []ProductID, after string, limit int) (ids []ProductID, err error) {
	i, found := slices.BinarySearch(products, ProductID(after))
	if found {
		i++
	}
	for _, id := range products[i:] {
		_, here, err := tx.Int64(`SELECT 1 FROM products WHERE id = ? AND (status = ? OR ? = '')`, id, f.Status, f.Status)
		if err != nil {
			return nil, err
		}
		if here {
			ids = append(ids, id)
		}
		if len(ids) == limit {
			break
		}
	}
	return ids, nil
}
