package checkout_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
	"sync/atomic"
	"testing"

	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/catalog/assets"
	"github.com/keelshop/commerce/checkout"
	"github.com/keelshop/commerce/credit"
	"github.com/keelshop/commerce/downloads"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/cache"
	"github.com/keelshop/commerce/internal/claim"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/command/commandtest"
	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/internal/seal"
	"github.com/keelshop/commerce/internal/subject"
	"github.com/keelshop/commerce/inventory"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/orders"
	"github.com/keelshop/commerce/payments"
	"github.com/keelshop/commerce/payments/manual"
	"github.com/keelshop/commerce/payments/simulator"
	"github.com/keelshop/commerce/pricing"
)

// Tokens of the simulator.
const (
	approves   = "pm_card_visa"
	declines   = "pm_card_visa_chargeDeclined"
	challenges = "pm_card_threeDSecure2Required"
)

// price of everything in these tests, in cents.
const price = 1250

// shop is all that a checkout needs of a store.
type shop struct {
	testing.TB
	engine    *commandtest.Engine
	bank      *simulator.Simulator
	people    *accounts.Service
	catalog   *catalog.Service
	inventory *inventory.Service
	pricing   *pricing.Service
	carts     *cart.Service
	orders    *orders.Service
	payments  *payments.Service
	credit    *credit.Service
	checkout  *checkout.Service
	downloads *downloads.Service
	files     assets.Store

	sealer   *seal.Sealer
	provider payments.Provider     // the bank, as the services see it
	received map[catalog.SKU]int64 // what should be on hand
	copies   *counted
	// meanwhile is what somebody else does just before a commit, if the
	// mutation lets them.
	meanwhile func()
}

// counted is the read cache of a store, and counts what it had to load.
type counted struct {
	*cache.Cache
	loads atomic.Int64
}

func (c *counted) Get(key string, load func() (any, error)) (any, error) {
	return c.Cache.Get(key, func() (any, error) {
		c.loads.Add(1)
		return load()
	})
}

func (c *counted) bump(keys []string) {
	for _, k := range keys {
		c.Bump(k)
	}
}

func newShop(t testing.TB, shards int) *shop { return newMutant(t, shards, mutation{}) }

// A mutation is a bug that is planted into a shop. The zero mutation is none.
type mutation struct {
	command  func(command.Definition) command.Definition
	engine   func(*shop) command.Engine
	provider func(payments.Provider) payments.Provider
}

func modules() []command.Module {
	return []command.Module{
		claim.Module(), subject.Module(), accounts.Module(), catalog.Module(), inventory.Module(), pricing.Module(),
		cart.Module(), orders.Module(), payments.Module(), credit.Module(), checkout.Module(), downloads.Module(),
	}
}

func newMutant(t testing.TB, shards int, m mutation) *shop {
	t.Helper()
	all := modules()
	for i := range all {
		for j, d := range all[i].Commands {
			if m.command != nil {
				all[i].Commands[j] = m.command(d)
			}
		}
	}
	s := &shop{TB: t, engine: commandtest.New(t, shards, all...), bank: simulator.New(), received: map[catalog.SKU]int64{}}
	copies, err := cache.New(1 << 20)
	s.must(err)
	t.Cleanup(copies.Close)
	s.copies = &counted{Cache: copies}
	s.engine.OnTouch = s.copies.bump
	var engine command.Engine = s.engine
	if m.engine != nil {
		engine = m.engine(s)
	}
	ring, err := seal.CreateKeyFile(filepath.Join(t.TempDir(), "shop.keys"))
	s.must(err)
	sealer, err := seal.NewSealer(context.Background(), commandtest.StoreID, ring)
	s.must(err)
	var bank payments.Provider = s.bank
	if m.provider != nil {
		bank = m.provider(bank)
	}
	s.sealer, s.provider = sealer, bank
	s.files = assets.Dir(t.TempDir())
	s.boot(engine, bank)
	return s
}

// boot makes the services of one process of the store.
func (s *shop) boot(engine command.Engine, bank payments.Provider) {
	s.people = accounts.NewService(engine, s.sealer)
	s.catalog = catalog.NewService(engine, s.copies)
	s.inventory = inventory.NewService(engine, s.catalog, s.copies)
	s.pricing = pricing.NewService(engine, s.catalog, s.copies, pricing.Options{})
	s.carts = cart.NewService(engine, s.pricing, s.inventory, s.sealer)
	s.orders = orders.NewService(engine, s.sealer)
	s.credit = credit.NewService(engine)
	providers := map[string]payments.Provider{"simulator": bank, "manual": manual.New()}
	for _, p := range s.credit.Providers() {
		providers[p.Name()] = p
	}
	s.payments = payments.NewService(engine, s.orders, providers, s.sealer)
	s.checkout = checkout.NewService(engine, s.carts, s.inventory, s.orders, s.payments)
	s.downloads = downloads.NewService(engine, s.orders, s.files)
}

func (s *shop) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

// ctx outlives the test function, as cleanups use the shop, too.
func (s *shop) ctx() context.Context { return context.Background() }

func euro(minor int64) money.Amount { return money.New(minor, "EUR") }

// sells puts a product and receives units of it.
func (s *shop) sells(sku catalog.SKU, units int64) {
	s.Helper()
	_, err := s.catalog.PutProduct(s.ctx(), catalog.PutProduct{SKU: sku, Title: "The " + string(sku), Price: euro(price)})
	s.must(err)
	if units > 0 {
		s.receive(sku, units, "")
	}
}

func (s *shop) receive(sku catalog.SKU, units int64, key string) {
	s.Helper()
	_, err := s.inventory.Receive(s.ctx(), inventory.Receive{SKU: sku, Quantity: units, Key: key})
	s.must(err)
	s.received[sku] += units
}

// basket makes a guest's cart.
func (s *shop) basket(sku catalog.SKU, units int64) cart.ID {
	s.Helper()
	c, err := s.carts.AddLine(s.ctx(), cart.AddLine{SKU: sku, Quantity: units})
	s.must(err)
	return c.ID
}

// basketOn makes a guest's cart on a shard.
func (s *shop) basketOn(shard int, sku catalog.SKU, units int64) cart.ID {
	s.Helper()
	for {
		c := s.basket(sku, units)
		slot, err := id.SlotOf(string(c))
		s.must(err)
		if s.engine.ShardOf(slot) == shard {
			return c
		}
	}
}

// authority returns the shard that a SKU's stock belongs to.
func (s *shop) authority(sku catalog.SKU) int {
	s.Helper()
	v, err := s.catalog.BySKU(s.ctx(), sku)
	s.must(err)
	slot, err := id.SlotOf(string(v.ID))
	s.must(err)
	return s.engine.ShardOf(slot)
}

// pay checks a cart out with a token of the simulator.
func (s *shop) pay(c cart.ID, token string) (checkout.Result, error) {
	return s.complete(checkout.Complete{Cart: c, PayWith: "simulator", Token: token})
}

// complete runs a checkout. What it returns is what can be read afterwards.
func (s *shop) complete(c checkout.Complete) (checkout.Result, error) {
	s.Helper()
	got, err := s.checkout.Complete(s.ctx(), c)
	if err == nil {
		if stored := s.order(got.ID); !reflect.DeepEqual(got.Order, stored) {
			s.Errorf("the checkout returned\n%+v\nand the order is\n%+v", got.Order, stored)
		}
	}
	return got, err
}

// buy is a basket and a checkout of it.
func (s *shop) buy(sku catalog.SKU, units int64, token string) (checkout.Result, error) {
	s.Helper()
	return s.pay(s.basket(sku, units), token)
}

func (s *shop) cart(c cart.ID) cart.Cart {
	s.Helper()
	out, err := s.carts.Get(s.ctx(), c)
	s.must(err)
	return out
}

func (s *shop) order(o orders.ID) orders.Order {
	s.Helper()
	out, err := s.orders.Get(s.ctx(), o)
	s.must(err)
	return out
}

// attempt returns the only attempt to pay for an order.
func (s *shop) attempt(o orders.ID) payments.Attempt {
	s.Helper()
	all, err := s.payments.ByOrder(s.ctx(), o)
	s.must(err)
	if len(all) != 1 {
		s.Fatalf("order %s has %d attempts, want 1", o, len(all))
	}
	return all[0]
}

func (s *shop) level(sku catalog.SKU) inventory.Level {
	s.Helper()
	l, err := s.inventory.Level(s.ctx(), sku, "")
	s.must(err)
	return l
}

// stockIs fails the test unless the stock of a SKU is as said.
func (s *shop) stockIs(sku catalog.SKU, available, held, committed int64) {
	s.Helper()
	if l := s.level(sku); l.Available != available || l.Held != held || l.Committed != committed {
		s.Errorf("the stock of %s is %+v, want %d available, %d held, %d committed", sku, l, available, held, committed)
	}
}

// isA fails the test unless an order and its cart are in these states.
func (s *shop) isA(o orders.ID, status orders.Status, c cart.Status) {
	s.Helper()
	have := s.order(o)
	if have.Status != status {
		s.Errorf("order %s is %s, want %s", o, have.Status, status)
	}
	if got := s.cart(cart.ID(have.Cart)).Status; got != c {
		s.Errorf("its cart is %s, want %s", got, c)
	}
}

// recover calls the handlers of the checkouts' timers that are due.
func (s *shop) recover() error {
	var errs []error
	for _, subject := range s.engine.Timers(checkout.TimerRecover) {
		errs = append(errs, s.checkout.Recover(s.ctx(), subject))
	}
	return errors.Join(errs...)
}

// wants fails the test unless err carries the code.
func (s *shop) wants(err error, code fault.Code) {
	s.Helper()
	if fault.CodeOf(err) != code {
		s.Errorf("got %v (%v), want %v", err, fault.CodeOf(err), code)
	}
}

func isOutOfStock(err error) bool {
	_, ok := errors.AsType[*inventory.OutOfStockError](err)
	return ok
}

// as fails the test unless err holds an error of the type, and returns it.
func as[E error](s *shop, err error) E {
	s.Helper()
	found, ok := errors.AsType[E](err)
	if !ok {
		s.Fatalf("got %v, want a %T", err, found)
	}
	return found
}

// audit compares what no single shard can: the shards' sides of stock, what
// was received with what is on hand, and the bank's books with the ledger.
func (s *shop) audit() (found []string) {
	across, err := inventory.CheckAcross(s.ctx(), s.engine)
	s.must(err)
	for _, v := range across {
		found = append(found, v.String())
	}
	for sku, want := range s.received {
		if l := s.level(sku); l.OnHand != want {
			found = append(found, fmt.Sprintf("%d of %s were received and %d are on hand", want, sku, l.OnHand))
		}
	}
	if across, err = credit.CheckAcross(s.ctx(), s.engine); err != nil {
		s.Fatal(err)
	}
	for _, v := range across {
		found = append(found, v.String())
	}
	for _, c := range s.bank.Charges() {
		if a, err := s.payments.Get(s.ctx(), payments.ID(c.Key)); err != nil || c.Captured != a.Captured {
			found = append(found, fmt.Sprintf("charge %s captured %v, order %s has %v, %v", c.Key, c.Captured, a.Order, a.Captured, err))
		}
	}
	held, err := s.bank.Held("EUR")
	s.must(err)
	balances, err := s.payments.Balances(s.ctx())
	s.must(err)
	booked := int64(0)
	for _, b := range balances {
		if b.Account == payments.ProviderAccount("simulator") {
			booked = b.Amount.Minor()
		}
	}
	if held.Minor() != booked {
		found = append(found, fmt.Sprintf("the bank holds %v and the ledger %v", held, euro(booked)))
	}
	return found
}
