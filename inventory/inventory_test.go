package inventory_test

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/inventory"
)

func TestLifeOfAReservation(t *testing.T) {
	eachSize(t, func(t *testing.T, s *shop) {
		last := s.engine.Shards() - 1
		s.receive("mug", 10)
		s.receive("cup", 5)
		s.must(s.hold(last, "o1", s.of("mug", 4, "cup", 1)...))
		s.must(s.do(last, "commit", "o1"))
		s.must(s.do(last, "commit", "o1"))
		s.must(s.do(last, "ship", "o1", s.of("mug", 3)...))
		s.must(s.do(last, "uncommit", "o1", s.of("cup", 1)...))
		s.must(s.step(last, step{Do: "return", Reservation: "o1", Demands: s.of("mug", 1), Restock: true}))
		s.must(s.step(last, step{Do: "return", Reservation: "o1", Demands: s.of("mug", 1)}))

		want := inventory.Level{Pool: s.pool("mug"), SKU: "mug", Location: "main", OnHand: 8, Available: 7, Committed: 1}
		if got := s.level("mug"); got.OnHand != 8 || got.Available != 7 || got.Committed != 1 || got.Held != 0 {
			t.Errorf("before booking: got %+v, want %+v", got, want)
		}
		s.settle("mug", "cup")
		want.Version = 3
		if got := s.level("mug"); got != want {
			t.Errorf("after booking: got %+v, want %+v", got, want)
		}
		if got := s.level("cup"); got.OnHand != 5 || got.Available != 5 {
			t.Errorf("cups: got %+v, want all 5", got)
		}
		var kinds []inventory.MovementKind
		sum := int64(0)
		for m, err := range s.Movements(t.Context(), "mug", "", 0) {
			s.must(err)
			kinds, sum = append(kinds, m.Kind), sum+m.Quantity
		}
		if len(kinds) != 3 || kinds[0] != inventory.MovedReceived || kinds[1] != inventory.MovedShipped || kinds[2] != inventory.MovedReturned || sum != 8 {
			t.Errorf("movements %v add up to %d; want received, shipped, returned and 8", kinds, sum)
		}
	})
}

func TestHoldIsAllOrNothing(t *testing.T) {
	s := newShop(t, 2)
	s.receive("mug", 3)
	s.receive("cup", 1)
	s.must(s.hold(1, "o1", s.of("mug", 1, "cup", 1)...))
	wantOutOfStock(t, s.hold(1, "o2", s.of("mug", 1, "cup", 1)...), 1, 0)
	wantOutOfStock(t, s.hold(1, "o2", s.of("mug", 2, "mug", 1)...), 3, 2)
	s.must(s.do(1, "release", "o1"))
	s.must(s.do(1, "release", "o1"))
	s.must(s.hold(1, "o2", s.of("mug", 2, "mug", 1, "cup", 1)...))
	if l := s.level("mug"); l.Held != 3 || l.Available != 0 {
		t.Errorf("got %+v, want 3 held", l)
	}
}

func TestShortErrorNamesEveryShortLine(t *testing.T) {
	s := newShop(t, 1)
	s.receive("mug", 5)
	s.must(s.hold(0, "o1", s.of("mug", 1)...))
	err := s.do(0, "hold", "o2", s.of("mug", 1, "cup", 2, "bowl", 3)...)
	short, ok := errors.AsType[*inventory.ShortError](err)
	if !ok || !errors.Is(err, fault.Unavailable) || len(short.Lines) != 2 {
		t.Fatalf("got %v, want two short lines", err)
	}
}

func TestStepsInTheWrongStateAreRefused(t *testing.T) {
	s := newShop(t, 1)
	s.receive("mug", 5)
	s.must(s.hold(0, "held", s.of("mug", 1)...))
	s.must(s.hold(0, "sold", s.of("mug", 2)...))
	s.must(s.do(0, "commit", "sold"))
	s.must(s.do(0, "ship", "sold", s.of("mug", 1)...))
	for _, tc := range []struct {
		do, reservation string
		demands         []inventory.Demand
		code            fault.Code
	}{
		{"hold", "held", s.of("mug", 1), fault.Conflict},
		{"hold", "sold", s.of("mug", 1), fault.Conflict},
		{"hold", "new", s.of("mug", 0), fault.Invalid},
		{"release", "sold", nil, fault.Conflict},
		{"uncommit", "held", nil, fault.Conflict},
		{"uncommit", "sold", s.of("mug", 2), fault.Refused},
		{"uncommit", "sold", s.of("cup", 1), fault.Refused},
		{"ship", "held", nil, fault.Conflict},
		{"ship", "sold", s.of("mug", 2), fault.Refused},
		{"return", "absent", s.of("mug", 1), fault.Conflict},
		{"return", "sold", s.of("mug", 2), fault.Refused},
	} {
		err := s.do(0, tc.do, tc.reservation, tc.demands...)
		if tc.do == "hold" {
			err = s.hold(0, tc.reservation, tc.demands...)
		}
		if fault.CodeOf(err) != tc.code {
			t.Errorf("%s %s %v: got %v, want %v", tc.do, tc.reservation, tc.demands, err, tc.code)
		}
	}
	s.must(s.do(0, "uncommit", "sold"))
	if l := s.level("mug"); l.Held != 1 || l.Committed != 0 || l.Available != 3 {
		t.Errorf("got %+v, want 1 held and 3 available", l)
	}
}

func TestEmptyReservation(t *testing.T) {
	s := newShop(t, 1)
	s.must(s.do(0, "hold", "o1"))
	s.must(s.do(0, "release", "o1"))
	s.must(s.do(0, "hold", "o1"))
	s.must(s.do(0, "commit", "o1"))
	if err := s.do(0, "ship", "o1"); !errors.Is(err, fault.Conflict) {
		t.Errorf("shipping from what left nothing: %v", err)
	}
	s.must(s.do(0, "hold", "o1"))
}

func TestLastUnitSellsFromAnyShard(t *testing.T) {
	s := newShop(t, 8)
	for seller := range 8 {
		for keeper := range 8 {
			sku := catalog.SKU(name("mug-%d-%d", seller, keeper))
			s.receive(sku, 3)
			// Two shards have had allowances of it before.
			s.must(s.hold(keeper, name("a%s", sku), s.of(string(sku), 3)...))
			s.must(s.do(keeper, "release", name("a%s", sku)))
			s.must(s.hold((keeper+3)%8, name("b%s", sku), s.of(string(sku), 2)...))
			s.must(s.hold(seller, name("c%s", sku), s.of(string(sku), 1)...))
			wantOutOfStock(t, s.hold(keeper, name("d%s", sku), s.of(string(sku), 1)...), 1, 0)
		}
	}
	s.settle("mug-0-0")
}

func TestManyShoppersSellExactlyTheStock(t *testing.T) {
	s := newShop(t, 8)
	s.receive("mug", 100)
	var sold, refused atomic.Int64
	var wg sync.WaitGroup
	for i := range 200 {
		wg.Go(func() {
			err := s.hold(i%8, name("o%d", i), s.of("mug", 1)...)
			for errors.Is(err, fault.Unavailable) {
				err = s.hold(i%8, name("o%d", i), s.of("mug", 1)...)
			}
			switch {
			case err == nil:
				sold.Add(1)
			case errors.Is(err, fault.Refused):
				refused.Add(1)
			default:
				t.Error(err)
			}
		})
	}
	for range 20 {
		s.checkAcross() // exact while they shop
	}
	wg.Wait()
	if sold.Load() != 100 || refused.Load() != 100 {
		t.Errorf("sold %d and refused %d; want 100 each", sold.Load(), refused.Load())
	}
	s.settle("mug")
}

func TestSoldOutCostsNoCommands(t *testing.T) {
	s := newShop(t, 8)
	s.receive("mug", 4)
	for i := range 4 {
		s.must(s.hold(i, name("o%d", i), s.of("mug", 1)...))
	}
	home := s.engine.SlotOn(5)
	before := s.engine.Submitted()
	err := s.Fill(t.Context(), home, []inventory.Short{{Pool: s.pool("mug"), SKU: "mug", Want: 1}}, func() error {
		t.Error("there is nothing to hold")
		return nil
	})
	wantOutOfStock(t, err, 1, 0)
	if n := s.engine.Submitted() - before; n != 0 {
		t.Errorf("%d commands were logged to learn that nothing is left", n)
	}
}

func TestLargeOrderIsFilledWithAHandfulOfCommands(t *testing.T) {
	s := newShop(t, 8)
	var receive inventory.ReceiveMany
	var pairs []any
	for i := range 200 {
		sku := name("part-%03d", i)
		receive.Lines = append(receive.Lines, inventory.Receive{SKU: catalog.SKU(sku), Quantity: 50})
		pairs = append(pairs, sku, 2)
	}
	got, err := s.ReceiveMany(t.Context(), receive)
	s.must(err)
	for i, r := range got {
		if r.SKU != receive.Lines[i].SKU || r.OnHand != 50 {
			t.Fatalf("line %d: got %+v", i, r)
		}
	}
	before := s.engine.Submitted()
	if before > 17 {
		t.Errorf("a delivery of 200 lines took %d commands; want one for each shard, and one for the key", before-8)
	}
	s.must(s.hold(3, "invoice", s.of(pairs...)...))
	// The first try, a grant at each shard, one deposit, the second try.
	if n := s.engine.Submitted() - before; n > 1+8+1+1 {
		t.Errorf("filling 200 lines took %d commands", n)
	}
}

func TestHolderThatCannotBeReachedIsNotOutOfStock(t *testing.T) {
	s := newShop(t, 4)
	s.receive("mug", 1)
	s.must(s.hold(1, "o1", s.of("mug", 1)...))
	s.must(s.do(1, "release", "o1"))
	s.engine.Drop = func(e command.Envelope) bool { return e.Kind == "inventory.give_back" }
	seller := 2
	if s.engine.ShardOf(slotOf(t, s.pool("mug"))) == 2 {
		seller = 3
	}
	err := s.hold(seller, "o2", s.of("mug", 1)...)
	if !errors.Is(err, fault.Unavailable) {
		t.Fatalf("got %v, want unavailable", err)
	}
	s.engine.Drop = nil
	s.must(s.hold(seller, "o2", s.of("mug", 1)...))
}

func slotOf(t testing.TB, p inventory.PoolID) id.Slot {
	slot, err := p.Slot()
	if err != nil {
		t.Fatal(err)
	}
	return slot
}
