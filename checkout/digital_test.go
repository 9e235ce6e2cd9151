package checkout_test

import (
	"testing"

	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/checkout"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/pricing"
)

// TestWhatIsDigitalNeedsNoShipping: a cart of nothing else asks for no address
// and no method.
func TestWhatIsDigitalNeedsNoShipping(t *testing.T) {
	s := newShop(t, 2)
	_, err := s.pricing.PutShippingZone(s.ctx(), pricing.PutShippingZone{Zone: pricing.ShippingZone{ID: "all", Name: "All", Areas: []pricing.Area{{Country: "DE"}}, Methods: []pricing.ShippingMethod{
		{ID: "parcel", Name: "Parcel", Rates: []pricing.ShippingRate{{Currency: "EUR", Tiers: []pricing.ShippingTier{{Price: 500}}}}},
	}}})
	s.must(err)
	_, err = s.catalog.PutProduct(s.ctx(), catalog.PutProduct{Title: "A book to read on a screen", Variants: []catalog.PutVariant{
		{SKU: "ebook", Prices: []money.Amount{euro(price)}, Untracked: true, Digital: &catalog.Digital{Days: 30}},
	}})
	s.must(err)
	s.sells("mug", 5)
	c := s.basket("ebook", 1)
	if got := s.cart(c); len(got.Requirements)+len(got.Offers)+len(got.Problems) > 0 || got.Total != euro(price) {
		t.Errorf("the cart asks for %v, offers %v, says %v", got.Requirements, got.Offers, got.Problems)
	}
	r, err := s.pay(c, approves)
	s.must(err)
	if r.Total != euro(price) || !r.Shipping.IsZero() {
		t.Errorf("the order is %+v", r.Order)
	}
	both := s.basket("ebook", 1)
	s.adds(both, "mug", 1)
	_, err = s.pay(both, approves)
	if missing := as[*checkout.IncompleteError](s, err); len(missing.Missing) != 2 || missing.Missing[0] != cart.NeedsAddress {
		t.Errorf("a cart with a mug lacks %v", missing.Missing)
	}
}
