package catalog

import (
	"context"
	"fmt"
	"slices"

	"github.com/keelshop/commerce/internal/claim"
	"github.com/keelshop/commerce/internal/sqlite"
)

// BySKU returns the variant with a SKU. The error is an *UnknownSKUError if
// there is none.
func (s *Service) BySKU(ctx context.Context, sku SKU) (Variant, error) {
	find := s.cachedSKU
	if s.engine.Several() {
		find = s.recentSKU
	}
	v, err := find(ctx, sku)
	if err != nil {
		return Variant{}, err
	}
	return *v, nil
}

func (s *Service) cachedSKU(ctx context.Context, sku SKU) (*Variant, error) {
	v, err := s.cache.Get(skuKey(sku), func() (any, error) {
		return s.loadSKU(context.WithoutCancel(ctx), sku) // others may wait for this load
	})
	if err != nil {
		return nil, err
	}
	return v.(*Variant), nil
}

// Variants returns the variants with the given SKUs, in the same order. The
// error is an *UnknownSKUError for the first SKU that there is none for.
func (s *Service) Variants(ctx context.Context, skus []SKU) ([]Variant, error) {
	variants := make([]Variant, len(skus))
	for i, sku := range skus {
		v, err := s.BySKU(ctx, sku)
		if err != nil {
			return nil, err
		}
		variants[i] = v
	}
	return variants, nil
}

// Get returns a product. The error is an *UnknownProductError if there is none.
func (s *Service) Get(ctx context.Context, product ProductID) (Product, error) {
	if s.engine.Several() {
		if err := s.recentProduct(ctx, product); err != nil {
			return Product{}, err
		}
	}
	p, err := s.cache.Get(productKey(product), func() (any, error) {
		r, err := s.load(context.WithoutCancel(ctx), product) // others may wait for this load
		return &r.Product, err
	})
	if err != nil {
		return Product{}, err
	}
	return *p.(*Product), nil
}

// ByHandle returns the product with a handle. By a former handle it returns
// the product with its present one, for a permanent redirect. The error is an
// *UnknownProductError if there is none.
func (s *Service) ByHandle(ctx context.Context, handle string) (Product, error) {
	owner, _, err := claim.Owner(ctx, s.engine, ClaimKind, claim.Of(s.engine, ClaimKind, handle))
	if err != nil {
		return Product{}, fmt.Errorf("looking up the handle %q: %w", handle, err)
	}
	if owner != "" {
		p, err := s.Get(ctx, ProductID(owner))
		if err != nil && !isUnknown(err) {
			return Product{}, err
		}
		if p.Handle == handle || slices.Contains(p.FormerHandles, handle) {
			return p, nil
		}
	}
	return Product{}, &UnknownProductError{Handle: handle}
}

// ByReference returns the product with an external reference. The error is an
// *UnknownReferenceError if there is none.
func (s *Service) ByReference(ctx context.Context, reference string) (Product, error) {
	owner, _, err := claim.Owner(ctx, s.engine, ClaimKind, referenceClaim(s.engine, reference))
	if err != nil {
		return Product{}, fmt.Errorf("looking up the external reference %q: %w", reference, err)
	}
	if owner != "" {
		p, err := s.Get(ctx, ProductID(owner))
		if err != nil && !isUnknown(err) {
			return Product{}, err
		}
		if reference != "" && p.ExternalReference == reference {
			return p, nil
		}
	}
	return Product{}, &UnknownReferenceError{Reference: reference}
}

// load reads a product past the cache.
func (s *Service) load(ctx context.Context, product ProductID) (r record, err error) {
	slot, err := product.Slot()
	if err != nil {
		return record{}, err
	}
	var found bool
	err = s.engine.View(ctx, slot, func(tx *sqlite.Tx) (err error) {
		r, found, err = readRecord(tx, product)
		return err
	})
	switch {
	case err != nil:
		return record{}, fmt.Errorf("reading product %s: %w", product, err)
	case !found:
		return record{}, &UnknownProductError{Product: product}
	}
	return r, nil
}

// loadSKU reads a variant past the cache: first who has the SKU, then the
// variant where that product lives, which mostly is the same shard.
func (s *Service) loadSKU(ctx context.Context, sku SKU) (v *Variant, err error) {
	h := claim.Of(s.engine, ClaimKind, string(sku))
	var product ProductID
	err = s.engine.View(ctx, h.Slot(), func(tx *sqlite.Tx) error {
		owner, _, err := claim.OwnerTx(tx, ClaimKind, h)
		if err != nil || owner == "" {
			return err
		}
		product = ProductID(owner)
		slot, err := product.Slot()
		if err == nil && s.engine.ShardOf(slot) == s.engine.ShardOf(h.Slot()) {
			v, err = readVariant(tx, product, sku)
		}
		return err
	})
	if err == nil && product != "" && v == nil {
		v, err = s.loadVariant(ctx, product, sku)
	}
	switch {
	case err != nil:
		return nil, fmt.Errorf("looking up SKU %q: %w", sku, err)
	case v == nil:
		return nil, &UnknownSKUError{SKU: sku}
	}
	return v, nil
}

func (s *Service) loadVariant(ctx context.Context, product ProductID, sku SKU) (v *Variant, err error) {
	slot, err := product.Slot()
	if err != nil {
		return nil, err
	}
	err = s.engine.View(ctx, slot, func(tx *sqlite.Tx) (err error) {
		v, err = readVariant(tx, product, sku)
		return err
	})
	return v, err
}

// headColumns are those of a product that readHead reads behind variantColumns.
const headColumns = `p.title, p.status, p.version, p.publications`

const headColumnCount = 4

// readHead reads what a variant repeats of its product.
func readHead(rows *sqlite.Rows, product ProductID, col int) (p Product, err error) {
	p = Product{ID: product, Title: rows.Text(col), Status: Status(rows.Text(col + 1)), Version: rows.Int64(col + 2)}
	p.Publications, err = decodeList[Publication](rows.Text(col + 3))
	return p, err
}

// readVariant returns nil if the product has no such variant.
func readVariant(tx *sqlite.Tx, product ProductID, sku SKU) (*Variant, error) {
	rows := tx.One(`SELECT `+variantColumns+`, `+headColumns+`
		FROM variants v JOIN products p ON p.id = v.product WHERE v.product = ? AND v.sku = ? AND v.removed = 0`, product, sku)
	defer rows.Close()
	if !rows.Next() {
		return nil, rows.Err()
	}
	v := &Variant{SKU: sku}
	if err := v.readInto(rows); err != nil {
		return nil, err
	}
	p, err := readHead(rows, product, variantColumnCount)
	if err != nil {
		return nil, err
	}
	v.complete(&p)
	return v, v.readPrices(tx)
}

func (v *Variant) readPrices(tx *sqlite.Tx) error {
	rows := tx.Query(`SELECT `+priceColumns+` FROM prices p WHERE p.variant = ? ORDER BY p.currency`, v.ID)
	for rows.Next() {
		v.addPrice(rows)
	}
	if err := rows.Close(); err != nil {
		return err
	}
	rows = tx.Query(`SELECT `+listPriceColumns+` FROM list_prices p WHERE p.variant = ? ORDER BY p.list, p.currency, p.min_quantity`, v.ID)
	for rows.Next() {
		v.addListPrice(rows)
	}
	return rows.Close()
}

// VariantTx returns a variant by its ID in a snapshot or transaction of its
// shard, for packages that act where the variant lives. A variant that was
// removed from its product is not found.
func VariantTx(tx *sqlite.Tx, variant VariantID) (v Variant, found bool, err error) {
	rows := tx.One(`SELECT product, sku FROM variants WHERE id = ? AND removed = 0`, variant)
	product, sku := ProductID(""), SKU("")
	if found = rows.Next(); found {
		product, sku = ProductID(rows.Text(0)), SKU(rows.Text(1))
	}
	if err := rows.Close(); err != nil || !found {
		return Variant{}, false, err
	}
	p, err := readVariant(tx, product, sku)
	if err != nil || p == nil {
		return Variant{}, false, err
	}
	return *p, true, nil
}
