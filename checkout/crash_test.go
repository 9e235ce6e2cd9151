package checkout_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/checkout"
	"github.com/keelshop/commerce/credit"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/command/commandtest"
	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/internal/sqlite"
	"github.com/keelshop/commerce/orders"
	"github.com/keelshop/commerce/payments"
	"github.com/keelshop/commerce/payments/simulator"
	"github.com/keelshop/commerce/pricing"
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
	steps int
	at    int // the step that goes wrong; 0 is none
	how   mishap
	hit   bool
	dead  bool
}

var errDead = errors.New("the process is dead")

// step counts, and says what goes wrong now.
func (p *process) step(able func(mishap) bool) (mishap, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.dead {
		return "", fault.Wrap(fault.Uncertain, errDead, "")
	}
	if p.steps++; p.steps != p.at || !able(p.how) {
		return "", nil
	}
	p.hit = true
	p.dead = p.how == diesBefore || p.how == diesAfter || p.how == diesLogged
	return p.how, nil
}

func (p *process) Submit(ctx context.Context, env command.Envelope) (command.Answer, error) {
	how, err := p.step(func(m mishap) bool { return m == diesBefore || m == diesAfter || m == diesLogged })
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

func (p *process) ask(lookup bool, do func() (payments.Outcome, error)) (payments.Outcome, error) {
	how, err := p.step(func(m mishap) bool { return m != diesLogged && (m != saysUnseen || lookup) })
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
	return p.ask(false, func() (payments.Outcome, error) { return p.provider.Pay(ctx, r) })
}
func (p *process) Retrieve(ctx context.Context, r payments.LookupRequest) (payments.Outcome, error) {
	return p.ask(true, func() (payments.Outcome, error) { return p.provider.Retrieve(ctx, r) })
}
func (p *process) Capture(ctx context.Context, r payments.CaptureRequest) (payments.Outcome, error) {
	return p.ask(false, func() (payments.Outcome, error) { return p.provider.Capture(ctx, r) })
}
func (p *process) Void(ctx context.Context, r payments.VoidRequest) (payments.Outcome, error) {
	return p.ask(false, func() (payments.Outcome, error) { return p.provider.Void(ctx, r) })
}
func (p *process) Refund(ctx context.Context, r payments.RefundRequest) (payments.Outcome, error) {
	return p.ask(false, func() (payments.Outcome, error) { return p.provider.Refund(ctx, r) })
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
	name string
	tell func(*shop, *customer) error
	// What it comes to: what is kept of the order, and what is left of a gift
	// card of 10.00 and of store credit of 7.00, in cents.
	status                orders.Status
	kept, card, theCredit int64
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

func (c *customer) buy(s *shop, tenders ...checkout.Tender) (checkout.Result, error) {
	return c.complete(s, checkout.Complete{Tenders: tenders})
}

func (c *customer) complete(s *shop, buy checkout.Complete) (checkout.Result, error) {
	buy.Cart, buy.Key = c.cart, c.key
	r, err := s.checkout.Complete(s.ctx(), buy)
	if r.ID != "" {
		c.order = r.ID
	}
	if d, ok := errors.AsType[*checkout.DeclinedError](err); ok {
		c.order, err = d.Order, nil
	}
	return r, err
}

func byCard(token string) checkout.Tender {
	return checkout.Tender{PayWith: "simulator", Token: token}
}

func part(t checkout.Tender, minor int64) checkout.Tender {
	t.Amount = amount(minor)
	return t
}

func (c *customer) gift() checkout.Tender {
	return checkout.Tender{PayWith: credit.GiftCards, Token: c.card.Code}
}

// The mugs in a cart cost 50.00.
var visits = []visit{
	{"a card", func(s *shop, c *customer) error {
		_, err := c.buy(s, byCard(approves))
		return err
	}, orders.Placed, 5000, 1000, 700},
	{"a card that is declined", func(s *shop, c *customer) error {
		_, err := c.buy(s, byCard(declines))
		return err
	}, orders.Canceled, 0, 1000, 700},
	{"everything at once", func(s *shop, c *customer) error {
		_, err := c.buy(s, c.gift(), checkout.Tender{PayWith: credit.StoreCredit}, part(byCard(approves), 1500), byCard(approves))
		return err
	}, orders.Placed, 5000, 0, 0},
	{"everything, and the last is declined", func(s *shop, c *customer) error {
		_, err := c.buy(s, c.gift(), checkout.Tender{PayWith: credit.StoreCredit}, part(byCard(approves), 1500), byCard(declines))
		return err
	}, orders.Canceled, 0, 1000, 700},
	{"a challenge before the second card", func(s *shop, c *customer) error {
		r, err := c.buy(s, c.gift(), part(byCard(challenges), 1500), byCard(approves))
		if err != nil || r.Status != orders.Pending {
			return err
		}
		attempts, err := s.payments.ByOrder(s.ctx(), r.ID)
		if err != nil {
			return err
		}
		_ = s.bank.Confirm(string(attempts[1].ID), true) // once
		_, err = s.checkout.Resume(s.ctx(), r.ID)
		return err
	}, orders.Placed, 5000, 0, 700},
	{"a capture in parts", func(s *shop, c *customer) error {
		r, err := c.complete(s, checkout.Complete{PayWith: "simulator", Token: approves, AuthorizeOnly: true})
		if err != nil || r.Status != orders.Placed {
			return err
		}
		attempts, err := s.payments.ByOrder(s.ctx(), r.ID)
		if err != nil {
			return err
		}
		if _, err := s.payments.Capture(s.ctx(), payments.Capture{Attempt: attempts[0].ID, Amount: euro(2000), Key: c.key + "/1"}); err != nil {
			return err
		}
		if attempts[0].State == payments.Captured && attempts[0].Open().IsZero() {
			return nil
		}
		if err := s.payments.Settle(s.ctx(), r.ID); err != nil {
			return err
		}
		_, err = s.payments.Capture(s.ctx(), payments.Capture{Attempt: attempts[0].ID, Key: c.key + "/2"})
		return err
	}, orders.Placed, 5000, 1000, 700},
	{"a refund to a gift card and a card", func(s *shop, c *customer) error {
		r, err := c.buy(s, c.gift(), byCard(approves))
		if err != nil || r.Status != orders.Placed {
			return err
		}
		_, err = s.payments.Refund(s.ctx(), payments.Refund{Order: r.ID, Amount: euro(1700), Key: c.key + "/r"})
		return err
	}, orders.Placed, 3300, 1000, 700},
	{"an order that is canceled", func(s *shop, c *customer) error {
		r, err := c.buy(s, c.gift(), byCard(approves))
		if err != nil || r.Status == orders.Pending {
			return err
		}
		if _, err = s.orders.Cancel(s.ctx(), orders.Cancel{Order: r.ID, Reason: "test", Key: c.key + "/c"}); err != nil {
			return err
		}
		return s.payments.Settle(s.ctx(), r.ID)
	}, orders.Canceled, 0, 1000, 700},
	{"a change that is paid for", func(s *shop, c *customer) error { return c.more(s, approves) }, orders.Placed, 6250, 1000, 700},
	{"a change whose payment is declined", func(s *shop, c *customer) error { return c.more(s, declines) }, orders.Placed, 5000, 1000, 700},
	{"a change whose payment is challenged", func(s *shop, c *customer) error { return c.more(s, challenges) }, orders.Placed, 6250, 1000, 700},
	{"a shopper who gives up", func(s *shop, c *customer) error {
		r, err := c.buy(s, c.gift(), part(byCard(simulator.TokenPending), 1500), byCard(approves))
		if err != nil || r.Status != orders.Pending {
			return err
		}
		_, err = s.checkout.Abandon(s.ctx(), r.ID)
		if _, over := errors.AsType[*orders.StatusError](err); over {
			return nil
		}
		return err
	}, orders.Canceled, 0, 1000, 700},
	{"a code that each may use once", func(s *shop, c *customer) error {
		if _, err := s.carts.ApplyCode(s.ctx(), cart.ApplyCode{Cart: c.cart, Code: "EACH", Key: c.key + "/code"}); err != nil {
			return err
		}
		_, err := c.buy(s, c.gift(), byCard(approves))
		return err
	}, orders.Placed, 4500, 0, 700},
	{"a kit, and goods that the cart has held", func(s *shop, c *customer) error {
		for _, sku := range []catalog.SKU{"set", "ticket"} {
			if _, err := s.carts.AddLine(s.ctx(), cart.AddLine{Cart: c.cart, SKU: sku, Quantity: 2, Key: c.key + "/" + string(sku)}); err != nil {
				return err
			}
		}
		_, err := c.buy(s, byCard(approves))
		return err
	}, orders.Placed, 5000 + 2*2*price + 2*price, 1000, 700},
	{"units that are canceled", func(s *shop, c *customer) error {
		r, err := c.buy(s, c.gift(), byCard(approves))
		if err != nil || r.Status != orders.Placed {
			return err
		}
		if _, err := s.orders.CancelLines(s.ctx(), orders.CancelLines{Order: r.ID, Lines: []orders.LineQuantity{{Line: 1, Quantity: 1}}, Reason: "test", Key: c.key + "/c"}); err != nil {
			return err
		}
		return s.payments.Settle(s.ctx(), r.ID)
	}, orders.Placed, 3750, 1000, 700},
	{"a parcel of which some comes back", func(s *shop, c *customer) error {
		r, err := c.buy(s, c.gift(), byCard(approves))
		if err != nil || r.Status != orders.Placed {
			return err
		}
		if _, err := s.orders.Ship(s.ctx(), orders.Ship{Order: r.ID, Key: c.key + "/s"}); err != nil {
			return err
		}
		if _, err := s.orders.Return(s.ctx(), orders.Return{Order: r.ID, Lines: []orders.LineQuantity{{Line: 1, Quantity: 2}}, Reason: "test", Key: c.key + "/b"}); err != nil {
			return err
		}
		return s.payments.Settle(s.ctx(), r.ID)
	}, orders.Placed, 2500, 1000, 700},
}

// more lives through a change of an order and a further payment for it.
func (c *customer) more(s *shop, token string) error {
	r, err := c.complete(s, checkout.Complete{PayWith: "simulator", Token: approves})
	if err != nil || r.Status != orders.Placed {
		return err
	}
	changed, err := s.orders.Changes(s.ctx(), r.ID)
	if err == nil && len(changed) == 0 {
		_, err = s.checkout.Confirm(s.ctx(), checkout.Change{Order: r.ID, Version: r.Version, Reason: "one more", Key: c.key + "/change", Add: []checkout.AddedLine{{SKU: "mug", Quantity: 1}}})
	}
	if err != nil {
		return err
	}
	p, err := s.checkout.Pay(s.ctx(), checkout.Pay{Order: r.ID, Tender: byCard(token), Key: c.key + "/pay"})
	if err == nil && p.Payment.State == payments.NeedsAction {
		_ = s.bank.Confirm(string(p.Payment.ID), true) // once
		_, err = s.checkout.Resume(s.ctx(), r.ID)
	}
	return err
}

// arrives makes a customer with a cart, a gift card and store credit.
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

// tellAll lives through a visit in which a step goes wrong, and through
// another life in which the shopper asks again with the same keys. It returns
// whether there is such a step, and whether it can go wrong in this way.
func (s *shop) tellAll(v visit, at int, how mishap) (found, hit bool) {
	s.Helper()
	c := s.arrives(fmt.Sprintf("%s, step %d, %s", v.name, at, how))
	first, p := s.start(at, how)
	err := v.tell(first, c)
	defer s.leaves(c)
	if !p.hit {
		return p.steps >= at, false
	}
	if err == nil && p.dead && c.order == "" {
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
	return true, true
}

// leaves notes what has left the shop with a visitor's order and is not back.
func (s *shop) leaves(c *customer) {
	if c.order == "" {
		return
	}
	for _, l := range s.order(c.order).Lines {
		if _, counted := s.received[l.SKU]; counted { // kits are not: their parts are
			s.received[l.SKU] -= l.Shipped - l.Returned
		}
	}
}

// ends fails the test unless a visit has come to what it should.
func (s *shop) ends(v visit, c *customer) {
	s.Helper()
	o := s.order(c.order)
	kept := o.Captured.Minor() - o.Refunded.Minor()
	card, given := s.balance(c.card.ID), s.balance(c.credit)
	if o.Status != v.status || kept != v.kept || card.Left.Minor() != v.card || given.Left.Minor() != v.theCredit || !card.Held.IsZero() || !given.Held.IsZero() {
		s.Errorf("%s: the order is %s and keeps %d, the card has %v left and %v held, the credit %v and %v",
			c.key, o.Status, kept, card.Left, card.Held, given.Left, given.Held)
	}
	if o.Authorized.Minor() != o.Captured.Minor()+o.Voided.Minor() {
		s.Errorf("%s: of %v authorized, %v are captured and %v let go", c.key, o.Authorized, o.Captured, o.Voided)
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

// TestCrashMatrix lets every step of every visit go wrong in every way: with
// what the log and the providers know, recovery and a shopper who asks again
// come to the same end, to the cent. COMMERCE_LONG=1 leaves no case out.
func TestCrashMatrix(t *testing.T) {
	t.Parallel()
	s := newShop(t, 2)
	s.sells("mug", 10_000)
	s.sells("cup", 10_000)
	s.kit("set", "cup", 2, "mug", 1)
	s.sellsBy(catalog.ReserveOnCart, "ticket", 10_000)
	s.promotes("each", needsCode)
	s.coupon("EACH", "each", pricing.Limits{PerCustomer: 1, Uses: 10_000})
	cases := 0
	for _, v := range visits {
		for at := 1; ; at++ {
			found := false
			for _, how := range []mishap{diesBefore, diesAfter, diesLogged, unreached, lostAnswer, saysUnknown, saysUnseen} {
				if how == diesLogged && at%3 != 0 && !long() {
					continue // starting anew takes longest
				}
				exists, hit := s.tellAll(v, at, how)
				if found = found || exists; hit {
					cases++
				}
			}
			if !found {
				break
			}
		}
	}
	if cases < 500 {
		t.Errorf("there were only %d cases", cases)
	}
	s.clears()
	for _, found := range s.audit() {
		t.Error(found)
	}
	for _, kind := range []string{checkout.TimerRecover, checkout.TimerHear, checkout.TimerPay, payments.TimerSettle} {
		if due := s.engine.Timers(kind); len(due) > 0 {
			t.Errorf("%s is still due for %v", kind, due)
		}
	}
	t.Logf("%d cases", cases)
}
