package inventory_test

import (
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/inventory"
)

// bookingSoon is past the time when a booking is due.
const bookingSoon = 2 * time.Second

// runTimers does what a store does with the durable timers that are due.
func (s *shop) runTimers() {
	s.t.Helper()
	for _, shard := range s.engine.Timers(inventory.TimerBook) {
		s.must(s.BookTimer(s.t.Context(), shard))
	}
	for _, pool := range s.engine.Timers(inventory.TimerRecall) {
		s.must(s.RecallTimer(s.t.Context(), pool))
	}
}

func TestTimersBookShipmentsAndEnd(t *testing.T) {
	s := newShop(t, 4)
	s.receive("mug", 20)
	for i := range 4 {
		s.must(s.hold(i, name("o%d", i), s.of("mug", 2)...))
		s.must(s.do(i, "commit", name("o%d", i)))
		s.must(s.do(i, "ship", name("o%d", i)))
	}
	if n := len(s.engine.Timers(inventory.TimerBook)); n != 0 {
		t.Fatalf("%d timers are due at once; bookings are gathered first", n)
	}
	s.engine.Advance(bookingSoon)
	if n := len(s.engine.Timers(inventory.TimerBook)); n != 4 {
		t.Fatalf("%d timers are due, want one for each shard", n)
	}
	s.engine.Restart()
	s.runTimers()
	s.engine.Advance(bookingSoon)
	if n := len(s.engine.Timers(inventory.TimerBook)); n != 0 {
		t.Fatalf("%d timers are left", n)
	}
	stock, err := s.Adjust(t.Context(), inventory.Adjust{SKU: "mug", Delta: 1, Reason: "found"})
	s.must(err)
	if stock.OnHand != 13 || stock.Version != 6 {
		t.Errorf("got %+v, want 13 on hand after a receipt, 4 shipments and an adjustment", stock)
	}
}

func TestShortageIsWorkedOff(t *testing.T) {
	s := newShop(t, 4)
	s.receive("mug", 10)
	for i := range 4 {
		s.must(s.hold(i, name("o%d", i), s.of("mug", 2)...))
	}
	count := int64(3)
	_, err := s.Adjust(t.Context(), inventory.Adjust{SKU: "mug", Count: &count, Reason: "counted"})
	s.must(err)
	if l := s.level("mug"); l.Shortage != 5 || l.Available != 0 || l.OnHand != 3 || l.Held != 8 {
		t.Fatalf("got %+v; 8 are promised and 3 there", l)
	}
	wantOutOfStock(t, s.hold(2, "o9", s.of("mug", 1)...), 1, 0)

	for i := range 3 { // cancellations
		s.must(s.do(i, "release", name("o%d", i)))
	}
	s.runTimers()
	if l := s.level("mug"); l.Shortage != 0 || l.Available != 1 {
		t.Fatalf("after the cancellations: got %+v; 2 are promised and 3 there", l)
	}
	if n := len(s.engine.Timers(inventory.TimerRecall)); n != 0 {
		t.Errorf("%d timers are left of a shortage that is gone", n)
	}
	s.must(s.hold(0, "o9", s.of("mug", 1)...))
}

func TestDeliveryWorksOffAShortage(t *testing.T) {
	s := newShop(t, 2)
	s.receive("mug", 4)
	s.must(s.hold(1, "o1", s.of("mug", 4)...))
	_, err := s.Adjust(t.Context(), inventory.Adjust{SKU: "mug", Delta: -3, Reason: "broken"})
	s.must(err)
	s.receive("mug", 5)
	if l := s.level("mug"); l.Shortage != 0 || l.Available != 2 || l.OnHand != 6 {
		t.Errorf("got %+v, want 2 available of 6", l)
	}
}

func TestUncountedGoodsThatAreShippedAnyhow(t *testing.T) {
	s := newShop(t, 2)
	s.receive("mug", 4)
	s.must(s.hold(1, "o1", s.of("mug", 4)...))
	s.must(s.do(1, "commit", "o1"))
	none := int64(0)
	_, err := s.Adjust(t.Context(), inventory.Adjust{SKU: "mug", Count: &none, Reason: "counted"})
	s.must(err)
	s.must(s.do(1, "ship", "o1", s.of("mug", 3)...))
	s.settle()
	if l := s.level("mug"); l.OnHand != 0 || l.Shortage != 1 || l.Committed != 1 {
		t.Errorf("got %+v, want one that is promised and not there", l)
	}
}

func TestCountKnowsWhatHasShipped(t *testing.T) {
	s := newShop(t, 2)
	s.receive("mug", 10)
	s.must(s.hold(1, "o1", s.of("mug", 4)...))
	s.must(s.do(1, "commit", "o1"))
	s.must(s.do(1, "ship", "o1"))
	count := int64(6) // before the shipment is booked
	_, err := s.Adjust(t.Context(), inventory.Adjust{SKU: "mug", Count: &count, Reason: "counted"})
	s.must(err)
	s.settle("mug")
	if l := s.level("mug"); l.OnHand != 6 || l.Available != 6 {
		t.Errorf("got %+v, want 6", l)
	}
}

func TestAdjustRefuses(t *testing.T) {
	s := newShop(t, 1)
	s.receive("mug", 4)
	minus := int64(-1)
	for _, tc := range []struct {
		c    inventory.Adjust
		code fault.Code
	}{
		{inventory.Adjust{SKU: "mug", Delta: 1}, fault.Invalid},
		{inventory.Adjust{SKU: "mug", Reason: "r"}, fault.Invalid},
		{inventory.Adjust{SKU: "mug", Reason: "r", Count: &minus}, fault.Invalid},
		{inventory.Adjust{SKU: "mug", Reason: "r", Delta: 1, Count: new(int64)}, fault.Invalid},
		{inventory.Adjust{SKU: "mug", Reason: "r", Delta: 1, Location: "a@b"}, fault.Invalid},
		{inventory.Adjust{Reason: "r", Delta: 1}, fault.Invalid},
		{inventory.Adjust{SKU: "mug", Reason: "r", Delta: -5}, fault.Refused},
		{inventory.Adjust{SKU: "mug", Reason: "r", Delta: 1, Version: 9}, fault.Conflict},
		{inventory.Adjust{SKU: "service", Reason: "r", Delta: 1}, fault.Invalid},
		{inventory.Adjust{SKU: "nothing", Reason: "r", Delta: 1}, fault.NotFound},
	} {
		if _, err := s.Adjust(t.Context(), tc.c); fault.CodeOf(err) != tc.code {
			t.Errorf("%+v: got %v, want %v", tc.c, err, tc.code)
		}
	}
	if got, err := s.Adjust(t.Context(), inventory.Adjust{SKU: "mug", Delta: 2, Reason: "found", Version: 1}); err != nil || got.OnHand != 6 {
		t.Errorf("got %+v, %v; want 6", got, err)
	}
}

func TestReceivingAgainWithTheKeyAddsNothing(t *testing.T) {
	s := newShop(t, 4)
	one := inventory.Receive{SKU: "mug", Quantity: 3, Key: "delivery-1"}
	many := inventory.ReceiveMany{Key: "delivery-2"}
	for i := range 20 {
		many.Lines = append(many.Lines, inventory.Receive{SKU: catalog.SKU(name("sku-%d", i)), Quantity: 2, Location: "north"})
	}
	for i := range 3 {
		_, err := s.Receive(t.Context(), one)
		s.must(err)
		if i == 0 { // one part of it gets lost
			var sent atomic.Int64
			s.engine.Drop = func(e command.Envelope) bool { return e.Kind == "inventory.receive_many" && sent.Add(1) == 2 }
		}
		_, err = s.ReceiveMany(t.Context(), many)
		if i == 0 && !errors.Is(err, fault.Uncertain) || i > 0 && err != nil {
			t.Fatalf("try %d: got %v", i, err)
		}
		s.engine.Drop = nil
	}
	if l := s.level("mug"); l.OnHand != 3 {
		t.Errorf("got %+v, want 3", l)
	}
	for _, l := range many.Lines {
		level, err := s.Level(t.Context(), l.SKU, "north")
		s.must(err)
		if level.OnHand != 2 || level.Location != "north" {
			t.Errorf("%s: got %+v, want 2", l.SKU, level)
		}
	}
	if l := s.level("sku-0"); l.OnHand != 0 {
		t.Errorf("another location has %d", l.OnHand)
	}
	one.Quantity = 4
	if _, err := s.Receive(t.Context(), one); !errors.Is(err, fault.Conflict) {
		t.Errorf("the key with another quantity: got %v", err)
	}
}
