package catalog

import (
	"context"
	"fmt"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/claim"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/sqlite"
)

// large reports whether the product does not fit into one command.
func (c PutProduct) large() bool { return len(c.Variants) > 1 && c.size() > mostChunkBytes }

// putLarge puts a product in several commands: first the product with as many
// variants as fit, then the other variants, and at last it removes those that
// the product had and is to have no longer. Each has a key of its own that
// follows from that of the whole, so that asking again goes on. With a Version,
// each expects the one that the part before has left. SKUs that others have are
// refused before the first.
func (s *Service) putLarge(ctx context.Context, c PutProduct, key string) (stored, error) {
	if err := s.checkReferences(ctx, c); err != nil {
		return stored{}, err
	}
	first := c
	n := fittingVariants(c.Variants, mostChunkBytes-c.size()+sizeOfVariants(c.Variants))
	first.Variants, first.More = c.Variants[:n], true
	done, err := s.putSmall(ctx, first, key, s.namesOfSKUs(c.Variants[n:]))
	if err != nil {
		return stored{}, err
	}
	product := done.ID
	partly := func(err error) error {
		return &PartlyPutError{Product: product, Done: n, Of: len(c.Variants), Err: begunUnder(key, err)}
	}
	version := func() int64 { // that of the next part
		if c.Version == 0 {
			return 0
		}
		return done.Version
	}
	var others []SKU
	for part := 1; n < len(c.Variants); part++ {
		more := fittingVariants(c.Variants[n:], mostChunkBytes)
		next := PutVariants{Product: product, Variants: c.Variants[n : n+more], Position: int64(n + 1), Version: version(), More: true}
		if n+more == len(c.Variants) {
			if others, err = s.others(ctx, c, product); err != nil {
				return stored{}, partly(err)
			}
			next.More, next.Last = len(others) > 0, len(others) == 0
		}
		if done, err = s.putVariants(ctx, next, fmt.Sprintf("%s/%d", key, part), nil); err != nil {
			return stored{}, partly(err)
		}
		n += more
	}
	if len(others) == 0 {
		return done, nil
	}
	rest := PutVariants{Product: product, Remove: others, Version: version(), Last: true}
	if done, err = s.putVariants(ctx, rest, key+"/others", nil); err != nil {
		return stored{}, partly(err)
	}
	return done, nil
}

// putParts puts variants in as many commands as they need, each with a key of
// its own that follows from that of the whole. What can be known to be wrong
// with any of them is refused before the first.
func (s *Service) putParts(ctx context.Context, c PutVariants, key string) error {
	parts := c.parts()
	if len(parts) == 1 {
		_, err := s.putVariants(ctx, c, key, func() error { return s.checkMerged(ctx, c) })
		return err
	}
	parts[0].Version, parts[0].Key = c.Version, c.Key
	done, err := s.putVariants(ctx, parts[0], key, func() error { return s.checkParts(ctx, c) })
	if err != nil {
		return err
	}
	n := parts[0].count()
	for i, next := range parts[1:] {
		if c.Version != 0 {
			next.Version = done.Version
		}
		if done, err = s.putVariants(ctx, next, fmt.Sprintf("%s/%d", key, i+1), nil); err != nil {
			return &PartlyPutError{Product: c.Product, Done: n, Of: c.count(), Err: begunUnder(key, err)}
		}
		n += next.count()
	}
	return nil
}

func (c PutVariants) count() int { return len(c.Variants) + len(c.Remove) }

// parts divides what a command puts and removes, in this order, so that each
// part fits into a command. The same command has the same parts each time.
func (c PutVariants) parts() []PutVariants {
	var parts []PutVariants
	bytes := mostChunkBytes
	place := func(size int) *PutVariants {
		if bytes += size; bytes > mostChunkBytes || len(parts) == 0 {
			parts, bytes = append(parts, PutVariants{Product: c.Product, More: true}), size
		}
		return &parts[len(parts)-1]
	}
	for _, v := range c.Variants {
		part := place(v.size())
		part.Variants = append(part.Variants, v)
	}
	for _, sku := range c.Remove {
		part := place(3 + len(sku))
		part.Remove = append(part.Remove, sku)
	}
	last := &parts[len(parts)-1]
	last.More, last.Last = false, true
	return parts
}

// checkParts refuses what would be refused of a later part: names that others
// have, and what only the whole product shows.
func (s *Service) checkParts(ctx context.Context, c PutVariants) error {
	slot, err := c.Product.Slot()
	if err != nil {
		return err
	}
	var names []name
	err = s.engine.View(ctx, slot, func(tx *sqlite.Tx) error {
		p, found, err := readProduct(tx, c.Product)
		if err != nil || !found {
			return err // the first part says so
		}
		names, err = s.checkResult(tx, p, c)
		return err
	})
	if err != nil {
		return err
	}
	if err := s.checkFree(ctx, c.Product, names); err != nil {
		return err
	}
	return s.checkMerged(ctx, c)
}

// checkResult refuses a number of variants that a product cannot have, and two
// with the same options, and returns the names that are new to it.
func (s *Service) checkResult(tx *sqlite.Tx, p record, c PutVariants) (names []name, err error) {
	have := map[SKU]bool{}
	stay, owners := 0, map[string]SKU{} // variants that are not named, and by their options
	change := map[SKU]bool{}
	for _, v := range c.Variants {
		change[v.SKU] = true
	}
	for _, sku := range c.Remove {
		change[sku] = true
	}
	rows := tx.Query(`SELECT sku, options_key FROM variants WHERE product = ? AND removed = 0`, p.ID)
	for rows.Next() {
		sku := SKU(rows.Text(0))
		if have[sku] = true; !change[sku] {
			stay++
			owners[rows.Text(1)] = sku
		}
	}
	if err := rows.Close(); err != nil {
		return nil, err
	}
	if n := stay + len(c.Variants); n == 0 || n > mostVariants {
		return nil, wrongCount(p.ID, int64(n))
	}
	for _, v := range c.Variants {
		key, err := optionsKey(v.Options)
		if err != nil {
			return nil, err
		}
		if other, taken := owners[key]; taken {
			return nil, &DuplicateOptionsError{SKU: v.SKU, Other: other}
		}
		if !have[v.SKU] {
			names = append(names, name{name: string(v.SKU), claim: claim.Of(s.engine, ClaimKind, string(v.SKU))})
		}
	}
	return without(names, p.names()), nil
}

// namesOfSKUs returns the SKUs of variants as names.
func (s *Service) namesOfSKUs(variants []PutVariant) []name {
	names := make([]name, len(variants))
	for i, v := range variants {
		names[i] = name{name: string(v.SKU), claim: claim.Of(s.engine, ClaimKind, string(v.SKU))}
	}
	return names
}

// checkFree refuses names that other products have, with one snapshot for each
// shard.
func (s *Service) checkFree(ctx context.Context, product ProductID, names []name) error {
	byShard := make([][]name, s.engine.Shards())
	for _, n := range names {
		shard := s.engine.ShardOf(n.claim.Slot())
		byShard[shard] = append(byShard[shard], n)
	}
	for shard, names := range byShard {
		if len(names) == 0 {
			continue
		}
		err := s.engine.View(ctx, s.engine.SlotOn(shard), func(tx *sqlite.Tx) error {
			for _, n := range names {
				owner, confirmed, err := claim.OwnerTx(tx, ClaimKind, n.claim)
				switch {
				case err != nil:
					return err
				case owner == "" || owner == string(product):
				case confirmed:
					return &NameTakenError{Name: n.name, Product: ProductID(owner)}
				default:
					return &NameBusyError{Name: n.name}
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
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

// others returns the variants that the product has and is to have no longer.
func (s *Service) others(ctx context.Context, c PutProduct, product ProductID) (others []SKU, err error) {
	slot, err := product.Slot()
	if err != nil {
		return nil, err
	}
	wanted := c.skus()
	err = s.engine.View(ctx, slot, func(tx *sqlite.Tx) error {
		rows := tx.Query(`SELECT sku FROM variants WHERE product = ? AND removed = 0 ORDER BY position, id`, product)
		for rows.Next() {
			if sku := SKU(rows.Text(0)); !wanted[sku] {
				others = append(others, sku)
			}
		}
		return rows.Close()
	})
	return others, err
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
