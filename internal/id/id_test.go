package id_test

import (
	"strings"
	"testing"
	"time"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/id"
	"pgregory.net/rapid"
)

func TestAnIDRoutesItself(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		slot := id.Slot(rapid.IntRange(0, id.Slots-1).Draw(t, "slot"))
		prefix := rapid.SampledFrom([]string{"ord", "pay", "cart", "cus"}).Draw(t, "prefix")
		at := time.UnixMilli(rapid.Int64Range(-1<<50, 1<<50).Draw(t, "at"))
		hash := [32]byte(rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "hash"))
		for _, s := range []string{id.New(prefix, slot, at), id.FromHash(prefix, slot, at, hash)} {
			if got, err := id.SlotOf(s); got != slot || err != nil {
				t.Fatalf("%s is on slot %d, %v; want %d", s, got, err, slot)
			}
			if err := id.Check(prefix, s); err != nil {
				t.Fatal(err)
			}
			if err := id.Check("x"+prefix, s); fault.CodeOf(err) != fault.Invalid {
				t.Fatalf("%s passes for another kind of ID: %v", s, err)
			}
		}
		if first := id.FromHash(prefix, slot, at, hash); id.FromHash(prefix, slot, at, hash) != first {
			t.Fatal("a hash does not determine its ID")
		}
		if got := id.SlotOfHash(hash); got >= id.Slots {
			t.Fatalf("there is no slot %d", got)
		}
	})
}

func TestIDsAreUniqueAndSortByTime(t *testing.T) {
	at := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	seen := map[string]bool{}
	last := ""
	for i := range 1000 {
		s := id.New("ord", 7, at.Add(time.Duration(i)*time.Millisecond))
		if seen[s] || s <= last {
			t.Fatalf("%s comes after %s", s, last)
		}
		seen[s], last = true, s
		if other := id.New("ord", 7, at); seen[other] {
			t.Fatalf("%s came twice", other)
		}
	}
}

// TestGoldenIDs: the bits of an ID never change, since every one that a store
// has given out must go on routing itself.
func TestGoldenIDs(t *testing.T) {
	at := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	var hash [32]byte
	for i := range hash {
		hash[i] = byte(i * 7)
	}
	for _, c := range []struct {
		slot id.Slot
		want string
	}{
		{0, "ord_01KJMA0FM0003GW58W4CN32E1Z"},
		{1, "ord_01KJMA0FM000BGW58W4CN32E1Z"},
		{2748, "ord_01KJMA0FM0NF3GW58W4CN32E1Z"},
		{4095, "ord_01KJMA0FM0ZZVGW58W4CN32E1Z"},
	} {
		if got := id.FromHash("ord", c.slot, at, hash); got != c.want {
			t.Errorf("slot %d: got %s, want %s", c.slot, got, c.want)
		}
		if got, err := id.SlotOf(c.want); got != c.slot || err != nil {
			t.Errorf("%s is on slot %d, %v; want %d", c.want, got, err, c.slot)
		}
	}
	if got := id.SlotOfHash(hash); got != 0x2d9 {
		t.Errorf("the slot of the hash is %#x, want 0x2d9", got)
	}
}

func TestMalformedIDs(t *testing.T) {
	good := "ord_01KAJ3W7Q8Z5D4F6G7H8J9K0M1"
	if _, err := id.SlotOf(good); err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{
		"", "_", "ord", "ord_", "01KAJ3W7Q8Z5D4F6G7H8J9K0M1", strings.ToLower(good), good + "0", good[:len(good)-1],
		"ord_" + good, "ord_81KAJ3W7Q8Z5D4F6G7H8J9K0M1" /* beyond 128 bits */, "ord_01KAJ3W7Q8Z5D4F6G7H8J9K0MU", "ord_01KAJ3W7Q8Z5D4F6G7H8J9K0M\x00",
		"ord_01KAJ3W7Q8Z5D4F6G7H8J9K0M\xff", " " + good + " ", strings.Repeat("x", 1<<20),
	} {
		_, err := id.SlotOf(s)
		if fault.CodeOf(err) != fault.Invalid {
			t.Errorf("%.60q: got %v, want fault.Invalid", s, err)
		} else if len(err.Error()) > 300 {
			t.Errorf("%.60q: the error is %d bytes long", s, len(err.Error()))
		}
	}
}

// FuzzSlotOf: a text is refused, or it is an ID that is written in the one way
// that its bits can be written.
func FuzzSlotOf(f *testing.F) {
	for _, s := range []string{"ord_01KAJ3W7Q8Z5D4F6G7H8J9K0M1", "ord_", "cart_00000000000000000000000000", "x_7ZZZZZZZZZZZZZZZZZZZZZZZZZ"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		slot, err := id.SlotOf(s)
		if err != nil {
			if fault.CodeOf(err) != fault.Invalid {
				t.Errorf("%q: %v", s, err)
			}
			return
		}
		if slot >= id.Slots {
			t.Errorf("%q is on slot %d", s, slot)
		}
		prefix, body, _ := strings.Cut(s, "_")
		if len(body) != 26 || strings.ToUpper(body) != body {
			t.Errorf("%q is not written as IDs are", s)
		}
		if err := id.Check(prefix, s); err != nil {
			t.Error(err)
		}
	})
}

// TestIDsCannotBeGuessed: who has many IDs of one millisecond and slot learns
// nothing of the last 13 letters of another, which are 65 random bits.
func TestIDsCannotBeGuessed(t *testing.T) {
	at := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	var seen [13]map[byte]bool
	for range 1000 {
		s := id.New("cart", 7, at)
		for i := range seen {
			if seen[i] == nil {
				seen[i] = map[byte]bool{}
			}
			seen[i][s[len(s)-1-i]] = true
		}
	}
	for i, letters := range seen {
		if len(letters) != 32 {
			t.Errorf("letter %d from the end takes %d of 32 values", i+1, len(letters))
		}
	}
}
