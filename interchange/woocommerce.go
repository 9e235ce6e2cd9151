package interchange

import (
	"cmp"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/money"
)

// readWooCommerce reads a product export of WooCommerce. Variations name their
// product by SKU or as id:44 and may stand anywhere, so the rows are held in
// memory.
func readWooCommerce(t *table, c money.Currency) records {
	skus := map[string]string{} // by ID
	see := func(w *row) {
		if id := w.peek("id"); id != "" {
			skus[id] = w.peek("sku")
		}
	}
	product := func(w *row) string {
		parent := w.peek("parent")
		if id, ok := strings.CutPrefix(parent, "id:"); ok {
			return cmp.Or(skus[id], parent)
		}
		if parent == "" && w.peek("sku") == "" && w.peek("id") == "" {
			return "row " + strconv.Itoa(w.line)
		}
		return cmp.Or(parent, w.peek("sku"), "id:"+w.peek("id"))
	}
	return readGathered(t, WooCommerce, see, product, func(r *record) {
		if i := slices.IndexFunc(r.rows, func(w *row) bool { return w.peek("parent") == "" }); i > 0 {
			r.rows = slices.Concat(r.rows[i:i+1], r.rows[:i], r.rows[i+1:])
			r.line = r.rows[0].line
		}
		r.woo(c)
		for _, w := range r.rows[1:] {
			if w.peek("parent") == "" {
				r.refuse(w.line, "SKU", "repeated_sku", "%q is that of row %d too", w.peek("sku"), r.line)
			}
		}
	})
}

// wooType returns the kind of a row, without what else the cell says.
func wooType(w *row) string {
	for _, kind := range []string{"variation", "variable", "grouped", "external"} {
		if slices.Contains(split(w.peek("type"), ","), kind) {
			return kind
		}
	}
	return "simple"
}

func (r *record) woo(c money.Currency) {
	first := r.rows[0]
	if parent := first.peek("parent"); parent != "" {
		r.refuse(first.line, "Parent", "unknown_parent", "no row is the product %q", parent)
		return
	}
	kind := wooType(first)
	if first.peek("type") == kind {
		first.take("type")
	}
	r.put.Title = first.take("name")
	r.put.Handle = slug(r.put.Title)
	if sku := first.peek("sku"); sku != "" {
		r.put.Handle = slug(sku)
	}
	r.wooStatus(first, kind)
	r.description(first, "description")
	if r.attribute("Short description", textOf(first.peek("short description"))) && textOf(first.peek("short description")) == first.peek("short description") {
		first.take("short description")
	}
	r.wooLists(first)
	switch {
	case len(r.rows) > 1:
		for _, w := range r.rows[1:] {
			r.wooVariant(w, c)
		}
		r.keep(first, -1, nil)
	case kind == "variable":
		r.put.Status = catalog.Draft
		r.warn(first.line, "Type", "variable_without_variations", "the file has none of its variations: the product is a draft")
		fallthrough
	default:
		r.wooVariant(first, c)
	}
}

func (r *record) wooStatus(w *row, kind string) {
	r.put.Status = catalog.Draft
	if w.peek("published") == "1" {
		r.put.Status = catalog.Active
	}
	if p := w.peek("published"); p == "1" || p == "0" {
		w.take("published")
	}
	switch kind {
	case "grouped":
		r.put.Status = catalog.Draft
		r.warn(w.line, "Type", "grouped_as_draft", "a list of other products has no price of its own: it is a draft, its list is in the source")
	case "external":
		r.put.Status = catalog.Draft
		r.warn(w.line, "Type", "external_as_draft", "it is sold elsewhere: it is a draft, its address is in the source")
	}
}

// wooLists reads cells that hold several values.
func (r *record) wooLists(w *row) {
	for _, path := range wooSplit(w.take("categories")) {
		r.categories = append(r.categories, split(path, ">"))
	}
	if r.list("Tags", wooSplit(w.peek("tags"))) {
		w.take("tags")
	}
	for _, src := range wooSplit(w.peek("images")) {
		r.picture(src, r.put.Title)
	}
	columns, numbers := wooAttributes(w)
	for i, column := range columns {
		values := "attribute " + numbers[i] + " value(s)"
		if r.list(w.peek(column), wooSplit(w.peek(values))) {
			w.take(column)
			w.take(values)
		}
	}
}

var wooAttribute = regexp.MustCompile(`^attribute (\d+) name$`)

func wooAttributes(w *row) (columns, numbers []string) {
	return w.with(func(c string) (string, bool) {
		m := wooAttribute.FindStringSubmatch(c)
		if m == nil || w.peek(c) == "" {
			return "", false
		}
		return m[1], true
	})
}

// wooSplit takes a list apart. A comma within a value is written \,.
func wooSplit(cell string) []string {
	const comma = "\x00"
	parts := split(strings.ReplaceAll(cell, `\,`, comma), ",")
	for i := range parts {
		parts[i] = strings.ReplaceAll(parts[i], comma, ",")
	}
	return parts
}

var wooMeasure = regexp.MustCompile(`^(weight|length|width|height) \((\w+)\)$`)

func (r *record) wooVariant(w *row, c money.Currency) {
	v := catalog.PutVariant{SKU: catalog.SKU(w.take("sku"))}
	if w != r.rows[0] {
		w.take("parent")
		if w.peek("type") == "variation" {
			w.take("type")
		}
		if w.peek("published") == r.rows[0].peek("published") {
			w.take("published")
		}
		columns, numbers := wooAttributes(w)
		for i, column := range columns {
			if values := "attribute " + numbers[i] + " value(s)"; w.peek(values) != "" {
				option(&v, w.take(column), w.take(values))
			}
		}
		for _, src := range wooSplit(w.peek("images")) {
			r.picture(src, r.put.Title, len(r.put.Variants))
		}
	}
	r.wooPrice(w, c, &v)
	columns, _ := w.with(func(c string) (string, bool) { return c, wooMeasure.MatchString(c) })
	into := map[string]*int64{"weight": &v.WeightGrams, "length": &v.LengthMM, "width": &v.WidthMM, "height": &v.HeightMM}
	for _, column := range columns {
		m := wooMeasure.FindStringSubmatch(column)
		r.measured(w, column, m[2], into[m[1]])
	}
	v.Untracked = w.peek("stock") == "" && w.peek("in stock?") != "0"
	w.take("in stock?")
	r.put.Variants = append(r.put.Variants, v)
	n := len(r.put.Variants) - 1
	if w.peek("stock") == "" && !v.Untracked {
		r.setStock(n, 0)
	}
	r.quantity(w, "stock", n)
	r.keep(w, n, func(column string) bool { return w != r.rows[0] })
}

// wooPrice reads the regular price and the sale price. A sale with dates is
// not one yet, or not any more: it stays in the source.
func (r *record) wooPrice(w *row, c money.Currency, v *catalog.PutVariant) {
	dated := w.peek("date sale price starts") != "" || w.peek("date sale price ends") != ""
	switch {
	case w.peek("sale price") == "":
		r.price(w, "regular price", c, &v.Prices)
	case dated:
		r.price(w, "regular price", c, &v.Prices)
		r.warn(w.line, "Sale price", "dated_sale", "a sale price with dates is not taken: make a price list of it")
	default:
		r.price(w, "sale price", c, &v.Prices)
		r.compareAt(w, "regular price", c, v)
	}
}
