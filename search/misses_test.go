package search

import (
	"fmt"
	"testing"
	"time"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/commercetest"
)

// TestMisses: what found nothing is noted in the store, and nothing that names
// a person or holds a card number.
func TestMisses(t *testing.T) {
	shop := commercetest.Open(t)
	if _, err := shop.Catalog.PutProduct(t.Context(), catalog.PutProduct{SKU: "MUG", Title: "Mug", Brand: "Keel"}); err != nil {
		t.Fatal(err)
	}
	f, err := Open(t.Context(), shop, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := f.After(t.Context(), shop.Latest()); err != nil {
		t.Fatal(err)
	}
	find := func(q Query) {
		t.Helper()
		if _, err := f.Find(t.Context(), q); err != nil {
			t.Fatal(err)
		}
	}
	for _, text := range []string{"Zeppelin", "zeppelin!", "mug", "airship", "ada@example.com", "4242 4242 4242 4242", "4242-4242.4242,4242", "?!", "4006381333930"} {
		find(Query{Text: text})
	}
	find(Query{Text: "mug", Filters: []Filter{{Field: FieldBrand, Values: []string{"HP"}}}})
	for range 2 { // the second time there is nothing new
		if err := f.noteMisses(t.Context()); err != nil {
			t.Fatal(err)
		}
		list, err := shop.Merchandising.Misses(t.Context())
		if err != nil || len(list) != 3 || list[0].Text != "zeppelin" || list[0].Count != 2 || list[0].Locale != "en" {
			t.Fatalf("got %+v, %v", list, err)
		}
	}
	for i := range 3000 {
		f.misses.note(fmt.Sprint("nonsense ", i), "en", time.Now())
	}
	if n := len(f.misses.seen); n != waitingMisses {
		t.Errorf("%d texts wait", n)
	}
}
