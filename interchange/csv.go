package interchange

import (
	"cmp"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/money"
)

// The own CSV: one row per variant, for people with a spreadsheet. What has no
// column of its own is JSON in product_more and variant_more, and so are the
// rows of categories and of what else is no product, so that nothing is lost.
var csvColumns = []string{
	"product_handle", "title", "status", "brand", "description", "categories",
	"variant_sku", "options", "prices", "compare_at", "barcodes",
	"weight_g", "length_mm", "width_mm", "height_mm", "tracked", "stock", "product_more", "variant_more", "record",
}

// escapeCell keeps a spreadsheet from taking a text for a formula (OWASP, CSV
// injection): it gets a leading apostrophe, which unescapeCell takes away.
func escapeCell(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r'", rune(s[0])) {
		return "'" + s
	}
	return s
}

func unescapeCell(s string) string {
	if len(s) > 1 && s[0] == '\'' && strings.ContainsRune("=+-@\t\r'", rune(s[1])) {
		return s[1:]
	}
	return s
}

type csvWriter struct{ csv *csv.Writer }

func newCSVWriter(to io.Writer) *csvWriter {
	w := &csvWriter{csv.NewWriter(to)}
	_ = w.csv.Write(csvColumns) // a failure is sticky and told by close
	return w
}

// part writes a row of its own, which says in the column record what it is.
func (w *csvWriter) part(kind string, line any) error {
	b, err := json.Marshal(line)
	if err != nil {
		return err
	}
	cells := make([]string, len(csvColumns))
	cells[len(cells)-3], cells[len(cells)-1] = string(b), kind
	return w.csv.Write(cells)
}

func (w *csvWriter) close() error {
	w.csv.Flush()
	return w.csv.Error()
}

func (w *csvWriter) product(p productLine) error {
	more := p
	more.Type, more.Handle, more.Title, more.Status, more.Brand, more.Categories, more.Variants = "", "", "", "", "", nil, nil
	if strings.Contains(p.Description, "\r") { // CSV readers make \n of \r\n
		p.Description = ""
	} else {
		more.Description = ""
	}
	rest, err := leftOver(more)
	if err != nil {
		return err
	}
	for i, v := range p.Variants {
		cells := []string{p.Handle, "", "", "", "", ""}
		if i == 0 {
			cells = []string{p.Handle, p.Title, string(p.Status), p.Brand, p.Description, strings.Join(p.Categories, "|")}
		}
		variant, err := variantCells(v)
		if err != nil {
			return err
		}
		cells = append(cells, variant...)
		if i > 0 {
			rest = ""
		}
		cells = append(cells[:len(cells)-1], rest, cells[len(cells)-1], "")
		for i := range cells {
			cells[i] = escapeCell(cells[i])
		}
		if err := w.csv.Write(cells); err != nil {
			return err
		}
	}
	return nil
}

// leftOver is a value as JSON, and "" if nothing is in it.
func leftOver(v any) (string, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return "", err
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(b, &fields); err != nil {
		return "", err
	}
	for name, value := range fields {
		if s := string(value); s == `""` || s == "null" {
			delete(fields, name)
		}
	}
	if len(fields) == 0 {
		return "", nil
	}
	b, err = json.Marshal(fields)
	return string(b), err
}

// variantCells are the cells from variant_sku on, without product_more.
func variantCells(v variantLine) ([]string, error) {
	var options []string
	for _, o := range v.Options {
		options = append(options, escapeList(o.Name)+"="+escapeList(o.Value))
	}
	stock := ""
	if v.Stock != nil {
		stock = strconv.FormatInt(*v.Stock, 10)
	}
	tracked := "yes"
	if v.Untracked {
		tracked = "no"
	}
	more := variantLine{Attributes: v.Attributes, TaxCategory: v.TaxCategory, Components: v.Components, Reserve: v.Reserve,
		HoldMinutes: v.HoldMinutes, Digital: v.Digital, Metadata: v.Metadata, PrivateMetadata: v.PrivateMetadata,
		ListPrices: v.ListPrices, Policy: v.Policy, StockAt: v.StockAt}
	rest, err := leftOver(more)
	if err != nil {
		return nil, err
	}
	var codes []string
	for _, b := range v.Barcodes {
		codes = append(codes, escapeList(b))
	}
	return []string{
		string(v.SKU), strings.Join(options, "|"), amounts(v.Prices), amounts(v.CompareAt), strings.Join(codes, "|"),
		positive(v.WeightGrams), positive(v.LengthMM), positive(v.WidthMM), positive(v.HeightMM), tracked, stock, rest,
	}, nil
}

// escapeList writes a text that may stand in a list: \ before \, | and =.
func escapeList(s string) string {
	return strings.NewReplacer(`\`, `\\`, `|`, `\|`, `=`, `\=`).Replace(s)
}

// unlist takes a list apart at by, which counts only without a \ before it.
func unlist(s string, by byte) []string {
	if s == "" {
		return nil
	}
	out := []string{""}
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+1 < len(s):
			out[len(out)-1] += s[i : i+2]
			i++
		case s[i] == by:
			out = append(out, "")
		default:
			out[len(out)-1] += s[i : i+1]
		}
	}
	return out
}

func unescapeList(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

func amounts(list []money.Amount) string {
	var out []string
	for _, a := range list {
		out = append(out, a.String())
	}
	return strings.Join(out, "|")
}

func positive(n int64) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatInt(n, 10)
}

// readCSV reads the own CSV.
func readCSV(t *table) records {
	t.raw = true
	together := func(first, next *row) bool {
		return next.peek("product_handle") == first.peek("product_handle") && next.peek("record") == "" && first.peek("record") == ""
	}
	return read(t, CSV, together, func(r *record) {
		if r.rows[0].peek("record") != "" {
			r.csvPart(r.rows[0])
			return
		}
		r.csvProduct()
	})
}

// csvCell takes a cell of the own CSV.
func csvCell(w *row, column string) string { return unescapeCell(w.take(column)) }

// csvPart reads a row that is no variant.
func (r *record) csvPart(w *row) {
	kind := csvCell(w, "record")
	if r.part = newPart(kind); r.part == nil {
		r.refuse(w.line, "record", "bad_value", "%q is no kind of record", kind)
		return
	}
	if err := strict([]byte(csvCell(w, "product_more")), r.part); err != nil {
		r.refuse(w.line, "product_more", "bad_json", "%v", err)
	}
	for column, text := range w.rest(everything) {
		r.warn(w.line, column, "unknown_column", "%q is not taken", text)
	}
}

func (r *record) csvProduct() {
	first := r.rows[0]
	p := productLine{}
	if more := csvCell(first, "product_more"); more != "" {
		if err := strict([]byte(more), &p); err != nil {
			r.refuse(first.line, "product_more", "bad_json", "%v", err)
		}
	}
	p.Handle, p.Title, p.Brand = csvCell(first, "product_handle"), csvCell(first, "title"), csvCell(first, "brand")
	p.Status, p.Description = catalog.Status(csvCell(first, "status")), cmp.Or(csvCell(first, "description"), p.Description)
	p.Categories, p.Variants = split(csvCell(first, "categories"), "|"), nil
	for _, w := range r.rows {
		w.take("product_handle")
		v, err := csvVariant(func(column string) string { return csvCell(w, column) })
		if err != nil {
			r.refuse(w.line, err.column, err.rule, "%v", err.err)
		}
		if cells := w.rest(everything); len(cells) > 0 {
			if v.PrivateMetadata, err = r.withColumns(w, v.PrivateMetadata, cells); err != nil {
				r.refuse(w.line, err.column, err.rule, "%v", err.err)
			}
		}
		p.Variants = append(p.Variants, v)
	}
	r.product(p)
}

// withColumns adds cells of unknown columns to the source in private metadata.
func (r *record) withColumns(w *row, private json.RawMessage, cells map[string]string) (json.RawMessage, *cellError) {
	all := map[string]json.RawMessage{}
	if len(private) > 0 {
		if err := json.Unmarshal(private, &all); err != nil {
			return private, &cellError{"variant_more", "bad_json", err}
		}
	}
	s := source{Format: CSV}
	if was := all["source"]; was != nil && strict(was, &s) != nil {
		for column, text := range cells { // it is the merchant's own, of another shape
			r.warn(w.line, column, "unknown_column", "%q is not taken", text)
		}
		return private, nil
	}
	s.add(cells)
	b, err := json.Marshal(s)
	if err != nil {
		return private, &cellError{"variant_more", "bad_json", err}
	}
	all["source"] = b
	out, err := json.Marshal(all)
	if err != nil {
		return private, &cellError{"variant_more", "bad_json", err}
	}
	return out, nil
}

// cellError says which cell cannot be read.
type cellError struct {
	column, rule string
	err          error
}

func csvVariant(get func(string) string) (variantLine, *cellError) {
	v := variantLine{}
	if more := get("variant_more"); more != "" {
		if err := strict([]byte(more), &v); err != nil {
			return v, &cellError{"variant_more", "bad_json", err}
		}
	}
	v.SKU = catalog.SKU(get("variant_sku"))
	for _, o := range unlist(get("options"), '|') {
		parts := unlist(o, '=')
		if len(parts) != 2 {
			return v, &cellError{"options", "bad_options", fmt.Errorf("%q is not Name=Value", o)}
		}
		v.Options = append(v.Options, optionLine{unescapeList(parts[0]), unescapeList(parts[1])})
	}
	for _, b := range unlist(get("barcodes"), '|') {
		v.Barcodes = append(v.Barcodes, unescapeList(b))
	}
	for column, into := range map[string]*[]money.Amount{"prices": &v.Prices, "compare_at": &v.CompareAt} {
		for _, text := range split(get(column), "|") {
			a, err := money.Parse(text)
			if err != nil {
				return v, &cellError{column, "bad_price", err}
			}
			*into = append(*into, a)
		}
	}
	for column, into := range map[string]*int64{"weight_g": &v.WeightGrams, "length_mm": &v.LengthMM, "width_mm": &v.WidthMM, "height_mm": &v.HeightMM} {
		if text := get(column); text != "" {
			n, err := strconv.ParseInt(text, 10, 64)
			if err != nil {
				return v, &cellError{column, "bad_measure", err}
			}
			*into = n
		}
	}
	switch tracked := get("tracked"); tracked {
	case "no":
		v.Untracked = true
	case "yes", "":
	default:
		return v, &cellError{"tracked", "bad_value", errors.New("it is yes or no, not " + tracked)}
	}
	if text := get("stock"); text != "" {
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil || n < 0 {
			return v, &cellError{"stock", "bad_stock", fmt.Errorf("%q is not a quantity", text)}
		}
		v.Stock = &n
	}
	return v, nil
}
