package catalog_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/command/commandtest"
	"github.com/keelshop/commerce/money"
)

// poster has n variants: 20 sizes in n/20 colours.
func poster(n int) catalog.PutProduct {
	c := catalog.PutProduct{Handle: "poster", Title: "Poster", Media: []catalog.Media{{Asset: picture, SKUs: []catalog.SKU{"POSTER-0", catalog.SKU(fmt.Sprintf("POSTER-%d", n-1))}}}}
	for i := range n {
		c.Variants = append(c.Variants, catalog.PutVariant{
			SKU:     catalog.SKU(fmt.Sprintf("POSTER-%d", i)),
			Options: []catalog.Option{{Name: "Size", Value: fmt.Sprint(i % 20)}, {Name: "Colour", Value: fmt.Sprint("colour ", i/20)}},
			Prices:  []money.Amount{eur(int64(1000 + i)), money.New(int64(1100+i), "USD")}, WeightGrams: int64(i),
			Barcodes: []string{fmt.Sprint("own-", i)},
		})
	}
	return c
}

func TestAProductWith2000Variants(t *testing.T) {
	s := newShop(t, 3)
	c := poster(2000)
	p := s.must(c)
	if len(p.Variants) != 2000 || len(p.Media[0].SKUs) != 2 {
		t.Fatalf("got %d variants", len(p.Variants))
	}
	for i, v := range p.Variants {
		if v.SKU != c.Variants[i].SKU || v.Prices[0] != c.Variants[i].Prices[0] || v.WeightGrams != int64(i) {
			t.Fatalf("variant %d is %+v", i, v)
		}
	}
	if again := s.must(c); again.Version != p.Version {
		t.Errorf("putting the same counted: %d became %d", p.Version, again.Version)
	}
	var paged []catalog.Variant
	for after := catalog.SKU(""); ; {
		page, err := s.VariantsOf(t.Context(), p.ID, after, 300)
		if err != nil {
			t.Fatal(err)
		}
		if paged = append(paged, page...); len(page) < 300 {
			break
		}
		after = page[299].SKU
	}
	if !reflect.DeepEqual(paged, p.Variants) {
		t.Errorf("%d variants in pages differ from %d at once", len(paged), len(p.Variants))
	}
	head, err := s.Header(t.Context(), p.ID)
	if err != nil || head.Variants != nil || head.Title != "Poster" || head.Version != p.Version {
		t.Errorf("got %+v, %v", head, err)
	}
	c.Variants = slices.Delete(c.Variants, 3, 1003)
	slices.Reverse(c.Variants)
	c.Title = "Print"
	if p = s.must(c); !slices.Equal(skus(p), skusOf(c)) || p.Title != "Print" || p.Variants[7].Title != "Print – "+p.Variants[7].Options[0].Value+" / "+p.Variants[7].Options[1].Value {
		t.Errorf("got %d variants", len(p.Variants))
	}
	if _, err := s.PutProducts(t.Context(), []catalog.PutProduct{mug(), poster(2000)}); err != nil {
		t.Fatal(err)
	}
	s.settle()
}

func skusOf(c catalog.PutProduct) (list []string) {
	for _, v := range c.Variants {
		list = append(list, string(v.SKU))
	}
	return list
}

func TestALargeProductGoesOn(t *testing.T) {
	s := newShop(t, 3)
	c := poster(1500)
	c.Key = "k"
	n := 0
	s.engine.Drop = func(e command.Envelope) bool {
		if e.Kind == (catalog.PutVariants{}).Kind() {
			n++
		}
		return n == 1
	}
	if _, err := s.PutProduct(t.Context(), c); fault.CodeOf(err) != fault.Uncertain || commandtest.KeyOf(t, err) != "k" {
		t.Fatalf("got %v", err)
	}
	s.engine.Drop = nil
	if p := s.must(c); len(p.Variants) != 1500 {
		t.Fatalf("%d variants", len(p.Variants))
	}
	s.settle()
}

// TestPutVariants compares random changes of parts of a product with a model.
func TestPutVariants(t *testing.T) {
	s := newShop(t, 3)
	run := 0
	rapid.Check(t, func(rt *rapid.T) {
		run++
		name := func(i int) catalog.SKU { return catalog.SKU(fmt.Sprintf("%d/%d", run, i)) }
		variant := func(i int, price int64) catalog.PutVariant {
			return catalog.PutVariant{SKU: name(i), Options: []catalog.Option{{Name: "n", Value: fmt.Sprint(i)}}, Prices: []money.Amount{eur(price)}}
		}
		p := s.must(catalog.PutProduct{Handle: string(name(100)), Title: "P", Variants: []catalog.PutVariant{variant(0, 1), variant(1, 1)}})
		order, prices, version := []int{0, 1}, map[int]int64{0: 1, 1: 1}, p.Version
		for range rapid.IntRange(1, 8).Draw(rt, "steps") {
			c := catalog.PutVariants{Product: p.ID, Version: version}
			wanted, changed := slices.Clone(order), false
			for _, i := range rapid.SliceOfNDistinct(rapid.IntRange(0, 6), 1, 4, rapid.ID).Draw(rt, "named") {
				has := slices.Contains(wanted, i)
				if rapid.Bool().Draw(rt, "remove") {
					c.Remove = append(c.Remove, name(i))
					changed = changed || has
					wanted = slices.DeleteFunc(wanted, func(j int) bool { return j == i })
					continue
				}
				price := rapid.Int64Range(1, 3).Draw(rt, "price")
				c.Variants = append(c.Variants, variant(i, price))
				if !has {
					wanted = append(wanted, i)
				}
				changed = changed || !has || prices[i] != price
				if len(wanted) > 0 {
					prices[i] = price
				}
			}
			before := s.engine.Submitted()
			got, err := s.PutVariants(t.Context(), c)
			if len(wanted) == 0 {
				if fault.CodeOf(err) != fault.Invalid {
					rt.Fatalf("no variant is left: %v", err)
				}
				continue
			}
			if err != nil || len(got) != len(c.Variants) {
				rt.Fatalf("got %+v, %v", got, err)
			}
			if n := s.engine.Submitted() - before; n > 7 {
				rt.Fatalf("it took %d commands", n)
			}
			if order = wanted; changed {
				version++
			}
			now, err := s.Get(t.Context(), p.ID)
			if err != nil || now.Version != version || len(now.Variants) != len(order) {
				rt.Fatalf("got %+v, %v; want version %d and %v", now, err, version, order)
			}
			for j, i := range order {
				v, err := s.BySKU(t.Context(), name(i))
				if err != nil || now.Variants[j].SKU != name(i) || v.Product != p.ID || v.Prices[0] != eur(prices[i]) {
					rt.Fatalf("variant %d is %+v, %v; in the product %+v", i, v, err, now.Variants[j])
				}
			}
		}
		s.settle()
		if s.Failed() {
			rt.Fatal("claims and names differ")
		}
	})
}

func TestRefusedVariants(t *testing.T) {
	s := newShop(t, 3)
	p := s.must(shirt("S", "M"))
	s.must(mug())
	typed := s.must(catalog.PutProduct{SKU: "TYPED", Title: "Typed", Type: s.productType(shirtType()).ID, Attributes: []catalog.Attribute{{Name: "Fabric", Text: "wool"}},
		Variants: nil})
	one := shirt("S").Variants
	for name, test := range map[string]struct {
		c    catalog.PutVariants
		want fault.Code
	}{
		"nothing":           {catalog.PutVariants{Product: p.ID}, fault.Invalid},
		"not a product":     {catalog.PutVariants{Product: "x", Variants: one}, fault.Invalid},
		"unknown":           {catalog.PutVariants{Product: "prd_01KAJ3W7Q8Z5D4F6G7H8J9K0M1", Variants: one}, fault.NotFound},
		"old":               {catalog.PutVariants{Product: p.ID, Variants: shirt("L").Variants, Version: 7}, fault.Conflict},
		"taken":             {catalog.PutVariants{Product: p.ID, Variants: []catalog.PutVariant{{SKU: "MUG", Options: []catalog.Option{{Name: "a", Value: "b"}}}}}, fault.Conflict},
		"same options":      {catalog.PutVariants{Product: p.ID, Variants: []catalog.PutVariant{{SKU: "NEW", Options: one[0].Options}}}, fault.Invalid},
		"put and removed":   {catalog.PutVariants{Product: p.ID, Variants: one, Remove: []catalog.SKU{"SHIRT-S"}}, fault.Invalid},
		"none left":         {catalog.PutVariants{Product: p.ID, Remove: []catalog.SKU{"SHIRT-S", "SHIRT-M"}}, fault.Invalid},
		"not of the type":   {catalog.PutVariants{Product: typed.ID, Variants: []catalog.PutVariant{{SKU: "T2", Attributes: []catalog.Attribute{{Name: "Smell", Text: "x"}}}}}, fault.Invalid},
		"twice":             {catalog.PutVariants{Product: p.ID, Variants: append(one, one...)}, fault.Invalid},
		"negative price":    {catalog.PutVariants{Product: p.ID, Variants: []catalog.PutVariant{{SKU: "NEW", Prices: []money.Amount{eur(-1)}}}}, fault.Invalid},
		"a version too low": {catalog.PutVariants{Product: p.ID, Variants: one, Version: -1}, fault.Invalid},
	} {
		for _, key := range []string{"", "key of " + name} {
			test.c.Key = key
			if _, err := s.PutVariants(t.Context(), test.c); fault.CodeOf(err) != test.want {
				t.Errorf("%s, key %q: got %v, want %s", name, key, err, test.want)
			}
		}
	}
	_, err := s.PutVariants(t.Context(), catalog.PutVariants{Product: p.ID, Variants: []catalog.PutVariant{{SKU: "MUG", Options: []catalog.Option{{Name: "a", Value: "b"}}}}})
	if e, ok := errors.AsType[*catalog.NameTakenError](err); !ok || e.Name != "MUG" {
		t.Errorf("got %v", err)
	}
	if now, err := s.Get(t.Context(), p.ID); err != nil || now.Version != 1 {
		t.Errorf("something was done: %+v, %v", now, err)
	}
	s.settle()
}

func BenchmarkUpdateOneOf2000(b *testing.B) {
	s := newShop(b, 8)
	p := s.must(poster(2000))
	n := int64(0)
	for b.Loop() {
		n++
		v := poster(int(n%2000) + 1).Variants[n%2000]
		v.Prices = []money.Amount{eur(n)}
		if _, err := s.PutVariants(b.Context(), catalog.PutVariants{Product: p.ID, Variants: []catalog.PutVariant{v}}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkReadPageOf2000(b *testing.B) {
	s := newShop(b, 8)
	p := s.must(poster(2000))
	for b.Loop() {
		page, err := s.VariantsOf(b.Context(), p.ID, "POSTER-1234", 100)
		if err != nil || len(page) != 100 {
			b.Fatal(len(page), err)
		}
	}
}

func BenchmarkReadAll2000(b *testing.B) {
	s := newShop(b, 8)
	p := s.must(poster(2000))
	plain := catalog.NewService(s.engine, nil)
	for b.Loop() {
		if got, err := plain.Get(b.Context(), p.ID); err != nil || len(got.Variants) != 2000 {
			b.Fatal(err)
		}
	}
}

// TestManyVariantsAreAdded adds more to a product than one command takes, as an import does that was killed in the
// middle of it.
func TestManyVariantsAreAdded(t *testing.T) {
	s := newShop(t, 3)
	c := poster(1500)
	for i := range c.Variants {
		c.Variants[i].Metadata = json.RawMessage(fmt.Sprintf(`{"note":"%0300d"}`, i))
	}
	first := c
	first.Variants, first.Media = c.Variants[:100], nil
	p := s.must(first)
	largest, n := 0, 0
	s.engine.Drop = func(e command.Envelope) bool {
		if e.Kind == (catalog.PutVariants{}).Kind() {
			largest = max(largest, len(e.Body))
			n++
		}
		return n == 3
	}
	more := catalog.PutVariants{Product: p.ID, Version: p.Version, Variants: c.Variants[100:], Remove: []catalog.SKU{"POSTER-7"}, Key: "k"}
	if _, err := s.PutVariants(t.Context(), more); fault.CodeOf(err) != fault.Uncertain || commandtest.KeyOf(t, err) != "k" {
		t.Fatalf("got %v", err)
	}
	s.engine.Drop = nil
	got, err := s.PutVariants(t.Context(), more)
	if err != nil || len(got) != 1400 {
		t.Fatalf("%d variants, %v", len(got), err)
	}
	c.Variants = slices.Delete(c.Variants, 7, 8)
	if p, err = s.Get(t.Context(), p.ID); err != nil || !slices.Equal(skus(p), skusOf(c)) {
		t.Errorf("%d variants, %v", len(p.Variants), err)
	}
	if largest > command.MaxBytes {
		t.Errorf("a command has %d bytes", largest)
	}
	s.settle()
}
