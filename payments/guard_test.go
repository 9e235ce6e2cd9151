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
	g, err := payments.NewService(nil, nil, map[string]payments.Provider{p.Name(): p}).Provider(p.Name())
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

// crowded counts the calls that are under way.
type crowded struct {
	*simulator.Simulator
	now, most atomic.Int32
}

func (c *crowded) Pay(ctx context.Context, r payments.PayRequest) (payments.Outcome, error) {
	n := c.now.Add(1)
	defer c.now.Add(-1)
	for most := c.most.Load(); n > most && !c.most.CompareAndSwap(most, n); most = c.most.Load() {
	}
	return c.Simulator.Pay(ctx, r)
}

func TestProviderIsNotDrowned(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bank := &crowded{Simulator: simulator.New(simulator.WithFaults(func(simulator.Call) simulator.Fault { return simulator.Hang }))}
		p := guarded(t, bank)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		errs := make(chan error, 40)
		for range cap(errs) {
			go func() {
				_, err := p.Pay(ctx, plain)
				errs <- err
			}()
		}
		busy := 0
		for range cap(errs) {
			err := <-errs
			if _, ok := errors.AsType[*payments.BusyError](err); ok {
				busy++
				if fault.CodeOf(err) != fault.Unavailable {
					t.Errorf("busy has the code %v", fault.CodeOf(err))
				}
			} else if _, ok := errors.AsType[*payments.NoAnswerError](err); !ok {
				t.Errorf("unexpected: %v", err)
			}
		}
		if most := bank.most.Load(); most != 32 || busy != 8 {
			t.Errorf("%d calls were under way at once and %d were not made, want 32 and 8", most, busy)
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
	_, err := payments.NewService(nil, nil, nil).Provider("nobody")
	if e, ok := errors.AsType[*payments.UnknownProviderError](err); !ok || e.Provider != "nobody" || !errors.Is(err, fault.Invalid) {
		t.Errorf("it gave %v", err)
	}
}
