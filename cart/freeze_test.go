package cart_test

import (
	"testing"

	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/pricing"
)

func TestFrozenCartsKeepWhatTheyCost(t *testing.T) {
	for _, hard := range []bool{false, true} {
		s := newShop(t, 2)
		s.sells(map[catalog.SKU]int64{"mug": 1000})
		s.rules(false)
		c := s.add(cart.AddLines{Lines: []cart.AddedLine{{SKU: "mug", Quantity: 2}, {SKU: "mug", Quantity: 1, AgreedPrice: agreed(500), Reason: "x"}}})
		s.livesIn(c.ID, "XX", "1")
		price := func(minor int64) {
			t.Helper()
			s.put(catalog.PutProduct{Handle: "mug", Title: "The mug", Variants: []catalog.PutVariant{{SKU: "mug", Prices: []money.Amount{euro(minor)}}}})
		}
		price(1200)
		c, err := s.carts.Freeze(t.Context(), cart.Freeze{Cart: c.ID, Hard: hard})
		if err != nil || c.Subtotal != euro(2900) || c.Tax != euro(580) || c.Frozen == "" || len(c.Problems) != 0 {
			t.Fatalf("hard %t: frozen as %+v, %v", hard, c, err)
		}
		price(9999)
		twice := pricing.TaxZone{ID: "xx", Areas: []pricing.Area{{Country: "XX"}}, Rates: []pricing.TaxRate{{Name: "VAT", Rate: money.Percent(40)}}}
		if _, err := s.pricing.PutTaxZone(t.Context(), pricing.PutTaxZone{Zone: twice}); err != nil {
			t.Fatal(err)
		}
		want := euro(1160)
		if hard {
			want = euro(580)
		}
		if got := s.get(c.ID); got.Subtotal != euro(2900) || got.Tax != want || got.Lines[0].UnitPrice != euro(1200) {
			t.Errorf("hard %t: it costs %v with %v tax", hard, got.Subtotal, got.Tax)
		}
		_, err = s.carts.AddLines(t.Context(), cart.AddLines{Cart: c.ID, Lines: one("mug", 1)})
		wantsError(t, err, &cart.FrozenError{Cart: c.ID})
		_, err = s.carts.SetQuantity(t.Context(), cart.SetQuantity{Cart: c.ID, SKU: "mug", Line: c.Lines[0].ID, Quantity: 5})
		wants(t, err, fault.Conflict)
		_, err = s.carts.Merge(t.Context(), c.ID, s.customer("a@example.com"))
		wants(t, err, fault.Conflict)
		if err := s.step("lock", c.ID, 0, "ord_1"); err != nil {
			t.Errorf("hard %t: it cannot be bought: %v", hard, err)
		}
		if got := s.get(c.ID); got.Subtotal != euro(2900) || got.Tax != want {
			t.Errorf("hard %t: while it is bought it costs %v with %v tax", hard, got.Subtotal, got.Tax)
		}
		if err := s.step("unlock", c.ID, 0, "ord_1"); err != nil {
			t.Fatal(err)
		}
		got, err := s.carts.Thaw(t.Context(), cart.Thaw{Cart: c.ID})
		if err != nil || got.Frozen != "" || got.Subtotal != euro(2*9999+500) || len(got.Problems) != 1 {
			t.Errorf("hard %t: thawed as %+v, %v", hard, got, err)
		}
	}
}

// The largest cart can be frozen hard: what it costs is packed.
func TestTheLargestCartIsFrozen(t *testing.T) {
	s := newShop(t, 1)
	s.sells(map[catalog.SKU]int64{"mug": 1000})
	s.rules(false)
	var c cart.Cart
	for part := range 4 {
		var lines []cart.AddedLine
		for i := range cart.MaxLines / 4 {
			n := int64(part*cart.MaxLines/4 + i)
			lines = append(lines, cart.AddedLine{SKU: "mug", Quantity: 1 + n%7, AgreedPrice: agreed(n*n + 17), Reason: "x"})
		}
		c = s.add(cart.AddLines{Cart: c.ID, Lines: lines})
	}
	s.livesIn(c.ID, "XX", "1")
	before := s.get(c.ID)
	frozen, err := s.carts.Freeze(t.Context(), cart.Freeze{Cart: c.ID, Hard: true})
	if err != nil {
		t.Fatal(err)
	}
	if got := s.get(c.ID); len(got.Lines) != cart.MaxLines || got.Total != before.Total || got.Tax != before.Tax || frozen.Total != before.Total {
		t.Errorf("%d lines of %v with %v tax became %d of %v with %v", len(before.Lines), before.Total, before.Tax, len(got.Lines), got.Total, got.Tax)
	}
}
