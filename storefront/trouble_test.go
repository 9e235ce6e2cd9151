package storefront_test

import (
	"context"
	"strings"
	"testing"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/inventory"
	"github.com/keelshop/commerce/money"
)

// put makes a product that only one test knows.
func (s shop) put(t *testing.T, sku string, cents, stock int64) {
	t.Helper()
	_, err := s.store.Catalog.PutProduct(t.Context(), catalog.PutProduct{SKU: catalog.SKU(sku), Title: sku, Price: money.New(cents, "EUR")})
	if err == nil && stock > 0 {
		_, err = s.store.Inventory.Receive(t.Context(), inventory.Receive{SKU: catalog.SKU(sku), Quantity: stock})
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p, err := s.store.Catalog.ByHandle(context.Background(), sku)
		if err == nil {
			_, err = s.store.Catalog.ArchiveProduct(context.Background(), catalog.ArchiveProduct{Product: p.ID})
		}
		if err != nil {
			t.Error(err)
		}
	})
}

// readyToPay puts some of a product into the cart and goes as far as the
// invoice.
func (b *browser) readyToPay(handle, quantity string) {
	b.t.Helper()
	b.submitAt("/p/"+handle, "/cart/add", map[string]string{"quantity": quantity})
	b.submitAt("/checkout", "/checkout", ada)
	b.submit("/checkout/delivery", nil)
	b.open("/checkout/payment?method=manual")
}

func TestSomebodyElseWasFaster(t *testing.T) {
	sample.put(t, "last-one", 1000, 1)
	first, second := sample.visitor(t), sample.visitor(t)
	first.readyToPay("last-one", "1")
	first.want(200)
	second.readyToPay("last-one", "1")
	second.submit("/checkout/payment", nil)
	second.want(200, "Thank you for your order")
	first.submit("/checkout/payment", nil)
	first.want(200, "We do not have that many.", "Sold out")
	first.do("GET", "/p/last-one", nil)
	if button := find(first.doc, func(n *node) bool { return n.Data == "button" && attr(n, "class") == "main" && has(n, "disabled") }); button == nil {
		t.Error("what is sold out can be put into the cart")
	}
}

func TestTheCartChangedMeanwhile(t *testing.T) {
	sample.put(t, "two-tabs", 1000, 10)
	b := sample.visitor(t)
	b.readyToPay("two-tabs", "1")
	tab := *b // the same person in another tab
	tab.submitAt("/p/two-tabs", "/cart/add", nil)
	b.submit("/checkout/payment", nil)
	b.want(200, "The cart has changed meanwhile.", "€20.00")
}

func TestThePriceChangedMeanwhile(t *testing.T) {
	sample.put(t, "dearer", 1000, 10)
	b := sample.visitor(t)
	b.readyToPay("dearer", "1")
	sample.put(t, "dearer", 1500, 0)
	b.submit("/checkout/payment", nil)
	b.want(200, "The cart has changed meanwhile.", "The price has changed from €10.00 to €15.00.", "€15.00")
}

func TestPressedTwice(t *testing.T) {
	sample.put(t, "twice", 1000, 10)
	b := sample.visitor(t)
	b.readyToPay("twice", "1")
	tab := *b
	b.submit("/checkout/payment", nil)
	b.want(200, "Thank you for your order")
	tab.submit("/checkout/payment", nil)
	tab.want(200, "Your cart is empty.")
	level, err := sample.store.Inventory.Level(t.Context(), "twice", "")
	if err != nil || level.Available != 9 {
		t.Errorf("there are %d left, %v; want 9", level.Available, err)
	}
}

func TestQuantities(t *testing.T) {
	b := sample.visitor(t)
	for quantity, want := range map[string]string{"-1": "from 1 to 999", "1000": "from 1 to 999", "x": "from 1 to 999", "9223372036854775808": "from 1 to 999", "0": "It is in your cart.", "": "It is in your cart."} {
		b.submitAt("/p/summer-jam", "/cart/add", map[string]string{"quantity": quantity})
		b.want(200, want)
	}
	b.submit("/cart/change", map[string]string{"quantity": "0"})
	b.want(200, "Your cart is empty.")
	for _, sku := range []string{"", "NONE", strings.Repeat("x", 1000)} {
		b.submitAt("/p/summer-jam", "/cart/add", map[string]string{"sku": sku})
		if b.status != 200 {
			t.Errorf("the SKU %.10q answers %d", sku, b.status)
		}
	}
}
