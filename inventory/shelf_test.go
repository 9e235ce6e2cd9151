package inventory_test

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/internal/command/commandtest"
	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/internal/sqlite"
	"github.com/keelshop/commerce/inventory"
)

// What is shown of stock comes from a cache. It is as new as the last change
// that was acknowledged on any shard.
func TestEveryChangeOfStockIsShown(t *testing.T) {
	s := newShop(t, 3)
	ctx := t.Context()
	const sku = catalog.SKU("mug")
	steps := []struct {
		name string
		do   func() error
	}{
		{"nothing", func() error { return nil }},
		{"receive", func() error { s.receive(sku, 10); return nil }},
		{"hold elsewhere", func() error { return s.hold(0, "one", s.of("mug", 2)...) }},
		{"hold on another shard", func() error { return s.hold(1, "two", s.of("mug", 3)...) }},
		{"commit", func() error { return s.do(0, "commit", "one") }},
		{"release", func() error { return s.do(1, "release", "two") }},
		{"ship", func() error { return s.do(0, "ship", "one", s.of("mug", 1)...) }},
		{"take back", func() error { return s.do(0, "uncommit", "one", s.of("mug", 1)...) }},
		{"return", func() error {
			return s.step(0, step{Do: "return", Reservation: "one", Demands: s.of("mug", 1), Restock: true})
		}},
		{"book", func() error { s.settle(sku); return nil }},
		{"adjust", func() error {
			_, err := s.Adjust(ctx, inventory.Adjust{SKU: sku, Delta: -3, Reason: "broken"})
			return err
		}},
		{"policy", func() error {
			_, err := s.SetPolicy(ctx, inventory.SetPolicy{SKU: sku, Policy: inventory.Policy{SafetyStock: 2}})
			return err
		}},
		{"backorder", func() error {
			_, err := s.SetPolicy(ctx, inventory.SetPolicy{SKU: sku, Policy: inventory.Policy{Backorder: 5, ExpectedAt: 1_800_000_000_000}})
			return err
		}},
		{"another place", func() error {
			_, err := s.Receive(ctx, inventory.Receive{SKU: sku, Location: "north", Quantity: 50})
			return err
		}},
		{"sold from there", func() error {
			_, err := s.SetSourcing(ctx, inventory.SetSourcing{Places: []inventory.Place{{ID: "main"}, {ID: "north"}}})
			return err
		}},
	}
	for _, step := range steps {
		if err := step.do(); err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		if err := s.shown(sku, "service", sku); err != nil {
			t.Fatalf("after %s: %v", step.name, err)
		}
		s.engine.Advance(2 * time.Second)
		const more = 1000 // than there are: so that all have to be asked
		need := inventory.Need{Variant: s.shelf.variant(sku).ID, SKU: sku, Each: more}
		there, err := s.plain.AvailableOne(ctx, sku)
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if got, err := s.Left(ctx, s.engine.SlotOn(1), "", []inventory.Need{need}); err != nil || got[need.Variant] != there {
				t.Fatalf("after %s a cart is told %+v, %v; there are %+v", step.name, got[need.Variant], err, there)
			}
		}
	}
}

// What is left of goods that do not move is found out once; of those that do,
// again after a second, or at once if more are wanted than were found.
func TestWhatIsLeftIsLookedAtOnce(t *testing.T) {
	s := newShop(t, 3)
	const sku = catalog.SKU("mug")
	s.receive(sku, 10)
	left := func(want, told int64) {
		t.Helper()
		need := inventory.Need{Variant: s.shelf.variant(sku).ID, SKU: sku, Each: want}
		got, err := s.Left(t.Context(), s.engine.SlotOn(1), "", []inventory.Need{need})
		if a := got[need.Variant]; err != nil || a.Available != told || a.Can(want) != (want <= told) {
			t.Errorf("%d are wanted: told are %+v, %v; want %d", want, a, err, told)
		}
	}
	left(5, 10)
	s.engine.Advance(time.Hour)
	s.plant(sku, `UPDATE pools SET unallocated = 9, on_hand = 9`) // unseen: not by a command of stock
	left(5, 10)
	left(11, 9)
	s.plant(sku, `UPDATE pools SET unallocated = 10, on_hand = 10`)
	left(11, 9)
	if err := s.hold(1, "one", s.of("mug", 10)...); err != nil {
		t.Fatal(err)
	}
	left(5, 9)
	s.engine.Advance(2 * time.Second)
	left(5, 0)
}

// Every statement that changes stock goes through execOn, which makes what is
// cached of the pool stale.
func TestStockIsChangedInOneWay(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	change := regexp.MustCompile("(\\w+)\\((?:\\w+, [\\w.]+, )?`(?:UPDATE|INSERT INTO|INSERT OR \\w+ INTO|DELETE FROM) (?:pools|grants|allowances)\\b")
	ways := map[string]int{}
	for _, f := range files {
		if strings.HasSuffix(f, "_test.go") {
			continue
		}
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range change.FindAllSubmatch(text, -1) {
			if ways[string(m[1])]++; string(m[1]) != "execOn" {
				t.Errorf("%s changes stock by %s", f, m[1])
			}
		}
	}
	if ways["execOn"] < 12 {
		t.Errorf("%d statements that change stock were found", ways["execOn"])
	}
}

// interrupted is an engine that lets something happen before it is read next.
type interrupted struct {
	*commandtest.Engine
	by func()
}

func (e *interrupted) View(ctx context.Context, slot id.Slot, fn func(*sqlite.Tx) error) error {
	if by := e.by; by != nil {
		e.by = nil
		by()
	}
	return e.Engine.View(ctx, slot, fn)
}

// What was found to be left by a Sourcing that has changed meanwhile is not told
// to those who go by the new one.
func TestWhatIsLeftGoesByTheNewSourcing(t *testing.T) {
	s := newShop(t, 3)
	ctx := t.Context()
	const sku = catalog.SKU("mug")
	s.receive(sku, 10)
	if _, err := s.Receive(ctx, inventory.Receive{SKU: sku, Location: "north", Quantity: 50}); err != nil {
		t.Fatal(err)
	}
	engine, cache := &interrupted{Engine: s.engine}, &copies{values: map[string]any{}, versions: map[string]uint64{}}
	s.engine.OnTouch = cache.forget
	stock := inventory.NewService(engine, s.shelf, cache)
	left := func(what string, told int64) {
		t.Helper()
		need := inventory.Need{Variant: s.shelf.variant(sku).ID, SKU: sku, Each: 1000}
		got, err := stock.Left(ctx, s.engine.SlotOn(1), "", []inventory.Need{need})
		if a := got[need.Variant]; err != nil || a.Available != told {
			t.Errorf("%s: told are %+v, %v; want %d", what, a, err, told)
		}
	}
	if _, err := stock.Sourcing(ctx); err != nil { // it is known from now on
		t.Fatal(err)
	}
	engine.by = func() {
		if _, err := stock.SetSourcing(ctx, inventory.SetSourcing{Places: []inventory.Place{{ID: "main"}, {ID: "north"}}}); err != nil {
			t.Error(err)
		}
		left("who comes in between", 50)
	}
	left("who began before", 10)
	left("who comes after", 50)
	s.engine.Advance(time.Hour)
	left("who comes much later", 50)
}
