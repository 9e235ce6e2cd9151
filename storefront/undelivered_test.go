package storefront_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/commercetest"
	"github.com/keelshop/commerce/inventory"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/payments/simulator"
	"github.com/keelshop/commerce/pricing"
	"github.com/keelshop/commerce/storefront"
)

const (
	notThere     = "We cannot send these goods to this address."
	notThereInDE = "Diese Waren können wir nicht an diese Adresse schicken."
)

// germanShop has a mug, and sends it to Germany alone, though it takes Austrian
// addresses.
func germanShop(t *testing.T) shop {
	t.Helper()
	bank := simulator.New(simulator.WithURL("/bank"))
	store := commercetest.Open(t, commerce.WithPayments(bank), quickPasswords)
	zone := pricing.ShippingZone{ID: "home", Areas: []pricing.Area{{Country: "DE"}}, Methods: []pricing.ShippingMethod{
		{ID: "parcel", Name: "Parcel", Rates: []pricing.ShippingRate{{Currency: "EUR", Tiers: []pricing.ShippingTier{{Price: 490}}}}},
	}}
	_, err := store.Pricing.PutShippingZone(t.Context(), pricing.PutShippingZone{Zone: zone})
	if err == nil {
		_, err = store.Catalog.PutProduct(t.Context(), catalog.PutProduct{SKU: "mug", Title: "Mug", Price: money.New(1000, "EUR")})
	}
	if err == nil {
		_, err = store.Inventory.Receive(t.Context(), inventory.Receive{SKU: "mug", Quantity: 9})
	}
	if err != nil {
		t.Fatal(err)
	}
	return shop{store: store, bank: bank, letters: &postbox{}}.with(t, storefront.Options{Countries: []string{"DE", "AT"}})
}

var vienna = map[string]string{"email": "ada@example.com", "name": "Ada", "line1": "1 Way", "postcode": "1010", "city": "Wien", "country": "AT"}

// TestWhereNothingIsSent: the shop says so, in both languages, and the shopper can
// give another address; also after they had chosen how it shall come.
func TestWhereNothingIsSent(t *testing.T) {
	b := germanShop(t).visitor(t)
	b.submitAt("/p/mug", "/cart/add", map[string]string{"quantity": "2"})
	for range 2 {
		b.submitAt("/checkout", "/checkout", vienna)
		for _, page := range []string{"/checkout/delivery", "/checkout/payment"} {
			b.open(page)
			b.want(200, notThere, "Change the address")
			if b.at.Path != "/checkout/delivery" || strings.Contains(words(b.doc), "Continue") {
				t.Errorf("%s leads to %s: %s", page, b.at, words(b.doc))
			}
		}
		b.submitAt("/checkout", "/checkout", ada)
		b.open("/checkout/delivery")
		b.submit("/checkout/delivery", nil)
		b.want(200, "Payment", "Parcel", "€24.90")
	}
	b.submitAt("/checkout", "/checkout", vienna)
	b.header.Set("Accept-Language", "de")
	b.open("/checkout/payment")
	b.want(200, notThereInDE, "Adresse ändern")
}

// TestWhereOneDeliveryIsNotSent: it alone is named, with the way to its address.
func TestWhereOneDeliveryIsNotSent(t *testing.T) {
	b := germanShop(t).visitor(t)
	b.submitAt("/p/mug", "/cart/add", map[string]string{"quantity": "2"})
	b.submitAt("/checkout", "/checkout", ada)
	b.open("/checkout/split/new")
	b.submit("/checkout/split/new", vienna)
	b.submit("/checkout/split", map[string]string{"quantity": "1"})
	b.open("/checkout/payment")
	b.want(200, "Delivery 1", "Delivery 2", "Parcel", notThere)
	link := func(n *node) bool { return attr(n, "href") == "/checkout/split/2" }
	if strings.Count(words(b.doc), notThere) != 1 || find(b.doc, link) == nil || strings.Contains(words(b.doc), "Continue") {
		t.Errorf("at %s: %s", b.at, words(b.doc))
	}
	b.do("POST", "/checkout/delivery", url.Values{"method-1": {"parcel"}})
	b.want(200, notThere)
	b.open("/checkout/split/2")
	b.submit("/checkout/split/2", map[string]string{"postcode": "24103", "city": "Kiel", "country": "DE"})
	b.open("/checkout/delivery")
	b.submit("/checkout/delivery", nil)
	b.want(200, "Delivery 1: Parcel", "Delivery 2: Parcel")
}

// TestADeliveryOfWhatIsNotSent needs no way to send it, and is not said to lack one.
func TestADeliveryOfWhatIsNotSent(t *testing.T) {
	b := sample.visitor(t)
	b.submitAt("/p/camp-mug", "/cart/add", nil)
	b.submitAt("/p/gift-card", "/cart/add", nil)
	b.submitAt("/checkout", "/checkout", ada)
	b.open("/checkout/split/new")
	b.submit("/checkout/split/new", vienna)
	b.submit("/checkout/split", nil) // the mug
	b.open("/checkout/delivery")
	b.want(200, "Delivery 1", "Delivery 2", "Parcel", "Continue")
	if strings.Contains(words(b.doc), notThere) {
		t.Error("a gift card cannot be sent:", words(b.doc))
	}
	b.submit("/checkout/delivery", nil)
	b.want(200, "Delivery 2: Parcel")
}
