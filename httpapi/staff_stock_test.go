package httpapi_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"filippo.io/age"

	"github.com/keelshop/commerce/backup"
	"github.com/keelshop/commerce/httpapi"
)

// TestPlacesTransfersAndPolicies keeps goods in two places, sends some from one
// to the other, and sells what is not there yet.
func TestPlacesTransfersAndPolicies(t *testing.T) {
	w := newWorld(t)
	never := w.must(200, w.staff, "GET", "/staff/places", "").header.Get("ETag")
	const two, one = `{"places":[{"id":"main"},{"id":"berlin","name":"Berlin","priority":1,"countries":["DE"]}],"split":true}`, `{"places":[{"id":"main"}]}`
	for range 2 { // the second time is no second change
		w.must(200, w.staff, "PUT", "/staff/places", two, "If-Match", never, "Idempotency-Key", "two-places")
	}
	if r := w.must(412, w.staff, "PUT", "/staff/places", one, "If-Match", never); r.at("error") != "inventory.sourcing_version" {
		t.Errorf("the first places are put twice: %s", r.text)
	}
	if r := w.must(409, w.staff, "PUT", "/staff/places", one, "If-Match", never, "Idempotency-Key", "two-places"); r.at("error") != "shard.key_reused" {
		t.Errorf("the key of other places: %s", r.text)
	}
	places := w.must(200, w.staff, "GET", "/staff/places", "")
	if places.at("version") != 2.0 || places.at("places.1.name") != "Berlin" {
		t.Errorf("the places are %s", places.text)
	}
	again := w.must(412, w.staff, "PUT", "/staff/places", `{"places":[{"id":"main"}]}`, "If-Match", `"7"`)
	if again.at("code") != "conflict" {
		t.Errorf("places of another version: %s", again.text)
	}
	w.must(422, w.staff, "PUT", "/staff/places", `{"places":[{"id":"main","countries":["Germany"]}]}`)
	for range 2 { // the second time is no second transfer
		w.must(201, w.staff, "POST", "/staff/transfers", `{"sku":"mug","to":"berlin","quantity":4,"reference":"lorry 1"}`, "Idempotency-Key", "lorry-1")
	}
	way := w.must(200, w.staff, "GET", "/staff/transfers?sku=mug&to=berlin", "")
	if way.at("items.0.on_its_way") != 4.0 || way.at("items.1") != nil {
		t.Errorf("on the way are %s", way.text)
	}
	transfer := "/staff/transfers/" + way.at("items.0.id").(string)
	w.must(200, w.staff, "POST", transfer+"/receipts", `{"quantity":3,"lost":1}`)
	if got := w.must(200, w.staff, "GET", transfer, ""); got.at("received") != 3.0 || got.at("lost") != 1.0 || got.at("on_its_way") != 0.0 {
		t.Errorf("the transfer is %s", got.text)
	}
	both := w.must(200, w.staff, "GET", "/staff/stock/mug/places", "")
	if both.at("items.0.on_hand") != 6.0 || both.at("items.1.on_hand") != 3.0 || both.at("items.1.place") != "berlin" {
		t.Errorf("the stock is %s", both.text)
	}
	w.must(200, w.staff, "POST", "/staff/stock/mug/receipts?place=berlin", `{"quantity":2}`)
	if moved := w.must(200, w.staff, "GET", "/staff/stock/mug/movements?place=berlin&limit=1", ""); moved.at("items.0.kind") != "transferred" || moved.at("next") == nil {
		t.Errorf("the movements are %s", moved.text)
	}
	if next := w.must(200, w.staff, "GET", "/staff/stock/mug/movements?place=berlin&after=1", ""); next.at("items.0.kind") != "received" || next.at("next") != nil {
		t.Errorf("the next movements are %s", next.text)
	}
	policy := w.must(200, w.staff, "PUT", "/staff/stock/pot/policy", `{"backorder":5,"reorder_point":2,"expected_at":"2027-01-15T00:00:00Z"}`)
	if policy.at("backorder") != 5.0 || policy.at("expected_at") != "2027-01-15T00:00:00Z" {
		t.Errorf("five pots may be sold before they are there: %s", policy.text)
	}
	if sold := w.must(200, "", "GET", "/availability?sku=pot", ""); sold.at("items.0.available") != 1.0 || sold.at("items.0.backorder") != 5.0 {
		t.Errorf("one pot, and five that are not there yet: %s", sold.text)
	}
	w.must(200, "", "POST", w.cart("", "pot", 3)+"/checkout", goodCard)
	if owed := w.must(200, w.staff, "GET", "/staff/stock/pot", ""); owed.at("committed") != 3.0 || owed.at("owed") != 2.0 {
		t.Errorf("after three were sold: %s", owed.text)
	}
	w.must(200, w.staff, "PUT", "/staff/stock/cup/policy", `{"safety_stock":9}`)
	if kept := w.must(200, "", "GET", "/availability?sku=cup", ""); kept.at("items.0.available") != 1.0 {
		t.Errorf("of ten cups nine are kept back: %s", kept.text)
	}
}

// TestCollectionsAndTypes shows products by name and by rule, and holds them
// against their type.
func TestCollectionsAndTypes(t *testing.T) {
	w := newWorld(t)
	kind := w.must(200, w.staff, "PUT", "/staff/product-types/vessel", `{"title":"Vessel","attributes":[{"name":"Volume","kind":"number","unit":"ml","required":true}]}`)
	id := kind.at("id").(string)
	w.must(422, w.staff, "PUT", "/staff/products/bowl", `{"title":"Bowl","type":"`+id+`","variants":[{"sku":"bowl"}]}`)
	put := w.must(200, w.staff, "PUT", "/staff/products/bowl", `{"title":"Bowl","type":"`+id+`","attributes":[{"name":"Volume","kind":"number","number":"500","unit":"ml"}],
		"variants":[{"sku":"bowl","reserve":"on_cart","hold_minutes":5,"tax_category":"pots"}]}`)
	if put.at("type") != id || put.at("selling.0.hold_minutes") != 5.0 || put.at("selling.0.tax_category") != "pots" {
		t.Errorf("the product is %s", put.text)
	}
	if list := w.must(200, w.staff, "GET", "/staff/product-types", ""); list.at("items.0.attributes.0.unit") != "ml" {
		t.Errorf("the types are %s", list.text)
	}
	mug := w.must(200, "", "GET", "/products/mug", "").at("id").(string)
	bowl := put.at("id").(string)
	w.must(200, w.staff, "PUT", "/staff/collections/winter", `{"title":"Winter","products":["`+bowl+`","`+mug+`"]}`)
	w.must(200, w.staff, "PUT", "/staff/collections/large", `{"title":"Large","rules":[{"field":"attribute","op":"at_least","name":"Volume","number":"400"}]}`)
	if got := w.must(200, w.staff, "GET", "/staff/collections/large", ""); got.at("rules.0.number") != "400" {
		t.Errorf("the collection is %s", got.text)
	}
	w.must(422, w.staff, "PUT", "/staff/collections/large", `{"title":"Large","rules":[{"field":"price","op":"at_least","price":{"minor":1,"currency":"EUX"}}]}`)
	if winter := w.must(200, "", "GET", "/products?collection=winter", ""); len(winter.at("items").([]any)) != 2 {
		t.Errorf("in winter there are %s", winter.text)
	}
	for deadline := time.Now().Add(2 * time.Minute); ; { // rules are held against products in the background
		large := w.must(200, "", "GET", "/products?collection=large", "")
		if items := large.at("items").([]any); len(items) == 1 && large.at("items.0.id") == bowl {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("large are %s", large.text)
		}
		time.Sleep(20 * time.Millisecond)
	}
	all := w.must(200, "", "GET", "/collections", "")
	if len(all.at("items").([]any)) != 2 || strings.Contains(all.text, "rules") {
		t.Errorf("the collections are %s", all.text)
	}
	w.must(422, "", "GET", "/products?collection=winter&category=x", "")
	w.must(412, w.staff, "DELETE", "/staff/collections/winter", "", "If-Match", `"9"`)
	w.must(204, w.staff, "DELETE", "/staff/collections/winter", "")
	w.must(404, "", "GET", "/collections/winter", "")
}

// TestBackupsAreListed: staff see what backups there are.
func TestBackupsAreListed(t *testing.T) {
	key, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	place, err := backup.OpenPlace(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = place.Close() })
	w := newWorld(t, httpapi.Options{Backups: func(ctx context.Context) ([]backup.Manifest, error) { return place.List(ctx) }})
	if none := w.must(200, w.staff, "GET", "/staff/backups", ""); len(none.at("items").([]any)) != 0 {
		t.Errorf("before the first backup: %s", none.text)
	}
	made, err := place.Create(t.Context(), backup.Of(w.shop), backup.Create{Recipients: []age.Recipient{key.Recipient()}, WithoutKeys: true})
	if err != nil {
		t.Fatal(err)
	}
	if one := w.must(200, w.staff, "GET", "/staff/backups", ""); one.at("items.0.name") != made.Name || one.at("items.0.bytes").(float64) <= 0 {
		t.Errorf("after it: %s", one.text)
	}
}
