package cart_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/seal"
	"github.com/keelshop/commerce/internal/sqlite"
	"github.com/keelshop/commerce/internal/subject"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/pricing"
)

// sends taxes and sends goods to Germany and, at twice the price, to France.
func (s *shop) sends() {
	s.Helper()
	for i, country := range []string{"DE", "FR"} {
		n := int64(i + 1)
		area := []pricing.Area{{Country: country}}
		_, err := s.pricing.PutTaxZone(s.Context(), pricing.PutTaxZone{Zone: pricing.TaxZone{ID: strings.ToLower(country), Areas: area, Rates: []pricing.TaxRate{{Name: country, Rate: money.Percent(10 * n)}}}})
		if err == nil {
			_, err = s.pricing.PutShippingZone(s.Context(), pricing.PutShippingZone{Zone: pricing.ShippingZone{ID: strings.ToLower(country), Areas: area, Methods: []pricing.ShippingMethod{
				{ID: "parcel", Name: "Parcel " + country, MinDays: i + 1, MaxDays: i + 2, Rates: []pricing.ShippingRate{{Currency: "EUR", Tiers: []pricing.ShippingTier{{Price: 500 * n}}}}},
				{ID: "heavy", Name: "Heavy", Rates: []pricing.ShippingRate{{Currency: "EUR", Basis: pricing.ByValue, Tiers: []pricing.ShippingTier{{From: 1_000_000}}}}},
			}}})
		}
		if err != nil {
			s.Fatal(err)
		}
	}
}

func address(country, line string) accounts.Address {
	return accounts.Address{Name: "Ada", Line1: seal.Personal(line), City: "Somewhere", Postcode: "10117", Country: country}
}

// further adds a delivery to a country and returns its ID.
func (s *shop) further(c cart.ID, country string) int64 {
	s.Helper()
	got, err := s.carts.SetDelivery(s.Context(), cart.SetDelivery{Cart: c, Address: address(country, "Rue Cachée 7")})
	if err != nil {
		s.Fatal(err)
	}
	return got.Deliveries[len(got.Deliveries)-1].ID
}

func (s *shop) assign(c cart.ID, lines ...cart.AssignedLine) cart.Cart {
	s.Helper()
	got, err := s.carts.AssignLines(s.Context(), cart.AssignLines{Cart: c, Lines: lines})
	if err != nil {
		s.Fatal(err)
	}
	return got
}

// placed writes lines and their deliveries as 2mug@1 1tea@2.
func placed(c cart.Cart) string {
	var out []string
	for _, l := range c.Lines {
		out = append(out, fmt.Sprintf("%d%s@%d", l.Quantity, l.SKU, l.Delivery))
	}
	return strings.Join(out, " ")
}

func TestLinesGoToDeliveries(t *testing.T) {
	s := newShop(t, 2)
	s.sells(map[catalog.SKU]int64{"mug": 1000, "tea": 300})
	s.sends()
	c := s.add(cart.AddLines{Lines: []cart.AddedLine{{SKU: "mug", Quantity: 3}, {SKU: "tea", Quantity: 1}}})
	s.livesIn(c.ID, "DE", "10117")
	if got := s.get(c.ID); got.Deliveries != nil || got.Lines[0].Delivery != cart.FirstDelivery {
		t.Errorf("a cart with one delivery lists %+v", got.Deliveries)
	}
	there := s.further(c.ID, "FR")
	mug, tea := c.Lines[0].ID, c.Lines[1].ID
	got := s.assign(c.ID, cart.AssignedLine{Line: mug, Delivery: there, Quantity: 2}, cart.AssignedLine{Line: tea, Delivery: there})
	if placed(got) != "1mug@1 1tea@2 2mug@2" {
		t.Fatalf("lines are %s", placed(got))
	}
	if !slices.Equal(got.Requirements, []cart.Requirement{"shipping_method", "deliveries.2.shipping_method"}) {
		t.Errorf("it requires %q", got.Requirements)
	}
	for _, d := range []int64{0, there} {
		var err error
		if got, err = s.carts.SetShipping(t.Context(), cart.SetShipping{Cart: c.ID, Delivery: d, Method: "parcel"}); err != nil {
			t.Fatal(err)
		}
	}
	first, second := got.Deliveries[0], got.Deliveries[1]
	if first.Shipping != euro(500) || first.Tax != euro(50) || second.Shipping != euro(1000) || second.Tax != euro(200) || got.Shipping != euro(1500) {
		t.Errorf("shipping is %v: %+v, %+v", got.Shipping, first, second)
	}
	// 1000 at 10 %, 2300 at 20 %, and shipping.
	if got.Tax != euro(100+460+250) || got.Total != euro(3300+1500+810) || len(got.Requirements) > 0 {
		t.Errorf("tax %v, total %v, requires %q", got.Tax, got.Total, got.Requirements)
	}
	if second.Country != "FR" || len(second.Lines) != 2 || second.Offers[0].Last == "" || second.Offers[1].Reason != pricing.BelowTiers || second.Offers[0].Name != "Parcel FR" {
		t.Errorf("the second delivery is %+v", second)
	}
	where, err := s.carts.DeliveryAddresses(t.Context(), c.ID)
	if err != nil || len(where) != 1 || where[0].Address.Line1 != "Rue Cachée 7" {
		t.Errorf("it goes to %+v, %v", where, err)
	}
	// More of what is there adds up in its own delivery.
	got = s.add(cart.AddLines{Cart: c.ID, Lines: []cart.AddedLine{{SKU: "mug", Quantity: 1, Delivery: there}, {SKU: "mug", Quantity: 4}}})
	if placed(got) != "5mug@1 1tea@2 3mug@2" {
		t.Errorf("lines are %s", placed(got))
	}
	_, err = s.carts.SetQuantity(t.Context(), cart.SetQuantity{Cart: c.ID, SKU: "mug", Quantity: 1})
	if _, several := errors.AsType[*cart.AmbiguousLineError](err); !several {
		t.Errorf("which mug: %v", err)
	}
	// An address somewhere else: what was chosen is not there any more.
	if got, err = s.carts.SetDelivery(t.Context(), cart.SetDelivery{Cart: c.ID, Delivery: there, Address: address("US", "Main Street 1")}); err != nil {
		t.Fatal(err)
	}
	if len(got.Unsellable()) != 1 || got.Problems[0].Code != cart.MethodNotThere || got.Problems[0].Delivery != there || got.Deliveries[1].Shipping != euro(0) {
		t.Errorf("problems are %+v", got.Problems)
	}
	if got, err = s.carts.RemoveDelivery(t.Context(), cart.RemoveDelivery{Cart: c.ID, Delivery: there}); err != nil || placed(got) != "8mug@1 1tea@1" || got.Deliveries != nil || got.Total != euro(8300+500+880) {
		t.Errorf("all together again: %s for %v, %v", placed(got), got.Total, err)
	}
	if next := s.further(c.ID, "FR"); next != there+1 {
		t.Errorf("the next delivery is %d: a number is not used again", next)
	}
}

func TestDeliveriesAreRefused(t *testing.T) {
	s := newShop(t, 2)
	s.sells(map[catalog.SKU]int64{"mug": 1000})
	c := s.add(cart.AddLines{Lines: one("mug", 600_000)})
	ctx := t.Context()
	there := s.further(c.ID, "FR")
	line := c.Lines[0].ID
	for name, test := range map[string]struct {
		do   func() error
		want fault.Code
	}{
		"a delivery that is not there": {func() error {
			_, err := s.carts.AssignLines(ctx, cart.AssignLines{Cart: c.ID, Lines: []cart.AssignedLine{{Line: line, Delivery: 9}}})
			return err
		}, fault.NotFound},
		"a line that is not there": {func() error {
			_, err := s.carts.AssignLines(ctx, cart.AssignLines{Cart: c.ID, Lines: []cart.AssignedLine{{Line: 99999, Delivery: there}}})
			return err
		}, fault.NotFound},
		"more than there are": {func() error {
			_, err := s.carts.AssignLines(ctx, cart.AssignLines{Cart: c.ID, Lines: []cart.AssignedLine{{Line: line, Delivery: there, Quantity: 600_001}}})
			return err
		}, fault.Refused},
		"goods for nowhere": {func() error {
			_, err := s.carts.AddLines(ctx, cart.AddLines{Cart: c.ID, Lines: []cart.AddedLine{{SKU: "mug", Quantity: 1, Delivery: 9}}})
			return err
		}, fault.NotFound},
		"more units over all deliveries than a line may have": {func() error {
			_, err := s.carts.AddLines(ctx, cart.AddLines{Cart: c.ID, Lines: []cart.AddedLine{{SKU: "mug", Quantity: 400_001, Delivery: there}}})
			return err
		}, fault.Refused},
		"the first one is the contact's": {func() error {
			_, err := s.carts.SetDelivery(ctx, cart.SetDelivery{Cart: c.ID, Delivery: 1})
			return err
		}, fault.Invalid},
		"the first one stays": {func() error {
			_, err := s.carts.RemoveDelivery(ctx, cart.RemoveDelivery{Cart: c.ID, Delivery: 1})
			return err
		}, fault.Invalid},
		"shipping of another": {func() error {
			_, err := s.carts.SetShipping(ctx, cart.SetShipping{Cart: c.ID, Delivery: 9, Method: "parcel"})
			return err
		}, fault.NotFound},
		"an old version": {func() error {
			_, err := s.carts.SetDelivery(ctx, cart.SetDelivery{Cart: c.ID, Version: 1})
			return err
		}, fault.Conflict},
	} {
		t.Run(name, func(t *testing.T) { wants(t, test.do(), test.want) })
	}
	half := s.assign(c.ID, cart.AssignedLine{Line: line, Delivery: there, Quantity: 300_000})
	_, err := s.carts.SetQuantity(ctx, cart.SetQuantity{Cart: c.ID, SKU: "mug", Line: half.Lines[0].ID, Quantity: 700_001})
	wants(t, err, fault.Refused)
	for range cart.MaxDeliveries - 2 {
		s.further(c.ID, "DE")
	}
	_, err = s.carts.SetDelivery(ctx, cart.SetDelivery{Cart: c.ID})
	wants(t, err, fault.Refused)
}

func TestMergeKeepsDeliveries(t *testing.T) {
	for _, test := range []struct {
		strategy   cart.Strategy
		want, left string
		folded     int
	}{
		{cart.MergeAdd, "6mug@1 2mug@2 1tea@1", "", 1},
		{cart.MergeMax, "3mug@1 2mug@2 1tea@1", "", 1},
		{cart.UseGuest, "5mug@1 1tea@1", "", 1},
		{cart.UseExisting, "1mug@1 2mug@2", "3mug@1 2mug@2 1tea@2", 0},
	} {
		t.Run(string(test.strategy), func(t *testing.T) {
			s := newShop(t, 2)
			s.sells(map[catalog.SKU]int64{"mug": 1000, "tea": 300})
			who := s.customer("a@example.com")
			mine := s.add(cart.AddLines{Customer: who, Lines: one("mug", 3)})
			s.assign(mine.ID, cart.AssignedLine{Line: mine.Lines[0].ID, Delivery: s.further(mine.ID, "FR"), Quantity: 2})
			guest := s.add(cart.AddLines{Lines: []cart.AddedLine{{SKU: "mug", Quantity: 5}, {SKU: "tea", Quantity: 1}}})
			there := s.further(guest.ID, "AT")
			s.assign(guest.ID, cart.AssignedLine{Line: guest.Lines[0].ID, Delivery: there, Quantity: 2}, cart.AssignedLine{Line: guest.Lines[1].ID, Delivery: there})
			s.engine.Advance(time.Second)
			for range 2 {
				got, err := s.carts.MergeWith(t.Context(), cart.MergeCarts{Guest: guest.ID, Customer: who, Strategy: test.strategy})
				if err != nil {
					t.Fatal(err)
				}
				left := strings.Split(placed(cart.Cart{Lines: got.Left}), " ")
				slices.Sort(left)
				want := strings.Split(test.left, " ")
				slices.Sort(want)
				if placed(got.Cart) != test.want || !slices.Equal(left, want) || len(got.Folded) != test.folded {
					t.Errorf("got %q, left %q, folded %d", placed(got.Cart), left, got.Folded)
				}
			}
			kept, err := s.carts.DeliveryAddresses(t.Context(), guest.ID)
			if err != nil || len(kept) != 1 || kept[0].Address.Country != "AT" || kept[0].Address.Line1 == "" {
				t.Errorf("the guest's address is %+v, %v", kept, err)
			}
		})
	}
}

func TestDeliveriesAreErasedWithTheirOwner(t *testing.T) {
	s := newShop(t, 1)
	s.sells(map[catalog.SKU]int64{"mug": 1000})
	guest := s.add(cart.AddLines{Lines: one("mug", 1)})
	s.further(guest.ID, "FR")
	if err := s.carts.EraseGuest(t.Context(), cart.EraseGuest{Cart: guest.ID}); err != nil {
		t.Fatal(err)
	}
	got, err := s.carts.DeliveryAddresses(t.Context(), guest.ID)
	if err != nil || !got[0].Erased || got[0].Address != (accounts.Address{Country: "FR"}) {
		t.Errorf("after erasing: %+v, %v", got, err)
	}
	_, err = s.carts.SetDelivery(t.Context(), cart.SetDelivery{Cart: guest.ID, Address: address("DE", "x")})
	if _, gone := errors.AsType[*cart.ErasedError](err); !gone {
		t.Errorf("another address: %v", err)
	}
	// A cart that is forgotten takes its key with it, contact or not.
	idle := s.add(cart.AddLines{Lines: one("mug", 1)})
	s.further(idle.ID, "FR")
	s.passes(31 * 24 * time.Hour)
	s.passes(31 * 24 * time.Hour)
	if !s.gone(idle.ID) {
		t.Fatal("it has not expired")
	}
	s.view(idle.ID, func(tx *sqlite.Tx) error {
		_, err := subject.WrappedTx(tx, string(idle.ID))
		if _, gone := errors.AsType[*subject.ErasedError](err); !gone {
			t.Errorf("its key is there: %v", err)
		}
		return nil
	})
}

func TestAFrozenCartKeepsItsDeliveries(t *testing.T) {
	s := newShop(t, 1)
	s.sells(map[catalog.SKU]int64{"mug": 1000})
	s.sends()
	c := s.add(cart.AddLines{Lines: one("mug", 2)})
	s.livesIn(c.ID, "DE", "10117")
	there := s.further(c.ID, "FR")
	s.assign(c.ID, cart.AssignedLine{Line: c.Lines[0].ID, Delivery: there, Quantity: 1})
	for _, d := range []int64{1, there} {
		if _, err := s.carts.SetShipping(t.Context(), cart.SetShipping{Cart: c.ID, Delivery: d, Method: "parcel"}); err != nil {
			t.Fatal(err)
		}
	}
	frozen, err := s.carts.Freeze(t.Context(), cart.Freeze{Cart: c.ID, Hard: true})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.pricing.Remove(t.Context(), pricing.Remove{Rule: pricing.KindShippingZone, ID: "fr"}); err != nil {
		t.Fatal(err)
	}
	if got := s.get(c.ID); got.Total != frozen.Total || got.Deliveries[1].Shipping != euro(1000) {
		t.Errorf("it costs %v, and %v to send there", got.Total, got.Deliveries[1].Shipping)
	}
	_, err = s.carts.SetDelivery(t.Context(), cart.SetDelivery{Cart: c.ID, Delivery: there})
	wants(t, err, fault.Conflict)
}

func TestCheckFindsPlantedBugsInDeliveries(t *testing.T) {
	s := newShop(t, 1)
	s.sells(map[catalog.SKU]int64{"mug": 1000})
	c := s.add(cart.AddLines{Lines: one("mug", 2)})
	there := s.further(c.ID, "FR")
	line := s.assign(c.ID, cart.AssignedLine{Line: c.Lines[0].ID, Delivery: there}).Lines[0].ID
	for _, test := range []struct{ plant, undo, want string }{
		{`UPDATE cart_lines SET delivery = 3 WHERE cart = ?`, `UPDATE cart_lines SET delivery = 2 WHERE cart = ?`, fmt.Sprintf("cart.line_has_its_delivery %s line %d", c.ID, line)},
		{`UPDATE carts SET last_delivery = 1 WHERE id = ?`, `UPDATE carts SET last_delivery = 2 WHERE id = ?`, "cart.deliveries_are_numbered " + string(c.ID)},
	} {
		if err := s.run(step{Cart: c.ID, SQL: test.plant}); err != nil {
			t.Fatal(err)
		}
		if found := s.violations(c.ID); !slices.Equal(found, []string{test.want}) {
			t.Errorf("found %v, want %s", found, test.want)
		}
		if err := s.run(step{Cart: c.ID, SQL: test.undo}); err != nil {
			t.Fatal(err)
		}
	}
}
