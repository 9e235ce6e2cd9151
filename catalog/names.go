package catalog

import (
	"context"
	"errors"

	"github.com/keelshop/commerce/internal/claim"
	"github.com/keelshop/commerce/internal/sqlite"
)

// ClaimKind is the kind of the claims on handles and SKUs. Their owner is a
// product.
const ClaimKind = "sku"

// name is a handle or SKU and its claim.
type name struct {
	name  string
	claim claim.Hash
}

// names returns the handle and the SKUs, each name once.
func (r record) names() []name {
	if r.ID == "" {
		return nil
	}
	names := make([]name, 0, len(r.Variants)+1)
	names = append(names, name{r.Handle, r.claim})
	for i, v := range r.Variants {
		if string(v.SKU) != r.Handle {
			names = append(names, name{string(v.SKU), r.claims[i]})
		}
	}
	return names
}

// changedNames returns the names that want has and have lacks, and the reverse.
func changedNames(have, want record) (take, drop []name) {
	had, wanted := map[string]bool{}, map[string]bool{}
	for _, n := range have.names() {
		had[n.name] = true
	}
	for _, n := range want.names() {
		wanted[n.name] = true
		if !had[n.name] {
			take = append(take, n)
		}
	}
	for _, n := range have.names() {
		if !wanted[n.name] {
			drop = append(drop, n)
		}
	}
	return take, drop
}

// nameError says of a name what package claim said of its hash.
func nameError(name string, err error) error {
	if e, ok := errors.AsType[*claim.TakenError](err); ok {
		return &NameTakenError{Name: name, Product: ProductID(e.Owner)}
	}
	if _, ok := errors.AsType[*claim.BusyError](err); ok {
		return &NameBusyError{Name: name}
	}
	return err
}

// Holds reports whether a product has a name, for package claim, which asks
// when nobody told it what became of a reservation.
func (s *Service) Holds(ctx context.Context, h claim.Hash, product ProductID) (holds bool, err error) {
	slot, err := product.Slot()
	if err != nil {
		return false, err
	}
	err = s.engine.View(ctx, slot, func(tx *sqlite.Tx) error {
		_, holds, err = tx.Int64(`SELECT 1 FROM products WHERE id = ? AND claim = ?
			UNION ALL SELECT 1 FROM variants WHERE product = ? AND claim = ? AND removed = 0`, product, h[:], product, h[:])
		return err
	})
	return holds, err
}
