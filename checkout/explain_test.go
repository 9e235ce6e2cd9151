package checkout_test

import (
	"strings"
	"testing"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/pricing"
)

// An order says how its amounts came about when the promotions and the price
// list that they came from are gone.
func TestAnOrderExplainsItself(t *testing.T) {
	t.Parallel()
	s := newShop(t, 1)
	s.sells("mug", 10)
	s.sells("tea", 10)
	list, err := s.catalog.PutPriceList(s.ctx(), catalog.PutPriceList{Code: "may", Title: "May", Sale: true, DiscountBasisPoints: 1000})
	s.must(err)
	season := func(p *pricing.Promotion) { p.Group = "season" }
	s.promotes("ten", season)
	s.promotes("five", func(p *pricing.Promotion) { season(p); p.Effect.AtMost = []money.Amount{euro(5)} })
	c := s.basket("mug", 2)
	s.adds(c, "tea", 1)
	r, err := s.pay(c, approves)
	s.must(err)
	for _, id := range []string{"ten", "five"} {
		_, err := s.pricing.Remove(s.ctx(), pricing.Remove{Rule: pricing.KindPromotion, ID: id})
		s.must(err)
	}
	_, err = s.catalog.PutPriceList(s.ctx(), catalog.PutPriceList{ID: list.ID, Code: "may", Title: "May", Status: catalog.Draft, Version: list.Version})
	s.must(err)
	o := s.order(r.ID)
	got := o.Explain()
	for _, want := range []string{
		"line 1: 2 × mug at 11.25 (price list " + string(list.ID) + ") = 22.50\n  less 2.25 by 10 % off [ten]: the part of 3.38 that 22.50 is of 33.75 = 2.253333…, rounded\n",
		"10 % off [ten] takes off 3.38: 10% of 33.75 = 3.375, rounded\n",
		"10 % off [five] does not take off 0.05: [ten] of its group takes off more, or comes first\n",
		"subtotal 33.75\ndiscount −3.38\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("it lacks %q:\n%s", want, got)
		}
	}
	shown := o.ExplainForShoppers()
	for _, secret := range []string{"price list", "[five]"} {
		if strings.Contains(shown, secret) {
			t.Errorf("shoppers read of %q:\n%s", secret, shown)
		}
	}
	if !strings.Contains(shown, "line 1: 2 × mug at 11.25 = 22.50\n  less 2.25 by 10 % off [ten]") || o.Explain() != got {
		t.Errorf("shoppers read\n%s\nand staff after them\n%s", shown, o.Explain())
	}
}
