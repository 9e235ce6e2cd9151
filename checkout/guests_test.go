package checkout_test

import (
	"slices"
	"testing"

	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/checkout"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
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
		s.mailbox(s.letter(c.ID))
	}
	return c.ID
}

// letter returns a letter's token that shows a customer's address.
func (s *shop) letter(who accounts.CustomerID) seal.Personal {
	s.Helper()
	letter, err := s.people.StartVerification(s.ctx(), accounts.StartVerification{Customer: who})
	s.must(err)
	return letter.Token
}

// mailbox shows a letter's token.
func (s *shop) mailbox(token seal.Personal) accounts.Mailbox {
	s.Helper()
	m, err := s.people.VerifyMailbox(s.ctx(), accounts.Verify{Token: token})
	s.must(err)
	return m
}

// joins asks for the orders of guests with a letter's token.
func (s *shop) joins(who accounts.CustomerID, token seal.Personal) (int, error) {
	s.Helper()
	return s.orders.JoinGuests(s.ctx(), orders.JoinGuests{Customer: who, Mailbox: s.mailbox(token)})
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
	stranger := s.registers("eve@example.net", true)
	for _, m := range []accounts.Mailbox{{}, s.mailbox(s.letter(stranger))} {
		_, err := s.orders.JoinGuests(s.ctx(), orders.JoinGuests{Customer: who, Mailbox: m})
		if as[*accounts.NoLetterError](s, err); len(s.history(who)) > 0 {
			t.Errorf("without a letter to it: got %v", s.history(who))
		}
	}
	token := s.letter(who)
	_, err = s.orders.JoinGuests(s.ctx(), orders.JoinGuests{Customer: stranger, Mailbox: s.mailbox(token)})
	if as[*accounts.NoLetterError](s, err); len(s.history(stranger))+len(s.history(who)) > 0 {
		t.Errorf("where a stranger is logged in: got %v", s.history(stranger))
	}
	own, err := s.carts.AddLine(s.ctx(), cart.AddLine{Customer: who, SKU: "mug", Quantity: 1})
	s.must(err)
	bought, err := s.pay(own.ID, approves)
	s.must(err)
	was := s.order(theirs[0]).Version
	all := append(slices.Clone(theirs), bought.ID)
	slices.Sort(all)
	for i, want := range []int{7, 0, 0} {
		n, err := s.joins(who, token)
		s.must(err)
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
	if n, err := s.joins(who, token); n != 1 || err != nil {
		t.Errorf("joined %d, %v", n, err)
	}
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
	m := s.mailbox(s.letter(who))
	if n, err := s.orders.JoinGuests(s.ctx(), orders.JoinGuests{Customer: who, Mailbox: m}); n != 0 || err != nil {
		t.Errorf("joined %d, %v", n, err)
	}
	s.must(s.people.Erase(s.ctx(), accounts.Erase{Customer: who}))
	_, err := s.orders.JoinGuests(s.ctx(), orders.JoinGuests{Customer: who, Mailbox: m})
	as[*accounts.ErasedError](s, err)
}

// TestAnOldLetterJoinsNothing: a letter shows one address and is good for a week,
// in which the customer may take another. It shows nothing of that, whoever has
// confirmed it, and nothing of the one before any more.
func TestAnOldLetterJoinsNothing(t *testing.T) {
	s := newShop(t, 2)
	s.sells("mug", 10)
	s.guestBuys("eve@example.com")
	s.guestBuys("victim@example.com")
	who := s.registers("mallory@example.com", false)
	old := s.letter(who)
	s.mailbox(old)
	takes := func(email seal.Personal) {
		t.Helper()
		_, err := s.people.Update(s.ctx(), accounts.Update{Customer: who, Email: &email})
		s.must(err)
		s.mailbox(s.letter(who)) // its owner confirms it
	}
	for _, email := range []seal.Personal{"victim@example.com", "eve@example.com"} {
		takes(email)
		_, err := s.joins(who, old)
		if as[*accounts.NoLetterError](s, err); len(s.history(who)) > 0 {
			t.Errorf("%s: got %v", email.Reveal(), s.history(who))
		}
	}
}

// TestAnAddressThatMovesAwayJoinsNoMore: what is taken is asked about again on
// each shard.
func TestAnAddressThatMovesAwayJoinsNoMore(t *testing.T) {
	s := newShop(t, 2)
	s.sells("mug", 1000)
	for range 20 { // on both shards
		s.guestBuys("ada@example.com")
	}
	who := s.registers("ada@example.com", false)
	m := s.mailbox(s.letter(who))
	taken := 0
	s.engine.Drop = func(e command.Envelope) bool {
		if e.Kind != "orders.take_guests" {
			return false
		}
		taken++
		return true // it was done, and nobody heard
	}
	_, err := s.orders.JoinGuests(s.ctx(), orders.JoinGuests{Customer: who, Mailbox: m})
	if !fault.Retryable(err) || taken == 0 {
		t.Fatalf("got %v after %d", err, taken)
	}
	s.engine.Drop = nil
	was := len(s.history(who))
	_, err = s.people.Update(s.ctx(), accounts.Update{Customer: who, Email: new(seal.Personal("countess@example.com"))})
	s.must(err)
	_, err = s.orders.JoinGuests(s.ctx(), orders.JoinGuests{Customer: who, Mailbox: m})
	as[*accounts.UnverifiedError](s, err)
	if got := len(s.history(who)); got != was || got == 20 {
		t.Errorf("there were %d orders, and %d after the address had moved away", was, got)
	}
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
	token := s.letter(who)
	first, err := s.joins(who, token)
	if !fault.Retryable(err) || first >= many {
		t.Fatalf("joined %d, %v", first, err)
	}
	if _, err := s.joins(who, token); err != nil {
		t.Fatal(err)
	}
	if got := s.history(who); len(got) != many {
		t.Errorf("%d orders", len(got))
	}
	if taken < 4 {
		t.Errorf("%d commands joined them all, one of them was lost", taken)
	}
}
