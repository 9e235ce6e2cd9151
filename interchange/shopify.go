package interchange

import (
	"fmt"
	"slices"
	"strings"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/money"
)

// readShopify reads a product export of Shopify. A product is one or more rows
// with the same handle; a row with a price is a variant, one with only a
// picture adds that. Sets of columns differ from file to file.
func readShopify(t *table, c money.Currency) records {
	t.escaped = slices.Equal(t.names, shopifyColumns) // our own export; Shopify escapes nothing
	return read(t, Shopify, func(first, next *row) bool { return next.peek("handle") == first.peek("handle") }, func(r *record) {
		first := r.rows[0]
		r.put.Handle = first.take("handle")
		r.put.Title = first.take("title")
		r.put.Brand = first.take("vendor")
		r.put.SEO = catalog.SEO{Title: first.take("seo title"), Description: first.take("seo description")}
		r.description(first, "body (html)")
		r.shopifyStatus(first)
		if kind := first.peek("type"); r.attribute("Type", kind) {
			first.take("type")
			r.categories = append(r.categories, []string{kind})
		}
		if r.list("Tags", split(first.peek("tags"), ",")) {
			first.take("tags")
		}
		for _, w := range r.rows {
			w.same("handle", r.put.Handle)
			variant := -1
			if w.peek("variant price") != "" || w.peek("option1 value") != "" || w == first {
				variant = len(r.put.Variants)
				r.shopifyVariant(w, c)
			}
			r.picture(w.peek("image src"), w.peek("image alt text"))
			r.keep(w, variant, func(column string) bool {
				return strings.HasPrefix(column, "variant ") || strings.HasPrefix(column, "option") || strings.HasPrefix(column, "cost")
			})
		}
		r.variantPictures()
	})
}

func (r *record) shopifyStatus(w *row) {
	switch status := strings.ToLower(w.peek("status")); status {
	case "active", "draft", "archived":
		w.take("status")
		r.put.Status = catalog.Status(status)
	}
	switch strings.ToLower(w.peek("published")) {
	case "true":
		if r.put.Status == "" || r.put.Status == catalog.Active {
			w.take("published")
			r.put.Status = catalog.Active
		}
	case "false":
		if r.put.Status == "" || r.put.Status == catalog.Draft {
			w.take("published")
			r.put.Status = catalog.Draft
		}
	}
}

func (r *record) shopifyVariant(w *row, c money.Currency) {
	v := catalog.PutVariant{SKU: catalog.SKU(w.take("variant sku"))}
	for i := range 3 {
		name, value := fmt.Sprintf("option%d name", i+1), fmt.Sprintf("option%d value", i+1)
		label := r.rows[0].peek(name)
		if label == "Title" && w.peek(value) == "Default Title" {
			continue // Shopify's way to say that there are no options
		}
		if label != "" && w.peek(value) != "" {
			option(&v, label, w.take(value))
			w.take(name)
		}
	}
	r.price(w, "variant price", c, &v.Prices)
	r.compareAt(w, "variant compare at price", c, &v)
	r.barcode(w, "variant barcode", &v)
	r.measured(w, "variant grams", "g", &v.WeightGrams)
	v.Untracked = w.take("variant inventory tracker") == ""
	r.put.Variants = append(r.put.Variants, v)
	r.quantity(w, "variant inventory qty", len(r.put.Variants)-1)
}

// variantPictures reads which pictures show which variants only.
func (r *record) variantPictures() {
	for i := range r.put.Variants {
		s := r.perVariant[i]
		if s != nil {
			r.picture(s.Columns["Variant Image"], r.put.Title, i)
		}
	}
}
