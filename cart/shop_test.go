package cart_test

import (
	"errors"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/claim"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/command/commandtest"
	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/internal/seal"
	"github.com/keelshop/commerce/internal/sqlite"
	"github.com/keelshop/commerce/internal/subject"
	"github.com/keelshop/commerce/inventory"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/pricing"
)

// shop is a store as far as carts need one.
type shop struct {
	testing.TB
	engine  *commandtest.Engine
	catalog *catalog.Service
	pricing *pricing.Service
	people  *accounts.Service
	carts   *cart.Service
	sealer  *seal.Sealer
	stock   *inventory.Service
}

func newShop(t testing.TB, shards int) *shop {
	t.Helper()
	e := commandtest.New(t, shards,
		claim.Module(), subject.Module(), accounts.Module(), catalog.Module(), inventory.Module(), pricing.Module(), cart.Module(), stepModule())
	ring, err := seal.CreateKeyFile(filepath.Join(t.TempDir(), "shop.keys"))
	if err != nil {
		t.Fatal(err)
	}
	sealer, err := seal.NewSealer(t.Context(), commandtest.StoreID, ring)
	if err != nil {
		t.Fatal(err)
	}
	products := catalog.NewService(e, nil)
	prices := pricing.NewService(e, products, nil, pricing.Options{})
	stock := inventory.NewService(e, products, nil)
	return &shop{t, e, products, prices, accounts.NewService(e, sealer), cart.NewService(e, prices, stock, sealer), sealer, stock}
}

// sells puts products with a SKU and a price in euros and dollars each.
func (s *shop) sells(prices map[catalog.SKU]int64) {
	s.Helper()
	for sku, minor := range prices {
		s.put(catalog.PutProduct{Title: "The " + string(sku), Variants: []catalog.PutVariant{
			{SKU: sku, Prices: []money.Amount{euro(minor), money.New(2*minor, "USD")}},
		}})
	}
}

// put puts a product of which there is enough.
func (s *shop) put(p catalog.PutProduct) {
	s.Helper()
	got, err := s.catalog.PutProduct(s.Context(), p)
	for _, v := range got.Variants {
		if err == nil && !v.Untracked {
			_, err = s.stock.Receive(s.Context(), inventory.Receive{SKU: v.SKU, Quantity: 10_000})
		}
	}
	if err != nil {
		s.Fatal(err)
	}
}

// customer registers somebody.
func (s *shop) customer(email string) accounts.CustomerID {
	s.Helper()
	c, err := s.people.Register(s.Context(), accounts.Register{Email: seal.Personal(email)})
	if err != nil {
		s.Fatal(err)
	}
	return c.ID
}

// customerOn names a customer who lives on a shard.
func (s *shop) customerOn(shard int) accounts.CustomerID {
	return accounts.CustomerID(id.New("cus", s.engine.SlotOn(shard), s.engine.Now()))
}

func (s *shop) add(c cart.AddLines) cart.Cart {
	s.Helper()
	got, err := s.carts.AddLines(s.Context(), c)
	if err != nil {
		s.Fatal(err)
	}
	return got
}

func (s *shop) get(c cart.ID) cart.Cart {
	s.Helper()
	got, err := s.carts.Get(s.Context(), c)
	if err != nil {
		s.Fatal(err)
	}
	return got
}

// step runs one of a checkout's steps on a cart.
func (s *shop) step(name string, c cart.ID, version int64, order string) error {
	s.Helper()
	return s.run(step{Name: name, Cart: c, Version: version, Order: order})
}

func (s *shop) run(c step) error {
	s.Helper()
	slot, err := id.SlotOf(string(c.Cart))
	if err != nil {
		s.Fatal(err)
	}
	_, err = command.Do[struct{}](s.Context(), s.engine, &c, command.Call{Slot: slot})
	return err
}

// step is a command of the tests that does what a checkout does in its own.
type step struct {
	Name    string  `cbor:"1,keyasint"`
	Cart    cart.ID `cbor:"2,keyasint"`
	Version int64   `cbor:"3,keyasint"`
	Order   string  `cbor:"4,keyasint"`
	SQL     string  `cbor:"5,keyasint"` // for planting bugs
}

func (step) Kind() command.Kind { return "test.step" }

func (step) Validate() error { return nil }

func (c step) apply(tx *command.Tx) (struct{}, error) {
	switch c.Name {
	case "lock":
		found, err := cart.GetTx(tx.Tx, c.Cart)
		if err != nil {
			return struct{}{}, err
		}
		return struct{}{}, cart.Lock(tx, found.Cart, c.Version, c.Order)
	case "unlock":
		return struct{}{}, cart.Unlock(tx, c.Cart, c.Order)
	case "complete":
		return struct{}{}, cart.Complete(tx, c.Cart, c.Order)
	}
	_, err := tx.Exec(c.SQL, c.Cart)
	return struct{}{}, err
}

func stepModule() command.Module {
	return command.Module{Name: "test", Commands: []command.Definition{command.Define(step.apply), command.DefineRepeatable(measured.apply)}}
}

// view reads the shard of a cart.
func (s *shop) view(c cart.ID, fn func(*sqlite.Tx) error) {
	s.Helper()
	slot, err := id.SlotOf(string(c))
	if err == nil {
		err = s.engine.View(s.Context(), slot, fn)
	}
	if err != nil {
		s.Fatal(err)
	}
}

func euro(minor int64) money.Amount { return money.New(minor, "EUR") }

// agreed returns a price to be pointed to.
func agreed(minor int64) *money.Amount { return new(euro(minor)) }

// one is a single line.
func one(sku catalog.SKU, quantity int64) []cart.AddedLine {
	return []cart.AddedLine{{SKU: sku, Quantity: quantity}}
}

// wants fails the test unless err carries the code.
func wants(t testing.TB, err error, code fault.Code) {
	t.Helper()
	if err == nil || fault.CodeOf(err) != code {
		t.Errorf("got error %v with code %v, want code %v", err, fault.CodeOf(err), code)
	}
}

// wantsError fails the test unless err holds an error that equals want.
func wantsError[E error](t testing.TB, err error, want E) {
	t.Helper()
	if got, ok := errors.AsType[E](err); !ok || !reflect.DeepEqual(got, want) {
		t.Errorf("got error %v, want %T: %v", err, want, want)
	}
}
