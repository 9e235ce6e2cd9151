package inventory_test

import (
	"testing"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/inventory"
)

func TestTransfers(t *testing.T) {
	s := newShop(t, 4)
	s.receive("mug", 10)
	s.must(s.hold(2, "sold", s.of("mug", 3)...)) // its shard has more than that
	ctx := t.Context()
	level := func(l inventory.Location) inventory.Level {
		t.Helper()
		got, err := s.Level(ctx, "mug", l)
		s.must(err)
		return got
	}
	if _, err := s.SendTransfer(ctx, inventory.SendTransfer{SKU: "mug", To: "paris", Quantity: 8}); fault.CodeOf(err) != fault.Refused {
		t.Errorf("eight of seven: %v", err)
	}
	send := inventory.SendTransfer{SKU: "mug", To: "paris", Quantity: 7, Reference: "lorry 1", Key: "once"}
	sent, err := s.SendTransfer(ctx, send)
	s.must(err)
	again, err := s.SendTransfer(ctx, send)
	s.must(err)
	if again.ID != sent.ID || sent.OnItsWay() != 7 || sent.From != inventory.Main || sent.To != "paris" || sent.Reference != "lorry 1" {
		t.Errorf("got %+v, then %+v", sent, again)
	}
	if l := level(inventory.Main); l.OnHand != 3 || l.Available != 0 || l.Held != 3 {
		t.Errorf("at home: %+v", l)
	}
	if l := level("paris"); l.OnHand != 0 || l.Available != 0 {
		t.Errorf("before they arrive: %+v", l)
	}
	if on, err := s.TransfersTo(ctx, "mug", "paris"); err != nil || len(on) != 1 || on[0] != sent {
		t.Errorf("on their way: %+v, %v", on, err)
	}
	for _, c := range []struct {
		received, lost, left int64
		code                 fault.Code
	}{{4, 0, 3, 0}, {4, 0, 3, fault.Refused}, {2, 1, 0, 0}, {0, 1, 0, fault.Refused}} {
		_, err := s.ReceiveTransfer(ctx, inventory.ReceiveTransfer{Transfer: sent.ID, Quantity: c.received, Lost: c.lost})
		if c.code == 0 {
			s.must(err)
		} else if fault.CodeOf(err) != c.code {
			t.Errorf("%+v: %v", c, err)
		}
		if got, err := s.Transfer(ctx, sent.ID); err != nil || got.OnItsWay() != c.left {
			t.Errorf("after %+v: %+v, %v", c, got, err)
		}
	}
	if l := level("paris"); l.OnHand != 6 || l.Available != 6 {
		t.Errorf("after they arrived: %+v", l)
	}
	if on, err := s.TransfersTo(ctx, "mug", "paris"); err != nil || len(on) > 0 {
		t.Errorf("on their way: %+v, %v", on, err)
	}
	for _, c := range []inventory.SendTransfer{
		{SKU: "mug", Quantity: 1}, {SKU: "mug", To: "paris"}, {SKU: "mug", From: "paris", To: "paris", Quantity: 1}, {To: "paris", Quantity: 1}, {SKU: "mug", To: "a b", Quantity: 1},
	} {
		if _, err := s.SendTransfer(ctx, c); fault.CodeOf(err) != fault.Invalid {
			t.Errorf("%+v: %v", c, err)
		}
	}
	if _, err := s.ReceiveTransfer(ctx, inventory.ReceiveTransfer{Transfer: sent.ID}); fault.CodeOf(err) != fault.Invalid {
		t.Errorf("nothing received: %v", err)
	}
}
