package httpapi_test

import (
	"encoding/json"
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

// What staff get of a product is what they put, so that putting it back with
// another title changes nothing else.
func TestAPutKeepsWhatItNames(t *testing.T) {
	w := newWorld(t)
	const rest = `"publications":[{"channel":"app","visible_until":"2030-01-01T00:00:00Z"},{"channel":"till","purchasable_from":"2030-01-01T00:00:00Z"}],
		"translations":[{"locale":"de","title":"Buch","seo":{"title":"Ein Buch"},"terms":[{"text":"Blue","translation":"Blau"}]}],`
	const variants = `"variants":[{"sku":"book","digital":{"downloads":3,"days":30}}]`
	w.must(200, w.staff, "PUT", "/staff/products/book", `{"title":"Book",`+rest+variants+`}`)
	first := w.must(200, w.staff, "GET", "/staff/products/book", "")
	kept := map[string]any{
		"publications.0.visible_until": "2030-01-01T00:00:00Z", "publications.1.purchasable_from": "2030-01-01T00:00:00Z",
		"translations.0.title": "Buch", "translations.0.seo.title": "Ein Buch", "translations.0.terms.0.translation": "Blau",
		"selling.0.digital.downloads": 3.0, "selling.0.digital.days": 30.0,
	}
	body, err := json.Marshal(map[string]any{
		"title": "A book", "publications": first.at("publications"), "translations": first.at("translations"),
		"variants": []any{map[string]any{"sku": "book", "digital": first.at("selling.0.digital")}},
	})
	if err != nil {
		t.Fatal(err)
	}
	again := w.must(200, w.staff, "PUT", "/staff/products/book", string(body))
	for _, r := range []reply{first, again} {
		for path, want := range kept {
			if r.at(path) != want {
				t.Errorf("%s is %v, not %v: %s", path, r.at(path), want, r.text)
			}
		}
	}
	if r := w.must(200, w.staff, "PUT", "/staff/products/book", `{"title":"Book","variants":[{"sku":"book"}]}`); r.at("publications") != nil || r.at("selling.0.digital") != nil {
		t.Errorf("what was not named is there: %s", r.text)
	}
}

// The same holds for categories and collections.
func TestAPutOfACategoryKeepsItsTranslations(t *testing.T) {
	w := newWorld(t)
	for _, path := range []string{"/staff/categories/cups", "/staff/collections/winter"} {
		const first = `{"title":"Cups","translations":[{"locale":"de","title":"Tassen","seo":{"title":"Alle Tassen"}}],"private_metadata":{"buyer":"Kim"}}`
		w.must(200, w.staff, "PUT", path, first)
		had := w.must(200, w.staff, "GET", path, "")
		body, err := json.Marshal(map[string]any{
			"title": "Our cups", "translations": had.at("translations"), "private_metadata": had.at("private_metadata"),
		})
		if err != nil {
			t.Fatal(err)
		}
		again := w.must(200, w.staff, "PUT", path, string(body))
		for _, r := range []reply{had, again} {
			for at, want := range map[string]any{"translations.0.title": "Tassen", "translations.0.seo.title": "Alle Tassen", "private_metadata.buyer": "Kim"} {
				if r.at(at) != want {
					t.Errorf("%s of %s is %v, not %v: %s", at, path, r.at(at), want, r.text)
				}
			}
		}
		if again.at("version") != 2.0 {
			t.Errorf("%s is not at version 2: %s", path, again.text)
		}
	}
	if c := w.must(200, "", "GET", "/categories/cups", ""); c.at("private_metadata") != nil {
		t.Errorf("shoppers see %s", c.text)
	}
}
