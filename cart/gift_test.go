package cart_test

import (
	"slices"
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

// TestGiftsThatWouldCostSomething are not offered: what would be paid for, what
// would take away another discount, what is not for nothing together with others,
// and what the cart could not be bought with.
func TestGiftsThatWouldCostSomething(t *testing.T) {
	s := newShop(t, 1)
	s.sells(map[catalog.SKU]int64{"mug": 6000, "green": 900, "black": 700})
	tea := func(id string, sku catalog.SKU, change func(*pricing.Promotion)) pricing.Promotion {
		p := pricing.Promotion{ID: id, Name: id, If: pricing.Conditions{MinSubtotal: []money.Amount{euro(5000)}},
			Effect: pricing.Effect{Kind: pricing.Gift, Items: pricing.Selector{SKUs: []catalog.SKU{sku}}, Get: 2}}
		if change != nil {
			change(&p)
		}
		return p
	}
	off := pricing.Promotion{ID: "off", Name: "off", Effect: pricing.Effect{Kind: pricing.PercentOff, Rate: money.Percent(10)}}
	alone := func(p *pricing.Promotion) { p.Alone = true }
	for name, c := range map[string]struct {
		promotions []pricing.Promotion
		rule       pricing.QuantityRule
		offers     []string
	}{
		"nothing against it":       {[]pricing.Promotion{tea("a", "green", nil), tea("b", "black", nil), off}, pricing.QuantityRule{}, []string{"a", "b"}},
		"it stops others":          {[]pricing.Promotion{tea("a", "green", func(p *pricing.Promotion) { p.Stop, p.Priority = true, 5 }), off}, pricing.QuantityRule{}, nil},
		"two that stand alone":     {[]pricing.Promotion{tea("a", "green", alone), tea("b", "black", alone)}, pricing.QuantityRule{}, []string{"a"}},
		"one of them stands alone": {[]pricing.Promotion{tea("a", "green", nil), tea("b", "black", alone)}, pricing.QuantityRule{}, []string{"a"}},
		"a part of it is paid for": {[]pricing.Promotion{tea("a", "green", func(p *pricing.Promotion) { p.Effect.AtMost = []money.Amount{euro(500)} })}, pricing.QuantityRule{}, nil},
		"over its budget":          {[]pricing.Promotion{tea("a", "green", func(p *pricing.Promotion) { p.Limits.Budget = []money.Amount{euro(500)} })}, pricing.QuantityRule{}, nil},
		"too few to be bought":     {[]pricing.Promotion{tea("a", "green", nil), tea("b", "black", nil)}, pricing.QuantityRule{Items: pricing.Selector{SKUs: []catalog.SKU{"green"}}, Min: 3}, []string{"b"}},
		"more than a guest may buy": {[]pricing.Promotion{tea("a", "green", nil), tea("b", "black", nil)},
			pricing.QuantityRule{Items: pricing.Selector{SKUs: []catalog.SKU{"black"}}, PerCustomer: 5}, []string{"a"}},
	} {
		for _, id := range []string{"a", "b", "off"} {
			p := tea(id, "green", func(p *pricing.Promotion) { p.Paused = true })
			if i := slices.IndexFunc(c.promotions, func(p pricing.Promotion) bool { return p.ID == id }); i >= 0 {
				p = c.promotions[i]
			}
			if _, err := s.pricing.PutPromotion(t.Context(), pricing.PutPromotion{Promotion: p}); err != nil {
				t.Fatal(err)
			}
		}
		c.rule.ID = "rule"
		if _, err := s.pricing.PutQuantityRule(t.Context(), pricing.PutQuantityRule{Rule: c.rule}); err != nil {
			t.Fatal(err)
		}
		var offers []string
		for _, g := range s.add(cart.AddLines{Lines: one("mug", 1)}).Gifts {
			offers = append(offers, g.Promotion)
		}
		if !slices.Equal(offers, c.offers) {
			t.Errorf("%s: it offers %q, want %q", name, offers, c.offers)
		}
	}
}

// TestTheLastOneOfAShelfIsOffered though the cart has set the one beside it aside.
func TestTheLastOneOfAShelfIsOffered(t *testing.T) {
	s := newShop(t, 1)
	s.put(catalog.PutProduct{Title: "A ring", Variants: []catalog.PutVariant{{SKU: "ring", Reserve: catalog.ReserveOnCart, Prices: []money.Amount{euro(6000)}}}})
	if _, err := s.stock.Adjust(t.Context(), inventory.Adjust{SKU: "ring", Delta: -9998, Reason: "melted"}); err != nil {
		t.Fatal(err)
	}
	s.sells(map[catalog.SKU]int64{"mug": 6000})
	s.gives(func(p *pricing.Promotion) {
		p.Effect.Items.SKUs, p.Effect.Get = []catalog.SKU{"ring"}, 2
		p.If.Items.SKUs = []catalog.SKU{"mug"}
	})
	c := s.add(cart.AddLines{Lines: append(one("mug", 1), one("ring", 1)...)})
	if len(c.Gifts) != 1 || c.Gifts[0].Units != 1 || !c.Held {
		t.Errorf("one of two is set aside (%v), and it offers %+v", c.Held, c.Gifts)
	}
}
