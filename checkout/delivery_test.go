package checkout_test

import (
	"slices"
	"testing"

	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/checkout"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/inventory"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/orders"
	"github.com/keelshop/commerce/payments"
	"github.com/keelshop/commerce/pricing"
)

// alsoIn gives the store a tax of 20 % in FR and parcels there for 9.90, or by
// courier for 20.00.
func (s *shop) alsoIn() {
	s.Helper()
	area := []pricing.Area{{Country: "FR"}}
	_, err := s.pricing.PutTaxZone(s.ctx(), pricing.PutTaxZone{Zone: pricing.TaxZone{ID: "fr", Areas: area, Rates: []pricing.TaxRate{{Name: "TVA", Rate: money.Percent(20)}}}})
	s.must(err)
	rates := func(minor int64) []pricing.ShippingRate {
		return []pricing.ShippingRate{{Currency: "EUR", Tiers: []pricing.ShippingTier{{Price: minor}}}}
	}
	_, err = s.pricing.PutShippingZone(s.ctx(), pricing.PutShippingZone{Zone: pricing.ShippingZone{ID: "fr", Areas: area, Methods: []pricing.ShippingMethod{
		{ID: "parcel", Name: "Colis", Rates: rates(990)}, {ID: "courier", Name: "Coursier", Rates: rates(2000)},
	}}})
	s.must(err)
}

// split makes a cart of three mugs and a tea, of which two mugs and the tea go
// to France.
func (s *shop) split() cart.Cart {
	s.Helper()
	c, err := s.carts.AddLines(s.ctx(), cart.AddLines{Lines: []cart.AddedLine{{SKU: "mug", Quantity: 3}, {SKU: "tea", Quantity: 1}}})
	s.must(err)
	s.deliver(c.ID)
	_, err = s.carts.SetDelivery(s.ctx(), cart.SetDelivery{Cart: c.ID, Address: accounts.Address{Name: "Ada", Line1: "Rue Cachée 7", City: "Paris", Country: "FR"}})
	s.must(err)
	_, err = s.carts.AssignLines(s.ctx(), cart.AssignLines{Cart: c.ID, Lines: []cart.AssignedLine{
		{Line: c.Lines[0].ID, Delivery: 2, Quantity: 2}, {Line: c.Lines[1].ID, Delivery: 2},
	}})
	s.must(err)
	c, err = s.carts.SetShipping(s.ctx(), cart.SetShipping{Cart: c.ID, Delivery: 2, Method: "parcel"})
	s.must(err)
	return c
}

func TestAnOrderGoesToSeveralPlaces(t *testing.T) {
	for _, included := range []bool{false, true} {
		s := newShop(t, 2)
		s.sells("mug", 10)
		s.sells("tea", 10)
		s.rules(included)
		s.alsoIn()
		_, err := s.pricing.PutPromotion(s.ctx(), pricing.PutPromotion{Promotion: pricing.Promotion{ID: "post", Name: "A euro off the postage",
			Effect: pricing.Effect{Kind: pricing.FreeShipping, Rate: money.Percent(100), AtMost: []money.Amount{euro(100)}}}})
		s.must(err)
		c := s.split()
		r, err := s.complete(checkout.Complete{Cart: c.ID, CartVersion: c.Version, ExpectedTotal: &c.Total, PayWith: "simulator", Token: approves})
		s.must(err)
		if r.Status != orders.Placed || !r.Split || len(r.Deliveries) != 2 || r.Total != c.Total {
			t.Fatalf("included %t: the order is %+v", included, r.Order)
		}
		home, away := r.Deliveries[0], r.Deliveries[1]
		if home.Shipping != euro(495-33) || away.Shipping != euro(990-67) || r.Shipping != euro(1485-100) || away.ShippingName != "Colis" || away.Country != "FR" || home.Country != "DE" ||
			home.ShippingTax.Minor()+away.ShippingTax.Minor() != r.ShippingTax.Minor() || away.ShippingTax.Minor() <= home.ShippingTax.Minor() {
			t.Errorf("included %t: deliveries are %+v", included, r.Deliveries)
		}
		if off := r.Promotions[0].Deliveries; len(off) != 2 || off[0].Delivery != 1 || off[1].Delivery != 2 {
			t.Errorf("included %t: the promotion took %+v", included, off)
		}
		for _, l := range r.Lines {
			rate := int64(19)
			if l.Delivery == 2 {
				rate = 20
			}
			if want := l.Net.Minor() * rate; l.Tax.Minor()*100 < want-100 || l.Tax.Minor()*100 > want+100 {
				t.Errorf("included %t: line %d in delivery %d has tax %v on %v", included, l.Number, l.Delivery, l.Tax, l.Net)
			}
		}
		where, err := s.orders.DeliveryAddresses(s.ctx(), r.ID)
		if err != nil || len(where) != 2 || where[0].Address.Line1 != "Unter den Linden 1" || where[1].Address.Line1 != "Rue Cachée 7" {
			t.Errorf("included %t: it goes to %+v, %v", included, where, err)
		}
		books := s.books(r.ID)
		if books["provider:simulator"] != r.Total.Minor() || books[payments.Receivable] != 0 {
			t.Errorf("included %t: the ledger has %v", included, books)
		}
		s.must(s.carts.EraseGuest(s.ctx(), cart.EraseGuest{Cart: c.ID}))
		if where, err = s.orders.DeliveryAddresses(s.ctx(), r.ID); err != nil || !where[0].Erased || !where[1].Erased || where[1].Address != (accounts.Address{Country: "FR"}) {
			t.Errorf("included %t: after erasing %+v, %v", included, where, err)
		}
	}
}

func TestAParcelGoesToOnePlace(t *testing.T) {
	s := newShop(t, 2)
	s.sells("mug", 10)
	s.sells("tea", 10)
	s.rules(false)
	s.alsoIn()
	r, err := s.pay(s.split().ID, approves)
	s.must(err)
	// Lines are one mug at home, tea and two mugs away.
	_, err = s.orders.Ship(s.ctx(), orders.Ship{Order: r.ID})
	if mixed := as[*orders.MixedDeliveriesError](s, err); mixed.Lines != [2]int{1, 2} {
		t.Errorf("it names lines %v", mixed.Lines)
	}
	_, err = s.orders.Ship(s.ctx(), orders.Ship{Order: r.ID, Lines: []orders.LineQuantity{{Line: 1, Quantity: 1}, {Line: 3, Quantity: 1}}})
	s.wants(err, fault.Refused)
	_, err = s.orders.Ship(s.ctx(), orders.Ship{Order: r.ID, Delivery: 3})
	s.wants(err, fault.Conflict)
	o, err := s.orders.Ship(s.ctx(), orders.Ship{Order: r.ID, Delivery: 2, Tracking: "FR1"})
	s.must(err)
	if o.Shipped != 3 || o.FulfilmentStatus != orders.Partial {
		t.Errorf("%d have left, %s", o.Shipped, o.FulfilmentStatus)
	}
	o, err = s.orders.Ship(s.ctx(), orders.Ship{Order: r.ID}) // what is left goes to one place
	s.must(err)
	parcels, err := s.orders.Fulfilments(s.ctx(), r.ID)
	s.must(err)
	if o.FulfilmentStatus != orders.Fulfilled || len(parcels) != 2 || parcels[0].Delivery+parcels[1].Delivery != 3 {
		t.Errorf("parcels are %+v", parcels)
	}
	// What comes back is paid back by what was paid for it, and shipping in full.
	_, err = s.orders.Return(s.ctx(), orders.Return{Order: r.ID, Lines: []orders.LineQuantity{{Line: 1, Quantity: 1}, {Line: 3, Quantity: 2}}, Reason: "both"})
	s.must(err)
	o = s.order(r.ID)
	if want := r.Lines[0].Gross.Minor() + r.Lines[2].Gross.Minor(); o.RefundGranted != euro(want) {
		t.Errorf("%v are granted, want %d", o.RefundGranted, want)
	}
	g, err := s.orders.GrantRefund(s.ctx(), orders.GrantRefund{Order: r.ID, Shipping: r.GrossShipping(), Reason: "late", Release: true})
	s.must(err)
	if g.ShippingTax != r.ShippingTax {
		t.Errorf("the tax in it is %v of %v", g.ShippingTax, r.ShippingTax)
	}
}

// TestShippingGoesBackByDelivery: a grant that names a delivery has its tax and
// is bounded by what it cost, and all of them by what all cost.
func TestShippingGoesBackByDelivery(t *testing.T) {
	for _, included := range []bool{false, true} {
		s := newShop(t, 2)
		s.sells("mug", 10)
		s.sells("tea", 10)
		s.rules(included)
		s.alsoIn()
		r, err := s.pay(s.split().ID, approves)
		s.must(err)
		home, away := r.GrossOf(r.Deliveries[0]), r.GrossOf(r.Deliveries[1])
		grant := func(delivery int, amount money.Amount) (orders.Grant, error) {
			return s.orders.GrantRefund(s.ctx(), orders.GrantRefund{Order: r.ID, Shipping: amount, Delivery: delivery, Reason: "late", Release: true})
		}
		_, err = grant(2, money.New(away.Minor()+1, "EUR"))
		if short := as[*orders.CapError](s, err); short.What != "shipping of delivery 2" || short.Have != away {
			t.Errorf("included %t: more than it cost: %v", included, err)
		}
		_, err = grant(3, euro(1))
		as[*orders.DeliveryError](s, err)
		_, err = s.orders.GrantRefund(s.ctx(), orders.GrantRefund{Order: r.ID, Other: euro(1), Delivery: 2, Reason: "x"})
		s.wants(err, fault.Invalid)

		first, err := grant(2, euro(600))
		s.must(err)
		second, err := grant(2, money.New(away.Minor()-600, "EUR"))
		s.must(err)
		if tax := first.ShippingTax.Minor() + second.ShippingTax.Minor(); first.Delivery != 2 || first.ShippingTax != euro(100) || tax != r.Deliveries[1].ShippingTax.Minor() {
			t.Errorf("included %t: the grants are %+v and %+v", included, first, second)
		}
		_, err = grant(2, euro(1))
		as[*orders.CapError](s, err)
		part, err := grant(0, euro(95)) // of what is left of all: the first delivery
		s.must(err)
		_, err = grant(1, home)
		if short := as[*orders.CapError](s, err); short.Have.Minor() != home.Minor()-95 {
			t.Errorf("included %t: more than is left of all: %v", included, err)
		}
		rest, err := grant(1, money.New(home.Minor()-95, "EUR"))
		s.must(err)
		if part.ShippingTax.Minor()+rest.ShippingTax.Minor() != r.Deliveries[0].ShippingTax.Minor() {
			t.Errorf("included %t: the tax of the first is %v, of which went back %v and %v", included, r.Deliveries[0].ShippingTax, part.ShippingTax, rest.ShippingTax)
		}
		if o := s.order(r.ID); o.RefundGranted != r.GrossShipping() {
			t.Errorf("included %t: %v of %v went back", included, o.RefundGranted, r.GrossShipping())
		}
	}
}

// TestADeliveryGoesElsewhere: a change names whose address it replaces, and what
// it adds is taxed there.
func TestADeliveryGoesElsewhere(t *testing.T) {
	s := newShop(t, 2)
	s.sells("mug", 10)
	s.sells("tea", 10)
	s.rules(false)
	s.alsoIn()
	r, err := s.pay(s.split().ID, approves)
	s.must(err)
	where := func() []cart.DeliveryAddress {
		t.Helper()
		all, err := s.orders.DeliveryAddresses(s.ctx(), r.ID)
		s.must(err)
		return all
	}
	before, err := s.orders.Contact(s.ctx(), r.ID)
	s.must(err)
	lyon := accounts.Address{Name: "Ada", Line1: "Quai Fleuri 3", City: "Lyon", Postcode: "69001", Country: "FR"}
	move := checkout.Change{Order: r.ID, Version: r.Version, Reason: "they moved", Address: lyon}
	_, err = s.checkout.Confirm(s.ctx(), move)
	as[*orders.DeliveryError](s, err)
	move.Delivery = 2
	o, err := s.checkout.Confirm(s.ctx(), move)
	s.must(err)
	if all := where(); all[1].Address != lyon || all[0].Address != before.ShippingAddress || o.Total != r.Total {
		t.Errorf("it goes to %+v", all)
	}
	changes, err := s.orders.Changes(s.ctx(), r.ID)
	if err != nil || len(changes) != 1 || changes[0].Delivery != 2 || !changes[0].Added.IsZero() {
		t.Errorf("the changes are %+v, %v", changes, err)
	}
	// To another country: what was bought stays as it is, what is added is taxed there.
	bonn := accounts.Address{Name: "Ada", Line1: "Am Markt 1", City: "Bonn", Postcode: "53111", Country: "DE"}
	o, err = s.checkout.Confirm(s.ctx(), checkout.Change{Order: r.ID, Version: o.Version, Reason: "they came back", Address: bonn, Delivery: 2, Add: []checkout.AddedLine{{SKU: "mug", Quantity: 1}}})
	s.must(err)
	if l := o.Lines[3]; l.Delivery != 2 || l.Tax != euro(238) || o.Deliveries[1].Country != "DE" || where()[1].Address != bonn {
		t.Errorf("the line is %+v of %+v", l, o.Deliveries)
	}
	// The first goes to the contact's shipping address.
	o, err = s.checkout.Confirm(s.ctx(), checkout.Change{Order: r.ID, Version: o.Version, Reason: "to work", Address: lyon, Delivery: 1})
	s.must(err)
	after, err := s.orders.Contact(s.ctx(), r.ID)
	s.must(err)
	if all := where(); all[0].Address != lyon || all[1].Address != bonn || after.Name != before.Name || after.Email != before.Email || o.Deliveries[0].Country != "FR" || o.ShippingCountry != "FR" {
		t.Errorf("it goes to %+v for %+v", all, after)
	}
	_, err = s.checkout.Confirm(s.ctx(), checkout.Change{Order: r.ID, Version: o.Version, Reason: "x", Address: lyon, Delivery: 1, Contact: before})
	s.wants(err, fault.Invalid)
	// An order that goes to one place names none.
	one, err := s.pay(s.deliver(s.basket("tea", 1)).ID, approves)
	s.must(err)
	_, err = s.checkout.Confirm(s.ctx(), checkout.Change{Order: one.ID, Version: one.Version, Reason: "to work", Address: lyon})
	s.must(err)
	if to, err := s.orders.Contact(s.ctx(), one.ID); err != nil || to.ShippingAddress != lyon {
		t.Errorf("it goes to %+v, %v", to, err)
	}
	// Nobody is sent anything who was erased.
	s.must(s.carts.EraseGuest(s.ctx(), cart.EraseGuest{Cart: cart.ID(r.Cart)}))
	_, err = s.checkout.Confirm(s.ctx(), checkout.Change{Order: r.ID, Version: o.Version, Reason: "x", Address: lyon, Delivery: 2})
	s.wants(err, fault.Refused)
}

func TestChangesNameTheDelivery(t *testing.T) {
	s := newShop(t, 2)
	s.sells("mug", 10)
	s.sells("tea", 10)
	s.rules(false)
	s.alsoIn()
	r, err := s.pay(s.split().ID, approves)
	s.must(err)
	add := checkout.Change{Order: r.ID, Version: r.Version, Reason: "one more", Add: []checkout.AddedLine{{SKU: "mug", Quantity: 1}}}
	_, err = s.checkout.Preview(s.ctx(), add)
	as[*orders.DeliveryError](s, err)
	add.Delivery = 7
	_, err = s.checkout.Preview(s.ctx(), add)
	as[*orders.DeliveryError](s, err)
	add.Delivery = 2
	o, err := s.checkout.Confirm(s.ctx(), add)
	s.must(err)
	if l := o.Lines[3]; l.Delivery != 2 || l.Tax != euro(250) {
		t.Errorf("the line is %+v", l)
	}
	o, err = s.checkout.Confirm(s.ctx(), checkout.Change{Order: r.ID, Version: o.Version, Reason: "sooner", Shipping: "courier", Delivery: 2})
	s.must(err)
	if d := o.Deliveries[1]; d.ShippingMethod != "courier" || d.Shipping != euro(2000) || d.ShippingTax != euro(400) || o.Shipping != euro(2495) {
		t.Errorf("the delivery is %+v of %v", d, o.Shipping)
	}
	before := o.RefundGranted
	o, err = s.checkout.Confirm(s.ctx(), checkout.Change{Order: r.ID, Version: o.Version, Reason: "later", Shipping: "parcel", Delivery: 2})
	s.must(err)
	if back := o.RefundGranted.Minor() - before.Minor(); back != 2400-1188 {
		t.Errorf("%d went back", back)
	}
	_, err = s.checkout.Preview(s.ctx(), checkout.Change{Order: r.ID, Version: o.Version, Reason: "x", Shipping: "courier", Delivery: 1})
	s.wants(err, fault.Refused) // there is none at home
	again, err := s.checkout.Reorder(s.ctx(), checkout.Reorder{Order: r.ID})
	s.must(err)
	if len(again.Cart.Lines) != 2 || again.Cart.Lines[0].Quantity != 4 || !slices.Equal(again.Folded, []int{2}) || again.Cart.Deliveries != nil {
		t.Errorf("bought again: %+v", again)
	}
}

func TestDeliveriesTakeGoodsFromPlacesThatServeThem(t *testing.T) {
	s := newShop(t, 2)
	s.sells("mug", 0)
	s.sells("tea", 0)
	_, err := s.inventory.SetSourcing(s.ctx(), inventory.SetSourcing{Places: []inventory.Place{
		{ID: "berlin", Priority: 1, Countries: []string{"DE"}}, {ID: "paris", Priority: 2},
	}})
	s.must(err)
	for _, at := range []inventory.Location{"berlin", "paris"} {
		s.receiveAt(at, "mug", 3)
		s.receiveAt(at, "tea", 3)
	}
	s.rules(false)
	s.alsoIn()
	r, err := s.pay(s.split().ID, approves)
	s.must(err)
	for _, l := range r.Lines {
		want := inventory.Location("berlin")
		if l.Delivery == 2 {
			want = "paris"
		}
		if l.Pool.Location() != want {
			t.Errorf("line %d in delivery %d comes from %s", l.Number, l.Delivery, l.Pool)
		}
	}
}

func TestDeliveriesLackSomething(t *testing.T) {
	s := newShop(t, 1)
	s.sells("mug", 10)
	s.sells("tea", 10)
	s.rules(false)
	s.alsoIn()
	c := s.split()
	_, err := s.carts.SetShipping(s.ctx(), cart.SetShipping{Cart: c.ID, Delivery: 2})
	s.must(err)
	_, err = s.pay(c.ID, approves)
	if missing := as[*checkout.IncompleteError](s, err).Missing; !slices.Equal(missing, []cart.Requirement{"deliveries.2.shipping_method"}) {
		t.Errorf("it misses %q", missing)
	}
	// Everything goes to the second place: nothing is asked of the first.
	c, err = s.carts.AssignLines(s.ctx(), cart.AssignLines{Cart: c.ID, Lines: []cart.AssignedLine{{Line: c.Lines[0].ID, Delivery: 2}}})
	s.must(err)
	_, err = s.carts.SetShipping(s.ctx(), cart.SetShipping{Cart: c.ID})
	s.must(err)
	_, err = s.carts.SetShipping(s.ctx(), cart.SetShipping{Cart: c.ID, Delivery: 2, Method: "parcel"})
	s.must(err)
	r, err := s.pay(c.ID, approves)
	s.must(err)
	if !r.Split || len(r.Deliveries) != 1 || r.Deliveries[0].Number != 2 || r.Shipping != euro(990) || r.ShippingName != "Colis" || r.Tax != euro(750+250+198) {
		t.Errorf("the order is %+v", r.Order)
	}
	if _, err := s.orders.Ship(s.ctx(), orders.Ship{Order: r.ID}); err != nil {
		t.Error(err)
	}
	// A further delivery that nothing goes to is as if it were not there.
	plain := s.deliver(s.basket("mug", 1))
	_, err = s.carts.SetDelivery(s.ctx(), cart.SetDelivery{Cart: plain.ID})
	s.must(err)
	if r, err = s.pay(plain.ID, approves); err != nil || r.Split || len(r.Deliveries) != 0 {
		t.Errorf("the order is %+v, %v", r.Order, err)
	}
}
