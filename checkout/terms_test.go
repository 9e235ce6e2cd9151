package checkout_test

import (
	"testing"
	"time"

	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/checkout"
	"github.com/keelshop/commerce/credit"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/orders"
	"github.com/keelshop/commerce/payments"
)

// offers makes the terms net_30 for a customer and the group trade, up to what
// three of the things here cost, and receipt for the group alone.
func (s *shop) offers(who accounts.CustomerID) {
	s.Helper()
	terms, err := s.orders.SetTerms(s.ctx(), orders.SetTerms{Terms: []orders.Terms{
		{Name: "net_30", Days: 30, Groups: []string{"trade"}, Customers: []accounts.CustomerID{who}, Limits: []money.Amount{euro(3 * price)}},
		{Name: "receipt", Groups: []string{"trade"}},
	}})
	s.must(err)
	if len(terms) != 2 || terms[0].Days != 30 || terms[0].Limits[0] != euro(3*price) {
		s.Fatalf("the store offers %+v", terms)
	}
}

// overdue returns the orders that staff would remind of.
func (s *shop) overdue() (out []orders.ID) {
	s.Helper()
	for o, err := range s.orders.All(s.ctx(), orders.Filter{Overdue: true}) {
		s.must(err)
		out = append(out, o.ID)
	}
	return out
}

// lookForOverdue does what the timers do that are due by now.
func (s *shop) lookForOverdue() {
	s.Helper()
	for _, o := range s.engine.Timers(orders.TimerOverdue) {
		s.must(s.orders.OverdueTimer(s.ctx(), o))
	}
}

// TestAnOrderOnTermsIsPaidLater: it is placed without a payment, is overdue a
// day after its date, and is paid in parts, by card and by a recorded transfer.
func TestAnOrderOnTermsIsPaidLater(t *testing.T) {
	s := newShop(t, 2)
	s.sells("mug", 10)
	who := s.customer("ann@example.com")
	s.offers(who)
	buy := checkout.Complete{Cart: s.basketOf(who, "mug"), Terms: "net_30", Key: "buy"}
	r, err := s.checkout.Complete(s.ctx(), buy)
	s.must(err)
	if again, err := s.checkout.Complete(s.ctx(), buy); err != nil || again.ID != r.ID {
		t.Errorf("asked again: %s, %v", again.ID, err)
	}
	if r.Status != orders.Placed || r.PaymentStatus != orders.PaymentNone || r.Terms != "net_30" || !r.PaymentDueAt.Equal(r.PlacedAt.AddDate(0, 0, 30)) {
		t.Fatalf("the order is %s and %s on terms %q, to be paid at %v, placed at %v", r.Status, r.PaymentStatus, r.Terms, r.PaymentDueAt, r.PlacedAt)
	}
	s.due(r.ID, r.Total.Minor())
	s.stockIs("mug", 9, 0, 1)
	if books := s.books(r.ID); books[payments.Receivable] != r.Total.Minor() {
		t.Errorf("the books say %v", books)
	}

	s.engine.Advance(30*24*time.Hour + time.Hour) // the last day
	if late := s.overdue(); len(late) != 0 {
		t.Errorf("%v are overdue on the last day", late)
	}
	s.engine.Advance(24 * time.Hour)
	if late := s.overdue(); len(late) != 1 || late[0] != r.ID {
		t.Errorf("%v are overdue", late)
	}
	s.lookForOverdue()
	s.must(s.orders.OverdueTimer(s.ctx(), string(r.ID))) // harmless
	if o := s.order(r.ID); o.OverdueAt.IsZero() || len(s.engine.Timers(orders.TimerOverdue)) != 0 {
		t.Errorf("overdue at %v, timers %v", o.OverdueAt, s.engine.Timers(orders.TimerOverdue))
	}

	if _, err := s.checkout.Pay(s.ctx(), checkout.Pay{Order: r.ID, Tender: part(byCard(approves), 250)}); err != nil {
		t.Fatal(err)
	}
	s.due(r.ID, r.Total.Minor()-250)
	if late := s.overdue(); len(late) != 1 {
		t.Errorf("paid in part, %v are overdue", late)
	}
	paid, err := s.checkout.Pay(s.ctx(), checkout.Pay{Order: r.ID, Tender: checkout.Tender{PayWith: "manual"}})
	if err != nil || paid.Order.PaymentStatus != orders.Paid {
		t.Fatalf("the transfer: %+v, %v", paid, err)
	}
	if late := s.overdue(); len(late) != 0 {
		t.Errorf("paid, %v are overdue", late)
	}
	if books := s.books(r.ID); books[payments.Receivable] != 0 {
		t.Errorf("the books say %v", books)
	}
}

// TestTermsAreForSomeAndUpToALimit: who may not buy on terms is told so, and
// what is paid or canceled makes room again.
func TestTermsAreForSomeAndUpToALimit(t *testing.T) {
	s := newShop(t, 2)
	s.sells("mug", 20)
	who, other := s.customer("ann@example.com"), s.customer("bob@example.com")
	s.offers(who)
	on := func(who accounts.CustomerID, terms string) (checkout.Result, error) {
		return s.checkout.Complete(s.ctx(), checkout.Complete{Cart: s.basketOf(who, "mug"), Terms: terms})
	}
	refused := func(err error, reason string) *orders.TermsError {
		t.Helper()
		e := as[*orders.TermsError](s, err)
		if e.Reason != reason {
			t.Errorf("%v: the reason is %s, want %s", err, e.Reason, reason)
		}
		return e
	}
	_, err := on(who, "net_90")
	refused(err, "unknown")
	_, err = on(other, "net_30")
	refused(err, "customer")
	_, err = on(who, "receipt")
	refused(err, "customer")
	_, err = s.checkout.Complete(s.ctx(), checkout.Complete{Cart: s.basket("mug", 1), Terms: "net_30"})
	refused(err, "customer")
	_, err = s.checkout.Complete(s.ctx(), checkout.Complete{Cart: s.basketOf(who, "mug"), Terms: "net_30", PayWith: "manual"})
	s.wants(err, fault.Invalid)

	trade := []string{"trade"}
	if _, err := s.people.Update(s.ctx(), accounts.Update{Customer: other, Groups: &trade}); err != nil {
		t.Fatal(err)
	}
	r, err := on(other, "receipt")
	s.must(err)
	if !r.PaymentDueAt.Equal(r.PlacedAt) {
		t.Errorf("at receipt is %v for an order of %v", r.PaymentDueAt, r.PlacedAt)
	}

	var made []orders.ID
	for range 3 {
		r, err := on(who, "net_30")
		s.must(err)
		made = append(made, r.ID)
	}
	_, err = on(who, "net_30")
	if e := refused(err, "limit"); e.Limit != euro(3*price) || e.Owed != euro(4*price) {
		t.Errorf("%v owed, %v allowed", e.Owed, e.Limit)
	}
	if _, err := s.orders.Cancel(s.ctx(), orders.Cancel{Order: made[0], Reason: "test"}); err != nil {
		t.Fatal(err)
	}
	_, err = on(who, "net_30")
	s.must(err)
	_, err = on(who, "net_30")
	refused(err, "limit")
	if _, err := s.checkout.Pay(s.ctx(), checkout.Pay{Order: made[1], Tender: byCard(approves)}); err != nil {
		t.Fatal(err)
	}
	_, err = on(who, "net_30")
	s.must(err)
	s.settle()
	s.engine.Advance(40 * 24 * time.Hour)
	if n := len(s.engine.Timers(orders.TimerOverdue)); n != 4 { // of what is owed and of nothing else
		t.Errorf("%d orders are watched", n)
	}
	for name, c := range map[string]orders.SetTerms{
		"no name":   {Terms: []orders.Terms{{}}},
		"twice":     {Terms: []orders.Terms{{Name: "a"}, {Name: "a"}}},
		"too long":  {Terms: []orders.Terms{{Name: "a", Days: 366}}},
		"no group":  {Terms: []orders.Terms{{Name: "a", Groups: []string{""}}}},
		"nobody":    {Terms: []orders.Terms{{Name: "a", Customers: []accounts.CustomerID{"ann"}}}},
		"no limit":  {Terms: []orders.Terms{{Name: "a", Limits: []money.Amount{euro(0)}}}},
		"two of it": {Terms: []orders.Terms{{Name: "a", Limits: []money.Amount{euro(1), euro(2)}}}},
	} {
		if _, err := s.orders.SetTerms(s.ctx(), c); fault.CodeOf(err) != fault.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestTermsTakeWhatGiftCardsLeave: a gift card and credit pay their part at once,
// the rest is owed, and only that counts for the limit.
func TestTermsTakeWhatGiftCardsLeave(t *testing.T) {
	s := newShop(t, 3)
	s.sells("mug", 50)
	who := s.shopper(150)
	s.offers(who)
	gift := s.card(1200)
	cards := func(amount *money.Amount) []checkout.Tender {
		return []checkout.Tender{{PayWith: credit.StoreCredit}, {PayWith: credit.GiftCards, Token: gift.Code, Amount: amount}}
	}
	buy := checkout.Complete{Cart: s.basketFor(who, 2), Terms: "net_30", Tenders: cards(new(euro(100))), Key: "buy"}
	r, err := s.checkout.Complete(s.ctx(), buy)
	s.must(err)
	owed := r.Total.Minor() - 250
	if again, err := s.checkout.Complete(s.ctx(), buy); err != nil || again.ID != r.ID {
		t.Errorf("asked again: %s, %v", again.ID, err)
	}
	if r.Status != orders.Placed || r.PaymentStatus != orders.PartiallyPaid || r.Terms != "net_30" || r.OnTerms != euro(owed) || r.Captured != euro(250) {
		t.Fatalf("the order is %s and %s, %v captured, %v on terms %q", r.Status, r.PaymentStatus, r.Captured, r.OnTerms, r.Terms)
	}
	s.due(r.ID, owed)
	s.holds(gift.ID, 1100, 0, 100)
	if books := s.books(r.ID); books[payments.Receivable] != owed {
		t.Errorf("the books say %v", books)
	}
	// Three of the things may be owed: what was paid makes room for as much.
	_, err = s.checkout.Complete(s.ctx(), checkout.Complete{Cart: s.basketFor(who, 2), Terms: "net_30"})
	if e := as[*orders.TermsError](s, err); e.Reason != "limit" || e.Owed != euro(owed+2*price) {
		t.Errorf("%+v", e)
	}
	second, err := s.checkout.Complete(s.ctx(), checkout.Complete{Cart: s.basketFor(who, 2), Terms: "net_30", Tenders: cards(nil)})
	s.must(err)
	if second.OnTerms != euro(2*price-1100) || second.Status != orders.Placed {
		t.Errorf("the second order is %s, %v on terms", second.Status, second.OnTerms)
	}
	s.holds(gift.ID, 0, 0, 1200)
	// Who pays all of it with them owes nothing, whatever they may owe; a card and
	// a transfer are for later.
	full := s.card(5000)
	paid, err := s.checkout.Complete(s.ctx(), checkout.Complete{Cart: s.basketFor(who, 4), Terms: "net_30", Tenders: []checkout.Tender{{PayWith: credit.GiftCards, Token: full.Code}}})
	s.must(err)
	if paid.Terms != "" || paid.PaymentStatus != orders.Paid || !paid.PaymentDueAt.IsZero() {
		t.Errorf("the paid order is %s on terms %q", paid.PaymentStatus, paid.Terms)
	}
	for _, with := range []string{"simulator", "manual", ""} {
		_, err = s.checkout.Complete(s.ctx(), checkout.Complete{Cart: s.basketFor(who, 1), Terms: "net_30", Tenders: []checkout.Tender{{PayWith: with, Token: approves}}})
		s.wants(err, fault.Invalid)
	}
	s.engine.Advance(32 * 24 * time.Hour)
	if late := s.overdue(); len(late) != 2 {
		t.Errorf("%v are overdue", late)
	}
	// The rest is paid, and what the gift card paid goes back to it.
	if _, err := s.checkout.Pay(s.ctx(), checkout.Pay{Order: r.ID, Tender: checkout.Tender{PayWith: "manual"}}); err != nil {
		t.Fatal(err)
	}
	s.due(r.ID, 0)
	if _, err := s.orders.Cancel(s.ctx(), orders.Cancel{Order: second.ID, Reason: "test"}); err != nil {
		t.Fatal(err)
	}
	s.settle()
	s.holds(gift.ID, 1100, 0, 100)
}

// TestTheLimitOfTermsIsKeptByOrdersUnderWay: while a gift card is being asked
// for, what its order will owe counts.
func TestTheLimitOfTermsIsKeptByOrdersUnderWay(t *testing.T) {
	s := newShop(t, 2)
	s.sells("mug", 50)
	who := s.shopper(0)
	s.offers(who)
	gift := s.card(100)
	s.engine.Drop = func(e command.Envelope) bool { return e.Kind == "checkout.finish" } // the driver dies after begin
	buy := checkout.Complete{Cart: s.basketFor(who, 3), Terms: "net_30", Key: "buy", Tenders: []checkout.Tender{{PayWith: credit.GiftCards, Token: gift.Code}}}
	if r, err := s.checkout.Complete(s.ctx(), buy); err == nil && r.Status != orders.Pending {
		t.Fatalf("the order is %s", r.Status)
	}
	s.engine.Drop = nil
	_, err := s.checkout.Complete(s.ctx(), checkout.Complete{Cart: s.basketFor(who, 1), Terms: "net_30"})
	if e := as[*orders.TermsError](s, err); e.Reason != "limit" || e.Owed != euro(4*price-100) {
		t.Errorf("%+v", e)
	}
	s.recovers()
	r, err := s.checkout.Complete(s.ctx(), buy)
	if err != nil || r.Status != orders.Placed || r.OnTerms != euro(3*price-100) || r.Captured != euro(100) {
		t.Errorf("recovered: %s, %v on terms, %v", r.Status, r.OnTerms, err)
	}
	s.due(r.ID, 3*price-100)
}
