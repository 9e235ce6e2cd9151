package cart_test

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/sqlite"
	"github.com/keelshop/commerce/money"
)

// guest returns a guest's cart on a shard that is not the customer's.
func (s *shop) guest(lines ...cart.AddedLine) cart.Cart {
	s.Helper()
	return s.add(cart.AddLines{Lines: lines})
}

func TestMergeAddsAGuestsLinesToTheCustomersCart(t *testing.T) {
	s := newShop(t, 4)
	s.sells(map[catalog.SKU]int64{"mug": 1250, "tea": 399})
	who := s.customer("a@example.com")
	mine := s.add(cart.AddLines{Customer: who, Lines: one("mug", 1)})
	s.add(cart.AddLines{Customer: who, Currency: "USD", Lines: one("mug", 1)})
	guest := s.guest(
		cart.AddedLine{SKU: "tea", Quantity: 2},
		cart.AddedLine{SKU: "mug", Quantity: 3},
		cart.AddedLine{SKU: "mug", Quantity: 1, AgreedPrice: agreed(900), Reason: "scratched"},
	)
	for range 3 { // asking again is harmless
		got, err := s.carts.Merge(t.Context(), guest.ID, who)
		if err != nil {
			t.Fatal(err)
		}
		if got.ID != mine.ID || got.Total != euro(4*1250+2*399+900) || len(got.Lines) != 3 || got.Lines[2].Reason != "scratched" {
			t.Errorf("merged into %+v", got)
		}
	}
	if left := s.get(guest.ID); left.Status != cart.Merged || len(left.Lines) != 3 || left.Customer != who {
		t.Errorf("the guest's cart is %+v", left)
	}
	if due := s.engine.Timers(cart.TimerMerge); len(due) > 0 {
		t.Errorf("timers are left: %v", due)
	}
	_, err := s.carts.AddLines(t.Context(), cart.AddLines{Cart: guest.ID, Lines: one("mug", 1)})
	wantsError(t, err, &cart.StatusError{Cart: guest.ID, Have: cart.Merged})
}

func TestMergeMakesACartWhereThereIsNone(t *testing.T) {
	s := newShop(t, 4)
	s.sells(map[catalog.SKU]int64{"mug": 1250})
	who := s.customer("a@example.com")
	guest := s.guest(cart.AddedLine{SKU: "mug", Quantity: 2})
	if _, err := s.carts.RemoveLine(t.Context(), guest.ID, "mug"); err != nil {
		t.Fatal(err)
	}
	got, err := s.carts.Merge(t.Context(), guest.ID, who) // an empty cart is a cart, too
	if err != nil || got.Customer != who || len(got.Lines) != 0 || got.Status != cart.Active || got.Currency != "EUR" {
		t.Errorf("got %+v, %v", got, err)
	}
	active, err := s.carts.ActiveOf(t.Context(), who)
	if err != nil || active.ID != got.ID {
		t.Errorf("the active cart is %s, %v, want %s", active.ID, err, got.ID)
	}
}

func TestMergeRefusals(t *testing.T) {
	s := newShop(t, 2)
	s.sells(map[catalog.SKU]int64{"mug": 1250})
	who, other := s.customer("a@example.com"), s.customer("b@example.com")
	mine := s.add(cart.AddLines{Customer: who, Lines: one("mug", 1)})
	locked, done, taken := s.guest(one("mug", 1)...), s.guest(one("mug", 1)...), s.guest(one("mug", 1)...)
	for _, err := range []error{
		s.step("lock", locked.ID, 0, "ord_1"),
		s.step("lock", done.ID, 0, "ord_2"), s.step("complete", done.ID, 0, "ord_2"),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.carts.Merge(t.Context(), taken.ID, other); err != nil {
		t.Fatal(err)
	}
	gone := cart.ID(strings.Replace(string(mine.ID), "cart_0", "cart_7", 1))
	_, err := s.carts.Merge(t.Context(), locked.ID, who)
	wantsError(t, err, &cart.StatusError{Cart: locked.ID, Have: cart.Locking, Order: "ord_1"})
	_, err = s.carts.Merge(t.Context(), done.ID, who)
	wantsError(t, err, &cart.StatusError{Cart: done.ID, Have: cart.Completed, Order: "ord_2"})
	_, err = s.carts.Merge(t.Context(), taken.ID, who)
	wantsError(t, err, &cart.StatusError{Cart: taken.ID, Have: cart.Merged})
	_, err = s.carts.Merge(t.Context(), mine.ID, who)
	wantsError(t, err, &cart.OwnerError{Cart: mine.ID})
	_, err = s.carts.Merge(t.Context(), gone, who)
	wantsError(t, err, &cart.NotFoundError{Cart: gone})
	_, err = s.carts.Merge(t.Context(), taken.ID, "nobody")
	wants(t, err, fault.Invalid)
	_, err = s.carts.Merge(t.Context(), "nothing", who)
	wants(t, err, fault.Invalid)
	if err := s.carts.MergeTimer(t.Context(), string(mine.ID)); err == nil {
		t.Error("the timer of a cart that is not merging succeeded")
	}
	if got := s.get(mine.ID); got.Version != 1 {
		t.Errorf("a refusal changed the customer's cart: %+v", got)
	}
}

// TestAMergedCartHasNoGuestsAddress by which a guest's orders are found.
func TestAMergedCartHasNoGuestsAddress(t *testing.T) {
	s := newShop(t, 2)
	s.sells(map[catalog.SKU]int64{"mug": 1250})
	who, guest := s.customer("a@example.com"), s.guest(one("mug", 1)...)
	s.setContact(guest.ID, ada())
	hashes := func() (n int64) {
		for shard := range s.engine.Shards() {
			err := s.engine.View(t.Context(), s.engine.SlotOn(shard), func(tx *sqlite.Tx) error {
				here, _, err := tx.Int64(`SELECT count(*) FROM carts WHERE email_hash IS NOT NULL`)
				n += here
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		return n
	}
	if n := hashes(); n != 1 {
		t.Fatalf("%d addresses", n)
	}
	if _, err := s.carts.Merge(t.Context(), guest.ID, who); err != nil {
		t.Fatal(err)
	}
	if n := hashes(); n != 0 {
		t.Errorf("%d addresses after the merge", n)
	}
}

// A merge that dies after any of its commands is finished by its timer, and
// moves each line once.
func TestTheTimerFinishesAMerge(t *testing.T) {
	for _, lost := range []command.Kind{"cart.take_over", "cart.mark_merged"} {
		t.Run(string(lost), func(t *testing.T) {
			s := newShop(t, 4)
			broken := true
			s.engine.Drop = func(e command.Envelope) bool { return broken && e.Kind == lost }
			s.sells(map[catalog.SKU]int64{"mug": 1250})
			who := s.customer("a@example.com")
			guest := s.guest(one("mug", 2)...)
			_, err := s.carts.Merge(t.Context(), guest.ID, who)
			wants(t, err, fault.Uncertain)
			_, err = s.carts.AddLines(t.Context(), cart.AddLines{Cart: guest.ID, Lines: one("mug", 1)})
			wantsError(t, err, &cart.StatusError{Cart: guest.ID, Have: cart.Merging})

			if due := s.engine.Timers(cart.TimerMerge); len(due) > 0 {
				t.Errorf("the timer is due at once: %v", due)
			}
			s.engine.Restart()
			s.engine.Advance(10 * time.Second)
			due := s.engine.Timers(cart.TimerMerge)
			if !slices.Equal(due, []string{string(guest.ID)}) {
				t.Fatalf("due timers: %v", due)
			}
			wants(t, s.carts.MergeTimer(t.Context(), due[0]), fault.Unavailable)
			broken = false
			for range 2 { // a timer may fire again
				if err := s.carts.MergeTimer(t.Context(), due[0]); err != nil {
					t.Fatal(err)
				}
			}
			got, err := s.carts.ActiveOf(t.Context(), who)
			if err != nil || got.Total != euro(2500) || s.get(guest.ID).Status != cart.Merged {
				t.Errorf("got %+v, %v", got, err)
			}
			if due := s.engine.Timers(cart.TimerMerge); len(due) > 0 {
				t.Errorf("timers are left: %v", due)
			}
		})
	}
}

// A large cart moves in pages; a crash between them neither loses lines nor
// moves them twice, even if the first cart was bought meanwhile.
func TestALargeCartMovesInPages(t *testing.T) {
	s := newShop(t, 2)
	pages, broken := 0, true
	s.engine.Drop = func(e command.Envelope) bool {
		if e.Kind != "cart.take_over" {
			return false
		}
		pages++
		return broken && pages == 3
	}
	s.put(catalog.PutProduct{Title: strings.Repeat("x", 500), SKU: "mug", Price: euro(1)})
	var lines []cart.AddedLine
	total := int64(0)
	for i := range int64(950) {
		lines = append(lines, cart.AddedLine{SKU: "mug", Quantity: 1, AgreedPrice: agreed(i), Reason: strings.Repeat("y", 200)})
		total += i
	}
	who := s.customer("a@example.com")
	guest := s.guest(lines[:300]...)
	for at := 300; at < len(lines); at += 325 {
		s.add(cart.AddLines{Cart: guest.ID, Lines: lines[at : at+325]})
	}
	_, err := s.carts.Merge(t.Context(), guest.ID, who)
	wants(t, err, fault.Uncertain)
	first, err := s.carts.ActiveOf(t.Context(), who)
	if err != nil || len(first.Lines) != 400 {
		t.Fatalf("%d lines have arrived, %v; want 400", len(first.Lines), err)
	}
	if err := s.step("lock", first.ID, 0, "ord_1"); err != nil {
		t.Fatal(err)
	}
	broken = false
	rest, err := s.carts.Merge(t.Context(), guest.ID, who)
	if err != nil {
		t.Fatal(err)
	}
	sum, err := first.Total.Add(rest.Total)
	if err != nil || len(rest.Lines) != 550 || sum != euro(total) {
		t.Errorf("%d lines are in the second cart, %v in both (%v); want 550 and %d", len(rest.Lines), sum, err, total)
	}
}

func TestMergeIntoAFullCartMakesAnother(t *testing.T) {
	s := newShop(t, 2)
	s.sells(map[catalog.SKU]int64{"mug": 1250, "gold": cart.MaxTotal / 2})
	for name, lines := range map[string][2][]cart.AddedLine{
		"units": {one("mug", cart.MaxQuantity-1), one("mug", 2)},
		"total": {one("gold", 2), one("gold", 2)}, // each cart is as dear as one may be
	} {
		t.Run(name, func(t *testing.T) {
			who := s.customer(name + "@example.com")
			full := s.add(cart.AddLines{Customer: who, Lines: lines[0]})
			guest := s.guest(lines[1]...)
			got, err := s.carts.Merge(t.Context(), guest.ID, who)
			if err != nil || got.ID == full.ID || len(got.Lines) != 1 || got.Lines[0].Quantity != 2 {
				t.Errorf("got %+v, %v", got, err)
			}
			if s.get(full.ID).Version != 1 {
				t.Error("the full cart has changed")
			}
		})
	}
}

func TestMergeKeepsCurrenciesApart(t *testing.T) {
	s := newShop(t, 2)
	s.sells(map[catalog.SKU]int64{"mug": 1250})
	who := s.customer("a@example.com")
	euros := s.add(cart.AddLines{Customer: who, Lines: one("mug", 1)})
	dollars := s.add(cart.AddLines{Currency: "USD", Lines: one("mug", 1)})
	got, err := s.carts.Merge(t.Context(), dollars.ID, who)
	if err != nil || got.ID == euros.ID || got.Total != money.New(2500, "USD") {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestConcurrentMergesMoveLinesOnce(t *testing.T) {
	s := newShop(t, 4)
	s.sells(map[catalog.SKU]int64{"mug": 1250, "tea": 399})
	who := s.customer("a@example.com")
	guest := s.guest(cart.AddedLine{SKU: "mug", Quantity: 2}, cart.AddedLine{SKU: "tea", Quantity: 1})
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			got, err := s.carts.Merge(t.Context(), guest.ID, who)
			if err != nil || got.Total != euro(2*1250+399) {
				t.Errorf("got %+v, %v", got, err)
			}
		})
	}
	all.Wait()
	if got, err := s.carts.ActiveOf(t.Context(), who); err != nil || got.Version != 1 {
		t.Errorf("got %+v, %v", got, err)
	}
}
