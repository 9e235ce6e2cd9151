package catalog_test

import (
	"reflect"
	"slices"
	"testing"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/fault"
)

func TestTranslations(t *testing.T) {
	s := newShop(t, 3)
	c := shirt("S", "M")
	c.Description, c.SEO.Title = "Soft.", "Shirt"
	c.Attributes = []catalog.Attribute{{Name: "Season", Kind: catalog.EnumAttribute, Values: []string{"spring"}}, {Name: "Width", Kind: catalog.NumberAttribute, Unit: "inch"}}
	c.Translations = []catalog.Translation{
		{Locale: "fr", Title: "Chemise", Description: "Douce."},
		{Locale: "de-AT", Title: "Hemmad"},
		{Locale: "de", Title: "Hemd", SEO: catalog.SEO{Title: "Das Hemd"}, Terms: []catalog.Term{
			{Text: "spring", Translation: "Frühling"}, {Text: "Size", Translation: "Größe"}, {Text: "inch", Translation: "Zoll"}}},
	}
	s.must(c)
	p, err := s.ByHandle(t.Context(), "shirt")
	if err != nil {
		t.Fatal(err)
	}
	before := p.Variants[0].Title
	for _, test := range []struct {
		locales                              []string
		title, description, seo, size, value string
	}{
		{nil, "Shirt", "Soft.", "Shirt", "Size", "spring"},
		{[]string{"es"}, "Shirt", "Soft.", "Shirt", "Size", "spring"},
		{[]string{"de"}, "Hemd", "Soft.", "Das Hemd", "Größe", "Frühling"},
		{[]string{"de-AT"}, "Hemmad", "Soft.", "Das Hemd", "Größe", "Frühling"},
		{[]string{"de-CH", "fr-CH"}, "Hemd", "Douce.", "Das Hemd", "Größe", "Frühling"},
		{[]string{"fr-CH", "de"}, "Chemise", "Douce.", "Das Hemd", "Größe", "Frühling"},
	} {
		got := p.In(test.locales...)
		v := got.Variants[0]
		if got.Title != test.title || got.Description != test.description || got.SEO.Title != test.seo ||
			v.Options[0].Name != test.size || got.Attributes[0].Values[0] != test.value || v.Title != test.title+" – S" {
			t.Errorf("in %v: %+v", test.locales, got)
		}
	}
	if p.Variants[0].Title != before || p.Attributes[0].Values[0] != "spring" || p.Variants[0].Options[0].Name != "Size" {
		t.Errorf("translating changed the product: %+v", p)
	}
	if again := s.must(c); again.Version != p.Version {
		t.Error("putting the same counted")
	}
	plain := s.must(mug())
	if n := testing.AllocsPerRun(10, func() { plain.In("de-AT", "fr") }); n > 4 {
		t.Errorf("a product without translations costs %v allocations", n)
	}

	top := s.category(catalog.PutCategory{Handle: "clothes", Title: "Clothes", Translations: []catalog.Translation{{Locale: "de", Title: "Kleidung"}}})
	if got := top.In("de-AT"); got.Title != "Kleidung" {
		t.Errorf("got %+v", got)
	}
}

func TestLocales(t *testing.T) {
	for _, ok := range []string{"de", "gsw", "de-AT", "zh-Hant", "zh-Hant-TW", "es-419"} {
		if err := catalog.CheckLocale(ok); err != nil {
			t.Errorf("%s: %v", ok, err)
		}
	}
	for _, bad := range []string{"", "d", "DE", "de-", "de_AT", "de-at", "de-AT-", "zh-hant", "german", "de-A", "de-AT-X", "zh-TW-Hant"} {
		if err := catalog.CheckLocale(bad); fault.CodeOf(err) != fault.Invalid {
			t.Errorf("%s: %v", bad, err)
		}
	}
	if got := catalog.Fallbacks("zh-Hant-TW"); !slices.Equal(got, []string{"zh-Hant-TW", "zh-Hant", "zh"}) {
		t.Errorf("got %v", got)
	}
	s := newShop(t, 1)
	for name, list := range map[string][]catalog.Translation{
		"twice":        {{Locale: "de"}, {Locale: "de"}},
		"not a locale": {{Locale: "deutsch"}},
		"term twice":   {{Locale: "de", Terms: []catalog.Term{{Text: "a", Translation: "b"}, {Text: "a", Translation: "c"}}}},
		"empty term":   {{Locale: "de", Terms: []catalog.Term{{Text: "a"}}}},
	} {
		c := mug()
		c.Translations = list
		if _, err := s.PutProduct(t.Context(), c); fault.CodeOf(err) != fault.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestFormerHandlesOfCategories(t *testing.T) {
	s := newShop(t, 3)
	c := s.category(catalog.PutCategory{Handle: "shirts", Title: "Shirts"})
	c = s.category(catalog.PutCategory{ID: c.ID, Handle: "tops", Title: "Shirts"})
	if got, ok := s.tree().ByHandle("shirts"); !ok || got.Handle != "tops" || !reflect.DeepEqual(got, c) {
		t.Fatalf("got %+v, want %+v", got, c)
	}
	other := s.category(catalog.PutCategory{Handle: "shirts", Title: "New shirts"})
	if got, _ := s.tree().ByHandle("shirts"); got.ID != other.ID {
		t.Fatalf("got %+v", got)
	}
	if err := s.RemoveCategory(t.Context(), catalog.RemoveCategory{Category: c.ID}); err != nil {
		t.Fatal(err)
	}
}
