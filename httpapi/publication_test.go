package httpapi_test

import (
	"testing"
	"time"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/money"
)

func TestWhatIsNotPublishedIsNotThere(t *testing.T) {
	w := newWorld(t)
	soon, past := catalog.MomentOf(time.Now().Add(time.Hour)), catalog.MomentOf(time.Now().Add(-time.Hour))
	for sku, p := range map[catalog.SKU]catalog.Publication{
		"a-later":   {VisibleFrom: soon, PurchasableFrom: soon},
		"a-preview": {PurchasableFrom: soon},
		"a-secret":  {VisibleFrom: soon},
		"a-past":    {VisibleUntil: past, PurchasableUntil: past},
		"a-till":    {Channel: "till"},
	} {
		put := catalog.PutProduct{SKU: sku, Title: string(sku), Price: money.New(100, "EUR"), Publications: []catalog.Publication{p}}
		if _, err := w.shop.Catalog.PutProduct(t.Context(), put); err != nil {
			t.Fatal(err)
		}
	}
	w.stock("zebra", 100, 1)
	for sku, status := range map[string]int{"a-later": 404, "a-preview": 200, "a-secret": 200, "a-past": 404, "a-till": 404, "mug": 200} {
		for _, path := range []string{"/products/", "/variants/"} {
			if r := w.ask("", "GET", path+sku, ""); r.status != status {
				t.Errorf("%s%s: %d, want %d", path, sku, r.status, status)
			}
			w.must(200, w.staff, "GET", "/staff/products/"+sku, "")
		}
	}
	listed, after := map[string]bool{}, ""
	for { // pages of one read on past what is hidden
		page := w.must(200, "", "GET", "/products?limit=1&after="+after, "")
		if handle, ok := page.at("items.0.handle").(string); !ok || listed[handle] {
			t.Fatalf("a page is %s", page.text)
		} else {
			listed[handle] = true
		}
		next, more := page.at("next").(string)
		if after = next; !more {
			break
		}
	}
	for _, handle := range []string{"mug", "cup", "pot", "zebra", "a-preview"} {
		if !listed[handle] {
			t.Errorf("%s is not listed", handle)
		}
	}
	if len(listed) != 5 {
		t.Errorf("listed are %v", listed)
	}
}
