package checkout_test

import (
	"slices"
	"testing"

	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/checkout"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/command/commandtest"
	"github.com/keelshop/commerce/internal/seal"
	"github.com/keelshop/commerce/orders"
)

// guestBuys places an order as a guest with an e-mail address.
func (s *shop) guestBuys(email seal.Personal) checkout.Result {
	s.Helper()
	c := s.basket("mug", 1)
	_, err := s.carts.SetContact(s.ctx(), cart.SetContact{Cart: c, Contact: cart.Contact{Email: email, Name: "Ada"}})
	s.must(err)
	got, err := s.pay(c, approves)
	s.must(err)
	return got
}

// registers makes a customer, whose address is verified or not.
func (s *shop) registers(email seal.Personal, verified bool) accounts.CustomerID {
	s.Helper()
	c, err := s.people.Register(s.ctx(), accounts.Register{Email: email, Name: "Ada"})
	s.must(err)
	if verified {
		letter, err := s.people.StartVerification(s.ctx(), accounts.StartVerification{Customer: c.ID})
		s.must(err)
		_, err = s.people.Verify(s.ctx(), accounts.Verify{Token: letter.Token})
		s.must(err)
	}
	return c.ID
}

// history returns the IDs of a customer's orders, the oldest first, after
// comparing both ways to list them.
func (s *shop) history(who accounts.CustomerID) (ids []orders.ID) {
	s.Helper()
	for o, err := range s.orders.All(s.ctx(), orders.Filter{Customer: who}) {
		s.must(err)
		ids = append(ids, o.ID)
	}
	var newest []orders.ID
	for before := orders.ID(""); ; {
		page, err := s.orders.OfCustomer(s.ctx(), who, before, 2)
		s.must(err)
		for _, o := range page {
			if before = o.ID; !o.IsOf(who) {
				s.Errorf("order %s is not %s's", o.ID, who)
			}
			newest = append(newest, o.ID)
		}
		if len(page) < 2 {
			break
		}
	}
	if slices.Reverse(newest); !slices.Equal(ids, newest) {
		s.Errorf("one listing has %v, the other %v", ids, newest)
	}
	return ids
}

// TestGuestsOrdersAreJoined: who shows that an address is theirs gets what was
// ordered with it, on whatever shard, once, and nobody else does.
func TestGuestsOrdersAreJoined(t *testing.T) {
	s := newShop(t, 3)
	s.sells("mug", 1000)
	var theirs []orders.ID
	for i := range 7 {
		theirs = append(theirs, s.guestBuys([]seal.Personal{"ada@example.com", " Ada@Example.COM"}[i%2]).ID)
	}
	other := s.guestBuys("eve@example.com").ID
	s.must(func() error { _, err := s.buy("mug", 1, approves); return err }()) // without an address
	unpaid := s.basket("mug", 1)
	_, err := s.carts.SetContact(s.ctx(), cart.SetContact{Cart: unpaid, Contact: cart.Contact{Email: "ada@example.com"}})
	s.must(err)
	waits, err := s.pay(unpaid, challenges)
	s.must(err)

	who := s.registers("ada@example.com", false)
	for range 2 {
		_, err := s.orders.JoinGuests(s.ctx(), orders.JoinGuests{Customer: who})
		if e := as[*accounts.UnverifiedError](s, err); e.Customer != who || fault.CodeOf(err) != fault.Refused || len(s.history(who)) > 0 {
			t.Errorf("before it is verified: got %v, and %v", err, s.history(who))
		}
	}
	letter, err := s.people.StartVerification(s.ctx(), accounts.StartVerification{Customer: who})
	s.must(err)
	_, err = s.people.Verify(s.ctx(), accounts.Verify{Token: letter.Token})
	s.must(err)
	own, err := s.carts.AddLine(s.ctx(), cart.AddLine{Customer: who, SKU: "mug", Quantity: 1})
	s.must(err)
	bought, err := s.pay(own.ID, approves)
	s.must(err)
	was := s.order(theirs[0]).Version
	all := append(slices.Clone(theirs), bought.ID)
	slices.Sort(all)
	for i, want := range []int{7, 7, 0} {
		n, err := s.orders.JoinGuests(s.ctx(), orders.JoinGuests{Customer: who, Key: []string{"k", "k", "another"}[i]})
		s.must(err)
		if i == 1 {
			want = 0 // the same key has nothing left to do
		}
		if n != want || !slices.Equal(s.history(who), all) {
			t.Errorf("call %d joined %d: %v; want %v", i, n, s.history(who), all)
		}
	}
	for _, o := range []orders.ID{other, waits.ID} {
		if have := s.order(o); have.Joined != "" || have.IsOf(who) || have.IsOf("") {
			t.Errorf("%s was joined to %q", o, have.Joined)
		}
	}
	if o := s.order(theirs[0]); o.Customer != "" || o.Version != was+1 {
		t.Errorf("got %+v", o)
	}
	// What was being paid is joined when it is asked for again.
	s.must(s.bank.Confirm(string(s.attempt(waits.ID).ID), true))
	_, err = s.checkout.Resume(s.ctx(), waits.ID)
	s.must(err)
	if n, err := s.orders.JoinGuests(s.ctx(), orders.JoinGuests{Customer: who}); n != 1 || err != nil {
		t.Errorf("joined %d, %v", n, err)
	}
	// An address that moves to another customer takes nothing with it.
	if found, err := s.orders.CheckJoins(s.ctx()); err != nil || len(found) > 0 {
		t.Errorf("got %v, %v", found, err)
	}
}

// TestErasedGuestsAreNotFound: what is erased is not found by its address.
func TestErasedGuestsAreNotFound(t *testing.T) {
	s := newShop(t, 2)
	s.sells("mug", 10)
	gone := s.guestBuys("ada@example.com")
	s.must(s.carts.EraseGuest(s.ctx(), cart.EraseGuest{Cart: cart.ID(gone.Cart)}))
	who := s.registers("ada@example.com", true)
	if n, err := s.orders.JoinGuests(s.ctx(), orders.JoinGuests{Customer: who}); n != 0 || err != nil {
		t.Errorf("joined %d, %v", n, err)
	}
	s.must(s.people.Erase(s.ctx(), accounts.Erase{Customer: who}))
	_, err := s.orders.JoinGuests(s.ctx(), orders.JoinGuests{Customer: who})
	as[*accounts.ErasedError](s, err)
}

// TestManyGuestsOrdersAreJoined: more than one command takes, and the program dies
// in between.
func TestManyGuestsOrdersAreJoined(t *testing.T) {
	s := newShop(t, 2)
	s.sells("mug", 1000)
	const many = 230
	for range many {
		s.guestBuys("ada@example.com")
	}
	who := s.registers("ada@example.com", true)
	taken := 0
	s.engine.Drop = func(e command.Envelope) bool {
		if e.Kind == "orders.take_guests" {
			taken++
		}
		return taken == 2 && e.Kind == "orders.take_guests"
	}
	first, err := s.orders.JoinGuests(s.ctx(), orders.JoinGuests{Customer: who, Key: "k"})
	if fault.CodeOf(err) != fault.Uncertain || commandtest.KeyOf(t, err) != "k" || first >= many {
		t.Fatalf("joined %d, %v", first, err)
	}
	if _, err := s.orders.JoinGuests(s.ctx(), orders.JoinGuests{Customer: who, Key: "k"}); err != nil {
		t.Fatal(err)
	}
	if got := s.history(who); len(got) != many {
		t.Errorf("%d orders", len(got))
	}
	if taken < 4 {
		t.Errorf("%d commands joined them all, one of them was lost", taken)
	}
}
