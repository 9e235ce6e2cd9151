package checkout_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/checkout"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/sqlite"
	"github.com/keelshop/commerce/inventory"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/orders"
)

// sellsBy puts a product whose stock is set aside in a certain way.
func (s *shop) sellsBy(r catalog.Reserve, sku catalog.SKU, units int64) {
	s.Helper()
	_, err := s.catalog.PutProduct(s.ctx(), catalog.PutProduct{Title: "The " + string(sku), Variants: []catalog.PutVariant{
		{SKU: sku, Prices: []money.Amount{euro(price)}, Reserve: r},
	}})
	s.must(err)
	if units > 0 {
		s.receive(sku, units, "")
	}
}

// release calls the handlers of all timers that let go of what carts hold.
func (s *shop) release() {
	s.Helper()
	for _, c := range s.engine.Timers(cart.TimerRelease) {
		s.must(s.carts.ReleaseTimer(s.ctx(), c))
	}
}

func TestACartSetsGoodsAside(t *testing.T) {
	s := newShop(t, 4)
	s.sellsBy(catalog.ReserveOnCart, "ticket", 3)
	first := s.basket("ticket", 2)
	if !s.cart(first).Held {
		t.Error("the cart says that nothing is set aside")
	}
	s.stockIs("ticket", 1, 2, 0)
	_, err := s.carts.AddLine(s.ctx(), cart.AddLine{SKU: "ticket", Quantity: 2})
	if gone := as[*inventory.OutOfStockError](s, err); gone.Have != 1 {
		t.Errorf("got %+v", gone)
	}
	// More and less of it.
	_, err = s.carts.SetQuantity(s.ctx(), cart.SetQuantity{Cart: first, SKU: "ticket", Quantity: 3})
	s.must(err)
	s.stockIs("ticket", 0, 3, 0)
	_, err = s.carts.SetQuantity(s.ctx(), cart.SetQuantity{Cart: first, SKU: "ticket", Quantity: 4})
	if !isOutOfStock(err) {
		t.Errorf("a fourth of three: %v", err)
	}
	_, err = s.carts.SetQuantity(s.ctx(), cart.SetQuantity{Cart: first, SKU: "ticket", Quantity: 1})
	s.must(err)
	s.stockIs("ticket", 2, 1, 0)
	// The checkout takes them over, whoever else wants them.
	s.basket("ticket", 2)
	r, err := s.pay(first, challenges)
	s.must(err)
	s.stockIs("ticket", 0, 3, 0)
	_, err = s.checkout.Abandon(s.ctx(), r.ID)
	s.must(err)
	s.stockIs("ticket", 1, 2, 0)
	r, err = s.pay(first, approves)
	s.must(err)
	s.stockIs("ticket", 0, 2, 1)
	_, err = s.orders.Ship(s.ctx(), orders.Ship{Order: r.ID})
	s.must(err)
	s.received["ticket"] = 2
}

// TestWhatACartHoldsEnds: after its time by the shard's clock, which each
// change of the cart begins anew, and with the cart's line.
func TestWhatACartHoldsEnds(t *testing.T) {
	s := newShop(t, 1)
	s.sellsBy(catalog.ReserveOnCart, "ticket", 3)
	s.sells("mug", 5)
	c := s.basket("ticket", 3)
	s.engine.Advance(9 * time.Minute)
	s.adds(c, "mug", 1)
	s.engine.Advance(9 * time.Minute)
	s.release()
	s.stockIs("ticket", 0, 3, 0)
	s.engine.Advance(time.Minute)
	s.release()
	s.stockIs("ticket", 3, 0, 0)
	if got := s.cart(c); got.Held || len(got.Problems) > 0 {
		t.Errorf("the cart is %+v", got)
	}
	// It can be bought as long as nobody else has it, and its next change sets
	// aside what the shard has.
	other := s.basket("ticket", 2)
	s.engine.Advance(2 * time.Second)
	if got := s.cart(c); len(got.Problems) != 1 || got.Problems[0].Code != cart.OutOfStock || got.Problems[0].Bound != 1 {
		t.Errorf("the cart says %+v", got.Problems)
	}
	s.adds(c, "mug", 1)
	s.stockIs("ticket", 1, 2, 0)
	_, err := s.carts.RemoveLine(s.ctx(), other, "ticket")
	s.must(err)
	s.stockIs("ticket", 3, 0, 0)
	s.adds(c, "mug", 1)
	s.stockIs("ticket", 0, 3, 0)
}

// TestADeclinedCardLeavesACartItsGoods: what a cart sets aside goes back to it, for
// its time and no longer, and what it does not goes back to all.
func TestADeclinedCardLeavesACartItsGoods(t *testing.T) {
	s := newShop(t, 3)
	s.sellsBy(catalog.ReserveOnCart, "ticket", 2)
	s.sells("mug", 5)
	c := s.basket("ticket", 2)
	s.adds(c, "mug", 3)
	for range 2 {
		s.engine.Advance(9 * time.Minute)
		_, err := s.pay(c, declines)
		as[*checkout.DeclinedError](s, err)
		s.stockIs("ticket", 0, 2, 0)
		s.stockIs("mug", 5, 0, 0)
		s.release()
		_, err = s.carts.AddLine(s.ctx(), cart.AddLine{SKU: "ticket", Quantity: 1})
		if !isOutOfStock(err) || !s.cart(c).Held {
			t.Errorf("somebody else asks: %v", err)
		}
	}
	s.engine.Advance(10 * time.Minute)
	s.release()
	s.stockIs("ticket", 2, 0, 0)
	_, err := s.pay(c, declines)
	as[*checkout.DeclinedError](s, err)
	s.stockIs("ticket", 0, 2, 0) // it was there to be had
	r, err := s.pay(c, approves)
	s.must(err)
	s.stockIs("ticket", 0, 0, 2)
	if s.order(r.ID).Status != orders.Placed {
		t.Errorf("the order is %s", s.order(r.ID).Status)
	}
	// Who gives up keeps nothing.
	s.receive("ticket", 1, "")
	c = s.basket("ticket", 1)
	waits, err := s.pay(c, challenges)
	s.must(err)
	_, err = s.checkout.Abandon(s.ctx(), waits.ID)
	s.must(err)
	s.stockIs("ticket", 1, 0, 2)
}

// TestAVariantSaysHowLongItIsSetAside: a variant has a time of its own, others
// have ten minutes.
func TestAVariantSaysHowLongItIsSetAside(t *testing.T) {
	s := newShop(t, 1)
	_, err := s.catalog.PutProduct(s.ctx(), catalog.PutProduct{Title: "A seat", Variants: []catalog.PutVariant{
		{SKU: "seat", Prices: []money.Amount{euro(price)}, Reserve: catalog.ReserveOnCart, HoldMinutes: 25},
	}})
	s.must(err)
	s.receive("seat", 3, "")
	s.sellsBy(catalog.ReserveOnCart, "ticket", 3)
	s.basket("seat", 2)
	s.basket("ticket", 2)
	s.engine.Advance(10 * time.Minute)
	s.release()
	s.stockIs("ticket", 3, 0, 0)
	s.stockIs("seat", 1, 2, 0)
	s.engine.Advance(14 * time.Minute)
	s.release()
	s.stockIs("seat", 1, 2, 0)
	s.engine.Advance(time.Minute)
	s.release()
	s.stockIs("seat", 3, 0, 0)
}

func TestAGuestsGoodsMoveHome(t *testing.T) {
	s := newShop(t, 4)
	s.sellsBy(catalog.ReserveOnCart, "ticket", 3)
	c := s.basket("ticket", 2)
	who, err := s.people.Register(s.ctx(), accounts.Register{Email: "ada@example.com"})
	s.must(err)
	got, err := s.carts.Merge(s.ctx(), c, who.ID)
	s.must(err)
	// They are set aside at once if the customer's shard happens to have some,
	// and with the next change wherever they are.
	if l := s.level("ticket"); l.Available+l.Held != 3 || l.Held != 0 && l.Held != 2 {
		t.Errorf("the stock is %+v", l)
	}
	s.adds(got.ID, "ticket", 1)
	s.stockIs("ticket", 0, 3, 0)
}

func TestBackorders(t *testing.T) {
	s := newShop(t, 4)
	s.sells("mug", 3)
	when := time.Date(2027, 2, 1, 0, 0, 0, 0, time.UTC)
	_, err := s.inventory.SetPolicy(s.ctx(), inventory.SetPolicy{SKU: "mug", Policy: inventory.Policy{Backorder: 4, ExpectedAt: when.UnixMilli()}})
	s.must(err)
	if a, err := s.inventory.AvailableOne(s.ctx(), "mug"); err != nil || a.Available != 3 || a.Backorder != 4 || !a.ExpectedAt.Equal(when) {
		t.Errorf("got %+v, %v", a, err)
	}
	c := s.basketOn(2, "mug", 5)
	if l := s.cart(c).Lines[0]; l.Backordered != 2 || !l.ExpectedAt.Equal(when) || len(s.cart(c).Problems) > 0 {
		t.Errorf("the line is %+v, problems %+v", l, s.cart(c).Problems)
	}
	first, err := s.pay(c, approves)
	s.must(err)
	_, err = s.buy("mug", 3, approves)
	if gone := as[*inventory.OutOfStockError](s, err); gone.Have != 2 {
		t.Errorf("got %+v", gone)
	}
	_, err = s.buy("mug", 2, approves)
	s.must(err)
	if l := s.level("mug"); l.OnHand != 3 || l.Available != 0 || l.Committed != 7 || l.Shortage != 4 {
		t.Errorf("the stock is %+v", l)
	}
	s.must(s.inventory.Settle(s.ctx())) // what is owed needs no recall
	// What arrives goes to those who wait, and may then be owed again.
	s.receive("mug", 3, "")
	if a, err := s.inventory.AvailableOne(s.ctx(), "mug"); err != nil || a.Available != 0 || a.Backorder != 3 {
		t.Errorf("got %+v, %v", a, err)
	}
	_, err = s.orders.Cancel(s.ctx(), orders.Cancel{Order: first.ID, Reason: "too late"})
	s.must(err)
	if a, err := s.inventory.AvailableOne(s.ctx(), "mug"); err != nil || a.Available != 4 || a.Backorder != 4 {
		t.Errorf("got %+v, %v", a, err)
	}
}

func TestWhatIsOnlyTracked(t *testing.T) {
	s := newShop(t, 4)
	s.sellsBy(catalog.TrackOnly, "print", 0)
	s.sellsBy(catalog.TrackOnly, "card", 2)
	r, err := s.buy("print", 5, approves)
	s.must(err)
	second, err := s.buy("card", 3, approves)
	s.must(err)
	if l := s.level("card"); l.OnHand != 2 || l.Committed != 3 || l.Shortage != 1 {
		t.Errorf("the stock is %+v", l)
	}
	_, err = s.orders.Ship(s.ctx(), orders.Ship{Order: r.ID})
	s.must(err)
	_, err = s.orders.Ship(s.ctx(), orders.Ship{Order: second.ID})
	s.must(err)
	s.must(s.inventory.Settle(s.ctx()))
	if l := s.level("card"); l.OnHand != 0 || l.Shortage != 0 {
		t.Errorf("the stock is %+v", l)
	}
	third, err := s.buy("print", 1, approves)
	s.must(err)
	_, err = s.orders.Cancel(s.ctx(), orders.Cancel{Order: third.ID, Reason: "no"})
	s.must(err)
	s.received["card"] = 0
	if a, err := s.inventory.AvailableOne(s.ctx(), "print"); err != nil || !a.Unlimited {
		t.Errorf("got %+v, %v", a, err)
	}
}

func TestSafetyStock(t *testing.T) {
	s := newShop(t, 4)
	s.sells("mug", 10)
	_, err := s.buy("mug", 1, approves) // so that a shard has an allowance
	s.must(err)
	_, err = s.inventory.SetPolicy(s.ctx(), inventory.SetPolicy{SKU: "mug", Policy: inventory.Policy{SafetyStock: 4, ReorderPoint: 6}})
	s.must(err)
	if n := s.available("mug"); n != 5 {
		t.Errorf("%d are left", n)
	}
	_, err = s.buy("mug", 6, approves)
	if gone := as[*inventory.OutOfStockError](s, err); gone.Have != 5 {
		t.Errorf("got %+v", gone)
	}
	r, err := s.buy("mug", 5, approves)
	s.must(err)
	_, err = s.orders.Ship(s.ctx(), orders.Ship{Order: r.ID})
	s.must(err)
	s.must(s.inventory.Settle(s.ctx()))
	s.received["mug"] = 5
	found := 0
	s.must(s.engine.View(s.ctx(), s.engine.SlotOn(s.authority("mug")), func(tx *sqlite.Tx) error {
		n, _, err := tx.Int64(`SELECT count(*) FROM outbox WHERE kind = 'inventory.low_stock' AND CAST(data AS TEXT) LIKE '%"on_hand":5,"bound":6%'`)
		found = int(n)
		return err
	}))
	if found != 1 {
		t.Errorf("%d events tell that stock is low", found)
	}
}

// TestManyForTheLastOne: a thousand buyers on eight shards want the last unit.
// Of one that is set aside in carts there are 250, a thousand with
// COMMERCE_LONG=1.
func TestManyForTheLastOne(t *testing.T) {
	t.Parallel()
	for by, buyers := range map[catalog.Reserve]int64{catalog.ReserveOnOrder: 1000, catalog.ReserveOnCart: crowdOf(250, 1000)} {
		t.Run(fmt.Sprintf("%q", by), func(t *testing.T) {
			s := newShop(t, 8)
			s.sellsBy(by, "last", 1)
			var sold, refused atomic.Int64
			gate := make(chan struct{}, 64) // as many at once as a machine can take
			var wg sync.WaitGroup
			for range buyers {
				gate <- struct{}{}
				wg.Go(func() {
					defer func() { <-gate }()
					err := s.tryToBuy("last")
					switch {
					case err == nil:
						sold.Add(1)
					case isOutOfStock(err):
						refused.Add(1)
					default:
						t.Error(err)
					}
				})
			}
			wg.Wait()
			if sold.Load() != 1 || refused.Load() != buyers-1 {
				t.Errorf("%d were sold and %d refused", sold.Load(), refused.Load())
			}
			s.stockIs("last", 0, 0, 1)
			for _, v := range s.audit() {
				t.Error(v)
			}
		})
	}
}

// tryToBuy buys one, asking again as long as nobody knows.
func (s *shop) tryToBuy(sku catalog.SKU) error {
	for {
		c, err := s.carts.AddLine(s.ctx(), cart.AddLine{SKU: sku, Quantity: 1})
		if err == nil {
			_, err = s.pay(c.ID, approves)
		}
		if fault.CodeOf(err) != fault.Unavailable {
			return err
		}
	}
}
