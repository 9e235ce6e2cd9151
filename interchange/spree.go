package interchange

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/money"
)

// readSpree reads a product export of Spree. The first row of a slug is the
// product; rows with options are its variants, and rows that repeat a SKU add
// its price in another currency. Those stand at the end of the file, so its
// rows are held in memory.
func readSpree(t *table, fallback money.Currency) records {
	return readGathered(t, Spree, func(*row) {}, func(w *row) string { return w.peek("slug") }, func(r *record) {
		first := r.rows[0]
		r.put.Handle = first.take("slug")
		r.put.Title = first.take("name")
		r.put.SEO = catalog.SEO{Title: first.take("meta_title"), Description: first.take("meta_description")}
		r.description(first, "description")
		switch status := first.peek("status"); status {
		case "active", "draft", "archived":
			first.take("status")
			r.put.Status = catalog.Status(status)
		default:
			r.put.Status = catalog.Draft
			r.warn(first.line, "status", "status_as_draft", "%q has no counterpart: the product is a draft", status)
		}
		r.spreeAttributes(first)
		variants := slices.ContainsFunc(r.rows, func(w *row) bool { return w.peek("option1_value") != "" })
		for _, w := range r.rows {
			w.same("slug", r.put.Handle)
			variant := -1
			if !variants || w.peek("option1_value") != "" || r.indexOf(w.peek("sku")) >= 0 {
				variant = r.spreeVariant(w, fallback)
			}
			if src := w.peek("image1_src"); src != "" {
				if variant >= 0 && variants {
					r.picture(src, r.put.Title, variant)
				} else {
					r.picture(src, r.put.Title)
				}
			}
			r.keep(w, variant, func(column string) bool {
				return variant >= 0 && (variants || !strings.HasPrefix(column, "custom_field"))
			})
		}
	})
}

func (r *record) spreeAttributes(w *row) {
	columns, paths := w.with(func(c string) (string, bool) { return w.peek(c), strings.HasPrefix(c, "category") && w.peek(c) != "" })
	for i, c := range columns {
		r.categories = append(r.categories, split(paths[i], "->"))
		w.take(c)
	}
	if r.attribute("Type", w.peek("product_type")) {
		w.take("product_type")
	}
	if r.list("Tags", split(w.peek("tags"), ",")) {
		w.take("tags")
	}
	columns, names := w.with(func(c string) (string, bool) { return strings.CutPrefix(c, "custom_field.custom.") })
	for i, c := range columns {
		if r.attribute(titled(names[i]), w.peek(c)) {
			w.take(c)
		}
	}
}

// titled makes a name for people of a name with underscores.
func titled(s string) string {
	s = strings.ReplaceAll(s, "_", " ")
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

func (r *record) indexOf(sku string) int {
	return slices.IndexFunc(r.put.Variants, func(v catalog.PutVariant) bool { return sku != "" && string(v.SKU) == sku })
}

func (r *record) spreeVariant(w *row, fallback money.Currency) int {
	n := r.indexOf(w.peek("sku"))
	if n < 0 {
		n = len(r.put.Variants)
		v := catalog.PutVariant{SKU: catalog.SKU(w.peek("sku"))}
		for i := 1; i <= 9; i++ {
			name, value := fmt.Sprintf("option%d_name", i), fmt.Sprintf("option%d_value", i)
			if w.peek(name) != "" && w.peek(value) != "" {
				option(&v, w.take(name), w.take(value))
			}
		}
		unit := cmp.Or(w.peek("dimensions_unit"), "mm")
		r.measured(w, "width", unit, &v.WidthMM)
		r.measured(w, "height", unit, &v.HeightMM)
		r.measured(w, "depth", unit, &v.LengthMM)
		r.measured(w, "weight", cmp.Or(w.peek("weight_unit"), "g"), &v.WeightGrams)
		v.Untracked = strings.EqualFold(w.peek("track_inventory"), "false")
		w.take("track_inventory")
		r.put.Variants = append(r.put.Variants, v)
		r.quantity(w, "inventory_count", n)
	}
	w.take("sku")
	c, err := money.ParseCurrency(cmp.Or(w.peek("currency"), string(fallback)))
	if err != nil {
		r.refuse(w.line, "currency", "unknown_currency", "%q is no currency", w.peek("currency"))
		return n
	}
	w.take("currency")
	v := &r.put.Variants[n]
	r.price(w, "price", c, &v.Prices)
	if before := w.peek("compare_at_price"); before != "0" {
		r.compareAt(w, "compare_at_price", c, v)
	}
	return n
}

func sortAttributes(list []catalog.Attribute) {
	slices.SortFunc(list, func(a, b catalog.Attribute) int { return strings.Compare(a.Name, b.Name) })
}
