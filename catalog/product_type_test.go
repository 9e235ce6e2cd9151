package catalog_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/fault"
)

func (s *shop) productType(c catalog.PutProductType) catalog.ProductType {
	s.Helper()
	t, err := s.PutProductType(context.Background(), c)
	if err != nil {
		s.Fatal(err)
	}
	return t
}

func shirtType() catalog.PutProductType {
	return catalog.PutProductType{Code: "shirt", Title: "Shirt", Attributes: []catalog.AttributeDefinition{
		{Name: "Fabric", Required: true, Constraint: catalog.SameForAll, Searchable: true, Localised: true},
		{Name: "Chest", Kind: catalog.NumberAttribute, Unit: "cm", Constraint: catalog.Unique},
		{Name: "Season", Kind: catalog.EnumAttribute, Values: []string{"spring", "autumn"}, Multiple: true, Facetable: true},
		{Name: "Fit", Kind: catalog.EnumAttribute, Values: []string{"slim", "wide"}},
		{Name: "Organic", Kind: catalog.BoolAttribute},
		{Name: "Goes with", Kind: catalog.ReferenceAttribute, Multiple: true},
	}}
}

func chest(cm int64) catalog.Attribute {
	return catalog.Attribute{Name: "Chest", Kind: catalog.NumberAttribute, Number: catalog.Number{Mantissa: cm}, Unit: "cm"}
}

func TestProductsFitTheirType(t *testing.T) {
	s := newShop(t, 3)
	shirts := s.productType(shirtType())
	fitting := func() catalog.PutProduct {
		c := shirt("S", "M")
		c.Type = shirts.ID
		c.Attributes = []catalog.Attribute{{Name: "Fabric", Text: "wool"}, {Name: "Season", Kind: catalog.EnumAttribute, Values: []string{"autumn", "spring"}}}
		c.Variants[0].Attributes, c.Variants[1].Attributes = []catalog.Attribute{chest(92)}, []catalog.Attribute{chest(96)}
		return c
	}
	p := s.must(fitting())
	if p.Type != shirts.ID {
		t.Fatalf("got %+v", p)
	}
	if a, ok := p.Attribute(p.Variants[0], "Chest"); !ok || a.Number.Mantissa != 92 {
		t.Errorf("got %+v", a)
	}
	if a, ok := p.Attribute(p.Variants[0], "Fabric"); !ok || a.Text != "wool" {
		t.Errorf("got %+v", a)
	}
	for name, test := range map[string]struct {
		change    func(c *catalog.PutProduct)
		attribute string
		sku       catalog.SKU
		problem   string
	}{
		"unknown": {func(c *catalog.PutProduct) {
			c.Attributes = append(c.Attributes, catalog.Attribute{Name: "Smell", Text: "none"})
		}, "Smell", "", "no such"},
		"kind": {func(c *catalog.PutProduct) {
			c.Attributes[0] = catalog.Attribute{Name: "Fabric", Kind: catalog.BoolAttribute}
		}, "Fabric", "", "is a bool"},
		"missing": {func(c *catalog.PutProduct) { c.Attributes = nil }, "Fabric", "SHIRT-S", "missing"},
		"on a variant": {func(c *catalog.PutProduct) {
			c.Variants[1].Attributes = []catalog.Attribute{{Name: "Fabric", Text: "wool"}}
		}, "Fabric", "SHIRT-M", "same for all"},
		"unit":       {func(c *catalog.PutProduct) { c.Variants[0].Attributes[0].Unit = "inch" }, "Chest", "SHIRT-S", `"inch"`},
		"not unique": {func(c *catalog.PutProduct) { c.Variants[1].Attributes[0] = chest(92) }, "Chest", "SHIRT-M", `"SHIRT-S" has the same`},
		"the product's": {func(c *catalog.PutProduct) {
			c.Variants[0].Attributes, c.Variants[1].Attributes = nil, nil
			c.Attributes = append(c.Attributes, chest(92))
		}, "Chest", "SHIRT-M", "has the same"},
		"value": {func(c *catalog.PutProduct) { c.Attributes[1].Values = []string{"winter"} }, "Season", "", `"winter"`},
		"several": {func(c *catalog.PutProduct) {
			c.Attributes = append(c.Attributes, catalog.Attribute{Name: "Fit", Kind: catalog.EnumAttribute, Values: []string{"slim", "wide"}})
		}, "Fit", "", "several"},
	} {
		c := fitting()
		test.change(&c)
		for how, put := range map[string]func() error{
			"alone":     func() error { _, err := s.PutProduct(t.Context(), c); return err },
			"with more": func() error { _, err := s.PutProducts(t.Context(), []catalog.PutProduct{mug(), c}); return err },
		} {
			err := put()
			e, ok := errors.AsType[*catalog.AttributeError](err)
			if !ok || e.Attribute != test.attribute || e.SKU != test.sku || e.Type != "shirt" || !strings.Contains(e.Problem, test.problem) || fault.CodeOf(err) != fault.Invalid {
				t.Errorf("%s, %s: got %v", name, how, err)
			}
		}
	}
	c := fitting()
	c.Type = "ptype_01KAJ3W7Q8Z5D4F6G7H8J9K0M1"
	if _, err := s.PutProduct(t.Context(), c); !errors.As(err, new(*catalog.UnknownProductTypeError)) {
		t.Errorf("got %v", err)
	}
	c.Type = "" // free again
	c.Attributes = append(c.Attributes, catalog.Attribute{Name: "Smell", Text: "none"})
	s.must(c)
	s.settle()
}

func TestProductTypes(t *testing.T) {
	s := newShop(t, 3)
	shirts := s.productType(shirtType())
	if shirts.Version != 1 || len(shirts.Attributes) != 6 || shirts.Attributes[0].Kind != catalog.TextAttribute || shirts.Attributes[1].Constraint != catalog.Unique {
		t.Fatalf("got %+v", shirts)
	}
	if again := s.productType(shirtType()); again.Version != 1 {
		t.Errorf("putting the same counted: %+v", again)
	}
	changed := shirtType()
	changed.Attributes = changed.Attributes[1:]
	if got := s.productType(changed); got.Version != 2 || got.ID != shirts.ID {
		t.Errorf("got %+v", got)
	}
	s.productType(catalog.PutProductType{Code: "book", Title: "Book"})
	types, err := s.ProductTypes(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var codes []string
	for _, p := range types.All() {
		codes = append(codes, p.Code)
	}
	if !slices.Equal(codes, []string{"book", "shirt"}) {
		t.Errorf("got %v", codes)
	}
	if d, ok := types.ByCode("shirt"); !ok || d.ID != shirts.ID {
		t.Errorf("got %+v", d)
	}
	define := func(d ...catalog.AttributeDefinition) catalog.PutProductType {
		return catalog.PutProductType{Code: "shirt", Title: "Shirt", Attributes: d}
	}
	for name, test := range map[string]struct {
		c    catalog.PutProductType
		want fault.Code
	}{
		"no code":             {catalog.PutProductType{Title: "X"}, fault.Invalid},
		"no title":            {catalog.PutProductType{Code: "x"}, fault.Invalid},
		"unknown":             {catalog.PutProductType{ID: "ptype_01KAJ3W7Q8Z5D4F6G7H8J9K0M1", Code: "x", Title: "X"}, fault.NotFound},
		"taken":               {catalog.PutProductType{ID: shirts.ID, Code: "book", Title: "X"}, fault.Conflict},
		"old":                 {catalog.PutProductType{Code: "shirt", Title: "X", Version: 1}, fault.Conflict},
		"another kind":        {define(catalog.AttributeDefinition{Name: "Chest"}), fault.Conflict},
		"no such kind":        {define(catalog.AttributeDefinition{Name: "x", Kind: "colour"}), fault.Invalid},
		"no such constraint":  {define(catalog.AttributeDefinition{Name: "x", Constraint: "some"}), fault.Invalid},
		"twice":               {define(catalog.AttributeDefinition{Name: "x"}, catalog.AttributeDefinition{Name: "x"}), fault.Invalid},
		"no name":             {define(catalog.AttributeDefinition{}), fault.Invalid},
		"enum of nothing":     {define(catalog.AttributeDefinition{Name: "x", Kind: catalog.EnumAttribute}), fault.Invalid},
		"enum twice":          {define(catalog.AttributeDefinition{Name: "x", Kind: catalog.EnumAttribute, Values: []string{"a", "a"}}), fault.Invalid},
		"text of values":      {define(catalog.AttributeDefinition{Name: "x", Values: []string{"a"}}), fault.Invalid},
		"text in a unit":      {define(catalog.AttributeDefinition{Name: "x", Unit: "cm"}), fault.Invalid},
		"text more than once": {define(catalog.AttributeDefinition{Name: "x", Multiple: true}), fault.Invalid},
	} {
		if _, err := s.PutProductType(t.Context(), test.c); fault.CodeOf(err) != test.want {
			t.Errorf("%s: got %v, want %s", name, err, test.want)
		}
	}
}

func TestReferencesAreChecked(t *testing.T) {
	s := newShop(t, 3)
	s.must(catalog.PutProduct{Title: "Mug", SKU: "MUG", Type: s.productType(catalog.PutProductType{Code: "mug", Title: "Mug"}).ID})
	s.listPrices(s.priceList(catalog.PutPriceList{Code: "trade", Title: "Trade"}), "MUG", catalog.Tier{Price: eur(1)})
	if found, err := s.CheckReferences(t.Context()); err != nil || len(found) > 0 {
		t.Fatalf("nothing is wrong; got %v, %v", found, err)
	}
}
