package catalog

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/claim"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/internal/sqlite"
)

// PutVariants adds variants to a product, replaces some and removes others. All
// that are not named stay as they are and are not looked at, so that it costs
// little however many the product has.
type PutVariants struct {
	Product ProductID `cbor:"1,keyasint"`
	// Variants are replaced as a whole each, or added behind the others.
	Variants []PutVariant `cbor:"2,keyasint,omitempty"`
	// Remove are SKUs to remove. Those that are not there do not matter.
	Remove []SKU `cbor:"3,keyasint,omitempty"`
	// Version is the product's that the caller has read; 0 is for any.
	Version int64  `cbor:"4,keyasint,omitempty"`
	Key     string `cbor:"-"`

	// Position is that of the first of Variants, counted from 1; 0 leaves them
	// where they are.
	Position int64 `cbor:"5,keyasint,omitempty" command:"stamped"`
	// Reserved is there if names on other slots are taken or dropped.
	Reserved *Reserved `cbor:"6,keyasint,omitempty" command:"stamped"`
	// More says that this is a part of a change, and not the last. Last says
	// that it is the last of several.
	More bool `cbor:"7,keyasint,omitempty" command:"stamped"`
	Last bool `cbor:"8,keyasint,omitempty" command:"stamped"`
}

// Kind returns "catalog.put_variants".
func (PutVariants) Kind() command.Kind { return "catalog.put_variants" }

// Validate returns fault.Invalid if the variants could not be sold, whatever
// the store holds.
func (c PutVariants) Validate() error {
	if err := id.Check("prd", string(c.Product)); err != nil {
		return err
	}
	if c.Version < 0 {
		return fault.Wrong("version", "version %d of a product cannot exist", c.Version)
	}
	if n := len(c.Variants) + len(c.Remove); n == 0 || n > 2*mostVariants {
		return fault.Wrong("variants", "%d variants are put or removed: it is 1 to %d", n, 2*mostVariants)
	}
	variants, err := normalVariants(c.Variants)
	if err != nil {
		return err
	}
	if err := checkVariants(variants); err != nil {
		return err
	}
	for _, sku := range c.Remove {
		if slices.ContainsFunc(c.Variants, func(v PutVariant) bool { return v.SKU == sku }) {
			return fault.Wrong("remove", "%q is both put and removed", sku)
		}
	}
	return nil
}

func (c PutVariants) apply(tx *command.Tx) (stored, error) {
	var token string
	if c.Reserved != nil {
		if err := c.Reserved.check(tx); err != nil {
			return stored{}, err
		}
		token = c.Reserved.Token
	}
	p, found, err := readProduct(tx.Tx, c.Product)
	switch {
	case err != nil:
		return stored{}, err
	case !found:
		return stored{}, &UnknownProductError{Product: c.Product}
	case c.Version != 0 && c.Version != p.Version:
		return stored{}, &VersionError{Product: c.Product, Have: p.Version, Want: c.Version}
	case c.Reserved != nil && c.Reserved.Base != p.Version:
		return stored{}, &movedError{Product: c.Product}
	}
	changed, err := c.store(tx, p)
	if err != nil || !changed && !c.Last {
		return stored{ID: p.ID, Version: p.Version, Token: token}, err
	}
	if err := c.checkRest(tx); err != nil {
		return stored{}, err
	}
	if err := finish(tx, p.ID, c.More); err != nil || !changed {
		return stored{ID: p.ID, Version: p.Version, Token: token}, err
	}
	return stored{ID: p.ID, Version: p.Version + 1, Token: token}, bump(tx, p.ID, "product.updated", []string{"variants"})
}

// store writes what differs, with the names on the product's own slot, and
// reports whether anything does.
func (c PutVariants) store(tx *command.Tx, p record) (changed bool, err error) {
	for _, sku := range c.Remove {
		have, err := p.findPlaced(tx, sku)
		if err != nil {
			return false, err
		}
		if !have.live {
			continue
		}
		changed = true
		if err := c.drop(tx, p, have); err != nil {
			return false, err
		}
	}
	last := int64(-1) // the last position that is taken, looked up when it is needed
	for i, v := range c.Variants {
		have, err := p.findPlaced(tx, v.SKU)
		if err != nil {
			return false, err
		}
		want := placed{Variant: v.variant(have.ID), claim: v.Claim, position: have.position, known: have.known}
		switch {
		case c.Position > 0:
			want.position = c.Position - 1 + int64(i)
		case !have.live:
			if last < 0 {
				last, _, err = tx.Int64(`SELECT coalesce(max(position), -1) FROM variants WHERE product = ? AND removed = 0`, p.ID)
			}
			last++
			want.position = last
		}
		if err != nil {
			return false, err
		}
		if have.live && want.position == have.position && want.same(have.Variant) {
			continue
		}
		changed = true
		if err := c.take(tx, p, have, want); err != nil {
			return false, err
		}
	}
	return changed, nil
}

// placed is a variant with what its readers need not know.
type placed struct {
	Variant
	claim    claim.Hash
	position int64
	live     bool // its product has it
	known    bool // the tables have it, live or removed
}

// findPlaced returns the variant that a product has or had under a SKU. One
// that is new has its ID only.
func (r record) findPlaced(tx *command.Tx, sku SKU) (v placed, err error) {
	v.SKU = sku
	rows := tx.One(`SELECT id, claim, position, removed FROM variants WHERE product = ? AND sku = ?`, r.ID, sku)
	if v.known = rows.Next(); v.known {
		v.ID, v.claim, v.position, v.live = VariantID(rows.Text(0)), claim.Hash(rows.Blob(1)), rows.Int64(2), !rows.Bool(3)
	}
	if err := rows.Close(); err != nil {
		return placed{}, err
	}
	if !v.known {
		v.ID = variantID(tx, r.ID, sku)
	}
	if !v.live {
		return v, nil
	}
	have, err := readVariant(tx.Tx, r.ID, sku)
	if err == nil {
		v.Variant = *have
	}
	return v, err
}

// take stores a variant and takes its name, unless that is reserved or the
// product's already.
func (c PutVariants) take(tx *command.Tx, p record, have, want placed) error {
	tx.Touch(skuKey(want.SKU))
	if !have.live {
		if err := c.takeName(tx, p, name{name: string(want.SKU), claim: want.claim}); err != nil {
			return err
		}
	}
	return want.store(tx, p.ID, have.live && have.samePrices(want.Variant))
}

func (c PutVariants) takeName(tx *command.Tx, p record, n name) error {
	if len(without([]name{n}, p.names())) == 0 {
		return nil // it is the handle too
	}
	if n.claim.Slot() != tx.Slot {
		if c.Reserved == nil {
			return &movedError{Product: p.ID}
		}
		return nil
	}
	if err := claim.TakeTx(tx, ClaimKind, n.claim, string(p.ID)); err != nil {
		return nameError(n, err)
	}
	return nil
}

func (c PutVariants) drop(tx *command.Tx, p record, have placed) error {
	tx.Touch(skuKey(have.SKU))
	if _, err := tx.Exec(`UPDATE variants SET removed = 1 WHERE id = ?`, have.ID); err != nil {
		return err
	}
	if len(without([]name{{claim: have.claim}}, p.names())) == 0 {
		return nil
	}
	if have.claim.Slot() != tx.Slot {
		if c.Reserved == nil {
			return &movedError{Product: p.ID}
		}
		return nil
	}
	return claim.ReleaseTx(tx, ClaimKind, have.claim, string(p.ID))
}

// finish notes whether more parts of a change of a product are to come. Until
// then two of its variants may have the same options, which keeps it unfinished
// as well: a part has changed one of them, and the other is still to come.
func finish(tx *command.Tx, product ProductID, more bool) error {
	if more {
		_, err := tx.Exec(`UPDATE products SET unfinished = 1 WHERE id = ?`, product)
		return err
	}
	_, err := tx.Exec(`UPDATE products SET unfinished = 0 WHERE id = ? AND unfinished = 1 AND NOT EXISTS
		(SELECT 1 FROM variants WHERE product = products.id AND removed = 0 GROUP BY options_key HAVING count(*) > 1)`, product)
	return err
}

// checkRest refuses what only the whole product shows: no variant left, too
// many, or two with the same options. Before the last part of a change that
// cannot be said yet, and after it, it concerns all variants.
func (c PutVariants) checkRest(tx *command.Tx) error {
	n, _, err := tx.Int64(`SELECT count(*) FROM variants WHERE product = ? AND removed = 0`, c.Product)
	if err != nil {
		return err
	}
	if n == 0 || n > mostVariants && !c.More {
		return wrongCount(c.Product, n)
	}
	switch {
	case c.More:
		return nil
	case c.Last:
		return checkOptions(tx, c.Product)
	}
	for _, v := range c.Variants {
		key, err := optionsKey(v.Options)
		if err != nil {
			return err
		}
		rows := tx.One(`SELECT sku FROM variants WHERE product = ? AND options_key = ? AND sku <> ? AND removed = 0`, c.Product, key, v.SKU)
		other := SKU("")
		if rows.Next() {
			other = SKU(rows.Text(0))
		}
		if err := rows.Close(); err != nil {
			return err
		}
		if other != "" {
			return &DuplicateOptionsError{SKU: v.SKU, Other: other}
		}
	}
	return nil
}

func wrongCount(product ProductID, n int64) error {
	return fault.Wrong("remove", "product %s would have %d variants: it needs 1 to %d", product, n, mostVariants)
}

// checkOptions refuses two variants of a product with the same options.
func checkOptions(tx *command.Tx, product ProductID) error {
	rows := tx.One(`SELECT max(sku), min(sku) FROM variants WHERE product = ? AND removed = 0
		GROUP BY options_key HAVING count(*) > 1 ORDER BY 1 LIMIT 1`, product)
	var err error
	if rows.Next() {
		err = &DuplicateOptionsError{SKU: SKU(rows.Text(0)), Other: SKU(rows.Text(1))}
	}
	return firstError(rows.Close(), err)
}

// PutVariants adds, replaces and removes variants of a product, and returns
// those that were put, in the same order. The errors are those of PutProduct.
//
// More than fit into one command are put in several, after all has been checked
// that can be known. Until the last of them a reader sees a part of the change.
// An error that comes in between is a *PartlyPutError; where it is
// fault.Uncertain, asking again with its key goes on. With a Version, what others
// change in between is not written over, but is a *VersionError.
func (s *Service) PutVariants(ctx context.Context, c PutVariants) ([]Variant, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	variants, err := normalVariants(c.Variants)
	if err != nil {
		return nil, err
	}
	if err := s.checkKits(ctx, variants); err != nil {
		return nil, fmt.Errorf("putting variants of product %s: %w", c.Product, err)
	}
	c.Variants, c.Position, c.More, c.Last = variants, 0, false, false
	key := command.KeyOr(s.engine, c.Key)
	if err = s.putParts(ctx, c, key); err != nil {
		return nil, fmt.Errorf("putting variants of product %s: %w", c.Product, err)
	}
	return command.Then(ctx, key, func(ctx context.Context) ([]Variant, error) { return s.readVariants(ctx, c) })
}

func (s *Service) readVariants(ctx context.Context, c PutVariants) (out []Variant, err error) {
	slot, err := c.Product.Slot()
	if err != nil {
		return nil, err
	}
	err = s.engine.View(ctx, slot, func(tx *sqlite.Tx) error {
		for _, v := range c.Variants {
			have, err := readVariant(tx, c.Product, v.SKU)
			if err != nil {
				return err
			}
			if have != nil { // or removed meanwhile
				out = append(out, *have)
			}
		}
		return nil
	})
	return out, err
}

// putVariants runs a normalized command under key. What check refuses, which
// may be nil, is not done, unless it was done already.
func (s *Service) putVariants(ctx context.Context, c PutVariants, key string, check func() error) (done stored, err error) {
	for i := range c.Variants {
		c.Variants[i].Claim = claim.Of(s.engine, ClaimKind, string(c.Variants[i].SKU))
	}
	for range attempts {
		if done, err = s.tryVariants(ctx, c, key, check); !startOver(err) {
			return done, err
		}
	}
	return stored{}, err
}

func (s *Service) tryVariants(ctx context.Context, c PutVariants, key string, check func() error) (done stored, err error) {
	slot, err := c.Product.Slot()
	if err != nil {
		return stored{}, err
	}
	var r *claim.Reservation
	done, err = command.Do[stored](ctx, s.engine, &c, command.Call{Key: key, Slot: slot, Prepare: func(command.Stamp) error {
		c.Reserved = nil
		if check != nil {
			if err := check(); err != nil {
				return err
			}
		}
		version, change, names, err := s.variantChange(ctx, c, slot)
		if err != nil || len(change.Take)+len(change.Drop) == 0 {
			return err
		}
		if r, err = claim.Reserve(ctx, s.engine, change); err != nil {
			err = namesError(names, err)
			if refused := refusedBy(err); refused != nil && c.Key != "" {
				c.Reserved, err = refused, nil
			}
			return err
		}
		c.Reserved = &Reserved{Base: version, Deadline: r.Deadline, Token: r.Token}
		return nil
	}})
	s.settle(ctx, r, false, done, err)
	return done, err
}

// variantChange returns what a command changes of a product's names on other
// slots than its own.
func (s *Service) variantChange(ctx context.Context, c PutVariants, slot id.Slot) (version int64, change claim.Change, names []name, err error) {
	change = claim.Change{Kind: ClaimKind, Owner: string(c.Product)}
	err = s.engine.View(ctx, slot, func(tx *sqlite.Tx) error {
		p, found, err := readProduct(tx, c.Product)
		if err == nil && !found {
			err = &UnknownProductError{Product: c.Product}
		}
		if err != nil {
			return err
		}
		version = p.Version
		var take, drop []name
		for _, v := range c.Variants {
			has, err := p.has(tx, v.SKU)
			if err != nil {
				return err
			}
			if !has {
				take = append(take, name{name: string(v.SKU), claim: v.Claim})
			}
		}
		for _, sku := range c.Remove {
			has, err := p.has(tx, sku)
			if err != nil {
				return err
			}
			if has {
				drop = append(drop, name{name: string(sku), claim: claim.Of(s.engine, ClaimKind, string(sku))})
			}
		}
		names = without(take, p.names())
		change.Take, change.Drop = claims(beyond(slot, names)), claims(beyond(slot, without(drop, p.names())))
		return nil
	})
	return version, change, names, err
}

// has reports whether the product has a SKU.
func (r record) has(tx *sqlite.Tx, sku SKU) (bool, error) {
	_, found, err := tx.Int64(`SELECT 1 FROM variants WHERE product = ? AND sku = ? AND removed = 0`, r.ID, sku)
	return found, err
}

// checkMerged holds a product of a type against it as the command would leave
// it.
func (s *Service) checkMerged(ctx context.Context, c PutVariants) error {
	p, err := s.Header(ctx, c.Product)
	if err != nil || p.Type == "" {
		if errors.Is(err, fault.NotFound) {
			return nil // the command says so
		}
		return err
	}
	if p, err = s.Get(ctx, c.Product); err != nil {
		return err
	}
	merged := PutProduct{Type: p.Type, Attributes: p.Attributes, Variants: slices.Clone(c.Variants)}
	for _, v := range p.Variants {
		named := slices.ContainsFunc(c.Variants, func(w PutVariant) bool { return w.SKU == v.SKU }) || slices.Contains(c.Remove, v.SKU)
		if !named {
			merged.Variants = append(merged.Variants, PutVariant{SKU: v.SKU, Attributes: v.Attributes})
		}
	}
	return s.checkType(ctx, merged)
}
