package inventory_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/command/commandtest"
	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/internal/sqlite"
	"github.com/keelshop/commerce/inventory"
)

// step is what other packages' commands do with stock, as a command of these
// tests.
type step struct {
	Do          string             `cbor:"1,keyasint"`
	Reservation string             `cbor:"2,keyasint"`
	Demands     []inventory.Demand `cbor:"3,keyasint,omitempty"`
	Restock     bool               `cbor:"4,keyasint,omitempty"`
}

func (step) Kind() command.Kind { return "test.step" }
func (step) Validate() error    { return nil }
func (c step) apply(tx *command.Tx) (bool, error) {
	switch c.Do {
	case "hold":
		return true, inventory.Hold(tx, c.Reservation, tx.Clock+1000, c.Demands)
	case "commit":
		return true, inventory.Commit(tx, c.Reservation)
	case "release":
		return true, inventory.Release(tx, c.Reservation)
	case "uncommit":
		return true, inventory.Uncommit(tx, c.Reservation, c.Demands)
	case "ship":
		return true, inventory.Ship(tx, c.Reservation, c.Demands)
	case "return":
		return true, inventory.Return(tx, c.Reservation, c.Demands, c.Restock)
	}
	return false, fault.New(fault.Invalid, "there is no step %q", c.Do)
}

// damage runs SQL that no command of the package would: a planted bug.
type damage struct {
	SQL []string `cbor:"1,keyasint"`
}

func (damage) Kind() command.Kind { return "test.damage" }
func (damage) Validate() error    { return nil }
func (c damage) apply(tx *command.Tx) (bool, error) {
	for _, q := range c.SQL {
		if _, err := tx.Exec(q); err != nil {
			return false, err
		}
	}
	return true, nil
}

// shelf is a catalog of SKUs that are made up as they are asked for.
type shelf struct{ engine *commandtest.Engine }

func (s shelf) variant(sku catalog.SKU) catalog.Variant {
	h := s.engine.Hash("claim:sku", string(sku))
	return catalog.Variant{
		ID: catalog.VariantID(id.FromHash("var", id.SlotOfHash(h), time.UnixMilli(0), h)), SKU: sku,
		Untracked: sku == "service",
	}
}

func (s shelf) Variants(_ context.Context, skus []catalog.SKU) ([]catalog.Variant, error) {
	out := make([]catalog.Variant, len(skus))
	for i, sku := range skus {
		if sku == "nothing" {
			return nil, fault.New(fault.NotFound, "there is no SKU %q", sku)
		}
		out[i] = s.variant(sku)
	}
	return out, nil
}

// shop is an inventory and the shoppers at it.
type shop struct {
	*inventory.Service
	t      testing.TB
	engine *commandtest.Engine
	shelf  shelf
	plain  *inventory.Service // the same without a cache
}

func newShop(t testing.TB, shards int) *shop {
	e := commandtest.New(t, shards, inventory.Module(), command.Module{
		Name:     "test",
		Commands: []command.Definition{command.DefineRepeatable(step.apply), command.DefineRepeatable(damage.apply)},
	})
	copies := &copies{values: map[string]any{}, versions: map[string]uint64{}}
	e.OnTouch = copies.forget
	shelf := shelf{e}
	return &shop{inventory.NewService(e, shelf, copies), t, e, shelf, inventory.NewService(e, shelf, nil)}
}

// copies is a cache that drops nothing by itself.
type copies struct {
	mu       sync.Mutex
	values   map[string]any
	versions map[string]uint64
}

func (c *copies) Version(key string) (uint64, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.versions[key], true
}

func (c *copies) Get(key string, load func() (any, error)) (any, error) {
	values, err := c.Many([]string{key}, func([]int) ([]any, error) {
		v, err := load()
		return []any{v}, err
	})
	if err != nil {
		return nil, err
	}
	return values[0], nil
}

func (c *copies) Many(keys []string, load func(missing []int) ([]any, error)) ([]any, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := make([]any, len(keys))
	var missing []int
	for i, k := range keys {
		if v, ok := c.values[k]; ok {
			out[i] = v
		} else {
			missing = append(missing, i)
		}
	}
	if len(missing) == 0 {
		return out, nil
	}
	values, err := load(missing)
	if err != nil {
		return nil, err
	}
	for j, i := range missing {
		out[i], c.values[keys[i]] = values[j], values[j]
	}
	return out, nil
}

func (c *copies) forget(keys []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, k := range keys {
		delete(c.values, k)
		c.versions[k]++
	}
}

// plant changes the tables at a pool's authority as no command does.
func (s *shop) plant(sku catalog.SKU, sql string) {
	s.t.Helper()
	slot, err := s.pool(sku).Slot()
	if err == nil {
		_, err = command.Do[bool](s.t.Context(), s.engine, &damage{[]string{sql}}, command.Call{Slot: slot})
	}
	if err != nil {
		s.t.Fatal(err)
	}
}

// shown returns an error if what is shown, from the cache, is not what the
// tables say.
func (s *shop) shown(skus ...catalog.SKU) error {
	got, err := s.Available(context.Background(), skus)
	if err != nil {
		return err
	}
	want, err := s.plain.Available(context.Background(), skus)
	if err == nil && !slices.Equal(got, want) {
		err = fmt.Errorf("shown are %+v; there are %+v", got, want)
	}
	for i := range want {
		if err == nil && !want[i].Unlimited {
			err = s.told(skus[i], want[i])
		}
	}
	return err
}

// told returns an error if a cart is told that goods are there which are not, or
// not told of those that are. A shard may sell what it has, whatever is kept
// back.
func (s *shop) told(sku catalog.SKU, there inventory.Availability) error {
	shard := int(there.Available) % s.engine.Shards()
	var home int64
	err := s.engine.View(context.Background(), s.engine.SlotOn(shard), func(tx *sqlite.Tx) (err error) {
		home, _, err = tx.Int64(`SELECT available FROM allowances WHERE pool = ?`, s.pool(sku))
		return err
	})
	if err != nil {
		return err
	}
	most := there.Available + there.Backorder
	for _, want := range []int64{most, most + 1} {
		need := inventory.Need{Variant: s.shelf.variant(sku).ID, SKU: sku, Each: max(want, 1)}
		got, err := inventory.NewService(s.engine, s.shelf, nil).Left(context.Background(), s.engine.SlotOn(shard), "", []inventory.Need{need})
		if a := got[need.Variant]; err != nil || a.Can(need.Each) != (need.Each <= max(most, home)) {
			return fmt.Errorf("%d of %s are wanted: told are %+v, %w; there are %+v, and %d at home", need.Each, sku, a, err, there, home)
		}
	}
	return nil
}

func (s *shop) pool(sku catalog.SKU) inventory.PoolID {
	return inventory.PoolOf(s.shelf.variant(sku).ID, inventory.Main)
}

// of makes demands of pairs of SKU and quantity.
func (s *shop) of(pairs ...any) []inventory.Demand {
	var out []inventory.Demand
	for i := 0; i < len(pairs); i += 2 {
		sku := catalog.SKU(pairs[i].(string))
		out = append(out, inventory.Demand{Pool: s.pool(sku), SKU: sku, Quantity: int64(pairs[i+1].(int))})
	}
	return out
}

func (s *shop) receive(sku catalog.SKU, n int64) {
	s.t.Helper()
	if _, err := s.Receive(s.t.Context(), inventory.Receive{SKU: sku, Quantity: n}); err != nil {
		s.t.Fatal(err)
	}
}

// do runs a step on a shard.
func (s *shop) do(shard int, what, reservation string, demands ...inventory.Demand) error {
	return s.step(shard, step{Do: what, Reservation: reservation, Demands: demands})
}

func (s *shop) step(shard int, c step) error {
	_, err := command.Do[bool](context.Background(), s.engine, &c, command.Call{Slot: s.engine.SlotOn(shard)})
	return err
}

// hold is what a checkout does: hold, and fill what is short.
func (s *shop) hold(shard int, reservation string, demands ...inventory.Demand) error {
	hold := func() error { return s.do(shard, "hold", reservation, demands...) }
	err := hold()
	if short, ok := errors.AsType[*inventory.ShortError](err); ok {
		err = s.Fill(context.Background(), s.engine.SlotOn(shard), short.Lines, hold)
	}
	return err
}

func (s *shop) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *shop) level(sku catalog.SKU) inventory.Level {
	s.t.Helper()
	l, err := s.Level(context.Background(), sku, "")
	s.must(err)
	return l
}

// settle finishes everything and checks that nothing is on its way then.
func (s *shop) settle(skus ...catalog.SKU) {
	s.t.Helper()
	s.must(s.Settle(context.Background()))
	for _, sku := range skus {
		if l := s.level(sku); l.InTransit != 0 {
			s.t.Errorf("%d of %s are in transit after settling", l.InTransit, sku)
		}
	}
	s.checkAcross()
}

func (s *shop) checkAcross() {
	s.t.Helper()
	found, err := inventory.CheckAcross(context.Background(), s.engine)
	s.must(err)
	for _, v := range found {
		s.t.Error(v)
	}
}

func wantOutOfStock(t testing.TB, err error, want, have int64) {
	t.Helper()
	out, ok := errors.AsType[*inventory.OutOfStockError](err)
	if !ok || !errors.Is(err, fault.Refused) {
		t.Fatalf("got %v, want out of stock", err)
	}
	if out.Want != want || out.Have != have {
		t.Fatalf("got %v; want %d asked for and %d left", err, want, have)
	}
}

// eachSize runs a test with stores of several numbers of shards.
func eachSize(t *testing.T, f func(t *testing.T, s *shop)) {
	for _, n := range []int{1, 2, 8} {
		t.Run(strconv.Itoa(n)+"_shards", func(t *testing.T) { f(t, newShop(t, n)) })
	}
}

func name(format string, args ...any) string { return fmt.Sprintf(format, args...) }
