package search

import (
	"fmt"
	"slices"
	"testing"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/commercetest"
	"github.com/keelshop/commerce/money"
)

// TestChosenFacets: the Finder counts what most of the goods have values to
// choose in, and filters do not change which that is.
func TestChosenFacets(t *testing.T) {
	shop := commercetest.Open(t)
	ctx := t.Context()
	shoes, err := shop.Catalog.PutCategory(ctx, catalog.PutCategory{Handle: "shoes", Title: "Shoes"})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 6 {
		p := catalog.PutProduct{Title: "Boot", Variants: []catalog.PutVariant{{
			SKU: catalog.SKU(fmt.Sprint("boot-", i)), Prices: []money.Amount{money.New(9000, "EUR")},
			Options: []catalog.Option{{Name: "Size", Value: fmt.Sprint(38 + i)}},
		}}, Categories: []catalog.CategoryID{shoes.ID}}
		if i%2 == 0 {
			p.Attributes = []catalog.Attribute{{Name: "Lining", Kind: catalog.EnumAttribute, Values: []string{"Wool"}}}
		}
		p.Attributes = append(p.Attributes, catalog.Attribute{Name: "Story", Kind: catalog.TextAttribute, Text: fmt.Sprint("Number ", i)})
		if _, err := shop.Catalog.PutProduct(ctx, p); err != nil {
			t.Fatal(err)
		}
		lamp := catalog.PutProduct{Title: "Lamp", SKU: catalog.SKU(fmt.Sprint("lamp-", i)), Price: money.New(2000, "EUR"),
			Attributes: []catalog.Attribute{{Name: "Shade", Kind: catalog.EnumAttribute, Values: []string{"Linen"}}}}
		if _, err := shop.Catalog.PutProduct(ctx, lamp); err != nil {
			t.Fatal(err)
		}
	}
	f, err := Open(ctx, shop, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := f.After(ctx, shop.Latest()); err != nil {
		t.Fatal(err)
	}
	size, lining, shade := AttributeField("Size"), AttributeField("Lining"), AttributeField("Shade")
	filter := []Filter{{Field: size, Values: []string{"38"}}}
	for _, c := range []struct {
		q    Query
		want []string
	}{
		{Query{Text: "boot", Choices: 5}, []string{size, lining}},
		{Query{Text: "boot", Choices: 1}, []string{size}},
		{Query{Category: string(shoes.ID), Choices: 5}, []string{size, lining}},
		{Query{Category: string(shoes.ID), Choices: 5, Filters: filter}, []string{size, lining}},
		{Query{Text: "boot", Choices: 5, Facets: []Facet{{Field: size}}}, []string{size, lining}},
		{Query{Text: "lamp", Choices: 5}, []string{shade}},
		{Query{Text: "lamp"}, nil},
	} {
		r, err := f.Find(ctx, c.q)
		var got []string
		for _, facet := range r.Facets {
			got = append(got, facet.Field)
		}
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%+v: facets %v, %v; want %v", c.q, got, err, c.want)
		}
		if len(c.q.Filters) > 0 && (r.Total != 1 || len(r.Facets[0].Values) != 6) {
			t.Errorf("filtered: %d, %+v", r.Total, r.Facets)
		}
	}
	if _, err := f.Find(ctx, Query{Choices: 65}); err == nil {
		t.Error("65 chosen facets were not refused")
	}
}
