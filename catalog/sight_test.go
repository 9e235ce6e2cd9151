package catalog_test

import (
	"fmt"
	"reflect"
	"testing"

	"github.com/keelshop/commerce/catalog"
)

// Renew sees what BySKU sees, whatever has changed since, looks again only at
// what may have, and reads what is not cached all at once.
func TestSightsAreAsNewAsTheCatalog(t *testing.T) {
	s := newShop(t, 3)
	var sights []catalog.Sight
	for i := range 12 {
		sku := catalog.SKU(fmt.Sprint("SKU-", i))
		sights = append(sights, catalog.Sight{SKU: sku})
		if i%4 > 0 { // one of four is not there
			s.must(catalog.PutProduct{SKU: sku, Title: "First", Price: eur(100)})
		}
	}
	sights = append(sights, sights[1]) // of one SKU two
	renew := func(want ...int) {
		t.Helper()
		if err := s.Renew(t.Context(), sights); err != nil {
			t.Fatal(err)
		}
		var renewed []int
		for i, sight := range sights {
			if sight.Renewed {
				renewed = append(renewed, i)
			}
			v, err := s.BySKU(t.Context(), sight.SKU)
			if (err != nil) != (sight.Variant == nil) || err == nil && !reflect.DeepEqual(v, *sight.Variant) {
				t.Fatalf("%s: Renew sees %+v, BySKU %+v, %v", sight.SKU, sight.Variant, v, err)
			}
		}
		if !reflect.DeepEqual(renewed, want) {
			t.Fatalf("looked again at %v, not %v", renewed, want)
		}
	}
	loads := s.cache.loads
	if renew(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12); s.cache.loads != loads+1+3 {
		t.Fatalf("%d loads for Renew, and one for each SKU that is not there", s.cache.loads-loads)
	}
	renew(0, 4, 8) // what is not there is looked for every time
	p := s.must(catalog.PutProduct{SKU: "SKU-4", Title: "Now there", Price: eur(5)})
	s.must(catalog.PutProduct{SKU: "SKU-1", Title: "Second", Price: eur(200)})
	renew(0, 1, 4, 8, 12)
	if _, err := s.ArchiveProduct(t.Context(), catalog.ArchiveProduct{Product: p.ID}); err != nil {
		t.Fatal(err)
	}
	renew(0, 4, 8)
}
