package interchange

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/money"
)

// record is one product of a file, ready to be put.
type record struct {
	line       int
	rows       []*row // of a table
	put        catalog.PutProduct
	categories [][]string           // titles from the top down; made if they are missing
	own        *productLine         // what a line of the own formats says
	part       part                 // instead of a product, in the own formats
	have       *catalog.Product     // the product as it is in the store
	kept       bool                 // it stays as it is
	added      []catalog.PutVariant // what it lacks
	media      []catalog.Media      // what it shows, if the file is not to change that
	lists      []catalog.PutListPrices
	pictures   []picture       // not fetched yet
	stock      map[int]int64   // by index of the variant
	source     source          // what has no field
	perVariant map[int]*source // the same of variants
	variantRow map[int]int     // on which line a variant begins
	issues     []Issue
}

// picture is a picture that a file names. Which variants it shows is kept by
// their index, since SKUs may be derived later.
type picture struct {
	name     string
	alt      string
	variants []int // none is all
}

// picture adds a picture, of one of the variants only if any are given.
func (r *record) picture(name, alt string, variants ...int) {
	if name == "" {
		return
	}
	i := slices.IndexFunc(r.pictures, func(p picture) bool { return p.name == name && len(p.variants) > 0 })
	if i < 0 || len(variants) == 0 {
		r.pictures = append(r.pictures, picture{name: name, alt: alt, variants: variants})
		return
	}
	r.pictures[i].variants = append(r.pictures[i].variants, variants...)
}

// source is what a file says and no field holds.
type source struct {
	Format  Format              `json:"format,omitempty"`
	Columns map[string]string   `json:"columns,omitempty"`
	More    []map[string]string `json:"more,omitempty"` // of further rows of the same product
	// SKU is "derived" if the file has none for a variant, or one that another
	// variant of the product has, which is Repeated.
	SKU      string      `json:"sku,omitempty"`
	Repeated catalog.SKU `json:"repeated_sku,omitempty"`
}

func (s source) empty() bool { return len(s.Columns) == 0 && len(s.More) == 0 && s.SKU == "" }

// metadata returns private metadata with the source in it.
func (s source) metadata() (json.RawMessage, error) {
	if s.empty() {
		return nil, nil
	}
	return json.Marshal(map[string]source{"source": s})
}

func (r *record) warn(line int, column, rule, format string, args ...any) {
	r.issues = append(r.issues, Issue{Row: line, Column: column, Rule: rule, Message: fmt.Sprintf(format, args...)})
}

func (r *record) refuse(line int, column, rule, format string, args ...any) {
	r.issues = append(r.issues, Issue{Row: line, Column: column, Rule: rule, Message: fmt.Sprintf(format, args...), Refused: true})
}

func (r *record) refused() bool {
	return slices.ContainsFunc(r.issues, func(i Issue) bool { return i.Refused })
}

// of returns the source of a variant.
func (r *record) of(variant int) *source {
	if r.perVariant == nil {
		r.perVariant = map[int]*source{}
	}
	if r.perVariant[variant] == nil {
		r.perVariant[variant] = &source{}
	}
	return r.perVariant[variant]
}

// keep puts what is left of a product's row into source metadata. variant is
// the index of the variant that the row has, or -1; ofVariant tells by its
// name which columns are the variant's.
func (r *record) keep(w *row, variant int, ofVariant func(string) bool) {
	if variant >= 0 {
		r.of(variant).add(w.rest(ofVariant))
		if r.variantRow == nil {
			r.variantRow = map[int]int{}
		}
		if r.variantRow[variant] == 0 {
			r.variantRow[variant] = w.line
		}
	}
	rest := w.rest(everything)
	if w == r.rows[0] || len(rest) == 0 {
		r.source.add(rest)
		return
	}
	r.source.More = append(r.source.More, rest)
}

// add takes cells in. Those whose column has another value already go to More.
func (s *source) add(cells map[string]string) {
	other := map[string]string{}
	for column, value := range cells {
		if have, ok := s.Columns[column]; ok && have != value {
			other[column] = value
			continue
		}
		if s.Columns == nil {
			s.Columns = map[string]string{}
		}
		s.Columns[column] = value
	}
	if len(other) > 0 {
		s.More = append(s.More, other)
	}
}

// finish completes a record after its last row.
func (r *record) finish(f Format) error {
	if f == CSV {
		return nil // it has private metadata of its own, and nothing is left over
	}
	r.source.Format = f
	r.dropDuplicates()
	private, err := r.source.metadata()
	if err != nil {
		return err
	}
	r.put.PrivateMetadata = private
	r.deriveSKUs()
	for i := range r.put.Variants {
		s := r.perVariant[i]
		if s == nil {
			continue
		}
		if r.put.Variants[i].PrivateMetadata, err = s.metadata(); err != nil {
			return err
		}
	}
	return nil
}

// deriveSKUs names variants that the file does not: by the product's handle
// and their options.
func (r *record) deriveSKUs() {
	seen := map[catalog.SKU]bool{}
	for i := range r.put.Variants {
		v := &r.put.Variants[i]
		if v.SKU != "" && !seen[v.SKU] {
			seen[v.SKU] = true
			continue
		}
		r.of(i).Repeated = v.SKU
		name := cmp.Or(r.put.Handle, slug(r.put.Title))
		for _, o := range v.Options {
			name += "-" + slug(o.Value)
		}
		if len(name) > 100 {
			name = strings.TrimRight(name[:100], "-")
		}
		if repeated := v.SKU; repeated != "" {
			r.warn(cmp.Or(r.variantRow[i], r.line), "sku", "repeated_sku", "another variant of the product has %q: it becomes %q", repeated, name)
		}
		v.SKU = catalog.SKU(name)
		seen[v.SKU] = true
		r.of(i).SKU = "derived"
	}
}

// slug makes a handle of a text.
func slug(s string) string {
	var b strings.Builder
	gap := false
	for _, c := range strings.ToLower(s) {
		if !unicode.IsLetter(c) && !unicode.IsDigit(c) {
			gap = b.Len() > 0
			continue
		}
		if gap {
			b.WriteByte('-')
			gap = false
		}
		b.WriteRune(c)
	}
	return b.String()
}

// price reads a price from a cell into a list of them, one per currency.
func (r *record) price(w *row, column string, c money.Currency, into *[]money.Amount) {
	text := w.peek(column)
	if text == "" {
		return
	}
	a, err := parsePrice(text, c)
	if err != nil {
		r.refuse(w.line, column, "bad_price", "%q is not a price in %s", text, c)
		return
	}
	if slices.ContainsFunc(*into, func(b money.Amount) bool { return b.Currency() == c }) {
		r.warn(w.line, column, "second_price", "there is a price in %s already", c)
		return
	}
	w.take(column)
	*into = append(*into, a)
}

// parsePrice reads "50", ".5", "9.99" and "9,99".
func parsePrice(text string, c money.Currency) (money.Amount, error) {
	if strings.Count(text, ",") == 1 && !strings.Contains(text, ".") {
		text = strings.Replace(text, ",", ".", 1)
	}
	if strings.HasPrefix(text, ".") {
		text = "0" + text
	}
	a, err := money.ParseDecimal(text, c)
	if err == nil && a.IsNegative() {
		err = fmt.Errorf("%s is negative", text)
	}
	return a, err
}

// compareAt takes the price that another is shown against. One that is not
// higher says nothing and stays in the source.
func (r *record) compareAt(w *row, column string, c money.Currency, v *catalog.PutVariant) {
	text := w.peek(column)
	if text == "" {
		return
	}
	a, err := parsePrice(text, c)
	i := slices.IndexFunc(v.Prices, func(p money.Amount) bool { return p.Currency() == c })
	if err != nil || i < 0 || a.Minor() <= v.Prices[i].Minor() {
		r.warn(w.line, column, "compare_at", "%q is not above the price", text)
		return
	}
	w.take(column)
	v.CompareAt = append(v.CompareAt, a)
}

// barcode takes a code. One whose check digit is wrong stays in the source.
func (r *record) barcode(w *row, column string, v *catalog.PutVariant) {
	code := w.peek(column)
	if code == "" {
		return
	}
	if err := catalog.CheckBarcode(code); err != nil {
		r.warn(w.line, column, "bad_barcode", "%v", err)
		return
	}
	w.take(column)
	if !slices.Contains(v.Barcodes, code) {
		v.Barcodes = append(v.Barcodes, code)
	}
}

// quantity reads how much is in stock of a tracked variant. What cannot be is
// left in the source.
func (r *record) quantity(w *row, column string, variant int) {
	text := w.peek(column)
	if text == "" || r.put.Variants[variant].Untracked {
		return
	}
	n, err := strconv.ParseInt(strings.TrimSuffix(text, ".0"), 10, 64)
	switch {
	case err != nil || n > 1<<40:
		r.warn(w.line, column, "bad_stock", "%q is not a quantity", text)
	case n < 0:
		r.warn(w.line, column, "negative_stock", "a stock of %d cannot be counted: it is taken as 0", n)
		r.setStock(variant, 0)
	default:
		w.take(column)
		r.setStock(variant, n)
	}
}

func (r *record) setStock(variant int, n int64) {
	if r.stock == nil {
		r.stock = map[int]int64{}
	}
	r.stock[variant] = n
}

// option adds what a variant differs by.
func option(v *catalog.PutVariant, name, value string) {
	if name != "" && value != "" {
		v.Options = append(v.Options, catalog.Option{Name: name, Value: value})
	}
}

// attribute adds a text attribute, once per name.
func (r *record) attribute(name, text string) bool {
	if name == "" || text == "" || r.hasAttribute(name) {
		return false
	}
	r.put.Attributes = append(r.put.Attributes, catalog.Attribute{Name: name, Kind: catalog.TextAttribute, Text: text})
	return true
}

// list adds an attribute with one or more of a set of values.
func (r *record) list(name string, values []string) bool {
	if len(values) == 0 || r.hasAttribute(name) {
		return false
	}
	r.put.Attributes = append(r.put.Attributes, catalog.Attribute{Name: name, Kind: catalog.EnumAttribute, Values: values})
	return true
}

func (r *record) hasAttribute(name string) bool {
	return slices.ContainsFunc(r.put.Attributes, func(a catalog.Attribute) bool { return a.Name == name })
}

// split takes a list in one cell apart. Repetitions count once.
func split(cell, by string) []string {
	var out []string
	for part := range strings.SplitSeq(cell, by) {
		if part = strings.TrimSpace(part); part != "" && !slices.Contains(out, part) {
			out = append(out, part)
		}
	}
	return out
}
