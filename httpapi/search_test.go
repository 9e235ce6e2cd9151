package httpapi_test

import "testing"

func TestSearch(t *testing.T) {
	w, finder := newWholeWorld(t)
	w.stock("mug-blue", 1250, 1)
	w.stock("mug-red", 1450, 1)
	w.stock("pot", 3900, 1)
	if err := finder.After(t.Context(), w.shop.Latest()); err != nil {
		t.Fatal(err)
	}
	r := w.must(200, "", "GET", "/search?q=mug&currency=EUR&sort=price&facets=available,price&limit=1", "")
	if r.at("total") != 2.0 || r.at("items.0.product.handle") != "mug-blue" || r.at("items.0.price.minor") != 1250.0 || r.at("facets.0.field") != "available" {
		t.Errorf("found %s", r.text)
	}
	next := w.must(200, "", "GET", "/search?q=mug&currency=EUR&sort=price&limit=1&after="+r.at("next").(string), "")
	if next.at("items.0.product.handle") != "mug-red" {
		t.Errorf("the next page is %s", next.text)
	}
	if r := w.must(200, "", "GET", "/search?price_min=2000&price_max=5000&currency=EUR&filter=available:yes", ""); r.at("total") != 1.0 {
		t.Errorf("filtered: %s", r.text)
	}
	if r := w.must(200, "", "GET", "/suggestions?q=mu&currency=EUR", ""); r.at("products.0.handle") == nil {
		t.Errorf("suggested %s", r.text)
	}
	if r := w.ask("", "GET", "/search?filter=brand", ""); r.status != 422 {
		t.Errorf("a filter without a value: %d %s", r.status, r.text)
	}
	d := w.document()
	for _, op := range w.operations() {
		if op.ID == "search" {
			d.judge(op, w.must(200, "", "GET", "/search?q=mug&currency=EUR&facets=available,price", ""))
		}
	}
}
