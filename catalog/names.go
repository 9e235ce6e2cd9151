package catalog

import (
	"context"
	"errors"
	"slices"

	"github.com/keelshop/commerce/internal/claim"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/internal/sqlite"
)

// ClaimKind is the kind of the claims on handles, SKUs and external references.
// Their owner is a product.
const ClaimKind = "sku"

// mostFormer is how many former handles a product keeps.
const mostFormer = 20

// name is a handle, SKU or external reference and its claim.
type name struct {
	name      string
	claim     claim.Hash
	reference bool
}

// referenceClaim returns the claim on an external reference. It has the kind
// of names, but can never be that of a name.
func referenceClaim(e command.Engine, reference string) claim.Hash {
	return claim.Of(e, "reference", reference)
}

// names returns the handles, SKUs and external reference, each once.
func (r record) names() []name {
	if r.ID == "" {
		return nil
	}
	names := make([]name, 0, len(r.Variants)+len(r.former)+2)
	names = append(names, name{name: r.Handle, claim: r.claim})
	for i, v := range r.Variants {
		names = append(names, name{name: string(v.SKU), claim: r.claims[i]})
	}
	names = append(names, r.former...)
	if r.ExternalReference != "" {
		names = append(names, name{r.ExternalReference, r.reference, true})
	}
	return without(names, nil)
}

// names returns the handles, SKUs and external reference that the product will
// have.
func (c PutProduct) names(have record) []name {
	names := make([]name, 0, len(c.Variants)+2)
	names = append(names, name{name: c.Handle, claim: c.Claim})
	for _, v := range c.Variants {
		names = append(names, name{name: string(v.SKU), claim: v.Claim})
	}
	if c.More {
		for i, v := range have.Variants {
			names = append(names, name{name: string(v.SKU), claim: have.claims[i]})
		}
	}
	names = append(names, c.former(have)...)
	if c.ExternalReference != "" {
		names = append(names, name{c.ExternalReference, c.ReferenceClaim, true})
	}
	return without(names, nil)
}

// former returns the former handles that the product will have, the newest
// first.
func (c PutProduct) former(have record) []name {
	var list []name
	if have.ID != "" {
		list = append(append(list, name{name: have.Handle, claim: have.claim}), have.former...)
	}
	for i, h := range c.FormerHandles {
		list = append(list, name{name: h, claim: c.FormerClaims[i]})
	}
	list = slices.DeleteFunc(without(list, nil), func(n name) bool {
		return n.name == c.Handle || slices.Contains(c.ForgetHandles, n.name)
	})
	return list[:min(len(list), mostFormer)]
}

// changedNames returns the names that want has and have lacks, and the reverse.
func changedNames(have, want []name) (take, drop []name) {
	return without(want, have), without(have, want)
}

// without returns each of names once, less the others.
func without(names, others []name) (rest []name) {
	seen := make(map[claim.Hash]bool, len(names)+len(others))
	for _, n := range others {
		seen[n.claim] = true
	}
	for _, n := range names {
		if !seen[n.claim] {
			seen[n.claim] = true
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
		case isTaken && taken.Hash == n.claim && n.reference:
			return &ReferenceTakenError{Reference: n.name, Product: ProductID(taken.Owner)}
		case isTaken && taken.Hash == n.claim:
			return &NameTakenError{Name: n.name, Product: ProductID(taken.Owner)}
		case isBusy && busy.Hash == n.claim:
			return &NameBusyError{Name: n.name}
		}
	}
	return err
}

// Holds is the claim.Holder of ClaimKind: it reports whether a product has a
// name or external reference, by its hash.
func (s *Service) Holds(ctx context.Context, _ string, h claim.Hash, product string) (holds bool, err error) {
	slot, err := ProductID(product).Slot()
	if err != nil {
		return false, err
	}
	err = s.engine.View(ctx, slot, func(tx *sqlite.Tx) error {
		_, holds, err = tx.Int64(`SELECT 1 FROM products WHERE id = ? AND (claim = ? OR reference_claim = ?)
			UNION ALL SELECT 1 FROM variants WHERE product = ? AND claim = ? AND removed = 0
			UNION ALL SELECT 1 FROM former_handles WHERE product = ? AND claim = ?`, product, h[:], h[:], product, h[:], product, h[:])
		return err
	})
	return holds, err
}
