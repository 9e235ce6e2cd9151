package sim

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/payments"
	"github.com/keelshop/commerce/payments/simulator"
)

// bank takes its time, loses requests and answers, and tells by webhook of what it does: before it answers, twice, in any
// order, or never. It has one memory for all nodes.
type bank struct {
	*simulator.Simulator
	world *world

	mu      sync.Mutex
	r       *rand.Rand
	honest  time.Time // since when; zero as long as it is not
	settled bool      // all that was undecided then is decided and told
	events  int
	letters []payments.WebhookRequest // that are on their way
	refunds []payments.RefundRequest  // that it has not decided about
}

func newBank(seed uint64) *bank {
	rates := simulator.Rates{Unreached: 4, LostAnswer: 6, Hang: 1, HangAfter: 2}
	return &bank{
		Simulator: simulator.New(simulator.WithSeed(seed), simulator.WithFaults(simulator.Random(seed, rates))),
		r:         rand.New(rand.NewPCG(seed, 2)),
	}
}

// roll draws a number below n.
func (b *bank) roll(n int) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.r.IntN(n)
}

// Parse reads a webhook: an event and the payment that it is about.
func (b *bank) Parse(_ context.Context, r payments.WebhookRequest) (payments.Notice, error) {
	event, attempt, ok := strings.Cut(string(r.Body), " ")
	if !ok {
		return payments.Notice{}, fault.New(fault.Invalid, "the letter %q", r.Body)
	}
	return payments.Notice{Event: event, Attempt: payments.ID(attempt)}, nil
}

// tell writes a letter about a payment. Some are lost as long as there is trouble.
func (b *bank) tell(payment string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.events++
	if !b.honest.IsZero() || b.r.IntN(20) > 0 {
		b.letters = append(b.letters, payments.WebhookRequest{Body: fmt.Appendf(nil, "evt_%d %s", b.events, payment)})
	}
}

// after tells of a payment and lets its answer take a while, which a letter may overtake.
func (b *bank) after(payment string, o payments.Outcome, err error) (payments.Outcome, error) {
	b.tell(payment)
	time.Sleep(time.Duration(b.roll(200)) * time.Millisecond)
	return o, err
}

func (b *bank) Pay(ctx context.Context, r payments.PayRequest) (payments.Outcome, error) {
	o, err := b.Simulator.Pay(ctx, r)
	if b.isHonest() {
		b.decide(r.Key, true)
	}
	return b.after(r.Key, o, err)
}

func (b *bank) Capture(ctx context.Context, r payments.CaptureRequest) (payments.Outcome, error) {
	o, err := b.Simulator.Capture(ctx, r)
	return b.after(r.PaymentKey, o, err)
}

func (b *bank) Refund(ctx context.Context, r payments.RefundRequest) (payments.Outcome, error) {
	b.mu.Lock()
	b.refunds = append(b.refunds, r) // whatever comes of it
	b.mu.Unlock()
	o, err := b.Simulator.Refund(ctx, r)
	if b.isHonest() {
		b.decideRefund(r)
	}
	return b.after(r.PaymentKey, o, err)
}

// decide ends whatever a payment waits for, and tells of it.
func (b *bank) decide(payment string, ok bool) {
	if b.Confirm(payment, ok) == nil || b.Decide(payment, ok) == nil {
		b.tell(payment)
	}
}

// decideRefund ends a refund that is pending, and tells of it.
func (b *bank) decideRefund(r payments.RefundRequest) {
	if b.DecideRefund(r.PaymentKey, r.Key, true) == nil {
		b.tell(r.PaymentKey)
	}
}

func (b *bank) isHonest() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return !b.honest.IsZero()
}

// deliver carries letters to random nodes until the world stops, and then until none is left.
func (b *bank) deliver() {
	for {
		time.Sleep(time.Duration(b.roll(200)) * time.Millisecond)
		b.mu.Lock()
		n, honest, settled := len(b.letters), b.honest, b.settled
		var letter payments.WebhookRequest
		at := 0
		if n > 0 {
			at = b.r.IntN(n)
			letter = b.letters[at]
		}
		b.mu.Unlock()
		switch {
		case n == 0 && settled:
			return
		case !honest.IsZero() && time.Since(honest) > soon:
			b.world.complains(fmt.Errorf("%d webhooks do not arrive", n))
			return
		case n == 0 || !b.arrives(letter):
			continue // it is sent again
		}
		b.mu.Lock()
		if b.r.IntN(5) > 0 { // others are sent again though they have arrived
			b.letters = append(b.letters[:at], b.letters[at+1:]...)
		}
		b.mu.Unlock()
	}
}

// arrives brings a letter to a node and reports whether that has taken it.
func (b *bank) arrives(letter payments.WebhookRequest) bool {
	err := b.world.onAny(b.roll, func(ctx context.Context, s *commerce.Store) error { return s.Checkout.Webhook(ctx, b.Name(), letter) })
	if err != nil && answered(err) {
		b.world.complains(fmt.Errorf("a webhook: %w", err))
	}
	return err == nil
}

// settle makes the bank honest: it decides about everything, also what comes later, and tells of it.
func (b *bank) settle() {
	b.SetFaults(nil)
	b.mu.Lock()
	b.honest = time.Now()
	refunds := b.refunds
	b.mu.Unlock()
	for _, c := range b.Charges() {
		b.decide(c.Key, true)
	}
	for _, r := range refunds {
		b.decideRefund(r)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.settled = true
}
