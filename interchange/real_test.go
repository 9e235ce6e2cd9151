package interchange_test

import (
	"bytes"
	"compress/gzip"
	"encoding/csv"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/commercetest"
	"github.com/keelshop/commerce/interchange"
)

// data returns the path of a file of real data, which may stand beside the
// project.
func data(t testing.TB, path string) string {
	t.Helper()
	full := filepath.Join("..", "..", "shared", "data", path)
	if _, err := os.Stat(full); err != nil {
		t.Skipf("the real data is not beside the project: %v", err)
	}
	return full
}

func read(t testing.TB, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(data(t, path))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// load imports a text and returns what the import said.
func load(t testing.TB, shop *commerce.Store, text []byte, o interchange.Options) (interchange.Summary, []interchange.Issue) {
	t.Helper()
	var issues []interchange.Issue
	o.Issue = func(i interchange.Issue) { issues = append(issues, i) }
	s, err := interchange.Import(t.Context(), shop, bytes.NewReader(text), o)
	if err != nil {
		t.Fatal(err)
	}
	return s, issues
}

// TestFilesOfOtherShops imports real export files as they are. cells is the
// number of cells with something in them, header not counted, as another
// program counts them.
func TestFilesOfOtherShops(t *testing.T) {
	for _, c := range []struct {
		path                      string
		format                    interchange.Format
		products, variants, stock int
		refused, warnings, cells  int
		rules                     string
	}{
		{"shopify/apparel.csv", interchange.Shopify, 20, 22, 0, 0, 0, 400, ""},
		{"shopify/home-and-garden.csv", interchange.Shopify, 20, 21, 1, 0, 0, 426, ""},
		{"shopify/jewelery.csv", interchange.Shopify, 20, 23, 0, 0, 0, 513, ""},
		{"woocommerce-8.3.1/sample_products.csv", interchange.WooCommerce, 18, 23, 0, 0, 2, 625, "external_as_draft grouped_as_draft"},
		{"woocommerce-8.3.1/experimental_sample_9_products.csv", interchange.WooCommerce, 9, 9, 0, 0, 3, 227, "grouped_as_draft variable_without_variations"},
		{"woocommerce-8.3.1/experimental_fashion_sample_9_products.csv", interchange.WooCommerce, 9, 9, 4, 0, 2, 215, "variable_without_variations"},
		{"vendure/product-import.csv", interchange.Vendure, 4, 10, 0, 0, 2, 119, "negative_stock repeated_row"},
		{"vendure/products.csv", interchange.Vendure, 54, 88, 88, 0, 2, 685, "repeated_sku"},
		{"medusa/exported-products-comma.csv", interchange.Medusa, 2, 3, 0, 0, 1, 91, "status_as_draft"},
		{"medusa/exported-products-semicolon.csv", interchange.Medusa, 2, 3, 0, 0, 1, 91, "status_as_draft"},
		{"medusa/product-with-categories.csv", interchange.Medusa, 1, 2, 0, 0, 0, 64, ""},
		{"medusa/v1-template.csv", interchange.Medusa, 3, 5, 5, 0, 0, 102, ""},
		{"spree/products.csv", interchange.Spree, 37, 87, 87, 0, 0, 2764, ""},
	} {
		t.Run(c.path, func(t *testing.T) {
			text := read(t, "import-formats/"+c.path)
			shop := commercetest.Open(t)
			s, issues := load(t, shop, text, interchange.Options{Currency: "EUR"})
			for _, i := range issues {
				t.Log(i)
			}
			if s.Format != c.format || s.Products != c.products || s.Variants != c.variants || s.Stocked != c.stock || s.Refused != c.refused || s.Warnings != c.warnings {
				t.Errorf("summary %+v", s)
			}
			if sum := s.CellsTyped + s.CellsKept + s.CellsRefused; sum != c.cells {
				t.Errorf("%d cells typed, %d kept, %d refused: that is %d of %d", s.CellsTyped, s.CellsKept, s.CellsRefused, sum, c.cells)
			}
			var rules []string
			for rule := range s.Rules {
				rules = append(rules, rule)
			}
			slices.Sort(rules)
			if got := strings.Join(rules, " "); got != c.rules {
				t.Errorf("rules %q, want %q", got, c.rules)
			}
			everyCellIsInTheStore(t, shop, text)
			again, _ := load(t, shop, text, interchange.Options{Currency: "EUR"})
			if again.Kept != s.Products || again.Stocked != 0 || again.StockKept != 0 {
				t.Errorf("a second run says %+v", again)
			}
			again.Categories, again.Kept, again.Stocked = s.Categories, 0, s.Stocked // they were made the first time
			if !reflect.DeepEqual(again, s) {
				t.Errorf("a second run says %+v, the first %+v", again, s)
			}
			for p, err := range shop.Catalog.All(t.Context(), catalog.Filter{}) {
				if err != nil || p.Version != 1 {
					t.Errorf("after a second run %s has version %d, %v", p.Handle, p.Version, err)
				}
			}
			exportsComeBack(t, shop)
		})
	}
}

// TestTranslationsOfSpree imports the translations that stand beside the
// products.
func TestTranslationsOfSpree(t *testing.T) {
	shop := commercetest.Open(t)
	text := read(t, "import-formats/spree/product_translations.csv")
	s, issues := load(t, shop, text, interchange.Options{})
	if s.Format != interchange.SpreeTranslations || s.Refused != 37 || s.Rules["unknown_product"] != 37 || s.CellsRefused != 444 {
		t.Errorf("without the products the summary is %+v, %v", s, issues[0])
	}
	load(t, shop, read(t, "import-formats/spree/products.csv"), interchange.Options{})
	for _, want := range []int{74, 0} {
		s, issues := load(t, shop, text, interchange.Options{})
		if s.Rows != 74 || s.Translations != want || s.CellsTyped != 444 || s.CellsKept != 0 || len(issues) > 0 {
			t.Errorf("summary %+v, %v", s, issues)
		}
	}
	p, err := shop.Catalog.ByHandle(t.Context(), "automatic-espresso-machine")
	if err != nil || len(p.Translations) != 2 || p.Translations[0].Locale != "de" || p.Translations[0].Title != "Kaffeevollautomat" || p.Translations[0].SEO.Description == "" {
		t.Errorf("%+v, %v", p.Translations, err)
	}
	exportsComeBack(t, shop)
}

// unlike lists columns whose cells are stored as something else than their own
// text: states, numbers in other units, prices, lists and repetitions.
var unlike = regexp.MustCompile(`(?i)^(published|status|product status|type|parent|in stock\?|stock|categories|tags|facets|optiongroups|category\d|` +
	`.*price.*|currency|variant grams|weight|variant:weight|variant inventory qty|variant inventory quantity|inventory_count|stockonhand|` +
	`trackinventory|track_inventory|variant manage inventory|attribute \d value\(s\)|optionvalues|product:keywords|product tags|variantfacets|option\d_name|option\d name)$`)

// everyCellIsInTheStore looks for the text of each cell in an export of the
// store.
func everyCellIsInTheStore(t *testing.T, shop *commerce.Store, text []byte) {
	t.Helper()
	var b bytes.Buffer
	if _, err := interchange.Export(t.Context(), shop, &b, interchange.ExportOptions{Format: interchange.JSONLines}); err != nil {
		t.Fatal(err)
	}
	dump := b.String()
	comma := ','
	if bytes.Count(text[:200], []byte(";")) > 10 {
		comma = ';'
	}
	// Aligned files have spaces behind quotes, which Go's reader does not take.
	tidy := regexp.MustCompile(`" +([,\n])`).ReplaceAll(bytes.TrimPrefix(text, []byte("\ufeff")), []byte(`"$1`))
	c := csv.NewReader(bytes.NewReader(tidy))
	c.Comma, c.FieldsPerRecord, c.LazyQuotes = comma, -1, true
	rows, err := c.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	looked := 0
	for n, cells := range rows[1:] {
		for i, cell := range cells {
			cell = strings.TrimSpace(cell)
			column := strings.TrimSpace(rows[0][i])
			if cell == "" || unlike.MatchString(column) {
				continue
			}
			looked++
			quoted, err := json.Marshal(cell)
			if err != nil {
				t.Fatal(err)
			}
			twice, err := json.Marshal(string(quoted))
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(dump, string(quoted[1:len(quoted)-1])) && !strings.Contains(dump, string(twice[1:len(twice)-1])) {
				t.Errorf("row %d, %s: %q is nowhere in the store", n+2, column, cell)
			}
		}
	}
	if looked == 0 {
		t.Error("no cell was looked for")
	}
}

// exportsComeBack exports a store, imports that into an empty one and exports
// it again.
func exportsComeBack(t *testing.T, shop *commerce.Store) {
	t.Helper()
	first := export(t, shop, interchange.JSONLines)
	for _, f := range []interchange.Format{interchange.JSONLines, interchange.CSV} {
		other := commercetest.Open(t)
		_, issues := load(t, other, export(t, shop, f), interchange.Options{Assets: shop.Assets})
		for _, i := range issues {
			t.Errorf("importing the own %s: %v", f, i)
		}
		if again := export(t, other, interchange.JSONLines); !bytes.Equal(again, first) {
			t.Errorf("through %s the catalogue comes back different:\n%s\n%s", f, firstDifference(first, again), "")
		}
	}
}

func firstDifference(a, b []byte) string {
	as, bs := strings.Split(string(a), "\n"), strings.Split(string(b), "\n")
	for i := range as {
		if i >= len(bs) || as[i] != bs[i] {
			return "was " + as[i] + "\nis  " + bs[min(i, len(bs)-1)]
		}
	}
	return "it has more lines"
}

func export(t testing.TB, shop *commerce.Store, f interchange.Format) []byte {
	t.Helper()
	var b bytes.Buffer
	if _, err := interchange.Export(t.Context(), shop, &b, interchange.ExportOptions{Format: f, Currency: "EUR"}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// icecat is the catalogue as text.
func icecat(t *testing.T) []byte {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(read(t, "icecat-chorus/products.jsonl.gz")))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// TestIcecat imports a tenth of the catalogue. COMMERCE_LONG=1 imports the
// whole, and takes it out and in again, byte for byte.
func TestIcecat(t *testing.T) {
	text, products, badBarcodes := icecat(t), 19406, 1
	if os.Getenv("COMMERCE_LONG") == "" {
		products, badBarcodes = 2000, 0
		text = bytes.Join(slices.Collect(bytes.Lines(text))[:products], nil)
	}
	shop := commercetest.Open(t)
	s, issues := load(t, shop, text, interchange.Options{Currency: "EUR"})
	if s.Format != interchange.Icecat || s.Products != products || s.Refused != 0 || s.Rules["bad_barcode"] != badBarcodes {
		t.Errorf("summary %+v", s)
		for _, i := range issues[:min(len(issues), 20)] {
			t.Log(i)
		}
	}
	p, err := shop.Catalog.ByReference(t.Context(), "2101957")
	if err != nil || p.Brand != "HP" || p.Variants[0].SKU != "2101957" || p.Variants[0].Barcodes[0] != "0884420588030" {
		t.Errorf("product %+v, %v", p, err)
	}
	if n := len(p.Attributes); n < 20 || p.Attributes[0].Name != "product_type" || p.Attributes[0].Text != "Notebook" {
		t.Errorf("%d attributes, the first %+v", n, p.Attributes[0])
	}
	if os.Getenv("COMMERCE_LONG") != "" {
		exportsComeBack(t, shop)
	}
}

// TestEveryFieldOfIcecat counts: each field that has something in it ends in
// one of the product or in its source. COMMERCE_LONG=1 looks at all 603,556.
func TestEveryFieldOfIcecat(t *testing.T) {
	text, want := icecat(t), 603_556
	if os.Getenv("COMMERCE_LONG") == "" {
		text, want = bytes.Join(slices.Collect(bytes.Lines(text))[:1500], nil), 45_483
	}
	lines := json.NewDecoder(bytes.NewReader(text))
	lines.UseNumber()
	fields, lost := 0, 0
	for p, err := range interchange.Products(bytes.NewReader(text), interchange.Options{Format: interchange.Icecat, Currency: "EUR"}) {
		if err != nil {
			t.Fatal(err)
		}
		var line map[string]any
		if err := lines.Decode(&line); err != nil {
			t.Fatal(err)
		}
		var private struct {
			Source struct{ Columns map[string]string }
		}
		if err := json.Unmarshal(p.PrivateMetadata, &private); err != nil && len(p.PrivateMetadata) > 0 {
			t.Fatal(err)
		}
		attributes := map[string]string{}
		for _, a := range p.Attributes {
			attributes[a.Name] = a.Value()
		}
		for key, value := range line {
			if value == "" {
				continue
			}
			fields++
			if !icecatHas(p, attributes, private.Source.Columns, key, value) {
				if lost++; lost < 10 {
					t.Errorf("product %s: %s, which is %v, is nowhere", p.Handle, key, value)
				}
			}
		}
	}
	if fields != want || lost > 0 || lines.More() {
		t.Errorf("%d of %d fields are lost, want none of %d", lost, fields, want)
	}
}

// icecatHas reports whether a product has what a line says under a key.
func icecatHas(p catalog.PutProduct, attributes, source map[string]string, key string, value any) bool {
	text, isText := value.(string)
	if !isText {
		b, err := json.Marshal(value)
		if err != nil {
			return false
		}
		text = string(b)
	}
	v := p.Variants[0]
	switch key {
	case "id":
		return p.Handle == text && p.ExternalReference == text && v.SKU == catalog.SKU(text)
	case "title":
		return p.Title == text
	case "supplier":
		return p.Brand == text
	case "price":
		return strconv.FormatInt(v.Prices[0].Minor(), 10) == text
	case "ean":
		codes, _ := value.([]any)
		return !slices.ContainsFunc(codes, func(c any) bool {
			return !slices.Contains(v.Barcodes, c.(string)) && !strings.Contains(source["ean"], c.(string))
		})
	case "short_description":
		return p.Description == text || source[key] == text
	}
	if len(key) > 7 && strings.HasPrefix(key, "attr_") {
		if n, err := catalog.ParseNumber(text); err == nil && attributes[key[7:]] == n.Normal().String() {
			return true
		}
		if attributes[key[7:]] == text {
			return true
		}
	}
	return source[key] == text
}
