// Package paymentstest proves that a payment provider keeps the promises of
// payments.Provider. Call Run from a test of the provider's package.
package paymentstest

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/payments"
)

// Harness is a provider under test and what the tests may do with it.
type Harness struct {
	Provider payments.Provider
	Currency money.Currency
	// Approve is a token that is approved, Decline one that is declined. ""
	// leaves the tests out that need it.
	Approve, Decline string
	// Challenge is a token that asks the shopper for something, and Confirm
	// does it. "" leaves the tests out.
	Challenge string
	Confirm   func(key string, ok bool) error
	// Browser does what the provider's script in the shopper's browser does with
	// a client secret: it tries a token for a payment that was asked for without
	// one. nil leaves the tests out.
	Browser func(key, token string) error
	// Voucher is a token of what is paid elsewhere, days later, and Decide says
	// whether it was. "" leaves the tests out.
	Voucher string
	Decide  func(key string, paid bool) error
	// PendingRefund is a token whose refunds the bank decides later, by
	// DecideRefund: key and id are the refund's. FailedRefund is one whose refunds
	// fail. "" leaves the tests out.
	PendingRefund, FailedRefund string
	DecideRefund                func(paymentKey, key, id string, ok bool) error
	// Currencies are others that Approve pays in, such as JPY without decimals and
	// KWD with three.
	Currencies []money.Currency
	// SetClock sets the provider's clock, by which a Lister lists. nil says that it
	// has none, and lists everything.
	SetClock func(time.Time)
	// Event writes an event as a Listener's provider does, about the payment of a
	// key, or about something else if that is "". A kind of "" is that of a payment
	// that succeeded. Sign signs a webhook's body at a time, with the right secret
	// or, forged, with another. nil leaves the tests out.
	Event func(id, kind, key string) []byte
	Sign  func(body []byte, at time.Time, forged bool) map[string][]string
	// OneCapture says that a payment can be captured once only: what is left
	// is let go.
	OneCapture bool
	// Bookless says that the provider keeps no books and agrees to everything:
	// the tests of what only books can tell are left out.
	Bookless bool
}

// Run runs the tests. fresh returns a provider that has seen none of the keys
// before; each test gets its own.
func Run(t *testing.T, fresh func(t *testing.T) Harness) {
	t.Helper()
	able := fresh(t)
	for _, c := range []struct {
		name string
		run  func(*suite)
		lack func(Harness) string // why it is left out; "" if it is not
	}{
		{"name", (*suite).name, nil},
		{"pay captures", (*suite).payCaptures, nil},
		{"pay authorizes", (*suite).payAuthorizes, nil},
		{"decline", (*suite).decline, needsDeclines},
		{"same key", (*suite).sameKey, nil},
		{"same key at once", (*suite).sameKeyAtOnce, nil},
		{"prepare moves no money", (*suite).prepareMovesNothing, needsPrepares},
		{"capture", (*suite).capture, nil},
		{"capture too much", (*suite).captureTooMuch, needsBooks},
		{"capture of a part lets go of the rest", (*suite).captureFinal, nil},
		{"void", (*suite).void, nil},
		{"void of what a capture left", (*suite).voidRest, nil},
		{"void comes too late", (*suite).voidTooLate, needsBooks},
		{"refund", (*suite).refund, nil},
		{"refund too much", (*suite).refundTooMuch, needsBooks},
		{"retrieve", (*suite).retrieve, needsBooks},
		{"retrieve what was never asked", (*suite).retrieveUnseen, nil},
		{"challenge", (*suite).challenge, needsChallenges},
		{"browser confirms", (*suite).browserConfirms, needsBrowser},
		{"voucher is paid", (*suite).voucherPaid, needsVouchers},
		{"voucher expires", (*suite).voucherExpires, needsVouchers},
		{"list", (*suite).list, needsLists},
		{"list by time", (*suite).listByTime, needsClock},
		{"list in pages", (*suite).listInPages, needsLists},
		{"list tells what became of it", (*suite).listStates, needsLists},
		{"same key for another payment", (*suite).sameKeyForAnother, needsBooks},
		{"capture at once", (*suite).captureAtOnce, nil},
		{"captures at once", (*suite).capturesAtOnce, needsCaptures},
		{"refund at once", (*suite).refundAtOnce, nil},
		{"refunds at once", (*suite).refundsAtOnce, needsBooks},
		{"refund that is decided later", (*suite).refundPending, needsPendingRefunds},
		{"refund that fails later", (*suite).refundFailsLater, needsPendingRefunds},
		{"refund that fails", (*suite).refundFails, needsFailedRefunds},
		{"currencies", (*suite).currencies, needsCurrencies},
		{"amounts that cannot be written", (*suite).oddAmounts, needsCurrencies},
		{"webhook", (*suite).webhook, needsWebhooks},
		{"webhook that nobody signed", (*suite).webhookForged, needsWebhooks},
		{"webhook that is old", (*suite).webhookOld, needsWebhooks},
		{"webhook about something else", (*suite).webhookElse, needsWebhooks},
		{"kept method", (*suite).keptMethod, needsKeeps},
		{"ended context", (*suite).endedContext, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.lack != nil {
				if why := c.lack(able); why != "" {
					t.Skip(why)
				}
			}
			c.run(&suite{T: t, h: fresh(t), ctx: t.Context()})
		})
	}
}

type suite struct {
	*testing.T
	h   Harness
	ctx context.Context
}

const (
	key   = "pay_01KAJ3W7Q8Z5D4F6G7H8J9K0M1"
	order = "ord_01KAJ3W7Q8Z5D4F6G7H8J9K0M2"
	price = 1250 // minor units
)

func (s *suite) amount(minor int64) money.Amount { return money.New(minor, s.h.Currency) }

func (s *suite) request(token string, capture bool) payments.PayRequest {
	return payments.PayRequest{Key: key, Order: order, Token: token, Amount: s.amount(price), AutoCapture: capture}
}

// ask asks for a payment as a store does: a Preparer is asked to prepare it first.
func (s *suite) ask(ctx context.Context, r payments.PayRequest) (payments.Outcome, error) {
	p, ok := s.h.Provider.(payments.Preparer)
	if !ok {
		return s.h.Provider.Pay(ctx, r)
	}
	o, err := p.Prepare(ctx, r)
	if err != nil || o.State != payments.Unknown {
		return o, err
	}
	r.ProviderID = o.ProviderID
	return p.Pay(ctx, r)
}

// must fails the test unless an answer is the one that is wanted.
func (s *suite) must(o payments.Outcome, err error) func(want payments.State, minor int64) payments.Outcome {
	s.Helper()
	return func(want payments.State, minor int64) payments.Outcome {
		s.Helper()
		if err != nil {
			s.Fatalf("error %v, want %s", err, want)
		}
		if o.State != want {
			s.Fatalf("outcome %+v, want %s", o, want)
		}
		if o.Amount != (money.Amount{}) && o.Amount != s.amount(minor) {
			s.Fatalf("outcome %s of %v, want %v", o.State, o.Amount, s.amount(minor))
		}
		return o
	}
}

func (s *suite) pay(capture bool) payments.Outcome {
	s.Helper()
	want := payments.Authorized
	if capture {
		want = payments.Captured
	}
	o := s.must(s.ask(s.ctx, s.request(s.h.Approve, capture)))(want, price)
	if o.ProviderID == "" {
		s.Fatal("the payment has no provider ID")
	}
	return o
}

func (s *suite) needBooks() {
	s.Helper()
	if s.h.Bookless {
		s.Skip("the provider keeps no books")
	}
}

func (s *suite) refundOf(paid payments.Outcome, k string, minor int64) (payments.Outcome, error) {
	return s.h.Provider.Refund(s.ctx, payments.RefundRequest{Key: k, PaymentKey: key, ProviderID: paid.ProviderID, Amount: s.amount(minor), Reason: "test"})
}

func (s *suite) captureOf(paid payments.Outcome, k string, minor, total int64) (payments.Outcome, error) {
	return s.h.Provider.Capture(s.ctx, payments.CaptureRequest{
		Key: k, PaymentKey: key, ProviderID: paid.ProviderID, Amount: s.amount(minor), Total: s.amount(total),
	})
}

func (s *suite) voidOf(paid payments.Outcome, k string) (payments.Outcome, error) {
	return s.h.Provider.Void(s.ctx, payments.VoidRequest{Key: k, PaymentKey: key, ProviderID: paid.ProviderID, Token: s.h.Approve})
}

func (s *suite) name() {
	if n := s.h.Provider.Name(); n == "" || n != s.h.Provider.Name() {
		s.Errorf("the name is %q", n)
	}
}

func (s *suite) payCaptures() { s.pay(true) }

func (s *suite) payAuthorizes() { s.pay(false) }

func (s *suite) decline() {
	o := s.must(s.ask(s.ctx, s.request(s.h.Decline, true)))(payments.Declined, 0)
	if o.Decline == "" {
		s.Error("the decline has no code")
	}
	again := s.must(s.ask(s.ctx, s.request(s.h.Decline, true)))(payments.Declined, 0)
	if again != o {
		s.Errorf("asked again: %+v, first %+v", again, o)
	}
}

// sameKey counts charges by what can be refunded.
func (s *suite) sameKey() {
	first := s.pay(true)
	if again := s.pay(true); again.ProviderID != first.ProviderID {
		s.Errorf("the same key made payment %s after %s", again.ProviderID, first.ProviderID)
	}
	s.needBooks()
	other := s.request(s.h.Approve, true)
	other.Amount = s.amount(2 * price)
	if o, err := s.ask(s.ctx, other); err == nil && o.Amount == other.Amount {
		s.Error("the same key charged another amount")
	}
	s.must(s.refundOf(first, key+"/1", price))(payments.Refunded, price)
	s.must(s.refundOf(first, key+"/2", 1))(payments.Declined, 0)
}

func (s *suite) sameKeyAtOnce() {
	var wg sync.WaitGroup
	ids := make([]string, 16)
	for i := range ids {
		wg.Go(func() {
			o, err := s.ask(s.ctx, s.request(s.h.Approve, true))
			if err != nil {
				s.Errorf("paying: %v", err)
			}
			ids[i] = o.ProviderID
		})
	}
	wg.Wait()
	for _, id := range ids {
		if id != ids[0] {
			s.Fatalf("the same key made the payments %q", ids)
		}
	}
}

func (s *suite) capture() {
	paid := s.pay(false)
	s.must(s.captureOf(paid, key+"/1", 1000, 1000))(payments.Captured, 1000)
	s.must(s.captureOf(paid, key+"/1", 1000, 1000))(payments.Captured, 1000)
	if s.h.OneCapture {
		s.must(s.captureOf(paid, key+"/2", 250, price))(payments.Declined, 0)
		return
	}
	s.must(s.captureOf(paid, key+"/2", 250, price))(payments.Captured, price)
}

func (s *suite) prepareMovesNothing() {
	p := s.h.Provider.(payments.Preparer)
	r := s.request(s.h.Approve, true)
	first := s.must(p.Prepare(s.ctx, r))(payments.Unknown, 0)
	again := s.must(p.Prepare(s.ctx, r))(payments.Unknown, 0)
	if first.ProviderID == "" || again.ProviderID != first.ProviderID {
		s.Fatalf("prepared %q, asked again %q", first.ProviderID, again.ProviderID)
	}
	if o, err := s.lookUp(first); err != nil || o.State.Settled() {
		s.Fatalf("prepared only, and it is %+v, %v", o, err)
	}
	s.must(s.voidOf(first, key+"/end"))(payments.Canceled, 0)
	r.ProviderID = first.ProviderID
	if o, err := p.Pay(s.ctx, r); err == nil && o.State.Paid() {
		s.Errorf("canceled, then paid: %+v", o)
	}
}

func (s *suite) captureTooMuch() {
	paid := s.pay(false)
	o := s.must(s.captureOf(paid, key+"/1", price+1, price+1))(payments.Declined, 0)
	if o.Decline == "" {
		s.Error("the decline has no code")
	}
	s.must(s.captureOf(paid, key+"/2", price, price))(payments.Captured, price)
}

// captureFinal: what a final capture leaves cannot be had any more.
func (s *suite) captureFinal() {
	paid := s.pay(false)
	final := payments.CaptureRequest{
		Key: key + "/1", PaymentKey: key, ProviderID: paid.ProviderID, Amount: s.amount(1000), Total: s.amount(1000), Final: true,
	}
	for range 2 {
		if o := s.must(s.h.Provider.Capture(s.ctx, final))(payments.Captured, 1000); !o.Final {
			s.Error("it does not say that the rest was let go")
		}
	}
	s.needBooks()
	s.must(s.captureOf(paid, key+"/2", 250, price))(payments.Declined, 0)
	s.must(s.lookUp(paid))(payments.Captured, 1000)
	s.must(s.lookUpOperation(paid, payments.KindCapture, key+"/1", ""))(payments.Captured, 1000)
	s.must(s.refundOf(paid, key+"/3", 1000))(payments.Refunded, 1000)
	s.must(s.refundOf(paid, key+"/4", 1))(payments.Declined, 0)
}

// voidRest: what was captured stays, and what was not is let go, once.
func (s *suite) voidRest() {
	paid := s.pay(false)
	s.must(s.captureOf(paid, key+"/1", 1000, 1000))(payments.Captured, 1000)
	if s.h.OneCapture {
		s.must(s.voidOf(paid, key+"/2"))(payments.Captured, 1000) // nothing was left
		return
	}
	done := s.must(s.voidOf(paid, key+"/2"))(payments.Voided, 0)
	s.must(s.voidOf(paid, key+"/2"))(payments.Voided, 0)
	s.needBooks()
	s.must(s.lookUpOperation(paid, payments.KindVoid, key+"/2", done.ProviderID))(payments.Voided, 0)
	s.must(s.captureOf(paid, key+"/3", 250, price))(payments.Declined, 0)
	s.must(s.voidOf(paid, key+"/4"))(payments.Captured, 1000)
	s.must(s.lookUp(paid))(payments.Captured, 1000)
	s.must(s.refundOf(paid, key+"/5", 1000))(payments.Refunded, 1000)
}

func (s *suite) void() {
	paid := s.pay(false)
	s.must(s.voidOf(paid, key+"/1"))(payments.Voided, 0)
	s.must(s.voidOf(paid, key+"/1"))(payments.Voided, 0)
	s.needBooks()
	s.must(s.captureOf(paid, key+"/2", price, price))(payments.Declined, 0)
	s.must(s.lookUp(paid))(payments.Voided, 0)
}

func (s *suite) voidTooLate() {
	paid := s.pay(true)
	s.must(s.voidOf(paid, key+"/1"))(payments.Captured, price)
	s.must(s.refundOf(paid, key+"/2", price))(payments.Refunded, price)
}

func (s *suite) refund() {
	paid := s.pay(true)
	s.must(s.refundOf(paid, key+"/1", 1000))(payments.Refunded, 1000)
	s.must(s.refundOf(paid, key+"/1", 1000))(payments.Refunded, 1000)
	s.must(s.refundOf(paid, key+"/2", 250))(payments.Refunded, 250)
}

func (s *suite) refundTooMuch() {
	paid := s.pay(true)
	s.must(s.refundOf(paid, key+"/1", price+1))(payments.Declined, 0)
	s.must(s.refundOf(paid, key+"/2", price))(payments.Refunded, price)
	s.must(s.refundOf(paid, key+"/3", 1))(payments.Declined, 0)
	authorizedOnly := s.request(s.h.Approve, false)
	authorizedOnly.Key = key[:len(key)-1] + "9"
	o := s.must(s.ask(s.ctx, authorizedOnly))(payments.Authorized, price)
	s.must(s.h.Provider.Refund(s.ctx, payments.RefundRequest{
		Key: authorizedOnly.Key + "/1", PaymentKey: authorizedOnly.Key, ProviderID: o.ProviderID, Amount: s.amount(1),
	}))(payments.Declined, 0)
}

func (s *suite) lookUp(paid payments.Outcome) (payments.Outcome, error) {
	return s.h.Provider.Retrieve(s.ctx, payments.LookupRequest{
		Of: payments.KindPayment, Key: key, ProviderID: paid.ProviderID, PaymentKey: key, PaymentID: paid.ProviderID, Token: s.h.Approve,
	})
}

func (s *suite) lookUpOperation(paid payments.Outcome, of payments.OperationKind, k, id string) (payments.Outcome, error) {
	return s.h.Provider.Retrieve(s.ctx, payments.LookupRequest{Of: of, Key: k, ProviderID: id, PaymentKey: key, PaymentID: paid.ProviderID, Token: s.h.Approve})
}

func (s *suite) retrieve() {
	paid := s.pay(false)
	s.must(s.lookUp(paid))(payments.Authorized, price)
	if _, ok := s.h.Provider.(payments.Preparer); !ok {
		s.must(s.lookUp(payments.Outcome{}))(payments.Authorized, price) // by key alone
	}
	s.must(s.captureOf(paid, key+"/1", price, price))(payments.Captured, price)
	s.must(s.lookUp(paid))(payments.Captured, price)
	s.must(s.lookUpOperation(paid, payments.KindRefund, key+"/2", ""))(payments.NotFound, 0)
	back := s.must(s.refundOf(paid, key+"/2", 50))(payments.Refunded, 50)
	s.must(s.lookUpOperation(paid, payments.KindRefund, key+"/2", back.ProviderID))(payments.Refunded, 50)
	s.must(s.lookUpOperation(paid, payments.KindRefund, key+"/2", ""))(payments.Refunded, 50)
}

// list: what a provider lists tells whose payment it is, and where its money is.
func (s *suite) list() {
	books := s.h.Provider.(payments.Lister)
	r := s.request(s.h.Approve, false)
	r.Store = "0123456789abcdef01234567"
	paid := s.must(s.ask(s.ctx, r))(payments.Authorized, price)
	listed := func() payments.Listed {
		s.Helper()
		var out []payments.Listed
		for l, err := range books.List(s.ctx, time.Time{}) {
			if err != nil {
				s.Fatal(err)
			}
			out = append(out, l)
		}
		if len(out) != 1 || out[0].Key != key || out[0].ProviderID != paid.ProviderID || out[0].Store != r.Store {
			s.Fatalf("listed are %+v", out)
		}
		return out[0]
	}
	if l := listed(); l.State != payments.Authorized || l.Held != s.amount(price) || !l.Captured.IsZero() {
		s.Errorf("authorized, it is listed as %+v", l)
	}
	s.must(s.captureOf(paid, key+"/1", 1000, 1000))(payments.Captured, 1000)
	s.must(s.refundOf(paid, key+"/2", 300))(payments.Refunded, 300)
	held := s.amount(price - 1000)
	if s.h.OneCapture {
		held = s.amount(0)
	}
	if l := listed(); l.State != payments.Captured || l.Held != held || l.Captured != s.amount(1000) || l.Refunded != s.amount(300) {
		s.Errorf("captured in part, it is listed as %+v", l)
	}
}

func (s *suite) retrieveUnseen() { s.must(s.lookUp(payments.Outcome{}))(payments.NotFound, 0) }

func (s *suite) challenge() {
	o := s.must(s.ask(s.ctx, s.request(s.h.Challenge, true)))(payments.NeedsAction, 0)
	if o.Next == nil || o.Next.Kind == "" {
		s.Fatal("the outcome does not say what to do next")
	}
	if err := s.h.Confirm(key, true); err != nil {
		s.Fatal(err)
	}
	s.must(s.lookUp(o))(payments.Captured, price)
}

// browserConfirms: a payment without a token waits for the browser, which may
// try another card after one that was declined.
func (s *suite) browserConfirms() {
	waits := func(o payments.Outcome, err error) payments.Outcome {
		s.Helper()
		o = s.must(o, err)(payments.NeedsAction, 0)
		if o.Next == nil || o.Next.Kind != payments.ClientSDK || o.Next.ClientSecret == "" {
			s.Fatalf("the outcome does not say what the browser needs: %+v", o.Next)
		}
		return o
	}
	paid := waits(s.ask(s.ctx, s.request("", true)))
	waits(s.ask(s.ctx, s.request("", true)))
	if err := s.h.Browser(key, s.h.Decline); err == nil {
		s.Error("the browser is not told of the decline")
	}
	waits(s.lookUp(paid))
	if err := s.h.Browser(key, s.h.Approve); err != nil {
		s.Fatal(err)
	}
	s.must(s.lookUp(paid))(payments.Captured, price)
	s.must(s.ask(s.ctx, s.request("", true)))(payments.Captured, price)
	if err := s.h.Browser(key, s.h.Approve); err == nil {
		s.Error("the browser has paid twice")
	}
	s.must(s.voidOf(paid, key+"/end"))(payments.Captured, price)
}

// voucher asks for a payment that somebody has to pay elsewhere.
func (s *suite) voucher() payments.Outcome {
	s.Helper()
	o := s.must(s.ask(s.ctx, s.request(s.h.Voucher, true)))(payments.Pending, 0)
	if o.Next == nil || o.Next.Kind != payments.Voucher || o.Next.URL == "" && len(o.Next.Details) == 0 {
		s.Fatalf("the outcome does not say how to pay: %+v", o.Next)
	}
	s.must(s.lookUp(o))(payments.Pending, 0)
	return o
}

func (s *suite) voucherPaid() {
	o := s.voucher()
	if err := s.h.Decide(key, true); err != nil {
		s.Fatal(err)
	}
	s.must(s.lookUp(o))(payments.Captured, price)
}

func (s *suite) voucherExpires() {
	o := s.voucher()
	if err := s.h.Decide(key, false); err != nil {
		s.Fatal(err)
	}
	s.must(s.lookUp(o))(payments.Declined, 0)
	s.must(s.voidOf(o, key+"/end"))
}

// endedContext allows an error or an answer, but no hanging.
func (s *suite) endedContext() {
	ctx, cancel := context.WithCancel(s.ctx)
	cancel()
	if o, err := s.ask(ctx, s.request(s.h.Approve, true)); err == nil && !o.State.Paid() {
		s.Errorf("an ended context gave %+v", o)
	}
}
