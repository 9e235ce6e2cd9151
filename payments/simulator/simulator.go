// Package simulator is a payment provider that needs no network: a bank of its
// own, with books that tests can compare with the store's.
//
// It answers the public test tokens of Stripe (pm_card_visa approves,
// pm_card_visa_chargeDeclinedInsufficientFunds declines, …), asks for 3-D
// Secure, leaves payments undecided, and loses requests or answers as a fault
// plan says. What it does depends on its seed and on the requests, never on
// time or on the order of goroutines. It keeps its books in memory; one
// Simulator may serve a store that is closed and opened again.
package simulator

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/keelshop/commerce/payments"
)

// DefaultName is the name that a simulator gives itself.
const DefaultName = "simulator"

// Simulator is a payments.Provider. It is safe for concurrent use. Make one
// with New.
type Simulator struct {
	name   string
	seed   uint64
	url    string // of its pages
	faults atomic.Pointer[func(Call) Fault]
	banks  [64]bank

	keptMu sync.Mutex
	kept   map[string]kept // means of payment, by what the simulator calls them

	callsMu sync.Mutex
	calls   map[Call]int
}

// bank keeps the payments of some keys.
type bank struct {
	mu       sync.Mutex
	payments map[string]*payment
}

// Option changes a simulator. Options are made by the With… functions.
type Option interface{ set(*Simulator) }

type option func(*Simulator)

func (o option) set(s *Simulator) { o(s) }

// WithName gives the simulator another name than DefaultName.
func WithName(name string) Option { return option(func(s *Simulator) { s.name = name }) }

// WithSeed sets what the simulator's IDs depend on besides keys. It defaults
// to 0.
func WithSeed(seed uint64) Option { return option(func(s *Simulator) { s.seed = seed }) }

// WithURL sets where the simulator's pages are found, as in /simulator or
// https://bank.example.com: see Handler. Without it, what 3-D Secure asks can
// be answered by Confirm only.
func WithURL(url string) Option { return option(func(s *Simulator) { s.url = url }) }

// WithFaults is SetFaults from the start.
func WithFaults(plan func(Call) Fault) Option {
	return option(func(s *Simulator) { s.SetFaults(plan) })
}

// New returns a simulator whose bank has seen nothing.
func New(opts ...Option) *Simulator {
	s := &Simulator{name: DefaultName, url: "https://simulator.invalid", calls: map[Call]int{}, kept: map[string]kept{}}
	for i := range s.banks {
		s.banks[i].payments = map[string]*payment{}
	}
	for _, o := range opts {
		o.set(s)
	}
	return s
}

// SetFaults makes plan decide what goes wrong from now on; nil is nothing. It
// is called from many goroutines.
func (s *Simulator) SetFaults(plan func(Call) Fault) {
	if plan == nil {
		s.faults.Store(nil)
		return
	}
	s.faults.Store(&plan)
}

// Name returns the simulator's name.
func (s *Simulator) Name() string { return s.name }

// Pay approves, declines, asks for 3-D Secure or leaves the payment pending,
// as the token says.
func (s *Simulator) Pay(ctx context.Context, r payments.PayRequest) (payments.Outcome, error) {
	return s.through(ctx, Call{Of: payments.KindPayment, Key: r.Key}, func() (payments.Outcome, error) { return s.pay(r) })
}

func (s *Simulator) pay(r payments.PayRequest) (payments.Outcome, error) {
	if !r.Amount.IsPositive() {
		return payments.Outcome{}, fmt.Errorf("cannot charge %v", r.Amount)
	}
	c := s.cardOf(r.Token, r.Customer)
	if c.unreached {
		return payments.Outcome{}, errUnreached
	}
	b := s.bankOf(r.Key)
	b.mu.Lock()
	defer b.mu.Unlock()
	p, seen := b.payments[r.Key]
	if !seen {
		p = newPayment(s.idOf("pay", r.Key), s.url, r)
		b.payments[r.Key] = p
		p.begin(c)
	}
	p.requests++
	switch {
	case p.tombstone():
		return p.outcome(), nil
	case p.request != r:
		return payments.Outcome{}, fmt.Errorf("key %s came before with another request", r.Key)
	case c.lostAnswer && !seen:
		return payments.Outcome{}, errLost
	}
	return p.outcome(), nil
}

// Retrieve tells how a request stands.
func (s *Simulator) Retrieve(ctx context.Context, r payments.LookupRequest) (payments.Outcome, error) {
	return s.through(ctx, Call{Of: r.Of, Lookup: true, Key: r.Key}, func() (payments.Outcome, error) {
		var o payments.Outcome
		err := s.with(r.PaymentKey, func(p *payment) {
			if r.Of == payments.KindPayment {
				o = p.outcome()
			} else if o = p.answers[r.Key]; o.State == "" {
				o.State = payments.NotFound
			}
		})
		if err != nil {
			return payments.Outcome{State: payments.NotFound}, nil
		}
		return o, nil
	})
}

// Capture takes authorized money.
func (s *Simulator) Capture(ctx context.Context, r payments.CaptureRequest) (payments.Outcome, error) {
	return s.through(ctx, Call{Of: payments.KindCapture, Key: r.Key}, func() (payments.Outcome, error) {
		return s.once(payments.KindCapture, r.Key, r.PaymentKey, func(p *payment) payments.Outcome { return p.capture(r.Amount, r.Final) })
	})
}

// Void lets go of authorized money. A payment that the bank has not seen is
// canceled before it comes: a request to pay that arrives late does nothing.
func (s *Simulator) Void(ctx context.Context, r payments.VoidRequest) (payments.Outcome, error) {
	return s.through(ctx, Call{Of: payments.KindVoid, Key: r.Key}, func() (payments.Outcome, error) {
		s.bury(r.PaymentKey)
		return s.once(payments.KindVoid, r.Key, r.PaymentKey, (*payment).void)
	})
}

// Refund gives captured money back.
func (s *Simulator) Refund(ctx context.Context, r payments.RefundRequest) (payments.Outcome, error) {
	return s.through(ctx, Call{Of: payments.KindRefund, Key: r.Key}, func() (payments.Outcome, error) {
		return s.once(payments.KindRefund, r.Key, r.PaymentKey, func(p *payment) payments.Outcome { return p.refund(r.Amount) })
	})
}

// once does something with a payment, once per key, and remembers the answer.
func (s *Simulator) once(of payments.OperationKind, key, paymentKey string, do func(*payment) payments.Outcome) (payments.Outcome, error) {
	var o payments.Outcome
	err := s.with(paymentKey, func(p *payment) {
		var done bool
		if o, done = p.answers[key]; done {
			return
		}
		o = do(p)
		o.ProviderID = s.idOf(string(of), key)
		if p.answers == nil {
			p.answers = map[string]payments.Outcome{}
		}
		p.answers[key] = o
	})
	return o, err
}

// with runs fn on a payment under its bank's lock.
func (s *Simulator) with(key string, fn func(*payment)) error {
	b := s.bankOf(key)
	b.mu.Lock()
	defer b.mu.Unlock()
	p, ok := b.payments[key]
	if !ok {
		return fmt.Errorf("no payment has the key %s", key)
	}
	fn(p)
	return nil
}

func (s *Simulator) bankOf(key string) *bank { return &s.banks[hash(0, key)%uint64(len(s.banks))] }

func (s *Simulator) idOf(kind, key string) string {
	return "sim_" + kind + "_" + strconv.FormatUint(hash(s.seed, kind, key), 36)
}
