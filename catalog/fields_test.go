package catalog_test

import (
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/money"
)

// everything is a product with a value in every field.
func everything(s *shop) catalog.PutProduct {
	c := shirt("S", "M")
	top := s.category(catalog.PutCategory{Handle: "clothes", Title: "Clothes"})
	low := s.category(catalog.PutCategory{Handle: "shirts", Title: "Shirts", Parent: top.ID})
	c.Brand, c.SEO = "Acme", catalog.SEO{Title: "Shirt by Acme", Description: "Soft"}
	c.Categories = []catalog.CategoryID{low.ID, top.ID}
	c.Media = []catalog.Media{{Asset: picture, Alt: "Front"}, {Asset: picture, Alt: "S", SKUs: []catalog.SKU{"SHIRT-S"}}}
	c.Attributes = []catalog.Attribute{
		{Name: "Fabric", Kind: catalog.TextAttribute, Text: "wool"},
		{Name: "Weight of fabric", Kind: catalog.NumberAttribute, Number: catalog.Number{Mantissa: 1505, Exponent: -1}, Unit: "g/m²"},
		{Name: "Organic", Kind: catalog.BoolAttribute, Bool: true},
		{Name: "Season", Kind: catalog.EnumAttribute, Values: []string{"spring", "autumn"}},
		{Name: "Goes with", Kind: catalog.ReferenceAttribute, Values: []string{"trousers"}},
	}
	v := &c.Variants[0]
	v.CompareAt = []money.Amount{eur(2900)}
	v.Attributes = []catalog.Attribute{{Name: "Chest", Kind: catalog.NumberAttribute, Number: catalog.Number{Mantissa: 92}, Unit: "cm"}}
	v.Barcodes = []string{"4006381333931", "96385074", "own-7"}
	v.WeightGrams, v.LengthMM, v.WidthMM, v.HeightMM = 210, 300, 250, 20
	return c
}

func TestReadingBackEveryField(t *testing.T) {
	s := newShop(t, 3)
	c := everything(s)
	s.must(c)
	p, err := s.ByHandle(t.Context(), "shirt")
	if err != nil {
		t.Fatal(err)
	}
	if p.Brand != c.Brand || p.SEO != c.SEO || !slices.Equal(p.Categories, c.Categories) ||
		!reflect.DeepEqual(p.Media, c.Media) || !reflect.DeepEqual(p.Attributes, c.Attributes) {
		t.Errorf("got %+v", p)
	}
	v, want := p.Variants[0], c.Variants[0]
	if !slices.Equal(v.CompareAt, want.CompareAt) || !reflect.DeepEqual(v.Attributes, want.Attributes) || !slices.Equal(v.Barcodes, want.Barcodes) ||
		v.WeightGrams != 210 || v.LengthMM != 300 || v.WidthMM != 250 || v.HeightMM != 20 {
		t.Errorf("got %+v", v)
	}
	if one, err := s.BySKU(t.Context(), "SHIRT-S"); err != nil || !reflect.DeepEqual(one, v) {
		t.Errorf("by its SKU %+v, %v; in its product %+v", one, err, v)
	}
	if above, ok := v.CompareAtPrice("EUR"); !ok || above != eur(2900) {
		t.Errorf("compared with %v", above)
	}
	if _, ok := p.Variants[1].CompareAtPrice("EUR"); ok {
		t.Error("compared with nothing")
	}
	var values []string
	for _, a := range p.Attributes {
		values = append(values, a.Value())
	}
	if !slices.Equal(values, []string{"wool", "150.5 g/m²", "true", "spring, autumn", "trousers"}) {
		t.Errorf("the values read %q", values)
	}
	if again := s.must(c); again.Version != p.Version {
		t.Error("putting the same counted")
	}
}

func TestInvalidFields(t *testing.T) {
	s := newShop(t, 1)
	base := everything(s)
	attribute := func(a catalog.Attribute) func(*catalog.PutProduct) {
		return func(c *catalog.PutProduct) { c.Attributes = append(slices.Clone(c.Attributes), a) }
	}
	for name, change := range map[string]func(*catalog.PutProduct){
		"category twice":        func(c *catalog.PutProduct) { c.Categories = append(c.Categories, c.Categories[0]) },
		"not a category":        func(c *catalog.PutProduct) { c.Categories = []catalog.CategoryID{"shirts"} },
		"not an asset":          func(c *catalog.PutProduct) { c.Media = []catalog.Media{{Asset: "front.jpg"}} },
		"picture of another":    func(c *catalog.PutProduct) { c.Media = []catalog.Media{{Asset: picture, SKUs: []catalog.SKU{"MUG"}}} },
		"attribute twice":       attribute(catalog.Attribute{Name: "Fabric", Text: "linen"}),
		"attribute of no kind":  attribute(catalog.Attribute{Name: "x", Kind: "colour", Text: "linen"}),
		"attribute without one": attribute(catalog.Attribute{Name: "x"}),
		"attribute of two":      attribute(catalog.Attribute{Name: "x", Text: "y", Bool: true}),
		"nothing to choose":     attribute(catalog.Attribute{Name: "x", Kind: catalog.EnumAttribute}),
		"chosen twice":          attribute(catalog.Attribute{Name: "x", Kind: catalog.EnumAttribute, Values: []string{"a", "a"}}),
		"number out of range":   attribute(catalog.Attribute{Name: "x", Kind: catalog.NumberAttribute, Number: catalog.Number{Mantissa: 1, Exponent: 3}}),
		"wrong check digit":     func(c *catalog.PutProduct) { c.Variants[0].Barcodes = []string{"4006381333932"} },
		"barcode twice":         func(c *catalog.PutProduct) { c.Variants[0].Barcodes = []string{"a", "a"} },
		"negative weight":       func(c *catalog.PutProduct) { c.Variants[0].WeightGrams = -1 },
		"negative height":       func(c *catalog.PutProduct) { c.Variants[0].HeightMM = -1 },
		"compared with nothing": func(c *catalog.PutProduct) { c.Variants[0].CompareAt = []money.Amount{money.New(1, "JPY")} },
		"compared with two":     func(c *catalog.PutProduct) { c.Variants[0].CompareAt = []money.Amount{eur(1), eur(2)} },
	} {
		c := base
		c.Variants = slices.Clone(base.Variants)
		change(&c)
		if _, err := s.PutProduct(t.Context(), c); fault.CodeOf(err) != fault.Invalid {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestBarcodes(t *testing.T) {
	for code, digit := range map[string]string{
		"4006381333931": "", "036000291452": "", "96385074": "", "10614141000415": "", // GTIN-13, -12, -8, -14
		"4006381333930": "1", "036000291453": "2", "96385070": "4", "10614141000414": "5",
		"123": "", "1234567890": "", "ABCDEFGH": "", // not GTINs
	} {
		err := catalog.CheckBarcode(code)
		wrong, ok := errors.AsType[*catalog.BarcodeError](err)
		if ok != (digit != "") || ok && wrong.Want != digit {
			t.Errorf("%s: got %v", code, err)
		}
	}
	for _, code := range []string{"", " 1", "1\n2"} {
		if err := catalog.CheckBarcode(code); fault.CodeOf(err) != fault.Invalid {
			t.Errorf("%q: got %v", code, err)
		}
	}
}

func TestNumbers(t *testing.T) {
	for text, want := range map[string]string{
		"0": "0", "-0": "0", "15.6": "15.6", "15.60": "15.6", "007": "7", "-0.05": "-0.05", "2000": "2000", "0.000": "0",
		"999999999999999999": "999999999999999999", "0.000000000000000001": "0.000000000000000001",
		"": "", ".5": "", "5.": "", "+5": "", "1e3": "", "1,5": "", "1.-5": "", "1_0": "", "--1": "", " 1": "",
		"1000000000000000000": "", "0.0000000000000000001": "", "9223372036854775808": "",
	} {
		n, err := catalog.ParseNumber(text)
		if err != nil && (want != "" || fault.CodeOf(err) != fault.Invalid) || err == nil && n.String() != want {
			t.Errorf("%q: got %v, %v; want %q", text, n, err, want)
		}
	}
	number := rapid.Custom(func(t *rapid.T) catalog.Number {
		return catalog.Number{Mantissa: rapid.Int64Range(-1e18+1, 1e18-1).Draw(t, "mantissa"), Exponent: rapid.Int32Range(-18, 0).Draw(t, "exponent")}
	})
	rapid.Check(t, func(t *rapid.T) {
		n, m := number.Draw(t, "n"), number.Draw(t, "m")
		text, err := json.Marshal(n)
		var back catalog.Number
		if err == nil {
			err = json.Unmarshal(text, &back)
		}
		if err != nil || back != n.Normal() || n.Cmp(back) != 0 {
			t.Fatalf("%v became %s and %v, %v", n, text, back, err)
		}
		if n.Cmp(m) != -m.Cmp(n) || n.Cmp(m) == 0 != (n.Normal() == m.Normal()) {
			t.Fatalf("%v and %v compare as %d and %d", n, m, n.Cmp(m), m.Cmp(n))
		}
	})
}

func FuzzParseNumber(f *testing.F) {
	for _, s := range []string{"0", "-15.60", ".", "1e9", "999999999999999999.9"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n, err := catalog.ParseNumber(s)
		if err != nil {
			return
		}
		if back, err := catalog.ParseNumber(n.String()); err != nil || back != n {
			t.Fatalf("%q is %v, which is %v, %v", s, n, back, err)
		}
	})
}
