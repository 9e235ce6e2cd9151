package checkout_test

import (
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/checkout"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/seal"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/orders"
	"github.com/keelshop/commerce/pricing"
)

// promotes puts a promotion of 10 % off.
func (s *shop) promotes(id string, change func(*pricing.Promotion)) {
	s.Helper()
	p := pricing.Promotion{ID: id, Name: "10 % off", Effect: pricing.Effect{Kind: pricing.PercentOff, Rate: money.Percent(10)}}
	if change != nil {
		change(&p)
	}
	_, err := s.pricing.PutPromotion(s.ctx(), pricing.PutPromotion{Promotion: p})
	s.must(err)
}

func (s *shop) coupon(code, promotion string, l pricing.Limits) {
	s.Helper()
	_, err := s.pricing.PutCoupon(s.ctx(), pricing.PutCoupon{Code: code, Promotion: promotion, Limits: l})
	s.must(err)
}

func needsCode(p *pricing.Promotion) { p.NeedsCode = true }

// enters puts a code on a cart.
func (s *shop) enters(c cart.ID, code string) cart.Cart {
	s.Helper()
	got, err := s.carts.ApplyCode(s.ctx(), cart.ApplyCode{Cart: c, Code: code})
	s.must(err)
	return got
}

func TestACodeReducesAnOrderAndIsGivenBack(t *testing.T) {
	s := newShop(t, 2)
	s.sells("mug", 10)
	s.promotes("ten", needsCode)
	s.coupon("once", "ten", pricing.Limits{Uses: 1})
	c := s.basket("mug", 2)
	if got := s.enters(c, " Once "); got.Discount != euro(250) || got.Total != euro(2250) || got.Lines[0].Discount != euro(250) ||
		len(got.Codes) != 1 || got.Codes[0].Code != "ONCE" || got.Codes[0].Reason != "" {
		t.Fatalf("with a code: %+v", got)
	}
	r, err := s.pay(c, approves)
	s.must(err)
	if r.Discount != euro(250) || r.Total != euro(2250) || r.Lines[0].Net != euro(2250) || len(r.Promotions) != 1 || r.Promotions[0].Code != "ONCE" {
		t.Errorf("the order: %+v", r.Order)
	}
	// Nobody else has it, until the order is canceled.
	other := s.basket("mug", 1)
	s.enters(other, "ONCE")
	_, err = s.pay(other, approves)
	used, ok := errors.AsType[*pricing.LimitError](err)
	if !ok || used.Code != "ONCE" || used.Customer != "" {
		t.Fatalf("used twice: %v", err)
	}
	s.wants(err, fault.Refused)
	if got := s.cart(other); got.Discount != euro(0) || got.Codes[0].Reason != pricing.CodeLimit {
		t.Errorf("a cart whose code is used up: %+v", got.Codes)
	}
	_, err = s.pricing.Remove(s.ctx(), pricing.Remove{Rule: pricing.KindPromotion, ID: "ten"})
	s.must(err)
	if got := s.order(r.ID); len(got.Promotions) != 1 || got.Promotions[0].Name != "10 % off" {
		t.Errorf("the order after the promotion is gone: %+v", got.Promotions)
	}
	s.promotes("ten", needsCode)
	_, err = s.orders.Cancel(s.ctx(), orders.Cancel{Order: r.ID, Reason: "changed her mind"})
	s.must(err)
	s.engine.Advance(60_000_000_000)
	r, err = s.pay(other, approves)
	if err != nil || r.Discount != euro(125) {
		t.Errorf("the use came back: %+v, %v", r.Order, err)
	}
}

func TestADeclinedPaymentGivesItsUseBack(t *testing.T) {
	s := newShop(t, 1)
	_, err := s.catalog.PutProduct(s.ctx(), catalog.PutProduct{Title: "Advice", Variants: []catalog.PutVariant{
		{SKU: "advice", Prices: []money.Amount{euro(price)}, Untracked: true}, // the order holds nothing but the use
	}})
	s.must(err)
	s.promotes("ten", needsCode)
	s.coupon("ONCE", "ten", pricing.Limits{Uses: 1})
	c := s.basket("advice", 1)
	s.enters(c, "ONCE")
	_, err = s.pay(c, declines)
	s.wants(err, fault.Refused)
	r, err := s.pay(c, approves)
	if err != nil || r.Discount != euro(125) {
		t.Errorf("after a declined payment: %+v, %v", r.Order, err)
	}
}

// Four hundred shoppers on eight shards have a code in their carts that can be
// used once, and a hundred one that can be used three times; all of them pay
// at once. COMMERCE_LONG=1 has a thousand and two hundred.
func TestUsesAreNeverExceeded(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ shoppers, uses int64 }{{crowdOf(400, 1000), 1}, {crowdOf(100, 200), 3}} {
		s := newShop(t, 8)
		s.sells("mug", c.shoppers)
		s.promotes("few", needsCode)
		s.coupon("FEW", "few", pricing.Limits{Uses: c.uses})
		carts := make([]cart.ID, c.shoppers)
		for i := range carts {
			carts[i] = s.basket("mug", 1)
			if s.enters(carts[i], "FEW").Discount.IsZero() {
				t.Fatal("the code is worth nothing before anybody has used it")
			}
		}
		var all sync.WaitGroup
		var used, refused atomic.Int64
		for _, cart := range carts {
			all.Go(func() {
				reduced, err := s.tryWithCode(cart)
				switch {
				case err != nil:
					t.Error(err)
				case reduced:
					used.Add(1)
				default:
					refused.Add(1)
				}
			})
		}
		all.Wait()
		if used.Load() != c.uses || refused.Load() != c.shoppers-c.uses {
			t.Errorf("the code was used %d times and not %d times, want %+v", used.Load(), refused.Load(), c)
		}
	}
}

// crowdOf returns how many pay at once: few, or many with COMMERCE_LONG=1.
func crowdOf(few, many int64) int64 {
	if long() {
		return many
	}
	return few
}

// tryWithCode buys a cart that has a code, asking again as long as nobody
// knows, and reports whether it was reduced. It is not bought for more.
func (s *shop) tryWithCode(c cart.ID) (reduced bool, err error) {
	for {
		r, err := s.pay(c, approves)
		if _, used := errors.AsType[*pricing.LimitError](err); used {
			return false, nil
		}
		if fault.CodeOf(err) != fault.Unavailable {
			return !r.Discount.IsZero(), err
		}
	}
}

func TestABudgetIsNeverExceeded(t *testing.T) {
	s := newShop(t, 4)
	s.sells("mug", 100)
	s.promotes("budget", func(p *pricing.Promotion) { p.Limits.Budget = []money.Amount{euro(400)} }) // three times 1.25
	spent := int64(0)
	for range 8 {
		c := s.basket("mug", 1)
		r, err := s.pay(c, approves)
		if _, used := errors.AsType[*pricing.LimitError](err); used {
			r, err = s.pay(c, approves) // at the price that the cart shows now
		}
		s.must(err)
		spent += r.Discount.Minor()
	}
	if spent != 375 {
		t.Errorf("%d of 400 were spent, want 375", spent)
	}
}

func TestEachCustomerHasTheirUses(t *testing.T) {
	s := newShop(t, 4)
	s.sells("mug", 100)
	s.promotes("two", func(p *pricing.Promotion) { p.NeedsCode, p.Limits.PerCustomer = true, 2 })
	s.coupon("TWO", "two", pricing.Limits{})
	guest := s.basket("mug", 1)
	if got := s.enters(guest, "TWO"); got.Discount != euro(0) || got.Codes[0].Reason != pricing.CodeNotLoggedIn {
		t.Errorf("a guest: %+v", got.Codes)
	}
	for _, email := range []seal.Personal{"a@example.com", "b@example.com"} {
		who, err := s.people.Register(s.ctx(), accounts.Register{Email: email})
		s.must(err)
		var results []string
		for range 3 {
			c := s.basketOf(who.ID, "mug")
			entered := s.enters(c, "TWO")
			r, err := s.pay(c, approves)
			s.must(err)
			results = append(results, r.Discount.Decimal()+string(entered.Codes[0].Reason))
		}
		if !slices.Equal(results, []string{"1.25", "1.25", "0.00" + string(pricing.CodeLimit)}) {
			t.Errorf("%v: got %v", email, results)
		}
	}
}

// crowd is many buyers who pay at once, each with several carts.
type crowd struct {
	*shop
	who     []accounts.CustomerID
	baskets [][]cart.ID // of each
	mu      sync.Mutex
	bought  [][]orders.Order // by each
}

// gathers has buyers fill their carts with one of the mugs each, and enter a code
// if there is one.
func (s *shop) gathers(buyers, carts int, code string) *crowd {
	s.Helper()
	c := &crowd{shop: s, baskets: make([][]cart.ID, buyers), bought: make([][]orders.Order, buyers)}
	for i := range buyers {
		who, err := s.people.Register(s.ctx(), accounts.Register{Name: "Ann"})
		s.must(err)
		c.who = append(c.who, who.ID)
		for range carts {
			basket := s.basketOf(who.ID, "mug")
			if code != "" {
				s.enters(basket, code)
			}
			c.baskets[i] = append(c.baskets[i], basket)
		}
	}
	return c
}

// pays has all of them pay all of their carts at once, again as long as nobody
// knows, and at the price that the cart shows then once a limit is reached.
func (c *crowd) pays() {
	c.Helper()
	var all sync.WaitGroup
	for i := range c.who {
		for _, basket := range c.baskets[i] {
			all.Go(func() {
				for range 1000 {
					r, err := c.pay(basket, approves)
					if _, used := errors.AsType[*pricing.LimitError](err); used || fault.CodeOf(err) == fault.Unavailable {
						continue
					}
					if err != nil || r.Status != orders.Placed {
						c.Errorf("buyer %d: the order is %s, %v", i, r.Status, err)
					}
					c.mu.Lock()
					c.bought[i] = append(c.bought[i], r.Order)
					c.mu.Unlock()
					return
				}
				c.Errorf("buyer %d is told of limits for ever", i)
			})
		}
	}
	all.Wait()
}

// spent returns what all orders that stand were reduced by, and how many of each
// buyer's were.
func (c *crowd) spent() (sum int64, of []int64) {
	c.Helper()
	of = make([]int64, len(c.who))
	for i, all := range c.bought {
		for _, made := range all {
			if o := c.order(made.ID); o.Status == orders.Placed && o.Discount.IsPositive() {
				sum += o.Discount.Minor()
				of[i]++
			}
		}
	}
	return sum, of
}

// cancels withdraws up to n reduced orders, each buyer's first of all, and
// returns what they were reduced by.
func (c *crowd) cancels(n int) (sum int64) {
	c.Helper()
	for _, all := range c.bought {
		for _, made := range all {
			if n > 0 && made.Discount.IsPositive() {
				n--
				sum += made.Discount.Minor()
				_, err := c.orders.Cancel(c.ctx(), orders.Cancel{Order: made.ID, Reason: "test"})
				c.must(err)
				break
			}
		}
	}
	return sum
}

// again gives each buyer carts more, and has all of them pay.
func (c *crowd) again(carts int, code string) {
	c.Helper()
	for i, who := range c.who {
		c.baskets[i] = nil
		for range carts {
			basket := c.basketOf(who, "mug")
			if code != "" {
				c.enters(basket, code)
			}
			c.baskets[i] = append(c.baskets[i], basket)
		}
	}
	c.pays()
}

func (c *crowd) passes() {
	c.Helper()
	c.settle()
	for _, found := range c.audit() {
		c.Error(found)
	}
}

// TestABudgetIsNeverExceededByACrowd: 120 buyers of three carts each pay at once
// with 20 discounts' worth of budget and a little more. All that can be spent
// is, nothing more, and what canceled orders give back is spent again.
func TestABudgetIsNeverExceededByACrowd(t *testing.T) {
	t.Parallel()
	s := newShop(t, 4)
	s.sells("mug", 1000)
	s.promotes("budget", func(p *pricing.Promotion) { p.Limits.Budget = []money.Amount{euro(20*125 + 60)} })
	c := s.gathers(120, 3, "")
	c.pays()
	if sum, _ := c.spent(); sum != 20*125 {
		t.Errorf("%d were spent of %d, want %d", sum, 20*125+60, 20*125)
	}
	if back := c.cancels(7); back != 7*125 {
		t.Errorf("%d came back", back)
	}
	s.engine.Advance(time.Minute)
	c.again(1, "")
	if sum, _ := c.spent(); sum != 20*125 {
		t.Errorf("after 7 were canceled and bought again, %d are spent, want %d", sum, 20*125)
	}
	c.passes()
}

// TestEachOfACrowdHasTheirUses: 12 customers pay twenty carts each at once with a
// code of two uses each. Everybody has theirs, nobody more, and what a canceled
// order gives back is for its customer.
func TestEachOfACrowdHasTheirUses(t *testing.T) {
	t.Parallel()
	s := newShop(t, 4)
	s.sells("mug", 1000)
	s.promotes("two", needsCode)
	s.coupon("TWO", "two", pricing.Limits{PerCustomer: 2})
	c := s.gathers(12, 20, "TWO")
	each := func(when string) {
		t.Helper()
		_, of := c.spent()
		for i, n := range of {
			if n != 2 {
				t.Errorf("%s customer %d has used the code %d times", when, i, n)
			}
		}
	}
	c.pays()
	each("at once")
	c.cancels(6) // one of each of the first six
	s.engine.Advance(time.Minute)
	c.again(4, "TWO")
	each("after cancellations")
	c.passes()
}

func TestCodes(t *testing.T) {
	s := newShop(t, 2)
	s.sells("mug", 10)
	s.promotes("ten", needsCode)
	s.promotes("old", func(p *pricing.Promotion) { p.NeedsCode, p.Period.Until = true, 1 })
	s.coupon("TEN", "ten", pricing.Limits{})
	s.coupon("OLD", "old", pricing.Limits{})
	c := s.basket("mug", 1)
	apply := func(code string) error {
		_, err := s.carts.ApplyCode(s.ctx(), cart.ApplyCode{Cart: c, Code: code})
		return err
	}
	if _, ok := errors.AsType[*pricing.UnknownCodeError](apply("nothing")); !ok {
		t.Error("an unknown code was taken")
	}
	s.wants(apply("not a code"), fault.Invalid)
	if e, ok := errors.AsType[*cart.CodeError](apply("old")); !ok || e.Reason != pricing.CodeExpired {
		t.Errorf("an old code: %v", e)
	}
	s.must(apply("ten"))
	if e, ok := errors.AsType[*cart.CodeError](apply("TEN")); !ok || e.Reason != pricing.CodeApplied {
		t.Errorf("twice: %v", e)
	}
	// A code that is taken back has no effect on carts that have it.
	_, err := s.pricing.PutCoupon(s.ctx(), pricing.PutCoupon{Code: "TEN", Promotion: "ten", Revoked: true})
	s.must(err)
	if got := s.cart(c); got.Discount != euro(0) || got.Codes[0].Reason != pricing.CodeInvalid {
		t.Errorf("revoked: %+v", got.Codes)
	}
	got, err := s.carts.RemoveCode(s.ctx(), cart.RemoveCode{Cart: c, Code: " ten"})
	if err != nil || len(got.Codes) != 0 {
		t.Errorf("removed: %+v, %v", got.Codes, err)
	}
	if e, ok := errors.AsType[*cart.CodeError](apply("TEN")); !ok || e.Reason != pricing.CodeInvalid {
		t.Errorf("a revoked code: %v", e)
	}
	_, err = s.pricing.PutCoupon(s.ctx(), pricing.PutCoupon{Code: "NEW", Promotion: "none"})
	s.wants(err, fault.NotFound)
	s.promotes("auto", nil)
	_, err = s.pricing.PutCoupon(s.ctx(), pricing.PutCoupon{Code: "NEW", Promotion: "auto"})
	s.wants(err, fault.Refused)
	_, err = s.pricing.MakeCoupons(s.ctx(), pricing.MakeCoupons{Promotion: "auto", Count: 1})
	s.wants(err, fault.Refused)
	s.promotes("ten", nil) // whose codes can still be taken back
	_, err = s.pricing.PutCoupon(s.ctx(), pricing.PutCoupon{Code: "TEN", Promotion: "ten", Revoked: true})
	s.must(err)
}

func TestManyCodesAreMadeOnce(t *testing.T) {
	s := newShop(t, 4)
	s.promotes("mail", needsCode)
	make := pricing.MakeCoupons{Promotion: "mail", Prefix: "MAIL-", Count: 300, Limits: pricing.Limits{Uses: 1}, Key: "june"}
	codes, err := s.pricing.MakeCoupons(s.ctx(), make)
	s.must(err)
	again, err := s.pricing.MakeCoupons(s.ctx(), make)
	if err != nil || !slices.Equal(codes, again) {
		t.Errorf("asking again made others: %v", err)
	}
	seen := map[string]bool{}
	for c, err := range s.pricing.Coupons(s.ctx(), pricing.CouponFilter{Promotion: "mail"}) {
		s.must(err)
		if seen[c.Code] || !slices.Contains(codes, c.Code) || c.Limits.Uses != 1 {
			t.Errorf("listed: %+v", c)
		}
		seen[c.Code] = true
	}
	if len(seen) != 300 {
		t.Errorf("%d codes are listed", len(seen))
	}
	_, err = s.pricing.MakeCoupons(s.ctx(), pricing.MakeCoupons{Promotion: "mail", Count: 0})
	s.wants(err, fault.Invalid)
	_, err = s.pricing.MakeCoupons(s.ctx(), pricing.MakeCoupons{Promotion: "mail", Count: 1, Prefix: "a b"})
	s.wants(err, fault.Invalid)
}

// A total of nothing is an order like any other, whatever made it nothing.
func TestEverythingOff(t *testing.T) {
	s := newShop(t, 1)
	s.sells("mug", 5)
	s.rules(true)
	s.promotes("all", func(p *pricing.Promotion) { p.Effect.Rate = money.Percent(100) })
	s.promotes("post", func(p *pricing.Promotion) {
		p.Effect = pricing.Effect{Kind: pricing.FreeShipping, Rate: money.Percent(100)}
	})
	c := s.deliver(s.basket("mug", 2))
	r, err := s.complete(checkout.Complete{Cart: c.ID, ExpectedTotal: new(euro(0))})
	if err != nil || r.Status != orders.Placed || !r.Total.IsZero() || r.Discount != euro(2*price) || r.PaymentStatus != orders.Paid || len(r.Promotions) != 2 {
		t.Errorf("got %+v, %v", r.Order, err)
	}
	s.stockIs("mug", 3, 0, 2)
	if _, err := s.orders.Ship(s.ctx(), orders.Ship{Order: r.ID}); err != nil {
		t.Error(err)
	}
	o, err := s.orders.Return(s.ctx(), orders.Return{Order: r.ID, Lines: []orders.LineQuantity{{Line: 1, Quantity: 2}}, Reason: "x"})
	if err != nil || !o.RefundGranted.IsZero() {
		t.Errorf("nothing is granted back: %+v, %v", o, err)
	}
}

// A guest who cannot use a code does not keep others from using it.
func TestAGuestDoesNotUseACodeUp(t *testing.T) {
	s := newShop(t, 1)
	s.sells("mug", 10)
	s.promotes("ten", needsCode)
	s.coupon("EACH", "ten", pricing.Limits{PerCustomer: 1})
	guest := s.basket("mug", 1)
	if got := s.enters(guest, "EACH"); got.Discount != euro(0) || got.Codes[0].Reason != pricing.CodeNotLoggedIn {
		t.Errorf("a guest: %+v", got.Codes)
	}
	r, err := s.pay(guest, approves)
	if err != nil || r.Discount != euro(0) {
		t.Errorf("a guest pays: %+v, %v", r.Order, err)
	}
	s.carts.NoteLimit(&pricing.LimitError{Of: string(s.codeID("EACH")), Promotion: "ten", Code: "EACH"}) // as Redeem refuses a guest
	who := s.customer("a@example.com")
	mine := s.basketOf(who, "mug")
	if got := s.enters(mine, "EACH"); got.Discount != euro(125) {
		t.Errorf("a customer after the guest: %+v", got.Codes)
	}
}

func (s *shop) codeID(code string) pricing.CouponID {
	s.Helper()
	c, err := s.pricing.Coupon(s.ctx(), code)
	s.must(err)
	return c.ID
}

func (s *shop) customer(email seal.Personal) accounts.CustomerID {
	s.Helper()
	who, err := s.people.Register(s.ctx(), accounts.Register{Email: email})
	s.must(err)
	return who.ID
}

// basketOf makes a customer's cart with one unit.
func (s *shop) basketOf(who accounts.CustomerID, sku catalog.SKU) cart.ID {
	s.Helper()
	c, err := s.carts.AddLine(s.ctx(), cart.AddLine{Customer: who, SKU: sku, Quantity: 1})
	s.must(err)
	return c.ID
}

// A promotion that nobody asks for lets customers buy who have had theirs.
func TestACustomerBuysOnWithoutAPromotionOfTheirs(t *testing.T) {
	s := newShop(t, 2)
	s.sells("mug", 10)
	s.promotes("one", func(p *pricing.Promotion) { p.Limits.PerCustomer = 1 })
	who := s.customer("a@example.com")
	first := s.basketOf(who, "mug")
	for i, want := range []money.Amount{euro(125), euro(0), euro(0)} {
		c := first
		if i > 0 {
			c = s.basketOf(who, "mug")
		}
		shown := s.cart(c).Discount
		r, err := s.pay(c, approves)
		if err != nil || shown != want || r.Discount != want {
			t.Errorf("order %d: shown %v off, got %v, %v; want %v", i+1, shown, r.Discount, err, want)
		}
	}
	if got := s.cart(first).Discount; got != euro(125) {
		t.Errorf("the cart that was bought with it shows %v off", got)
	}
}

// What a frozen cart uses of limits does not go away with the promotion.
func TestAFrozenCartKeepsItsLimits(t *testing.T) {
	s := newShop(t, 1)
	s.sells("mug", 10)
	s.promotes("ten", needsCode)
	s.coupon("ONCE", "ten", pricing.Limits{Uses: 1})
	s.coupon("EACH", "ten", pricing.Limits{PerCustomer: 1})
	who := s.customer("a@example.com")
	freeze := func(c cart.ID, code string) cart.ID {
		s.enters(c, code)
		_, err := s.carts.Freeze(s.ctx(), cart.Freeze{Cart: c, Hard: true})
		s.must(err)
		return c
	}
	once := []cart.ID{freeze(s.basket("mug", 1), "ONCE"), freeze(s.basket("mug", 1), "ONCE")}
	each := []cart.ID{freeze(s.basketOf(who, "mug"), "EACH"), freeze(s.basketOf(who, "mug"), "EACH")}
	_, err := s.pricing.Remove(s.ctx(), pricing.Remove{Rule: pricing.KindPromotion, ID: "ten"})
	s.must(err)
	for _, pair := range [][]cart.ID{once, each} {
		r, err := s.pay(pair[0], approves)
		if err != nil || r.Discount != euro(125) {
			t.Errorf("the first: %+v, %v", r.Order, err)
		}
		_, err = s.pay(pair[1], approves)
		used := as[*pricing.LimitError](s, err)
		if pair[0] == once[0] && !used.Everybody || pair[0] == each[0] && used.Customer != string(who) {
			t.Errorf("the second: %+v", used)
		}
	}
}

func TestABudgetInAnotherCurrencyGivesNothing(t *testing.T) {
	s := newShop(t, 1)
	s.sells("mug", 10)
	s.promotes("dollars", func(p *pricing.Promotion) { p.Limits.Budget = []money.Amount{money.New(100000, "USD")} })
	s.promotes("ten", needsCode)
	s.coupon("USD", "ten", pricing.Limits{Budget: []money.Amount{money.New(100000, "USD")}})
	c := s.basket("mug", 1)
	if got := s.enters(c, "USD"); got.Discount != euro(0) || got.Codes[0].Reason != pricing.CodeIneligible {
		t.Errorf("in euros: %v off, %+v", got.Discount, got.Codes)
	}
	if r, err := s.pay(c, approves); err != nil || r.Total != euro(price) {
		t.Errorf("got %+v, %v", r.Order, err)
	}
}

// An order that needs more than there is of a budget leaves it to others.
func TestAGreatDiscountLeavesTheBudgetToOthers(t *testing.T) {
	s := newShop(t, 1)
	s.sells("mug", 100)
	s.promotes("budget", func(p *pricing.Promotion) { p.Limits.Budget = []money.Amount{euro(400)} })
	great, small := s.basket("mug", 5), s.basket("mug", 1)
	_, err := s.pay(great, approves)
	if used := as[*pricing.LimitError](s, err); used.Everybody || used.Left != euro(400) {
		t.Errorf("625 of 400: %+v", used)
	}
	if got := s.cart(small).Discount; got != euro(125) {
		t.Errorf("the small cart has %v off, want 1.25", got)
	}
	if r, err := s.pay(great, approves); err != nil || r.Discount != euro(0) {
		t.Errorf("the great cart, at the price that it shows: %+v, %v", r.Order, err)
	}
	if r, err := s.pay(small, approves); err != nil || r.Discount != euro(125) {
		t.Errorf("the small cart: %+v, %v", r.Order, err)
	}
}

// TestOnlyOneOrderIsTheFirst: of many carts of one customer that are bought at
// once, one gets what is for a first order.
func TestOnlyOneOrderIsTheFirst(t *testing.T) {
	s := newShop(t, 2)
	s.sells("mug", 50)
	s.promotes("welcome", func(p *pricing.Promotion) { p.If.FirstOrder = true })
	who := s.customer("a@example.com")
	const carts = 8
	var baskets []cart.ID
	for range carts {
		baskets = append(baskets, s.basketOf(who, "mug"))
	}
	var wg sync.WaitGroup
	results := make([]checkout.Result, carts)
	for i, b := range baskets {
		wg.Go(func() {
			r, err := s.pay(b, approves)
			if err != nil {
				t.Error(err)
			}
			results[i] = r
		})
	}
	wg.Wait()
	reduced := 0
	for _, r := range results {
		if r.Discount.IsPositive() {
			reduced++
		}
	}
	if reduced != 1 {
		t.Errorf("%d orders were the first", reduced)
	}
	// One that is canceled was none, once nothing else was bought.
	other := s.customer("b@example.com")
	if _, err := s.pay(s.basketOf(other, "mug"), declines); err == nil {
		t.Fatal("the card was to be declined")
	}
	r, err := s.pay(s.basketOf(other, "mug"), approves)
	s.must(err)
	if !r.Discount.IsPositive() {
		t.Error("after a declined card the next order is not the first")
	}
}
