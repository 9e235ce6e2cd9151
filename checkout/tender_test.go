package checkout_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/checkout"
	"github.com/keelshop/commerce/credit"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/orders"
	"github.com/keelshop/commerce/payments"
	"github.com/keelshop/commerce/payments/simulator"
)

// card issues a gift card and returns it with its code.
func (s *shop) card(minor int64) credit.Issued {
	s.Helper()
	c, err := s.credit.Issue(s.ctx(), credit.Issue{Amount: euro(minor), Reason: "test"})
	s.must(err)
	return c
}

// shopper registers a customer who has store credit.
func (s *shop) shopper(minor int64) accounts.CustomerID {
	s.Helper()
	c, err := s.people.Register(s.ctx(), accounts.Register{Email: "ann@example.com", Name: "Ann"})
	s.must(err)
	if minor > 0 {
		_, err = s.credit.Grant(s.ctx(), credit.Grant{Customer: c.ID, Amount: euro(minor), Reason: "test"})
		s.must(err)
	}
	return c.ID
}

// basketFor makes a customer's cart.
func (s *shop) basketFor(customer accounts.CustomerID, units int64) cart.ID {
	s.Helper()
	c, err := s.carts.AddLine(s.ctx(), cart.AddLine{Customer: customer, SKU: "mug", Quantity: units})
	s.must(err)
	return c.ID
}

func (s *shop) balance(b credit.ID) credit.Balance {
	s.Helper()
	out, err := s.credit.Get(s.ctx(), b)
	s.must(err)
	return out
}

// holds fails the test unless a balance is as said.
func (s *shop) holds(b credit.ID, left, held, spent int64) {
	s.Helper()
	if got := s.balance(b); got.Left != euro(left) || got.Held != euro(held) || got.Spent != euro(spent) {
		s.Errorf("balance %s has %v left, %v held and %v spent, want %v, %v and %v", b, got.Left, got.Held, got.Spent, euro(left), euro(held), euro(spent))
	}
}

// settle calls the handlers of all timers until none is due.
func (s *shop) settle() {
	s.Helper()
	for range 20 {
		due := 0
		for kind, call := range map[string]func(string) error{
			checkout.TimerRecover: func(o string) error { return s.checkout.Recover(s.ctx(), o) },
			checkout.TimerHear:    func(o string) error { return s.checkout.HearTimer(s.ctx(), o) },
			checkout.TimerPay:     func(a string) error { return s.checkout.PayTimer(s.ctx(), a) },
			payments.TimerMethod:  func(m string) error { return s.payments.MethodTimer(s.ctx(), m) },
			payments.TimerSettle:  func(o string) error { return s.payments.SettleTimer(s.ctx(), o) },
			credit.TimerIssue:     func(o string) error { return s.credit.IssueTimer(s.ctx(), o) },
			orders.TimerDeliver: func(o string) error {
				if err := s.credit.HandOverDue(s.ctx(), orders.ID(o)); err != nil {
					return err
				}
				return s.orders.DeliverDue(s.ctx(), o, false)
			},
		} {
			for _, subject := range s.engine.Timers(kind) {
				due++
				_ = call(subject) // it stays, and is called again
			}
		}
		if due == 0 {
			return
		}
	}
}

func amount(minor int64) *money.Amount { a := euro(minor); return &a }

// clears fails the test unless the accounts of the balances' providers add up
// to nothing, and each currency does.
func (s *shop) clears() {
	s.Helper()
	balances, err := s.payments.Balances(s.ctx())
	s.must(err)
	sum := int64(0)
	for _, b := range balances {
		sum += b.Amount.Minor()
		if (b.Account == payments.ProviderAccount(credit.GiftCards) || b.Account == payments.ProviderAccount(credit.StoreCredit) || b.Account == payments.GiftCardsSold) && !b.Amount.IsZero() {
			s.Errorf("account %s holds %v", b.Account, b.Amount)
		}
	}
	if sum != 0 {
		s.Errorf("the ledger is off by %v", euro(sum))
	}
}

// TestSeveralPayments: a gift card, store credit and a card pay for one order,
// to the cent, and a refund goes back to them in that order.
func TestSeveralPayments(t *testing.T) {
	s := newShop(t, 4)
	s.sells("mug", 10)
	card, ann := s.card(1000), s.shopper(700)
	r, err := s.checkout.Complete(s.ctx(), checkout.Complete{Cart: s.basketFor(ann, 4), Key: "buy", Tenders: []checkout.Tender{
		{PayWith: "simulator", Token: approves, Method: "card", Installments: 3},
		{PayWith: credit.GiftCards, Token: card.Code},
		{PayWith: credit.StoreCredit, Amount: amount(500)},
	}})
	s.must(err)
	if r.Status != orders.Placed || r.PaymentStatus != orders.Paid || r.Captured != euro(4*price) {
		t.Fatalf("the order is %s, %s, captured %v", r.Status, r.PaymentStatus, r.Captured)
	}
	attempts, err := s.payments.ByOrder(s.ctx(), r.ID)
	s.must(err)
	want := []struct {
		provider string
		minor    int64
	}{{credit.GiftCards, 1000}, {credit.StoreCredit, 500}, {"simulator", 3500}}
	for i, a := range attempts {
		if a.Provider != want[i].provider || a.Captured != euro(want[i].minor) || a.Amount != a.Captured {
			t.Errorf("payment %d is %s of %v, captured %v", a.Number, a.Provider, a.Amount, a.Captured)
		}
	}
	if a := attempts[2]; a.Method != "card" || a.Installments != 3 {
		t.Errorf("the card's payment is %q in %d installments", a.Method, a.Installments)
	}
	s.holds(card.ID, 0, 0, 1000)
	credits, err := s.credit.OfCustomer(s.ctx(), ann, "EUR")
	s.must(err)
	s.holds(credits.ID, 200, 0, 500)
	s.clears()
	_, err = s.payments.Refund(s.ctx(), payments.Refund{Order: r.ID, Amount: euro(1600), Reason: "late"})
	s.must(err)
	s.holds(card.ID, 1000, 0, 0)
	s.holds(credits.ID, 700, 0, 0)
	if back := s.order(r.ID).Refunded; back != euro(1600) {
		t.Errorf("refunded %v", back)
	}
	s.clears()
	for _, found := range s.audit() {
		t.Error(found)
	}
}

// TestOnePaymentFails: whichever is declined, the others are let go, and the
// cart is open for another try.
func TestOnePaymentFails(t *testing.T) {
	for _, c := range []struct {
		name          string
		first, second string
	}{
		{"the last", approves, declines},
		{"the first", declines, approves},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newShop(t, 4)
			s.sells("mug", 5)
			card := s.card(1000)
			basket := s.basket("mug", 4)
			_, err := s.checkout.Complete(s.ctx(), checkout.Complete{Cart: basket, Tenders: []checkout.Tender{
				{PayWith: credit.GiftCards, Token: card.Code},
				{PayWith: "simulator", Token: c.first, Amount: amount(1500)},
				{PayWith: "simulator", Token: c.second},
			}})
			as[*checkout.DeclinedError](s, err)
			s.settle()
			s.holds(card.ID, 1000, 0, 0)
			s.stockIs("mug", 5, 0, 0)
			s.clears()
			for _, charge := range s.bank.Charges() {
				if charge.State == payments.Authorized || charge.Captured != charge.Refunded {
					t.Errorf("charge %s is %s, captured %v, refunded %v", charge.Key, charge.State, charge.Captured, charge.Refunded)
				}
			}
			r, err := s.pay(basket, approves)
			s.must(err)
			s.isA(r.ID, orders.Placed, cart.Completed)
		})
	}
}

// TestPaymentsMustMakeTheTotal, no less; what is not needed of them is not
// taken.
func TestPaymentsMustMakeTheTotal(t *testing.T) {
	s := newShop(t, 2)
	s.sells("mug", 5)
	card := s.card(1000)
	basket := s.basket("mug", 1)
	_, err := s.checkout.Complete(s.ctx(), checkout.Complete{Cart: basket, Tenders: []checkout.Tender{{PayWith: credit.GiftCards, Token: card.Code}}})
	if e := as[*checkout.UncoveredError](s, err); e.Total != euro(price) || e.Covered != euro(1000) {
		t.Errorf("got %v", e)
	}
	s.holds(card.ID, 1000, 0, 0)
	rich := s.card(5000)
	r, err := s.checkout.Complete(s.ctx(), checkout.Complete{Cart: basket, Tenders: []checkout.Tender{
		{PayWith: credit.GiftCards, Token: rich.Code}, {PayWith: "simulator", Token: declines},
	}})
	s.must(err)
	if a := s.attempt(r.ID); a.Provider != credit.GiftCards || r.PaymentStatus != orders.Paid {
		t.Errorf("paid with %s, %s", a.Provider, r.PaymentStatus)
	}
	s.holds(rich.ID, 5000-price, 0, price)
	// One card named twice is one card.
	twice := s.card(800)
	_, err = s.checkout.Complete(s.ctx(), checkout.Complete{Cart: s.basket("mug", 1), Tenders: []checkout.Tender{
		{PayWith: credit.GiftCards, Token: twice.Code}, {PayWith: credit.GiftCards, Token: twice.Code},
	}})
	as[*checkout.UncoveredError](s, err)
	s.clears()
}

// TestTendersAreChecked before anything happens.
func TestTendersAreChecked(t *testing.T) {
	s := newShop(t, 1)
	s.sells("mug", 5)
	basket := s.basket("mug", 1)
	dollars := money.New(100, "USD")
	for name, c := range map[string]struct {
		tenders []checkout.Tender
		code    fault.Code
	}{
		"no such provider":        {[]checkout.Tender{{PayWith: "cheque"}}, fault.Invalid},
		"nothing":                 {[]checkout.Tender{{PayWith: "manual", Amount: amount(0)}}, fault.Invalid},
		"another currency":        {[]checkout.Tender{{PayWith: "manual", Amount: &dollars}}, fault.Invalid},
		"a card number":           {[]checkout.Tender{{PayWith: "simulator", Token: "4242424242424242"}}, fault.Invalid},
		"no code":                 {[]checkout.Tender{{PayWith: credit.GiftCards, Token: "?"}}, fault.Invalid},
		"an unknown code":         {[]checkout.Tender{{PayWith: credit.GiftCards, Token: "ABCD-EFGH-JKMN"}}, fault.NotFound},
		"a card's ID":             {[]checkout.Tender{{PayWith: credit.GiftCards, Token: string(s.card(100).ID)}}, fault.Invalid},
		"a guest's credit":        {[]checkout.Tender{{PayWith: credit.StoreCredit}}, fault.Refused},
		"too many":                {make([]checkout.Tender, 33), fault.Invalid},
		"too many installments":   {[]checkout.Tender{{Installments: 1000}}, fault.Invalid},
		"a method without an end": {[]checkout.Tender{{Method: string(make([]byte, 100))}}, fault.Invalid},
	} {
		_, err := s.checkout.Complete(s.ctx(), checkout.Complete{Cart: basket, Tenders: c.tenders})
		if fault.CodeOf(err) != c.code {
			t.Errorf("%s: got %v (%v), want %v", name, err, fault.CodeOf(err), c.code)
		}
	}
	if got := s.cart(basket); got.Status != cart.Active {
		t.Errorf("the cart is %s", got.Status)
	}
}

// TestABalanceIsSpentOnce: many checkouts at once, from all shards, on one gift
// card that pays for three of them.
func TestABalanceIsSpentOnce(t *testing.T) {
	s := newShop(t, 4)
	s.sells("mug", 100)
	card := s.card(3*price + 100)
	const buyers = 24
	done := make(chan error, buyers)
	for range buyers {
		basket := s.basket("mug", 1)
		go func() {
			_, err := s.checkout.Complete(s.ctx(), checkout.Complete{Cart: basket, Tenders: []checkout.Tender{{PayWith: credit.GiftCards, Token: card.Code}}})
			done <- err
		}()
	}
	placed := 0
	for range buyers {
		if err := <-done; err == nil {
			placed++
		} else if fault.CodeOf(err) != fault.Refused {
			t.Error(err)
		}
	}
	s.settle()
	if placed != 3 {
		t.Errorf("%d orders were placed", placed)
	}
	s.holds(card.ID, 100, 0, 3*price)
	s.clears()
	for _, found := range s.audit() {
		t.Error(found)
	}
}

// TestACardsCodeIsNotLogged: no command that issues a gift card, pays with it or
// gives money back to it has its code.
func TestACardsCodeIsNotLogged(t *testing.T) {
	s := newShop(t, 2)
	s.sells("mug", 5)
	var bodies [][]byte
	s.engine.Drop = func(e command.Envelope) bool {
		bodies = append(bodies, e.Body)
		return false
	}
	card := s.card(5000)
	r, err := s.complete(checkout.Complete{Cart: s.basket("mug", 2), PayWith: credit.GiftCards, Token: card.Code})
	s.must(err)
	_, err = s.payments.Refund(s.ctx(), payments.Refund{Order: r.ID, Amount: euro(100), Reason: "late"})
	s.must(err)
	s.settle()
	plain := strings.ReplaceAll(card.Code, "-", "")
	for _, b := range bodies {
		if bytes.Contains(b, []byte(card.Code)) || bytes.Contains(b, []byte(plain)) {
			t.Errorf("a command holds the code: %q", b)
		}
	}
	if len(bodies) < 5 || len(plain) < 12 {
		t.Errorf("%d commands and a code of %d letters were looked at", len(bodies), len(plain))
	}
}

// TestABalanceThatCannotPay: expired, disabled, in another currency.
func TestABalanceThatCannotPay(t *testing.T) {
	s := newShop(t, 2)
	s.sells("mug", 5)
	disabled := s.card(5000)
	_, err := s.credit.Disable(s.ctx(), credit.Disable{Balance: disabled.ID, Reason: "lost"})
	s.must(err)
	expired, err := s.credit.Issue(s.ctx(), credit.Issue{Amount: euro(5000), ExpiresAt: s.engine.Now().Add(time.Hour)})
	s.must(err)
	foreign, err := s.credit.Issue(s.ctx(), credit.Issue{Amount: money.New(5000, "USD")})
	s.must(err)
	s.engine.Advance(time.Hour)
	for _, code := range []string{disabled.Code, expired.Code, foreign.Code} {
		_, err := s.checkout.Complete(s.ctx(), checkout.Complete{Cart: s.basket("mug", 1), Tenders: []checkout.Tender{{PayWith: credit.GiftCards, Token: code}}})
		as[*checkout.UncoveredError](s, err)
	}
}

// TestAShopperActsBetweenPayments: the second payment waits for the first one's
// challenge, and nothing is taken if it fails.
func TestAShopperActsBetweenPayments(t *testing.T) {
	for _, ok := range []bool{true, false} {
		s := newShop(t, 2)
		s.sells("mug", 5)
		card := s.card(1000)
		r, err := s.checkout.Complete(s.ctx(), checkout.Complete{Cart: s.basket("mug", 4), Tenders: []checkout.Tender{
			{PayWith: "simulator", Token: challenges, Amount: amount(1500)},
			{PayWith: "simulator", Token: approves},
			{PayWith: credit.GiftCards, Token: card.Code},
		}})
		s.must(err)
		if r.Status != orders.Pending || r.NextAction == nil {
			t.Fatalf("got %s, %v", r.Status, r.NextAction)
		}
		s.holds(card.ID, 0, 1000, 0)
		attempts, err := s.payments.ByOrder(s.ctx(), r.ID)
		s.must(err)
		s.must(s.bank.Confirm(string(attempts[1].ID), ok))
		r, err = s.checkout.Resume(s.ctx(), r.ID)
		s.settle()
		if ok {
			s.must(err)
			s.isA(r.ID, orders.Placed, cart.Completed)
			s.holds(card.ID, 0, 0, 1000)
			if got := s.order(r.ID); got.Captured != euro(4*price) {
				t.Errorf("captured %v", got.Captured)
			}
		} else {
			as[*checkout.DeclinedError](s, err)
			s.holds(card.ID, 1000, 0, 0)
			if got := len(s.bank.Charges()); got != 1 {
				t.Errorf("the bank was asked for %d payments", got)
			}
		}
		s.clears()
	}
}

// TestAbandonSeveralPayments lets go of all of them.
func TestAbandonSeveralPayments(t *testing.T) {
	s := newShop(t, 2)
	s.sells("mug", 5)
	card := s.card(1000)
	r, err := s.checkout.Complete(s.ctx(), checkout.Complete{Cart: s.basket("mug", 4), Tenders: []checkout.Tender{
		{PayWith: credit.GiftCards, Token: card.Code},
		{PayWith: "simulator", Token: simulator.TokenPending, Amount: amount(1500)},
		{PayWith: "simulator", Token: approves},
	}})
	s.must(err)
	s.holds(card.ID, 0, 1000, 0)
	_, err = s.checkout.Abandon(s.ctx(), r.ID)
	s.must(err)
	s.isA(r.ID, orders.Canceled, cart.Active)
	s.settle()
	s.holds(card.ID, 1000, 0, 0)
	attempts, err := s.payments.ByOrder(s.ctx(), r.ID)
	s.must(err)
	for _, a := range attempts {
		if !a.State.Settled() || a.State.Paid() {
			t.Errorf("payment %d is %s", a.Number, a.State)
		}
	}
	s.clears()
}

// TestThrottled: while a provider does not answer, nothing is begun, and who
// asks again for what was begun before is told how it stands.
func TestThrottled(t *testing.T) {
	s := newShop(t, 2)
	s.sells("mug", 50)
	first, again := s.basket("mug", 1), checkout.Complete{PayWith: "simulator", Token: simulator.TokenUnreached, Key: "first"}
	again.Cart = first
	r, err := s.checkout.Complete(s.ctx(), again)
	if err != nil || r.Status != orders.Pending {
		t.Fatalf("got %s, %v", r.Status, err)
	}
	for range 20 {
		_, err := s.buy("mug", 1, simulator.TokenUnreached)
		if err != nil {
			as[*payments.ThrottledError](s, err)
		}
	}
	basket := s.basket("mug", 1)
	_, err = s.pay(basket, approves)
	if e := as[*payments.ThrottledError](s, err); e.Wait <= 0 || fault.CodeOf(err) != fault.Unavailable {
		t.Errorf("got %v", err)
	}
	if c := s.cart(basket); c.Status != cart.Active {
		t.Errorf("the cart is %s", c.Status)
	}
	if got, err := s.checkout.Complete(s.ctx(), again); err != nil || got.ID != r.ID {
		t.Errorf("asked again: %s, %v", got.ID, err)
	}
	// Another way to pay is open.
	if r, err := s.checkout.Complete(s.ctx(), checkout.Complete{Cart: basket, PayWith: "manual"}); err != nil || r.Status != orders.Placed {
		t.Errorf("got %s, %v", r.Status, err)
	}
}

// TestABalanceIsRefundedToItself: what a gift card has paid is not given back by
// hand, of which the card would not know.
func TestABalanceIsRefundedToItself(t *testing.T) {
	s := newShop(t, 2)
	s.sells("mug", 5)
	card := s.card(2 * price)
	r, err := s.complete(checkout.Complete{Cart: s.basket("mug", 1), Tenders: []checkout.Tender{{PayWith: credit.GiftCards, Token: card.Code}}})
	s.must(err)
	_, err = s.orders.Cancel(s.ctx(), orders.Cancel{Order: r.ID, Reason: "changed their mind"})
	s.must(err)
	_, err = s.payments.RecordRefund(s.ctx(), payments.RecordRefund{Attempt: s.attempt(r.ID).ID, Reference: "cash"})
	s.wants(err, fault.Refused)
	s.settle()
	s.holds(card.ID, 2*price, 0, 0)
	for _, found := range s.audit() {
		t.Error(found)
	}
}
