package payments_test

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/payments"
	"github.com/keelshop/commerce/payments/simulator"
)

// TestProviderThatDoesNotAnswerIsLeftAlone for a while, and asked again then.
func TestProviderThatDoesNotAnswerIsLeftAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bank, asked := simulator.New(), 0
		down := func(simulator.Call) simulator.Fault { asked++; return simulator.Unreached }
		bank.SetFaults(down)
		s := payments.NewService(nil, nil, map[string]payments.Provider{"simulator": bank}, nil)
		p, err := s.Provider("simulator")
		if err != nil {
			t.Fatal(err)
		}
		ask := func(i int) error {
			_, err := p.Pay(t.Context(), payments.PayRequest{Key: fmt.Sprint("k", i), Token: "pm_card_visa", Amount: eur(total)})
			return err
		}
		for i := range 40 {
			err := ask(i)
			if fault.CodeOf(err) == fault.Unavailable && i < 20 || err == nil {
				t.Fatalf("request %d: %v", i, err)
			}
		}
		if asked != 20 {
			t.Errorf("it was asked %d times", asked)
		}
		if _, busy := errors.AsType[*payments.BusyError](ask(40)); !busy {
			t.Error("it is not left alone")
		}
		err = s.Ready("simulator")
		if e, ok := errors.AsType[*payments.ThrottledError](err); !ok || e.Wait != 15*time.Second || fault.CodeOf(err) != fault.Unavailable {
			t.Errorf("it is said to be ready: %v", err)
		}
		time.Sleep(16 * time.Second)
		if err := s.Ready("simulator"); err != nil {
			t.Errorf("after a rest: %v", err)
		}
		if err := ask(41); fault.CodeOf(err) != fault.Uncertain {
			t.Errorf("a trial: %v", err)
		}
		if err := s.Ready("simulator"); err == nil {
			t.Error("a trial has failed, and it is ready")
		}
		bank.SetFaults(nil)
		time.Sleep(16 * time.Second)
		for i := range 10 {
			if err := ask(50 + i); err != nil {
				t.Errorf("it answers again: %v", err)
			}
		}
	})
}

// TestDeclinesTripNothing: a card that is declined is an answer.
func TestDeclinesTripNothing(t *testing.T) {
	s := payments.NewService(nil, nil, map[string]payments.Provider{"simulator": simulator.New()}, nil)
	p, err := s.Provider("simulator")
	if err != nil {
		t.Fatal(err)
	}
	for i := range 100 {
		o, err := p.Pay(t.Context(), payments.PayRequest{Key: fmt.Sprint("k", i), Token: "pm_card_visa_chargeDeclined", Amount: eur(total)})
		if err != nil || o.State != payments.Declined {
			t.Fatalf("got %+v, %v", o, err)
		}
	}
	if err := s.Ready("simulator"); err != nil {
		t.Error(err)
	}
	if err := s.Ready("nobody"); fault.CodeOf(err) != fault.Invalid {
		t.Errorf("got %v", err)
	}
}
