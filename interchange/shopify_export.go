package interchange

import (
	"encoding/csv"
	"encoding/json"
	"html"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/money"
)

var shopifyColumns = []string{
	"Handle", "Title", "Body (HTML)", "Vendor", "Type", "Tags", "Published",
	"Option1 Name", "Option1 Value", "Option2 Name", "Option2 Value", "Option3 Name", "Option3 Value",
	"Variant SKU", "Variant Grams", "Variant Inventory Tracker", "Variant Inventory Qty", "Variant Inventory Policy",
	"Variant Fulfillment Service", "Variant Price", "Variant Compare At Price", "Variant Requires Shipping", "Variant Taxable",
	"Variant Barcode", "Image Src", "Image Position", "Image Alt Text", "Gift Card", "SEO Title", "SEO Description", "Status",
}

// shopifyWriter writes a file that Shopify imports. What Shopify has no column
// for is left out: categories but the first, more than three options, prices
// in other currencies.
type shopifyWriter struct {
	csv      *csv.Writer
	currency money.Currency
}

func newShopifyWriter(to io.Writer, c money.Currency) *shopifyWriter {
	w := &shopifyWriter{csv.NewWriter(to), c}
	_ = w.csv.Write(shopifyColumns) // a failure is sticky and told by close
	return w
}

// part writes nothing: Shopify has no rows for anything but products.
func (w *shopifyWriter) part(string, any) error { return nil }

func (w *shopifyWriter) close() error {
	w.csv.Flush()
	return w.csv.Error()
}

func (w *shopifyWriter) product(p productLine) error {
	was := sourceOf(p.PrivateMetadata)
	for i, v := range p.Variants {
		cells := map[string]string{"Handle": p.Handle}
		if i == 0 {
			w.head(cells, p, was)
		}
		w.variant(cells, p, i, v)
		if err := w.write(cells); err != nil {
			return err
		}
	}
	return w.pictures(p, was)
}

func (w *shopifyWriter) write(cells map[string]string) error {
	line := make([]string, len(shopifyColumns))
	for i, c := range shopifyColumns {
		line[i] = escapeCell(cells[c])
	}
	return w.csv.Write(line)
}

func (w *shopifyWriter) head(cells map[string]string, p productLine, was source) {
	cells["Title"], cells["Vendor"] = p.Title, p.Brand
	if cells["Body (HTML)"] = was.Columns["Body (HTML)"]; cells["Body (HTML)"] == "" {
		cells["Body (HTML)"] = strings.ReplaceAll(html.EscapeString(p.Description), "\n", "<br>\n")
	}
	for _, a := range p.Attributes {
		switch a.Name {
		case "Type":
			cells["Type"] = a.Value()
		case "Tags":
			cells["Tags"] = strings.Join(a.Values, ", ")
		}
	}
	if cells["Type"] == "" && len(p.Categories) > 0 {
		cells["Type"] = p.Categories[0]
	}
	cells["Published"] = strconv.FormatBool(p.Status == catalog.Active)
	cells["Status"], cells["Gift Card"] = string(p.Status), "false"
	cells["SEO Title"], cells["SEO Description"] = p.SEO.Title, p.SEO.Description
}

func (w *shopifyWriter) variant(cells map[string]string, p productLine, n int, v variantLine) {
	cells["Variant SKU"] = string(v.SKU)
	if len(v.Options) == 0 {
		cells["Option1 Value"] = "Default Title"
		if n == 0 {
			cells["Option1 Name"] = "Title"
		}
	}
	for i, o := range v.Options[:min(3, len(v.Options))] {
		name := "Option" + strconv.Itoa(i+1)
		cells[name+" Value"] = o.Value
		if n == 0 {
			cells[name+" Name"] = o.Name
		}
	}
	cells["Variant Grams"] = strconv.FormatInt(v.WeightGrams, 10)
	if !v.Untracked && len(v.Components) == 0 {
		cells["Variant Inventory Tracker"] = "shopify"
	}
	if v.Stock != nil {
		cells["Variant Inventory Qty"] = strconv.FormatInt(*v.Stock, 10)
	}
	cells["Variant Inventory Policy"], cells["Variant Fulfillment Service"] = "deny", "manual"
	cells["Variant Requires Shipping"], cells["Variant Taxable"] = strconv.FormatBool(v.Digital == nil), "true"
	cells["Variant Price"], cells["Variant Compare At Price"] = w.price(v.Prices), w.price(v.CompareAt)
	if len(v.Barcodes) > 0 {
		cells["Variant Barcode"] = v.Barcodes[0]
	}
}

func (w *shopifyWriter) price(list []money.Amount) string {
	i := slices.IndexFunc(list, func(a money.Amount) bool { return a.Currency() == w.currency })
	if i < 0 {
		return ""
	}
	number, _, _ := strings.Cut(list[i].String(), " ")
	return number
}

// pictures writes rows for the pictures whose addresses are known from an
// import. The files of a store have none that Shopify could fetch.
func (w *shopifyWriter) pictures(p productLine, was source) error {
	n := 0
	for _, cells := range append([]map[string]string{was.Columns}, was.More...) {
		src := cells["Image Src"]
		if src == "" {
			continue
		}
		n++
		err := w.write(map[string]string{"Handle": p.Handle, "Image Src": src, "Image Position": strconv.Itoa(n), "Image Alt Text": cells["Image Alt Text"]})
		if err != nil {
			return err
		}
	}
	return nil
}

// sourceOf reads what an import left in private metadata.
func sourceOf(private json.RawMessage) source {
	var m struct {
		Source source `json:"source"`
	}
	if len(private) == 0 || json.Unmarshal(private, &m) != nil {
		return source{} // it is the merchant's own, of another shape
	}
	return m.Source
}
