package payments_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/orders"
	"github.com/keelshop/commerce/payments"
	"github.com/keelshop/commerce/payments/simulator"
)

func chf(minor int64) money.Amount { return money.New(minor, "CHF") }

func TestCanceledOrderGivesBackWhatItHas(t *testing.T) {
	for _, c := range []struct {
		name    string
		capture bool
		kind    payments.OperationKind
		status  orders.PaymentStatus
	}{
		{"authorized", false, payments.KindVoid, orders.Voided},
		{"captured", true, payments.KindRefund, orders.Refunded},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newShop(t)
			it := s.sell("pm_card_visa", c.capture)
			s.cancel(it)
			s.must(s.settle())
			ops := s.operations(it)
			if len(ops) != 1 || ops[0].Kind != c.kind || ops[0].State != payments.OpSucceeded || ops[0].Amount != eur(total) {
				t.Errorf("the operations are %+v", ops)
			}
			if o := s.order(it); o.PaymentStatus != c.status {
				t.Errorf("the order is %s", o.PaymentStatus)
			}
			s.wantBooks(it, ledger{})
			s.quiet()
			s.must(s.pay.Settle(s.ctx, it.order))
			if got := s.operations(it); len(got) != 1 {
				t.Errorf("settling again made %+v", got)
			}
		})
	}
}

// A shopper gives up, the order is canceled, and then the money arrives.
func TestLateMoneyOfCanceledOrderGoesBack(t *testing.T) {
	for _, from := range []payments.State{payments.Declined, payments.Canceled} {
		s := newShop(t)
		it := s.begin("pm_card_visa", true)
		s.finish(it, payments.Outcome{State: from})
		s.cancel(it)
		s.must(s.settle())
		s.quiet()
		s.ask(it)
		if o := s.order(it); o.Status != orders.Canceled || o.Captured != eur(total) {
			t.Fatalf("from %s: the order is %s, captured %v", from, o.Status, o.Captured)
		}
		s.must(s.settle())
		if c, _ := s.bank.Charge(string(it.pay)); c.Refunded != eur(total) {
			t.Errorf("from %s: the bank gave back %v", from, c.Refunded)
		}
		s.wantBooks(it, ledger{})
		s.quiet()
	}
}

// A payment that is not decided when its order is canceled is ended at the
// bank: a request that arrives late takes nothing.
func TestUndecidedPaymentOfCanceledOrderIsEnded(t *testing.T) {
	for _, from := range []payments.State{payments.Created, payments.Unknown} {
		s := newShop(t)
		it := s.begin("pm_card_visa", true)
		if from != payments.Created {
			s.finish(it, payments.Outcome{State: from})
		}
		s.cancel(it)
		s.must(s.settle())
		s.quiet()
		s.ask(it)
		if o := s.order(it); o.Status != orders.Canceled || !o.Captured.IsZero() {
			t.Errorf("from %s: the order is %s, captured %v", from, o.Status, o.Captured)
		}
		if _, charged := s.bank.Charge(string(it.pay)); charged {
			t.Errorf("from %s: the bank has charged", from)
		}
		if a, err := s.pay.Get(s.ctx, it.pay); err != nil || a.State != payments.Canceled {
			t.Errorf("from %s: the payment is %s, %v", from, a.State, err)
		}
		s.wantBooks(it, ledger{})
	}
}

func TestRefundsOfPlacedOrder(t *testing.T) {
	s := newShop(t)
	it := s.sell("pm_card_visa", true)
	ops, err := s.pay.Refund(s.ctx, payments.Refund{Order: it.order, Amount: eur(250), Reason: "late", Key: "one"})
	if err != nil || len(ops) != 1 || ops[0].State != payments.OpSucceeded {
		t.Fatalf("refunding: %+v, %v", ops, err)
	}
	ops, err = s.pay.Refund(s.ctx, payments.Refund{Order: it.order, Amount: eur(250), Reason: "late", Key: "one"})
	if err != nil || len(ops) != 1 {
		t.Errorf("asking again: %+v, %v", ops, err)
	}
	s.wantBooks(it, ledger{"provider:simulator": 1000, "sales": -750, "shipping": -300, "tax_payable": -200, "returns": 250})
	_, err = s.pay.Refund(s.ctx, payments.Refund{Order: it.order, Amount: eur(1001)})
	if e, ok := errors.AsType[*payments.AmountError](err); !ok || e.Have != eur(1000) || e.Want != eur(1001) {
		t.Errorf("too much: %v", err)
	}
	if _, err = s.pay.Refund(s.ctx, payments.Refund{Order: it.order}); err != nil {
		t.Errorf("the rest: %v", err)
	}
	if o := s.order(it); o.PaymentStatus != orders.Refunded || o.Refunded != eur(total) {
		t.Errorf("the order is %s, refunded %v", o.PaymentStatus, o.Refunded)
	}
	if _, err = s.pay.Refund(s.ctx, payments.Refund{Order: it.order, Amount: chf(1)}); !errors.Is(err, fault.Invalid) {
		t.Errorf("another currency: %v", err)
	}
	s.quiet()
}

func TestCaptureInParts(t *testing.T) {
	s := newShop(t)
	it := s.sell("pm_card_visa", false)
	op, err := s.pay.Capture(s.ctx, payments.Capture{Attempt: it.pay, Amount: eur(1000)})
	if err != nil || op.State != payments.OpSucceeded || op.Amount != eur(1000) {
		t.Fatalf("capturing: %+v, %v", op, err)
	}
	if o := s.order(it); o.PaymentStatus != orders.PartiallyPaid {
		t.Errorf("the order is %s", o.PaymentStatus)
	}
	_, err = s.pay.Capture(s.ctx, payments.Capture{Attempt: it.pay, Amount: eur(251)})
	if e, ok := errors.AsType[*payments.AmountError](err); !ok || e.Have != eur(250) {
		t.Errorf("too much: %v", err)
	}
	s.cancel(it)
	_, err = s.pay.Capture(s.ctx, payments.Capture{Attempt: it.pay})
	if _, ok := errors.AsType[*orders.StatusError](err); !ok {
		t.Errorf("of a canceled order: %v", err)
	}
	s.must(s.settle())
	a := s.attempt(it)
	if a.Voided != eur(250) || a.Refunded != eur(1000) || !a.Open().IsZero() {
		t.Errorf("voided %v, refunded %v, open %v", a.Voided, a.Refunded, a.Open())
	}
	s.wantBooks(it, ledger{})
}

// The webhook of a capture may come before and after its answer.
func TestCaptureCountsOnce(t *testing.T) {
	s := newShop(t)
	it := s.sell("pm_card_visa", false)
	s.bank.SetFaults(func(c simulator.Call) simulator.Fault {
		if c.Of == payments.KindCapture && c.Attempt == 1 {
			return simulator.LostAnswer
		}
		return simulator.None
	})
	op, err := s.pay.Capture(s.ctx, payments.Capture{Attempt: it.pay, Amount: eur(1000)})
	if err != nil || op.State != payments.OpUnknown {
		t.Fatalf("the lost answer: %+v, %v", op, err)
	}
	_, err = s.pay.Capture(s.ctx, payments.Capture{Attempt: it.pay, Amount: eur(1)})
	if !errors.Is(err, fault.Conflict) {
		t.Errorf("a second capture meanwhile: %v", err)
	}
	s.finish(it, payments.Outcome{State: payments.Captured, Amount: eur(1000)})
	s.bank.SetFaults(nil)
	s.must(s.settle())
	s.finish(it, payments.Outcome{State: payments.Captured, Amount: eur(1000)})
	if a := s.attempt(it); a.Captured != eur(1000) || s.operations(it)[0].State != payments.OpSucceeded {
		t.Errorf("captured %v, operation %s", a.Captured, s.operations(it)[0].State)
	}
	s.must(s.settle())
	s.quiet()
}

// moody declines the first refunds.
type moody struct {
	*simulator.Simulator
	mu       sync.Mutex
	declines int
}

func (m *moody) Refund(ctx context.Context, r payments.RefundRequest) (payments.Outcome, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.declines > 0 {
		m.declines--
		return payments.Outcome{State: payments.Declined, Raw: "not today"}, nil
	}
	return m.Simulator.Refund(ctx, r)
}

func TestDeclinedRefundStaysVisibleAndIsTriedAgain(t *testing.T) {
	s := newShop(t)
	bank := &moody{Simulator: s.bank, declines: 3}
	s.pay = payments.NewService(s.engine, s.orders, map[string]payments.Provider{s.bank.Name(): bank}, nil)
	it := s.sell("pm_card_visa", true)
	s.cancel(it)
	for i, pause := range []time.Duration{time.Minute, 4 * time.Minute, 16 * time.Minute} {
		s.must(s.settle())
		ops := s.operations(it)
		if last := ops[len(ops)-1]; len(ops) != i+1 || last.State != payments.OpFailed || last.Raw != "not today" || last.Decline != payments.DeclineGeneric {
			t.Fatalf("after %d tries: %+v", i+1, ops)
		}
		s.quiet()
		s.must(s.pay.Settle(s.ctx, it.order)) // too early
		s.engine.Advance(pause - time.Millisecond)
		s.quiet()
		s.engine.Advance(time.Millisecond)
	}
	s.must(s.settle())
	if ops := s.operations(it); len(ops) != 4 || ops[3].State != payments.OpSucceeded {
		t.Errorf("the operations are %+v", ops)
	}
	if c, _ := s.bank.Charge(string(it.pay)); c.Refunded != eur(total) {
		t.Errorf("the bank gave back %v", c.Refunded)
	}
	s.quiet()
}

func TestPendingRefundIsLookedAtLater(t *testing.T) {
	for _, ok := range []bool{true, false} {
		s := newShop(t)
		it := s.sell("pm_card_pendingRefund", true)
		s.cancel(it)
		s.must(s.settle())
		if ops := s.operations(it); len(ops) != 1 || ops[0].State != payments.OpPending {
			t.Fatalf("the operations are %+v", ops)
		}
		s.quiet()
		s.must(s.bank.DecideRefund(string(it.pay), s.operations(it)[0].Key(), ok))
		var calls []simulator.Call
		s.bank.SetFaults(func(c simulator.Call) simulator.Fault { calls = append(calls, c); return simulator.None })
		s.engine.Advance(time.Hour)
		s.must(s.settle())
		if len(calls) != 1 || !calls[0].Lookup {
			t.Errorf("the bank was asked %+v", calls)
		}
		want := payments.OpSucceeded
		if !ok {
			want = payments.OpFailed
		}
		if got := s.operations(it)[0].State; got != want {
			t.Errorf("decided %t: %s", ok, got)
		}
	}
}

// A store that was down longer than providers remember keys asks before it
// does anything again.
func TestOldIntentIsLookedUpFirst(t *testing.T) {
	s := newShop(t)
	it := s.sell("pm_card_visa", true)
	s.cancel(it)
	s.bank.SetFaults(func(c simulator.Call) simulator.Fault { return simulator.LostAnswer })
	if err := s.settle(); !errors.Is(err, fault.Uncertain) {
		t.Fatalf("with all answers lost: %v", err)
	}
	var calls []simulator.Call
	s.bank.SetFaults(func(c simulator.Call) simulator.Fault { calls = append(calls, c); return simulator.None })
	s.engine.Advance(payments.KeyLife)
	s.must(s.settle())
	if len(calls) != 1 || !calls[0].Lookup {
		t.Errorf("the bank was asked %+v", calls)
	}
	if c, _ := s.bank.Charge(string(it.pay)); c.Refunded != eur(total) {
		t.Errorf("the bank gave back %v", c.Refunded)
	}
	s.quiet()
}

func TestUnknownProviderWaits(t *testing.T) {
	s := newShop(t)
	it := s.sell("pm_card_visa", true)
	s.cancel(it)
	without := payments.NewService(s.engine, s.orders, nil, nil)
	err := without.Settle(s.ctx, it.order)
	if e, ok := errors.AsType[*payments.UnknownProviderError](err); !ok || e.Provider != s.bank.Name() {
		t.Errorf("without the provider: %v", err)
	}
	s.must(s.settle())
	if o := s.order(it); o.PaymentStatus != orders.Refunded {
		t.Errorf("the order is %s", o.PaymentStatus)
	}
}

func TestSettlingAtOnceRefundsOnce(t *testing.T) {
	s := newShop(t)
	it := s.sell("pm_card_visa", true)
	s.cancel(it)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if err := s.pay.Settle(s.ctx, it.order); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if ops := s.operations(it); len(ops) != 1 || ops[0].State != payments.OpSucceeded {
		t.Errorf("the operations are %+v", ops)
	}
	s.wantBooks(it, ledger{})
}

// impatient lets somebody else settle while it is still answering.
type impatient struct {
	*simulator.Simulator
	meanwhile func()
}

func (m *impatient) Refund(ctx context.Context, r payments.RefundRequest) (payments.Outcome, error) {
	if do := m.meanwhile; do != nil {
		m.meanwhile = nil
		do()
	}
	return m.Simulator.Refund(ctx, r)
}

func TestSlowerSettlerBooksNothingTwice(t *testing.T) {
	s := newShop(t)
	bank := &impatient{Simulator: s.bank}
	it := s.sell("pm_card_visa", true)
	s.cancel(it)
	bank.meanwhile = func() { s.must(s.pay.Settle(s.ctx, it.order)) }
	slower := payments.NewService(s.engine, s.orders, map[string]payments.Provider{s.bank.Name(): bank}, nil)
	s.must(slower.Settle(s.ctx, it.order))
	if a := s.attempt(it); a.Refunded != eur(total) || len(s.operations(it)) != 1 {
		t.Errorf("refunded %v in %+v", a.Refunded, s.operations(it))
	}
	s.wantBooks(it, ledger{})
}

// A command that was recorded is carried out even if its caller dies.
func TestRecordedCaptureIsCarriedOut(t *testing.T) {
	s := newShop(t)
	it := s.sell("pm_card_visa", false)
	s.engine.Drop = func(e command.Envelope) bool { return e.Kind == "payments.plan" }
	op, err := s.pay.Capture(s.ctx, payments.Capture{Attempt: it.pay})
	if err != nil || op.State != payments.OpIntent {
		t.Fatalf("capturing: %+v, %v", op, err)
	}
	s.engine.Drop = nil
	s.must(s.settle())
	if o := s.order(it); o.PaymentStatus != orders.Paid {
		t.Errorf("the order is %s", o.PaymentStatus)
	}
}

func TestOneVoidAtATimeAndNoneBesideACapture(t *testing.T) {
	lost := func(simulator.Call) simulator.Fault { return simulator.LostAnswer }
	s := newShop(t)
	voided := s.sell("pm_card_visa", false)
	captured := s.sell("pm_card_visa", false)
	s.bank.SetFaults(lost)
	if op, err := s.pay.Capture(s.ctx, payments.Capture{Attempt: captured.pay}); err != nil || op.State != payments.OpUnknown {
		t.Fatalf("capturing: %+v, %v", op, err)
	}
	for _, it := range []sale{voided, captured} {
		s.cancel(it)
		for range 3 {
			if err := s.pay.Settle(s.ctx, it.order); !errors.Is(err, fault.Uncertain) {
				t.Errorf("settling: %v", err)
			}
		}
		if ops := s.operations(it); len(ops) != 1 || ops[0].State != payments.OpUnknown {
			t.Errorf("the operations are %+v", ops)
		}
	}
	s.bank.SetFaults(nil)
	s.must(s.settle())
	if c, _ := s.bank.Charge(string(captured.pay)); c.Refunded != eur(total) {
		t.Errorf("the bank gave back %v of what was captured", c.Refunded)
	}
	s.wantBooks(voided, ledger{})
	s.wantBooks(captured, ledger{})
	s.quiet()
}

// stingy gives back another amount than it was asked for.
type stingy struct {
	*simulator.Simulator
	gives func(asked int64) int64
}

func (m stingy) Refund(_ context.Context, r payments.RefundRequest) (payments.Outcome, error) {
	return payments.Outcome{State: payments.Refunded, Amount: eur(m.gives(r.Amount.Minor()))}, nil
}

func TestRefundOfAnotherAmount(t *testing.T) {
	s := newShop(t)
	it := s.sell("pm_card_visa", true)
	s.cancel(it)
	with := func(gives func(int64) int64) error {
		bank := stingy{s.bank, gives}
		return payments.NewService(s.engine, s.orders, map[string]payments.Provider{s.bank.Name(): bank}, nil).Settle(s.ctx, it.order)
	}
	if err := with(func(asked int64) int64 { return asked + 1 }); !errors.Is(err, fault.Conflict) {
		t.Errorf("too much given back: %v", err)
	}
	if a := s.attempt(it); !a.Refunded.IsZero() {
		t.Errorf("it was booked as %v", a.Refunded)
	}
	s.must(with(func(asked int64) int64 { return min(asked, 700) }))
	if a := s.attempt(it); a.Refunded != eur(total) || len(s.operations(it)) != 2 {
		t.Errorf("in parts: refunded %v in %+v", a.Refunded, s.operations(it))
	}
	s.wantBooks(it, ledger{})
}

// What was paid too much can be given back and is no loss of income.
func TestOverchargeIsVisibleAndRefundable(t *testing.T) {
	s := newShop(t)
	it := s.begin("pm_card_visa", true)
	s.finish(it, payments.Outcome{State: payments.Authorized})
	s.finish(it, payments.Outcome{State: payments.Captured, Amount: eur(total + 100)})
	if o := s.order(it); o.PaymentStatus != orders.Overcharged {
		t.Fatalf("the order is %s", o.PaymentStatus)
	}
	s.must(s.settle())
	s.bank.SetFaults(nil)
	pay := payments.NewService(s.engine, s.orders, map[string]payments.Provider{s.bank.Name(): agreeable{s.bank}}, nil)
	if _, err := pay.Refund(s.ctx, payments.Refund{Order: it.order, Amount: eur(100)}); err != nil {
		t.Fatal(err)
	}
	s.wantBooks(it, ledger{"provider:simulator": total, "sales": -750, "shipping": -300, "tax_payable": -200})
	if o := s.order(it); !o.Outstanding().IsZero() || o.ExcessGranted != eur(100) {
		t.Errorf("%v is outstanding, %v were too much", o.Outstanding(), o.ExcessGranted)
	}
	// What goes back beyond that lowers what the order costs.
	if _, err := pay.Refund(s.ctx, payments.Refund{Order: it.order, Amount: eur(50)}); err != nil {
		t.Fatal(err)
	}
	if o := s.order(it); !o.Outstanding().IsZero() || o.ExcessGranted != eur(100) || o.RefundGranted != eur(150) {
		t.Errorf("%v is outstanding, %v of %v were too much", o.Outstanding(), o.ExcessGranted, o.RefundGranted)
	}
}

// agreeable refunds whatever it is asked.
type agreeable struct{ *simulator.Simulator }

func (agreeable) Refund(_ context.Context, r payments.RefundRequest) (payments.Outcome, error) {
	return payments.Outcome{State: payments.Refunded, Amount: r.Amount}, nil
}
