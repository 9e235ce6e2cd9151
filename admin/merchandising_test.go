package admin_test

import (
	"reflect"
	"testing"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/merchandising"
)

func TestSearchRules(t *testing.T) {
	o := open(t).logIn()
	sku := string(o.product.Variants[0].SKU)
	o.post("/search", "version", "0", "key", "k1", "query", "Cup "+nasty, "locale", "en", "pins", sku+"\r\n", "brand", "Keel", "percent", "50").want(200, "Saved.", "brand Keel 50 %")
	rules, err := o.Merchandising.Rules(t.Context())
	if err != nil || len(rules.Rules) != 1 {
		t.Fatalf("got %+v, %v", rules, err)
	}
	r := rules.Rules[0]
	if !reflect.DeepEqual(r.Pins, []catalog.ProductID{o.product.ID}) || r.Boosts[0].Percent != 50 || r.Locale != "en" {
		t.Errorf("got %+v", r)
	}
	o.post("/search", "version", "5", "key", "k2", "query", "cup", "redirect", "/cups").want(409)
	o.post("/search", "version", "1", "key", "k3", "query", "cup", "redirect", "javascript:alert(1)").want(400)
	o.post("/search", "version", "1", "key", "k4", "query", "cup", "pins", "NOTHING").want(404)
	o.post("/search", "version", "1", "key", "k5", "query", "cup", "brand", "Keel", "percent", "much").want(400)
	o.post("/search/words", "version", "1", "key", "k6", "locale", "", "synonyms", "mug, cup\r\n\r\n", "stopwords", "cheap,").want(200, "mug, cup")
	if err := o.Merchandising.NoteMisses(t.Context(), merchandising.NoteMisses{Misses: []merchandising.Miss{{Locale: "en", Text: "zeppelin", Count: 3, LastAt: 1 << 42}}}); err != nil {
		t.Fatal(err)
	}
	o.get("/search").want(200, "zeppelin")
	o.post("/search/forget", "key", "k7", "locale", "en", "text", "zeppelin").want(200, "There are none.")
	o.post("/search/remove", "version", "2", "key", "k8", "locale", "en", "query", r.Query).want(200, "There are no rules yet.")
}
