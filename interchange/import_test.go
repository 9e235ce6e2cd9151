package interchange_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/catalog/assets"
	"github.com/keelshop/commerce/commercetest"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/interchange"
	"github.com/keelshop/commerce/inventory"
	"github.com/keelshop/commerce/money"
)

const shopifyFile = "\ufeffHandle,Title,Body (HTML),Vendor,Type,Tags,Published,Option1 Name,Option1 Value,Variant SKU,Variant Grams,Variant Inventory Tracker,Variant Inventory Qty,Variant Price,Variant Compare At Price,Variant Barcode,Image Src,Cost per item\r\n" +
	"mug,Mug,\"<p>Holds <b>tea</b>.</p>\r\n<p>And coffee.</p>\",Kiln,Cups,\"blue, tea\",true,Size,Small,,310,shopify,5,9.50,12,4006381333931,https://pics.example/1.jpg,3.10\r\n" +
	"mug,,,,,,,,Large,,420,shopify,-2,11,10,4006381333932,https://pics.example/2.jpg,4\r\n" +
	"mug,,,,,,,,,,,,,,,,https://pics.example/3.jpg,\r\n" +
	"bowl,Bowl,,Kiln,Cups,,false,Title,Default Title,B-1,0,,,abc,,,,\r\n" +
	"plate,Plate,,Kiln,Cups,,false,Title,Default Title,mug-small,0,,,5,,,,\r\n"

func TestShopifyRows(t *testing.T) {
	shop := commercetest.Open(t)
	s, issues := load(t, shop, []byte(shopifyFile), interchange.Options{Currency: "EUR"})
	var rules []string
	for _, i := range issues {
		rules = append(rules, i.Rule)
		t.Log(i)
	}
	want := []string{"compare_at", "bad_barcode", "negative_stock", "bad_price", "repeated_sku"}
	slices.Sort(rules)
	slices.Sort(want)
	if !slices.Equal(rules, want) || s.Products != 1 || s.Refused != 2 || s.Stocked != 1 {
		t.Errorf("rules %q, summary %+v", rules, s)
	}
	p, err := shop.Catalog.ByHandle(t.Context(), "mug")
	if err != nil {
		t.Fatal(err)
	}
	if p.Description != "Holds tea.\n\nAnd coffee." || p.Brand != "Kiln" || len(p.Categories) != 1 || p.Status != catalog.Active {
		t.Errorf("product %+v", p)
	}
	small := p.Variants[0]
	if small.SKU != "mug-small" || small.Prices[0] != money.New(950, "EUR") || small.CompareAt[0] != money.New(1200, "EUR") || small.WeightGrams != 310 || small.Barcodes[0] != "4006381333931" {
		t.Errorf("variant %+v", small)
	}
	var private struct {
		Source struct {
			SKU     string
			Columns map[string]string
		}
	}
	if err := json.Unmarshal(small.PrivateMetadata, &private); err != nil || private.Source.SKU != "derived" || private.Source.Columns["Cost per item"] != "3.10" {
		t.Errorf("private metadata %s, %v", small.PrivateMetadata, err)
	}
	for sku, want := range map[catalog.SKU]int64{"mug-small": 5, "mug-large": 0} {
		if l, err := shop.Inventory.Level(t.Context(), sku, inventory.Main); err != nil || l.OnHand != want {
			t.Errorf("%s has a stock of %d, %v; want %d", sku, l.OnHand, err, want)
		}
	}
}

func TestDryRunWritesNothing(t *testing.T) {
	shop := commercetest.Open(t)
	wet, _ := load(t, commercetest.Open(t), []byte(shopifyFile), interchange.Options{Currency: "EUR"})
	dry, _ := load(t, shop, []byte(shopifyFile), interchange.Options{Currency: "EUR", DryRun: true})
	if dry.Products != wet.Products || dry.Refused != wet.Refused || !reflect.DeepEqual(dry.Rules, wet.Rules) {
		t.Errorf("a dry run says %+v, the real one %+v", dry, wet)
	}
	for p := range shop.Catalog.All(t.Context(), catalog.Filter{}) {
		t.Errorf("it wrote %s", p.Handle)
	}
	if tree, err := shop.Catalog.Categories(t.Context()); err != nil || tree.Len() != 0 {
		t.Errorf("it wrote categories: %v", err)
	}
}

// TestBadFiles gets errors that say what to do, and nothing half done.
func TestBadFiles(t *testing.T) {
	shop := commercetest.Open(t)
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	if _, err := z.Write([]byte(shopifyFile)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		text string
		o    interchange.Options
		want string
	}{
		"empty":            {"", interchange.Options{}, "not recognized"},
		"prose":            {"Dear Sir or Madam,\nplease", interchange.Options{}, "not recognized"},
		"no such format":   {shopifyFile, interchange.Options{Format: "magento"}, `no format "magento"`},
		"no currency":      {shopifyFile, interchange.Options{}, "name no currency"},
		"no such currency": {shopifyFile, interchange.Options{Currency: "EURO"}, "EURO"},
		"cut off":          {zipped.String()[:zipped.Len()/2], interchange.Options{Format: interchange.Shopify, Currency: "EUR"}, "unexpected EOF"},
		"not UTF-8":        {"Handle,Title,Option1 Name,Variant Price\nmug,M\xfcg,,1\n", interchange.Options{Currency: "EUR"}, "row 2 is not UTF-8"},
	} {
		_, err := interchange.Import(t.Context(), shop, strings.NewReader(c.text), c.o)
		if err == nil || !strings.Contains(err.Error(), c.want) || !errors.Is(err, fault.Invalid) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
	for _, c := range []struct{ line, rule string }{
		{`{"type":"product","handle":"a","titel":"A"}`, "bad_json"},
		{`{"type":"order"}`, "bad_json"},
		{`{"type":"product","handle":"a","title":"A","status":"active","variants":[]}`, "invalid"},
		{`{"type":"product","handle":"a","title":"A","status":"active","categories":["nowhere"],"variants":[{"sku":"a"}]}`, "unknown_category"},
		{`{"type":"product","handle":"a","title":"A","status":"active","variants":[{"sku":"a"},{"sku":"a"}]}`, "repeated_sku"},
		{`{"type":"product"`, "bad_json"},
	} {
		s, issues := load(t, shop, []byte(c.line), interchange.Options{Format: interchange.JSONLines})
		if s.Refused != 1 || len(issues) != 1 || issues[0].Rule != c.rule || issues[0].Row != 1 {
			t.Errorf("%s: %+v", c.line, issues)
		}
	}
}

// TestStoresRefusalNamesTheRow puts one product of a batch that another product
// of the store stands against.
func TestStoresRefusalNamesTheRow(t *testing.T) {
	shop := commercetest.Open(t)
	load(t, shop, []byte(`{"type":"product","handle":"old","title":"Old","status":"active","variants":[{"sku":"taken"}]}`), interchange.Options{})
	s, issues := load(t, shop, []byte(strings.Join([]string{
		`{"type":"product","handle":"a","title":"A","status":"active","variants":[{"sku":"a"}]}`,
		`{"type":"product","handle":"b","title":"B","status":"active","variants":[{"sku":"taken"}]}`,
		`{"type":"product","handle":"c","title":"C","status":"active","variants":[{"sku":"c"}]}`,
	}, "\n")), interchange.Options{})
	if s.Products != 2 || s.Refused != 1 || len(issues) != 1 || issues[0].Row != 2 || issues[0].Rule != "name_taken" {
		t.Errorf("summary %+v, issues %v", s, issues)
	}
}

// TestNothingOfAProductIsLost fails when the catalog gets a field that the own
// formats do not know.
func TestNothingOfAProductIsLost(t *testing.T) {
	notOfAFile := []string{"ID", "Version", "SKU", "Price", "Key", "ForgetHandles", "List"}
	for _, c := range []struct {
		put   reflect.Type
		known string
	}{
		{reflect.TypeFor[catalog.PutProduct](), "Handle Title Description Status Variants ExternalReference Metadata PrivateMetadata Brand Type Categories Media Attributes SEO FormerHandles Translations Publications"},
		{reflect.TypeFor[catalog.PutVariant](), "SKU Options Prices Untracked Barcodes Metadata PrivateMetadata CompareAt Attributes WeightGrams LengthMM WidthMM HeightMM TaxCategory Components Reserve HoldMinutes Digital"},
		{reflect.TypeFor[catalog.PutCategory](), "Handle Title Description Parent Position SEO Media FormerHandles Translations Metadata PrivateMetadata"},
		{reflect.TypeFor[catalog.PutProductType](), "Code Title Attributes"},
		{reflect.TypeFor[catalog.PutCollection](), "Handle Title Description SEO Media Translations Products Rules AnyRule Metadata PrivateMetadata"},
		{reflect.TypeFor[catalog.PutPriceList](), "Code Title Status From Until Groups Channels Markets Priority Sale DiscountBasisPoints Prices"},
		{reflect.TypeFor[catalog.PutListPrices](), "Prices"},
		{reflect.TypeFor[catalog.SKUPrices](), "SKU Tiers"},
		{reflect.TypeFor[catalog.Tier](), "MinQuantity Price"},
		{reflect.TypeFor[inventory.SetSourcing](), "Places Split"},
		{reflect.TypeFor[inventory.Place](), "ID Name Priority Countries Closed"},
		{reflect.TypeFor[inventory.Policy](), "SafetyStock ReorderPoint Backorder ExpectedAt"},
	} {
		known := strings.Fields(c.known)
		for i := range c.put.NumField() {
			f := c.put.Field(i)
			if f.Tag.Get("command") == "stamped" || slices.Contains(notOfAFile, f.Name) && !slices.Contains(known, f.Name) {
				continue
			}
			if !slices.Contains(known, f.Name) {
				t.Errorf("%s.%s is in no file: add it to the own formats, and here", c.put.Name(), f.Name)
			}
		}
	}
}

// TestNoCommandOfTheCatalogIsForgotten fails when the catalog gets a command
// that nobody has thought about here: what it puts has to be in the own
// formats.
func TestNoCommandOfTheCatalogIsForgotten(t *testing.T) {
	fates := map[string]string{
		"catalog.put_product":       "a product's line",
		"catalog.put_products":      "lines of products",
		"catalog.put_variants":      "in the product's line",
		"catalog.put_category":      "a category's line",
		"catalog.put_product_type":  "a product type's line",
		"catalog.put_collection":    "a collection's line",
		"catalog.put_price_list":    "a price list's line",
		"catalog.set_list_prices":   "list_prices in the product's line",
		"catalog.archive_product":   "the status in the product's line",
		"catalog.move_category":     "the parent and position in the category's line",
		"catalog.remove_category":   "there is no line",
		"catalog.remove_collection": "there is no line",
		"catalog.collect":           "derived from the rules",
		"catalog.set_rules":         "derived from the rules",
		"catalog.told_rules":        "derived from the rules",
		"catalog.leave_category":    "follows from remove_category",
		"catalog.left_category":     "follows from remove_category",
	}
	for _, d := range catalog.Module().Commands {
		if fates[string(d.Kind)] == "" {
			t.Errorf("nothing is known here of the command %s: export what it puts, or say why not", d.Kind)
		}
		delete(fates, string(d.Kind))
	}
	for kind := range fates {
		t.Errorf("there is no command %s any more", kind)
	}
}

const everything = `{"type":"product_type","code":"ware","title":"Ware","attributes":[{"name":"Height","kind":"number","unit":"cm","constraint":"none"},{"name":"Microwave","kind":"bool","constraint":"none","facetable":true},{"name":"Glaze","kind":"enum","values":["blue","matt"],"multiple":true,"constraint":"none"}]}
{"type":"price_list","code":"trade","title":"Trade","status":"active","groups":["trade"],"channels":["web"],"markets":["eu"],"priority":5,"prices":"excluded"}
{"type":"price_list","code":"winter","title":"Winter sale","status":"draft","from":1767225600000,"until":1769904000000,"sale":true,"discount_basis_points":1500}
{"type":"places","places":[{"id":"main","name":"Shop"},{"id":"paris","priority":1,"countries":["FR","BE"]},{"id":"berlin","priority":2,"closed":true}],"split":true}
{"type":"category","handle":"cups","former_handles":["beakers","drinkware"],"position":3,"title":"Cups","description":"To drink from","seo":{"title":"All cups"},"media":[{"asset":"2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824","alt":"Cups"}],"metadata":{"color":"red"}}
{"type":"category","handle":"mugs","parent":"cups","title":"Mugs","translations":[{"locale":"de","title":"Becher"}]}
{"type":"product","handle":"bowl","title":"Bowl","status":"active","variants":[{"sku":"bowl","stock":0}]}
{"type":"product","handle":"mug","product_type":"ware","former_handles":["beaker"],"title":" =Mug\t","description":"Two lines\r\nof text","brand":"@Kiln","status":"draft","categories":["mugs","cups"],"media":[{"asset":"2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824","alt":"A mug"},{"asset":"2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824","skus":["mug-1"]}],"attributes":[{"name":"Height","kind":"number","number":"9.5","unit":"cm"},{"name":"Microwave","kind":"bool","bool":true}],"seo":{"title":"Mug","description":"A mug"},"translations":[{"locale":"de","title":"Becher","terms":[{"text":"Size","translation":"Größe"}]}],"publications":[{"channel":"web","visible_from":1767225600000}],"external_reference":"ERP-1","metadata":{"a":1},"private_metadata":{"b":[2]},"variants":[{"sku":"mug-1","options":[{"name":"Size|=\\","value":"S = small|tiny"}],"prices":[{"minor":1250,"currency":"EUR"},{"minor":1500,"currency":"USD"}],"compare_at":[{"minor":2000,"currency":"EUR"}],"attributes":[{"name":"Glaze","kind":"enum","values":["blue","matt"]}],"barcodes":["4006381333931","own|code"],"weight_g":310,"length_mm":1,"width_mm":2,"height_mm":3,"tax_category":"books","metadata":{"c":3},"private_metadata":{"d":4},"list_prices":[{"list":"trade","min_quantity":1,"price":{"minor":1100,"currency":"EUR"}},{"list":"trade","min_quantity":10,"price":{"minor":990,"currency":"EUR"}},{"list":"winter","min_quantity":1,"price":{"minor":1200,"currency":"EUR"}}],"stock":7,"stock_policy":{"safety_stock":1,"reorder_point":3},"stock_at":[{"place":"berlin","on_hand":4},{"place":"paris","policy":{"backorder":5,"expected_at":1767225600000}}]},{"sku":"mug-2","options":[{"name":"Size|=\\","value":"L"}],"untracked":true},{"sku":"mug-6","options":[{"name":"Size|=\\","value":"6 x S"}],"components":[{"sku":"mug-1","quantity":6}]},{"sku":"mug-pdf","options":[{"name":"Size|=\\","value":"A4"}],"reserve":"on_cart","hold_minutes":15,"digital":{"files":[{"asset":"2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824","name":"mug.pdf"}],"downloads":3,"days":30},"stock":0},{"sku":"mug-none","options":[{"name":"Size|=\\","value":"XL"}],"stock":0}]}
{"type":"collection","handle":"gifts","title":"Gifts","description":"For others","seo":{"title":"Gifts"},"media":[{"asset":"2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"}],"translations":[{"locale":"de","title":"Geschenke"}],"products":["mug","bowl"],"metadata":{"a":1},"private_metadata":{"b":2}}
{"type":"collection","handle":"tall","title":"Tall or dear","rules":[{"field":"category","op":"is","values":["cups"]},{"field":"type","op":"is_not","values":["ware"]},{"field":"attribute","op":"at_least","name":"Height","number":"9.5"},{"field":"price","op":"at_most","price":{"minor":2000,"currency":"EUR"}}],"any_rule":true}
`

func TestEverythingComesBack(t *testing.T) {
	shop := commercetest.Open(t)
	files := assets.Dir(t.TempDir())
	if _, err := files.Put(t.Context(), strings.NewReader("hello")); err != nil {
		t.Fatal(err)
	}
	s, issues := load(t, shop, []byte(everything), interchange.Options{Assets: files})
	for _, i := range issues {
		t.Error(i)
	}
	if s.Assets != 1 || s.Collections != 2 || s.PriceLists != 2 || s.Categories != 2 || s.Stocked != 2 {
		t.Errorf("summary %+v", s)
	}
	if first := export(t, shop, interchange.JSONLines); string(first) != everything {
		t.Errorf("what was imported comes out different: %s", firstDifference([]byte(everything), first))
	}
	exportsComeBack(t, shop)
	// A spreadsheet sees no formula.
	for line := range strings.Lines(string(export(t, shop, interchange.CSV))) {
		for cell := range strings.SplitSeq(line, ",") {
			if c := strings.TrimPrefix(cell, `"`); c != "" && strings.ContainsRune("=+-@", rune(c[0])) {
				t.Errorf("the cell %s is a formula", cell)
			}
		}
	}
}

// TestShopifyFilesComeBack: what Shopify has columns for survives the way out
// and in.
func TestShopifyFilesComeBack(t *testing.T) {
	shop := commercetest.Open(t)
	load(t, shop, []byte(shopifyFile), interchange.Options{Currency: "EUR"})
	text := export(t, shop, interchange.Shopify)
	other := commercetest.Open(t)
	s, issues := load(t, other, text, interchange.Options{Currency: "EUR"})
	if s.Format != interchange.Shopify || s.Products != 1 || s.Variants != 2 || len(issues) > 0 {
		t.Fatalf("summary %+v, issues %v\n%s", s, issues, text)
	}
	if again := export(t, other, interchange.Shopify); !bytes.Equal(again, text) {
		t.Errorf("was\n%s\nis\n%s", text, again)
	}
}

// TestJSONIsRecognizedByItsFields: names below the first level say nothing.
func TestJSONIsRecognizedByItsFields(t *testing.T) {
	for line, want := range map[string]interchange.Format{
		`{"handle":"a","private_metadata":{"supplier":"x","attr_t_a":1},"type":"product","title":"A","status":"active","variants":[{"sku":"a"}]}`: interchange.JSONLines,
		`{"type":"product_type","code":"a","title":"A","attributes":[{"name":"supplier","kind":"text","constraint":"none"}]}`:                     interchange.JSONLines,
		`{"type":"collection","handle":"a","title":"A","rules":[{"field":"brand","op":"is","values":["supplier"]}]}`:                              interchange.JSONLines,
		`{"id":"1","attr_t_type":"Toner","title":"A"}`:                            interchange.Icecat,
		`{"id":"1","title":"A","type":"product of some","supplier":"B"}`:          interchange.Icecat,
		`{"id":"1","title":"A","supplier":"` + strings.Repeat("B", 70_000) + `"}`: interchange.JSONLines, // nothing of the start says so
	} {
		o := interchange.Options{DryRun: true, Currency: "EUR"}
		s, err := interchange.Import(t.Context(), nil, strings.NewReader(line), o)
		if err != nil || s.Format != want {
			t.Errorf("%.100s is %s, %v; want %s", line, s.Format, err, want)
		}
	}
}

// TestFormulasComeBack: what a spreadsheet would take for a formula is escaped
// on the way out and is what it was on the way in, in all that is written.
func TestFormulasComeBack(t *testing.T) {
	shop, other := commercetest.Open(t), commercetest.Open(t)
	n := 0
	rapid.Check(t, func(r *rapid.T) {
		if n++; n > 25 {
			return // each of them waits for the disk
		}
		text := rapid.StringMatching(`['=+\-@]{1,3}[a-z' ,"]{0,5}[=+\-@'a]`).Draw(r, "text")
		handle := fmt.Sprint("mug-", n)
		put := catalog.PutProduct{Handle: handle, Title: text, Brand: text, Description: text, SKU: catalog.SKU(handle), Price: money.New(100, "EUR")}
		if _, err := shop.Catalog.PutProduct(t.Context(), put); err != nil {
			r.Fatal(err)
		}
	})
	first := export(t, shop, interchange.JSONLines)
	for _, f := range []interchange.Format{interchange.CSV, interchange.Shopify, interchange.JSONLines} {
		load(t, other, export(t, shop, f), interchange.Options{Currency: "EUR", Update: true})
		for p, err := range shop.Catalog.All(t.Context(), catalog.Filter{}) {
			if err != nil {
				t.Fatal(err)
			}
			back, err := other.Catalog.ByHandle(t.Context(), p.Handle)
			description := p.Description
			if f == interchange.Shopify {
				description = strings.Join(strings.Fields(description), " ") // it is HTML there, where a run of spaces is one
				back.Description = strings.Join(strings.Fields(back.Description), " ")
			}
			if err != nil || back.Title != p.Title || back.Brand != p.Brand || back.Description != description {
				t.Errorf("through %s %q became %q, %q, %q, %v", f, p.Title, back.Title, back.Brand, back.Description, err)
			}
		}
	}
	if again := export(t, other, interchange.JSONLines); !bytes.Equal(again, first) {
		t.Errorf("the catalogue comes back different: %s", firstDifference(first, again))
	}
}

// TestWhatIsThereStays imports, sells and edits, and imports again.
func TestWhatIsThereStays(t *testing.T) {
	shop := commercetest.Open(t)
	file := []byte("Handle,Title,Option1 Name,Option1 Value,Variant SKU,Variant Price,Variant Inventory Tracker,Variant Inventory Qty\n" +
		"mug,Mug,Size,S,mug-s,9.50,shopify,5\nmug,,,M,mug-m,11,shopify,3\nbowl,Bowl,Title,Default Title,bowl,7,shopify,2\n")
	load(t, shop, file, interchange.Options{Currency: "EUR"})
	two := int64(-2)
	if _, err := shop.Inventory.Adjust(t.Context(), inventory.Adjust{SKU: "mug-s", Delta: two, Reason: "sold"}); err != nil {
		t.Fatal(err)
	}
	p, err := shop.Catalog.ByHandle(t.Context(), "mug")
	if err != nil {
		t.Fatal(err)
	}
	edited := p.Put()
	edited.Variants[0].Prices = []money.Amount{money.New(1000, "EUR"), money.New(1200, "USD")}
	edited.Translations = []catalog.Translation{{Locale: "de", Title: "Becher"}}
	edited.Publications = []catalog.Publication{{Channel: "web"}}
	edited.Media = []catalog.Media{{Asset: assets.ID(strings.Repeat("ab", 32)), SKUs: []catalog.SKU{"mug-s"}}}
	if p, err = shop.Catalog.PutProduct(t.Context(), edited); err != nil {
		t.Fatal(err)
	}
	// A variant is new in the file, and so is a product.
	more := append(bytes.Replace(file, []byte("bowl,Bowl"), []byte("mug,,,L,mug-l,13,shopify,4\nbowl,Bowl"), 1), "jug,Jug,Title,Default Title,jug,20,,\n"...)
	onHand := func(sku catalog.SKU) int64 {
		l, err := shop.Inventory.Level(t.Context(), sku, inventory.Main)
		if err != nil {
			t.Fatal(err)
		}
		return l.OnHand
	}

	s, issues := load(t, shop, file, interchange.Options{Currency: "EUR"})
	if back, err := shop.Catalog.Get(t.Context(), p.ID); err != nil || back.Version != p.Version || onHand("mug-s") != 3 {
		t.Errorf("version %d is %d, %v; %d are on hand", p.Version, back.Version, err, onHand("mug-s"))
	}
	if s.Products != 2 || s.Kept != 2 || s.Stocked != 0 || s.StockKept != 1 || len(issues) > 0 {
		t.Errorf("summary %+v, %v", s, issues)
	}

	s, issues = load(t, shop, more, interchange.Options{Currency: "EUR"})
	back, err := shop.Catalog.Get(t.Context(), p.ID)
	if err != nil || len(back.Variants) != 3 || back.Variants[0].Prices[0] != money.New(1000, "EUR") || onHand("mug-l") != 4 || onHand("mug-s") != 3 {
		t.Errorf("%v: %+v", err, back)
	}
	if s.Products != 3 || s.Kept != 2 || s.Stocked != 1 || len(issues) > 0 {
		t.Errorf("summary %+v, %v", s, issues)
	}

	s, issues = load(t, shop, more, interchange.Options{Currency: "EUR", Update: true, Recount: true})
	if back, err = shop.Catalog.Get(t.Context(), p.ID); err != nil {
		t.Fatal(err)
	}
	if got := back.Variants[0].Prices; len(got) != 2 || got[0] != money.New(950, "EUR") || onHand("mug-s") != 5 {
		t.Errorf("the prices are %v, %d are on hand", got, onHand("mug-s"))
	}
	if len(back.Translations) != 1 || len(back.Publications) != 1 || len(back.Media) != 1 || s.Kept != 0 || len(issues) > 0 {
		t.Errorf("%+v\nsummary %+v, %v", back, s, issues)
	}
}

// TestVariationsStandAnywhere: a row may come before the product that it names.
func TestVariationsStandAnywhere(t *testing.T) {
	const head = "ID,Type,SKU,Name,Published,Regular price,Parent,Attribute 1 name,Attribute 1 value(s)\n"
	rows := []string{
		"1,variable,mug,Mug,1,,,Size,\"S, M\"\n", "2,variation,mug-s,Mug S,1,9,mug,Size,S\n", "3,variation,mug-m,Mug M,1,10,id:1,Size,M\n",
		"4,simple,bowl,Bowl,1,7,,,\n",
	}
	for _, order := range [][]int{{0, 1, 2, 3}, {1, 2, 3, 0}, {2, 3, 1, 0}, {2, 0, 3, 1}} {
		file := head
		for _, i := range order {
			file += rows[i]
		}
		shop := commercetest.Open(t)
		s, issues := load(t, shop, []byte(file), interchange.Options{Currency: "EUR"})
		if s.Format != interchange.WooCommerce || s.Products != 2 || s.Variants != 3 || len(issues) > 0 {
			t.Errorf("in the order %v: %+v, %v", order, s, issues)
		}
	}
	const bad = head + "2,variation,mug-s,Mug S,1,9,none,Size,S\n5,simple,bowl,Bowl,1,7,,,\n6,simple,bowl,Other,1,8,,,\n"
	if s, issues := load(t, commercetest.Open(t), []byte(bad), interchange.Options{Currency: "EUR"}); s.Refused != 2 || s.Rules["unknown_parent"] != 1 || s.Rules["repeated_sku"] != 1 {
		t.Errorf("%+v, %v", s, issues)
	}
}

// TestUnknownColumnsAreKept: what people add to the own CSV stays with the
// variant.
func TestUnknownColumnsAreKept(t *testing.T) {
	shop := commercetest.Open(t)
	const file = "product_handle,title,variant_sku,options,prices,Shelf\nmug,Mug,mug-s,Size=S,9 EUR,=A1\nmug,,mug-m,Size=M,9 EUR,B2\n"
	s, issues := load(t, shop, []byte(file), interchange.Options{})
	v, err := shop.Catalog.BySKU(t.Context(), "mug-s")
	if want := `{"source":{"format":"csv","columns":{"Shelf":"=A1"}}}`; err != nil || string(v.PrivateMetadata) != want || len(issues) > 0 || s.CellsKept != 2 {
		t.Errorf("%s, %v, %+v, %v", v.PrivateMetadata, err, s, issues)
	}
	exportsComeBack(t, shop)
}

// TestKitsBeforeTheirParts: products are exported by handle, so a kit may come
// before its parts, also where another product is refused.
func TestKitsBeforeTheirParts(t *testing.T) {
	shop := commercetest.Open(t)
	load(t, shop, []byte(`{"type":"product","handle":"old","title":"Old","status":"active","variants":[{"sku":"taken"}]}`), interchange.Options{})
	s, issues := load(t, shop, []byte(strings.Join([]string{
		`{"type":"product","handle":"a-set","title":"Set","status":"active","variants":[{"sku":"set","components":[{"sku":"mug","quantity":6}]}]}`,
		`{"type":"product","handle":"bad","title":"Bad","status":"active","variants":[{"sku":"taken"}]}`,
		`{"type":"product","handle":"mug","title":"Mug","status":"active","variants":[{"sku":"mug"}]}`,
	}, "\n")), interchange.Options{})
	if s.Products != 2 || s.Refused != 1 || s.Rules["name_taken"] != 1 {
		t.Errorf("%+v, %v", s, issues)
	}
	exportsComeBack(t, shop)
}

// TestFilesGoAlong exports the files that a catalogue names, and imports them
// where they are not.
func TestFilesGoAlong(t *testing.T) {
	shop, files := commercetest.Open(t), assets.Dir(t.TempDir())
	id, err := shop.Assets.Put(t.Context(), strings.NewReader("hello"))
	if err != nil {
		t.Fatal(err)
	}
	none := assets.ID(strings.Repeat("ab", 32))
	put := catalog.PutProduct{Handle: "mug", Title: "Mug", SKU: "mug", Price: money.New(100, "EUR"), Media: []catalog.Media{{Asset: id}, {Asset: none}}}
	if _, err := shop.Catalog.PutProduct(t.Context(), put); err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	done, err := interchange.Export(t.Context(), shop, &text, interchange.ExportOptions{Format: interchange.JSONLines, Assets: files})
	if err != nil || done.Assets != 1 || done.AssetsMissing != 1 {
		t.Errorf("%+v, %v", done, err)
	}
	for _, c := range []struct {
		from   assets.Store
		copied int
		rules  int
	}{{nil, 0, 2}, {files, 1, 1}} {
		other := commercetest.Open(t)
		s, issues := load(t, other, text.Bytes(), interchange.Options{Assets: c.from})
		if s.Products != 1 || s.Assets != c.copied || s.Rules["no_asset"] != c.rules {
			t.Errorf("%+v, %v", s, issues)
		}
		f, err := other.Assets.Open(t.Context(), id)
		if (err == nil) != (c.copied == 1) {
			t.Errorf("opening the picture: %v", err)
		}
		if err == nil {
			f.Close()
		}
		// What was missing is brought in later, though the product is there.
		if s, _ := load(t, other, text.Bytes(), interchange.Options{Assets: files}); s.Assets != 1-c.copied || s.Kept != 1 {
			t.Errorf("again: %+v", s)
		}
	}
}

// TestUpdateOfTheOwnFormats has everything become what the file says again.
func TestUpdateOfTheOwnFormats(t *testing.T) {
	shop, files := commercetest.Open(t), assets.Dir(t.TempDir())
	if _, err := files.Put(t.Context(), strings.NewReader("hello")); err != nil {
		t.Fatal(err)
	}
	load(t, shop, []byte(everything), interchange.Options{Assets: files})
	edited := strings.NewReplacer(`"title":"Cups"`, `"title":"Other cups"`, `"title":"Gifts"`, `"title":"Other gifts"`, `"title":"Trade"`, `"title":"Other trade"`,
		`"title":"Bowl"`, `"title":"Other bowl"`, `"split":true`, `"split":false`, `"minor":1100`, `"minor":1090`, `"stock":7`, `"stock":6`,
		`"safety_stock":1`, `"safety_stock":2`, `"title":"Ware"`, `"title":"Other ware"`).Replace(everything)
	if _, issues := load(t, shop, []byte(edited), interchange.Options{}); len(issues) > 0 {
		t.Error(issues)
	}
	if got := export(t, shop, interchange.JSONLines); string(got) != everything {
		t.Errorf("without Update it became another: %s", firstDifference([]byte(everything), got))
	}
	if _, issues := load(t, shop, []byte(edited), interchange.Options{Update: true, Recount: true}); len(issues) > 0 {
		t.Error(issues)
	}
	if got := export(t, shop, interchange.JSONLines); string(got) != strings.Replace(edited, `,"split":false`, "", 1) {
		t.Errorf("with Update it is not what the file says: %s", firstDifference([]byte(edited), got))
	}
}

// TestAHalfPutProductIsCompleted: what a large product lacks may be more than one command takes.
func TestAHalfPutProductIsCompleted(t *testing.T) {
	shop := commercetest.Open(t)
	product := func(variants int) []byte {
		var b strings.Builder
		b.WriteString(`{"type":"product","handle":"large","title":"Large","status":"active","variants":[`)
		for i := range variants {
			fmt.Fprintf(&b, `{"sku":"large-%d","options":[{"name":"Size","value":"%d"}],"metadata":{"note":"%0400d"}},`, i, i, i)
		}
		return []byte(strings.TrimSuffix(b.String(), ",") + "]}\n")
	}
	load(t, shop, product(10), interchange.Options{})
	s, issues := load(t, shop, product(700), interchange.Options{})
	p, err := shop.Catalog.ByHandle(t.Context(), "large")
	if err != nil || len(p.Variants) != 700 || s.Kept != 1 || len(issues) > 0 {
		t.Errorf("%v: %d variants, %+v, %v", err, len(p.Variants), s, issues)
	}
	s, issues = load(t, shop, []byte(strings.Replace(string(product(701)), `"large-700"`, `"large-0"`, 1)), interchange.Options{})
	if s.Refused != 1 || len(issues) != 1 || issues[0].Rule == "" || strings.ContainsFunc(issues[0].Rule, func(r rune) bool { return r < 'a' && r != '_' }) {
		t.Errorf("%+v, %q", s, issues)
	}
}
