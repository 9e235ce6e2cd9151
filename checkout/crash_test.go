package checkout_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/checkout"
	"github.com/keelshop/commerce/credit"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/command/commandtest"
	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/internal/sqlite"
	"github.com/keelshop/commerce/orders"
	"github.com/keelshop/commerce/payments"
)

// mishap is what goes wrong at one step of a checkout: a command or a request
// to a provider.
type mishap string

const (
	diesBefore  mishap = "the process dies before it"                         // nothing is logged or asked
	diesAfter   mishap = "the process dies after it"                          // it is applied or done, nobody hears
	diesLogged  mishap = "the process dies between log and apply"             // what is logged is applied at the next start
	unreached   mishap = "the provider is not reached"                        // nothing is done
	lostAnswer  mishap = "the provider's answer is lost"                      // it is done
	saysUnknown mishap = "the provider does it and says that it is not known" // it is done
	saysUnseen  mishap = "the provider denies to have seen it"                // looked up, and there
)

// process is one life of the store's process, in which a step goes wrong.
type process struct {
	*commandtest.Engine
	provider payments.Provider

	mu    sync.Mutex
	steps []step
	at    int // the step that goes wrong; 0 is none
	how   mishap
	hit   bool
	dead  bool
}

// step is what can go wrong.
type step int

const (
	aCommand step = iota
	aRequest      // to a provider
	aLookup       // at a provider
)

// ways lists in which ways each can.
var ways = [...][]mishap{
	aCommand: {diesBefore, diesAfter, diesLogged},
	aRequest: {diesBefore, diesAfter, unreached, lostAnswer, saysUnknown},
	aLookup:  {diesBefore, diesAfter, unreached, lostAnswer, saysUnknown, saysUnseen},
}

var errDead = errors.New("the process is dead")

// goes counts a step, and says what goes wrong now.
func (p *process) goes(st step) (mishap, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.dead {
		return "", fault.Wrap(fault.Uncertain, errDead, "")
	}
	p.steps = append(p.steps, st)
	if len(p.steps) != p.at || !slices.Contains(ways[st], p.how) {
		return "", nil
	}
	p.hit = true
	p.dead = p.how == diesBefore || p.how == diesAfter || p.how == diesLogged
	return p.how, nil
}

func (p *process) Submit(ctx context.Context, env command.Envelope) (command.Answer, error) {
	how, err := p.goes(aCommand)
	if err != nil || how == diesBefore {
		return command.Answer{}, fault.Wrap(fault.Uncertain, errDead, "")
	}
	a, err := p.Engine.Submit(ctx, env)
	if how == diesLogged {
		p.Engine.Restart()
	}
	if how != "" {
		return command.Answer{}, fault.Wrap(fault.Uncertain, errDead, "")
	}
	return a, err
}

func (p *process) View(ctx context.Context, slot id.Slot, fn func(*sqlite.Tx) error) error {
	p.mu.Lock()
	dead := p.dead
	p.mu.Unlock()
	if dead {
		return fault.Wrap(fault.Unavailable, errDead, "")
	}
	return p.Engine.View(ctx, slot, fn)
}

// Parse reads a webhook: an event and the payment that it is about.
func (p *process) Parse(ctx context.Context, r payments.WebhookRequest) (payments.Notice, error) {
	return (&gossip{}).Parse(ctx, r)
}

func (p *process) ask(st step, do func() (payments.Outcome, error)) (payments.Outcome, error) {
	how, err := p.goes(st)
	if err != nil || how == diesBefore || how == unreached {
		return payments.Outcome{}, errDead
	}
	o, err := do()
	switch {
	case err != nil:
	case how == diesAfter || how == lostAnswer:
		return payments.Outcome{}, errDead
	case how == saysUnknown:
		return payments.Outcome{State: payments.Unknown}, nil
	case how == saysUnseen:
		return payments.Outcome{State: payments.NotFound}, nil
	}
	return o, err
}

func (p *process) Name() string { return p.provider.Name() }
func (p *process) Pay(ctx context.Context, r payments.PayRequest) (payments.Outcome, error) {
	return p.ask(aRequest, func() (payments.Outcome, error) { return p.provider.Pay(ctx, r) })
}
func (p *process) Retrieve(ctx context.Context, r payments.LookupRequest) (payments.Outcome, error) {
	return p.ask(aLookup, func() (payments.Outcome, error) { return p.provider.Retrieve(ctx, r) })
}
func (p *process) Capture(ctx context.Context, r payments.CaptureRequest) (payments.Outcome, error) {
	return p.ask(aRequest, func() (payments.Outcome, error) { return p.provider.Capture(ctx, r) })
}
func (p *process) Void(ctx context.Context, r payments.VoidRequest) (payments.Outcome, error) {
	return p.ask(aRequest, func() (payments.Outcome, error) { return p.provider.Void(ctx, r) })
}
func (p *process) Refund(ctx context.Context, r payments.RefundRequest) (payments.Outcome, error) {
	return p.ask(aRequest, func() (payments.Outcome, error) { return p.provider.Refund(ctx, r) })
}

// start begins a life of the process in which a step goes wrong.
func (s *shop) start(at int, how mishap) (*shop, *process) {
	p := &process{Engine: s.engine, provider: s.provider, at: at, how: how}
	alive := *s
	alive.boot(p, p)
	return &alive, p
}

// visit is one shopper's story in the matrix. Everything in it has a key, so
// that it can be told again.
type visit struct {
	name   string
	before func(*shop, *customer) // happens before it, and nothing goes wrong; may be nil
	tell   func(*shop, *customer) error
	after  func(*shop, *customer) // looks at more than what follows; may be nil
	// What it comes to: what is kept of the order, and what is left of a gift
	// card of 10.00 and of store credit of 7.00, in cents.
	status             orders.Status
	kept, card, credit int64
}

// customer is who is in a story.
type customer struct {
	key    string
	cart   cart.ID
	who    accounts.CustomerID
	card   credit.Issued
	credit credit.ID
	order  orders.ID
}

// arrives makes a customer with a cart of four mugs, a gift card and store credit.
func (s *shop) arrives(name string) *customer {
	s.Helper()
	who, err := s.people.Register(s.ctx(), accounts.Register{Name: "Ann"})
	s.must(err)
	c := &customer{key: name, who: who.ID, card: s.card(1000)}
	c.cart = s.basketFor(c.who, 4)
	given, err := s.credit.Grant(s.ctx(), credit.Grant{Customer: c.who, Amount: euro(700)})
	s.must(err)
	c.credit = given.ID
	return c
}

// recovers lets the timers work until nothing is due for an hour.
func (s *shop) recovers() {
	s.Helper()
	for range 6 {
		s.settle()
		s.engine.Advance(2 * time.Minute)
	}
	s.settle()
}

// tellAll lives through a visit in which a step goes wrong, 0 being none, and
// through another life in which the shopper asks again with the same keys. It
// returns the first life, in which there may be no such step.
func (s *shop) tellAll(v visit, at int, how mishap) *process {
	s.Helper()
	c := s.arrives(fmt.Sprintf("%s, step %d, %s", v.name, at, how))
	if v.before != nil {
		v.before(s, c)
	}
	first, p := s.start(at, how)
	err := v.tell(first, c)
	defer s.leaves(c)
	if at > 0 && !p.hit {
		return p
	}
	switch {
	case at == 0 && err != nil && fault.CodeOf(err) != fault.Refused:
		s.Errorf("%s: nothing went wrong, and the shopper is told %v", c.key, err)
	case err == nil && p.dead && c.order == "":
		s.Errorf("%s: the process died and nobody was told", c.key)
	}
	second, _ := s.start(0, "")
	second.recovers()
	for range 3 { // what the bank did not know the first time it knows now
		if err = v.tell(second, c); err == nil {
			break
		}
		second.recovers()
	}
	second.recovers()
	if err != nil && fault.CodeOf(err) != fault.Refused {
		s.Errorf("%s: asked again: %v", c.key, err)
	}
	second.ends(v, c)
	return p
}

// leaves notes what has left the shop with a visitor's order and is not back,
// or not fit to be sold.
func (s *shop) leaves(c *customer) {
	if c.order == "" {
		return
	}
	o := s.order(c.order)
	for _, l := range o.Lines {
		if _, counted := s.received[l.SKU]; counted { // kits are not: their parts are
			s.received[l.SKU] -= l.Shipped - l.Returned
		}
	}
	back, err := s.orders.Returns(s.ctx(), c.order)
	s.must(err)
	for _, r := range back {
		for _, l := range r.Lines {
			s.received[o.Lines[l.Line-1].SKU] -= l.Damaged
		}
	}
}

// ends fails the test unless a visit has come to what it should.
func (s *shop) ends(v visit, c *customer) {
	s.Helper()
	o := s.order(c.order)
	kept := o.Captured.Minor() - o.Refunded.Minor()
	card, given := s.balance(c.card.ID), s.balance(c.credit)
	if o.Status != v.status || kept != v.kept || card.Left.Minor() != v.card || given.Left.Minor() != v.credit || !card.Held.IsZero() || !given.Held.IsZero() {
		s.Errorf("%s: the order is %s and keeps %d, the card has %v left and %v held, the credit %v and %v",
			c.key, o.Status, kept, card.Left, card.Held, given.Left, given.Held)
	}
	if o.Authorized.Minor() != o.Captured.Minor()+o.Voided.Minor() {
		s.Errorf("%s: of %v authorized, %v are captured and %v let go", c.key, o.Authorized, o.Captured, o.Voided)
	}
	if v.after != nil {
		v.after(s, c)
	}
	attempts, err := s.payments.ByOrder(s.ctx(), c.order)
	s.must(err)
	for _, a := range attempts {
		charge, charged := s.bank.Charge(string(a.ID))
		if a.Provider == "simulator" && charged && (charge.Captured != a.Captured || charge.Refunded != a.Refunded || charge.State == payments.Authorized && charge.Voided != charge.Authorized) {
			s.Errorf("%s: the bank says of payment %d %+v, the store %+v", c.key, a.Number, charge, a)
		}
	}
}

// TestCrashMatrix lets every step of every visit go wrong: with what the log and
// the providers know, recovery and a shopper who asks again come to the same
// end, to the cent. Each step goes wrong in one way or two, and with
// COMMERCE_LONG=1 in every way.
func TestCrashMatrix(t *testing.T) {
	t.Parallel()
	for name, m := range map[string]struct {
		open   func(*shop)
		visits []visit
	}{
		"in the shop": {(*shop).opens, visits},
		"sent abroad": {(*shop).opensAbroad, abroad},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newShop(t, 2)
			m.open(s)
			cases := map[mishap]int{}
			for i, v := range m.visits {
				steps := s.tellAll(v, 0, "").steps
				for at := 1; at <= len(steps); at++ {
					for _, how := range tried(steps[at-1], i+at) {
						p := s.tellAll(v, at, how)
						if p.hit {
							cases[how]++
						}
						if len(p.steps) > len(steps) { // goods had to be borrowed
							steps = p.steps
						}
					}
				}
			}
			s.quiet()
			sum := 0
			for _, how := range ways[aLookup] {
				sum += cases[how]
			}
			sum += cases[diesLogged]
			t.Logf("%d cases of %d visits: %v", sum, len(m.visits), cases)
			if least := len(m.visits) * map[bool]int{false: 13, true: 40}[long()]; sum < least {
				t.Errorf("there were only %d cases, want %d", sum, least)
			}
		})
	}
}

// tried returns the ways in which a step goes wrong in this run.
func tried(st step, n int) []mishap {
	all := ways[st]
	if long() {
		return all
	}
	if st == aCommand {
		return []mishap{all[n%len(all)]}
	}
	return []mishap{all[n%len(all)], all[(n+3)%len(all)]}
}

// quiet fails the test unless every account clears, nobody complains and nothing
// is left to be done.
func (s *shop) quiet() {
	s.Helper()
	s.clears()
	for _, found := range s.audit() {
		s.Error(found)
	}
	for _, kind := range []string{checkout.TimerRecover, checkout.TimerHear, checkout.TimerPay, payments.TimerSettle, orders.TimerDeliver} {
		if due := s.engine.Timers(kind); len(due) > 0 {
			s.Errorf("%s is still due for %v", kind, due)
		}
	}
}
