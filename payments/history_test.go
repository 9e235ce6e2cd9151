package payments_test

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/orders"
	"github.com/keelshop/commerce/payments"
	"github.com/keelshop/commerce/payments/simulator"
	"pgregory.net/rapid"
)

// Random shoppers, a bank that loses requests and answers, and a store that
// dies between any two steps. When all is quiet, the shop's books and the
// bank's agree on every payment, and canceled orders hold nothing.
func TestBooksAgreeWithTheBank(t *testing.T) {
	s := newHistory(t)
	rapid.Check(t, func(rt *rapid.T) {
		s.sales = nil
		s.bank.SetFaults(simulator.Random(rapid.Uint64().Draw(rt, "seed"), simulator.Rates{Unreached: 15, LostAnswer: 15}))
		defer s.rest(rt)
		rt.Repeat(map[string]func(*rapid.T){
			"begin": func(rt *rapid.T) {
				token := rapid.SampledFrom(tokens).Draw(rt, "token")
				s.sales = append(s.sales, s.begin(token, rapid.Bool().Draw(rt, "capture")))
			},
			"pay": func(rt *rapid.T) { s.try(rt, s.payFor) },
			"confirm": func(rt *rapid.T) {
				_ = s.bank.Confirm(string(s.pick(rt).pay), rapid.Bool().Draw(rt, "ok"))
			},
			"look up": func(rt *rapid.T) { s.try(rt, s.lookUp) },
			"cancel": func(rt *rapid.T) {
				it := s.pick(rt)
				_, _ = command.Do[struct{}](s.ctx, s.engine, &cancel{Order: it.order}, command.Call{Slot: it.slot})
			},
			"capture": func(rt *rapid.T) {
				_, _ = s.pay.Capture(s.ctx, payments.Capture{Attempt: s.pick(rt).pay, Amount: eur(rapid.Int64Range(1, total).Draw(rt, "amount"))})
			},
			"refund": func(rt *rapid.T) {
				_, _ = s.pay.Refund(s.ctx, payments.Refund{Order: s.pick(rt).order, Amount: eur(rapid.Int64Range(1, total).Draw(rt, "amount"))})
			},
			"settle": func(*rapid.T) { _ = s.settle() },
			"wait": func(rt *rapid.T) {
				s.engine.Advance(time.Duration(rapid.IntRange(1, 30).Draw(rt, "hours")) * time.Hour)
			},
			"crash":   func(rt *rapid.T) { s.dieAfter.Store(int64(rapid.IntRange(1, 4).Draw(rt, "steps"))) },
			"recover": func(*rapid.T) { s.dieAfter.Store(0) },
		})
	})
}

var tokens = []string{
	"pm_card_visa", "pm_card_visa", "pm_card_visa_chargeDeclined", "pm_card_threeDSecure2Required",
	simulator.TokenLostAnswer, "pm_card_pendingRefund", "pm_card_refundFail",
}

// history is a shop under way.
type history struct {
	*shop
	sales    []sale
	dieAfter atomic.Int64 // 0 lives; n dies before the n-th command from now
}

func newHistory(t *testing.T) *history {
	h := &history{shop: newShop(t)}
	payments.NeverTrip(h.pay)
	h.engine.Drop = func(e command.Envelope) bool {
		n := h.dieAfter.Load()
		if n == 0 || e.Kind == (begin{}).Kind() {
			return false
		}
		if n > 1 {
			h.dieAfter.Store(n - 1)
		}
		return n == 1
	}
	return h
}

func (s *history) pick(rt *rapid.T) sale {
	if len(s.sales) == 0 {
		rt.Skip("nothing was sold yet")
	}
	return rapid.SampledFrom(s.sales).Draw(rt, "sale")
}

// try brings news of a payment to the store, if bank and store let it.
func (s *history) try(rt *rapid.T, ask func(sale) (payments.Outcome, error)) {
	it := s.pick(rt)
	o, err := ask(it)
	if err != nil {
		o = payments.Outcome{State: payments.Unknown}
	}
	_, _ = command.Do[bool](s.ctx, s.engine, &finish{Attempt: it.pay, Outcome: o}, command.Call{Slot: it.slot})
}

func (s *history) payFor(it sale) (payments.Outcome, error) {
	return s.bank.Pay(s.ctx, s.attempt(it).PayRequest())
}

func (s *history) lookUp(it sale) (payments.Outcome, error) {
	return s.bank.Retrieve(s.ctx, s.attempt(it).LookupRequest())
}

// rest heals everything, finishes what is open and compares the books.
func (s *history) rest(rt *rapid.T) {
	s.dieAfter.Store(0)
	s.bank.SetFaults(nil)
	s.engine.Restart()
	for _, it := range s.sales {
		_ = s.bank.Confirm(string(it.pay), true)
		if o, err := s.lookUp(it); err == nil {
			s.finish(it, o)
		}
	}
	for range 4 { // pending refunds are decided between
		s.must(s.settle())
		for _, it := range s.sales {
			for _, op := range s.operations(it) {
				if op.State == payments.OpPending {
					s.must(s.bank.DecideRefund(string(it.pay), op.Key(), true))
				}
			}
		}
		s.engine.Advance(2 * time.Hour)
	}
	s.must(s.settle())
	for _, it := range s.sales {
		s.compare(rt, it)
	}
}

func (s *history) compare(rt *rapid.T, it sale) {
	a, o := s.attempt(it), s.order(it)
	c, charged := s.bank.Charge(string(it.pay))
	if charged && (a.Authorized != c.Authorized || a.Captured != c.Captured || a.Voided != c.Voided || a.Refunded != c.Refunded) {
		rt.Errorf("%s: the shop has authorized %v, captured %v, voided %v, refunded %v; the bank %v, %v, %v, %v", c.Token,
			a.Authorized, a.Captured, a.Voided, a.Refunded, c.Authorized, c.Captured, c.Voided, c.Refunded)
	}
	if !charged && !a.Authorized.IsZero() {
		rt.Errorf("the shop has authorized %v of which the bank knows nothing", a.Authorized)
	}
	stuck := c.Token == "pm_card_refundFail" // its refunds fail for ever, visibly
	if o.Status == orders.Canceled && !stuck && (!a.Open().IsZero() || a.Refunded != a.Captured) {
		rt.Errorf("%s: the canceled order still has %v authorized, and %v of %v captured refunded", c.Token, a.Open(), a.Refunded, a.Captured)
	}
	if o.Status == orders.Placed && !stuck && o.Refunded != o.RefundGranted {
		rt.Errorf("%s: refunded %v of %v granted", c.Token, o.Refunded, o.RefundGranted)
	}
	if got := s.books(it)[payments.ProviderAccount(s.bank.Name())]; charged && got != c.Captured.Minor()-c.Refunded.Minor() {
		rt.Errorf("%s: the ledger holds %d at the bank, the bank %v − %v", c.Token, got, c.Captured, c.Refunded)
	}
}
