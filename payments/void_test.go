package payments_test

import (
	"errors"
	"testing"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/orders"
	"github.com/keelshop/commerce/payments"
	"github.com/keelshop/commerce/payments/simulator"
)

// What was captured in part can be let go of, once, and not while nothing was
// captured or somebody captures.
func TestVoidOfAPlacedOrder(t *testing.T) {
	s := newShop(t)
	it := s.sell("pm_card_visa", false)
	void := payments.Void{Attempt: it.pay, Reason: "out of print"}
	if _, err := s.pay.Void(s.ctx, void); !errors.Is(err, fault.Refused) {
		t.Errorf("before anything was captured: %v", err)
	}
	op, err := s.pay.Capture(s.ctx, payments.Capture{Attempt: it.pay, Amount: eur(1000)})
	if err != nil || op.State != payments.OpSucceeded {
		t.Fatalf("%+v, %v", op, err)
	}
	if a := s.attempt(it); a.Open() != eur(total-1000) {
		t.Fatalf("what the order still costs is not held: %v", a.Open())
	}
	void.Key = "v"
	for range 2 {
		op, err = s.pay.Void(s.ctx, void)
		if err != nil || op.State != payments.OpSucceeded || op.Kind != payments.KindVoid || op.Amount != eur(total-1000) {
			t.Fatalf("%+v, %v", op, err)
		}
	}
	if a := s.attempt(it); a.Voided != eur(total-1000) || !a.Open().IsZero() || a.Captured != eur(1000) {
		t.Errorf("captured %v, let go %v, open %v", a.Captured, a.Voided, a.Open())
	}
	if c, _ := s.bank.Charge(string(it.pay)); c.Voided != eur(total-1000) {
		t.Errorf("the bank let go of %v", c.Voided)
	}
	void.Key = ""
	_, err = s.pay.Void(s.ctx, void)
	if _, ok := errors.AsType[*payments.AmountError](err); !ok {
		t.Errorf("a second time: %v", err)
	}
	canceled := s.begin("pm_card_threeDSecure2Required", true)
	s.ask(canceled)
	_, err = s.pay.Void(s.ctx, payments.Void{Attempt: canceled.pay})
	if _, ok := errors.AsType[*orders.StatusError](err); !ok {
		t.Errorf("of a pending order: %v", err)
	}
}

// A void that gets lost is asked for again, with the same key, and counts once.
func TestVoidWhoseAnswerIsLost(t *testing.T) {
	s := newShop(t)
	it := s.sell("pm_card_visa", false)
	if _, err := s.pay.Capture(s.ctx, payments.Capture{Attempt: it.pay, Amount: eur(1000)}); err != nil {
		t.Fatal(err)
	}
	s.bank.SetFaults(func(c simulator.Call) simulator.Fault {
		if c.Of == payments.KindVoid && !c.Lookup && c.Attempt == 1 {
			return simulator.LostAnswer
		}
		return simulator.None
	})
	op, err := s.pay.Void(s.ctx, payments.Void{Attempt: it.pay})
	if err != nil || op.State != payments.OpUnknown {
		t.Fatalf("the lost answer: %+v, %v", op, err)
	}
	if _, err = s.pay.Capture(s.ctx, payments.Capture{Attempt: it.pay, Amount: eur(1)}); err == nil {
		t.Error("captured while the rest is let go")
	}
	s.bank.SetFaults(nil)
	s.must(s.settle())
	if a := s.attempt(it); a.Voided != eur(total-1000) || !a.Open().IsZero() {
		t.Errorf("let go %v, open %v", a.Voided, a.Open())
	}
	s.quiet()
}

// A final capture lets go of what it leaves, also if its answer is lost.
func TestFinalCapture(t *testing.T) {
	for _, lost := range []bool{false, true} {
		s := newShop(t)
		it := s.sell("pm_card_visa", false)
		s.bank.SetFaults(func(c simulator.Call) simulator.Fault {
			if lost && c.Of == payments.KindCapture && !c.Lookup && c.Attempt == 1 {
				return simulator.LostAnswer
			}
			return simulator.None
		})
		op, err := s.pay.Capture(s.ctx, payments.Capture{Attempt: it.pay, Amount: eur(1000), Final: true})
		if err != nil || !op.Final || op.State != payments.OpSucceeded && !lost {
			t.Fatalf("%+v, %v", op, err)
		}
		s.must(s.settle())
		if a := s.attempt(it); a.Captured != eur(1000) || a.Voided != eur(total-1000) || !a.Open().IsZero() {
			t.Errorf("captured %v, let go %v, open %v", a.Captured, a.Voided, a.Open())
		}
		if c, _ := s.bank.Charge(string(it.pay)); c.Captured != eur(1000) || c.Voided != eur(total-1000) {
			t.Errorf("the bank took %v and let go of %v", c.Captured, c.Voided)
		}
		_, err = s.pay.Capture(s.ctx, payments.Capture{Attempt: it.pay, Amount: eur(1)})
		if _, none := errors.AsType[*payments.AmountError](err); !none {
			t.Errorf("after the final one: %v", err)
		}
		s.quiet()
	}
}
