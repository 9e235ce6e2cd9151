package interchange

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/money"
)

// existing finds the product that a record names, and says what becomes of it:
// it stays, and gets variants that it lacks, or it becomes what the file says.
func (l *loader) existing(ctx context.Context, r *record) error {
	if l.options.DryRun || l.fresh {
		return nil
	}
	handle := r.put.Handle
	if handle == "" && len(r.put.Variants) > 0 {
		handle = string(r.put.Variants[0].SKU)
	}
	p, err := l.shop.Catalog.ByHandle(ctx, handle)
	if errors.Is(err, fault.NotFound) || errors.Is(err, fault.Invalid) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("looking for the product of row %d: %w", r.line, err)
	}
	r.have = &p
	if r.kept = !l.options.Update; r.kept {
		r.added = r.lacking(p)
		return nil
	}
	r.put.ID = p.ID
	if r.own == nil {
		r.keepUnsaid(p)
	}
	return nil
}

// lacking returns the variants that a product lacks. One that differs only by
// its SKU from one that is there was renamed.
func (r *record) lacking(p catalog.Product) (list []catalog.PutVariant) {
	for _, v := range r.put.Variants {
		there := func(have catalog.Variant) bool { return have.SKU == v.SKU || slices.Equal(have.Options, v.Options) }
		if !slices.ContainsFunc(p.Variants, there) {
			list = append(list, v)
		}
	}
	return list
}

// keepUnsaid keeps what the file of another shop has no place for, or does not
// say.
func (r *record) keepUnsaid(p catalog.Product) {
	c := &r.put
	c.Type, c.Translations, c.Publications, c.Metadata = p.Type, p.Translations, p.Publications, p.Metadata
	c.PrivateMetadata = merged(p.PrivateMetadata, c.PrivateMetadata)
	if len(r.categories) == 0 {
		c.Categories = p.Categories
	}
	if c.ExternalReference == "" {
		c.ExternalReference = p.ExternalReference
	}
	r.media = p.Media
	for i := range c.Variants {
		v := &c.Variants[i]
		n := slices.IndexFunc(p.Variants, func(have catalog.Variant) bool { return have.SKU == v.SKU })
		if n < 0 {
			continue
		}
		have := p.Variants[n].Put()
		v.Metadata, v.TaxCategory, v.Digital, v.Components = have.Metadata, have.TaxCategory, have.Digital, have.Components
		v.PrivateMetadata = merged(have.PrivateMetadata, v.PrivateMetadata)
		v.Untracked = v.Untracked && len(v.Components) == 0
		if !v.Untracked {
			v.Reserve, v.HoldMinutes = have.Reserve, have.HoldMinutes
		}
		if len(v.Attributes) == 0 {
			v.Attributes = have.Attributes
		}
		if len(v.Barcodes) == 0 {
			v.Barcodes = have.Barcodes
		}
		keepCurrencies(v, have)
	}
}

// keepCurrencies keeps prices in currencies of which the file says nothing.
func keepCurrencies(v *catalog.PutVariant, have catalog.PutVariant) {
	said := map[money.Currency]bool{}
	for _, p := range v.Prices {
		said[p.Currency()] = true
	}
	for _, p := range have.Prices {
		if !said[p.Currency()] {
			v.Prices = append(v.Prices, p)
		}
	}
	for _, p := range have.CompareAt {
		if !said[p.Currency()] {
			v.CompareAt = append(v.CompareAt, p)
		}
	}
}

// keepMedia keeps the pictures of the product as it was if none were fetched.
func (r *record) keepMedia() {
	if len(r.put.Media) > 0 {
		return
	}
	for _, m := range r.media {
		shown := slices.DeleteFunc(slices.Clone(m.SKUs), func(sku catalog.SKU) bool {
			return !slices.ContainsFunc(r.put.Variants, func(v catalog.PutVariant) bool { return v.SKU == sku })
		})
		if len(m.SKUs) == 0 || len(shown) > 0 {
			m.SKUs = shown
			r.put.Media = append(r.put.Media, m)
		}
	}
}

// merged is metadata with a new source: what else was there stays.
func merged(have, source json.RawMessage) json.RawMessage {
	var all, fresh map[string]json.RawMessage
	if len(have) == 0 || json.Unmarshal(have, &all) != nil {
		return source
	}
	delete(all, "source")
	if len(source) > 0 && json.Unmarshal(source, &fresh) == nil {
		all["source"] = fresh["source"]
	}
	if len(all) == 0 {
		return nil
	}
	out, err := json.Marshal(all)
	if err != nil {
		return source
	}
	return out
}

// stocked says of variant i of the record whether the store has it after the
// import, and whether its stock is counted.
func (r *record) stocked(i int) (there, counted bool) {
	v := r.put.Variants[i]
	if !r.kept || slices.ContainsFunc(r.added, func(a catalog.PutVariant) bool { return a.SKU == v.SKU }) {
		return true, !v.Untracked && len(v.Components) == 0
	}
	n := slices.IndexFunc(r.have.Variants, func(have catalog.Variant) bool { return have.SKU == v.SKU })
	if n < 0 {
		return false, false
	}
	return true, !r.have.Variants[n].Untracked && !r.have.Variants[n].IsKit()
}
