package catalog_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/command/commandtest"
	"github.com/keelshop/commerce/internal/sqlite"
)

// noted returns a poster whose variants are so large that a hundred take several
// commands.
func noted(n int) catalog.PutProduct {
	c := poster(n)
	c.Media = nil
	for i := range c.Variants {
		c.Variants[i].Metadata = json.RawMessage(fmt.Sprintf(`{"note":"%03000d"}`, i))
	}
	return c
}

// beforePart calls do before the nth command that puts variants is logged.
func (s *shop) beforePart(nth int, do func()) {
	n := 0
	s.engine.Drop = func(e command.Envelope) bool {
		if e.Kind == (catalog.PutVariants{}).Kind() {
			if n++; n == nth {
				do()
			}
		}
		return false
	}
}

// sound holds all shards against the package's invariants.
func (s *shop) sound() {
	s.Helper()
	for i := range s.engine.Shards() {
		err := s.engine.View(s.Context(), s.engine.SlotOn(i), func(tx *sqlite.Tx) error {
			found, err := catalog.Module().Check(tx)
			for _, v := range found {
				s.Error(v)
			}
			return err
		})
		if err != nil {
			s.Fatal(err)
		}
	}
}

// TestNoPartIsPutOfWhatIsWrong: what would stop a late part is refused before
// the first.
func TestNoPartIsPutOfWhatIsWrong(t *testing.T) {
	s := newShop(t, 3)
	s.must(mug())
	all := noted(160).Variants
	kept := all[155:]
	p := s.must(catalog.PutProduct{Handle: "poster", Title: "Poster", Variants: kept})
	change := func(last catalog.PutVariant) catalog.PutVariants {
		variants := append([]catalog.PutVariant(nil), all[:100]...)
		return catalog.PutVariants{Product: p.ID, Version: p.Version, Variants: append(variants, last), Remove: []catalog.SKU{kept[3].SKU}}
	}
	taken, alike := all[100], all[100]
	taken.SKU, alike.Options = "MUG", kept[0].Options
	many := change(all[100])
	for i := range 1900 {
		many.Variants = append(many.Variants, catalog.PutVariant{SKU: catalog.SKU(fmt.Sprint("MORE-", i)), Options: []catalog.Option{{Name: "more", Value: fmt.Sprint(i)}}})
	}
	for name, test := range map[string]struct {
		c    catalog.PutVariants
		code fault.Code
		text string
	}{
		"a name of another product": {change(taken), fault.Conflict, `"MUG" already names`},
		"options of one that stays": {change(alike), fault.Invalid, "have the same options"},
		"too many":                  {many, fault.Invalid, "would have 2005 variants"},
		"another version":           {catalog.PutVariants{Product: p.ID, Version: 7, Variants: all[:100]}, fault.Conflict, "is at version 1, not 7"},
	} {
		for _, key := range []string{"", "key of " + name} {
			test.c.Key = key
			_, err := s.PutVariants(t.Context(), test.c)
			if _, partly := errors.AsType[*catalog.PartlyPutError](err); partly || fault.CodeOf(err) != test.code || !strings.Contains(err.Error(), test.text) {
				t.Errorf("%s, key %q: got %v", name, key, err)
			}
			if now, err := s.Get(t.Context(), p.ID); err != nil || !reflect.DeepEqual(now, p) {
				t.Fatalf("%s, key %q: something was done: version %d with %d variants, %v", name, key, now.Version, len(now.Variants), err)
			}
		}
	}
	s.settle()
}

// TestAPartSaysHowFarItGot: what nobody could know comes between two parts. The
// error counts what is done, and the same key goes on when it can.
func TestAPartSaysHowFarItGot(t *testing.T) {
	s := newShop(t, 3)
	all := noted(150).Variants
	p := s.must(catalog.PutProduct{Handle: "poster", Title: "Poster", Variants: all[:1]})
	c := catalog.PutVariants{Product: p.ID, Version: p.Version, Variants: all[1:], Key: "k"}
	n := 0
	s.engine.Drop = func(e command.Envelope) bool {
		if e.Kind == (catalog.PutVariants{}).Kind() {
			n++
		}
		return n > 2
	}
	for range 2 { // asked again, it is no further
		_, err := s.PutVariants(t.Context(), c)
		partly, ok := errors.AsType[*catalog.PartlyPutError](err)
		now, readErr := s.Get(t.Context(), p.ID)
		if !ok || readErr != nil || partly.Done == 0 || partly.Done != len(now.Variants)-1 || partly.Of != 149 || partly.Product != p.ID {
			t.Fatalf("%d variants: got %v, %v", len(now.Variants), err, readErr)
		}
		if fault.CodeOf(err) != fault.Uncertain || commandtest.KeyOf(t, err) != "k" || !strings.Contains(err.Error(), fmt.Sprintf("%d of the 149 variants", partly.Done)) {
			t.Errorf("got %v", err)
		}
		n = 0
	}
	s.engine.Drop = nil
	for range 2 {
		got, err := s.PutVariants(t.Context(), c)
		if err != nil || len(got) != 149 {
			t.Fatalf("%d variants, %v", len(got), err)
		}
	}
	s.settle()
}

// TestPartsExchangeOptions: two variants that are far apart take each other's
// options, in one call.
func TestPartsExchangeOptions(t *testing.T) {
	s := newShop(t, 3)
	c := noted(150)
	p := s.must(c)
	exchange := func(i, j int) {
		c.Variants[i].Options, c.Variants[j].Options = c.Variants[j].Options, c.Variants[i].Options
	}
	put := map[string]func() error{
		"variants": func() error {
			_, err := s.PutVariants(t.Context(), catalog.PutVariants{Product: p.ID, Variants: c.Variants})
			return err
		},
		"product": func() error {
			_, err := s.PutProduct(t.Context(), c)
			return err
		},
	}
	for name, put := range put {
		exchange(0, 149)
		exchange(70, 120)
		s.beforePart(2, s.sound)
		if err := put(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		s.engine.Drop = nil
		now, err := s.Get(t.Context(), p.ID)
		if err != nil {
			t.Fatal(err)
		}
		for i, v := range now.Variants {
			if v.SKU != c.Variants[i].SKU || !reflect.DeepEqual(v.Options, c.Variants[i].Options) {
				t.Fatalf("%s: variant %d is %+v", name, i, v)
			}
		}
	}
	s.settle()
}

// TestVariantsAreExchanged: more in all than a product may have, and more names
// to remove than fit beside the variants.
func TestVariantsAreExchanged(t *testing.T) {
	s := newShop(t, 3)
	long := func(i int) catalog.SKU { return catalog.SKU(fmt.Sprintf("%s-%d", strings.Repeat("x", 90), i)) }
	old := catalog.PutProduct{Handle: "poster", Title: "Poster", Variants: poster(1500).Variants}
	remove := make([]catalog.SKU, 1500)
	for i := range remove {
		remove[i] = long(i)
		old.Variants[i].SKU = remove[i]
	}
	p := s.must(old)
	c := catalog.PutVariants{Product: p.ID, Version: p.Version, Variants: poster(1000).Variants, Remove: remove}
	for i := range c.Variants[:600] {
		c.Variants[i].Metadata = json.RawMessage(fmt.Sprintf(`{"note":"%0100d"}`, i))
	}
	s.beforePart(2, s.sound)
	if got, err := s.PutVariants(t.Context(), c); err != nil || len(got) != 1000 {
		t.Fatalf("%d variants, %v", len(got), err)
	}
	s.engine.Drop = nil
	if p, err := s.Get(t.Context(), p.ID); err != nil || len(p.Variants) != 1000 || p.Variants[999].SKU != "POSTER-999" {
		t.Errorf("%d variants, %v", len(p.Variants), err)
	}
	s.must(old) // as large, and none of the variants is the same
	s.settle()
}

// TestPartsKeepToTheirVersion: what others change between two parts is not
// written over if the caller said which version it has read.
func TestPartsKeepToTheirVersion(t *testing.T) {
	for _, guarded := range []bool{true, false} {
		for _, name := range []string{"variants", "product"} {
			t.Run(fmt.Sprint(name, " ", guarded), func(t *testing.T) {
				s := newShop(t, 3)
				c := noted(150)
				p := s.must(c)
				for i := range c.Variants {
					c.Variants[i].WeightGrams++
				}
				if guarded {
					c.Version = p.Version
				}
				theirs := c.Variants[149]
				theirs.WeightGrams = 77
				s.beforePart(2, func() {
					s.engine.Drop = nil
					if _, err := s.PutVariants(t.Context(), catalog.PutVariants{Product: p.ID, Variants: []catalog.PutVariant{theirs}}); err != nil {
						t.Error(err)
					}
				})
				var err error
				if name == "product" {
					_, err = s.PutProduct(t.Context(), c)
				} else {
					_, err = s.PutVariants(t.Context(), catalog.PutVariants{Product: p.ID, Version: c.Version, Variants: c.Variants})
				}
				v, readErr := s.BySKU(t.Context(), theirs.SKU)
				if readErr != nil {
					t.Fatal(readErr)
				}
				_, moved := errors.AsType[*catalog.VersionError](err)
				_, partly := errors.AsType[*catalog.PartlyPutError](err)
				switch {
				case guarded && (!moved || !partly || v.WeightGrams != 77):
					t.Errorf("it weighs %d g; got %v", v.WeightGrams, err)
				case !guarded && (err != nil || v.WeightGrams != 150):
					t.Errorf("it weighs %d g; got %v", v.WeightGrams, err)
				}
				s.settle()
			})
		}
	}
}

// TestNoPartOfAProductIsPutWhoseLastVariantIsAnothers: the SKUs of later parts are
// looked at before the first, of a product that is new and of one that is not.
func TestNoPartOfAProductIsPutWhoseLastVariantIsAnothers(t *testing.T) {
	for name, before := range map[string]int{"new": 0, "old": 3} {
		t.Run(name, func(t *testing.T) {
			s := newShop(t, 3)
			s.must(mug())
			c := noted(160)
			var p catalog.Product
			if before > 0 {
				first := c
				first.Variants = c.Variants[:before]
				p = s.must(first)
			}
			right := c
			c.Variants = slices.Clone(c.Variants)
			c.Variants[159].SKU = "MUG"
			for _, key := range []string{"", "k"} {
				c.Key = key
				_, err := s.PutProduct(t.Context(), c)
				_, partly := errors.AsType[*catalog.PartlyPutError](err)
				if e, ok := errors.AsType[*catalog.NameTakenError](err); !ok || partly || e.Name != "MUG" {
					t.Errorf("key %q: got %v", key, err)
				}
				if v, err := s.BySKU(t.Context(), c.Variants[before].SKU); err == nil {
					t.Errorf("key %q: %s was put", key, v.SKU)
				}
			}
			if before > 0 {
				if now, err := s.Get(t.Context(), p.ID); err != nil || !reflect.DeepEqual(now, p) {
					t.Errorf("something was done: version %d with %d variants, %v", now.Version, len(now.Variants), err)
				}
			}
			if p = s.must(right); len(p.Variants) != 160 {
				t.Errorf("%d variants", len(p.Variants))
			}
			s.settle()
		})
	}
}
