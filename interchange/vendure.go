package interchange

import (
	"strings"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/money"
)

// readVendure reads a product file of Vendure. A row without a name is a
// further variant of the product above it. Lists in cells are separated by |.
func readVendure(t *table, c money.Currency) records {
	return read(t, Vendure, func(_, next *row) bool { return next.peek("name") == "" }, func(r *record) {
		first := r.rows[0]
		r.put.Title = first.take("name")
		if r.put.Handle = first.take("slug"); r.put.Handle == "" {
			r.put.Handle = slug(r.put.Title)
		}
		r.put.Status = catalog.Active
		r.description(first, "description")
		r.vendureFacets(first)
		for _, name := range split(first.peek("assets"), "|") {
			r.picture(name, r.put.Title)
		}
		if r.list("Keywords", split(first.peek("product:keywords"), "|")) {
			first.take("product:keywords")
		}
		groups := split(first.take("optiongroups"), "|")
		for _, w := range r.rows {
			r.vendureVariant(w, c, groups)
			r.keep(w, len(r.put.Variants)-1, func(column string) bool {
				return strings.HasPrefix(column, "variant") || column == "sku" || column == "taxcategory" || column == "stockonhand" || column == "trackinventory" || column == "optionvalues" || column == "price"
			})
		}
		r.vendurePictures()
	})
}

// vendureFacets reads name:value pairs: a path of categories, the brand, and
// attributes.
func (r *record) vendureFacets(w *row) {
	lists := map[string][]string{}
	var order []string
	for _, facet := range split(w.peek("facets"), "|") {
		name, value, ok := strings.Cut(facet, ":")
		if !ok {
			r.warn(w.line, "facets", "bad_facet", "%q has no name", facet)
			return // the whole cell stays in the source
		}
		if lists[name] == nil {
			order = append(order, name)
		}
		lists[name] = append(lists[name], value)
	}
	w.take("facets")
	for _, name := range order {
		switch strings.ToLower(name) {
		case "category":
			r.categories = append(r.categories, lists[name])
		case "brand":
			r.put.Brand = strings.Join(lists[name], ", ")
		default:
			r.list(name, lists[name])
		}
	}
}

func (r *record) vendureVariant(w *row, c money.Currency, groups []string) {
	v := catalog.PutVariant{SKU: catalog.SKU(w.take("sku"))}
	values := split(w.peek("optionvalues"), "|")
	if len(values) == len(groups) {
		for i, value := range values {
			option(&v, groups[i], value)
		}
		w.take("optionvalues")
	} else if len(values) > 0 {
		r.refuse(w.line, "optionValues", "bad_options", "there are %d option values for %d option groups", len(values), len(groups))
	}
	r.price(w, "price", c, &v.Prices)
	r.measured(w, "variant:weight", "g", &v.WeightGrams)
	if strings.EqualFold(w.peek("trackinventory"), "false") {
		w.take("trackinventory")
		v.Untracked = true
	} else {
		w.same("trackinventory", "true")
	}
	for _, facet := range split(w.peek("variantfacets"), "|") {
		if name, value, ok := strings.Cut(facet, ":"); ok {
			v.Attributes = append(v.Attributes, catalog.Attribute{Name: name, Kind: catalog.TextAttribute, Text: value})
			w.take("variantfacets")
		}
	}
	r.put.Variants = append(r.put.Variants, v)
	n := len(r.put.Variants) - 1
	if v.Untracked && strings.HasPrefix(w.peek("stockonhand"), "-") {
		r.warn(w.line, "stockOnHand", "negative_stock", "a stock of %s cannot be counted; the variant's stock is not tracked", w.peek("stockonhand"))
	}
	r.quantity(w, "stockonhand", n)
}

func (r *record) vendurePictures() {
	for i := range r.put.Variants {
		s := r.perVariant[i]
		if s == nil {
			continue
		}
		for _, name := range split(s.Columns["variantAssets"], "|") {
			r.picture(name, r.put.Title, i)
		}
	}
}
