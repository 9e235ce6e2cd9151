package payments_test

import (
	"errors"
	"maps"
	"reflect"
	"strings"
	"testing"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/orders"
	"github.com/keelshop/commerce/payments"
	"github.com/keelshop/commerce/payments/manual"
	"github.com/keelshop/commerce/payments/simulator"
)

type ledger map[payments.Account]int64

func (s *shop) wantBooks(it sale, want ledger) {
	s.t.Helper()
	if got := s.books(it); !maps.Equal(got, want) {
		s.t.Errorf("the books are %v, want %v", got, want)
	}
}

func TestCapturedSaleIsOnTheBooks(t *testing.T) {
	s := newShop(t)
	it := s.sell("pm_card_visa", true)
	a, o := s.attempt(it), s.order(it)
	if a.State != payments.Captured || a.Captured != eur(total) || a.Authorized != eur(total) || a.ProviderID == "" {
		t.Errorf("the attempt is %+v", a)
	}
	if o.Status != orders.Placed || o.PaymentStatus != orders.Paid {
		t.Errorf("the order is %s, %s", o.Status, o.PaymentStatus)
	}
	s.wantBooks(it, ledger{"provider:simulator": total, "sales": -750, "shipping": -300, "tax_payable": -200})
	s.quiet()
}

func TestAuthorizedSaleIsReceivable(t *testing.T) {
	s := newShop(t)
	it := s.sell("pm_card_visa", false)
	if o := s.order(it); o.PaymentStatus != orders.Authorized || o.Authorized != eur(total) {
		t.Errorf("the order is %s, authorized %v", o.PaymentStatus, o.Authorized)
	}
	s.wantBooks(it, ledger{"receivable": total, "sales": -750, "shipping": -300, "tax_payable": -200})
}

func TestDeclineMovesNothing(t *testing.T) {
	s := newShop(t)
	it := s.sell("pm_card_visa_chargeDeclinedInsufficientFunds", true)
	a, o := s.attempt(it), s.order(it)
	if a.State != payments.Declined || a.Decline != payments.DeclineInsufficientFunds || a.Raw != "insufficient_funds" {
		t.Errorf("the attempt is %s, %s (%s)", a.State, a.Decline, a.Raw)
	}
	if a.Decline.Advice() != payments.AdviseNewMethod || o.Status != orders.Pending || o.PaymentStatus != orders.PaymentNone {
		t.Errorf("advice %s; the order is %s, %s", a.Decline.Advice(), o.Status, o.PaymentStatus)
	}
	s.wantBooks(it, ledger{})
}

func TestChallengeKeepsItsNextActionUntilItEnds(t *testing.T) {
	s := newShop(t)
	it := s.sell("pm_card_threeDSecure2Required", true)
	if a := s.attempt(it); a.State != payments.NeedsAction || a.Next == nil || a.Next.Kind != payments.Challenge || a.Next.URL == "" {
		t.Fatalf("the attempt is %s, next %+v", a.State, a.Next)
	}
	s.must(s.bank.Confirm(string(it.pay), true))
	p, err := s.pay.Provider(s.bank.Name())
	s.must(err)
	o, err := p.Retrieve(s.ctx, s.attempt(it).LookupRequest())
	s.must(err)
	s.finish(it, o)
	if a := s.attempt(it); a.State != payments.Captured || a.Next != nil {
		t.Errorf("the attempt is %s, next %+v", a.State, a.Next)
	}
}

func TestManualSaleIsPaidLater(t *testing.T) {
	s := newShop(t)
	it := s.beginWith(manual.Name, "", false)
	s.ask(it)
	for i, minor := range []int64{1000, 250} {
		op, err := s.pay.Capture(s.ctx, payments.Capture{Attempt: it.pay, Amount: eur(minor), Key: string(rune('a' + i))})
		if err != nil || op.State != payments.OpSucceeded {
			t.Fatalf("capturing: %+v, %v", op, err)
		}
	}
	if o := s.order(it); o.PaymentStatus != orders.Paid {
		t.Errorf("the order is %s", o.PaymentStatus)
	}
	s.wantBooks(it, ledger{"provider:manual": total, "sales": -750, "shipping": -300, "tax_payable": -200})
	s.quiet()
}

func TestImpossibleNewsIsRefused(t *testing.T) {
	s := newShop(t)
	it := s.begin("pm_card_visa", true)
	for name, o := range map[string]payments.Outcome{
		"no state":       {},
		"own state":      {State: payments.Created},
		"other currency": {State: payments.Captured, Amount: chf(total)},
		"negative":       {State: payments.Captured, Amount: eur(-1)},
		"absurd":         {State: payments.Captured, Amount: eur(1 << 60)},
		"long ID":        {State: payments.Captured, ProviderID: strings.Repeat("x", 256)},
	} {
		_, err := command.Do[bool](s.ctx, s.engine, &finish{Attempt: it.pay, Outcome: o}, command.Call{Slot: it.slot})
		if !errors.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	unknown := sale{pay: payments.ID("pay_" + strings.TrimPrefix(string(it.order), "ord_")), slot: it.slot}
	_, err := command.Do[bool](s.ctx, s.engine, &finish{Attempt: unknown.pay, Outcome: payments.Outcome{State: payments.Captured}}, command.Call{Slot: it.slot})
	if e, ok := errors.AsType[*payments.NotFoundError](err); !ok || e.Attempt != unknown.pay {
		t.Errorf("an unknown attempt: %v", err)
	}
	if a := s.attempt(it); a.State != payments.Created {
		t.Errorf("the attempt is %s", a.State)
	}
}

func TestOutcomeSurvivesTheLog(t *testing.T) {
	for _, want := range []payments.Outcome{
		{State: payments.Declined, Decline: payments.DeclineFraud, Raw: "stolen_card"},
		{State: payments.Captured, ProviderID: "p", Amount: eur(1)},
		{State: payments.Pending, Next: &payments.NextAction{Kind: payments.Voucher, Details: []payments.Detail{{Name: "iban", Value: "DE1"}}, ExpiresAt: 1}},
		{State: payments.NeedsAction, Next: &payments.NextAction{Kind: payments.Redirect, URL: "https://example.com"}},
	} {
		b, err := command.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		var got payments.Outcome
		if err := command.Unmarshal(b, &got); err != nil {
			t.Fatal(err)
		}
		next, wanted := got.Next, want.Next
		got.Next, want.Next = nil, nil
		if got != want || (next == nil) != (wanted == nil) || !reflect.DeepEqual(next, wanted) {
			t.Errorf("%+v became %+v", want, got)
		}
	}
}

// The engine is closed and opened between every step; the bank lives on.
func TestLostAnswerIsOneCharge(t *testing.T) {
	s := newShop(t)
	it := s.begin(simulator.TokenLostAnswer, true)
	p, err := s.pay.Provider(s.bank.Name())
	s.must(err)
	_, err = p.Pay(s.ctx, s.attempt(it).PayRequest())
	if e, ok := errors.AsType[*payments.NoAnswerError](err); !ok || e.Provider != s.bank.Name() || !errors.Is(err, fault.Uncertain) {
		t.Fatalf("the lost answer: %v", err)
	}
	s.finish(it, payments.Outcome{State: payments.Unknown})
	s.engine.Restart()
	if a := s.attempt(it); a.State != payments.Unknown || a.State.Settled() {
		t.Fatalf("the attempt is %s", a.State)
	}
	s.ask(it)
	s.engine.Restart()
	if c, _ := s.bank.Charge(string(it.pay)); c.Captured != eur(total) || s.attempt(it).Captured != eur(total) {
		t.Errorf("the bank captured %v, the shop %v", c.Captured, s.attempt(it).Captured)
	}
}
