package admin_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/inventory"
	"github.com/keelshop/commerce/money"
)

func TestNewProduct(t *testing.T) {
	o := open(t).logIn()
	kitchen, err := o.Catalog.PutCategory(t.Context(), catalog.PutCategory{Handle: "kitchen", Title: nasty})
	if err != nil {
		t.Fatal(err)
	}
	o.get("/products").want(200, `href="/admin/products/new"`)
	o.get("/products/new").want(200, string(kitchen.ID), `name="sku-2"`)
	form := []string{"key", "new-1", "rows", "3", "title", "Bowl", "handle", "bowl", "brand", "Kiln", "status", "active", "category", string(kitchen.ID),
		"description", "Deep\r\nenough", "option-0", "Size", "sku-0", "bowl-s", "value-0-0", "S", "price-0-EUR", "9.50", "price-0-USD", "11", "stock-0", "4",
		"sku-2", "bowl-l", "value-0-2", "L", "price-2-EUR", "12", "stock-2", ""}
	with := func(more ...string) []string { return append(form[:len(form):len(form)], more...) }
	o.post("/products", with("more", "1")...).want(200, `name="sku-7"`, `value="bowl-l"`, `name="rows" value="8"`)
	for wrong, change := range map[string][]string{
		"title":       {"title", " "},
		"handle":      {"handle", "mug"},
		"sku-0":       {"sku-0", "mug-b"},
		"sku-2":       {"sku-2", "bowl-s"},
		"value-0-2":   {"value-0-2", ""},
		"option-1":    {"value-1-0", nasty},
		"price-0-EUR": {"price-0-EUR", "cheap"},
		"price-2-EUR": {"price-2-EUR", "-1"},
		"stock-2":     {"stock-2", "some"},
	} {
		o.post("/products", with(append(change, "key", "new-"+wrong)...)...).want(422, `id="`+wrong+`-wrong"`, "Kiln")
	}
	o.post("/products", with("key", "new-0", "value-0-2", "S")...).want(422, "It has the same options as")
	o.post("/products", "key", "none", "rows", "3", "title", "Bowl").want(422, `id="sku-0-wrong"`)
	o.post("/products", with("rows", "1000")...).want(400)
	if _, err := o.Catalog.ByHandle(t.Context(), "bowl"); err == nil {
		t.Fatal("a wrong form made a product")
	}
	o.post("/products", form...).want(200, "Saved.", "<h1>Bowl</h1>", "bowl-l")
	o.post("/products", form...).want(422, "There is a product")
	p, err := o.Catalog.ByHandle(t.Context(), "bowl")
	if err != nil {
		t.Fatal(err)
	}
	if p.Version != 1 || p.Description != "Deep\nenough" || len(p.Categories) != 1 || len(p.Variants) != 2 || fmt.Sprint(p.Variants[0].Prices) != "[9.50 EUR 11.00 USD]" {
		t.Errorf("product %+v", p)
	}
	if l, err := o.Inventory.Level(t.Context(), "bowl-s", inventory.Main); err != nil || l.OnHand != 4 {
		t.Errorf("%+v, %v", l, err)
	}
}

func TestVariantIsAdded(t *testing.T) {
	o := open(t).logIn()
	path := "/products/" + string(o.product.ID)
	form := []string{"key", "v1", "version", "1", "sku-0", "mug-g", "value-0-0", "green", "price-0-EUR", "14", "stock-0", "6"}
	with := func(more ...string) []string { return append(form[:len(form):len(form)], more...) }
	o.get(path).want(200, `name="sku-0"`, `name="picture"`)
	for wrong, change := range map[string][]string{
		"sku-0": {"sku-0", "mug-b"}, "value-0-0": {"value-0-0", ""}, "price-0-EUR": {"price-0-EUR", "x"}, "stock-0": {"stock-0", "-1"},
	} {
		o.post(path+"/variants", with(change...)...).want(422, `id="`+wrong+`-wrong"`)
	}
	o.post(path+"/variants", with("key", "v0", "value-0-0", "red")...).want(422, "It has the same options as")
	for range 2 { // the same form twice
		o.post(path+"/variants", form...).want(200, "mug-g")
	}
	o.post(path+"/variants", with("key", "v2", "sku-0", "mug-y")...).want(409)
	p, err := o.Catalog.Get(t.Context(), o.product.ID)
	if err != nil || len(p.Variants) != 3 || p.Variants[2].Options[0].Value != "green" || p.Variants[0].WeightGrams != 300 {
		t.Fatalf("%+v, %v", p, err)
	}
	if l, err := o.Inventory.Level(t.Context(), "mug-g", inventory.Main); err != nil || l.OnHand != 6 {
		t.Errorf("%+v, %v", l, err)
	}
}

// upload sends a form with a file.
func (o *office) upload(path string, file []byte, form ...string) answer {
	o.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for i := 0; i < len(form); i += 2 {
		if err := w.WriteField(form[i], form[i+1]); err != nil {
			o.Fatal(err)
		}
	}
	part, err := w.CreateFormFile("picture", "../../mug.png")
	if err == nil {
		_, err = part.Write(file)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		o.Fatal(err)
	}
	r, err := http.NewRequestWithContext(o.Context(), http.MethodPost, o.web.URL+"/admin"+path, &body)
	if err != nil {
		o.Fatal(err)
	}
	r.Header.Set("Content-Type", w.FormDataContentType())
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	return o.read(o.browser.Do(r))
}

func TestPictureIsAdded(t *testing.T) {
	o := open(t).logIn()
	path := "/products/" + string(o.product.ID)
	png, err := base64.StdEncoding.DecodeString("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==")
	if err != nil {
		t.Fatal(err)
	}
	png = append(png, make([]byte, 300<<10)...) // longer than other forms may be
	o.upload(path+"/pictures", []byte("<!doctype html><p>no"), "key", "m", "version", "1", "alt", "A mug").want(422, `id="picture-wrong"`)
	o.upload(path+"/pictures", png, "key", "m", "version", "1", "alt", "").want(422, `id="alt-wrong"`)
	o.post(path+"/pictures", "key", "m", "version", "1", "alt", "A mug").want(400)
	for range 2 {
		o.upload(path+"/pictures", png, "key", "m1", "version", "1", "alt", nasty).want(200, "Saved.", "<img src=")
	}
	o.upload(path+"/pictures", png, "key", "m2", "version", "1", "alt", "Another").want(409)
	p, err := o.Catalog.Get(t.Context(), o.product.ID)
	if err != nil || len(p.Media) != 1 || p.Media[0].Alt != nasty {
		t.Fatalf("%+v, %v", p.Media, err)
	}
	r, err := o.browser.Get(o.web.URL + "/admin/pictures/" + string(p.Media[0].Asset))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	if got := r.Header.Get("Content-Type"); r.StatusCode != 200 || got != "image/png" || !strings.Contains(r.Header.Get("Content-Security-Policy"), "sandbox") {
		t.Errorf("status %d, %s, %v", r.StatusCode, got, r.Header)
	}
}

// TestAProductOf2000Variants reads its pages, and changes a price on the last.
func TestAProductOf2000Variants(t *testing.T) {
	o := open(t).logIn()
	put := catalog.PutProduct{Handle: "poster", Title: "Poster"}
	for i := range 2000 {
		put.Variants = append(put.Variants, catalog.PutVariant{
			SKU: catalog.SKU(fmt.Sprintf("poster-%04d", i)), Options: []catalog.Option{{Name: "Motif", Value: fmt.Sprint(i)}},
			Prices: []money.Amount{money.New(1000, "EUR")}, Untracked: true,
		})
	}
	p, err := o.Catalog.PutProduct(t.Context(), put)
	if err != nil {
		t.Fatal(err)
	}
	path := "/products/" + string(p.ID)
	for after, more := range map[string]bool{"": true, "?after=poster-0049": true, "?after=poster-1949": false} {
		a := o.get(path + after).want(200)
		if n := strings.Count(a.body, `name="price-poster-`); n != 100 { // in two currencies
			t.Errorf("%s has %d prices", a.path, n)
		}
		if strings.Contains(a.body, ">Further variants<") != more || len(a.body) > 100<<10 {
			t.Errorf("%s has %d bytes; does it go on: %v", a.path, len(a.body), !more)
		}
	}
	o.get(path).want(200, "?after=poster-0049")
	form := []string{"key", "big", "version", fmt.Sprint(p.Version), "after", "poster-1949", "title", "Print", "status", "active", "price-poster-1999-EUR", "12", "price-poster-1950-EUR", ""}
	o.post(path, append(form[:len(form):len(form)], "price-poster-1999-EUR", "dear")...).want(422, `id="price-poster-1999-EUR-wrong"`, `value="Print"`)
	o.post(path, form...).want(200, "Saved.", "poster-1999")
	after, err := o.Catalog.Get(t.Context(), p.ID)
	if err != nil || len(after.Variants) != 2000 || after.Title != "Print" || fmt.Sprint(after.Variants[1999].Prices) != "[12.00 EUR]" ||
		len(after.Variants[1950].Prices) != 0 || len(after.Variants[0].Prices) != 1 {
		t.Errorf("%d variants of %q, %v", len(after.Variants), after.Title, err)
	}
}
