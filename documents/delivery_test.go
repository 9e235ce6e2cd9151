package documents_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/checkout"
	"github.com/keelshop/commerce/documents"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/orders"
	"github.com/keelshop/commerce/pricing"
)

// sendsTo adds a country with its tax and a parcel.
func (s *shop) sendsTo(country string, percent, minor int64) {
	s.Helper()
	area := []pricing.Area{{Country: country}}
	_, err := s.Pricing.PutTaxZone(s.Context(), pricing.PutTaxZone{Zone: pricing.TaxZone{ID: strings.ToLower(country), Areas: area, Rates: []pricing.TaxRate{{Name: "VAT " + country, Rate: money.Percent(percent)}}}})
	s.must(err)
	_, err = s.Pricing.PutShippingZone(s.Context(), pricing.PutShippingZone{Zone: pricing.ShippingZone{ID: strings.ToLower(country), Areas: area, Methods: []pricing.ShippingMethod{
		{ID: "parcel", Name: "Colis", Rates: []pricing.ShippingRate{{Currency: "EUR", Tiers: []pricing.ShippingTier{{Price: minor}}}}},
	}}})
	s.must(err)
}

// twoPlaces makes an order of a mug to Hamburg and two to Paris.
func (s *shop) twoPlaces() orders.Order {
	s.Helper()
	ctx := s.Context()
	s.sendsTo("FR", 20, 990)
	c, err := s.Carts.AddLines(ctx, cart.AddLines{Lines: []cart.AddedLine{{SKU: "mug", Quantity: 3}}})
	s.must(err)
	_, err = s.Carts.SetContact(ctx, cart.SetContact{Cart: c.ID, Contact: cart.Contact{Name: "Ada Lovelace",
		ShippingAddress: accounts.Address{Name: "Ada Lovelace", Line1: "Am Sandtorkai 5", Postcode: "20457", City: "Hamburg", Country: "DE"}}})
	s.must(err)
	_, err = s.Carts.SetDelivery(ctx, cart.SetDelivery{Cart: c.ID, Address: accounts.Address{Name: "Charles", Line1: "Rue Cachée 7", City: "Paris", Country: "FR"}})
	s.must(err)
	_, err = s.Carts.AssignLines(ctx, cart.AssignLines{Cart: c.ID, Lines: []cart.AssignedLine{{Line: c.Lines[0].ID, Delivery: 2, Quantity: 2}}})
	s.must(err)
	for _, d := range []int64{1, 2} {
		_, err = s.Carts.SetShipping(ctx, cart.SetShipping{Cart: c.ID, Delivery: d, Method: "parcel"})
		s.must(err)
	}
	got, err := s.Checkout.Complete(ctx, checkout.Complete{Cart: c.ID, PayWith: "simulator", Token: "pm_card_visa"})
	s.must(err)
	return got.Order
}

func TestAnInvoiceStatesEachDelivery(t *testing.T) {
	s := newShop(t)
	o := s.twoPlaces()
	d := s.issue(o.ID, 1)[0]
	if len(d.Lines) != 4 || d.Gross != o.Total || len(d.Taxes) != 2 {
		t.Fatalf("the invoice is %+v", d)
	}
	for i, want := range []struct {
		kind     documents.LineKind
		delivery int
		gross    int64
	}{{documents.Goods, 1, 1250}, {documents.Goods, 2, 2500}, {documents.Shipping, 1, 495}, {documents.Shipping, 2, 990}} {
		if l := d.Lines[i]; l.Kind != want.kind || l.Delivery != want.delivery || l.Gross != euro(want.gross) {
			t.Errorf("row %d is %+v, want %+v", i+1, l, want)
		}
	}
	to, err := s.Documents.Contact(t.Context(), d)
	s.must(err)
	deliveries, err := s.Documents.Deliveries(t.Context(), d)
	s.must(err)
	printer, err := documents.NewPrinter()
	s.must(err)
	var page bytes.Buffer
	s.must(printer.HTML(&page, d, to, "de", deliveries...))
	for _, text := range []string{"Lieferung 1", "Lieferung 2", "Rue Cachée 7", "Am Sandtorkai 5", "Versand: Colis", "Charles"} {
		if !strings.Contains(page.String(), text) {
			t.Errorf("the page lacks %q", text)
		}
	}
	// Part of what shipping cost goes back before another invoice is drawn up.
	late := s.twoPlaces()
	s.grant(orders.GrantRefund{Order: late.ID, Shipping: euro(100)})
	all := s.issue(late.ID, 1)
	if all[0].Gross.Minor() != late.Total.Minor()-100 || len(all[0].Lines) != 3 {
		t.Errorf("the invoice of what is left is %+v", all[0])
	}
	// Of one delivery: the other's row stays as it is.
	one := s.twoPlaces()
	s.grant(orders.GrantRefund{Order: one.ID, Shipping: euro(330), Delivery: 2})
	d = s.issue(one.ID, 1)[0]
	if l := d.Lines; d.Gross.Minor() != one.Total.Minor()-330 || len(l) != 4 || l[2].Gross != euro(495) || l[3].Gross != euro(660) || l[3].Tax.Minor() != one.Deliveries[1].ShippingTax.Minor()-55 || l[3].Delivery != 2 {
		t.Errorf("the invoice without a part of one delivery is %+v", d)
	}
	s.grant(orders.GrantRefund{Order: one.ID, Shipping: euro(660), Delivery: 2})
	if l := s.issue(one.ID, 2)[1].Lines; len(l) != 1 || l[0].Delivery != 2 || l[0].Title != "Colis" || l[0].Gross != euro(660) || l[0].Tax.Minor() != one.Deliveries[1].ShippingTax.Minor()-55 {
		t.Errorf("the credit note is %+v", l)
	}
	s.grant(orders.GrantRefund{Order: o.ID, Shipping: o.GrossShipping()})
	_, err = s.Orders.CancelLines(t.Context(), orders.CancelLines{Order: o.ID, Lines: []orders.LineQuantity{{Line: 2, Quantity: 1}}, Reason: "x"})
	s.must(err)
	all = s.issue(o.ID, 3)
	if all[1].Tax != o.ShippingTax || all[2].Lines[0].Delivery != 2 || all[2].Gross != euro(1250) {
		t.Errorf("the credit notes are %+v", all[1:])
	}
}
