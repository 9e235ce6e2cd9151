package catalog

import (
	"context"
	"fmt"

	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/internal/sqlite"
)

// Categories returns the category tree. It is kept in the cache as a whole, so
// that asking for it at every request costs nothing.
func (s *Service) Categories(ctx context.Context) (*Tree, error) {
	t, err := s.storeWide(ctx, categoriesKey, func() (any, error) {
		return s.loadTree(context.WithoutCancel(ctx)) // others may wait for this load
	})
	if err != nil {
		return nil, fmt.Errorf("reading the categories: %w", err)
	}
	return t.(*Tree), nil
}

func (s *Service) loadTree(ctx context.Context) (*Tree, error) {
	var all []Category
	err := s.engine.View(ctx, id.StoreSlot, func(tx *sqlite.Tx) error {
		rows := tx.Query(`SELECT ` + categoryColumns + ` FROM categories`)
		defer rows.Close()
		for rows.Next() {
			var c Category
			if err := c.readInto(rows); err != nil {
				return err
			}
			all = append(all, c)
		}
		if err := rows.Err(); err != nil {
			return err
		}
		return readFormerHandles(tx, all)
	})
	return newTree(all), err
}

func readFormerHandles(tx *sqlite.Tx, categories []Category) error {
	former := map[CategoryID][]string{}
	rows := tx.Query(`SELECT category, handle FROM former_category_handles ORDER BY handle`)
	for rows.Next() {
		c := CategoryID(rows.Text(0))
		former[c] = append(former[c], rows.Text(1))
	}
	for i := range categories {
		categories[i].FormerHandles = former[categories[i].ID]
	}
	return rows.Close()
}

// readCategory returns the category that a command answered with.
func (s *Service) readCategory(ctx context.Context, done storedCategory) (c Category, err error) {
	found := false
	err = s.engine.View(ctx, id.StoreSlot, func(tx *sqlite.Tx) error {
		if c, found, err = readCategory(tx, done.ID, ""); err != nil || !found {
			return err
		}
		one := []Category{c}
		err = readFormerHandles(tx, one)
		c = one[0]
		return err
	})
	if err == nil && !found {
		err = &UnknownCategoryError{Category: done.ID}
	}
	return c, err
}

// CategoryCounts returns how many active products are in each category or
// below it, each product once. Categories without any are left out. The map is
// shared: do not change it.
func (s *Service) CategoryCounts(ctx context.Context) (map[CategoryID]int64, error) {
	if err := s.recentEverywhere(ctx); err != nil {
		return nil, fmt.Errorf("counting products by category: %w", err)
	}
	counts, err := s.cache.Get(countsKey, func() (any, error) { return s.loadCounts(context.WithoutCancel(ctx)) })
	if err != nil {
		return nil, fmt.Errorf("counting products by category: %w", err)
	}
	return counts.(map[CategoryID]int64), nil
}

func (s *Service) loadCounts(ctx context.Context) (map[CategoryID]int64, error) {
	tree, err := s.loadTree(ctx)
	if err != nil {
		return nil, err
	}
	counts := map[CategoryID]int64{}
	for shard := range s.engine.Shards() {
		err := s.engine.View(ctx, s.engine.SlotOn(shard), func(tx *sqlite.Tx) error {
			rows := tx.Query(`SELECT categories, products FROM category_sets`)
			defer rows.Close()
			for rows.Next() {
				set, err := decodeList[CategoryID](rows.Text(0))
				if err != nil {
					return err
				}
				n := rows.Int64(1)
				tree.above(set, func(c CategoryID) { counts[c] += n })
			}
			return rows.Err()
		})
		if err != nil {
			return nil, err
		}
	}
	return counts, nil
}

// checkCategories returns an *UnknownCategoryError if one of the categories
// does not exist.
func (s *Service) checkCategories(ctx context.Context, categories []CategoryID) error {
	if len(categories) == 0 {
		return nil
	}
	tree, err := s.Categories(ctx)
	if err != nil {
		return err
	}
	for _, c := range categories {
		if _, ok := tree.Get(c); !ok {
			return &UnknownCategoryError{Category: c}
		}
	}
	return nil
}
