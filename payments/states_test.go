package payments_test

import (
	"iter"
	"slices"
	"testing"

	"github.com/keelshop/commerce/payments"
)

// ranks orders the states: a payment only ever climbs.
var ranks = map[payments.State]int{
	payments.Created: 0, payments.Unknown: 1, payments.NeedsAction: 2, payments.Pending: 3,
	payments.Declined: 4, payments.Canceled: 4, payments.Authorized: 5, payments.Voided: 6, payments.Captured: 7,
}

func TestStatesOnlyMoveForward(t *testing.T) {
	for from, r := range ranks {
		for to, q := range ranks {
			forward := r < q
			late := (from == payments.Declined || from == payments.Canceled) && to == payments.Voided
			if got := from.MayBecome(to); got != (forward && !late) {
				t.Errorf("%s may become %s: %t", from, to, got)
			}
		}
	}
	for s, r := range ranks {
		if s.Settled() != (r >= 4) {
			t.Errorf("%s is settled: %t", s, s.Settled())
		}
	}
}

// What a provider has said about one payment, in the order it happened.
var histories = [][]payments.Outcome{
	{{State: payments.Captured, Amount: eur(total)}},
	{{State: payments.Unknown}, {State: payments.Declined, Decline: payments.DeclineExpired}},
	{{State: payments.Unknown}, {State: payments.NotFound}},
	{{State: payments.NeedsAction, Next: &payments.NextAction{Kind: payments.Wait}}, {State: payments.Authorized}, {State: payments.Captured}},
	{{State: payments.Pending}, {State: payments.Authorized, Amount: eur(total)}, {State: payments.Captured, Amount: eur(500)}, {State: payments.Captured, Amount: eur(700)}},
	{{State: payments.Authorized}, {State: payments.Voided}},
	{{State: payments.Unknown}, {State: payments.NeedsAction}, {State: payments.Canceled}},
	{{State: payments.Declined}, {State: payments.Captured}},
	{{State: payments.Authorized}, {State: payments.Voided}, {State: payments.Captured}},
	{{State: payments.Authorized, Amount: eur(900)}, {State: payments.Authorized, Amount: eur(total)}, {State: payments.Refunded}},
}

// News may be lost, come twice and come in any order: where the last of it
// arrives at all, the attempt stands as if everything had come once.
func TestNewsInAnyOrderEndsAlike(t *testing.T) {
	s := newShop(t)
	for _, h := range histories {
		want := s.begin("pm_card_visa", false)
		for _, o := range h {
			s.finish(want, o)
		}
		for news := range sequences(h, 3) {
			s.compareNews(s.attempt(want), h, news)
		}
	}
}

func (s *shop) compareNews(want payments.Attempt, h, news []payments.Outcome) {
	s.t.Helper()
	missing := func(o payments.Outcome) bool { return !slices.Contains(news, o) }
	if missing(h[len(h)-1]) {
		return
	}
	it := s.begin("pm_card_visa", false)
	for _, o := range news {
		s.finish(it, o)
	}
	got := s.attempt(it)
	complete := !slices.ContainsFunc(h, missing)
	if got.State != want.State || got.Captured != want.Captured || complete && (got.Open() != want.Open() || got.Voided != want.Voided) {
		s.t.Errorf("news %+v left %s, authorized %v, captured %v, voided %v; in order it is %s, %v, %v, %v", news,
			got.State, got.Authorized, got.Captured, got.Voided, want.State, want.Authorized, want.Captured, want.Voided)
	}
	if got.State == payments.Voided && !got.Open().IsZero() {
		s.t.Errorf("news %+v left a voided payment with %v open", news, got.Open())
	}
	for _, o := range news {
		if s.finish(it, o) {
			s.t.Errorf("%s was news a second time", o.State)
		}
	}
}

// sequences yields all sequences of 1 to n elements of h, repeats included.
func sequences[T any](h []T, n int) iter.Seq[[]T] {
	return func(yield func([]T) bool) { extend(nil, h, n, yield) }
}

func extend[T any](done, h []T, n int, yield func([]T) bool) bool {
	for _, o := range h {
		next := append(slices.Clone(done), o)
		if !yield(next) || n > 1 && !extend(next, h, n-1, yield) {
			return false
		}
	}
	return true
}

// A provider's "canceled" of what it had authorized is a void. Where it comes
// first, the authorization is believed, and given back like any late money.
func TestCanceledAuthorization(t *testing.T) {
	s := newShop(t)
	it := s.sell("pm_card_visa", false)
	s.finish(it, payments.Outcome{State: payments.Canceled})
	if a := s.attempt(it); a.State != payments.Voided || a.Voided != eur(total) {
		t.Errorf("the payment is %s, voided %v", a.State, a.Voided)
	}
	it = s.begin("pm_card_visa", false)
	s.finish(it, payments.Outcome{State: payments.Canceled})
	s.cancel(it)
	s.ask(it)
	if a := s.attempt(it); a.State != payments.Authorized {
		t.Errorf("the payment is %s", a.State)
	}
	s.must(s.settle())
	if a := s.attempt(it); a.State != payments.Voided || a.Voided != eur(total) {
		t.Errorf("after settling the payment is %s, voided %v", a.State, a.Voided)
	}
}
