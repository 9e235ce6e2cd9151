package catalog

import (
	"context"
	"fmt"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/id"
)

// ArchiveProduct takes a product off sale for good. It keeps its SKUs and
// handle and stays readable. Archiving an archived product changes nothing;
// putting it again with another status brings it back.
type ArchiveProduct struct {
	Product ProductID `cbor:"1,keyasint"`
	Version int64     `cbor:"2,keyasint,omitempty"` // the one that the caller has read; 0 for any
	Key     string    `cbor:"-"`
}

// Kind returns "catalog.archive_product".
func (ArchiveProduct) Kind() command.Kind { return "catalog.archive_product" }

// Validate returns fault.Invalid if Product is not a product's ID.
func (c ArchiveProduct) Validate() error {
	if c.Version < 0 {
		return fault.Wrong("version", "version %d of a product cannot exist", c.Version)
	}
	return id.Check("prd", string(c.Product))
}

func (c ArchiveProduct) apply(tx *command.Tx) (stored, error) {
	have, found, err := readRecord(tx.Tx, c.Product)
	switch {
	case err != nil:
		return stored{}, err
	case !found:
		return stored{}, &UnknownProductError{Product: c.Product}
	case c.Version != 0 && c.Version != have.Version:
		return stored{}, &VersionError{Product: c.Product, Have: have.Version, Want: c.Version}
	case have.Status == Archived:
		return stored{ID: have.ID, Version: have.Version}, nil
	}
	want := have
	want.Status = Archived
	want.Version++
	if err := want.storeProduct(tx, have); err != nil {
		return stored{}, err
	}
	return stored{ID: want.ID, Version: want.Version}, want.announce(tx, have)
}

// ArchiveProduct takes a product off sale and returns it.
func (s *Service) ArchiveProduct(ctx context.Context, c ArchiveProduct) (Product, error) {
	if err := c.Validate(); err != nil {
		return Product{}, err
	}
	slot, err := c.Product.Slot()
	if err != nil {
		return Product{}, err
	}
	p, err := command.DoThen(ctx, s.engine, &c, command.Call{Key: c.Key, Slot: slot}, s.read)
	if err != nil {
		return Product{}, fmt.Errorf("archiving product %s: %w", c.Product, err)
	}
	return p, nil
}
