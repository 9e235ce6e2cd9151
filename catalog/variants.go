package catalog

import (
	"context"
	"fmt"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/sqlite"
)

// Header returns a product without its variants, for those who read them page
// by page with VariantsOf. It does not go through the cache. The error is an
// *UnknownProductError if there is none.
func (s *Service) Header(ctx context.Context, product ProductID) (Product, error) {
	slot, err := product.Slot()
	if err != nil {
		return Product{}, err
	}
	var r record
	found := false
	err = s.engine.View(ctx, slot, func(tx *sqlite.Tx) (err error) {
		r, found, err = readProduct(tx, product)
		return err
	})
	switch {
	case err != nil:
		return Product{}, fmt.Errorf("reading product %s: %w", product, err)
	case !found:
		return Product{}, &UnknownProductError{Product: product}
	}
	return r.Product, nil
}

// VariantsOf returns the variants of a product in their order, at most limit of
// them behind the one with the SKU after, from the first on if that is "". A
// product that does not exist has none. The error is fault.Invalid if limit is
// not positive.
func (s *Service) VariantsOf(ctx context.Context, product ProductID, after SKU, limit int) (page []Variant, err error) {
	slot, err := product.Slot()
	if err != nil {
		return nil, err
	}
	if limit < 1 {
		return nil, fault.Wrong("limit", "%d variants cannot be on a page", limit)
	}
	err = s.engine.View(ctx, slot, func(tx *sqlite.Tx) error {
		page, err = readPage(tx, product, after, limit)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading variants of product %s: %w", product, err)
	}
	return page, nil
}

func readPage(tx *sqlite.Tx, product ProductID, after SKU, limit int) (page []Variant, err error) {
	position, id := int64(-1), ""
	if after != "" {
		// A variant that was removed meanwhile still has its place.
		rows := tx.One(`SELECT position, id FROM variants WHERE product = ? AND sku = ?`, product, after)
		if rows.Next() {
			position, id = rows.Int64(0), rows.Text(1)
		}
		if err := rows.Close(); err != nil {
			return nil, err
		}
	}
	rows := tx.Query(`SELECT `+variantColumns+`, `+headColumns+`, v.sku FROM variants v JOIN products p ON p.id = v.product
		WHERE v.product = ? AND v.removed = 0 AND (v.position, v.id) > (?, ?) ORDER BY v.position, v.id LIMIT ?`, product, position, id, limit)
	defer rows.Close()
	for rows.Next() {
		v := Variant{SKU: SKU(rows.Text(variantColumnCount + headColumnCount))}
		if err := v.readInto(rows); err != nil {
			return nil, err
		}
		p, err := readHead(rows, product, variantColumnCount)
		if err != nil {
			return nil, err
		}
		v.complete(&p)
		page = append(page, v)
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	for i := range page {
		if err := page[i].readPrices(tx); err != nil {
			return nil, err
		}
	}
	return page, nil
}
