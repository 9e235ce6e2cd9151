package checkout_test

import (
	"errors"
	"slices"
	"sync"
	"testing"

	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/checkout"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/orders"
	"github.com/keelshop/commerce/payments"
	"github.com/keelshop/commerce/pricing"
)

// rules gives the store 19 % tax in DE and parcels for 4.95.
func (s *shop) rules(included bool) {
	s.Helper()
	area := []pricing.Area{{Country: "DE"}}
	_, err := s.pricing.PutSettings(s.ctx(), pricing.PutSettings{Settings: pricing.Settings{TaxIncluded: included}})
	s.must(err)
	_, err = s.pricing.PutTaxZone(s.ctx(), pricing.PutTaxZone{Zone: pricing.TaxZone{
		ID: "de", Areas: area, Rates: []pricing.TaxRate{{Name: "VAT", Rate: money.Percent(19)}},
	}})
	s.must(err)
	_, err = s.pricing.PutShippingZone(s.ctx(), pricing.PutShippingZone{Zone: pricing.ShippingZone{
		ID: "de", Areas: area, Methods: []pricing.ShippingMethod{
			{ID: "parcel", Name: "Parcel", Rates: []pricing.ShippingRate{{Currency: "EUR", Tiers: []pricing.ShippingTier{{Price: 495}}}}},
		},
	}})
	s.must(err)
}

// deliver gives the cart an address and a shipping method.
func (s *shop) deliver(c cart.ID) cart.Cart {
	s.Helper()
	_, err := s.carts.SetContact(s.ctx(), cart.SetContact{Cart: c, Contact: cart.Contact{
		ShippingAddress: accounts.Address{Line1: "Unter den Linden 1", Country: "DE"},
	}})
	s.must(err)
	got, err := s.carts.SetShipping(s.ctx(), cart.SetShipping{Cart: c, Method: "parcel"})
	s.must(err)
	return got
}

func (s *shop) books(o orders.ID) map[payments.Account]int64 {
	s.Helper()
	books := map[payments.Account]int64{}
	for p, err := range s.payments.Ledger(s.ctx(), payments.Filter{Order: o}) {
		s.must(err)
		books[p.Account] += p.Amount.Minor()
	}
	return books
}

func TestTaxAndShippingGoIntoTheOrder(t *testing.T) {
	for _, test := range []struct {
		included                                 bool
		tax, total, shippingTax, goods, shipping int64 // goods and shipping without tax
	}{
		{false, 712 + 94, 3750 + 712 + 495 + 94, 94, 3750, 495},
		{true, 599 + 79, 3750 + 495, 79, 3151, 416},
	} {
		s := newShop(t, 2)
		s.sells("mug", 5)
		s.rules(test.included)
		c := s.deliver(s.basket("mug", 3))
		r, err := s.complete(checkout.Complete{Cart: c.ID, ExpectedTotal: &c.Total, PayWith: "simulator", Token: approves})
		s.must(err)
		l := r.Lines[0]
		if r.Status != orders.Placed || r.Total != euro(test.total) || r.Total != c.Total || r.Tax != euro(test.tax) || r.TaxIncluded != test.included ||
			r.Shipping != euro(495) || r.ShippingTax != euro(test.shippingTax) || r.ShippingMethod != "parcel" || r.ShippingName != "Parcel" ||
			l.Net != euro(test.goods) || l.Gross != euro(test.goods+test.tax-test.shippingTax) || l.Tax != c.Lines[0].Tax {
			t.Errorf("included %t: got %+v", test.included, r.Order)
		}
		if len(r.Taxes) != 1 || r.Taxes[0].Name != "VAT" || r.Taxes[0].Amount != test.tax || r.Taxes[0].Base != test.goods+test.shipping {
			t.Errorf("included %t: taxes %+v", test.included, r.Taxes)
		}
		books := s.books(r.ID)
		if books[payments.Sales] != -test.goods || books[payments.Shipping] != -test.shipping || books[payments.TaxPayable] != -test.tax ||
			books["provider:simulator"] != test.total || books[payments.Receivable] != 0 {
			t.Errorf("included %t: the ledger has %v", test.included, books)
		}
		// What comes back brings its tax back, to the cent once all is back.
		_, err = s.orders.Ship(s.ctx(), orders.Ship{Order: r.ID})
		s.must(err)
		gross := l.Gross.Minor()
		for n, want := range []int64{gross / 3, gross * 2 / 3, gross} {
			o, err := s.orders.Return(s.ctx(), orders.Return{Order: r.ID, Lines: []orders.LineQuantity{{Line: 1, Quantity: 1}}, Reason: "x"})
			if err != nil || o.RefundGranted != euro(want) {
				t.Errorf("included %t: return %d grants %v, %v; want %d", test.included, n+1, o.RefundGranted, err, want)
			}
			s.must(s.payments.Settle(s.ctx(), r.ID))
		}
		books = s.books(r.ID)
		if books[payments.Returns] != test.goods || books[payments.TaxPayable] != -test.shippingTax || books[payments.Receivable] != 0 || books["provider:simulator"] != test.total-gross {
			t.Errorf("included %t: after all is back the ledger has %v", test.included, books)
		}
	}
}

func TestACartThatIsNotReadyIsRefused(t *testing.T) {
	s := newShop(t, 2)
	s.sells("mug", 5)
	s.rules(false)
	c := s.basket("mug", 1)
	_, err := s.pay(c, approves)
	if e, ok := errors.AsType[*checkout.IncompleteError](err); !ok || !slices.Equal(e.Missing, []cart.Requirement{cart.NeedsAddress, cart.NeedsShipping}) {
		t.Errorf("without address and method: %v", err)
	}
	s.deliver(c)
	put := func(p catalog.PutProduct) {
		t.Helper()
		p.Handle, p.Title = "mug", "The mug"
		_, err := s.catalog.PutProduct(s.ctx(), p)
		s.must(err)
	}
	put(catalog.PutProduct{SKU: "mug", Price: euro(price), Status: catalog.Draft})
	_, err = s.pay(c, approves)
	if e, ok := errors.AsType[*checkout.ProblemsError](err); !ok || len(e.Problems) != 1 || e.Problems[0].Code != cart.Discontinued {
		t.Errorf("discontinued: %v", err)
	}
	s.wants(err, fault.Refused)
	// The price that counts is today's. Who expects another is told why.
	before := s.cart(c).Total
	put(catalog.PutProduct{SKU: "mug", Price: euro(price + 100)})
	_, err = s.checkout.Complete(s.ctx(), checkout.Complete{Cart: c, ExpectedTotal: &before, PayWith: "simulator", Token: approves, Key: "k"})
	e, ok := errors.AsType[*checkout.TotalChangedError](err)
	if !ok || e.Want != before || e.Have != s.cart(c).Total || len(e.Changes) != 1 || e.Changes[0].Was != euro(price) || e.Changes[0].Is != euro(price+100) {
		t.Errorf("the price has changed: %v", err)
	}
	// The refusal is on record under its key, with its type and its reasons.
	_, again := s.checkout.Complete(s.ctx(), checkout.Complete{Cart: c, ExpectedTotal: &before, PayWith: "simulator", Token: approves, Key: "k"})
	if e2, ok := errors.AsType[*checkout.TotalChangedError](again); !ok || len(e2.Changes) != 1 || e2.Changes[0] != e.Changes[0] {
		t.Errorf("asked again: %v", again)
	}
	r, err := s.pay(c, approves)
	if err != nil || r.Subtotal != euro(price+100) {
		t.Errorf("bought at today's price: %+v, %v", r.Order, err)
	}
}

// A cart that is changed while it is bought is bought as it was before or as
// it is after, never in between.
func TestACartChangesWhileItIsBought(t *testing.T) {
	s := newShop(t, 2)
	s.sells("mug", 1000)
	s.rules(false)
	for range 10 {
		c := s.deliver(s.basket("mug", 1)).ID
		var all sync.WaitGroup
		all.Go(func() {
			for n := int64(2); n < 12; n++ {
				_, err := s.carts.SetQuantity(s.ctx(), cart.SetQuantity{Cart: c, SKU: "mug", Quantity: n})
				if err != nil && fault.CodeOf(err) != fault.Conflict {
					t.Error(err)
				}
			}
		})
		all.Go(func() {
			r, err := s.pay(c, approves)
			if fault.CodeOf(err) == fault.Unavailable {
				return
			}
			if err != nil || r.Subtotal != euro(price*r.Units) {
				t.Errorf("got %+v, %v", r.Order, err)
			}
		})
		all.Wait()
	}
}

// What the shopper chose about a line, and what they wrote, comes along.
func TestAnOrderKeepsPropertiesAndNote(t *testing.T) {
	s := newShop(t, 2)
	s.sells("ring", 5)
	c, err := s.carts.AddLines(s.ctx(), cart.AddLines{Lines: []cart.AddedLine{
		{SKU: "ring", Quantity: 1, Properties: []cart.Property{{Name: "engraving", Value: "A+B"}}}, {SKU: "ring", Quantity: 2},
	}})
	s.must(err)
	_, err = s.carts.SetContact(s.ctx(), cart.SetContact{Cart: c.ID, Contact: cart.Contact{Note: "with love"}})
	s.must(err)
	r, err := s.pay(c.ID, approves)
	s.must(err)
	if len(r.Lines) != 2 || len(r.Lines[0].Properties) != 1 || r.Lines[0].Properties[0].Value != "A+B" || r.Lines[1].Properties != nil {
		t.Errorf("lines: %+v", r.Lines)
	}
	who, err := s.orders.Contact(s.ctx(), r.ID)
	if err != nil || who.Note.Reveal() != "with love" {
		t.Errorf("contact: %+v, %v", who, err)
	}
	s.stockIs("ring", 2, 0, 3)
}

// An order can be sent another way although some of it has left the catalog: what
// the catalog has still must fit.
func TestWhatIsGoneKeepsNoOrderFromBeingSent(t *testing.T) {
	s := newShop(t, 2)
	s.rules(true)
	method := func(id string, longest int64) pricing.ShippingMethod {
		return pricing.ShippingMethod{ID: id, Name: id, MaxLengthMM: longest, Rates: []pricing.ShippingRate{{Currency: "EUR", Tiers: []pricing.ShippingTier{{Price: 900}}}}}
	}
	parcel := method("parcel", 0)
	_, err := s.pricing.PutShippingZone(s.ctx(), pricing.PutShippingZone{Zone: pricing.ShippingZone{
		ID: "de", Areas: []pricing.Area{{Country: "DE"}}, Methods: []pricing.ShippingMethod{parcel, method("tube", 700), method("letter", 300)},
	}})
	s.must(err)
	put := func(handle string, sku catalog.SKU) {
		_, err := s.catalog.PutProduct(s.ctx(), catalog.PutProduct{Handle: handle, Title: "A map", Variants: []catalog.PutVariant{
			{SKU: sku, Prices: []money.Amount{euro(price)}, LengthMM: 600, WidthMM: 90, HeightMM: 90},
		}})
		s.must(err)
		s.receive(sku, 9, "")
	}
	put("map", "map")
	put("old", "old")
	c := s.basket("map", 1)
	_, err = s.carts.AddLine(s.ctx(), cart.AddLine{Cart: c, SKU: "old", Quantity: 1})
	s.must(err)
	s.deliver(c)
	r, err := s.complete(checkout.Complete{Cart: c, PayWith: "simulator", Token: approves})
	s.must(err)
	put("old", "new") // instead
	_, err = s.checkout.Preview(s.ctx(), checkout.Change{Order: r.ID, Version: r.Version, Reason: "x", Shipping: "tube"})
	s.must(err)
	_, err = s.checkout.Preview(s.ctx(), checkout.Change{Order: r.ID, Version: r.Version, Reason: "x", Shipping: "letter"})
	s.wants(err, fault.Refused)
}
