package payments_test

import (
	"slices"
	"testing"

	"github.com/keelshop/commerce/payments"
	"pgregory.net/rapid"
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
	{{State: payments.Authorized, Amount: eur(900)}, {State: payments.Authorized, Amount: eur(total)}, {State: payments.Refunded}},
}

// News may be lost, come twice and come in any order: where the last of it
// arrives at all, the attempt stands as if everything had come once.
func TestNewsInAnyOrderEndsAlike(t *testing.T) {
	s := newShop(t)
	rapid.Check(t, func(rt *rapid.T) {
		h := rapid.SampledFrom(histories).Draw(rt, "history")
		want := s.begin("pm_card_visa", false)
		for _, o := range h {
			s.finish(want, o)
		}
		news := append(rapid.SliceOfN(rapid.SampledFrom(h), 0, 6).Draw(rt, "news"), h[len(h)-1])
		got := s.begin("pm_card_visa", false)
		for _, i := range rapid.Permutation(indexes(len(news))).Draw(rt, "order") {
			s.finish(got, news[i])
		}
		a, b := s.attempt(got), s.attempt(want)
		complete := !slices.ContainsFunc(h, func(o payments.Outcome) bool { return !slices.Contains(news, o) })
		if a.State != b.State || a.Captured != b.Captured || complete && (a.Open() != b.Open() || a.Voided != b.Voided) {
			rt.Errorf("news %+v left %s, authorized %v, captured %v, voided %v; in order it is %s, %v, %v, %v",
				news, a.State, a.Authorized, a.Captured, a.Voided, b.State, b.Authorized, b.Captured, b.Voided)
		}
		if a.State == payments.Voided && !a.Open().IsZero() {
			rt.Errorf("a voided payment has %v open", a.Open())
		}
		for _, o := range news {
			if s.finish(got, o) {
				rt.Errorf("%s was news a second time", o.State)
			}
		}
	})
}

func indexes(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}
