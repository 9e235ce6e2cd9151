package catalog

import (
	"context"
	"errors"

	"github.com/keelshop/commerce/internal/claim"
	"github.com/keelshop/commerce/internal/id"
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

// names returns the handle and the SKUs of a normalized command.
func (c PutProduct) names() []name {
	names := make([]name, 0, len(c.Variants)+1)
	names = append(names, name{c.Handle, c.Claim})
	for _, v := range c.Variants {
		if string(v.SKU) != c.Handle {
			names = append(names, name{string(v.SKU), v.Claim})
		}
	}
	return names
}

// changedNames returns the names that want has and have lacks, and the reverse.
func changedNames(have, want []name) (take, drop []name) {
	return without(want, have), without(have, want)
}

func without(names, others []name) (rest []name) {
	set := make(map[string]bool, len(others))
	for _, n := range others {
		set[n.name] = true
	}
	for _, n := range names {
		if !set[n.name] {
			rest = append(rest, n)
		}
	}
	return rest
}

// beyond returns the names whose claims are on other slots.
func beyond(slot id.Slot, names []name) (rest []name) {
	for _, n := range names {
		if n.claim.Slot() != slot {
			rest = append(rest, n)
		}
	}
	return rest
}

func claims(names []name) []claim.Hash {
	hashes := make([]claim.Hash, len(names))
	for i, n := range names {
		hashes[i] = n.claim
	}
	return hashes
}

// nameError says of a name what package claim said of its hash.
func nameError(n name, err error) error { return namesError([]name{n}, err) }

// namesError says of one of names what package claim said of its hash.
func namesError(names []name, err error) error {
	taken, isTaken := errors.AsType[*claim.TakenError](err)
	busy, isBusy := errors.AsType[*claim.BusyError](err)
	for _, n := range names {
		switch {
		case isTaken && taken.Hash == n.claim:
			return &NameTakenError{Name: n.name, Product: ProductID(taken.Owner)}
		case isBusy && busy.Hash == n.claim:
			return &NameBusyError{Name: n.name}
		}
	}
	return err
}

// Holds is the claim.Holder of ClaimKind: it reports whether a product has a
// name, by its hash.
func (s *Service) Holds(ctx context.Context, _ string, h claim.Hash, product string) (holds bool, err error) {
	slot, err := ProductID(product).Slot()
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
