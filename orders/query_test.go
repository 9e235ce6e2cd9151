package orders_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/internal/seal"
	"github.com/keelshop/commerce/orders"
)

func TestGetReturnsWhatWasInserted(t *testing.T) {
	s := newShop(t, 2)
	s.stocks("mug", 1250, 10)
	s.stocks("advice", 5000, 0)
	c := s.draft(s.engine.SlotOn(1), wanted{"mug", 2}, wanted{"advice", 1})
	c.Order.Customer, c.Order.ExternalReference = "cus_1", "web-1"
	c.Order.OccurredAt = time.Date(2011, 12, 9, 12, 50, 0, 0, time.UTC).UnixMilli()
	c.Order.Lines[0].Reason = "agreed"
	c.Order.ShippingCountry, c.Order.BillingCountry = "GB", "FR"
	o := s.pending(c)
	got := s.get(o)
	l := got.Lines[0]
	if got.Status != orders.Pending || got.PaymentStatus != orders.PaymentNone || got.FulfilmentStatus != orders.Unfulfilled ||
		got.Cart != c.Order.Cart || got.Customer != "cus_1" || got.Total != euro(7500) || got.Subtotal != euro(7500) || got.Units != 3 ||
		got.Version != 1 || got.OccurredAt.Year() != 2011 || got.CreatedAt != s.engine.Now() || !got.PlacedAt.IsZero() || !got.CanceledAt.IsZero() ||
		got.ShippingCountry != "GB" || got.BillingCountry != "FR" || got.ExternalReference != "web-1" || got.Metadata != nil {
		t.Errorf("got %+v", got)
	}
	if len(got.Lines) != 2 || l.Number != 1 || l.SKU != "mug" || l.Title != "The mug" || l.UnitPrice != euro(1250) || l.Total != euro(2500) ||
		l.Reason != "agreed" || l.Pool != c.Demands[0].Pool || got.Lines[1].Pool != "" {
		t.Errorf("got %+v", got.Lines)
	}
	s.engine.Advance(time.Minute)
	if err := s.run(step{Do: "place", ID: o, Demands: c.Demands}); err != nil {
		t.Fatal(err)
	}
	if got := s.get(o); got.Status != orders.Placed || got.PlacedAt != s.engine.Now() {
		t.Errorf("got %+v", got)
	}
	_, err := s.orders.Get(t.Context(), "ord_")
	wants(t, err, fault.Invalid)
}

func TestAnOrderOfNothingToPayIsPaid(t *testing.T) {
	s := newShop(t, 1)
	s.stocks("gift", 0, 1)
	o := s.pending(s.draft(s.engine.SlotOn(0), wanted{"gift", 1}))
	if got := s.get(o); got.PaymentStatus != orders.Paid {
		t.Errorf("got %s", got.PaymentStatus)
	}
}

func TestAllMergesShardsInOrder(t *testing.T) {
	s := newShop(t, 4)
	s.stocks("advice", 5000, 0)
	who := accounts.CustomerID(id.New("cus", s.engine.SlotOn(2), s.engine.Now()))
	var all, mine, placed []orders.ID
	for i := range 250 {
		s.engine.Advance(time.Millisecond)
		c := s.draft(s.engine.SlotOn(i%4), wanted{"advice", 1})
		if i%4 == 2 && i%3 == 0 {
			c.Order.Customer = who
			mine = append(mine, c.Order.ID)
		}
		all = append(all, s.pending(c))
		if i%5 == 0 {
			if err := s.run(step{Do: "place", ID: c.Order.ID}); err != nil {
				t.Fatal(err)
			}
			placed = append(placed, c.Order.ID)
		}
	}
	for name, test := range map[string]struct {
		filter orders.Filter
		want   []orders.ID
	}{
		"all":          {orders.Filter{}, all},
		"first":        {orders.Filter{Limit: 7}, all[:7]},
		"page":         {orders.Filter{After: all[6], Limit: 120}, all[7:127]},
		"rest":         {orders.Filter{After: all[240]}, all[241:]},
		"nothing left": {orders.Filter{After: all[249]}, nil},
		"customer":     {orders.Filter{Customer: who}, mine},
		"placed":       {orders.Filter{Status: orders.Placed}, placed},
		"canceled":     {orders.Filter{Status: orders.Canceled}, nil},
		"both":         {orders.Filter{Customer: who, Status: orders.Pending, After: mine[0], Limit: 2}, nonePlaced(mine[1:], placed)[:2]},
	} {
		t.Run(name, func(t *testing.T) {
			var got []orders.ID
			for o, err := range s.orders.All(t.Context(), test.filter) {
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, o.ID)
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("got %d orders, want %d", len(got), len(test.want))
			}
		})
	}
	for range s.orders.All(t.Context(), orders.Filter{}) {
		break // a listing may be left
	}
	for _, err := range s.orders.All(t.Context(), orders.Filter{Customer: "nobody"}) {
		wants(t, err, fault.Invalid)
	}
}

func nonePlaced(all, placed []orders.ID) []orders.ID {
	return slices.DeleteFunc(slices.Clone(all), func(o orders.ID) bool { return slices.Contains(placed, o) })
}

// TestOrdersOfACustomer are read from the newest on, in pages, and are nobody
// else's.
func TestOrdersOfACustomer(t *testing.T) {
	s := newShop(t, 2)
	s.stocks("mug", 1250, 100)
	ada := accounts.CustomerID(id.New("cus", s.engine.SlotOn(1), s.engine.Now()))
	var want []orders.ID
	for range 7 {
		mine := s.draft(s.engine.SlotOn(1), wanted{"mug", 1})
		mine.Order.Customer = ada
		want = append(want, s.pending(mine))
		s.pending(s.draft(s.engine.SlotOn(1), wanted{"mug", 1}))
	}
	slices.Sort(want)
	slices.Reverse(want)
	var got []orders.ID
	for before, pages := orders.ID(""), 0; ; pages++ {
		page, err := s.orders.OfCustomer(t.Context(), ada, before, 3)
		if err != nil {
			t.Fatal(err)
		}
		if len(page) == 0 {
			if pages != 3 {
				t.Errorf("there are %d pages", pages)
			}
			break
		}
		for _, o := range page {
			got = append(got, o.ID)
		}
		before = page[len(page)-1].ID
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if _, err := s.orders.OfCustomer(t.Context(), "nobody", "", 3); err == nil {
		t.Error("somebody who is nobody has orders")
	}
}

func TestContactComesFromTheCart(t *testing.T) {
	s := newShop(t, 4)
	s.stocks("mug", 1250, 10)
	customer, err := s.people.Register(t.Context(), accounts.Register{Email: "ada@example.com"})
	if err != nil {
		t.Fatal(err)
	}
	for name, who := range map[string]accounts.CustomerID{"guest": "", "customer": customer.ID} {
		t.Run(name, func(t *testing.T) {
			c, err := s.carts.AddLine(t.Context(), cart.AddLine{Customer: who, SKU: "mug", Quantity: 1})
			if err != nil {
				t.Fatal(err)
			}
			contact := cart.Contact{Email: "ada@example.com", ShippingAddress: accounts.Address{City: "London", Country: "GB"}}
			if _, err := s.carts.SetContact(t.Context(), cart.SetContact{Cart: c.ID, Contact: contact}); err != nil {
				t.Fatal(err)
			}
			slot, _ := id.SlotOf(string(c.ID))
			draft := s.draft(slot, wanted{"mug", 1})
			draft.Cart, draft.Order.Cart, draft.Order.ShippingCountry = c.ID, string(c.ID), "GB"
			o := s.pending(draft)
			got, err := s.orders.Contact(t.Context(), o)
			if err != nil || got != contact {
				t.Errorf("equal: %t, %v", got == contact, err)
			}
			// The order keeps its own copy.
			if _, err := s.carts.SetContact(t.Context(), cart.SetContact{Cart: c.ID}); err != nil {
				t.Fatal(err)
			}
			if got, err = s.orders.Contact(t.Context(), o); err != nil || got.Email != seal.Personal("ada@example.com") {
				t.Errorf("the order's contact went with the cart's: %v", err)
			}
			if who == "" {
				err = s.carts.EraseGuest(t.Context(), cart.EraseGuest{Cart: c.ID})
			} else {
				err = s.people.Erase(t.Context(), accounts.Erase{Customer: who})
			}
			if err != nil {
				t.Fatal(err)
			}
			want := cart.Contact{Erased: true, ShippingAddress: accounts.Address{Country: "GB"}}
			if got, err = s.orders.Contact(t.Context(), o); err != nil || got != want {
				t.Errorf("after the erasure: erased %t, %v", got.Erased, err)
			}
		})
	}
	without := s.sold(wanted{"mug", 1})
	if got, err := s.orders.Contact(t.Context(), without); err != nil || got != (cart.Contact{}) {
		t.Errorf("an order without a contact has one, %v", err)
	}
	gone := orders.ID("ord_01KAJ3W7Q8Z5D4F6G7H8J9K0M1")
	_, err = s.orders.Contact(t.Context(), gone)
	wantsError(t, err, &orders.NotFoundError{Order: gone})
}

func TestAnnotateLeavesWhatIsNil(t *testing.T) {
	s := newShop(t, 1)
	s.stocks("advice", 5000, 0)
	o := s.sold(wanted{"advice", 1})
	annotate := func(a orders.Annotate) (orders.Order, error) {
		a.Order = o
		return s.orders.Annotate(t.Context(), a)
	}
	got, err := annotate(orders.Annotate{Metadata: json.RawMessage(`{"a":1}`), ExternalReference: new("erp-1")})
	if err != nil || string(got.Metadata) != `{"a":1}` || got.PrivateMetadata != nil || got.ExternalReference != "erp-1" || got.Version != 3 {
		t.Errorf("got %+v, %v", got, err)
	}
	got, err = annotate(orders.Annotate{PrivateMetadata: json.RawMessage(`{"b":2}`), Version: 3})
	if err != nil || string(got.Metadata) != `{"a":1}` || string(got.PrivateMetadata) != `{"b":2}` || got.ExternalReference != "erp-1" {
		t.Errorf("got %+v, %v", got, err)
	}
	if got, err = annotate(orders.Annotate{ExternalReference: new("")}); err != nil || got.ExternalReference != "" || got.Status != orders.Placed {
		t.Errorf("got %+v, %v", got, err)
	}
	_, err = annotate(orders.Annotate{Version: 1})
	wantsError(t, err, &orders.VersionError{Order: o, Want: 1, Have: 5})
	for _, bad := range []string{"", "[]", "{", "{\"\xff\":1}", `{"a":"` + strings.Repeat("x", 16<<10) + `"}`} {
		_, err = annotate(orders.Annotate{Metadata: json.RawMessage(bad)})
		wants(t, err, fault.Invalid)
		_, err = annotate(orders.Annotate{PrivateMetadata: json.RawMessage(bad)})
		wants(t, err, fault.Invalid)
	}
	_, err = annotate(orders.Annotate{ExternalReference: new(strings.Repeat("x", 201))})
	wants(t, err, fault.Invalid)
	gone := orders.ID("ord_01KAJ3W7Q8Z5D4F6G7H8J9K0M1")
	_, err = s.orders.Annotate(t.Context(), orders.Annotate{Order: gone})
	wantsError(t, err, &orders.NotFoundError{Order: gone})
}
