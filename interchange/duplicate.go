package interchange

import (
	"slices"

	"github.com/keelshop/commerce/catalog"
)

// dropDuplicates takes out variants that the file has twice, with the same SKU
// and the same options. What their rows say stays in the source.
func (r *record) dropDuplicates() {
	for i := len(r.put.Variants) - 1; i > 0; i-- {
		v := r.put.Variants[i]
		same := func(o catalog.PutVariant) bool {
			return v.SKU != "" && o.SKU == v.SKU && slices.Equal(o.Options, v.Options)
		}
		first := slices.IndexFunc(r.put.Variants[:i], same)
		if first < 0 {
			continue
		}
		line := r.variantRow[i]
		r.warn(line, "sku", "repeated_row", "the variant %q is there already: this row is not taken", v.SKU)
		for _, w := range r.rows {
			if w.line == line {
				r.source.More = append(r.source.More, w.all())
			}
		}
		r.drop(i, first)
	}
}

// drop takes variant i out, which is the same as another. Pictures of it show
// that.
func (r *record) drop(i, other int) {
	for _, p := range r.pictures {
		for n, v := range p.variants {
			switch {
			case v == i:
				p.variants[n] = other
			case v > i:
				p.variants[n]--
			}
		}
	}
	r.put.Variants = slices.Delete(r.put.Variants, i, i+1)
	r.perVariant = without(r.perVariant, i)
	r.stock = without(r.stock, i)
	r.variantRow = without(r.variantRow, i)
}

// without returns what was kept by index after index i went away.
func without[T any](m map[int]T, i int) map[int]T {
	out := make(map[int]T, len(m))
	for k, v := range m {
		switch {
		case k < i:
			out[k] = v
		case k > i:
			out[k-1] = v
		}
	}
	return out
}

// all returns every cell with something in it, as kept.
func (r *row) all() map[string]string {
	out := map[string]string{}
	for i, v := range r.values {
		if v != "" {
			r.used[i] = kept
			out[r.column(i)] = v
		}
	}
	return out
}
