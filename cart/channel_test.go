package cart_test

import (
	"slices"
	"testing"

	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/pricing"
)

// A cart keeps the channel that it was started in: its price lists, its
// promotions and what is sold in it count.
func TestCartsHaveAChannel(t *testing.T) {
	s := newShop(t, 2)
	s.sells(map[catalog.SKU]int64{"mug": 1000})
	s.put(catalog.PutProduct{SKU: "web", Title: "Web", Price: euro(500), Publications: []catalog.Publication{{Channel: ""}}})
	ctx := s.Context()
	list, err := s.catalog.PutPriceList(ctx, catalog.PutPriceList{Code: "app", Title: "App", Channels: []string{"app"}})
	if err != nil {
		t.Fatal(err)
	}
	err = s.catalog.PutListPrices(ctx, catalog.PutListPrices{List: list.ID, Prices: []catalog.SKUPrices{{SKU: "mug", Tiers: []catalog.Tier{{Price: euro(900)}}}}})
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.pricing.PutPromotion(ctx, pricing.PutPromotion{Promotion: pricing.Promotion{
		ID: "app", Name: "App", If: pricing.Conditions{Channels: []string{"app"}}, Effect: pricing.Effect{Kind: pricing.PercentOff, Rate: money.Percent(10)},
	}})
	if err != nil {
		t.Fatal(err)
	}
	if c := s.add(cart.AddLines{Lines: one("mug", 1)}); c.Total != euro(1000) || c.Channel != "" {
		t.Errorf("on the web it costs %v in channel %q", c.Total, c.Channel)
	}
	c := s.add(cart.AddLines{Channel: "app", Lines: one("mug", 1)})
	if c.Total != euro(810) || c.Channel != "app" {
		t.Errorf("in the app it costs %v in channel %q", c.Total, c.Channel)
	}
	if c = s.add(cart.AddLines{Cart: c.ID, Lines: one("mug", 1)}); c.Total != euro(1620) || len(c.Problems) > 0 {
		t.Errorf("two cost %v: %v", c.Total, c.Problems)
	}
	_, err = s.carts.AddLines(ctx, cart.AddLines{Cart: c.ID, Lines: one("web", 1)})
	if fault.CodeOf(err) != fault.Refused {
		t.Errorf("what is sold on the web alone is in a cart of the app: %v", err)
	}
	// A guest's cart goes to a customer's of the same channel.
	who := s.customer("ada@example.com")
	web := s.add(cart.AddLines{Customer: who, Lines: one("mug", 1)})
	merged, err := s.carts.Merge(ctx, c.ID, who)
	if err != nil || merged.ID == web.ID || merged.Channel != "app" || merged.Total != euro(1620) {
		t.Errorf("got %+v, %v", merged, err)
	}
}

// A customer with a certificate owes no tax where and while it holds.
func TestCustomersAreExempt(t *testing.T) {
	s := newShop(t, 2)
	s.sells(map[catalog.SKU]int64{"mug": 1000})
	ctx := s.Context()
	_, err := s.pricing.PutSettings(ctx, pricing.PutSettings{Settings: pricing.Settings{Home: pricing.Address{Country: "DE"}}})
	if err == nil {
		_, err = s.pricing.PutTaxZone(ctx, pricing.PutTaxZone{Zone: pricing.TaxZone{ID: "de", Areas: []pricing.Area{{Country: "DE"}, {Country: "FR"}}, Rates: []pricing.TaxRate{{Name: "VAT", Rate: money.Percent(20)}}}})
	}
	if err != nil {
		t.Fatal(err)
	}
	who := s.customer("ada@example.com")
	c := s.add(cart.AddLines{Customer: who, Lines: one("mug", 1)})
	if c.Total != euro(1200) || c.TaxExempt != "" {
		t.Fatalf("it costs %v", c.Total)
	}
	e := pricing.Exemption{Certificate: "DE-1", Reason: "charity", Areas: []pricing.Area{{Country: "FR"}}}
	if err := s.pricing.PutExemption(ctx, pricing.PutExemption{Customer: who, Exemption: e}); err != nil {
		t.Fatal(err)
	}
	shipTo(t, s, c.ID, "DE")
	if got := s.get(c.ID); got.Total != euro(1200) {
		t.Errorf("it costs %v where the certificate does not hold", got.Total)
	}
	shipTo(t, s, c.ID, "FR")
	if got := s.get(c.ID); got.Total != euro(1000) || got.TaxExempt != "DE-1" || !got.Tax.IsZero() {
		t.Errorf("it costs %v, exempt by %q", got.Total, got.TaxExempt)
	}
	if have, err := s.pricing.Exemptions(ctx, who); err != nil || len(have) != 1 || have[0].Reason != "charity" {
		t.Errorf("got %+v, %v", have, err)
	}
	if err := s.pricing.PutExemption(ctx, pricing.PutExemption{Customer: who, Exemption: e, Withdraw: true}); err != nil {
		t.Fatal(err)
	}
	if got := s.get(c.ID); got.Total != euro(1200) {
		t.Errorf("it costs %v without the certificate", got.Total)
	}
	err = s.pricing.PutExemption(ctx, pricing.PutExemption{Customer: who, Exemption: e, Withdraw: true})
	if fault.CodeOf(err) != fault.NotFound {
		t.Errorf("withdrawn twice: %v", err)
	}
	err = s.pricing.PutExemption(ctx, pricing.PutExemption{Customer: s.customerOn(0), Exemption: e})
	if fault.CodeOf(err) != fault.NotFound {
		t.Errorf("for nobody: %v", err)
	}
}

// A certificate holds where the tax is due: at home while the cart has no
// country, and in the region of the address even if no rule asks for it.
func TestExemptionsGoByTheTaxedAddress(t *testing.T) {
	s := newShop(t, 2)
	s.sells(map[catalog.SKU]int64{"mug": 1000})
	ctx := s.Context()
	_, err := s.pricing.PutSettings(ctx, pricing.PutSettings{Settings: pricing.Settings{Home: pricing.Address{Country: "US", Region: "NY"}}})
	if err == nil {
		_, err = s.pricing.PutTaxZone(ctx, pricing.PutTaxZone{Zone: pricing.TaxZone{ID: "us", Areas: []pricing.Area{{Country: "US"}}, Rates: []pricing.TaxRate{{Name: "Sales tax", Rate: money.Percent(20)}}}})
	}
	if err != nil {
		t.Fatal(err)
	}
	who := s.customer("ada@example.com")
	e := pricing.Exemption{Certificate: "NY-1", Areas: []pricing.Area{{Country: "US", Region: "NY"}}}
	if err := s.pricing.PutExemption(ctx, pricing.PutExemption{Customer: who, Exemption: e}); err != nil {
		t.Fatal(err)
	}
	c := s.add(cart.AddLines{Customer: who, Lines: one("mug", 1)})
	if c.Total != euro(1000) || c.TaxExempt != "NY-1" {
		t.Errorf("at home it costs %v, exempt by %q", c.Total, c.TaxExempt)
	}
	for total, address := range map[int64]accounts.Address{1000: {Country: "US", Region: "NY"}, 1200: {Country: "US", Region: "CA"}} {
		if got := s.setContact(c.ID, cart.Contact{ShippingAddress: address}); got.Total != euro(total) {
			t.Errorf("in %v it costs %v, exempt by %q", address.Region, got.Total, got.TaxExempt)
		}
	}
}

func shipTo(t *testing.T, s *shop, c cart.ID, country string) {
	t.Helper()
	contact := cart.Contact{}
	contact.ShippingAddress.Country = country
	if _, err := s.carts.SetContact(s.Context(), cart.SetContact{Cart: c, Contact: contact}); err != nil {
		t.Fatal(err)
	}
}

// A store that asks for full addresses says which fields are missing.
func TestAddressesAreAskedForInFull(t *testing.T) {
	s := newShop(t, 2)
	s.sells(map[catalog.SKU]int64{"mug": 1000})
	ctx := s.Context()
	_, err := s.pricing.PutShippingZone(ctx, pricing.PutShippingZone{Zone: pricing.ShippingZone{ID: "all", Areas: []pricing.Area{{}}, Methods: []pricing.ShippingMethod{
		{ID: "parcel", Name: "Parcel", Rates: []pricing.ShippingRate{{Currency: "EUR", Tiers: []pricing.ShippingTier{{Price: 500}}}}},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	c := s.add(cart.AddLines{Lines: one("mug", 1)})
	shipTo(t, s, c.ID, "US")
	if _, err := s.carts.SetShipping(ctx, cart.SetShipping{Cart: c.ID, Method: "parcel"}); err != nil {
		t.Fatal(err)
	}
	if got := s.get(c.ID); len(got.Requirements) > 0 {
		t.Errorf("a store that does not ask is missing %v", got.Requirements)
	}
	if _, err := s.pricing.PutSettings(ctx, pricing.PutSettings{Settings: pricing.Settings{FullAddresses: true}}); err != nil {
		t.Fatal(err)
	}
	want := []cart.Requirement{"shipping_address.line1", "shipping_address.city", "shipping_address.region", "shipping_address.postcode"}
	if got := s.get(c.ID); !slices.Equal(got.Requirements, want) {
		t.Errorf("missing are %v, want %v", got.Requirements, want)
	}
	contact := cart.Contact{ShippingAddress: accounts.Address{Line1: "1 Main St", City: "Albany", Region: "NY", Postcode: "12201", Country: "US"}}
	if got := s.setContact(c.ID, contact); len(got.Requirements) > 0 {
		t.Errorf("missing are %v of a full address", got.Requirements)
	}
	contact.ShippingAddress.Region, contact.ShippingAddress.Postcode = "Nowhere", "1220"
	if got := s.setContact(c.ID, contact); !slices.Equal(got.Requirements, want[2:]) {
		t.Errorf("missing are %v of an address of no such form", got.Requirements)
	}
}
