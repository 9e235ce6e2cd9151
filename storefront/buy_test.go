package storefront_test

import (
	"maps"
	"strings"
	"testing"

	"github.com/keelshop/commerce/orders"
)

var ada = map[string]string{
	"email": "ada@example.com", "name": "Ada Byron", "line1": "Hafenstraße 1", "postcode": "24103", "city": "Kiel", "country": "DE",
}

// fill puts a coat into the cart and goes as far as the payment.
func (b *browser) fill() {
	b.t.Helper()
	b.open("/p/rain-coat?sku=RAIN-COAT-INK-M")
	b.want(200, "Rain coat", "€189.00", "In stock")
	b.submit("/cart/add", map[string]string{"quantity": "2"})
	b.want(200, "It is in your cart.", "€378.00")
	b.open("/checkout")
	b.submit("/checkout", ada)
	b.want(200, "Hafenstraße 1", "Germany", "Parcel", "Express 1 day €12.90")
	b.submit("/checkout/delivery", map[string]string{"method": "express"})
	b.want(200, "Express €12.90", "Total €390.90", "of which tax €62.41")
}

// payWith gives a test card to the bank's field and pays.
func (b *browser) payWith(card string) {
	b.t.Helper()
	b.frame()
	b.submit("/bank/card", map[string]string{"number": card})
	b.want(200, "Card ending in "+card[len(card)-4:])
	b.submit("/checkout/payment", nil)
}

// TestTheInvoiceGoesElsewhere: an address for the invoice is asked for whole, kept,
// and shown with the order.
func TestTheInvoiceGoesElsewhere(t *testing.T) {
	b := sample.visitor(t)
	b.submitAt("/p/camp-mug", "/cart/add", nil)
	to := map[string]string{"email": "ada@example.com", "name": "Ada", "line1": "1 Way", "postcode": "24103", "city": "Kiel", "country": "DE", "bill_name": "Analytical Engines"}
	b.submitAt("/checkout", "/checkout", to)
	b.want(422, "Please look at the marked fields.")
	to["bill_line1"], to["bill_postcode"], to["bill_city"], to["bill_country"] = "9 Bill Street", "1010", "Vienna", "AT"
	b.submit("/checkout", to)
	b.want(200)
	b.open("/checkout")
	if !strings.Contains(b.text, "9 Bill Street") {
		t.Error("the address of the invoice is not there any more")
	}
	b.open("/checkout/delivery")
	b.submit("/checkout/delivery", nil)
	b.open("/checkout/payment?method=manual")
	b.want(200, "Invoice to", "9 Bill Street")
	b.submit("/checkout/payment", nil)
	b.want(200, "Thank you for your order", "Invoice to", "Analytical Engines")
}

func TestBuyAsGuest(t *testing.T) {
	s := sample
	for _, test := range []struct {
		name, card string
		answer     string // to 3-D Secure
		want       string
		status     orders.Status
	}{
		{"good", "4242 4242 4242 4242", "", "Thank you for your order", orders.Placed},
		{"declined", "4000 0000 0000 9995", "", "The card has not enough money on it.", orders.Canceled},
		{"confirmed", "4000 0027 6000 3184", "yes", "Thank you for your order", orders.Placed},
		{"not confirmed", "4000 0027 6000 3184", "no", "Your bank could not confirm that it was you.", orders.Canceled},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := s.visitor(t)
			b.fill()
			b.payWith(test.card)
			if test.answer != "" {
				b.want(200, "Your bank asks you to confirm")
				b.frame()
				b.submit("/bank/3ds/", map[string]string{"answer": test.answer})
			}
			b.want(200, test.want)
			if test.status == orders.Canceled { // the cart is open for another try
				b.open("/checkout/payment")
				b.payWith("4242 4242 4242 4242")
				b.want(200, "Thank you for your order")
			}
			b.want(200, "Ada Byron", "paid", "Rain coat Ink, M", "Quantity: 2", "Total €390.90", "of which VAT 19% €62.41")
			at := b.at.Path
			b.open("/cart")
			b.want(200, "Your cart is empty.")
			if other := s.visitor(t); true { // somebody else's browser
				other.do("GET", at, nil)
				other.want(404)
			}
		})
	}
}

func TestAddressErrors(t *testing.T) {
	b := sample.visitor(t)
	b.open("/p/everyday-mug")
	b.submit("/cart/add", nil)
	for field, bad := range map[string]string{"email": "ada", "name": "", "postcode": "2410", "country": "AQ", "city": "\x01"} {
		b.open("/checkout")
		form := maps.Clone(ada)
		form[field] = bad
		b.submit("/checkout", form)
		b.want(422, "Please look at the marked fields.")
		input := find(b.doc, func(n *node) bool { return attr(n, "name") == field && n.Data != "meta" })
		if attr(input, "aria-describedby") != "e-"+field || find(b.doc, func(n *node) bool { return attr(n, "id") == "e-"+field }) == nil {
			t.Errorf("%s: the error is not said beside the field", field)
		}
	}
}

// TestFreeDeliveryIsSaid: what is sent for nothing is free, not 0.00.
func TestFreeDeliveryIsSaid(t *testing.T) {
	b := sample.visitor(t)
	b.submitAt("/p/rain-coat", "/cart/add", nil)
	b.submitAt("/checkout", "/checkout", ada)
	b.submit("/checkout/delivery", map[string]string{"method": "parcel"})
	b.want(200, "Parcel free", "Total €189.00")
	b.open("/checkout/payment?method=manual")
	b.submit("/checkout/payment", nil)
	b.want(200, "Thank you for your order", "Parcel free")
	b.header.Set("Accept-Language", "de")
	b.open(b.at.Path)
	b.want(200, "Paket kostenlos", "189,00 €")
}
