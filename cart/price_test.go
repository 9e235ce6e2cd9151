package cart_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/seal"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/pricing"
)

// rules gives the store taxes and shipping: 20 % in the whole of XX, but 5 %
// where postcodes begin with 9, and parcels for 5.00.
func (s *shop) rules(included bool) {
	s.Helper()
	tax := func(id string, percent int64, area pricing.Area) pricing.TaxZone {
		return pricing.TaxZone{ID: id, Areas: []pricing.Area{area}, Rates: []pricing.TaxRate{{Name: "VAT", Rate: money.Percent(percent)}}}
	}
	post := pricing.ShippingZone{ID: "xx", Areas: []pricing.Area{{Country: "XX"}}, Methods: []pricing.ShippingMethod{
		{ID: "parcel", Name: "Parcel", MinDays: 1, MaxDays: 2, Rates: []pricing.ShippingRate{{Currency: "EUR", FreeFrom: 10_000, Tiers: []pricing.ShippingTier{{Price: 500}}}}},
		{ID: "dollars", Name: "Dollars", Rates: []pricing.ShippingRate{{Currency: "USD", Tiers: []pricing.ShippingTier{{Price: 500}}}}},
	}}
	ctx := s.Context()
	_, err := s.pricing.PutSettings(ctx, pricing.PutSettings{Settings: pricing.Settings{TaxIncluded: included, Currencies: []money.Currency{"EUR", "USD"}}})
	if err == nil {
		_, err = s.pricing.PutTaxZone(ctx, pricing.PutTaxZone{Zone: tax("xx", 20, pricing.Area{Country: "XX"})})
	}
	if err == nil {
		_, err = s.pricing.PutTaxZone(ctx, pricing.PutTaxZone{Zone: tax("xx-9", 5, pricing.Area{Country: "XX", PostcodeFrom: "9", PostcodeTo: "9"})})
	}
	if err == nil {
		_, err = s.pricing.PutShippingZone(ctx, pricing.PutShippingZone{Zone: post})
	}
	if err != nil {
		s.Fatal(err)
	}
}

// livesIn gives the cart an address.
func (s *shop) livesIn(c cart.ID, country, postcode string) cart.Cart {
	s.Helper()
	got, err := s.carts.SetContact(s.Context(), cart.SetContact{Cart: c, Contact: cart.Contact{
		ShippingAddress: accounts.Address{Line1: "1 Main Street", Country: country, Postcode: seal.Personal(postcode)},
	}})
	if err != nil {
		s.Fatal(err)
	}
	return got
}

func TestCartsArePriced(t *testing.T) {
	s := newShop(t, 2)
	s.sells(map[catalog.SKU]int64{"mug": 1000})
	s.rules(false)
	c := s.add(cart.AddLines{Lines: one("mug", 3)})
	if c.Subtotal != euro(3000) || c.Tax != euro(0) || c.Total != euro(3000) || len(c.Offers) != 0 ||
		!slices.Equal(c.Requirements, []cart.Requirement{cart.NeedsAddress, cart.NeedsShipping}) {
		t.Errorf("without an address: %+v", c)
	}
	c = s.livesIn(c.ID, "XX", "1234")
	if c.Tax != euro(600) || c.Total != euro(3600) || c.Lines[0].Gross != euro(3600) || c.Lines[0].Net != euro(3000) {
		t.Errorf("in XX: %+v", c)
	}
	want := []cart.ShippingOffer{
		{Method: "parcel", Name: "Parcel", MinDays: 1, MaxDays: 2, First: "2026-03-02", Last: "2026-03-03", Price: euro(500)},
		{Method: "dollars", Name: "Dollars", Price: euro(0), Reason: pricing.NoCurrency},
	}
	if !slices.Equal(c.Offers, want) {
		t.Errorf("offers: %+v", c.Offers)
	}
	if c = s.livesIn(c.ID, "XX", "9876"); c.Tax != euro(150) {
		t.Errorf("where postcodes begin with 9: %v", c.Tax)
	}
	c, err := s.carts.SetShipping(t.Context(), cart.SetShipping{Cart: c.ID, Method: "parcel"})
	if err != nil || c.ShippingMethod != "parcel" || c.Shipping != euro(500) || c.Tax != euro(175) || c.Total != euro(3675) || len(c.Requirements) != 0 {
		t.Errorf("by parcel: %+v, %v", c, err)
	}
	_, err = s.carts.SetShipping(t.Context(), cart.SetShipping{Cart: c.ID, Method: "dollars"})
	wantsError(t, err, &cart.MethodError{Cart: c.ID, Method: "dollars", Reason: pricing.NoCurrency})
	_, err = s.carts.SetShipping(t.Context(), cart.SetShipping{Cart: c.ID, Method: "pigeon"})
	wantsError(t, err, &cart.MethodError{Cart: c.ID, Method: "pigeon", Reason: pricing.NotInZone})
	if c = s.livesIn(c.ID, "YY", ""); len(c.Problems) != 1 || c.Problems[0].Code != cart.MethodNotThere || c.Tax != euro(0) || c.Shipping != euro(0) {
		t.Errorf("in YY: %+v", c)
	}
	priced, err := s.carts.Price(t.Context(), c.ID)
	if err != nil || !strings.Contains(priced.Explain(), "3 × mug at 10.00 = 30.00") {
		t.Errorf("the derivation is %q, %v", priced.Explain(), err)
	}
	if c, err = s.carts.SetShipping(t.Context(), cart.SetShipping{Cart: c.ID}); err != nil || c.ShippingMethod != "" {
		t.Errorf("without a method: %+v, %v", c, err)
	}
}

func TestPricesContainTheirTaxIfTheStoreSaysSo(t *testing.T) {
	s := newShop(t, 1)
	s.sells(map[catalog.SKU]int64{"mug": 1200})
	s.rules(true)
	c := s.add(cart.AddLines{Lines: one("mug", 1)})
	c = s.livesIn(c.ID, "XX", "1")
	if !c.TaxIncluded || c.Subtotal != euro(1200) || c.Tax != euro(200) || c.Total != euro(1200) || c.Lines[0].Net != euro(1000) {
		t.Errorf("got %+v", c)
	}
}

func TestLinesCostWhatTheCatalogSays(t *testing.T) {
	s := newShop(t, 2)
	price := func(sku catalog.SKU, prices ...money.Amount) {
		t.Helper()
		s.put(catalog.PutProduct{Handle: string(sku), Title: "It", Variants: []catalog.PutVariant{{SKU: sku, Prices: prices}}})
	}
	for _, sku := range []catalog.SKU{"mug", "tea", "cup"} {
		price(sku, euro(1000))
	}
	c := s.add(cart.AddLines{Lines: []cart.AddedLine{
		{SKU: "mug", Quantity: 2}, {SKU: "mug", Quantity: 1, AgreedPrice: agreed(700), Reason: "scratched"},
		{SKU: "tea", Quantity: 1}, {SKU: "cup", Quantity: 1},
	}})
	price("mug", euro(1100))
	price("tea", money.New(900, "USD"))
	s.put(catalog.PutProduct{Handle: "cup", Title: "It", Status: catalog.Draft, Variants: []catalog.PutVariant{{SKU: "cup", Prices: []money.Amount{euro(1)}}}})
	c = s.get(c.ID)
	want := []cart.Problem{
		{Code: cart.PriceChanged, Line: c.Lines[0].ID, SKU: "mug", Was: euro(1000), Is: euro(1100)},
		{Code: cart.NoPrice, Line: c.Lines[2].ID, SKU: "tea"},
		{Code: cart.Discontinued, Line: c.Lines[3].ID, SKU: "cup"},
	}
	if !slices.Equal(c.Problems, want) || c.Total != euro(2200+700+1000+1000) || c.Lines[0].AddedPrice != euro(1000) || len(c.Unsellable()) != 2 {
		t.Errorf("got %v for %v, %+v", c.Problems, c.Total, c.Lines)
	}
	// Who adds to a line has seen its new price.
	c = s.add(cart.AddLines{Cart: c.ID, Lines: one("mug", 1)})
	if len(c.Problems) != 2 || c.Lines[0].Quantity != 3 || c.Lines[0].UnitPrice != euro(1100) || len(c.Lines) != 4 {
		t.Errorf("after adding: %+v", c)
	}
	for _, l := range []cart.Line{c.Lines[0], c.Lines[1]} {
		var err error
		if c, err = s.carts.SetQuantity(t.Context(), cart.SetQuantity{Cart: c.ID, SKU: "mug", Line: l.ID}); err != nil {
			t.Fatal(err)
		}
	}
	if len(c.Lines) != 2 {
		t.Errorf("two lines were removed by their IDs: %+v", c.Lines)
	}
}

func TestNewCartsAreInACurrencyOfTheStore(t *testing.T) {
	s := newShop(t, 1)
	s.put(catalog.PutProduct{Title: "Yen", SKU: "yen", Price: money.New(5, "JPY")})
	c := s.add(cart.AddLines{Lines: one("yen", 1)})
	s.rules(false)
	_, err := s.carts.AddLines(t.Context(), cart.AddLines{Lines: one("yen", 1)})
	wants(t, err, fault.Invalid)
	if c = s.add(cart.AddLines{Cart: c.ID, Lines: one("yen", 1)}); c.Total != money.New(10, "JPY") {
		t.Errorf("a cart from before: %+v", c)
	}
}

func TestSetShippingValidates(t *testing.T) {
	s := newShop(t, 1)
	s.sells(map[catalog.SKU]int64{"mug": 1000})
	s.rules(false)
	c := s.add(cart.AddLines{Lines: one("mug", 1)})
	s.livesIn(c.ID, "XX", "")
	_, err := s.carts.SetShipping(t.Context(), cart.SetShipping{Cart: "cart_1", Method: "parcel"})
	wants(t, err, fault.Invalid)
	_, err = s.carts.SetShipping(t.Context(), cart.SetShipping{Cart: c.ID, Method: strings.Repeat("x", 65)})
	wants(t, err, fault.Invalid)
	_, err = s.carts.SetShipping(t.Context(), cart.SetShipping{Cart: c.ID, Method: "parcel", Version: 9})
	wantsError(t, err, &cart.VersionError{Cart: c.ID, Want: 9, Have: 2})
	if err := s.step("lock", c.ID, 0, "ord_1"); err != nil {
		t.Fatal(err)
	}
	_, err = s.carts.SetShipping(t.Context(), cart.SetShipping{Cart: c.ID, Method: "parcel"})
	wantsError(t, err, &cart.StatusError{Cart: c.ID, Have: cart.Locking, Order: "ord_1"})
	if got := s.get(c.ID); len(got.Requirements) != 0 {
		t.Errorf("a cart in checkout needs %v", got.Requirements)
	}
}

// TestPriceListsCount: what a list says is what a cart costs, when it is added
// and whenever it is read.
func TestPriceListsCount(t *testing.T) {
	s := newShop(t, 2)
	s.sells(map[catalog.SKU]int64{"mug": 1000})
	ctx := s.Context()
	list, err := s.catalog.PutPriceList(ctx, catalog.PutPriceList{Code: "trade", Title: "Trade", Groups: []string{"trade"}})
	if err != nil {
		t.Fatal(err)
	}
	err = s.catalog.PutListPrices(ctx, catalog.PutListPrices{List: list.ID, Prices: []catalog.SKUPrices{
		{SKU: "mug", Tiers: []catalog.Tier{{Price: euro(900)}, {MinQuantity: 10, Price: euro(800)}}}}})
	if err != nil {
		t.Fatal(err)
	}
	who := s.customer("ada@example.com")
	if _, err := s.people.Update(ctx, accounts.Update{Customer: who, Groups: &[]string{"trade"}}); err != nil {
		t.Fatal(err)
	}
	if guest := s.add(cart.AddLines{Lines: one("mug", 10)}); guest.Total != euro(10_000) || len(guest.Problems) > 0 {
		t.Errorf("a guest pays %v, %v", guest.Total, guest.Problems)
	}
	c := s.add(cart.AddLines{Customer: who, Lines: one("mug", 2)})
	if c.Total != euro(1800) || len(c.Problems) > 0 {
		t.Errorf("a trader pays %v, %v", c.Total, c.Problems)
	}
	if c = s.add(cart.AddLines{Cart: c.ID, Lines: one("mug", 8)}); c.Total != euro(8000) {
		t.Errorf("for ten a trader pays %v", c.Total)
	}
	if _, err := s.catalog.PutPriceList(ctx, catalog.PutPriceList{Code: "sale", Title: "Sale", Sale: true, DiscountBasisPoints: 5000, Priority: 1}); err != nil {
		t.Fatal(err)
	}
	if got := s.get(c.ID); got.Total != euro(5000) {
		t.Errorf("in the sale a trader pays %v", got.Total)
	}
}

// A tier counts all units of a SKU in the cart, on whatever lines they are, but
// leaves a price that was agreed as it is.
func TestTiersCountAllLinesOfASKU(t *testing.T) {
	s := newShop(t, 2)
	s.sells(map[catalog.SKU]int64{"mug": 1000})
	ctx := s.Context()
	list, err := s.catalog.PutPriceList(ctx, catalog.PutPriceList{Code: "many", Title: "Many"})
	if err != nil {
		t.Fatal(err)
	}
	err = s.catalog.PutListPrices(ctx, catalog.PutListPrices{List: list.ID, Prices: []catalog.SKUPrices{
		{SKU: "mug", Tiers: []catalog.Tier{{MinQuantity: 10, Price: euro(800)}}}}})
	if err != nil {
		t.Fatal(err)
	}
	engraved := func(name string, units int64) cart.AddedLine {
		return cart.AddedLine{SKU: "mug", Quantity: units, Properties: []cart.Property{{Name: "engraving", Value: name}}}
	}
	c := s.add(cart.AddLines{Lines: []cart.AddedLine{
		engraved("Ada", 4), engraved("Bob", 4), {SKU: "mug", Quantity: 1, AgreedPrice: agreed(700), Reason: "scratched"},
	}})
	if c.Total != euro(8*1000+700) || len(c.Lines) != 3 {
		t.Errorf("nine cost %v: %+v", c.Total, c.Lines)
	}
	if c = s.add(cart.AddLines{Cart: c.ID, Lines: []cart.AddedLine{engraved("Cyd", 1)}}); c.Total != euro(9*800+700) {
		t.Errorf("ten cost %v: %+v", c.Total, c.Lines)
	}
}

func TestNotYetOnSale(t *testing.T) {
	s := newShop(t, 2)
	now := s.engine.Now()
	s.put(catalog.PutProduct{SKU: "mug", Title: "Mug", Price: euro(1000), Publications: []catalog.Publication{
		{PurchasableFrom: catalog.MomentOf(now.Add(time.Hour)), PurchasableUntil: catalog.MomentOf(now.Add(2 * time.Hour))}}})
	if _, err := s.carts.AddLines(s.Context(), cart.AddLines{Lines: one("mug", 1)}); !errors.As(err, new(*cart.NotForSaleError)) {
		t.Errorf("too early: %v", err)
	}
	s.engine.Advance(time.Hour)
	c := s.add(cart.AddLines{Lines: one("mug", 1)})
	s.engine.Advance(time.Hour)
	if got := s.get(c.ID); len(got.Problems) != 1 || got.Problems[0].Code != cart.Discontinued {
		t.Errorf("too late: %+v", got.Problems)
	}
}

// coupon puts a code for so many percent off.
func (s *shop) coupon(code string, percent int64) {
	s.Helper()
	_, err := s.pricing.PutPromotion(s.Context(), pricing.PutPromotion{Promotion: pricing.Promotion{
		ID: code, Name: code, NeedsCode: true, Effect: pricing.Effect{Kind: pricing.PercentOff, Rate: money.Percent(percent)},
	}})
	if err == nil {
		_, err = s.pricing.PutCoupon(s.Context(), pricing.PutCoupon{Code: code, Promotion: code})
	}
	if err != nil {
		s.Fatal(err)
	}
}

func TestPromotionsThatAskForTheCatalogAndTheCustomer(t *testing.T) {
	s := newShop(t, 2)
	s.sells(map[catalog.SKU]int64{"mug": 1000})
	who, err := s.people.Register(t.Context(), accounts.Register{Email: "a@example.com", Groups: []string{"friends"}})
	if err != nil {
		t.Fatal(err)
	}
	top, err := s.catalog.PutCategory(t.Context(), catalog.PutCategory{Handle: "kitchen", Title: "Kitchen"})
	if err != nil {
		t.Fatal(err)
	}
	below, err := s.catalog.PutCategory(t.Context(), catalog.PutCategory{Handle: "pots", Title: "Pots", Parent: top.ID})
	if err != nil {
		t.Fatal(err)
	}
	s.put(catalog.PutProduct{Title: "Pot", Categories: []catalog.CategoryID{below.ID}, Attributes: []catalog.Attribute{{Name: "Material", Text: "iron"}},
		Variants: []catalog.PutVariant{{SKU: "pot", Prices: []money.Amount{euro(2000)}}}})
	for i, change := range []func(*pricing.Promotion){
		func(p *pricing.Promotion) { p.Effect.Items.Categories = []catalog.CategoryID{top.ID} },
		func(p *pricing.Promotion) {
			p.Effect.Items.Attributes = []pricing.AttributeValue{{Name: "Material", Value: "iron"}}
		},
		func(p *pricing.Promotion) { p.If.Groups = []string{"friends"} },
		func(p *pricing.Promotion) { p.If.FirstOrder = true },
	} {
		p := pricing.Promotion{ID: "p", Name: "p", Effect: pricing.Effect{Kind: pricing.PercentOff, Rate: money.Percent(10)}}
		change(&p)
		if _, err := s.pricing.PutPromotion(t.Context(), pricing.PutPromotion{Promotion: p}); err != nil {
			t.Fatal(err)
		}
		c := s.add(cart.AddLines{Customer: who.ID, Lines: []cart.AddedLine{{SKU: "pot", Quantity: 1}, {SKU: "mug", Quantity: 1}}})
		want := euro(200)
		if i >= 2 {
			want = euro(300)
		}
		if c.Discount != want {
			t.Errorf("promotion %d takes off %v, want %v", i, c.Discount, want)
		}
		if guest := s.add(cart.AddLines{Lines: one("mug", 1)}); guest.Discount != euro(0) {
			t.Errorf("promotion %d takes %v off a guest's mug", i, guest.Discount)
		}
		if i < 3 {
			continue
		}
		for _, step := range []string{"lock", "complete"} {
			if err := s.step(step, c.ID, 0, "ord_1"); err != nil {
				t.Fatal(err)
			}
		}
		if c = s.add(cart.AddLines{Customer: who.ID, Lines: one("mug", 1)}); c.Discount != euro(0) {
			t.Errorf("it is not the first order any more: %v", c.Discount)
		}
	}
}

func TestQuantityRulesAreProblems(t *testing.T) {
	s := newShop(t, 1)
	s.sells(map[catalog.SKU]int64{"mug": 1000, "tea": 100})
	_, err := s.pricing.PutQuantityRule(t.Context(), pricing.PutQuantityRule{Rule: pricing.QuantityRule{
		ID: "mugs", Items: pricing.Selector{SKUs: []catalog.SKU{"mug"}}, Min: 2, Max: 4,
	}})
	if err != nil {
		t.Fatal(err)
	}
	c := s.add(cart.AddLines{Lines: []cart.AddedLine{{SKU: "mug", Quantity: 1}, {SKU: "tea", Quantity: 1}}})
	if want := []cart.Problem{{Code: cart.TooFew, Line: c.Lines[0].ID, SKU: "mug", Bound: 2}}; !slices.Equal(c.Problems, want) || len(c.Unsellable()) != 1 {
		t.Errorf("one mug: %+v", c.Problems)
	}
	if c = s.add(cart.AddLines{Cart: c.ID, Lines: one("mug", 2)}); len(c.Problems) != 0 {
		t.Errorf("three mugs: %+v", c.Problems)
	}
	if c = s.add(cart.AddLines{Cart: c.ID, Lines: one("mug", 2)}); len(c.Problems) != 1 || c.Problems[0].Code != cart.TooMany || c.Problems[0].Bound != 4 {
		t.Errorf("five mugs: %+v", c.Problems)
	}
}

// A cart that is explained says where the prices of its lines come from.
func TestExplainSaysWherePricesComeFrom(t *testing.T) {
	s := newShop(t, 1)
	s.sells(map[catalog.SKU]int64{"mug": 1250, "tea": 300})
	agreed := money.New(1000, "EUR")
	c := s.add(cart.AddLines{Lines: []cart.AddedLine{{SKU: "mug", Quantity: 1, AgreedPrice: &agreed, Reason: "a scratch"}, {SKU: "tea", Quantity: 2}}})
	p, err := s.carts.Price(t.Context(), c.ID)
	if err != nil {
		t.Fatal(err)
	}
	if got := p.Explain(); !strings.Contains(got, "at 10.00 (agreed: a scratch) = 10.00") || !strings.Contains(got, "2 × tea at 3.00 = 6.00") {
		t.Errorf("got:\n%s", got)
	}
}
