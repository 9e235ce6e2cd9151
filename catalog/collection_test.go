package catalog_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/sqlite"
	"github.com/keelshop/commerce/money"
)

func (s *shop) collection(c catalog.PutCollection) catalog.Collection {
	s.Helper()
	out, err := s.PutCollection(context.Background(), c)
	if err != nil {
		s.Fatal(err)
	}
	return out
}

// collect runs the timers of collections until none is left.
func (s *shop) collect() {
	s.Helper()
	ctx := context.Background()
	for range 10 {
		rules, shards := s.engine.Timers(catalog.TimerRules), s.engine.Timers(catalog.TimerCollect)
		if len(rules)+len(shards) == 0 {
			found, err := s.CheckCollections(ctx)
			if err != nil || len(found) > 0 {
				s.Fatalf("the check says %v, %v", found, err)
			}
			return
		}
		for _, subject := range rules {
			if err := s.RulesTimer(ctx, subject); err != nil {
				s.Fatal(err)
			}
		}
		for _, subject := range shards {
			if err := s.CollectTimer(ctx, subject); err != nil {
				s.Fatal(err)
			}
		}
	}
	s.Fatal("the timers of collections never end")
}

func is(field catalog.RuleField, name string, values ...string) catalog.Rule {
	return catalog.Rule{Field: field, Op: catalog.Is, Name: name, Values: values}
}

func TestCollectionsByRules(t *testing.T) {
	s := newShop(t, 3)
	top := s.category(catalog.PutCategory{Handle: "clothes", Title: "Clothes"})
	low := s.category(catalog.PutCategory{Handle: "shirts", Title: "Shirts", Parent: top.ID})
	other := s.category(catalog.PutCategory{Handle: "other", Title: "Other"})
	a := shirt("S", "M")
	a.Brand, a.Categories = "Acme", []catalog.CategoryID{low.ID}
	a.Attributes = []catalog.Attribute{{Name: "Weight", Kind: catalog.NumberAttribute, Number: catalog.Number{Mantissa: 150}},
		{Name: "Season", Kind: catalog.EnumAttribute, Values: []string{"spring", "autumn"}}}
	s.must(a)
	b := mug()
	b.Brand = "Best"
	s.must(b)
	price := eur(2000)
	for name, test := range map[string]struct {
		c    catalog.PutCollection
		want []string
	}{
		"brand":         {catalog.PutCollection{Rules: []catalog.Rule{is(catalog.RuleBrand, "", "Acme", "Other")}}, []string{"SHIRT-S"}},
		"not the brand": {catalog.PutCollection{Rules: []catalog.Rule{{Field: catalog.RuleBrand, Op: catalog.IsNot, Values: []string{"Acme"}}}}, []string{"MUG"}},
		"above":         {catalog.PutCollection{Rules: []catalog.Rule{is(catalog.RuleCategory, "", string(top.ID))}}, []string{"SHIRT-S"}},
		"elsewhere":     {catalog.PutCollection{Rules: []catalog.Rule{is(catalog.RuleCategory, "", string(other.ID))}}, nil},
		"title":         {catalog.PutCollection{Rules: []catalog.Rule{{Field: catalog.RuleTitle, Op: catalog.Contains, Values: []string{"HIR", "x"}}}}, []string{"SHIRT-S"}},
		"option":        {catalog.PutCollection{Rules: []catalog.Rule{is(catalog.RuleOption, "Size", "M")}}, []string{"SHIRT-S"}},
		"attribute":     {catalog.PutCollection{Rules: []catalog.Rule{is(catalog.RuleAttribute, "Season", "autumn")}}, []string{"SHIRT-S"}},
		"heavy":         {catalog.PutCollection{Rules: []catalog.Rule{{Field: catalog.RuleAttribute, Name: "Weight", Op: catalog.AtLeast, Number: catalog.Number{Mantissa: 150}}}}, []string{"SHIRT-S"}},
		"light":         {catalog.PutCollection{Rules: []catalog.Rule{{Field: catalog.RuleAttribute, Name: "Weight", Op: catalog.AtMost, Number: catalog.Number{Mantissa: 1499, Exponent: -1}}}}, nil},
		"cheap":         {catalog.PutCollection{Rules: []catalog.Rule{{Field: catalog.RulePrice, Op: catalog.AtMost, Price: &price}}}, []string{"MUG"}},
		"dear":          {catalog.PutCollection{Rules: []catalog.Rule{{Field: catalog.RulePrice, Op: catalog.AtLeast, Price: &price}}}, []string{"SHIRT-S"}},
		"both":          {catalog.PutCollection{Rules: []catalog.Rule{is(catalog.RuleBrand, "", "Acme"), is(catalog.RuleOption, "Size", "L")}}, nil},
		"one of them":   {catalog.PutCollection{AnyRule: true, Rules: []catalog.Rule{is(catalog.RuleBrand, "", "Best"), is(catalog.RuleOption, "Size", "M")}}, []string{"MUG", "SHIRT-S"}},
		"one of such":   {catalog.PutCollection{AnyRule: true, Rules: []catalog.Rule{is(catalog.RuleBrand, "", "Best"), {Field: catalog.RulePrice, Op: catalog.AtLeast, Price: &price}}}, []string{"MUG", "SHIRT-S"}},
	} {
		test.c.Handle, test.c.Title = name, name
		c := s.collection(test.c)
		s.collect()
		if got := s.list(catalog.Filter{Collection: c.ID}); !slices.Equal(got, test.want) {
			t.Errorf("%s: got %v, want %v", name, got, test.want)
		}
		if again := s.collection(test.c); again.Version != 1 {
			t.Errorf("%s: putting the same counted", name)
		}
	}
	p, err := s.ByHandle(t.Context(), "shirt")
	if err != nil {
		t.Fatal(err)
	}
	before, err := s.CollectionsOf(t.Context(), p.ID)
	if err != nil || len(before) != 9 {
		t.Fatalf("got %d, %v", len(before), err)
	}
	// A tree that moves, a price that changes and a collection that goes.
	if _, err := s.MoveCategory(t.Context(), catalog.MoveCategory{Category: low.ID, Parent: other.ID}); err != nil {
		t.Fatal(err)
	}
	b.Price = eur(5000)
	s.must(b)
	all, err := s.Collections(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	gone, _ := all.ByHandle("title")
	if err := s.RemoveCollection(t.Context(), catalog.RemoveCollection{Collection: gone.ID, Version: 1}); err != nil {
		t.Fatal(err)
	}
	s.collect()
	for handle, want := range map[string][]string{"above": nil, "elsewhere": {"SHIRT-S"}, "cheap": nil, "dear": {"MUG", "SHIRT-S"}} {
		c, _ := all.ByHandle(handle)
		if got := s.list(catalog.Filter{Collection: c.ID}); !slices.Equal(got, want) {
			t.Errorf("%s: got %v, want %v", handle, got, want)
		}
	}
	for _, err := range s.All(t.Context(), catalog.Filter{Collection: gone.ID}) {
		if fault.CodeOf(err) != fault.NotFound {
			t.Errorf("got %v", err)
		}
	}
}

func TestCollectionsOfNamedProducts(t *testing.T) {
	s := newShop(t, 3)
	a, b, d := s.must(mug()), s.must(shirt("S")), s.must(catalog.PutProduct{SKU: "DRAFT", Title: "Draft", Status: catalog.Draft})
	missing := catalog.ProductID("prd_01KAJ3W7Q8Z5D4F6G7H8J9K0M1")
	c := s.collection(catalog.PutCollection{Handle: "new", Title: "New", Products: []catalog.ProductID{d.ID, missing, b.ID, a.ID},
		Translations: []catalog.Translation{{Locale: "de", Title: "Neu"}}})
	if !slices.Equal(c.Products, []catalog.ProductID{d.ID, missing, b.ID, a.ID}) || c.In("de-AT").Title != "Neu" {
		t.Errorf("got %+v", c)
	}
	if got := s.pages(catalog.Filter{Collection: c.ID, Limit: 2}); !slices.Equal(got, []string{"DRAFT", "MUG", "SHIRT-S"}) {
		t.Errorf("got %v", got)
	}
	if got := s.list(catalog.Filter{Collection: c.ID, Status: catalog.Active}); !slices.Equal(got, []string{"MUG", "SHIRT-S"}) {
		t.Errorf("got %v", got)
	}
	if in, err := s.CollectionsOf(t.Context(), a.ID); err != nil || len(in) != 1 || in[0].ID != c.ID {
		t.Errorf("got %+v, %v", in, err)
	}
	if n := len(s.engine.Timers(catalog.TimerRules)); n != 0 {
		t.Errorf("%d timers for a collection without rules", n)
	}
}

func TestRefusedCollections(t *testing.T) {
	s := newShop(t, 3)
	a := s.collection(catalog.PutCollection{Handle: "a", Title: "A"})
	s.collection(catalog.PutCollection{Handle: "b", Title: "B"})
	put := func(c catalog.PutCollection) error { _, err := s.PutCollection(t.Context(), c); return err }
	rule := func(r catalog.Rule) error {
		return put(catalog.PutCollection{Handle: "x", Title: "X", Rules: []catalog.Rule{r}})
	}
	product := catalog.ProductID("prd_01KAJ3W7Q8Z5D4F6G7H8J9K0M1")
	price := money.New(-1, "EUR")
	for name, test := range map[string]struct {
		err  error
		want fault.Code
	}{
		"no handle":         {put(catalog.PutCollection{Title: "X"}), fault.Invalid},
		"both":              {put(catalog.PutCollection{Handle: "x", Title: "X", Products: []catalog.ProductID{product}, Rules: []catalog.Rule{is(catalog.RuleBrand, "", "A")}}), fault.Invalid},
		"twice":             {put(catalog.PutCollection{Handle: "x", Title: "X", Products: []catalog.ProductID{product, product}}), fault.Invalid},
		"not a product":     {put(catalog.PutCollection{Handle: "x", Title: "X", Products: []catalog.ProductID{"x"}}), fault.Invalid},
		"unknown":           {put(catalog.PutCollection{ID: "coll_01KAJ3W7Q8Z5D4F6G7H8J9K0M1", Handle: "x", Title: "X"}), fault.NotFound},
		"taken":             {put(catalog.PutCollection{ID: a.ID, Handle: "b", Title: "X"}), fault.Conflict},
		"old":               {put(catalog.PutCollection{Handle: "a", Title: "X", Version: 3}), fault.Conflict},
		"no field":          {rule(catalog.Rule{Op: catalog.Is, Values: []string{"a"}}), fault.Invalid},
		"no value":          {rule(is(catalog.RuleBrand, "")), fault.Invalid},
		"a brand's name":    {rule(is(catalog.RuleBrand, "x", "a")), fault.Invalid},
		"no name":           {rule(is(catalog.RuleAttribute, "", "a")), fault.Invalid},
		"not a category":    {rule(is(catalog.RuleCategory, "", "a")), fault.Invalid},
		"not a type":        {rule(is(catalog.RuleType, "", "a")), fault.Invalid},
		"at least a brand":  {rule(catalog.Rule{Field: catalog.RuleBrand, Op: catalog.AtLeast}), fault.Invalid},
		"no price":          {rule(catalog.Rule{Field: catalog.RulePrice, Op: catalog.AtLeast}), fault.Invalid},
		"a negative price":  {rule(catalog.Rule{Field: catalog.RulePrice, Op: catalog.AtLeast, Price: &price}), fault.Invalid},
		"remove the old":    {s.RemoveCollection(t.Context(), catalog.RemoveCollection{Collection: a.ID, Version: 9}), fault.Conflict},
		"remove no ID":      {s.RemoveCollection(t.Context(), catalog.RemoveCollection{Collection: "x"}), fault.Invalid},
		"remove an unknown": {s.RemoveCollection(t.Context(), catalog.RemoveCollection{Collection: "coll_01KAJ3W7Q8Z5D4F6G7H8J9K0M1"}), fault.NotFound},
	} {
		if fault.CodeOf(test.err) != test.want {
			t.Errorf("%s: got %v, want %s", name, test.err, test.want)
		}
	}
	for _, err := range s.All(t.Context(), catalog.Filter{Collection: a.ID, Category: "cat_01KAJ3W7Q8Z5D4F6G7H8J9K0M1"}) {
		if fault.CodeOf(err) != fault.Invalid {
			t.Errorf("got %v", err)
		}
	}
}

// TestCollectionsFollow changes products and rules at random, with some of the
// timers' work left undone, and compares with a model in the end.
func TestCollectionsFollow(t *testing.T) {
	s := newShop(t, 3)
	run := 0
	rapid.Check(t, func(rt *rapid.T) {
		run++
		brands := []string{fmt.Sprint("A", run), fmt.Sprint("B", run)}
		products, rules := map[string]string{}, map[string][]string{} // brands by SKU and by collection
		for range rapid.IntRange(1, 15).Draw(rt, "steps") {
			switch rapid.IntRange(0, 3).Draw(rt, "step") {
			case 0:
				handle := fmt.Sprintf("%d-%d", run, rapid.IntRange(0, 2).Draw(rt, "collection"))
				rules[handle] = rapid.SliceOfNDistinct(rapid.SampledFrom(brands), 1, 2, rapid.ID).Draw(rt, "brands")
				s.collection(catalog.PutCollection{Handle: handle, Title: "C", Rules: []catalog.Rule{is(catalog.RuleBrand, "", rules[handle]...)}})
			case 1:
				for _, subject := range s.engine.Timers(catalog.TimerCollect) {
					if err := s.CollectTimer(t.Context(), subject); err != nil {
						rt.Fatal(err)
					}
				}
			default:
				sku := fmt.Sprintf("%d/%d", run, rapid.IntRange(0, 5).Draw(rt, "product"))
				products[sku] = rapid.SampledFrom(brands).Draw(rt, "brand")
				s.must(catalog.PutProduct{SKU: catalog.SKU(sku), Title: "P", Brand: products[sku]})
			}
		}
		s.collect()
		all, err := s.Collections(t.Context())
		if err != nil {
			rt.Fatal(err)
		}
		for handle, brands := range rules {
			c, _ := all.ByHandle(handle)
			var want []string
			for _, sku := range slices.Sorted(maps.Keys(products)) {
				if slices.Contains(brands, products[sku]) {
					want = append(want, sku)
				}
			}
			if got := s.list(catalog.Filter{Collection: c.ID}); !slices.Equal(got, want) {
				rt.Fatalf("%s has %v, want %v", handle, got, want)
			}
			if err := s.RemoveCollection(t.Context(), catalog.RemoveCollection{Collection: c.ID}); err != nil {
				rt.Fatal(err)
			}
		}
	})
}

// BenchmarkCollect changes one of 2,000 products and holds it against the rules
// of 5,000 collections.
func BenchmarkCollect(b *testing.B) {
	s := newShop(b, 8)
	list := manyMugs(2000)
	for i := range list {
		list[i].Brand = fmt.Sprint("brand ", i%500)
	}
	if _, err := s.PutProducts(b.Context(), list); err != nil {
		b.Fatal(err)
	}
	for i := range 5000 {
		s.collection(catalog.PutCollection{Handle: fmt.Sprint(i), Title: "C", Rules: []catalog.Rule{
			is(catalog.RuleBrand, "", fmt.Sprint("brand ", i%500)), {Field: catalog.RuleTitle, Op: catalog.Contains, Values: []string{fmt.Sprint(i)}}}})
	}
	s.collect()
	n := 0
	for b.Loop() {
		n++
		p := list[n%len(list)]
		p.Title = fmt.Sprint("Mug ", n)
		s.must(p)
		for _, subject := range s.engine.Timers(catalog.TimerCollect) {
			if err := s.CollectTimer(b.Context(), subject); err != nil {
				b.Fatal(err)
			}
		}
	}
}

// A product that has changed need not wait until new rules have been held
// against all others.
func TestAChangedProductComesFirst(t *testing.T) {
	s := newShop(t, 1)
	var last catalog.Product
	for i := range 5 {
		last = s.must(catalog.PutProduct{SKU: catalog.SKU(fmt.Sprint("item ", i)), Title: "Item", Brand: "Acme", Price: eur(100)})
	}
	s.collection(catalog.PutCollection{Handle: "acme", Title: "Acme", Rules: []catalog.Rule{is(catalog.RuleBrand, "", "Acme")}})
	for _, subject := range s.engine.Timers(catalog.TimerRules) {
		if err := s.RulesTimer(t.Context(), subject); err != nil {
			t.Fatal(err)
		}
	}
	s.must(catalog.PutProduct{SKU: "item 4", Title: "Item, new", Brand: "Acme", Price: eur(100)})
	s.collect()
	var order []string
	err := s.engine.View(t.Context(), 0, func(tx *sqlite.Tx) error {
		rows := tx.Query(`SELECT subject FROM outbox WHERE kind = 'product.collected' ORDER BY seq`)
		for rows.Next() {
			order = append(order, rows.Text(0))
		}
		return rows.Close()
	})
	if err != nil || len(order) != 5 || order[0] != string(last.ID) {
		t.Errorf("%v were collected in this order, %v; want %s first", order, err, last.ID)
	}
}
