package pricing

import (
	"sync"
	"time"
)

// spent remembers for a while which limits were found used up, so that carts
// are not priced by them. It may forget: the limit itself is enforced when an
// order is made.
type spent struct {
	mu    sync.Mutex
	until map[string]time.Time
}

// spentFor is how long a limit is left alone. An order that is canceled
// meanwhile may give a use back.
const spentFor = 30 * time.Second

// mostSpent bounds the memory of it.
const mostSpent = 10_000

// MarkSpent notes that the limits of a promotion or coupon are used up for
// everybody. That one customer or a guest cannot use them is not noted.
func (s *Service) MarkSpent(e *LimitError) {
	if !e.Everybody {
		return
	}
	s.spent.mu.Lock()
	defer s.spent.mu.Unlock()
	now := s.engine.Now()
	if s.spent.until == nil || len(s.spent.until) >= mostSpent {
		s.spent.until = map[string]time.Time{}
	}
	s.spent.until[e.Of] = now.Add(spentFor)
}

func (s *Service) isSpent(of string) bool {
	s.spent.mu.Lock()
	defer s.spent.mu.Unlock()
	until, ok := s.spent.until[of]
	if !ok {
		return false
	}
	if s.engine.Now().Before(until) {
		return true
	}
	delete(s.spent.until, of)
	return false
}

// SpentPromotions returns the promotions whose own limits were found used up
// just now, or that the customer who has made uses has used up.
func (s *Service) SpentPromotions(r *Rules, uses Uses) (out []string) {
	for _, c := range r.promotions {
		if c.Limits.any() && s.spentBy(s.limitID(c.ID), c.Limits, uses) {
			out = append(out, c.ID)
		}
	}
	return out
}

// SpentCoupon says of a coupon's own limits what SpentPromotions says of those
// of promotions.
func (s *Service) SpentCoupon(c Coupon, uses Uses) bool {
	return c.Limits.any() && s.spentBy(string(c.ID), c.Limits, uses)
}

func (s *Service) spentBy(of string, l Limits, uses Uses) bool {
	return uses.usedUp(of, l) || s.isSpent(of)
}
