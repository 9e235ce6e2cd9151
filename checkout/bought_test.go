package checkout_test

import (
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/orders"
	"github.com/keelshop/commerce/pricing"
)

// A customer buys only so many units over all their orders, also when they buy
// many carts at once; a canceled order counts no more, and a guest buys none.
func TestACustomerBuysOnlySoMany(t *testing.T) {
	t.Parallel()
	s := newShop(t, 2)
	s.sells("mug", 50)
	s.sells("tea", 50)
	_, err := s.pricing.PutQuantityRule(s.ctx(), pricing.PutQuantityRule{Rule: pricing.QuantityRule{ID: "few", Items: pricing.Selector{SKUs: []catalog.SKU{"mug"}}, PerCustomer: 3}})
	s.must(err)
	problem := func(c cart.ID) cart.Problem {
		t.Helper()
		got := s.cart(c).Unsellable()
		if len(got) > 1 {
			t.Errorf("the problems are %+v", got)
		}
		return append(got, cart.Problem{})[0]
	}
	if p := problem(s.basket("mug", 1)); p.Code != cart.LoginNeeded || p.SKU != "mug" || p.Line == 0 {
		t.Errorf("a guest's problem is %+v", p)
	}
	who := s.customer("ada@example.com")
	open := make([]cart.ID, 5)
	for i := range open {
		open[i] = s.basketOf(who, "mug")
		s.adds(open[i], "tea", 5)
	}
	var bought atomic.Int64
	var all sync.WaitGroup
	placed := make([]orders.ID, len(open))
	for i, c := range open {
		all.Go(func() {
			r, err := s.pay(c, approves)
			e, refused := errors.AsType[*pricing.BoughtError](err)
			switch {
			case err == nil:
				bought.Add(1)
				placed[i] = r.ID
			case refused && e.Left == 0 && e.Want == 1, len(s.refusedFor(err)) == 1:
			default:
				t.Error(err)
			}
		})
	}
	all.Wait()
	if bought.Load() != 3 {
		t.Fatalf("they have bought %d, want 3", bought.Load())
	}
	one := open[slices.Index(placed, "")]
	if p := problem(one); p.Code != cart.BoughtEnough || p.Bound != 0 {
		t.Errorf("the problem of the next cart is %+v", p)
	}
	o := placed[slices.IndexFunc(placed, func(o orders.ID) bool { return o != "" })]
	_, err = s.orders.Cancel(s.ctx(), orders.Cancel{Order: o, Reason: "changed her mind"})
	s.must(err)
	if p := problem(one); p.Code != "" {
		t.Errorf("after a cancellation: %+v", p)
	}
	_, err = s.carts.SetQuantity(s.ctx(), cart.SetQuantity{Cart: one, SKU: "mug", Quantity: 2})
	s.must(err)
	if p := problem(one); p.Code != cart.BoughtEnough || p.Bound != 1 {
		t.Errorf("two where one is left: %+v", p)
	}
	_, err = s.carts.SetQuantity(s.ctx(), cart.SetQuantity{Cart: one, SKU: "mug", Quantity: 1})
	s.must(err)
	_, err = s.pay(one, approves)
	s.must(err)
}
