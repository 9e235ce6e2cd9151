package httpapi_test

import (
	"strings"
	"testing"
	"time"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/money"
)

// TestAGuestDownloads: what was bought with a cart is downloaded by a link,
// counted once for each key, in parts if need be, and refused when it is used up.
func TestAGuestDownloads(t *testing.T) {
	w := newWorld(t)
	file, err := w.shop.Assets.Put(t.Context(), strings.NewReader("%PDF-1.7 a pattern"))
	if err != nil {
		t.Fatal(err)
	}
	public := "/assets/" + string(file)
	w.must(200, "", "GET", public, "") // nobody sells it yet
	pattern, err := w.shop.Catalog.PutProduct(t.Context(), catalog.PutProduct{Title: "Pattern", Variants: []catalog.PutVariant{
		{SKU: "pattern", Prices: []money.Amount{money.New(450, "EUR")}, Untracked: true, Digital: &catalog.Digital{
			Files: []catalog.File{{Asset: file, Name: "Schal, groß.pdf"}}, Downloads: 2, Days: 30}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	w.must(404, "", "GET", public, "") // whoever has it knows its hash
	w.must(200, w.staff, "PUT", "/staff/downloads/settings", `{"by_staff":true}`)
	cart := w.cart("", "pattern", 1)
	order := w.must(200, "", "POST", cart+"/checkout", goodCard).at("order.id").(string)
	list := w.must(200, "", "GET", cart+"/order/downloads", "")
	if list.at("items.0.state") != "waiting" || list.at("items.0.name") != "Schal, groß.pdf" {
		t.Errorf("the files are %s", list.text)
	}
	w.must(409, "", "POST", cart+"/order/downloads", `{"line":1,"file":1}`)
	if got := w.must(200, w.staff, "POST", "/staff/orders/"+order+"/deliveries", ""); got.at("fulfilment_status") != "delivered" {
		t.Errorf("the order is %s", got.text)
	}
	link := w.must(201, "", "POST", cart+"/order/downloads", `{"line":1,"file":1}`)
	address := link.at("url").(string)
	if link.at("limit") != 2.0 || link.at("until") == nil || !strings.HasSuffix(address, link.at("token").(string)) {
		t.Errorf("the link is %s", link.text)
	}
	if got := w.must(200, "", "GET", address, ""); got.at("state") != "ready" || got.at("used") != 0.0 {
		t.Errorf("the link leads to %s", got.text)
	}
	key := "a key of 16 characters or more"
	got := w.must(200, "", "POST", address, "", "Idempotency-Key", key)
	if got.text != "%PDF-1.7 a pattern" || got.header.Get("Content-Type") != "application/pdf" || got.header.Get("Cache-Control") != "no-store" ||
		got.header.Get("Content-Disposition") != "attachment; filename*=utf-8''Schal%2C%20gro%C3%9F.pdf" {
		t.Errorf("downloaded %q with %v", got.text, got.header)
	}
	part := w.must(206, "", "POST", address, "", "Idempotency-Key", key, "Range", "bytes=9-")
	if part.text != "a pattern" {
		t.Errorf("the rest is %q", part.text)
	}
	w.must(200, w.bob, "POST", address, "")
	used := w.must(409, "", "POST", address, "")
	if used.at("error") != "downloads.used_up" {
		t.Errorf("the third download says %s", used.text)
	}
	w.must(404, "", "GET", "/downloads/dwn_nothing", "")
	w.must(404, "", "POST", "/downloads/dwn_nothing", "")
	if got := w.must(200, "", "GET", cart+"/order/downloads", "").at("items.0.used"); got != 2.0 {
		t.Errorf("%v downloads count", got)
	}
	again := pattern.Put()
	again.Variants[0].Digital = nil
	if _, err := w.shop.Catalog.PutProduct(t.Context(), again); err != nil {
		t.Fatal(err)
	}
	w.must(404, "", "GET", public, "") // those who bought it still have it
	w.must(401, "", "GET", "/orders/"+order+"/downloads", "")
	w.must(200, w.staff, "GET", "/orders/"+order+"/downloads", "")
}

// TestACustomerDownloads: what is paid is there by itself.
func TestACustomerDownloads(t *testing.T) {
	w := newWorld(t)
	file, err := w.shop.Assets.Put(t.Context(), strings.NewReader("notes"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.shop.Catalog.PutProduct(t.Context(), catalog.PutProduct{Title: "Notes", Variants: []catalog.PutVariant{
		{SKU: "notes", Prices: []money.Amount{money.New(450, "EUR")}, Untracked: true, Digital: &catalog.Digital{Files: []catalog.File{{Asset: file, Name: "notes.txt"}}}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	order := "/orders/" + w.must(200, w.alice, "POST", w.cart(w.alice, "notes", 1)+"/checkout", goodCard).at("order.id").(string)
	for deadline := time.Now().Add(time.Minute); w.must(200, w.alice, "GET", order+"/downloads", "").at("items.0.state") != "ready"; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("nothing was delivered")
		}
	}
	w.must(404, w.bob, "POST", order+"/downloads", `{"line":1,"file":1}`)
	address := w.must(201, w.alice, "POST", order+"/downloads", `{"line":1,"file":1}`).at("url").(string)
	if got := w.must(200, "", "POST", address, ""); got.text != "notes" {
		t.Errorf("downloaded %q", got.text)
	}
}
