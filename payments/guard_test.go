package payments_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/payments"
	"github.com/keelshop/commerce/payments/simulator"
)

// guarded returns the provider as a service hands it out.
func guarded(t *testing.T, p payments.Provider) payments.Provider {
	t.Helper()
	g, err := payments.NewService(nil, nil, map[string]payments.Provider{p.Name(): p}, nil).Provider(p.Name())
	if err != nil {
		t.Fatal(err)
	}
	return g
}

var plain = payments.PayRequest{Key: "k", Token: "pm_card_visa", Amount: eur(total)}

func TestProviderIsAskedFor20SecondsAtMost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := guarded(t, simulator.New(simulator.WithFaults(func(simulator.Call) simulator.Fault { return simulator.Hang })))
		began := time.Now()
		_, err := p.Pay(t.Context(), plain)
		if took := time.Since(began); took != 20*time.Second {
			t.Errorf("it took %v", took)
		}
		if !errors.Is(err, fault.Uncertain) || !errors.Is(err, context.DeadlineExceeded) || fault.CodeOf(err) != fault.Uncertain {
			t.Errorf("no answer: %v, code %v", err, fault.CodeOf(err))
		}
	})
}

// crowded holds calls until it lets them go.
type crowded struct {
	*simulator.Simulator
	calls   atomic.Int32
	release chan struct{}
}

func (c *crowded) Pay(ctx context.Context, r payments.PayRequest) (payments.Outcome, error) {
	c.calls.Add(1)
	<-c.release
	return c.Simulator.Pay(ctx, r)
}

func TestProviderIsNotDrowned(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bank := &crowded{Simulator: simulator.New(), release: make(chan struct{})}
		p := guarded(t, bank)
		errs := make(chan error, 33)
		pay := func(ctx context.Context) {
			_, err := p.Pay(ctx, plain)
			errs <- err
		}
		for range 32 {
			go pay(t.Context())
		}
		synctest.Wait()
		hasty, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		pay(hasty)
		err := <-errs
		if e, ok := errors.AsType[*payments.BusyError](err); !ok || e.Provider != bank.Name() || fault.CodeOf(err) != fault.Unavailable {
			t.Errorf("the 33rd call: %v", err)
		}
		go pay(t.Context()) // waits for a place
		synctest.Wait()
		if n := bank.calls.Load(); n != 32 {
			t.Errorf("%d calls are under way", n)
		}
		close(bank.release)
		for range cap(errs) {
			if err := <-errs; err != nil {
				t.Errorf("a call that was let in: %v", err)
			}
		}
	})
}

func TestCardNumberNeverReachesAProvider(t *testing.T) {
	bank := simulator.New()
	r := plain
	r.Token = "4242 4242 4242 4242"
	if _, err := guarded(t, bank).Pay(t.Context(), r); !errors.Is(err, fault.Invalid) {
		t.Errorf("paying with a card number: %v", err)
	}
	if len(bank.Charges()) != 0 {
		t.Error("the bank was asked")
	}
}

// mumbler answers with what no provider may say.
type mumbler struct{ *simulator.Simulator }

func (mumbler) Pay(context.Context, payments.PayRequest) (payments.Outcome, error) {
	return payments.Outcome{State: "perhaps"}, nil
}

func TestUnknownAnswerIsNoAnswer(t *testing.T) {
	_, err := guarded(t, mumbler{simulator.New()}).Pay(t.Context(), plain)
	if _, ok := errors.AsType[*payments.NoAnswerError](err); !ok {
		t.Errorf("it gave %v", err)
	}
}

func TestUnknownProvider(t *testing.T) {
	_, err := payments.NewService(nil, nil, nil, nil).Provider("nobody")
	if e, ok := errors.AsType[*payments.UnknownProviderError](err); !ok || e.Provider != "nobody" || !errors.Is(err, fault.Invalid) {
		t.Errorf("it gave %v", err)
	}
}
