package storefront_test

import (
	"context"
	"testing"
	"time"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/inventory"
	"github.com/keelshop/commerce/money"
)

// TestWhatIsNotThereYet can be bought all the same, if the shop says so.
func TestWhatIsNotThereYet(t *testing.T) {
	lamp, err := sample.store.Catalog.PutProduct(t.Context(), catalog.PutProduct{Handle: "late-lamp", Title: "Late lamp", SKU: "LATE-LAMP", Price: money.New(4900, "EUR")})
	if err == nil {
		_, err = sample.store.Inventory.SetPolicy(t.Context(), inventory.SetPolicy{
			SKU: "LATE-LAMP", Policy: inventory.Policy{Backorder: 3, ExpectedAt: time.Date(2027, 1, 15, 12, 0, 0, 0, time.UTC).UnixMilli()},
		})
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { // other tests look at all that is sold
		if _, err := sample.store.Catalog.ArchiveProduct(context.Background(), catalog.ArchiveProduct{Product: lamp.ID}); err != nil {
			t.Error(err)
		}
	})
	b := sample.visitor(t)
	b.open("/p/late-lamp")
	b.want(200, "On its way to us, expected on 15 January 2027: order it now")
	b.submit("/cart/add", map[string]string{"quantity": "2"})
	b.want(200, "Late lamp", "98.00")
}
