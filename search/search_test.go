package search_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/commercetest"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/inventory"
	"github.com/keelshop/commerce/merchandising"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/search"
)

// store is a shop that can be searched.
type store struct {
	testing.TB
	*commerce.Store
	*search.Finder
}

func open(t testing.TB, opts ...commerce.Option) *store {
	t.Helper()
	s := &store{TB: t, Store: commercetest.Open(t, opts...)}
	s.reopen(search.Options{})
	return s
}

// reopen opens a Finder, which ends before the store does.
func (s *store) reopen(o search.Options) {
	s.Helper()
	f, err := search.Open(s.Context(), s.Store, o)
	if err != nil {
		s.Fatal(err)
	}
	s.Finder = f
	s.Cleanup(func() {
		if s.Finder == f {
			s.shut()
		}
	})
}

func (s *store) shut() {
	s.Helper()
	if err := s.Finder.Close(); err != nil {
		s.Error(err)
	}
	s.Finder = nil
}

// settle waits until all that happened is visible.
func (s *store) settle() {
	s.Helper()
	ctx, stop := context.WithTimeout(context.Background(), time.Minute)
	defer stop()
	if err := s.After(ctx, s.Latest()); err != nil {
		s.Fatal(err, s.Finder.Status())
	}
}

func (s *store) put(c catalog.PutProduct) catalog.Product {
	s.Helper()
	p, err := s.Catalog.PutProduct(context.Background(), c)
	if err != nil {
		s.Fatal(err)
	}
	return p
}

// find returns the SKUs of what a query finds, in order.
func (s *store) find(q search.Query) []string {
	s.Helper()
	r := s.result(q)
	list := []string{}
	for _, h := range r.Hits {
		list = append(list, string(h.Product.Variants[0].SKU))
	}
	return list
}

func (s *store) result(q search.Query) search.Result {
	s.Helper()
	r, err := s.Find(s.Context(), q)
	if err != nil {
		s.Fatal(err)
	}
	return r
}

func eur(minor int64) money.Amount { return money.New(minor, "EUR") }

func item(sku, title, brand string, price int64, attributes ...catalog.Attribute) catalog.PutProduct {
	return catalog.PutProduct{
		Title: title, Brand: brand, Attributes: attributes,
		Variants: []catalog.PutVariant{{SKU: catalog.SKU(sku), Prices: []money.Amount{eur(price)}, Untracked: true}},
	}
}

func attribute(name, value string) catalog.Attribute {
	return catalog.Attribute{Name: name, Text: value}
}

// fill puts a few products into a shop.
func (s *store) fill() {
	s.Helper()
	inches := catalog.Attribute{Name: "Display", Kind: catalog.NumberAttribute, Number: catalog.Number{Mantissa: 156, Exponent: -1}, Unit: "inch"}
	first := item("NB-840", "EliteBook 840 notebook", "HP", 129900, attribute("Colour", "Silver"), inches)
	first.Description = "<p>A light notebook for <b>travel</b> with a 1 TB disk.</p>"
	first.Variants[0].Barcodes = []string{"4006381333931"}
	s.put(first)
	s.put(item("NB-CASE", "Notebook case 15.6\" black", "Targus", 2990, attribute("Colour", "Black")))
	s.put(item("TN-2110", "TN-2110 toner cartridge black", "Brother", 4990, attribute("Colour", "Black")))
	s.put(item("TN-2120", "TN-2120 toner cartridge black", "Brother", 6990, attribute("Colour", "Black")))
	s.put(item("WATCH", "Smart watch with GPS", "Garmin", 19900, attribute("Colour", "Black")))
	s.put(item("MUG", "Café mug, blue", "Keel", 1250, attribute("Colour", "Blue")))
	s.settle()
}

func TestTextFinds(t *testing.T) {
	s := open(t)
	s.fill()
	for _, test := range []struct {
		text string
		want string // the SKU of the only product with all of the words
	}{
		{"mug", "MUG"},
		{"MUGS", "MUG"},
		{"cafe mug", "MUG"},
		{"the blue mug", "MUG"},
		{"tn2110", "TN-2110"},
		{"TN 2110", "TN-2110"},
		{"tn-2110 toner", "TN-2110"},
		{"4006381333931", "NB-840"},
		{"smartwatch", "WATCH"},
		{"garmin watch", "WATCH"},
		{"travel", "NB-840"},
		{"silver notebook", "NB-840"},
		{"15.6 inch case", "NB-CASE"},
		{"15,6\" case", "NB-CASE"},
		{"case 15.6in", "NB-CASE"},
		{"1tb", "NB-840"},
		{"tonner 2120", "TN-2120"},
		{"garmn", "WATCH"},
		{"elitebok", "NB-840"},
		{"laptop 840", "NB-840"},
		{"href", ""},
		{"zeppelin", ""},
	} {
		r := s.result(search.Query{Text: test.text})
		got := ""
		if len(r.Hits) > 0 {
			got = string(r.Hits[0].Product.Variants[0].SKU)
		}
		if got != test.want || len(r.Hits) > 1 && !r.Partial {
			t.Errorf("%q finds %q of %d, want %q", test.text, got, r.Total, test.want)
		}
	}
}

func TestExactCodesComeFirst(t *testing.T) {
	s := open(t)
	s.fill()
	s.put(item("SLEEVE", "NB-840 NB-840 NB-840 sleeve", "Targus", 100))
	s.settle()
	if got := s.find(search.Query{Text: "nb-840"}); len(got) != 2 || got[0] != "NB-840" {
		t.Fatalf("got %v", got)
	}
}

func TestChangesAreFollowed(t *testing.T) {
	s := open(t)
	p := s.put(item("MUG", "Mug", "Keel", 1250))
	s.settle()
	c := item("MUG", "Beaker", "Keel", 990)
	c.ID = p.ID
	s.put(c)
	s.settle()
	if got := s.find(search.Query{Text: "mug beaker"}); !slices.Equal(got, []string{"MUG"}) {
		t.Errorf("by SKU and title: got %v", got)
	}
	r := s.result(search.Query{Text: "beaker", Currency: "EUR"})
	if r.Total != 1 || r.Hits[0].Price != eur(990) || !r.Hits[0].Available {
		t.Errorf("got %+v", r)
	}
	if _, err := s.Catalog.ArchiveProduct(t.Context(), catalog.ArchiveProduct{Product: p.ID}); err != nil {
		t.Fatal(err)
	}
	s.settle()
	if got := s.find(search.Query{Text: "beaker"}); len(got) != 0 {
		t.Errorf("an archived product is found: %v", got)
	}
}

func TestFacetsAreDisjunctive(t *testing.T) {
	s := open(t)
	s.fill()
	q := search.Query{
		Currency: "EUR",
		Filters: []search.Filter{
			{Field: search.FieldBrand, Values: []string{"Brother"}},
			{Field: search.AttributeField("Colour"), Values: []string{"Black"}},
		},
		Facets: []search.Facet{
			{Field: search.FieldBrand}, {Field: search.AttributeField("Colour")},
			{Field: search.FieldPrice, Prices: []search.PriceRange{{Max: 4999}, {Min: 5000}}}, {Field: search.FieldAvailable},
		},
	}
	r := s.result(q)
	if r.Total != 2 {
		t.Errorf("%d products", r.Total)
	}
	want := []string{
		"brand: Brother 2, Garmin 1, Targus 1", // all that are black
		"attribute:Colour: Black 2",            // all of the brand
		"price: 0–4999 1, 5000–0 1",
		"available: yes 2, no 0",
	}
	for i, f := range r.Facets {
		if got := print(f); got != want[i] {
			t.Errorf("got %s, want %s", got, want[i])
		}
	}
}

// print writes a facet on one line.
func print(f search.FacetResult) string {
	var list []string
	for _, v := range f.Values {
		name := v.Value
		if v.Title != "" {
			name = v.Title
		}
		if f.Field == search.FieldPrice {
			name = fmt.Sprintf("%d–%d", v.Price.Min, v.Price.Max)
		}
		list = append(list, fmt.Sprintf("%s %d", name, v.Count))
	}
	return f.Field + ": " + strings.Join(list, ", ")
}

func TestCategories(t *testing.T) {
	s := open(t)
	put := func(handle, title string, parent catalog.CategoryID) catalog.CategoryID {
		c, err := s.Catalog.PutCategory(t.Context(), catalog.PutCategory{Handle: handle, Title: title, Parent: parent})
		if err != nil {
			t.Fatal(err)
		}
		return c.ID
	}
	kitchen := put("kitchen", "Kitchen", "")
	cups := put("cups", "Cups", kitchen)
	office := put("office", "Office", "")
	c := item("MUG", "Mug", "Keel", 1250)
	c.Categories = []catalog.CategoryID{cups}
	s.put(c)
	c = item("POT", "Pot", "Keel", 1250)
	c.Categories = []catalog.CategoryID{kitchen}
	s.put(c)
	s.settle()
	if got := s.find(search.Query{Category: string(kitchen), Sort: search.ByPriceUp, Currency: "EUR"}); len(got) != 2 {
		t.Errorf("below the kitchen: %v", got)
	}
	if got := s.find(search.Query{Text: "cups"}); !slices.Equal(got, []string{"MUG"}) {
		t.Errorf("by the title of its category: %v", got)
	}
	if _, err := s.Catalog.MoveCategory(t.Context(), catalog.MoveCategory{Category: cups, Parent: office}); err != nil {
		t.Fatal(err)
	}
	s.settle()
	r := s.result(search.Query{Facets: []search.Facet{{Field: search.FieldCategory}}})
	if got := print(r.Facets[0]); got != "category: Cups 1, Kitchen 1, Office 1" && got != "category: Kitchen 1, Cups 1, Office 1" &&
		strings.Count(got, " 1") != 3 {
		t.Errorf("after the move: %s", got)
	}
	if got, err := s.Suggest(t.Context(), search.Prefix{Text: "cu"}); err != nil || len(got.Categories) != 1 || got.Categories[0].Title != "Cups" {
		t.Errorf("suggested %+v, %v", got, err)
	}
}

func TestPagesFollowEachOther(t *testing.T) {
	s := open(t)
	var want []string
	for i := range 57 {
		sku := fmt.Sprintf("P-%02d", i)
		s.put(item(sku, "Cup", "Keel", int64(1000+i/5)))
		want = append(want, sku)
	}
	s.settle()
	for _, sort := range []search.Sort{search.ByRelevance, search.ByPriceUp, search.ByPriceDown, search.ByNewest, search.ByBestSelling} {
		var got []string
		q := search.Query{Text: "cup", Sort: sort, Limit: 10, Currency: "EUR"}
		for page := 0; page == 0 || q.After != ""; page++ {
			r := s.result(q)
			if r.Total != 57 || page > 6 {
				t.Fatalf("%s: page %d of %d products", sort, page, r.Total)
			}
			for _, h := range r.Hits {
				got = append(got, string(h.Product.Variants[0].SKU))
			}
			q.After = r.Next
		}
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("%q: got %v", sort, got)
		}
	}
	first := s.result(search.Query{Text: "cup", Limit: 10})
	if _, err := s.Find(t.Context(), search.Query{Text: "mug", After: first.Next}); !errors.Is(err, fault.Invalid) {
		t.Errorf("another query's page: %v", err)
	}
	dear := search.Query{Text: "cup", Limit: 10, Currency: "EUR", Filters: []search.Filter{{Field: search.FieldPrice, Prices: []search.PriceRange{{Min: 1000}}}}}
	cheap := dear
	cheap.Filters = []search.Filter{{Field: search.FieldPrice, Prices: []search.PriceRange{{Min: 1005}}}}
	cheap.After = s.result(dear).Next
	if _, err := s.Find(t.Context(), cheap); !errors.Is(err, fault.Invalid) {
		t.Errorf("the page of other prices: %v", err)
	}
}

func TestSortByPrice(t *testing.T) {
	s := open(t)
	s.fill()
	q := search.Query{Text: "black", Sort: search.ByPriceUp, Currency: "EUR"}
	if got, want := s.find(q), []string{"NB-CASE", "TN-2110", "TN-2120", "WATCH"}; !slices.Equal(got, want) {
		t.Errorf("got %v", got)
	}
	q.Sort = search.ByPriceDown
	if got, want := s.find(q), []string{"WATCH", "TN-2120", "TN-2110", "NB-CASE"}; !slices.Equal(got, want) {
		t.Errorf("got %v", got)
	}
}

func TestMarkedWords(t *testing.T) {
	s := open(t)
	s.fill()
	h := s.result(search.Query{Text: "travel notebooks"}).Hits[0]
	mark := func(m search.Marked) (text string) {
		for _, p := range m.Parts() {
			if p.Match {
				p.Text = "[" + p.Text + "]"
			}
			text += p.Text
		}
		return text
	}
	if got := mark(h.Title); got != "EliteBook 840 [notebook]" {
		t.Error(got)
	}
	if got := mark(h.Snippet); got != "A light [notebook] for [travel] with a 1 TB disk." {
		t.Error(got)
	}
}

func TestSuggestions(t *testing.T) {
	s := open(t)
	s.fill()
	got, err := s.Suggest(t.Context(), search.Prefix{Text: "black to", Currency: "EUR"})
	if err != nil || !slices.Equal(got.Queries, []string{"black toner"}) || len(got.Products) != 2 || min(got.Products[0].Price.Minor(), got.Products[1].Price.Minor()) != 4990 {
		t.Errorf("got %+v, %v", got, err)
	}
	got, err = s.Suggest(t.Context(), search.Prefix{Text: "tn-21"})
	if err != nil || len(got.Products) != 2 {
		t.Errorf("by the beginning of a SKU: got %+v, %v", got, err)
	}
	for _, nothing := range []string{"", "  ", "§", strings.Repeat("x ", 100)} {
		if got, err := s.Suggest(t.Context(), search.Prefix{Text: nothing}); err != nil || len(got.Products)+len(got.Queries) > 0 {
			t.Errorf("%q: got %+v, %v", nothing, got, err)
		}
	}
}

func TestAvailabilityFollowsStock(t *testing.T) {
	s := open(t)
	c := item("MUG", "Mug", "Keel", 1250)
	c.Variants[0].Untracked = false
	s.put(c)
	s.settle()
	inStock := search.Query{Filters: []search.Filter{{Field: search.FieldAvailable, Values: []string{"yes"}}}}
	if r := s.result(inStock); r.Total != 0 {
		t.Errorf("%d products without stock are available", r.Total)
	}
	if r := s.result(search.Query{}); r.Total != 1 || r.Hits[0].Available {
		t.Errorf("got %+v", r)
	}
	if _, err := s.Inventory.Receive(t.Context(), inventory.Receive{SKU: "MUG", Quantity: 1}); err != nil {
		t.Fatal(err)
	}
	s.settle()
	if r := s.result(inStock); r.Total != 1 || !r.Hits[0].Available {
		t.Errorf("got %+v", r)
	}
}

func TestTheIndexOutlivesTheFinder(t *testing.T) {
	s := open(t)
	s.fill()
	s.shut()
	s.put(item("VASE", "Vase", "Keel", 1250)) // nobody listens
	s.reopen(search.Options{})
	s.settle()
	if got := s.find(search.Query{Text: "vase"}); !slices.Equal(got, []string{"VASE"}) {
		t.Errorf("got %v", got)
	}
	if r := s.result(search.Query{}); r.Total != 7 || s.Finder.Status().Rebuilds != 0 {
		t.Errorf("%d products, %+v", r.Total, s.Finder.Status())
	}
}

func TestRebuildTakesOver(t *testing.T) {
	s := open(t)
	s.fill()
	before, _ := filepath.Glob(filepath.Join(s.Dir(), "search", "index-*"))
	s.Rebuild()
	for {
		now, _ := filepath.Glob(filepath.Join(s.Dir(), "search", "index-*"))
		if len(now) == 1 && !slices.Equal(now, before) && !s.Finder.Status().Rebuilding {
			break
		}
		if r := s.result(search.Query{Text: "mug"}); r.Total != 1 {
			t.Fatalf("%d products while an index is built", r.Total)
		}
	}
	s.put(item("VASE", "Vase", "Keel", 1250))
	s.settle()
	if r := s.result(search.Query{}); r.Total != 7 {
		t.Errorf("%d products", r.Total)
	}
}

func TestOneFinderForADirectory(t *testing.T) {
	s := open(t)
	if _, err := search.Open(t.Context(), s.Store, search.Options{}); !errors.Is(err, fault.Unavailable) {
		t.Errorf("got %v", err)
	}
}

func TestRefusedQueries(t *testing.T) {
	s := open(t)
	many := make([]string, 2000)
	for name, q := range map[string]search.Query{
		"limit":             {Limit: 100_000},
		"negative limit":    {Limit: -1},
		"order":             {Sort: "random"},
		"price, no money":   {Sort: search.ByPriceUp},
		"filters":           {Filters: make([]search.Filter, 1000)},
		"facets":            {Facets: make([]search.Facet, 1000)},
		"facet limit":       {Facets: []search.Facet{{Field: search.FieldBrand, Limit: 1 << 30}}},
		"values":            {Filters: []search.Filter{{Field: search.FieldBrand, Values: many}}},
		"no values":         {Filters: []search.Filter{{Field: search.FieldBrand}}},
		"field":             {Filters: []search.Filter{{Field: "secret", Values: []string{"x"}}}},
		"price of currency": {Filters: []search.Filter{{Field: search.FieldPrice, Prices: []search.PriceRange{{}}}}},
		"page":              {After: "!"},
		"other page":        {After: "AAAAAAAAAAAAAAAAAAAAAAAA"},
	} {
		if _, err := s.Find(t.Context(), q); !errors.Is(err, fault.Invalid) {
			t.Errorf("%s: got %v, want fault.Invalid", name, err)
		}
	}
}

func TestCorrections(t *testing.T) {
	s := open(t)
	s.fill()
	if r := s.result(search.Query{Text: "blue mugg"}); r.Corrected != "blue mug" || r.Total != 1 {
		t.Errorf("got %q, %d products", r.Corrected, r.Total)
	}
	if r := s.result(search.Query{Text: "mugg", Exact: true}); r.Corrected != "" || r.Total != 0 {
		t.Errorf("exactly as typed: got %q, %d products", r.Corrected, r.Total)
	}
	for _, known := range []string{"mug", "mugs", "laptop", "tn2111"} {
		if r := s.result(search.Query{Text: known}); r.Corrected != "" {
			t.Errorf("%q was corrected to %q", known, r.Corrected)
		}
	}
}

func TestWhatAThingIsComesBeforeWhatItIsFor(t *testing.T) {
	s := open(t)
	for sku, title := range map[string]string{
		"LAMP": "Epson projector lamp", "MOUNT": "Projector ceiling mount", "FOR": "Bag for Epson projector", "IT": "Epson EB-X41 projector white",
	} {
		s.put(item(sku, title, "Epson", 100, attribute("Colour", "White")))
	}
	s.settle()
	if got := s.find(search.Query{Text: "projector"}); len(got) != 4 || got[0] != "IT" {
		t.Errorf("got %v", got)
	}
	if got := s.find(search.Query{Text: "projector lamps"}); got[0] != "LAMP" {
		t.Errorf("got %v", got)
	}
}

func (s *store) putRule(r merchandising.Rule) {
	s.Helper()
	if _, err := s.Merchandising.PutRule(s.Context(), merchandising.PutRule{Rule: r}); err != nil {
		s.Fatal(err)
	}
}

func TestVocabulary(t *testing.T) {
	s := open(t)
	s.fill()
	put := func(v merchandising.Vocabulary) {
		t.Helper()
		if _, err := s.Merchandising.PutVocabulary(t.Context(), merchandising.PutVocabulary{Vocabulary: v}); err != nil {
			t.Fatal(err)
		}
	}
	put(merchandising.Vocabulary{Synonyms: [][]string{{"beaker", "mug"}, {"time piece", "smart watch"}}, StopWords: []string{"cheap"}})
	put(merchandising.Vocabulary{Locale: "de", Synonyms: [][]string{{"vessel", "mug"}}})
	for text, want := range map[string]string{"blue beakers": "MUG", "time piece": "WATCH"} {
		if got := s.find(search.Query{Text: text}); len(got) == 0 || got[0] != want {
			t.Errorf("%q finds %v, want %s", text, got, want)
		}
	}
	if r := s.result(search.Query{Text: "cheap watch"}); r.Total != 1 || r.Partial {
		t.Errorf("a stop word counts: %+v", r)
	}
	if got := s.find(search.Query{Text: "vessel"}); len(got) != 0 {
		t.Errorf("a word of another language finds %v", got)
	}
	s.shut()
	s.reopen(search.Options{})
	s.settle()
	if got := s.find(search.Query{Text: "beaker"}); len(got) == 0 || got[0] != "MUG" {
		t.Errorf("the vocabulary did not outlive the Finder: %v", got)
	}
}

// TestProductTypes: the title of its type finds a product and is a facet, and
// the type says which attributes are searched and listed.
func TestProductTypes(t *testing.T) {
	s := open(t)
	put := func(searchable bool) catalog.ProductTypeID {
		t.Helper()
		pt, err := s.Catalog.PutProductType(t.Context(), catalog.PutProductType{Code: "bowl", Title: "Drinking vessel", Attributes: []catalog.AttributeDefinition{
			{Name: "Glaze", Kind: catalog.TextAttribute, Searchable: searchable}, {Name: "Kiln", Kind: catalog.TextAttribute, Facetable: true},
		}})
		if err != nil {
			t.Fatal(err)
		}
		return pt.ID
	}
	p := item("TEABOWL", "Raku", "Keel", 5000, attribute("Glaze", "celadon"), attribute("Kiln", "anagama"))
	p.Type = put(false)
	s.put(p)
	s.settle()
	for text, want := range map[string]int{"drinking vessels": 1, "celadon": 0, "anagama": 0} {
		if got := s.result(search.Query{Text: text, Exact: true}).Total; got != want {
			t.Errorf("%q finds %d, want %d", text, got, want)
		}
	}
	r := s.result(search.Query{Facets: []search.Facet{
		{Field: search.FieldType}, {Field: search.AttributeField("Glaze")}, {Field: search.AttributeField("Kiln")},
	}})
	for i, want := range []string{"type: Drinking vessel 1", "attribute:Glaze: ", "attribute:Kiln: anagama 1"} {
		if got := print(r.Facets[i]); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	put(true)
	s.settle()
	if got := s.find(search.Query{Text: "celadon"}); len(got) != 1 {
		t.Errorf("once it is searchable, the glaze finds %v", got)
	}
	s.verify()
}

func TestExplainAddsUp(t *testing.T) {
	s := open(t)
	s.fill()
	s.putRule(merchandising.Rule{Boosts: []merchandising.Boost{{Field: search.FieldBrand, Values: []string{"Brother"}, Percent: 25}}})
	for _, text := range []string{"black toner", "tn-2110 toner", "black laptop case", "smartwatch", "mug garmin", "15.6 inch notbook"} {
		q := search.Query{Text: text}
		for _, h := range s.result(q).Hits {
			e, err := s.Explain(t.Context(), q, h.Product.ID)
			if err != nil {
				t.Fatal(err)
			}
			sum := 0.0
			for _, w := range e.Words {
				sum += w.Score
			}
			sum *= e.Coverage
			if e.Code {
				sum += 1000
			}
			sum *= 1 + e.Boost/100
			if math.Abs(sum-h.Score) > 1e-3*h.Score || e.Score != h.Score || !e.Matched {
				t.Errorf("%q, %s: the words make %v, the score is %v: %+v", text, h.Product.Title, sum, h.Score, e)
			}
		}
	}
	if _, err := s.Explain(t.Context(), search.Query{}, "prd_x"); !errors.Is(err, fault.NotFound) {
		t.Errorf("got %v", err)
	}
}

func TestMerchandising(t *testing.T) {
	s := open(t)
	s.fill()
	id := func(sku catalog.SKU) catalog.ProductID {
		v, err := s.Catalog.BySKU(t.Context(), sku)
		if err != nil {
			t.Fatal(err)
		}
		return v.Product
	}
	black := search.Query{Text: "black"}
	plain := s.find(black)
	s.putRule(merchandising.Rule{
		Query: "Blacks", Pins: []catalog.ProductID{id("MUG"), id("WATCH")}, Buries: []catalog.ProductID{id(catalog.SKU(plain[0]))},
	})
	s.putRule(merchandising.Rule{Query: "opening hours", Locale: "en", Redirect: "/hours"})
	s.putRule(merchandising.Rule{Query: "opening hours", Locale: "de", Redirect: "/zeiten"})
	got := s.find(black)
	if got[0] != "MUG" || got[1] != "WATCH" || got[len(got)-1] != plain[0] || len(got) != len(plain)+1 {
		t.Errorf("%v became %v", plain, got)
	}
	var paged []string
	for q := (search.Query{Text: "black", Limit: 2}); ; {
		r := s.result(q)
		for _, h := range r.Hits {
			paged = append(paged, string(h.Product.Variants[0].SKU))
		}
		if q.After = r.Next; q.After == "" {
			break
		}
	}
	if !slices.Equal(paged, got) {
		t.Errorf("page by page %v, at once %v", paged, got)
	}
	black.Filters = []search.Filter{{Field: search.FieldBrand, Values: []string{"Garmin"}}}
	if got := s.find(black); !slices.Equal(got, []string{"WATCH"}) {
		t.Errorf("a pinned product passed a filter: %v", got)
	}
	if r := s.result(search.Query{Text: "Opening hour"}); r.Redirect != "/hours" {
		t.Errorf("redirected to %q", r.Redirect)
	}
	toner := search.Query{Text: "toner"}
	first := s.find(toner)
	s.putRule(merchandising.Rule{Query: "toners", Boosts: []merchandising.Boost{
		{Field: search.AttributeField("Yield"), Values: []string{"large"}, Percent: -50}, {Field: search.FieldBrand, Values: []string{"Brother"}, Percent: 50},
	}})
	s.put(item("TN-3110", "TN-3110 toner cartridge black", "Keel", 4990))
	s.settle()
	if got := s.find(toner); len(got) != 3 || got[2] != "TN-3110" {
		t.Errorf("%v became %v", first, got)
	}
	if _, err := s.Merchandising.RemoveRule(t.Context(), merchandising.RemoveRule{Query: "blacks"}); err != nil {
		t.Fatal(err)
	}
	if got := s.find(search.Query{Text: "black"}); len(got) != len(plain)+1 || got[0] == "MUG" {
		t.Errorf("without the rule: %v", got)
	}
}
