package paymentstest

import (
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/payments"
)

// deal is a payment of the test's, for those that need several or another
// currency.
type deal struct {
	*suite
	key      string
	currency money.Currency
	paid     payments.Outcome
}

// deals pays under a key of its own, which must not be declined.
func (s *suite) deals(n string, token string, a money.Amount, capture bool) deal {
	s.Helper()
	r := payments.PayRequest{Key: key + n, Order: order, Token: token, Amount: a, AutoCapture: capture}
	o, err := s.ask(s.ctx, r)
	want := payments.Authorized
	if capture {
		want = payments.Captured
	}
	d := deal{suite: s, key: r.Key, currency: a.Currency(), paid: o}
	d.is(o, err)(want, a.Minor())
	return d
}

// is fails the test unless an answer is the one that is wanted, in the deal's
// currency.
func (d deal) is(o payments.Outcome, err error) func(want payments.State, minor int64) payments.Outcome {
	d.Helper()
	return func(want payments.State, minor int64) payments.Outcome {
		d.Helper()
		if err != nil || o.State != want || o.Amount != (money.Amount{}) && o.Amount != money.New(minor, d.currency) {
			d.Fatalf("%s: got %+v, %v; want %s of %v", d.key, o, err, want, money.New(minor, d.currency))
		}
		return o
	}
}

func (d deal) capture(k string, minor, total int64) (payments.Outcome, error) {
	return d.h.Provider.Capture(d.ctx, payments.CaptureRequest{
		Key: d.key + k, PaymentKey: d.key, ProviderID: d.paid.ProviderID, Amount: money.New(minor, d.currency), Total: money.New(total, d.currency),
	})
}

func (d deal) refund(k string, minor int64) (payments.Outcome, error) {
	return d.h.Provider.Refund(d.ctx, payments.RefundRequest{
		Key: d.key + k, PaymentKey: d.key, ProviderID: d.paid.ProviderID, Amount: money.New(minor, d.currency), Reason: "test",
	})
}

func (d deal) look() (payments.Outcome, error) {
	return d.h.Provider.Retrieve(d.ctx, payments.LookupRequest{
		Of: payments.KindPayment, Key: d.key, ProviderID: d.paid.ProviderID, PaymentKey: d.key, PaymentID: d.paid.ProviderID, Token: d.h.Approve,
	})
}

func (d deal) lookRefund(k, id string) (payments.Outcome, error) {
	return d.h.Provider.Retrieve(d.ctx, payments.LookupRequest{
		Of: payments.KindRefund, Key: d.key + k, ProviderID: id, PaymentKey: d.key, PaymentID: d.paid.ProviderID, Token: d.h.Approve,
	})
}
