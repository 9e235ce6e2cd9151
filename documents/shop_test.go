package documents_test

import (
	"testing"
	"time"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/checkout"
	"github.com/keelshop/commerce/commercetest"
	"github.com/keelshop/commerce/documents"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/inventory"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/orders"
	"github.com/keelshop/commerce/payments/simulator"
	"github.com/keelshop/commerce/pricing"
)

// shop is a store that sells with German taxes of two rates.
type shop struct {
	testing.TB
	*commerce.Store
	clock   *commercetest.Clock
	methods []pricing.ShippingMethod
}

// addShipping adds a way to send goods within Germany.
func (s *shop) addShipping(id string, price int64) {
	s.Helper()
	s.methods = append(s.methods, pricing.ShippingMethod{ID: id, Name: "Parcel", Rates: []pricing.ShippingRate{{Currency: "EUR", Tiers: []pricing.ShippingTier{{Price: price}}}}})
	zone := pricing.ShippingZone{ID: "de", Areas: []pricing.Area{{Country: "DE"}}, Methods: s.methods}
	_, err := s.Pricing.PutShippingZone(s.Context(), pricing.PutShippingZone{Zone: zone})
	s.must(err)
}

func newShop(t testing.TB, opts ...commerce.Option) *shop {
	t.Helper()
	clock := commercetest.NewClock()
	clock.Jump(time.Date(2026, 11, 2, 10, 0, 0, 0, time.UTC))
	s := &shop{TB: t, clock: clock, Store: commercetest.Open(t, append([]commerce.Option{clock.Option(), commerce.WithPayments(simulator.New())}, opts...)...)}
	ctx := t.Context()
	_, err := s.Pricing.PutSettings(ctx, pricing.PutSettings{Settings: pricing.Settings{TaxIncluded: true}})
	s.must(err)
	_, err = s.Pricing.PutTaxZone(ctx, pricing.PutTaxZone{Zone: pricing.TaxZone{ID: "de", Areas: []pricing.Area{{Country: "DE"}}, Rates: []pricing.TaxRate{
		{Name: "MwSt.", Rate: money.Percent(19)}, {Name: "MwSt.", Category: "food", Rate: money.Percent(7)},
	}}})
	s.must(err)
	s.addShipping("parcel", 495)
	for _, p := range []struct {
		sku      catalog.SKU
		title    string
		price    int64
		category string
	}{{"mug", "Mug, stoneware, 0.4 l", 1250, ""}, {"tea", "Assam, 250 g", 899, "food"}} {
		_, err := s.Catalog.PutProduct(ctx, catalog.PutProduct{Title: p.title, Variants: []catalog.PutVariant{
			{SKU: p.sku, Prices: []money.Amount{money.New(p.price, "EUR")}, TaxCategory: p.category},
		}})
		s.must(err)
		_, err = s.Inventory.Receive(ctx, inventory.Receive{SKU: p.sku, Quantity: 100})
		s.must(err)
	}
	_, err = s.Documents.PutSettings(ctx, documents.PutSettings{Settings: documents.Settings{Seller: documents.Seller{
		Name: "Keel & Sons", Address: []string{"Hafenstraße 1", "20457 Hamburg"}, Country: "DE", TaxID: "DE123456789",
		Contact: []string{"shop@example.com"}, Bank: []string{"IBAN DE02 1203 0000 0000 2020 51"}, Note: "HRB 12345 Hamburg",
	}}})
	s.must(err)
	return s
}

func (s *shop) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

// buys makes an order of three mugs and two packets of tea, with shipping.
func (s *shop) buys(c checkout.Complete) orders.Order {
	s.Helper()
	return s.orders(c, "parcel", cart.AddedLine{SKU: "mug", Quantity: 3}, cart.AddedLine{SKU: "tea", Quantity: 2})
}

// orders makes an order of lines that is sent by a method.
func (s *shop) orders(c checkout.Complete, method string, lines ...cart.AddedLine) orders.Order {
	s.Helper()
	ctx := s.Context()
	basket, err := s.Carts.AddLines(ctx, cart.AddLines{Lines: lines})
	s.must(err)
	_, err = s.Carts.SetContact(ctx, cart.SetContact{Cart: basket.ID, Contact: cart.Contact{
		Email: "ada@example.com", Name: "Ada Lovelace",
		ShippingAddress: accounts.Address{Name: "Ada Lovelace", Line1: "Am Sandtorkai 5", Postcode: "20457", City: "Hamburg", Country: "DE"},
	}})
	s.must(err)
	_, err = s.Carts.SetShipping(ctx, cart.SetShipping{Cart: basket.ID, Method: method})
	s.must(err)
	c.Cart, c.PayWith, c.Token = basket.ID, "simulator", "pm_card_visa"
	got, err := s.Checkout.Complete(ctx, c)
	s.must(err)
	if got.Status != orders.Placed {
		s.Fatalf("the order is %s", got.Status)
	}
	return got.Order
}

// issue draws up what an order lacks and returns all of its documents.
func (s *shop) issue(o orders.ID, want int) []documents.Document {
	s.Helper()
	all, err := s.Documents.Issue(s.Context(), o)
	s.must(err)
	if len(all) != want {
		s.Fatalf("the order has %d documents, want %d: %+v", len(all), want, all)
	}
	for _, d := range all {
		if d.Number == "" || d.IssuedAt.IsZero() {
			s.Fatalf("%s is not issued", d.ID)
		}
	}
	return all
}

func (s *shop) grant(c orders.GrantRefund) {
	s.Helper()
	c.Reason, c.Release = "late", true
	_, err := s.Orders.GrantRefund(s.Context(), c)
	s.must(err)
}

func euro(minor int64) money.Amount { return money.New(minor, "EUR") }

func wants(t testing.TB, err error, code fault.Code) {
	t.Helper()
	if err == nil || fault.CodeOf(err) != code {
		t.Errorf("got error %v with code %v, want code %v", err, fault.CodeOf(err), code)
	}
}
