package catalog

import (
	"context"
	"fmt"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/sqlite"
)

// large reports whether the product does not fit into one command.
func (c PutProduct) large() bool { return len(c.Variants) > 1 && c.size() > mostChunkBytes }

// putLarge puts a product in several commands: first the product with as many
// variants as fit, then the other variants, and at last it removes those that
// the product had and is to have no longer. Each has a key of its own that
// follows from that of the whole, so that asking again goes on.
func (s *Service) putLarge(ctx context.Context, c PutProduct, key string) (stored, error) {
	if err := s.checkReferences(ctx, c); err != nil {
		return stored{}, err
	}
	first := c
	n := fittingVariants(c.Variants, mostChunkBytes-c.size()+sizeOfVariants(c.Variants))
	first.Variants, first.More = c.Variants[:n], true
	done, err := s.putSmall(ctx, first, key)
	if err != nil {
		return stored{}, err
	}
	for part := 1; n < len(c.Variants); part++ {
		more := fittingVariants(c.Variants[n:], mostChunkBytes)
		next := PutVariants{Product: done.ID, Variants: c.Variants[n : n+more], Position: int64(n + 1), Key: c.Key}
		if done, err = s.putVariants(ctx, next, fmt.Sprintf("%s/%d", key, part), false); err != nil {
			return stored{}, begunUnder(key, err)
		}
		n += more
	}
	if done, err = s.removeOthers(ctx, c, done, key); err != nil {
		return stored{}, begunUnder(key, err)
	}
	return done, nil
}

// putInParts puts variants in as many commands as they need. The first removes
// what is to be removed.
func (s *Service) putInParts(ctx context.Context, c PutVariants, key string) error {
	n := fittingVariants(c.Variants, mostChunkBytes)
	first := c
	first.Variants = c.Variants[:n]
	if _, err := s.putVariants(ctx, first, key, true); err != nil {
		return err
	}
	for part := 1; n < len(c.Variants); part++ {
		more := fittingVariants(c.Variants[n:], mostChunkBytes)
		next := PutVariants{Product: c.Product, Variants: c.Variants[n : n+more], Key: c.Key}
		if _, err := s.putVariants(ctx, next, fmt.Sprintf("%s/%d", key, part), true); err != nil {
			return begunUnder(key, err)
		}
		n += more
	}
	return nil
}

// begunUnder says of an err that came after a part of a product was put that
// asking again with the key of the whole goes on.
func begunUnder(key string, err error) error {
	if fault.CodeOf(err) == fault.Uncertain {
		return command.UnderKey(key, err)
	}
	if fault.Retryable(err) {
		return &command.UncertainError{Key: key, Err: err}
	}
	return err
}

// removeOthers removes the variants that the product is to have no longer.
func (s *Service) removeOthers(ctx context.Context, c PutProduct, done stored, key string) (stored, error) {
	slot, err := done.ID.Slot()
	if err != nil {
		return stored{}, err
	}
	wanted := c.skus()
	var others []SKU
	err = s.engine.View(ctx, slot, func(tx *sqlite.Tx) error {
		rows := tx.Query(`SELECT sku FROM variants WHERE product = ? AND removed = 0 ORDER BY position, id`, done.ID)
		for rows.Next() {
			if sku := SKU(rows.Text(0)); !wanted[sku] {
				others = append(others, sku)
			}
		}
		return rows.Close()
	})
	if err != nil || len(others) == 0 {
		return done, err
	}
	return s.putVariants(ctx, PutVariants{Product: done.ID, Remove: others, Key: c.Key}, key+"/others", false)
}

// fittingVariants returns how many of the variants fit into so many bytes, at
// least one.
func fittingVariants(variants []PutVariant, bytes int) int {
	for i, v := range variants {
		if bytes -= v.size(); bytes < 0 && i > 0 {
			return i
		}
	}
	return len(variants)
}

func sizeOfVariants(variants []PutVariant) (size int) {
	for _, v := range variants {
		size += v.size()
	}
	return size
}
