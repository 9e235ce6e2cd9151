package catalog_test

import (
	"reflect"
	"testing"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/command/commandtest"
)

// TestWhatWasDoneIsNeverCalledUndone: a command was carried out and the
// product cannot be read. The key of the error gives the product, without a
// second effect.
func TestWhatWasDoneIsNeverCalledUndone(t *testing.T) {
	put := func(c catalog.PutProduct) func(s *catalog.Service, p catalog.ProductID, key string) (catalog.Product, error) {
		return func(s *catalog.Service, _ catalog.ProductID, key string) (catalog.Product, error) {
			c.Key = key
			return s.PutProduct(t.Context(), c)
		}
	}
	for _, test := range []struct {
		name    string
		kind    command.Kind
		version int64
		ask     func(s *catalog.Service, p catalog.ProductID, key string) (catalog.Product, error)
	}{
		{"put on one slot", "catalog.put_product", 1, put(catalog.PutProduct{SKU: "CUP", Title: "Cup", Price: eur(700)})},
		{"put with claims", "catalog.put_product", 1, put(shirt("S", "M", "L"))},
		{"replace", "catalog.put_product", 2, put(catalog.PutProduct{SKU: "MUG", Title: "Large mug", Price: eur(1500)})},
		{"archive", "catalog.archive_product", 2, func(s *catalog.Service, p catalog.ProductID, key string) (catalog.Product, error) {
			return s.ArchiveProduct(t.Context(), catalog.ArchiveProduct{Product: p, Key: key})
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newShop(t, 4)
			p := s.must(mug())
			blind := catalog.NewService(&commandtest.Blind{Engine: s.engine, Kind: test.kind}, nil)
			_, err := test.ask(blind, p.ID, "")
			key := commandtest.KeyOf(t, err)
			got, err := test.ask(s.Service, p.ID, key)
			if err != nil || got.Version != test.version {
				t.Fatalf("asked again: got %+v, %v; want version %d", got, err, test.version)
			}
			if again, err := test.ask(s.Service, p.ID, key); err != nil || !reflect.DeepEqual(again, got) {
				t.Errorf("asked a third time: got %+v, %v; want %+v", again, err, got)
			}
			s.settle()
		})
	}
}

// TestPutProductsIsUncertainOnceSomeArePut: putting all of them again gives
// the result.
func TestPutProductsIsUncertainOnceSomeArePut(t *testing.T) {
	s := newShop(t, 4)
	products := []catalog.PutProduct{mug(), {SKU: "CUP", Title: "Cup", Price: eur(700)}, shirt("S", "M")}
	products[2].Key = "by itself"
	for _, kind := range []command.Kind{"catalog.put_products", "catalog.put_product"} {
		blind := catalog.NewService(&commandtest.Blind{Engine: s.engine, Kind: kind}, nil)
		if _, err := blind.PutProducts(t.Context(), products); fault.CodeOf(err) != fault.Uncertain {
			t.Errorf("%s: got %v", kind, err)
		}
	}
	s.engine.Drop = func(command.Envelope) bool { return true }
	if _, err := s.PutProducts(t.Context(), products); fault.CodeOf(err) != fault.Unavailable {
		t.Errorf("nothing was put: got %v", err)
	}
	s.engine.Drop = nil
	got, err := s.PutProducts(t.Context(), products)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range got {
		if p.Version != 1 {
			t.Errorf("got %+v", p)
		}
	}
	s.settle()
}
