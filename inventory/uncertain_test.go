package inventory_test

import (
	"fmt"
	"testing"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/command/commandtest"
	"github.com/keelshop/commerce/inventory"
)

// TestReceiveManyHalfDone: some shards have received and others have not. The
// key of the error, which nobody gave, brings the rest and nothing twice.
func TestReceiveManyHalfDone(t *testing.T) {
	s := newShop(t, 4)
	var c inventory.ReceiveMany
	for i := range 40 {
		c.Lines = append(c.Lines, inventory.Receive{SKU: catalog.SKU(fmt.Sprint("sku-", i)), Quantity: 3})
	}
	s.engine.Drop = func(command.Envelope) bool { return true }
	if _, err := s.ReceiveMany(t.Context(), c); fault.CodeOf(err) != fault.Unavailable {
		t.Errorf("nothing was received: got %v", err)
	}
	s.engine.Drop = func(e command.Envelope) bool {
		return e.Kind == "inventory.receive_many" && s.engine.ShardOf(e.Slot)%2 == 0
	}
	_, err := s.ReceiveMany(t.Context(), c)
	c.Key = commandtest.KeyOf(t, err)
	s.engine.Drop = nil
	for range 2 {
		if _, err := s.ReceiveMany(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	for _, l := range c.Lines {
		if have := s.level(l.SKU); have.OnHand != 3 {
			t.Errorf("%s: %d on hand", l.SKU, have.OnHand)
		}
	}
}

// TestAdjustIsNotHiddenByWhatFollows: receiving and adjusting answer with the
// record that they wrote, and read nothing afterwards that could fail.
func TestAdjustIsNotHiddenByWhatFollows(t *testing.T) {
	s := newShop(t, 2)
	s.receive("mug", 10)
	for _, c := range []inventory.Adjust{{Delta: -4}, {Count: new(int64(5))}} {
		c.SKU, c.Reason = "mug", "a test"
		blind := inventory.NewService(&commandtest.Blind{Engine: s.engine, Kind: "inventory.adjust"}, s.shelf, nil)
		stock, err := blind.Adjust(t.Context(), c)
		if have := s.level("mug"); err != nil || stock.OnHand != have.OnHand {
			t.Errorf("got %+v, %v; %d are on hand", stock, err, have.OnHand)
		}
	}
	blind := inventory.NewService(&commandtest.Blind{Engine: s.engine}, s.shelf, nil)
	if stock, err := blind.Receive(t.Context(), inventory.Receive{SKU: "mug", Quantity: 2}); err != nil || stock.OnHand != 7 {
		t.Errorf("got %+v, %v", stock, err)
	}
}
