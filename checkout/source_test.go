package checkout_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/checkout"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/inventory"
	"github.com/keelshop/commerce/orders"
)

// sourcing sets the places that goods come from, in order.
func (s *shop) sourcing(split bool, places ...inventory.Location) {
	s.Helper()
	c := inventory.SetSourcing{Split: split}
	for i, l := range places {
		c.Places = append(c.Places, inventory.Place{ID: l, Priority: int64(i)})
	}
	_, err := s.inventory.SetSourcing(s.ctx(), c)
	s.must(err)
}

func (s *shop) receiveAt(l inventory.Location, sku catalog.SKU, units int64) {
	s.Helper()
	_, err := s.inventory.Receive(s.ctx(), inventory.Receive{SKU: sku, Location: l, Quantity: units})
	s.must(err)
}

func (s *shop) availableAt(l inventory.Location, sku catalog.SKU) int64 {
	s.Helper()
	level, err := s.inventory.Level(s.ctx(), sku, l)
	s.must(err)
	return level.Available
}

func TestPlacesAreAskedInOrder(t *testing.T) {
	s := newShop(t, 4)
	s.sells("mug", 0)
	s.sells("tea", 0)
	s.sourcing(false, "berlin", "paris")
	s.receiveAt("paris", "mug", 5)
	s.receiveAt("berlin", "mug", 3)
	s.receiveAt("paris", "tea", 5)
	if n := s.available("mug"); n != 5 {
		t.Errorf("%d mugs can be had from one place", n)
	}
	r, err := s.buy("mug", 2, approves)
	s.must(err)
	if l := r.Lines[0]; l.Pool.Location() != "berlin" || len(l.Parts) > 0 {
		t.Errorf("the line is %+v", l)
	}
	// Paris can send both lines, Berlin cannot.
	c := s.basket("mug", 1)
	s.adds(c, "tea", 1)
	r, err = s.pay(c, approves)
	s.must(err)
	if r.Lines[0].Pool.Location() != "paris" || r.Lines[1].Pool.Location() != "paris" {
		t.Errorf("the lines are %+v", r.Lines)
	}
	// One in Berlin and four in Paris: five are nowhere.
	_, err = s.buy("mug", 5, approves)
	if gone := as[*inventory.OutOfStockError](s, err); gone.SKU != "mug" || gone.Want != 5 || gone.Have != 4 {
		t.Errorf("got %+v", gone)
	}
	s.sourcing(true, "berlin", "paris")
	if n := s.available("mug"); n != 5 {
		t.Errorf("%d mugs can be had from both", n)
	}
	r, err = s.buy("mug", 4, approves) // Paris alone
	s.must(err)
	_, err = s.orders.Cancel(s.ctx(), orders.Cancel{Order: r.ID, Reason: "no"})
	s.must(err)
	if r, err = s.buy("mug", 5, approves); err != nil || len(r.Lines[0].Parts) != 2 {
		t.Fatalf("got %+v, %v", r.Lines, err)
	}
	for _, n := range []int64{2, 2, 1} {
		_, err = s.orders.Ship(s.ctx(), orders.Ship{Order: r.ID, Lines: []orders.LineQuantity{{Line: 1, Quantity: n}}})
		s.must(err)
	}
	_, err = s.orders.Return(s.ctx(), orders.Return{Order: r.ID, Lines: []orders.LineQuantity{{Line: 1, Quantity: 3}}, Reason: "no"})
	s.must(err)
	s.must(s.inventory.Settle(s.ctx()))
	if b, p := s.availableAt("berlin", "mug"), s.availableAt("paris", "mug"); b != 1 || p != 2 {
		t.Errorf("%d are back in Berlin and %d in Paris", b, p)
	}
}

func TestPlacesServeCountries(t *testing.T) {
	s := newShop(t, 2)
	s.sells("mug", 0)
	_, err := s.inventory.SetSourcing(s.ctx(), inventory.SetSourcing{Places: []inventory.Place{
		{ID: "berlin", Countries: []string{"DE"}}, {ID: "boston", Countries: []string{"US"}, Priority: 1}, {ID: "attic", Closed: true},
	}})
	s.must(err)
	s.receiveAt("berlin", "mug", 1)
	s.receiveAt("boston", "mug", 1)
	s.receiveAt("attic", "mug", 9)
	for _, want := range []struct {
		country string
		from    inventory.Location
	}{{"US", "boston"}, {"US", ""}, {"DE", "berlin"}, {"DE", ""}} {
		c := s.basket("mug", 1)
		_, err := s.carts.SetContact(s.ctx(), cart.SetContact{Cart: c, Contact: cart.Contact{ShippingAddress: accounts.Address{Country: want.country}}})
		s.must(err)
		r, err := s.pay(c, approves)
		switch {
		case want.from == "" && !isOutOfStock(err):
			t.Errorf("%s: got %v", want.country, err)
		case want.from != "" && (err != nil || r.Lines[0].Pool.Location() != want.from):
			t.Errorf("%s: from %s, %v", want.country, r.Lines[0].Pool, err)
		}
	}
	for _, places := range [][]inventory.Place{nil, {{ID: "a", Closed: true}}, {{ID: "a"}, {ID: "a"}}, {{ID: "a b"}}, {{ID: "a", Countries: []string{"Germany"}}}} {
		_, err := s.inventory.SetSourcing(s.ctx(), inventory.SetSourcing{Places: places})
		s.wants(err, fault.Invalid)
	}
	_, err = s.inventory.SetSourcing(s.ctx(), inventory.SetSourcing{Places: []inventory.Place{{ID: "a"}}, Version: 7})
	s.wants(err, fault.Conflict)
}

// TestWhatIsSaidToBeThereCanBeBought: with random places that serve random
// countries, kits, safety stocks and backorders, just as many can be bought as are
// said to be available, and no cart says otherwise.
func TestWhatIsSaidToBeThereCanBeBought(t *testing.T) {
	s := newShop(t, 4)
	run := 0
	rapid.Check(t, func(t *rapid.T) {
		run++
		cup, saucer, set := catalog.SKU(fmt.Sprint("cup", run)), catalog.SKU(fmt.Sprint("saucer", run)), catalog.SKU(fmt.Sprint("set", run))
		s.sells(cup, 0)
		s.sells(saucer, 0)
		s.kit(set, string(cup), rapid.IntRange(1, 3).Draw(t, "cups"), string(saucer), 1)
		places := []inventory.Location{"a", "b", "c"}[:rapid.IntRange(1, 3).Draw(t, "places")]
		rule := inventory.SetSourcing{Split: rapid.Bool().Draw(t, "split")}
		for i, l := range places {
			countries := rapid.SampledFrom([][]string{nil, {"DE"}, {"US"}, {"DE", "US"}}).Draw(t, "countries")
			rule.Places = append(rule.Places, inventory.Place{ID: l, Priority: int64(i), Countries: countries})
		}
		_, err := s.inventory.SetSourcing(s.ctx(), rule)
		s.must(err)
		for _, l := range places {
			for _, sku := range []catalog.SKU{cup, saucer} {
				if n := rapid.Int64Range(0, 9).Draw(t, "units"); n > 0 {
					s.receiveAt(l, sku, n)
				}
				p := inventory.Policy{SafetyStock: rapid.Int64Range(0, 2).Draw(t, "safety"), Backorder: max(0, rapid.Int64Range(-3, 3).Draw(t, "backorder"))}
				_, err := s.inventory.SetPolicy(s.ctx(), inventory.SetPolicy{SKU: sku, Location: l, Policy: p})
				s.must(err)
			}
		}
		sku := rapid.SampledFrom([]catalog.SKU{cup, set}).Draw(t, "sku")
		country := rapid.SampledFrom([]string{"", "DE", "US", "FR"}).Draw(t, "country")
		a, err := s.inventory.AvailableTo(s.ctx(), country, []catalog.SKU{sku})
		s.must(err)
		n := a[0].Available + a[0].Backorder
		basket := func(units int64) cart.ID {
			c := s.basket(sku, units)
			if country != "" {
				_, err := s.carts.SetContact(s.ctx(), cart.SetContact{Cart: c, Contact: cart.Contact{ShippingAddress: accounts.Address{Country: country}}})
				s.must(err)
			}
			short := slices.ContainsFunc(s.cart(c).Problems, func(p cart.Problem) bool { return p.Code == cart.OutOfStock })
			if short != (units > n) {
				t.Fatalf("of %d to %q the cart wants %d: told that there are too few is %t", n, country, units, short)
			}
			return c
		}
		if _, err := s.pay(basket(n+1), approves); !isOutOfStock(err) {
			t.Fatalf("%d of %d were bought: %v", n+1, n, err)
		}
		if n == 0 {
			return
		}
		r, err := s.pay(basket(n), approves)
		if err != nil {
			t.Fatalf("%d of %d cannot be bought: %v", n, n, err)
		}
		if rapid.Bool().Draw(t, "ship") {
			_, err = s.orders.Ship(s.ctx(), orders.Ship{Order: r.ID})
		} else {
			_, err = s.orders.Cancel(s.ctx(), orders.Cancel{Order: r.ID, Reason: "no"})
		}
		s.must(err)
	})
}

func TestCartsHoldAtAPlace(t *testing.T) {
	s := newShop(t, 2)
	s.sellsBy(catalog.ReserveOnCart, "ticket", 0)
	s.sourcing(false, "a", "b")
	s.receiveAt("a", "ticket", 1)
	s.receiveAt("b", "ticket", 2)
	c := s.basket("ticket", 2)
	if n := s.availableAt("b", "ticket"); n != 0 {
		t.Errorf("%d are left", n)
	}
	r, err := s.pay(c, approves)
	s.must(err)
	if r.Lines[0].Pool.Location() != "b" {
		t.Errorf("the goods come from %s", r.Lines[0].Pool)
	}
	_, err = s.carts.AddLine(s.ctx(), cart.AddLine{SKU: "ticket", Quantity: 2})
	if !isOutOfStock(err) {
		t.Errorf("got %v", err)
	}
}

// TestWhatIsAddedIsSourced: what is added to an order comes from where carts
// take it, be it another place, the parts of a kit, or nothing that is there.
func TestWhatIsAddedIsSourced(t *testing.T) {
	s := newShop(t, 4)
	s.sells("mug", 0)
	s.sells("cup", 0)
	s.sells("saucer", 0)
	s.sellsBy(catalog.TrackOnly, "print", 0)
	s.kit("set", "cup", 2, "saucer", 1)
	s.sourcing(false, "berlin", "paris")
	s.receiveAt("berlin", "mug", 1)
	for _, sku := range []catalog.SKU{"mug", "cup", "saucer"} {
		s.receiveAt("paris", sku, 5)
	}
	r, err := s.buy("mug", 1, approves)
	s.must(err)
	adds := func(sku catalog.SKU, units int64) (orders.Order, error) {
		return s.checkout.Confirm(s.ctx(), checkout.Change{
			Order: r.ID, Version: s.order(r.ID).Version, Reason: "more", Add: []checkout.AddedLine{{SKU: sku, Quantity: units}},
		})
	}
	_, err = adds("mug", 2)
	s.must(err)
	_, err = adds("set", 2)
	s.must(err)
	o, err := adds("print", 3)
	s.must(err)
	if l := o.Lines[1]; l.Pool.Location() != "paris" || s.availableAt("paris", "mug") != 3 {
		t.Errorf("the mugs are %+v, %d are left in Paris", l, s.availableAt("paris", "mug"))
	}
	if l := o.Lines[2]; len(l.Parts) != 2 || s.availableAt("paris", "cup") != 1 || s.availableAt("paris", "saucer") != 3 {
		t.Errorf("the set is %+v, %d cups and %d saucers are left", l, s.availableAt("paris", "cup"), s.availableAt("paris", "saucer"))
	}
	_, err = adds("mug", 4)
	if gone := as[*inventory.OutOfStockError](s, err); gone.SKU != "mug" || gone.Have != 3 {
		t.Errorf("got %+v", gone)
	}
	_, err = s.orders.Cancel(s.ctx(), orders.Cancel{Order: r.ID, Reason: "no"})
	s.must(err)
	if n := s.availableAt("paris", "cup"); n != 5 {
		t.Errorf("%d cups are back in Paris", n)
	}
}

// A cart that goes to two countries is told what those lack, and what they lack
// together.
func TestACartForTwoCountriesIsToldWhatEachLacks(t *testing.T) {
	s := newShop(t, 2)
	for _, sku := range []catalog.SKU{"mug", "cup", "tea"} {
		s.sells(sku, 0)
	}
	_, err := s.inventory.SetSourcing(s.ctx(), inventory.SetSourcing{Places: []inventory.Place{{ID: "berlin", Countries: []string{"DE"}}, {ID: "any", Priority: 1}}})
	s.must(err)
	s.receiveAt("berlin", "mug", 5)
	s.receiveAt("any", "cup", 3)
	s.receiveAt("any", "tea", 4)
	c, err := s.carts.AddLines(s.ctx(), cart.AddLines{Lines: []cart.AddedLine{{SKU: "mug", Quantity: 4}, {SKU: "cup", Quantity: 4}, {SKU: "tea", Quantity: 4}}})
	s.must(err)
	_, err = s.carts.SetContact(s.ctx(), cart.SetContact{Cart: c.ID, Contact: cart.Contact{ShippingAddress: accounts.Address{Country: "DE"}}})
	s.must(err)
	_, err = s.carts.SetDelivery(s.ctx(), cart.SetDelivery{Cart: c.ID, Address: accounts.Address{Country: "US"}})
	s.must(err)
	var half []cart.AssignedLine
	for _, l := range c.Lines {
		half = append(half, cart.AssignedLine{Line: l.ID, Quantity: 2, Delivery: 2})
	}
	c, err = s.carts.AssignLines(s.ctx(), cart.AssignLines{Cart: c.ID, Lines: half})
	s.must(err)
	got := map[catalog.SKU][]string{}
	for _, p := range c.Problems {
		for _, l := range c.Lines {
			if p.Code == cart.OutOfStock && l.ID == p.Line {
				got[l.SKU] = append(got[l.SKU], fmt.Sprint(c.CountryOf(l), " ", p.Bound))
			}
		}
	}
	want := map[catalog.SKU][]string{"mug": {"US 0"}, "cup": {"DE 3", "US 3"}}
	if !maps.EqualFunc(got, want, slices.Equal) {
		t.Errorf("got %v, want %v", got, want)
	}
}
