package orders_test

import (
	"errors"
	"path/filepath"
	"reflect"
	"slices"
	"testing"
	"time"

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
	"github.com/keelshop/commerce/orders"
	"github.com/keelshop/commerce/pricing"
)

// shop is a store as far as orders need one.
type shop struct {
	testing.TB
	engine  *commandtest.Engine
	catalog *catalog.Service
	stock   *inventory.Service
	people  *accounts.Service
	carts   *cart.Service
	orders  *orders.Service
}

func newShop(t testing.TB, shards int) *shop {
	t.Helper()
	e := commandtest.New(t, shards, claim.Module(), subject.Module(), accounts.Module(), catalog.Module(),
		inventory.Module(), pricing.Module(), cart.Module(), orders.Module(), stepModule())
	ring, err := seal.CreateKeyFile(filepath.Join(t.TempDir(), "shop.keys"))
	if err != nil {
		t.Fatal(err)
	}
	sealer, err := seal.NewSealer(t.Context(), commandtest.StoreID, ring)
	if err != nil {
		t.Fatal(err)
	}
	products := catalog.NewService(e, nil)
	stock := inventory.NewService(e, products, nil)
	return &shop{
		t, e, products, stock, accounts.NewService(e, sealer),
		cart.NewService(e, pricing.NewService(e, products, nil, pricing.Options{}), stock, sealer), orders.NewService(e, sealer),
	}
}

// stocks puts a product at a price in euro cents and receives some of it. A
// quantity of 0 is a service whose stock is not counted.
func (s *shop) stocks(sku catalog.SKU, price, quantity int64) {
	s.Helper()
	_, err := s.catalog.PutProduct(s.Context(), catalog.PutProduct{Title: "The " + string(sku), Variants: []catalog.PutVariant{
		{SKU: sku, Prices: []money.Amount{euro(price)}, Untracked: quantity == 0},
	}})
	if err == nil && quantity > 0 {
		_, err = s.stock.Receive(s.Context(), inventory.Receive{SKU: sku, Quantity: quantity})
	}
	if err != nil {
		s.Fatal(err)
	}
}

// wanted is a part of an order to be made.
type wanted struct {
	sku      catalog.SKU
	quantity int64
}

// draft returns an order and what it takes from stock.
func (s *shop) draft(slot id.Slot, lines ...wanted) step {
	s.Helper()
	s.engine.Advance(time.Millisecond)
	c := step{Do: "insert", Order: orders.New{
		ID: orders.NewID(s.engine, command.Stamp{At: s.engine.Now(), Slot: slot}), Cart: id.New("cart", slot, s.engine.Now()), Currency: "EUR",
	}}
	for _, w := range lines {
		v, err := s.catalog.BySKU(s.Context(), w.sku)
		if err != nil {
			s.Fatal(err)
		}
		l := orders.NewLine{
			SKU: w.sku, Variant: v.ID, Title: v.Title, Quantity: w.quantity,
			UnitPrice: v.Prices[0].Minor(), Total: v.Prices[0].Minor() * w.quantity,
		}
		if !v.Untracked {
			l.Pool = inventory.PoolOf(v.ID, "")
			c.Demands = append(c.Demands, inventory.Demand{Pool: l.Pool, SKU: w.sku, Quantity: w.quantity})
		}
		c.Order.Lines = append(c.Order.Lines, l)
		c.Order.Subtotal += l.Total
	}
	c.Order.Total = c.Order.Subtotal
	return c
}

// spread divides the order's discount and tax over its lines.
func (c *step) spread() {
	weights := make([]int64, len(c.Order.Lines))
	for i, l := range c.Order.Lines {
		weights[i] = l.Total
	}
	discounts, err := euro(c.Order.Discount).Allocate(weights)
	taxes, err2 := euro(c.Order.Tax - c.Order.ShippingTax).Allocate(weights)
	if err != nil || err2 != nil {
		panic(errors.Join(err, err2))
	}
	for i := range c.Order.Lines {
		c.Order.Lines[i].Discount, c.Order.Lines[i].Tax = discounts[i].Minor(), taxes[i].Minor()
		c.Order.Lines[i].TaxIncluded = c.Order.TaxIncluded
	}
	if !c.Order.TaxIncluded {
		c.Order.TaxAdded = c.Order.Tax
	}
}

// pending makes an order whose payment is not known.
func (s *shop) pending(c step) orders.ID {
	s.Helper()
	err := s.run(c)
	if short, ok := errors.AsType[*inventory.ShortError](err); ok {
		slot, _ := id.SlotOf(string(c.Order.ID))
		err = s.stock.Fill(s.Context(), slot, short.Lines, func() error { return s.run(c) })
	}
	if err != nil {
		s.Fatal(err)
	}
	return c.Order.ID
}

// placed makes an order and places it.
func (s *shop) placed(c step) orders.ID {
	s.Helper()
	o := s.pending(c)
	if err := s.run(step{Do: "place", ID: o, Demands: c.Demands}); err != nil {
		s.Fatal(err)
	}
	return o
}

// sold makes and places an order on shard 0.
func (s *shop) sold(lines ...wanted) orders.ID {
	s.Helper()
	return s.placed(s.draft(s.engine.SlotOn(0), lines...))
}

func (s *shop) get(o orders.ID) orders.Order {
	s.Helper()
	got, err := s.orders.Get(s.Context(), o)
	if err != nil {
		s.Fatal(err)
	}
	return got
}

func (s *shop) pay(o orders.ID, d orders.PaymentDelta) {
	s.Helper()
	if err := s.run(step{Do: "pay", ID: o, Delta: d}); err != nil {
		s.Fatal(err)
	}
}

// has compares the stock of a SKU, once everything is booked.
func (s *shop) has(sku catalog.SKU, onHand, available, committed int64) {
	s.Helper()
	if err := s.stock.Settle(s.Context()); err != nil {
		s.Fatal(err)
	}
	l, err := s.stock.Level(s.Context(), sku, "")
	if err != nil || l.OnHand != onHand || l.Available != available || l.Committed != committed || l.Held != 0 {
		s.Errorf("%s: got %+v, %v; want %d on hand, %d available, %d committed", sku, l, err, onHand, available, committed)
	}
	found, err := inventory.CheckAcross(s.Context(), s.engine)
	if err != nil || len(found) > 0 {
		s.Errorf("stock: %v, %v", found, err)
	}
}

// step is a command of the tests that does what a checkout and a payment do in
// theirs.
type step struct {
	Do      string
	Order   orders.New
	ID      orders.ID
	Demands []inventory.Demand
	Delta   orders.PaymentDelta
	Cart    cart.ID // whose contact the order gets
	SQL     string  // for planting bugs
}

func (step) Kind() command.Kind { return "test.step" }

func (step) Validate() error { return nil }

func (c step) apply(tx *command.Tx) (struct{}, error) {
	switch c.Do {
	case "insert":
		return struct{}{}, c.insert(tx)
	case "place":
		if len(c.Demands) > 0 {
			if err := inventory.Commit(tx, string(c.ID)); err != nil {
				return struct{}{}, err
			}
		}
		_, err := orders.Place(tx, c.ID)
		return struct{}{}, err
	case "cancel":
		_, err := orders.CancelTx(tx, c.ID, "a test")
		return struct{}{}, err
	case "pay":
		return struct{}{}, orders.RecordPayment(tx, c.ID, c.Delta)
	}
	_, err := tx.Exec(c.SQL, c.ID)
	return struct{}{}, err
}

func (c step) insert(tx *command.Tx) (err error) {
	if len(c.Demands) > 0 {
		if err := inventory.Hold(tx, string(c.Order.ID), tx.Clock, c.Demands); err != nil {
			return err
		}
	}
	if c.Cart != "" {
		from, err := cart.GetTx(tx.Tx, c.Cart)
		if err != nil {
			return err
		}
		c.Order.Contact, c.Order.ContactSubject = from.Contact, from.ContactSubject
	}
	_, err = orders.Insert(tx, c.Order)
	return err
}

func stepModule() command.Module {
	return command.Module{Name: "test", Commands: []command.Definition{command.Define(step.apply)}}
}

func (s *shop) run(c step) error {
	s.Helper()
	o := c.ID
	if o == "" {
		o = c.Order.ID
	}
	slot, err := id.SlotOf(string(o))
	if err != nil {
		s.Fatal(err)
	}
	_, err = command.Do[struct{}](s.Context(), s.engine, &c, command.Call{Slot: slot})
	return err
}

// violations checks the shard of an order.
func (s *shop) violations(o orders.ID) []string {
	s.Helper()
	slot, err := id.SlotOf(string(o))
	if err != nil {
		s.Fatal(err)
	}
	var out []string
	err = s.engine.View(s.Context(), slot, func(tx *sqlite.Tx) error {
		found, err := orders.Module().Check(tx)
		for _, v := range found {
			out = append(out, v.Rule)
		}
		return err
	})
	if err != nil {
		s.Fatal(err)
	}
	return slices.Compact(out)
}

// events returns the kinds of the events about an order, in order.
func (s *shop) events(o orders.ID) []string {
	s.Helper()
	slot, err := id.SlotOf(string(o))
	if err != nil {
		s.Fatal(err)
	}
	var out []string
	err = s.engine.View(s.Context(), slot, func(tx *sqlite.Tx) error {
		rows := tx.Query(`SELECT kind FROM outbox WHERE subject = ? ORDER BY seq`, o)
		for rows.Next() {
			out = append(out, rows.Text(0))
		}
		return rows.Close()
	})
	if err != nil {
		s.Fatal(err)
	}
	return out
}

func euro(minor int64) money.Amount { return money.New(minor, "EUR") }

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
