package catalog_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/fault"
)

func (s *shop) category(c catalog.PutCategory) catalog.Category {
	s.Helper()
	out, err := s.PutCategory(context.Background(), c)
	if err != nil {
		s.Fatal(err)
	}
	return out
}

func (s *shop) tree() *catalog.Tree {
	s.Helper()
	t, err := s.Categories(context.Background())
	if err != nil {
		s.Fatal(err)
	}
	return t
}

// list returns the SKUs of the products that a filter selects, sorted.
func (s *shop) list(f catalog.Filter) (list []string) {
	s.Helper()
	for p, err := range s.All(context.Background(), f) {
		if err != nil {
			s.Fatal(err)
		}
		list = append(list, string(p.Variants[0].SKU))
	}
	slices.Sort(list)
	return list
}

func handles(list []catalog.Category) (out []string) {
	for _, c := range list {
		out = append(out, c.Handle)
	}
	return out
}

func TestTheTree(t *testing.T) {
	s := newShop(t, 3)
	clothes := s.category(catalog.PutCategory{Handle: "clothes", Title: "Clothes", Position: 2})
	home := s.category(catalog.PutCategory{Handle: "home", Title: "Home", Position: 1, SEO: catalog.SEO{Title: "For your home"}})
	shirts := s.category(catalog.PutCategory{Handle: "shirts", Title: "Shirts", Parent: clothes.ID})
	linen := s.category(catalog.PutCategory{Handle: "linen", Title: "Linen", Parent: shirts.ID, Media: []catalog.Media{{Asset: picture, Alt: "Linen"}}})
	boots := s.category(catalog.PutCategory{Handle: "boots", Title: "Boots", Parent: clothes.ID})
	tree := s.tree()
	if got := handles(tree.Children("")); !slices.Equal(got, []string{"home", "clothes"}) {
		t.Errorf("at the top are %v", got)
	}
	if got := handles(tree.Children(clothes.ID)); !slices.Equal(got, []string{"boots", "shirts"}) {
		t.Errorf("below clothes are %v", got)
	}
	if got := handles(tree.Path(linen.ID)); !slices.Equal(got, []string{"clothes", "shirts", "linen"}) {
		t.Errorf("the path is %v", got)
	}
	if got := handles(slices.Collect(tree.All())); !slices.Equal(got, []string{"home", "clothes", "boots", "shirts", "linen"}) {
		t.Errorf("all are %v", got)
	}
	if got, ok := tree.ByHandle("linen"); !ok || got.ID != linen.ID || got.Media[0].Alt != "Linen" || got.Version != 1 {
		t.Errorf("got %+v", got)
	}
	if tree.Descendants("cat_x") != nil || tree.Path("cat_x") != nil {
		t.Error("there is something of an unknown category")
	}
	before := s.engine.Submitted()
	moved, err := s.MoveCategory(t.Context(), catalog.MoveCategory{Category: shirts.ID, Parent: home.ID, Position: 5, Version: 1})
	if err != nil || moved.Version != 2 || s.engine.Submitted() != before+1 {
		t.Fatalf("got %+v, %v", moved, err)
	}
	if got := handles(s.tree().Path(linen.ID)); !slices.Equal(got, []string{"home", "shirts", "linen"}) {
		t.Errorf("after the move the path is %v", got)
	}
	if again := s.category(catalog.PutCategory{Handle: "home", Title: "Home", Position: 1, SEO: catalog.SEO{Title: "For your home"}}); again.Version != 1 {
		t.Errorf("putting the same counted: %+v", again)
	}
	if renamed := s.category(catalog.PutCategory{ID: boots.ID, Handle: "shoes", Title: "Shoes"}); renamed.Version != 2 || renamed.Parent != "" {
		t.Errorf("got %+v", renamed)
	}
}

func TestRefusedCategories(t *testing.T) {
	s := newShop(t, 3)
	top := s.category(catalog.PutCategory{Handle: "top", Title: "Top"})
	mid := s.category(catalog.PutCategory{Handle: "mid", Title: "Mid", Parent: top.ID})
	low := s.category(catalog.PutCategory{Handle: "low", Title: "Low", Parent: mid.ID})
	unknown := catalog.CategoryID("cat_01KAJ3W7Q8Z5D4F6G7H8J9K0M1")
	put := func(c catalog.PutCategory) error { _, err := s.PutCategory(t.Context(), c); return err }
	move := func(c catalog.MoveCategory) error { _, err := s.MoveCategory(t.Context(), c); return err }
	remove := func(c catalog.RemoveCategory) error { return s.RemoveCategory(t.Context(), c) }
	for name, test := range map[string]struct {
		err  error
		want fault.Code
	}{
		"no handle":                {put(catalog.PutCategory{Title: "X"}), fault.Invalid},
		"no title":                 {put(catalog.PutCategory{Handle: "x"}), fault.Invalid},
		"pictures of SKUs":         {put(catalog.PutCategory{Handle: "x", Title: "X", Media: []catalog.Media{{Asset: picture, SKUs: []catalog.SKU{"a"}}}}), fault.Invalid},
		"not an ID":                {put(catalog.PutCategory{ID: "x", Handle: "x", Title: "X"}), fault.Invalid},
		"unknown ID":               {put(catalog.PutCategory{ID: unknown, Handle: "x", Title: "X"}), fault.NotFound},
		"unknown parent":           {put(catalog.PutCategory{Handle: "x", Title: "X", Parent: unknown}), fault.NotFound},
		"taken handle":             {put(catalog.PutCategory{ID: low.ID, Handle: "mid", Title: "X"}), fault.Conflict},
		"old version":              {put(catalog.PutCategory{Handle: "mid", Title: "X", Version: 7}), fault.Conflict},
		"below itself":             {move(catalog.MoveCategory{Category: top.ID, Parent: top.ID}), fault.Invalid},
		"below what is below it":   {move(catalog.MoveCategory{Category: top.ID, Parent: low.ID}), fault.Invalid},
		"put below itself":         {put(catalog.PutCategory{Handle: "top", Title: "Top", Parent: low.ID}), fault.Invalid},
		"move the unknown":         {move(catalog.MoveCategory{Category: unknown}), fault.NotFound},
		"move an old version":      {move(catalog.MoveCategory{Category: low.ID, Version: 3}), fault.Conflict},
		"remove a full one":        {remove(catalog.RemoveCategory{Category: mid.ID}), fault.Conflict},
		"remove the unknown":       {remove(catalog.RemoveCategory{Category: unknown}), fault.NotFound},
		"remove an old version":    {remove(catalog.RemoveCategory{Category: low.ID, Version: 3}), fault.Conflict},
		"remove what is not an ID": {remove(catalog.RemoveCategory{Category: "x"}), fault.Invalid},
	} {
		if fault.CodeOf(test.err) != test.want {
			t.Errorf("%s: got %v, want the code %s", name, test.err, test.want)
		}
	}
	c := mug()
	c.Categories = []catalog.CategoryID{unknown}
	if _, err := s.PutProduct(t.Context(), c); !errors.As(err, new(*catalog.UnknownCategoryError)) {
		t.Errorf("a product in an unknown category: %v", err)
	}
	if _, err := s.PutProducts(t.Context(), []catalog.PutProduct{c}); !errors.As(err, new(*catalog.UnknownCategoryError)) {
		t.Errorf("products in an unknown category: %v", err)
	}
	for _, err := range s.All(t.Context(), catalog.Filter{Category: unknown}) {
		if !errors.As(err, new(*catalog.UnknownCategoryError)) {
			t.Errorf("listing an unknown category: %v", err)
		}
	}
	for depth, parent := 4, low.ID; ; depth++ {
		c, err := s.PutCategory(t.Context(), catalog.PutCategory{Handle: fmt.Sprint(depth), Title: "Deep", Parent: parent})
		if parent = c.ID; err != nil {
			if depth != 21 || fault.CodeOf(err) != fault.Invalid {
				t.Fatalf("level %d: %v", depth, err)
			}
			break
		}
	}
}

func TestProductsLeaveARemovedCategory(t *testing.T) {
	s := newShop(t, 3)
	a := s.category(catalog.PutCategory{Handle: "a", Title: "A"})
	b := s.category(catalog.PutCategory{Handle: "b", Title: "B"})
	list := manyMugs(450)
	for i := range list {
		list[i].Categories = []catalog.CategoryID{b.ID, a.ID}
	}
	if _, err := s.PutProducts(t.Context(), list); err != nil {
		t.Fatal(err)
	}
	if err := s.RemoveCategory(t.Context(), catalog.RemoveCategory{Category: b.ID}); err != nil {
		t.Fatal(err)
	}
	for _, subject := range s.engine.Timers(catalog.TimerLeave) {
		if err := s.LeaveTimer(t.Context(), subject); err != nil {
			t.Fatal(err)
		}
	}
	if left := s.engine.Timers(catalog.TimerLeave); len(left) > 0 {
		t.Fatalf("timers of %v are left", left)
	}
	for p, err := range s.All(t.Context(), catalog.Filter{}) {
		if err != nil || !slices.Equal(p.Categories, []catalog.CategoryID{a.ID}) || p.Version != 2 {
			t.Fatalf("got %+v, %v", p, err)
		}
	}
	counts, err := s.CategoryCounts(t.Context())
	if err != nil || !maps.Equal(counts, map[catalog.CategoryID]int64{a.ID: 450}) {
		t.Fatalf("got %v, %v", counts, err)
	}
}

// TestListingByCategory compares listings, pages of them and counts with a
// model, while products and categories change at random.
func TestListingByCategory(t *testing.T) {
	s := newShop(t, 3)
	run := 0
	rapid.Check(t, func(rt *rapid.T) {
		run++
		var ids []catalog.CategoryID
		for i := range 6 {
			ids = append(ids, s.category(catalog.PutCategory{Handle: fmt.Sprintf("%d-%d", run, i), Title: "C"}).ID)
		}
		products := map[string]catalog.PutProduct{}
		any := rapid.SampledFrom(ids)
		for range rapid.IntRange(1, 25).Draw(rt, "steps") {
			if rapid.IntRange(0, 3).Draw(rt, "step") == 0 {
				_, err := s.MoveCategory(t.Context(), catalog.MoveCategory{Category: any.Draw(rt, "move"), Parent: any.Draw(rt, "below")})
				if err != nil && !errors.As(err, new(*catalog.CategoryCycleError)) {
					rt.Fatal(err)
				}
				continue
			}
			sku := fmt.Sprintf("%d/%d", run, rapid.IntRange(0, 8).Draw(rt, "product"))
			c := catalog.PutProduct{SKU: catalog.SKU(sku), Title: "P", Status: rapid.SampledFrom([]catalog.Status{catalog.Active, catalog.Draft}).Draw(rt, "status"),
				Categories: rapid.SliceOfNDistinct(any, 0, 3, rapid.ID).Draw(rt, "in")}
			products[sku] = c
			if _, err := s.PutProduct(t.Context(), c); err != nil {
				rt.Fatal(err)
			}
		}
		counts, err := s.CategoryCounts(t.Context())
		if err != nil {
			rt.Fatal(err)
		}
		for _, id := range ids {
			below := s.tree().Descendants(id)
			var all, active []string
			for _, sku := range slices.Sorted(maps.Keys(products)) {
				if slices.ContainsFunc(products[sku].Categories, func(c catalog.CategoryID) bool { return slices.Contains(below, c) }) {
					all = append(all, sku)
					if products[sku].Status == catalog.Active {
						active = append(active, sku)
					}
				}
			}
			if got := s.list(catalog.Filter{Category: id}); !slices.Equal(got, all) {
				rt.Fatalf("listed are %v, want %v", got, all)
			}
			if got := s.pages(catalog.Filter{Category: id, Status: catalog.Active, Limit: 2}); !slices.Equal(got, active) {
				rt.Fatalf("listed in pages are %v, want %v", got, active)
			}
			if counts[id] != int64(len(active)) {
				rt.Fatalf("%d are counted, want %v", counts[id], active)
			}
		}
	})
}

// pages lists page by page.
func (s *shop) pages(f catalog.Filter) (list []string) {
	s.Helper()
	for {
		n := 0
		for p, err := range s.All(context.Background(), f) {
			if err != nil {
				s.Fatal(err)
			}
			if cmp.Compare(p.ID, f.After) <= 0 {
				s.Fatalf("%s comes behind %s", p.ID, f.After)
			}
			f.After, n, list = p.ID, n+1, append(list, string(p.Variants[0].SKU))
		}
		if n < f.Limit {
			slices.Sort(list)
			return list
		}
	}
}

// BenchmarkListingByCategory lists a page of 48 of 5,000 products below a
// category with 500 others below it.
func BenchmarkListingByCategory(b *testing.B) {
	s := newShop(b, 8)
	top := s.category(catalog.PutCategory{Handle: "top", Title: "Top"})
	var low []catalog.CategoryID
	for i := range 500 {
		low = append(low, s.category(catalog.PutCategory{Handle: fmt.Sprint(i), Title: "Low", Parent: top.ID}).ID)
	}
	list := manyMugs(5000)
	for i := range list {
		list[i].Categories = []catalog.CategoryID{low[i%len(low)]}
	}
	if _, err := s.PutProducts(b.Context(), list); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		n := 0
		for _, err := range s.All(b.Context(), catalog.Filter{Category: top.ID, Limit: 48}) {
			if err != nil {
				b.Fatal(err)
			}
			n++
		}
		if n != 48 {
			b.Fatal(n)
		}
	}
}

// TestFormerHandlesThatAreNamed: they lead to the category that names them, and
// naming them again changes nothing.
func TestFormerHandlesThatAreNamed(t *testing.T) {
	s := newShop(t, 3)
	old := s.category(catalog.PutCategory{Handle: "beakers", Title: "Beakers"})
	s.category(catalog.PutCategory{ID: old.ID, Handle: "jugs", Title: "Jugs"}) // beakers leads to it
	put := catalog.PutCategory{Handle: "cups", Title: "Cups", FormerHandles: []string{"mugs", "beakers", "cups", "mugs"}}
	cups := s.category(put)
	for _, h := range []string{"mugs", "beakers"} {
		if c, ok := s.tree().ByHandle(h); !ok || c.ID != cups.ID {
			t.Errorf("%s leads to %+v", h, c)
		}
	}
	if again := s.category(put); again.Version != cups.Version || !slices.Equal(again.FormerHandles, []string{"beakers", "mugs"}) {
		t.Errorf("putting it again makes %+v of %+v", again, cups)
	}
	put.FormerHandles = []string{"tumblers"} // the others stay
	if more := s.category(put); more.Version != cups.Version+1 || len(more.FormerHandles) != 3 {
		t.Errorf("%+v", more)
	}
	put.FormerHandles = []string{"jugs"}
	_, err := s.PutCategory(t.Context(), put)
	if taken, ok := errors.AsType[*catalog.CategoryHandleError](err); !ok || taken.Category != old.ID {
		t.Errorf("the handle of another category: %v", err)
	}
}
