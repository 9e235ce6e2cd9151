package commerce_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
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
	"github.com/keelshop/commerce/inventory"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/orders"
	"github.com/keelshop/commerce/payments"
	"github.com/keelshop/commerce/payments/simulator"
)

// A driver is the goroutine that runs one checkout, in a process that dies.
// Once it is dead it logs nothing and calls nobody.
type driver struct {
	diesBefore string // a kind of command, or "pay"
	diesAfter  string // "pay", or "" to live
	dead       atomic.Bool
}

var errDead = errors.New("the process died here")

type driverKey struct{}

func driverOf(ctx context.Context) *driver {
	d, _ := ctx.Value(driverKey{}).(*driver)
	return d
}

// at reports whether the driver is dead when it comes to a step.
func (d *driver) at(step string) bool {
	if d != nil && d.diesBefore == step {
		d.dead.Store(true)
	}
	return d != nil && d.dead.Load()
}

// dying refuses the commands of dead drivers.
func dying(ctx context.Context, c any) error {
	if k, ok := c.(command.Command); ok && driverOf(ctx).at(string(k.Kind())) {
		return errDead
	}
	return nil
}

// fragile is the bank as it is seen by drivers that die on the way there and
// back.
type fragile struct{ *simulator.Simulator }

func (f fragile) Pay(ctx context.Context, r payments.PayRequest) (payments.Outcome, error) {
	d := driverOf(ctx)
	if d.at("pay") {
		return payments.Outcome{}, errDead
	}
	o, err := f.Simulator.Pay(ctx, r)
	if d != nil && d.diesAfter == "pay" {
		d.dead.Store(true)
	}
	return o, err
}

// A story is what bank and shopper do about one payment, and how it ends.
type story struct {
	name, token string
	later       bool // authorize only
	act         func(*simulator.Simulator, simulator.Charge) error
	faults      simulator.Fault // of the first requests and lookups
	ends        orders.Status
	// gone tells that the shopper does not come back, so that only time ends
	// the checkout.
	gone bool
}

func confirm(ok bool) func(*simulator.Simulator, simulator.Charge) error {
	return func(b *simulator.Simulator, c simulator.Charge) error {
		if c.State != payments.NeedsAction {
			return nil
		}
		return b.Confirm(c.Key, ok)
	}
}

func decide(ok bool) func(*simulator.Simulator, simulator.Charge) error {
	return func(b *simulator.Simulator, c simulator.Charge) error {
		if c.State != payments.Pending {
			return nil
		}
		return b.Decide(c.Key, ok)
	}
}

func stories() []story {
	both := []story{
		{name: "approved", token: approves, ends: orders.Placed},
		{name: "declined", token: declines, ends: orders.Canceled},
		{name: "confirmed", token: challenges, act: confirm(true), ends: orders.Placed},
		{name: "not confirmed", token: challenges, act: confirm(false), ends: orders.Canceled},
		{name: "walked away", token: challenges, gone: true, ends: orders.Canceled},
		{name: "confirmed, then declined", token: "pm_card_threeDSecureRequiredChargeDeclined", act: confirm(true), ends: orders.Canceled},
		{name: "timeout after success", token: simulator.TokenLostAnswer, ends: orders.Placed},
		{name: "decided at last", token: simulator.TokenPending, act: decide(true), ends: orders.Placed},
		{name: "decided against", token: simulator.TokenPending, act: decide(false), ends: orders.Canceled},
		{name: "never reached", token: simulator.TokenUnreached, ends: orders.Canceled},
		{name: "unknown, then approved", token: approves, faults: simulator.LostAnswer, ends: orders.Placed},
		{name: "unknown, then declined", token: declines, faults: simulator.LostAnswer, ends: orders.Canceled},
		{name: "unreached, then approved", token: approves, faults: simulator.Unreached, ends: orders.Placed},
	}
	out := both
	for _, s := range both {
		s.later, s.name = true, s.name+", authorize only"
		out = append(out, s)
	}
	return out
}

// plot is one checkout of the test: a story, and where its driver dies.
type plot struct {
	story
	sku   catalog.SKU
	cart  cart.ID
	order orders.ID // "" until it is known
}

const plotStock, plotUnits = 10, 2

// crash is where drivers die.
type crash struct {
	name   string
	driver driver
	// begun tells that the order exists when the process dies.
	begun bool
}

func crashes() []*crash {
	return []*crash{
		{name: "before begin", driver: driver{diesBefore: "checkout.begin"}},
		{name: "before a loan of stock", driver: driver{diesBefore: "inventory.grant"}},
		{name: "between grant and deposit", driver: driver{diesBefore: "inventory.deposit"}},
		{name: "after begin", driver: driver{diesBefore: "pay"}, begun: true},
		{name: "after pay", driver: driver{diesAfter: "pay"}, begun: true},
		{name: "before finish", driver: driver{diesBefore: "checkout.finish"}, begun: true},
		{name: "after finish", begun: true},
	}
}

// TestCrashAtEveryStep: a process dies at some step of a checkout, whatever the
// bank and the shopper do about the payment. A store that opens what is left
// ends the order as placed or canceled, and then the bank's books, the ledger,
// stock, cart and order agree.
func TestCrashAtEveryStep(t *testing.T) {
	for _, c := range crashes() {
		t.Run(c.name, func(t *testing.T) { c.run(t) })
	}
}

func (c *crash) run(t *testing.T) {
	ctx := context.Background()
	clock, bank := commercetest.NewClock(), simulator.New()
	dir := filepath.Join(t.TempDir(), "shop")
	shop := open(t, dir, commerce.WithShards(2), clock.Option(), commerce.WithPayments(fragile{bank}), commerce.WithHook(dying))
	plots := plan(t, shop)
	tokens := map[string]simulator.Fault{}
	for _, p := range plots {
		if d := c.drive(ctx, t, shop, p); d != nil {
			tokens[string(p.order)] = p.faults
		}
	}
	left := image(t, dir)
	must(t, shop.Close())

	// The image is opened by a process that lives, but whose first attempts to
	// end each checkout fail, as in a second crash.
	var stumbles atomic.Int64
	stumble := func(_ context.Context, c any) error {
		if k, ok := c.(command.Command); ok && k.Kind() == "checkout.finish" && stumbles.Add(1) <= 5 {
			return errDead
		}
		return nil
	}
	shop = commercetest.OpenAt(t, left, commerce.WithShards(2), clock.Option(), commerce.WithPayments(bank), commerce.WithHook(stumble))
	for i, p := range plots {
		bank.SetFaults(first3(p.faults))
		c.resolve(t, shop, bank, clock, p, i)
		bank.SetFaults(nil)
	}
	for _, p := range plots {
		p.check(t, shop, bank)
	}
	if err := moneyAgrees(shop, bank); err != nil {
		t.Error(err)
	}
}

// plan makes a product, stock and a cart for each story, with the cart on
// another shard than the stock, so that goods must be lent.
func plan(t *testing.T, shop *commerce.Store) []*plot {
	var out []*plot
	for i, s := range stories() {
		p := &plot{story: s, sku: catalog.SKU(fmt.Sprintf("sku-%02d", i))}
		stock(t, shop, p.sku, plotStock)
		v, err := shop.Catalog.Variant(t.Context(), p.sku)
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

// first3 makes the first three requests and lookups of each payment fail.
func first3(f simulator.Fault) func(simulator.Call) simulator.Fault {
	return func(c simulator.Call) simulator.Fault {
		if c.Attempt <= 3 && c.Of == payments.KindPayment {
			return f
		}
		return simulator.None
	}
}

// drive runs a checkout until its driver dies.
func (c *crash) drive(ctx context.Context, t *testing.T, shop *commerce.Store, p *plot) *driver {
	d := &driver{diesBefore: c.driver.diesBefore, diesAfter: c.driver.diesAfter}
	r, err := shop.Checkout.Complete(context.WithValue(ctx, driverKey{}, d), p.complete())
	wasDriven := d.diesBefore != "" || d.diesAfter != ""
	if wasDriven && !d.dead.Load() && !undriven(p, d) {
		t.Fatalf("%s: the driver lives on, with %v, %v", p.name, r.Status, err)
	}
	now, err := shop.Carts.Get(ctx, p.cart)
	must(t, err)
	p.order = orders.ID(now.Order)
	if p.order == "" { // declined at once: the cart is free again
		p.order = r.ID
	}
	return d
}
