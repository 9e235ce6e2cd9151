package cart_test

import (
	"testing"
	"time"

	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/inventory"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/pricing"
)

// gives puts a promotion that gives teas with goods for 50.00.
func (s *shop) gives(change func(*pricing.Promotion)) {
	s.Helper()
	p := pricing.Promotion{
		ID: "teas", Name: "Tea with your order", If: pricing.Conditions{MinSubtotal: []money.Amount{euro(5000)}},
		Effect: pricing.Effect{Kind: pricing.Gift, Items: pricing.Selector{SKUs: []catalog.SKU{"gone", "green", "black"}}, Get: 2},
	}
	if change != nil {
		change(&p)
	}
	if _, err := s.pricing.PutPromotion(s.Context(), pricing.PutPromotion{Promotion: p}); err != nil {
		s.Fatal(err)
	}
}

// TestGiftsAreOffered: a cart that has come to a gift says which variants may be
// added for nothing and how many, and what is added by that costs nothing for as
// long as the conditions hold without it.
func TestGiftsAreOffered(t *testing.T) {
	s := newShop(t, 2)
	s.sells(map[catalog.SKU]int64{"mug": 2000, "green": 900, "black": 700})
	s.gives(nil)
	c := s.add(cart.AddLines{Lines: one("mug", 2)})
	if len(c.Gifts) != 0 {
		t.Fatalf("below the bound it offers %+v", c.Gifts)
	}
	if c = s.add(cart.AddLines{Cart: c.ID, Lines: one("mug", 1)}); len(c.Gifts) != 1 {
		t.Fatalf("it offers %+v", c.Gifts)
	}
	g := c.Gifts[0]
	if g.Promotion != "teas" || g.Name != "Tea with your order" || g.Units != 2 || len(g.Choices) != 2 || g.Choices[0].SKU != "green" || g.Choices[0].Title == "" || g.Choices[1].SKU != "black" {
		t.Errorf("it offers %+v", g)
	}
	c = s.add(cart.AddLines{Cart: c.ID, Lines: one("black", 1)})
	if len(c.Gifts) != 1 || c.Gifts[0].Units != 1 || c.Discount != euro(700) || c.Total != euro(6000) {
		t.Errorf("with one of two: %+v, %v off", c.Gifts, c.Discount)
	}
	c = s.add(cart.AddLines{Cart: c.ID, Lines: c.GiftLines()})
	if len(c.Gifts) != 0 || c.Discount != euro(1600) || c.Total != euro(6000) {
		t.Errorf("with both: %+v, %v off", c.Gifts, c.Discount)
	}
	// The gifts do not keep themselves: 40.00 and 16.00 are not 50.00.
	c, err := s.carts.SetQuantity(t.Context(), cart.SetQuantity{Cart: c.ID, SKU: "mug", Quantity: 2})
	if err != nil || len(c.Gifts) != 0 || c.Discount != euro(0) || c.Total != euro(5600) {
		t.Errorf("without the condition: %+v, %v off, %v", c.Gifts, c.Discount, err)
	}
}

// A gift that is not there, or whose promotion others come before, is not
// offered, and neither is one to a cart that cannot be changed.
func TestGiftsThatAreNotOffered(t *testing.T) {
	s := newShop(t, 1)
	s.sells(map[catalog.SKU]int64{"mug": 6000, "green": 900, "black": 700})
	s.gives(nil)
	c := s.add(cart.AddLines{Lines: one("mug", 1)})
	for i, sku := range []catalog.SKU{"green", "black"} {
		if _, err := s.stock.Adjust(t.Context(), inventory.Adjust{SKU: sku, Delta: -9999, Reason: "drunk"}); err != nil {
			t.Fatal(err)
		}
		s.engine.Advance(2 * time.Second)
		if c = s.get(c.ID); len(c.Gifts) != 1-i || i == 0 && len(c.Gifts[0].Choices) != 1 {
			t.Fatalf("without %s it offers %+v", sku, c.Gifts)
		}
	}
	if _, err := s.stock.Receive(t.Context(), inventory.Receive{SKU: "green", Quantity: 50}); err != nil {
		t.Fatal(err)
	}
	s.engine.Advance(2 * time.Second)
	if c = s.get(c.ID); len(c.Gifts) != 1 {
		t.Fatalf("when there is tea again: %+v", c.Gifts)
	}
	before := func(p *pricing.Promotion) {
		*p = pricing.Promotion{ID: "first", Name: "First", Priority: 1, Stop: true, Effect: pricing.Effect{Kind: pricing.PercentOff, Rate: money.Percent(5)}}
	}
	s.gives(before)
	if c = s.get(c.ID); len(c.Gifts) != 0 {
		t.Errorf("after one that lets none come after it: %+v", c.Gifts)
	}
	s.gives(func(p *pricing.Promotion) { before(p); p.Paused = true })
	c, err := s.carts.Freeze(t.Context(), cart.Freeze{Cart: c.ID, Hard: true})
	if err != nil || len(c.Gifts) != 0 {
		t.Errorf("frozen: %+v, %v", c.Gifts, err)
	}
}
