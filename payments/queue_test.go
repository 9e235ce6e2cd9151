package payments_test

import (
	"testing"

	"github.com/keelshop/commerce/payments"
)

// TestOverchargedOrdersAreQueued: an order that keeps more than it costs waits for
// somebody until the rest is granted back.
func TestOverchargedOrdersAreQueued(t *testing.T) {
	s := newShop(t)
	it := s.sell("pm_card_visa", true)
	s.finish(it, payments.Outcome{State: payments.Captured, Amount: eur(total + 300)})
	troubles := func() (out []payments.Trouble) {
		for trouble, err := range s.pay.Troubles(s.ctx) {
			s.must(err)
			out = append(out, trouble)
		}
		return out
	}
	got := troubles()
	if len(got) != 1 || got[0].Kind != payments.Overcharged || got[0].Order != it.order || got[0].Payment != "" || got[0].Amount != eur(300) || got[0].Since.IsZero() {
		t.Fatalf("there are %+v", got)
	}
	_, err := s.pay.Refund(s.ctx, payments.Refund{Order: it.order, Amount: eur(300), Reason: "taken twice"})
	s.must(err)
	if got := troubles(); len(got) != 0 {
		t.Errorf("afterwards there are %+v", got)
	}
}
