package interchange

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/money"
)

var (
	medusaPrice  = regexp.MustCompile(`^(?:variant )?price ([a-z]{3})$`)
	medusaTag    = regexp.MustCompile(`^product tag (\d+)$`)
	medusaPic    = regexp.MustCompile(`^(?:product image \d+|image \d+ url)$`)
	medusaOption = regexp.MustCompile(`^(?:variant )?option (\d+) name$`)
)

// readMedusa reads a product export of Medusa, of version 2 or the template of
// version 1. Each row is a variant and repeats its product.
func readMedusa(t *table) records {
	return read(t, Medusa, func(first, next *row) bool {
		return next.peek("product handle") == first.peek("product handle") && next.peek("product id") == first.peek("product id")
	}, func(r *record) {
		first := r.rows[0]
		r.put.Handle = first.take("product handle")
		r.put.Title = first.take("product title")
		r.put.ExternalReference = first.take("product external id")
		r.description(first, "product description")
		r.medusaStatus(first)
		if title := first.peek("product collection title"); title != "" && r.attribute("Collection", title) {
			first.take("product collection title")
		}
		for name, column := range map[string]string{"Type": "product type", "Material": "product material", "Subtitle": "product subtitle"} {
			if r.attribute(name, first.peek(column)) {
				first.take(column)
			}
		}
		sortAttributes(r.put.Attributes)
		r.medusaTags(first)
		r.medusaPictures(first)
		for _, w := range r.rows {
			for i, name := range first.names { // what repeats the first row says nothing new
				if w != first && strings.HasPrefix(strings.ToLower(name), "product ") && i < len(w.values) && i < len(first.values) && w.values[i] == first.values[i] && w.values[i] != "" {
					w.used[i] = typed
				}
			}
			r.medusaVariant(w)
			r.keep(w, len(r.put.Variants)-1, func(column string) bool { return !strings.HasPrefix(column, "product ") })
		}
	})
}

func (r *record) medusaStatus(w *row) {
	switch status := w.peek("product status"); status {
	case "published":
		w.take("product status")
		r.put.Status = catalog.Active
	case "draft":
		w.take("product status")
		r.put.Status = catalog.Draft
	default: // proposed, rejected
		r.put.Status = catalog.Draft
		r.warn(w.line, "Product Status", "status_as_draft", "%q has no counterpart: the product is a draft", status)
	}
}

func (r *record) medusaTags(w *row) {
	tags := split(w.peek("product tags"), ",")
	used := []string{"product tags"}
	columns, _ := w.with(func(c string) (string, bool) { return c, medusaTag.MatchString(c) })
	for _, c := range columns {
		if v := w.peek(c); v != "" {
			tags, used = append(tags, v), append(used, c)
		}
	}
	if r.list("Tags", tags) {
		for _, c := range used {
			w.take(c)
		}
	}
}

func (r *record) medusaPictures(w *row) {
	columns, _ := w.with(func(c string) (string, bool) { return c, medusaPic.MatchString(c) || c == "product thumbnail" })
	seen := map[string]bool{}
	for _, c := range columns {
		if name := w.peek(c); name != "" && !seen[name] {
			seen[name] = true
			r.picture(name, r.put.Title)
		}
	}
}

func (r *record) medusaVariant(w *row) {
	v := catalog.PutVariant{SKU: catalog.SKU(w.take("variant sku"))}
	columns, numbers := w.with(func(c string) (string, bool) {
		m := medusaOption.FindStringSubmatch(c)
		if m == nil {
			return "", false
		}
		return m[1], true
	})
	for i, column := range columns {
		value := fmt.Sprintf("%soption %s value", strings.TrimSuffix(column, fmt.Sprintf("option %s name", numbers[i])), numbers[i])
		if w.peek(column) != "" && w.peek(value) != "" {
			option(&v, w.take(column), w.take(value))
		}
	}
	columns, codes := w.with(func(c string) (string, bool) {
		m := medusaPrice.FindStringSubmatch(c)
		if m == nil {
			return "", false
		}
		return strings.ToUpper(m[1]), true
	})
	for i, column := range columns {
		c, err := money.ParseCurrency(codes[i])
		if err != nil {
			r.warn(w.line, column, "unknown_currency", "%s is no currency", codes[i])
			continue
		}
		r.price(w, column, c, &v.Prices)
	}
	for _, column := range []string{"variant barcode", "variant ean", "variant upc"} {
		r.barcode(w, column, &v)
	}
	r.measured(w, "variant weight", "g", &v.WeightGrams)
	r.measured(w, "variant length", "mm", &v.LengthMM)
	r.measured(w, "variant width", "mm", &v.WidthMM)
	r.measured(w, "variant height", "mm", &v.HeightMM)
	v.Untracked = strings.EqualFold(w.take("variant manage inventory"), "false")
	r.put.Variants = append(r.put.Variants, v)
	r.quantity(w, "variant inventory quantity", len(r.put.Variants)-1)
}
