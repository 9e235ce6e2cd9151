package pricing

import (
	"slices"
	"sync"
	"time"

	"github.com/keelshop/commerce/money"
)

// spent remembers for a while which limits were found used up, so that carts
// are not priced by them. It may forget: the limit itself is enforced when an
// order is made.
type spent struct {
	mu    sync.Mutex
	found map[spentOf]remainder
}

// spentOf names the uses of a limit, or its budget in a currency.
type spentOf struct {
	of     string
	budget money.Currency // "" is its uses
}

// remainder is what was found to be left of a limit.
type remainder struct {
	left  int64 // minor units of a budget
	until time.Time
}

// spentFor is how long a limit is left alone. An order that is canceled
// meanwhile may give a use back.
const spentFor = 30 * time.Second

// mostSpent bounds the memory of it.
const mostSpent = 10_000

// MarkSpent notes that the limits of a promotion or coupon are used up for
// everybody, or how little is left of a budget: carts with smaller discounts
// still have theirs. That one customer or a guest cannot use them is not noted.
func (s *Service) MarkSpent(e *LimitError) {
	if !e.Everybody && !e.Left.IsPositive() {
		return
	}
	s.spent.mu.Lock()
	defer s.spent.mu.Unlock()
	now := s.engine.Now()
	if s.spent.found == nil || len(s.spent.found) >= mostSpent {
		s.spent.found = map[spentOf]remainder{}
	}
	s.spent.found[spentOf{e.Of, e.Left.Currency()}] = remainder{left: e.Left.Minor(), until: now.Add(spentFor)}
}

// isSpent reports whether a limit was found to leave no use, or not a discount
// of so many minor units.
func (s *Service) isSpent(of string, c money.Currency, discount int64) bool {
	s.spent.mu.Lock()
	defer s.spent.mu.Unlock()
	for _, key := range [...]spentOf{{of, ""}, {of, c}} {
		found, ok := s.spent.found[key]
		switch {
		case !ok:
		case !s.engine.Now().Before(found.until):
			delete(s.spent.found, key)
		case found.left < discount:
			return true
		}
	}
	return false
}

// Exclude marks in an input as spent what was found just now to leave too
// little for its discounts, which are uses, and reports whether there was any:
// then it has to be priced anew.
func (s *Service) Exclude(in *Input, uses []Redemption) (any bool) {
	for _, u := range uses {
		if !u.Budget || !s.isSpent(u.Of, in.Currency, u.Amount) {
			continue
		}
		any = true
		if i := slices.IndexFunc(in.Coupons, func(c Coupon) bool { return string(c.ID) == u.Of }); i >= 0 {
			in.Coupons[i].Spent = true
		} else {
			in.Spent = append(in.Spent, u.Promotion)
		}
	}
	return any
}

// SpentPromotions returns the promotions whose own limits were found used up
// just now for carts in a currency, or that the customer who has made uses has
// used up.
func (s *Service) SpentPromotions(r *Rules, currency money.Currency, uses Uses) (out []string) {
	for _, c := range r.promotions {
		if c.Limits.any() && s.spentBy(s.limitID(c.ID), c.Limits, currency, uses) {
			out = append(out, c.ID)
		}
	}
	return out
}

// SpentCoupon says of a coupon's own limits what SpentPromotions says of those
// of promotions.
func (s *Service) SpentCoupon(c Coupon, currency money.Currency, uses Uses) bool {
	return c.Limits.any() && s.spentBy(string(c.ID), c.Limits, currency, uses)
}

func (s *Service) spentBy(of string, l Limits, currency money.Currency, uses Uses) bool {
	return uses.usedUp(of, l) || s.isSpent(of, currency, 1)
}
