package cart_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/pricing"
	"pgregory.net/rapid"
)

// TestWhatIsOfferedCostsNothing: whatever promotions and quantity rules there are,
// a cart that has taken what it was offered costs no more than before, is within
// the budgets and can be bought if it could be.
func TestWhatIsOfferedCostsNothing(t *testing.T) {
	s := newShop(t, 1)
	s.sells(map[catalog.SKU]int64{"mug": 5000, "green": 900, "black": 2000, "cup": 333})
	goods := []catalog.SKU{"mug", "green", "black", "cup"}
	offered := 0
	rapid.Check(t, func(t *rapid.T) {
		add := func(c cart.AddLines) cart.Cart {
			got, err := s.carts.AddLines(t.Context(), c)
			if err != nil {
				t.Fatal(err)
			}
			return got
		}
		for i := range 4 {
			p := drawGiving(t, fmt.Sprintf("p%d", i), goods)
			if _, err := s.pricing.PutPromotion(t.Context(), pricing.PutPromotion{Promotion: p}); err != nil {
				t.Fatal(err)
			}
		}
		rule := pricing.QuantityRule{ID: "few", Items: pricing.Selector{SKUs: goods[1:2]}, Min: rapid.Int64Range(0, 2).Draw(t, "min"), Max: 3}
		rules, err := s.pricing.PutQuantityRule(t.Context(), pricing.PutQuantityRule{Rule: rule})
		if err != nil {
			t.Fatal(err)
		}
		var lines []cart.AddedLine
		for range rapid.IntRange(1, 3).Draw(t, "lines") {
			lines = append(lines, one(rapid.SampledFrom(goods).Draw(t, "sku"), rapid.Int64Range(1, 2).Draw(t, "quantity"))...)
		}
		before := add(cart.AddLines{Lines: lines})
		if len(before.Gifts) == 0 {
			return
		}
		offered++
		each := before.GiftLines() // one gift alone, or all together
		if n := rapid.IntRange(0, len(each)).Draw(t, "takes"); n < len(each) {
			each = each[n : n+1]
		}
		after := add(cart.AddLines{Cart: before.ID, Lines: each})
		if after.Total.Minor() > before.Total.Minor() {
			t.Fatalf("%v becomes %v with %+v", before.Total, after.Total, each)
		}
		if len(before.Unsellable()) == 0 && len(after.Unsellable()) > 0 {
			t.Fatalf("with %+v it cannot be bought: %+v", each, after.Problems)
		}
		for _, a := range after.Promotions {
			p, _ := rules.Promotion(a.Promotion)
			if p.Effect.Kind == pricing.Gift && slices.ContainsFunc(p.Limits.Budget, func(b money.Amount) bool { return b.Minor() < a.Amount }) {
				t.Fatalf("it is offered %d by %q, whose budget is %v", a.Amount, a.Promotion, p.Limits.Budget)
			}
		}
	})
	if offered == 0 {
		t.Error("nothing was ever offered")
	}
}

func drawGiving(t *rapid.T, id string, goods []catalog.SKU) pricing.Promotion {
	oneIn := func(n int, label string) bool { return rapid.IntRange(1, n).Draw(t, label) == n }
	some := func(label string, least int) pricing.Selector {
		return pricing.Selector{SKUs: rapid.SliceOfNDistinct(rapid.SampledFrom(goods), least, 2, rapid.ID).Draw(t, label)}
	}
	p := pricing.Promotion{
		ID: id, Name: id, Paused: oneIn(4, "paused"), Priority: rapid.IntRange(0, 2).Draw(t, "priority"),
		Stop: oneIn(4, "stop"), Alone: oneIn(4, "alone"),
		If:     pricing.Conditions{Items: some("counted", 0), MinSubtotal: []money.Amount{euro(rapid.SampledFrom([]int64{0, 2000, 5000}).Draw(t, "least"))}},
		Effect: pricing.Effect{Kind: pricing.Gift, Items: some("given", 1), Get: rapid.Int64Range(1, 2).Draw(t, "get")},
	}
	if oneIn(3, "grouped") {
		p.Group = "g"
	}
	if oneIn(4, "has a budget") {
		p.Limits.Budget = []money.Amount{euro(1000)}
	}
	switch rapid.IntRange(0, 6).Draw(t, "kind") {
	case 0:
		p.Effect = pricing.Effect{Kind: pricing.PercentOff, Rate: money.Percent(10)}
	case 1:
		p.Effect = pricing.Effect{Kind: pricing.AmountOff, Amounts: []money.Amount{euro(1000)}}
	case 2:
		p.Effect = pricing.Effect{Kind: pricing.BuyGet, Buy: 1, Get: 1, Rate: money.Percent(50)}
	}
	if oneIn(4, "bounded") {
		p.Effect.AtMost = []money.Amount{euro(500)}
	}
	return p
}
