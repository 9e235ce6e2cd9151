package documents_test

import (
	"strings"
	"testing"

	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/checkout"
	"github.com/keelshop/commerce/documents"
	"github.com/keelshop/commerce/orders"
)

// TestAnInvoiceSaysUntilWhenItIsPayable: that of an order on payment terms does,
// and others do not.
func TestAnInvoiceSaysUntilWhenItIsPayable(t *testing.T) {
	s := newShop(t)
	ctx := t.Context()
	who, err := s.Accounts.Register(ctx, accounts.Register{Name: "Ann", Groups: []string{"trade"}})
	s.must(err)
	_, err = s.Orders.SetTerms(ctx, orders.SetTerms{Terms: []orders.Terms{{Name: "net_30", Days: 30, Groups: []string{"trade"}}}})
	s.must(err)
	basket, err := s.Carts.AddLines(ctx, cart.AddLines{Customer: who.ID, Lines: []cart.AddedLine{{SKU: "mug", Quantity: 1}}})
	s.must(err)
	_, err = s.Carts.SetContact(ctx, cart.SetContact{Cart: basket.ID, Contact: cart.Contact{
		Email: "ann@example.com", ShippingAddress: accounts.Address{Name: "Ann", Line1: "Way 1", Postcode: "20457", City: "Hamburg", Country: "DE"},
	}})
	s.must(err)
	_, err = s.Carts.SetShipping(ctx, cart.SetShipping{Cart: basket.ID, Method: "parcel"})
	s.must(err)
	o, err := s.Checkout.Complete(ctx, checkout.Complete{Cart: basket.ID, Terms: "net_30"})
	s.must(err)
	d := s.issue(o.ID, 1)[0]
	if o.PaymentDueAt.IsZero() || !d.PayableUntil.Equal(o.PaymentDueAt) {
		t.Errorf("the order is due at %v, the invoice says %v", o.PaymentDueAt, d.PayableUntil)
	}
	printer, err := documents.NewPrinter()
	s.must(err)
	for language, want := range map[string]string{"en": "Payable until", "de": "Zahlbar bis"} {
		var page strings.Builder
		s.must(printer.HTML(&page, d, cart.Contact{}, language))
		if !strings.Contains(page.String(), want) {
			t.Errorf("the page in %s does not say until when", language)
		}
	}
	if paid := s.issue(s.buys(checkout.Complete{}).ID, 1)[0]; !paid.PayableUntil.IsZero() {
		t.Errorf("an invoice that is paid is payable until %v", paid.PayableUntil)
	}
}
