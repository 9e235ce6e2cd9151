package storefront_test

import (
	"net/url"
	"path"
	"strings"
	"testing"

	"github.com/keelshop/commerce/orders"
)

// split puts three mugs and tea into the cart, and goes as far as the page on
// which that is divided.
func (b *browser) split() {
	b.t.Helper()
	b.submitAt("/p/camp-mug", "/cart/add", map[string]string{"quantity": "3"})
	b.submitAt("/p/earl-grey", "/cart/add", nil)
	b.submitAt("/checkout", "/checkout", ada)
	b.open("/checkout/delivery")
	b.want(200, "Send it to several addresses")
	b.open("/checkout/split")
	b.want(200, "Add another address first.")
	b.open("/checkout/split/new")
	b.submit("/checkout/split/new", map[string]string{"name": "Grace", "city": "Hamburg"})
	b.want(422, "Please look at the marked fields.")
	b.submit("/checkout/split/new", map[string]string{"name": "Grace", "line1": "Elbchaussee 1", "postcode": "22763", "city": "Hamburg", "country": "DE"})
	b.want(200, "Delivery 2", "Elbchaussee 1", "Nothing goes there yet.", "to delivery 2, Hamburg")
}

// TestACartIsDivided: units go to another address, each delivery is sent in its
// own way, and the order says which.
func TestACartIsDivided(t *testing.T) {
	b := sample.visitor(t)
	b.split()
	b.submit("/checkout/split", map[string]string{"quantity": "9"})
	b.want(200, "That did not work")
	b.submit("/checkout/split", map[string]string{"quantity": "0"})
	b.want(200, "Please enter a quantity")
	stale := url.Values{"line": {"1"}, "to": {"2"}, "quantity": {"1"}, "version": {"1"}}
	b.do("POST", "/checkout/split", stale)
	b.want(200, "The cart has changed meanwhile.")
	b.submit("/checkout/split", map[string]string{"quantity": "2"})
	b.want(200, "Delivery 2", "Quantity: 2", "Quantity: 1")
	if strings.Contains(words(b.doc), "Nothing goes there yet.") {
		t.Fatalf("nothing was moved: %s", words(b.doc))
	}
	b.open("/checkout/payment") // is not ready: nobody has said how it shall come
	if b.at.Path != "/checkout/delivery" {
		t.Errorf("the payment is asked for at %s", b.at)
	}
	b.want(200, "Delivery 1", "Delivery 2", "How shall it come?", "Change what goes where")
	b.do("POST", "/checkout/delivery", url.Values{"method-1": {"express"}})
	b.want(200, "Please choose how it shall come.")
	b.do("POST", "/checkout/delivery", url.Values{"method-1": {"express"}, "method-2": {"no such"}})
	b.want(200, "Please choose how it shall come.")
	b.submit("/checkout/delivery", map[string]string{"method-1": "express"})
	b.want(200, "Delivery 1: Express", "Delivery 2: Parcel", "Elbchaussee 1", "Contact")
	b.open("/checkout/payment?method=manual")
	b.submit("/checkout/payment", nil)
	b.want(200, "Thank you for your order", "Delivery 1: Express", "Delivery 2: Parcel", "Elbchaussee 1")
	o, err := sample.store.Orders.Get(t.Context(), orders.ID(path.Base(b.at.Path)))
	if err != nil || !o.Split || len(o.Deliveries) != 2 || o.Units != 4 {
		t.Errorf("%+v, %v", o, err)
	}
}

// TestADeliveryIsChangedAndRemoved: its address can be another one, and what goes
// there goes to the first again. In German, too.
func TestADeliveryIsChangedAndRemoved(t *testing.T) {
	b := sample.visitor(t)
	b.split()
	b.submit("/checkout/split", map[string]string{"quantity": "1"})
	b.header.Set("Accept-Language", "de")
	b.open("/checkout/split/2")
	b.want(200, "Wohin soll es gehen?")
	b.submit("/checkout/split/2", map[string]string{"city": "Altona"})
	b.want(200, "Mehrere Lieferungen", "Altona", "zu Lieferung 1, Kiel")
	for _, gone := range []string{"1", "3", "x"} {
		b.do("GET", "/checkout/split/"+gone, nil)
		b.want(404)
	}
	b.open("/checkout/split")
	twice := url.Values{"version": {attr(find(b.doc, func(n *node) bool { return attr(n, "name") == "version" }), "value")},
		"name": {"Grace"}, "line1": {"Jungfernstieg 1"}, "postcode": {"20095"}, "city": {"Hamburg"}, "country": {"DE"}}
	for range 2 { // a form that is sent twice adds one delivery
		b.do("POST", "/checkout/split/new", twice)
		b.want(200, "Lieferung 3")
	}
	if strings.Contains(words(b.doc), "Lieferung 4") {
		t.Error("it was added twice")
	}
	b.submit("/checkout/split/3/remove", nil)
	b.submit("/checkout/split/2/remove", nil)
	b.want(200, "Füge zuerst eine weitere Adresse hinzu.", "Menge: 3")
	b.open("/checkout/delivery")
	b.want(200, "An mehrere Adressen schicken")
	b.do("POST", "/checkout/split/2/remove", nil)
	b.want(200, "hat sich inzwischen geändert")
	empty := sample.visitor(t)
	empty.do("POST", "/checkout/split", nil)
	empty.want(200, "Your cart is empty.")
}
