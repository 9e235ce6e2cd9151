package paymentstest

import (
	"time"

	"github.com/keelshop/commerce/payments"
)

// pending asks for a refund that the bank decides later.
func (s *suite) pending() (deal, payments.Outcome) {
	s.Helper()
	d := s.deals("", s.h.PendingRefund, s.amount(price), true)
	o := d.is(d.refund("/1", 1000))(payments.Pending, 1000)
	if again := d.is(d.refund("/1", 1000))(payments.Pending, 1000); again.ProviderID != o.ProviderID {
		s.Errorf("asked again the refund is %s, first %s", again.ProviderID, o.ProviderID)
	}
	d.is(d.lookRefund("/1", o.ProviderID))(payments.Pending, 1000)
	d.is(d.lookRefund("/1", ""))(payments.Pending, 1000)
	d.is(d.refund("/2", 251))(payments.Declined, 0) // what is on its way is not given twice
	d.is(d.look())(payments.Captured, price)
	return d, o
}

// refundPending: a refund is pending until the bank has decided, and then done.
func (s *suite) refundPending() {
	d, o := s.pending()
	if err := s.h.DecideRefund(d.key, d.key+"/1", o.ProviderID, true); err != nil {
		s.Fatal(err)
	}
	for _, id := range []string{o.ProviderID, ""} {
		d.is(d.lookRefund("/1", id))(payments.Refunded, 1000)
	}
	d.is(d.refund("/3", 251))(payments.Declined, 0)
	s.listed(d, price, 1000)
}

// refundFailsLater: a refund that the bank refuses in the end gave nothing back,
// and another may be asked for.
func (s *suite) refundFailsLater() {
	d, o := s.pending()
	if err := s.h.DecideRefund(d.key, d.key+"/1", o.ProviderID, false); err != nil {
		s.Fatal(err)
	}
	for _, id := range []string{o.ProviderID, ""} {
		if got := d.is(d.lookRefund("/1", id))(payments.Declined, 0); got.Decline == "" {
			s.Error("the decline has no code")
		}
	}
	d.is(d.look())(payments.Captured, price)
	s.listed(d, price, 0)
	d.is(d.refund("/3", price))(payments.Pending, price)
}

// refundFails: a refund that fails gave nothing back, however often it is asked
// for.
func (s *suite) refundFails() {
	d := s.deals("", s.h.FailedRefund, s.amount(price), true)
	for range 2 {
		if o := d.is(d.refund("/1", 1000))(payments.Declined, 0); o.Decline == "" {
			s.Error("the decline has no code")
		}
	}
	d.is(d.lookRefund("/1", ""))(payments.Declined, 0)
	d.is(d.look())(payments.Captured, price)
	s.listed(d, price, 0)
}

// listed looks for a deal in the provider's books, if it shows them.
func (s *suite) listed(d deal, captured, refunded int64) {
	s.Helper()
	if _, ok := s.h.Provider.(payments.Lister); !ok {
		return
	}
	if l := s.books(time.Time{})[d.key]; l.Captured != s.amount(captured) || l.Refunded != s.amount(refunded) {
		s.Errorf("it is listed as %+v, want %d taken and %d given back", l, captured, refunded)
	}
}
