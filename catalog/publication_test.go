package catalog_test

import (
	"slices"
	"testing"
	"time"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
)

func TestOffers(t *testing.T) {
	day := func(n int) time.Time { return time.Date(2026, 3, n, 0, 0, 0, 0, time.UTC) }
	s := newShop(t, 3)
	c := shirt("S")
	c.Publications = []catalog.Publication{
		{Channel: "web", VisibleFrom: catalog.MomentOf(day(2)), VisibleUntil: catalog.MomentOf(day(8)),
			PurchasableFrom: catalog.MomentOf(day(4)), PurchasableUntil: catalog.MomentOf(day(10))},
		{Channel: ""},
	}
	s.must(c)
	s.must(mug())
	draft := catalog.PutProduct{Title: "Draft", SKU: "DRAFT", Status: catalog.Draft}
	s.must(draft)
	gone := s.must(catalog.PutProduct{Title: "Gone", SKU: "GONE", Price: eur(1)})
	if _, err := s.ArchiveProduct(t.Context(), catalog.ArchiveProduct{Product: gone.ID}); err != nil {
		t.Fatal(err)
	}
	type reasons []catalog.Reason
	for name, test := range map[string]struct {
		sku                          catalog.SKU
		ask                          catalog.Ask
		visible, purchasable, priced bool
		why                          reasons
	}{
		"everywhere":            {"MUG", catalog.Ask{Channel: "any", At: day(1), Currency: "EUR"}, true, true, true, nil},
		"other currency":        {"MUG", catalog.Ask{At: day(1), Currency: "JPY"}, true, true, false, reasons{catalog.NoPriceInCurrency}},
		"no currency":           {"MUG", catalog.Ask{At: day(1)}, true, true, false, nil},
		"draft":                 {"DRAFT", catalog.Ask{Currency: "EUR"}, false, false, false, reasons{catalog.IsDraft, catalog.NoPriceInCurrency}},
		"archived":              {"GONE", catalog.Ask{Currency: "EUR"}, false, false, true, reasons{catalog.IsArchived}},
		"own channel":           {"SHIRT-S", catalog.Ask{At: day(1), Currency: "EUR"}, true, true, true, nil},
		"another channel":       {"SHIRT-S", catalog.Ask{Channel: "till", At: day(5)}, false, false, false, reasons{catalog.NotInChannel}},
		"before":                {"SHIRT-S", catalog.Ask{Channel: "web", At: day(1)}, false, false, false, reasons{catalog.NotYetVisible, catalog.NotYetPurchasable}},
		"shown":                 {"SHIRT-S", catalog.Ask{Channel: "web", At: day(2)}, true, false, false, reasons{catalog.NotYetPurchasable}},
		"on sale":               {"SHIRT-S", catalog.Ask{Channel: "web", At: day(4)}, true, true, false, nil},
		"for those who know it": {"SHIRT-S", catalog.Ask{Channel: "web", At: day(8)}, false, true, false, reasons{catalog.NoLongerVisible}},
		"after":                 {"SHIRT-S", catalog.Ask{Channel: "web", At: day(10)}, false, false, false, reasons{catalog.NoLongerVisible, catalog.NoLongerOnSale}},
	} {
		v, err := s.BySKU(t.Context(), test.sku)
		if err != nil {
			t.Fatal(err)
		}
		p, err := s.Get(t.Context(), v.Product)
		if err != nil {
			t.Fatal(err)
		}
		for _, got := range []catalog.Offer{v.Offered(test.ask), p.Offered(test.ask), p.Variants[0].Offered(test.ask)} {
			if got.Visible != test.visible || got.Purchasable != test.purchasable || got.Priced != test.priced || !slices.Equal(got.WhyNot, test.why) {
				t.Errorf("%s: got %+v", name, got)
			}
		}
	}
	for name, list := range map[string][]catalog.Publication{
		"twice":          {{Channel: "a"}, {Channel: "a"}},
		"ends too early": {{VisibleFrom: 5, VisibleUntil: 5}},
		"never":          {{PurchasableUntil: -1}},
	} {
		c := mug()
		c.Publications = list
		if _, err := s.PutProduct(t.Context(), c); fault.CodeOf(err) != fault.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	if m := catalog.MomentOf(time.Time{}); m != 0 || !m.Time().IsZero() || catalog.MomentOf(day(3)).Time() != day(3) {
		t.Error("moments and times differ")
	}
}

func TestHistory(t *testing.T) {
	s := newShop(t, 3)
	ada := command.WithPrincipal(t.Context(), "staff:ada")
	p := s.must(shirt("S"))
	c := shirt("S", "M")
	c.Title = "Better shirt"
	for range 2 {
		if _, err := s.PutProduct(ada, c); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.ArchiveProduct(ada, catalog.ArchiveProduct{Product: p.ID}); err != nil {
		t.Fatal(err)
	}
	category := s.category(catalog.PutCategory{Handle: "c", Title: "C"})
	if err := s.RemoveCategory(ada, catalog.RemoveCategory{Category: category.ID}); err != nil {
		t.Fatal(err)
	}
	for subject, want := range map[string][]catalog.Change{
		string(p.ID): {
			{Version: 1, Kind: "product.created"},
			{Version: 2, Kind: "product.updated", Principal: "staff:ada", Fields: []string{"title", "variants"}},
			{Version: 3, Kind: "product.archived", Principal: "staff:ada", Fields: []string{"status"}},
		},
		string(category.ID): {
			{Version: 1, Kind: "category.created"},
			{Version: 2, Kind: "category.removed", Principal: "staff:ada"},
		},
	} {
		var got []catalog.Change
		for c, err := range s.History(t.Context(), subject) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, c)
		}
		if len(got) != len(want) {
			t.Fatalf("got %+v", got)
		}
		for i, c := range got {
			w := want[i]
			if c.Subject != subject || c.Version != w.Version || c.Kind != w.Kind || c.Principal != w.Principal || !slices.Equal(c.Fields, w.Fields) || c.At.IsZero() {
				t.Errorf("got %+v, want %+v", c, w)
			}
		}
	}
	for _, err := range s.History(t.Context(), "nothing") {
		if fault.CodeOf(err) != fault.Invalid {
			t.Errorf("got %v", err)
		}
	}
}
