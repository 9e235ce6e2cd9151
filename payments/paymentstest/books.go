package paymentstest

import (
	"fmt"
	"time"

	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/payments"
)

// books lists what a provider has made since a time, by the store's keys.
func (s *suite) books(since time.Time) map[string]payments.Listed {
	s.Helper()
	out := map[string]payments.Listed{}
	for l, err := range s.h.Provider.(payments.Lister).List(s.ctx, since) {
		if err != nil {
			s.Fatal(err)
		}
		if _, twice := out[l.Key]; twice {
			s.Errorf("payment %s is listed twice", l.Key)
		}
		out[l.Key] = l
	}
	return out
}

// listByTime: what was made at a time or later is listed, with its time, and
// what was made before is not.
func (s *suite) listByTime() {
	const n = 5
	at := func(i int) time.Time { return time.Date(2026, 3, 1, 12, i, 0, 0, time.UTC) }
	for i := range n {
		s.h.SetClock(at(i))
		s.deals(fmt.Sprint("t", i), s.h.Approve, s.amount(price), true)
	}
	for since := range n {
		for _, early := range []time.Duration{0, time.Minute - time.Second} {
			got := s.books(at(since).Add(-early))
			if len(got) != n-since {
				s.Errorf("since %v: %d listed, want %d", at(since).Add(-early), len(got), n-since)
			}
			for i := since; i < n; i++ {
				if l := got[key+fmt.Sprint("t", i)]; !l.CreatedAt.Equal(at(i)) {
					s.Errorf("made at %v, it is listed as %+v", at(i), l)
				}
			}
		}
	}
}

// listInPages: a list is whole, however long.
func (s *suite) listInPages() {
	const many = 230
	for i := range many {
		s.deals(fmt.Sprint("p", i), s.h.Approve, s.amount(1), true)
	}
	if got := s.books(time.Time{}); len(got) != many {
		s.Errorf("%d payments are listed of %d", len(got), many)
	}
}

// listStates: both sides of the books, what is held, taken and given back, agree
// with what was asked for, whatever became of it.
func (s *suite) listStates() {
	want := map[string]payments.Listed{}
	expects := func(key string, state payments.State, held, captured, refunded int64) {
		want[key] = payments.Listed{State: state, Held: s.amount(held), Captured: s.amount(captured), Refunded: s.amount(refunded)}
	}
	d := s.deals("held", s.h.Approve, s.amount(price), false)
	expects(d.key, payments.Authorized, price, 0, 0)
	d = s.deals("taken", s.h.Approve, s.amount(price), true)
	expects(d.key, payments.Captured, 0, price, 0)
	d = s.deals("back", s.h.Approve, s.amount(price), true)
	d.is(d.refund("/1", 1000))(payments.Refunded, 1000)
	d.is(d.refund("/2", 250))(payments.Refunded, 250)
	expects(d.key, payments.Captured, 0, price, price)
	d = s.deals("gone", s.h.Approve, s.amount(price), false)
	o, err := s.h.Provider.Void(s.ctx, payments.VoidRequest{Key: d.key + "/1", PaymentKey: d.key, ProviderID: d.paid.ProviderID, Token: s.h.Approve})
	d.is(o, err)(payments.Voided, 0)
	expects(d.key, "", 0, 0, 0)
	if s.h.Decline != "" {
		r := s.request(s.h.Decline, true)
		r.Key += "no"
		s.must(s.ask(s.ctx, r))(payments.Declined, 0)
		expects(r.Key, payments.Declined, 0, 0, 0)
	}
	got := s.books(time.Time{})
	if len(got) != len(want) {
		s.Errorf("%d payments are listed, want %d", len(got), len(want))
	}
	for key, w := range want {
		l := got[key]
		if w.State == "" && (l.State == payments.Voided || l.State == payments.Canceled) {
			w.State = l.State
		}
		if l.State != w.State || l.Held != w.Held || l.Captured != w.Captured || l.Refunded != w.Refunded {
			s.Errorf("%s is listed as %+v, want %+v", key, l, w)
		}
	}
}

// currencies: what is paid, captured, given back and listed in a currency with
// other decimals is so to the last unit.
func (s *suite) currencies() {
	for _, c := range s.h.Currencies {
		d := s.deals(string(c), s.h.Approve, money.New(12_500, c), false)
		d.is(d.capture("/1", 11_100, 11_100))(payments.Captured, 11_100)
		d.is(d.refund("/2", 3_300))(payments.Refunded, 3_300)
		if s.h.Bookless {
			continue
		}
		d.is(d.look())(payments.Captured, 11_100)
		d.is(d.refund("/3", 7_900))(payments.Declined, 0)
		d.is(d.lookRefund("/2", ""))(payments.Refunded, 3_300)
		d.is(d.refund("/4", 7_800))(payments.Refunded, 7_800)
		if _, ok := s.h.Provider.(payments.Lister); !ok {
			continue
		}
		if l := s.books(time.Time{})[d.key]; l.Captured != money.New(11_100, c) || l.Refunded != money.New(11_100, c) {
			s.Errorf("%s: it is listed as %+v", c, l)
		}
	}
}

// oddAmounts: an amount that a provider cannot write is declined, and never
// rounded.
func (s *suite) oddAmounts() {
	for _, c := range s.h.Currencies {
		for _, minor := range []int64{12_501, 12_510, 12_600} {
			r := payments.PayRequest{Key: fmt.Sprint(key, c, minor), Order: order, Token: s.h.Approve, Amount: money.New(minor, c), AutoCapture: true}
			o, err := s.ask(s.ctx, r)
			exact := o.State == payments.Captured && (o.Amount == r.Amount || o.Amount == money.Amount{})
			if err != nil || !exact && (o.State != payments.Declined || o.Decline == "") {
				s.Errorf("paying %v gives %+v, %v", r.Amount, o, err)
			}
			if s.h.Bookless || !exact {
				continue
			}
			d := deal{suite: s, key: r.Key, currency: c, paid: o}
			d.is(d.look())(payments.Captured, minor)
		}
	}
}
