package credit_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/keelshop/commerce/credit"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/payments"
)

func TestIssue(t *testing.T) {
	s := newShop(t)
	first, err := s.credit.Issue(s.ctx(), credit.Issue{Amount: euro(2500), Reason: "birthday", Key: "k"})
	s.must(err)
	again, err := s.credit.Issue(s.ctx(), credit.Issue{Amount: euro(2500), Reason: "birthday", Key: "k"})
	s.must(err)
	if again.ID != first.ID || again.Code != first.Code || first.Left != euro(2500) || !strings.HasSuffix(first.Code, first.Last4) {
		t.Errorf("asked twice: %+v and %+v", first, again)
	}
	if err := payments.RefusePAN(first.Code); err != nil {
		t.Error(err)
	}
	found, err := s.credit.ByCode(s.ctx(), " "+strings.ToLower(first.Code)+" ")
	if err != nil || found.ID != first.ID {
		t.Errorf("by its code: %+v, %v", found, err)
	}
	other := s.card(2500)
	if other.Code == first.Code || other.ID == first.ID {
		t.Error("two cards are one")
	}
	_, err = s.credit.Issue(s.ctx(), credit.Issue{Amount: euro(1), Code: first.Code})
	if _, ok := errors.AsType[*credit.CodeTakenError](err); !ok {
		t.Errorf("got %v", err)
	}
	imported, err := s.credit.Issue(s.ctx(), credit.Issue{Amount: money.New(300, "JPY"), Code: "old-shop-77"})
	s.must(err)
	if got, err := s.credit.ByCode(s.ctx(), "OLDSHOP77"); err != nil || got.ID != imported.ID {
		t.Errorf("got %+v, %v", got, err)
	}
	if owed := s.account(credit.GiftCardsOwed); owed != -5000 {
		t.Errorf("the ledger owes %d", -owed)
	}
	_, err = s.credit.ByCode(s.ctx(), "ABCDEFGH")
	if fault.CodeOf(err) != fault.NotFound {
		t.Errorf("got %v", err)
	}
}

// The name of a card is never taken for a card number.
func TestNamesAreNoCardNumbers(t *testing.T) {
	s := newShop(t)
	cards := s.credit.Providers()[0]
	for i := range 20_000 {
		kept, err := cards.Keep(fmt.Sprintf("VOUCHER%06d", i))
		s.must(err)
		if err := payments.RefusePAN(kept); err != nil {
			t.Fatalf("%s: %v", kept, err)
		}
	}
}

func TestBadRequests(t *testing.T) {
	s := newShop(t)
	card := s.card(100)
	for name, do := range map[string]func() error{
		"a card of nothing": func() error {
			_, err := s.credit.Issue(s.ctx(), credit.Issue{Amount: euro(0)})
			return err
		},
		"no currency": func() error {
			_, err := s.credit.Issue(s.ctx(), credit.Issue{Amount: money.New(1, "")})
			return err
		},
		"a code that is a card number": func() error {
			_, err := s.credit.Issue(s.ctx(), credit.Issue{Amount: euro(1), Code: "4242 4242 4242 4242"})
			return err
		},
		"a short code": func() error {
			_, err := s.credit.Issue(s.ctx(), credit.Issue{Amount: euro(1), Code: "A1"})
			return err
		},
		"no reason": func() error {
			_, err := s.credit.Adjust(s.ctx(), credit.Adjust{Balance: card.ID, Amount: euro(1)})
			return err
		},
		"another currency": func() error {
			_, err := s.credit.Adjust(s.ctx(), credit.Adjust{Balance: card.ID, Amount: money.New(1, "USD"), Reason: "x"})
			return err
		},
		"no balance": func() error {
			_, err := s.credit.Disable(s.ctx(), credit.Disable{Balance: "ord_1"})
			return err
		},
	} {
		if err := do(); fault.CodeOf(err) != fault.Invalid {
			t.Errorf("%s: got %v", name, err)
		}
	}
	_, err := s.credit.Adjust(s.ctx(), credit.Adjust{Balance: card.ID, Amount: euro(-101), Reason: "x"})
	if e, ok := errors.AsType[*credit.ShortError](err); !ok || e.Have != euro(100) || e.Want != euro(101) {
		t.Errorf("got %v", err)
	}
	_, err = s.credit.Grant(s.ctx(), credit.Grant{Customer: "cus_01KAJ3W7Q8Z5D4F6G7H8J9K0M1", Amount: euro(1)})
	if fault.CodeOf(err) != fault.NotFound {
		t.Errorf("nobody's credit: %v", err)
	}
}

func TestAdjustAndDisable(t *testing.T) {
	s := newShop(t)
	card := s.card(100)
	b, err := s.credit.Adjust(s.ctx(), credit.Adjust{Balance: card.ID, Amount: euro(-40), Reason: "mistyped"})
	if err != nil || b.Left != euro(60) || b.Issued != euro(60) {
		t.Errorf("got %+v, %v", b, err)
	}
	for _, c := range []struct{ enable, usable bool }{{false, false}, {false, false}, {true, true}} {
		b, err := s.credit.Disable(s.ctx(), credit.Disable{Balance: card.ID, Enable: c.enable, Reason: "lost"})
		if err != nil || b.Usable(s.engine.Now()) != c.usable {
			t.Errorf("got %+v, %v", b, err)
		}
	}
	expires, err := s.credit.Issue(s.ctx(), credit.Issue{Amount: euro(1), ExpiresAt: s.engine.Now().Add(time.Minute)})
	s.must(err)
	if now := s.engine.Now(); !expires.Usable(now) || expires.Usable(now.Add(time.Minute)) {
		t.Errorf("%+v", expires.Balance)
	}
}

func TestListing(t *testing.T) {
	s := newShop(t)
	want := map[credit.ID]bool{}
	for range 5 {
		want[s.card(10).ID] = true
	}
	for b, err := range s.credit.All(s.ctx(), credit.Filter{Kind: credit.GiftCard}) {
		s.must(err)
		delete(want, b.ID)
	}
	if len(want) != 0 {
		t.Errorf("%v were not listed", want)
	}
	for b, err := range s.credit.All(s.ctx(), credit.Filter{Kind: credit.CustomerCredit}) {
		t.Errorf("listed %v, %v", b, err)
	}
}

// Every rule fires on a planted fault and is silent without it.
func TestChecksFire(t *testing.T) {
	s := newShop(t)
	card, p := s.card(1000), s.credit.Providers()[0]
	_, err := p.Pay(s.ctx(), payments.PayRequest{Key: "pay_1", Token: string(card.ID), Amount: euro(100)})
	s.must(err)
	slot, err := id.SlotOf(string(card.ID))
	s.must(err)
	do := func(sql string) {
		_, err := command.Do[struct{}](s.ctx(), s.engine, &damage{SQL: sql}, command.Call{Slot: slot})
		s.must(err)
	}
	for rule, plant := range map[string][2]string{
		"credit.held_by_payments":      {`UPDATE balances SET held = held + 1`, `UPDATE balances SET held = held - 1`},
		"credit.spent_by_payments":     {`UPDATE balances SET spent = spent + 1`, `UPDATE balances SET spent = spent - 1`},
		"credit.owed_in_the_ledger":    {`UPDATE balances SET issued = issued + 1`, `UPDATE balances SET issued = issued - 1`},
		"credit.payment_has_a_balance": {`INSERT INTO balance_payments SELECT 'x', 'gft_x', order_id, slot, 0, 0, 'authorized', '', 0, 0, 0, 0, 0 FROM balance_payments`, `DELETE FROM balance_payments WHERE id = 'x'`},
	} {
		shard := s.engine.ShardOf(slot)
		if got := s.violated(shard); len(got) != 0 {
			t.Fatalf("nothing is wrong yet, but %v", got)
		}
		do(plant[0])
		if got := s.violated(shard); !slices.Contains(got, rule) {
			t.Errorf("%s: found %v", rule, got)
		}
		do(plant[1])
	}
	// The order's side has never heard of the payment.
	across, err := credit.CheckAcross(s.ctx(), s.engine)
	s.must(err)
	if len(across) != 1 || across[0].Rule != "credit.balance_has_an_order" {
		t.Errorf("got %v", across)
	}
}
