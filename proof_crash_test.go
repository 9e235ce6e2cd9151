package commerce_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/checkout"
	"github.com/keelshop/commerce/commercetest"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/orders"
	"github.com/keelshop/commerce/payments"
	"github.com/keelshop/commerce/payments/simulator"
)

// TestCrashAtEveryStep: a process dies at some step of a checkout, whatever the
// bank and the shopper do about the payment. A store that opens what is left
// ends the order as placed or canceled, and then the bank's books, the ledger,
// the stock, the cart and the order agree.
func TestCrashAtEveryStep(t *testing.T) {
	t.Parallel()
	for _, c := range []crash{
		{name: "before begin", diesBefore: "checkout.begin"},
		{name: "before a loan of stock", diesBefore: "inventory.grant"},
		{name: "between the legs of a loan", diesBefore: "inventory.deposit"},
		{name: "after begin", diesBefore: "pay"},
		{name: "after pay", diesAfter: "pay"},
		{name: "before finish", diesBefore: "checkout.finish"},
		{name: "after finish", diesAfter: "checkout"},
	} {
		t.Run(c.name, func(t *testing.T) { c.run(t) })
	}
}

// crash is where the goroutine that drives a checkout dies: before a kind of
// command is logged, or before or after the bank is asked.
type crash struct{ name, diesBefore, diesAfter string }

func (c crash) run(t *testing.T) {
	clock, bank := commercetest.NewClock(), newBank()
	dir := filepath.Join(t.TempDir(), "shop")
	opts := []commerce.Option{commerce.WithShards(2), clock.Option(), commerce.WithPayments(bank), commerce.AtRest()}
	shop := open(t, dir, opts...)
	commerce.Intercept(shop, bank.driver.log)
	plots := plan(t, shop)
	for _, p := range plots {
		bank.driver.die(c)
		r, err := shop.Checkout.Complete(t.Context(), p.complete())
		if !bank.driver.dead.Load() && !p.unasked(c) {
			t.Fatalf("%s: the driver lives on and got %v, %v", p.name, r.Status, err)
		}
	}
	left := image(t, dir)
	must(t, shop.Close())

	// What is left is opened by a process whose first tries to end checkouts
	// die as well.
	bank.driver.die(crash{})
	shop = commercetest.OpenAt(t, left, opts...)
	var tries atomic.Int64
	commerce.Intercept(shop, func(k command.Kind) error {
		if k == "checkout.finish" && tries.Add(1) <= 5 {
			return errDead
		}
		return nil
	})
	commerce.Start(shop)
	for _, p := range plots {
		p.askAgain(t, shop)
	}
	live(t, shop, bank, clock, plots)
	for p, o := range theOrders(t, shop, plots) {
		p.check(t, shop, bank, o)
	}
	if err := moneyAgrees(shop, bank.Simulator); err != nil {
		t.Error(err)
	}
}

// A driver is the goroutine that runs a checkout in a process that dies. Once
// it is dead it logs nothing and calls nobody.
type driver struct {
	crash
	dead atomic.Bool
}

// errDead says nothing about the bank: its breaker does not count it.
var errDead = fault.Wrap(fault.Unavailable, context.Canceled, "the process died here")

// die makes a new driver of it, which dies as c says.
func (d *driver) die(c crash) {
	d.crash = c
	d.dead.Store(false)
}

// reaches tells the driver that it has come to a step. It reports whether the
// driver is dead.
func (d *driver) reaches(step string) (dead bool) {
	if d.diesBefore == step {
		d.dead.Store(true)
	}
	return d.dead.Load()
}

// has tells the driver that it has made a step.
func (d *driver) has(step string) {
	if d.diesAfter == step {
		d.dead.Store(true)
	}
}

// log keeps dead drivers from logging anything.
func (d *driver) log(k command.Kind) error {
	if d.reaches(string(k)) {
		return errDead
	}
	return nil
}

// bank is the simulator as seen through a bad line, by drivers that may die.
// Some of its cards fail the first three times that anybody asks about a
// payment, in a way of their own.
type bank struct {
	*simulator.Simulator
	driver driver
	mu     sync.Mutex
	token  map[string]string // by the payment's key
	asked  map[string]int
}

func newBank() *bank {
	return &bank{Simulator: simulator.New(), token: map[string]string{}, asked: map[string]int{}}
}

// Cards on the bad line. What the bank thinks of them is in their names.
const (
	unreached   = "pm_card_amex"
	lost        = "pm_card_mastercard"
	lostDecline = "pm_card_visa_chargeDeclinedLostCard"
	shrugs      = "pm_card_discover" // the line works, and the bank does not know
)

var errLine = errors.New("the line is bad")

// through passes a request on, or not.
func (b *bank) through(key string, ask func() (payments.Outcome, error)) (payments.Outcome, error) {
	b.mu.Lock()
	b.asked[key]++
	token, bad := b.token[key], b.asked[key] <= 3
	b.mu.Unlock()
	if bad && token == unreached {
		return payments.Outcome{}, errLine
	}
	o, err := ask()
	if bad && (token == lost || token == lostDecline) {
		return payments.Outcome{}, errLine
	}
	if bad && token == shrugs {
		return payments.Outcome{State: payments.Unknown}, nil
	}
	return o, err
}

func (b *bank) Pay(ctx context.Context, r payments.PayRequest) (payments.Outcome, error) {
	if b.driver.reaches("pay") {
		return payments.Outcome{}, errDead
	}
	b.mu.Lock()
	b.token[r.Key] = r.Token
	b.mu.Unlock()
	o, err := b.through(r.Key, func() (payments.Outcome, error) { return b.Simulator.Pay(ctx, r) })
	b.driver.has("pay")
	return o, err
}

func (b *bank) Retrieve(ctx context.Context, r payments.LookupRequest) (payments.Outcome, error) {
	return b.through(r.PaymentKey, func() (payments.Outcome, error) { return b.Simulator.Retrieve(ctx, r) })
}

// A story is what bank and shopper do about a payment, and how it must end.
type story struct {
	name, token string
	act         func(*bank, simulator.Charge) error // nil: nobody does anything
	ends        orders.Status
	later       bool // authorize only
}

func stories() []story {
	confirm := func(ok bool) func(*bank, simulator.Charge) error {
		return func(b *bank, c simulator.Charge) error {
			if c.State != payments.NeedsAction {
				return nil
			}
			return b.Confirm(c.Key, ok)
		}
	}
	decide := func(ok bool) func(*bank, simulator.Charge) error {
		return func(b *bank, c simulator.Charge) error {
			if c.State != payments.Pending {
				return nil
			}
			return b.Decide(c.Key, ok)
		}
	}
	out := []story{
		{name: "approved", token: approves, ends: orders.Placed},
		{name: "declined", token: declines, ends: orders.Canceled},
		{name: "confirmed", token: challenges, act: confirm(true), ends: orders.Placed},
		{name: "not confirmed", token: challenges, act: confirm(false), ends: orders.Canceled},
		{name: "confirmed and declined", token: "pm_card_threeDSecureRequiredChargeDeclined", act: confirm(true), ends: orders.Canceled},
		{name: "walked away", token: challenges, ends: orders.Canceled},
		{name: "timeout after success", token: simulator.TokenLostAnswer, ends: orders.Placed},
		{name: "decided for", token: simulator.TokenPending, act: decide(true), ends: orders.Placed},
		{name: "decided against", token: simulator.TokenPending, act: decide(false), ends: orders.Canceled},
		{name: "never reached", token: simulator.TokenUnreached, ends: orders.Canceled},
		{name: "unreached, then approved", token: unreached, ends: orders.Placed},
		{name: "lost, then approved", token: lost, ends: orders.Placed},
		{name: "lost, then declined", token: lostDecline, ends: orders.Canceled},
		{name: "unknown, then approved", token: shrugs, ends: orders.Placed},
	}
	for _, s := range out {
		s.later, s.name = true, s.name+", authorize only"
		out = append(out, s)
	}
	return out
}

// A plot is one checkout of the test. Each has a product of its own, so that
// its stock is nobody else's.
type plot struct {
	story
	number int
	sku    catalog.SKU
	cart   cart.ID
}

const plotStock, plotUnits = 10, 2

// plan makes a product, stock and a cart for each story, the cart on another
// shard than the stock, so that goods must be lent.
func plan(t *testing.T, shop *commerce.Store) []*plot {
	var out []*plot
	for i, s := range stories() {
		p := &plot{story: s, number: i, sku: catalog.SKU(fmt.Sprintf("sku-%02d", i))}
		stock(t, shop, p.sku, plotStock)
		v, err := shop.Catalog.BySKU(t.Context(), p.sku)
		must(t, err)
		for p.cart == "" || half(t, string(p.cart)) == half(t, string(v.ID)) {
			p.cart = basket(t, shop, p.sku, plotUnits)
		}
		out = append(out, p)
	}
	return out
}

// half returns which of two shards an ID lives on.
func half(t *testing.T, s string) int {
	slot, err := id.SlotOf(s)
	must(t, err)
	return int(slot) / (id.Slots / 2)
}

func (p *plot) complete() checkout.Complete {
	return checkout.Complete{Cart: p.cart, PayWith: "simulator", Token: p.token, AuthorizeOnly: p.later, Key: "key of " + string(p.sku)}
}

// unasked reports whether the driver of a plot never comes to the step at
// which it would die.
func (p *plot) unasked(c crash) bool {
	noAnswer := slices.Contains([]string{simulator.TokenLostAnswer, simulator.TokenUnreached, unreached, lost, lostDecline}, p.token)
	return c.diesAfter == "checkout" || c.diesBefore == "checkout.finish" && noAnswer
}

// askAgain is what the shopper's own program does after the crash: every other
// one sends the same request again. Without an order, all do.
func (p *plot) askAgain(t *testing.T, shop *commerce.Store) {
	c, err := shop.Carts.Get(t.Context(), p.cart)
	must(t, err)
	if p.number%2 == 0 && c.Order != "" {
		return
	}
	r, err := shop.Checkout.Complete(t.Context(), p.complete())
	_, declined := errors.AsType[*checkout.DeclinedError](err)
	if err != nil && !declined && !errors.Is(err, errDead) {
		t.Errorf("%s: asked again: %v, %v", p.name, r.Status, err)
	}
}

// theOrders returns the one order that was made of each plot's cart.
func theOrders(t *testing.T, shop *commerce.Store, plots []*plot) map[*plot]orders.Order {
	t.Helper()
	ofCart := map[string][]orders.Order{}
	for o, err := range shop.Orders.All(t.Context(), orders.Filter{}) {
		must(t, err)
		ofCart[o.Cart] = append(ofCart[o.Cart], o)
	}
	out := map[*plot]orders.Order{}
	for _, p := range plots {
		found := ofCart[string(p.cart)]
		if len(found) != 1 {
			t.Fatalf("%s: the cart became %d orders", p.name, len(found))
		}
		out[p] = found[0]
	}
	return out
}

// live lets time pass, and bank and shoppers act, until nothing is pending. A
// request that never reaches the bank is given up only after most of a day.
func live(t *testing.T, shop *commerce.Store, bank *bank, clock *commercetest.Clock, plots []*plot) {
	eventually(t, "every order is placed or canceled", func() bool {
		pending, reachable := 0, 0
		for _, p := range plots {
			p.act(t, shop, bank)
		}
		for p, o := range theOrders(t, shop, plots) {
			if o.Status != orders.Pending {
				continue
			}
			pending++
			if p.token != simulator.TokenUnreached {
				reachable++
			}
		}
		if reachable == 0 {
			clock.Advance(time.Hour)
		}
		clock.Advance(15 * time.Second)
		return pending == 0
	})
}

// act does what shopper and bank do by now. Some shoppers come back to the
// shop afterwards, others leave the rest to the timer.
func (p *plot) act(t *testing.T, shop *commerce.Store, b *bank) {
	c, err := shop.Carts.Get(t.Context(), p.cart)
	must(t, err)
	charge, ok := chargeOf(b, orders.ID(c.Order))
	if p.story.act == nil || !ok {
		return
	}
	must(t, p.story.act(b, charge))
	if p.number%3 == 0 {
		if _, err := shop.Checkout.Resume(t.Context(), orders.ID(c.Order)); err != nil && !errors.Is(err, errDead) {
			if _, declined := errors.AsType[*checkout.DeclinedError](err); !declined {
				t.Errorf("%s: resuming: %v", p.name, err)
			}
		}
	}
}

func chargeOf(b *bank, o orders.ID) (simulator.Charge, bool) {
	for _, c := range b.Charges() {
		if c.Order == string(o) {
			return c, true
		}
	}
	return simulator.Charge{}, false
}

// check compares order, bank, ledger, stock and cart with each other and with
// the story.
func (p *plot) check(t *testing.T, shop *commerce.Store, b *bank, o orders.Order) {
	t.Helper()
	fail := func(format string, args ...any) { t.Helper(); t.Errorf(p.name+": "+format, args...) }
	if o.Status != p.ends {
		fail("the order is %s, want %s", o.Status, p.ends)
	}
	placed := o.Status == orders.Placed

	nothing, total := money.Zero("EUR"), money.New(plotUnits*1250, "EUR")
	charge, seen := chargeOf(b, o.ID)
	if !seen {
		charge = simulator.Charge{Authorized: nothing, Captured: nothing, Voided: nothing, Refunded: nothing}
	}
	if o.Authorized != charge.Authorized || o.Captured != charge.Captured || o.Voided != charge.Voided || o.Refunded != charge.Refunded {
		fail("the order has the money %v %v %v %v, the bank %+v", o.Authorized, o.Captured, o.Voided, o.Refunded, charge)
	}
	switch {
	case placed && o.Authorized != total, placed && !p.later && o.Captured != total, placed && p.later && o.Captured != nothing:
		fail("the placed order has authorized %v and captured %v of %v", o.Authorized, o.Captured, total)
	case !placed && (o.Captured != o.Refunded || o.Authorized != o.Voided):
		fail("the canceled order keeps money: %+v", o)
	}
	for _, other := range b.Charges() {
		if other.Order == string(o.ID) && other.Key != charge.Key {
			fail("the bank was asked under two keys, %s and %s", charge.Key, other.Key)
		}
	}

	left, status := int64(plotStock), cart.Active
	if placed {
		left, status = plotStock-plotUnits, cart.Completed
	}
	if l := levelOf(t, shop, p.sku); l.Available != left || l.Held != 0 || l.Committed != plotStock-left || l.OnHand != plotStock {
		fail("the order is %s and the stock %+v", o.Status, l)
	}
	if c, err := shop.Carts.Get(t.Context(), p.cart); err != nil || c.Status != status || len(c.Lines) != 1 {
		fail("the order is %s and the cart %s with %d lines, %v", o.Status, c.Status, len(c.Lines), err)
	}

	r, err := shop.Checkout.Complete(t.Context(), p.complete())
	refusal, declined := errors.AsType[*checkout.DeclinedError](err)
	switch {
	case declined && (placed || refusal.Order != o.ID), !declined && (err != nil || r.ID != o.ID || r.Status != o.Status):
		fail("the order %s is %s; asked again: %s %s, %v", o.ID, o.Status, r.ID, r.Status, err)
	}
}
