package catalog_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
)

// TestPutsThatDie puts products that fight over a few names while commands are
// lost between any two steps. Whatever was answered must be what is read, no
// name may mean two products, and in the end claims and names agree.
func TestPutsThatDie(t *testing.T) {
	s := newShop(t, 3)
	run := 0
	rapid.Check(t, func(rt *rapid.T) {
		run++
		name := func(i int) string { return fmt.Sprintf("%d/%d", run, i) }
		products := map[string]catalog.Product{} // the last answer, by handle
		unsure := map[string]bool{}              // handles whose last put failed
		for range rapid.IntRange(1, 12).Draw(rt, "puts") {
			c := catalog.PutProduct{Title: rapid.SampledFrom([]string{"A", "B"}).Draw(rt, "title")}
			for _, i := range rapid.SliceOfNDistinct(rapid.IntRange(0, 5), 1, 3, rapid.ID).Draw(rt, "SKUs") {
				c.Variants = append(c.Variants, catalog.PutVariant{SKU: catalog.SKU(name(i)), Options: []catalog.Option{{Name: "n", Value: name(i)}}})
			}
			if rapid.Bool().Draw(rt, "has handle") {
				c.Handle = name(rapid.IntRange(4, 8).Draw(rt, "handle"))
			}
			lost := rapid.IntRange(0, 8).Draw(rt, "lost after")
			s.engine.Drop = func(command.Envelope) bool { lost--; return lost == 0 }
			p, err := s.PutProduct(t.Context(), c)
			s.engine.Drop = nil
			handle := c.Handle
			if handle == "" {
				handle = string(c.Variants[0].SKU)
			}
			switch {
			case err == nil:
				products[handle], unsure[handle] = p, false
				if want := len(c.Variants); len(p.Variants) != want || p.Title != c.Title {
					rt.Fatalf("put %+v, got %+v", c, p)
				}
			case errors.Is(err, fault.Unavailable), errors.Is(err, fault.Conflict):
				unsure[handle] = true
			default:
				rt.Fatal(err)
			}
			if rapid.Bool().Draw(rt, "wait") {
				s.settle()
			}
		}
		s.settle()
		for _, handle := range slices.Sorted(maps.Keys(products)) {
			want := products[handle]
			got, err := s.ByHandle(t.Context(), handle)
			if unsure[handle] {
				continue
			}
			if err != nil || got.Version != want.Version || got.ID != want.ID {
				rt.Fatalf("product %s: got %+v, %v; the last answer was %+v", handle, got, err, want)
			}
			for _, sku := range skus(want) {
				if v, err := s.BySKU(t.Context(), catalog.SKU(sku)); err != nil || v.Product != want.ID {
					rt.Fatalf("SKU %s: got %+v, %v; want product %s", sku, v, err, want.ID)
				}
			}
		}
		if s.Failed() {
			rt.Fatal("claims and names differ")
		}
	})
}
