package orders_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/orders"
)

func TestAnOrderIsFoundByItsOwnNumber(t *testing.T) {
	s := newShop(t, 4)
	s.stocks("wrap", 100, 0)
	for shard := range 4 {
		o := s.placed(s.draft(s.engine.SlotOn(shard), wanted{"wrap", 1}))
		number := s.get(o).Number
		if len(number) != 19 || number != o.Number() || !strings.HasPrefix(string(o), "ord_0"+number[:4]) {
			t.Fatalf("order %s has number %q", o, number)
		}
		small := strings.NewReplacer("0", "o", "1", "l", "-", " ").Replace(strings.ToLower(number))
		for _, text := range []string{number, strings.ReplaceAll(number, "-", ""), small, " " + number + "\n"} {
			if got, err := s.orders.ByNumber(t.Context(), text); err != nil || got.ID != o || len(got.Lines) != 1 {
				t.Errorf("%q: found %s, %v; want %s", text, got.ID, err, o)
			}
		}
		if got, err := s.orders.Find(t.Context(), string(o)); err != nil || got.ID != o {
			t.Errorf("found %s, %v by ID %s", got.ID, err, o)
		}
	}
	for _, none := range []string{"", "1KAJ-3W7Q-8Z5D-4F6G", "1KAJ", "UUUU-UUUU-UUUU-UUUU", strings.Repeat("9", 500)} {
		_, err := s.orders.ByNumber(t.Context(), none)
		wants(t, err, fault.NotFound)
	}
}

// TestOrdersShareNoNumber: an ID follows from its number, so that one number
// is one order.
func TestOrdersShareNoNumber(t *testing.T) {
	s := newShop(t, 1)
	ids := map[string]orders.ID{}
	for range 2000 {
		o := orders.NewID(s.engine, command.Stamp{At: s.engine.Now(), Slot: 7})
		if slot, err := id.SlotOf(string(o)); err != nil || slot != 7 {
			t.Fatalf("%s is on slot %d, %v", o, slot, err)
		}
		if other, taken := ids[o.Number()]; taken && other != o {
			t.Fatalf("%s and %s have number %s", o, other, o.Number())
		}
		ids[o.Number()] = o
	}
	if len(ids) < 1900 {
		t.Errorf("only %d different numbers", len(ids))
	}
	s.stocks("wrap", 100, 0)
	c := s.draft(s.engine.SlotOn(0), wanted{"wrap", 1})
	s.pending(c)
	wantsError(t, s.run(c), &orders.TakenError{Order: c.Order.ID})
}

func TestASequenceHasNoGaps(t *testing.T) {
	s := newShop(t, 4)
	s.stocks("wrap", 100, 0)
	sell := func(n int) (out []orders.ID) {
		for i := range n {
			out = append(out, s.placed(s.draft(s.engine.SlotOn(i%4), wanted{"wrap", 1})))
		}
		return out
	}
	number := func() {
		t.Helper()
		if err := s.orders.AssignNumbers(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	set := func(c orders.SetNumbering) orders.Numbering {
		t.Helper()
		n, err := s.orders.SetNumbering(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	before := sell(3)
	number()
	s.engine.Advance(1e9)
	if n := set(orders.SetNumbering{Scheme: orders.Sequence, Prefix: "R-", First: 1001}); n != (orders.Numbering{Scheme: orders.Sequence, Prefix: "R-", Next: 1001}) {
		t.Errorf("got %+v", n)
	}
	with := sell(9)
	pending := s.pending(s.draft(s.engine.SlotOn(0), wanted{"wrap", 1}))
	number()
	var got []string
	for _, o := range with {
		n := s.get(o)
		if found, err := s.orders.ByNumber(t.Context(), n.Number); err != nil || found.ID != o || n.Version != 2 {
			t.Errorf("%s: found %s, %v for %+v", n.Number, found.ID, err, n)
		}
		got = append(got, n.Number)
	}
	slices.Sort(got)
	for i, n := range got {
		if n != fmt.Sprintf("R-%d", 1001+i) {
			t.Fatalf("got the numbers %v", got)
		}
	}
	for _, o := range append(before, pending) {
		if s.get(o).Number != o.Number() {
			t.Errorf("%s got number %s", o, s.get(o).Number)
		}
	}

	set(orders.SetNumbering{Scheme: orders.OwnNumbers})
	if own := sell(1)[0]; s.get(own).Number != own.Number() {
		t.Errorf("got %+v", s.get(own))
	}
	number()
	s.engine.Advance(1e9)
	_, err := s.orders.SetNumbering(t.Context(), orders.SetNumbering{Scheme: orders.Sequence, Prefix: "R-", First: 2000})
	wants(t, err, fault.Conflict)
	set(orders.SetNumbering{Scheme: orders.Sequence, Prefix: "R-"})
	last := sell(1)[0]
	number()
	if n := s.get(last).Number; n != "R-1010" {
		t.Errorf("the sequence goes on with %s", n)
	}
	if found, err := s.orders.CheckNumbers(t.Context()); err != nil || len(found) > 0 {
		t.Errorf("%v, %v", found, err)
	}
}

// TestNumbersAfterACrash: whichever of the steps was the last, every order has
// one number in the end and the sequence has no gap.
func TestNumbersAfterACrash(t *testing.T) {
	for _, kind := range []command.Kind{"orders.assign_numbers", "orders.take_numbers", "orders.note_numbered"} {
		t.Run(string(kind), func(t *testing.T) {
			s := newShop(t, 2)
			s.stocks("wrap", 100, 0)
			if _, err := s.orders.SetNumbering(t.Context(), orders.SetNumbering{Scheme: orders.Sequence}); err != nil {
				t.Fatal(err)
			}
			o := s.sold(wanted{"wrap", 1})
			s.engine.Drop = func(e command.Envelope) bool { return e.Kind == kind }
			wants(t, s.orders.AssignNumbers(t.Context()), fault.Unavailable)
			s.engine.Drop = nil
			for range 2 {
				if err := s.orders.AssignNumbers(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			if n := s.get(o).Number; n != "1" {
				t.Errorf("got number %q", n)
			}
		})
	}
}

func TestNumberingRefusals(t *testing.T) {
	s := newShop(t, 1)
	for name, c := range map[string]orders.SetNumbering{
		"no scheme":         {},
		"own with a prefix": {Scheme: orders.OwnNumbers, Prefix: "R"},
		"digit at the end":  {Scheme: orders.Sequence, Prefix: "R1"},
		"small letters":     {Scheme: orders.Sequence, Prefix: "r"},
		"long":              {Scheme: orders.Sequence, Prefix: "ABCDEFGHI"},
		"negative":          {Scheme: orders.Sequence, First: -1},
		"too large":         {Scheme: orders.Sequence, First: 1e9 + 1},
	} {
		if _, err := s.orders.SetNumbering(t.Context(), c); fault.CodeOf(err) != fault.Invalid {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
