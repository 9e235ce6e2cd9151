package storefront_test

import (
	"path"
	"strings"
	"testing"

	"github.com/keelshop/commerce/checkout"
	"github.com/keelshop/commerce/orders"
)

// TestWhatAChangeCosts: an order to which staff have added something says what is
// still to be paid.
func TestWhatAChangeCosts(t *testing.T) {
	b := sample.visitor(t)
	b.readyToPay("oak-board", "1")
	b.submit("/checkout/payment", nil)
	b.want(200, "Thank you for your order")
	page := b.at.Path
	if strings.Contains(b.text, "Still to be paid") {
		t.Error("what is paid is to be paid")
	}
	o, err := sample.store.Orders.Get(t.Context(), orders.ID(path.Base(page)))
	if err == nil {
		_, err = sample.store.Checkout.Confirm(t.Context(), checkout.Change{Order: o.ID, Version: o.Version, Reason: "by phone", Add: []checkout.AddedLine{{SKU: "EARL-GREY", Quantity: 2}}})
	}
	if err != nil {
		t.Fatal(err)
	}
	b.open(page)
	b.want(200, "Still to be paid €28.00")
}
