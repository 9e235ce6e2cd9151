package search_test

import (
	"slices"
	"testing"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/search"
)

func TestPricesAreThoseOfTheShopper(t *testing.T) {
	s := open(t)
	s.put(item("A", "Cup A", "Keel", 1000))
	s.put(item("B", "Cup B", "Keel", 2200))
	s.put(item("C", "Cup C", "Keel", 3000))
	list, err := s.Catalog.PutPriceList(t.Context(), catalog.PutPriceList{Code: "trade", Title: "Trade", Groups: []string{"trade"}, DiscountBasisPoints: 5000})
	if err != nil {
		t.Fatal(err)
	}
	err = s.Catalog.PutListPrices(t.Context(), catalog.PutListPrices{List: list.ID, Prices: []catalog.SKUPrices{
		{SKU: "C", Tiers: []catalog.Tier{{Price: eur(100)}, {MinQuantity: 10, Price: eur(50)}}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	s.settle()
	q := search.Query{
		Currency: "EUR", Sort: search.ByPriceUp, Facets: []search.Facet{{Field: search.FieldPrice, Prices: []search.PriceRange{{Max: 999}, {Min: 1000}}}},
		Filters: []search.Filter{{Field: search.FieldPrice, Prices: []search.PriceRange{{Max: 1500}}}},
	}
	for _, test := range []struct {
		groups []string
		skus   []string
		prices []money.Amount
		facet  string
	}{
		{nil, []string{"A"}, []money.Amount{eur(1000)}, "price: 0–999 0, 1000–0 3"},
		{[]string{"trade"}, []string{"C", "A", "B"}, []money.Amount{eur(100), eur(500), eur(1100)}, "price: 0–999 2, 1000–0 1"},
	} {
		q.Groups = test.groups
		r := s.result(q)
		if got := s.find(q); !slices.Equal(got, test.skus) {
			t.Errorf("%v: found %v", test.groups, got)
		}
		for i, h := range r.Hits {
			if h.Price != test.prices[i] || h.Highest != test.prices[i] {
				t.Errorf("%v: %s costs %v", test.groups, h.Product.Title, h.Price)
			}
		}
		if got := print(r.Facets[0]); got != test.facet {
			t.Errorf("%v: got %s", test.groups, got)
		}
	}
	// The shopper of before pays a new price at once.
	_, err = s.Catalog.PutPriceList(t.Context(), catalog.PutPriceList{Code: "trade", Title: "Trade", Groups: []string{"trade"}, DiscountBasisPoints: 9500})
	if err != nil {
		t.Fatal(err)
	}
	s.put(item("D", "Cup D", "Keel", 200))
	s.settle()
	if got := s.find(q); !slices.Equal(got, []string{"D", "A", "C", "B"}) {
		t.Errorf("with a larger discount: %v", got)
	}
}

func TestWhatIsNotShownIsNotFound(t *testing.T) {
	s := open(t)
	s.put(item("ALL", "Cup", "Keel", 1000))
	c := item("TILL", "Cup for the till", "Keel", 1000)
	c.Publications = []catalog.Publication{{Channel: "till"}}
	s.put(c)
	s.settle()
	q := search.Query{Text: "cup", Facets: []search.Facet{{Field: search.FieldBrand}}}
	if r := s.result(q); r.Total != 1 || print(r.Facets[0]) != "brand: Keel 1" {
		t.Errorf("%d products, %s", r.Total, print(r.Facets[0]))
	}
	q.Channel = "till"
	if r := s.result(q); r.Total != 2 {
		t.Errorf("at the till: %d products", r.Total)
	}
	for channel, want := range map[string]int{"": 1, "till": 2} {
		got, err := s.Suggest(t.Context(), search.Prefix{Text: "cu", Channel: channel})
		if err != nil || len(got.Products) != want {
			t.Errorf("channel %q: suggested %+v, %v", channel, got.Products, err)
		}
	}
}

func TestAFinderSpeaksItsLanguage(t *testing.T) {
	s := open(t)
	c := item("MUG", "Blue mugs", "Keel", 1000, attribute("Colour", "Blue"))
	c.Translations = []catalog.Translation{{
		Locale: "de", Title: "Blaue Becher", Terms: []catalog.Term{{Text: "Colour", Translation: "Farbe"}, {Text: "Blue", Translation: "Blau"}},
	}}
	s.put(c)
	s.settle()
	if r := s.result(search.Query{Text: "mug"}); r.Total != 1 || r.Hits[0].Product.Title != "Blue mugs" {
		t.Errorf("got %+v", r)
	}
	s.shut()
	s.reopen(search.Options{Locale: "de"})
	s.settle()
	r := s.result(search.Query{Text: "blauer becher", Facets: []search.Facet{{Field: search.AttributeField("Farbe")}}})
	if r.Total != 1 || r.Hits[0].Title.Text != "Blaue Becher" || print(r.Facets[0]) != "attribute:Farbe: Blau 1" {
		t.Errorf("got %+v", r)
	}
}
