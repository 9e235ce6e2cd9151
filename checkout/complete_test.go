package checkout_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/checkout"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/inventory"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/orders"
	"github.com/keelshop/commerce/payments"
)

func TestSells(t *testing.T) {
	s := newShop(t, 2)
	s.sells("mug", 5)
	s.sells("tea", 5)
	c := s.basket("mug", 2)
	_, err := s.carts.AddLines(s.ctx(), cart.AddLines{Cart: c, Lines: []cart.AddedLine{
		{SKU: "tea", Quantity: 1}, {SKU: "tea", Quantity: 3, AgreedPrice: new(euro(100)), Reason: "sale"},
	}})
	s.must(err)
	r, err := s.pay(c, approves)
	s.must(err)
	if r.Status != orders.Placed || r.PaymentStatus != orders.Paid || r.Total != euro(2*price+price+300) || len(r.Lines) != 3 || r.NextAction != nil {
		t.Errorf("got %+v", r)
	}
	s.isA(r.ID, orders.Placed, cart.Completed)
	s.stockIs("mug", 3, 0, 2)
	s.stockIs("tea", 1, 0, 4)
	books := map[payments.Account]int64{}
	for p, err := range s.payments.Ledger(s.ctx(), payments.Filter{Order: r.ID}) {
		s.must(err)
		books[p.Account] += p.Amount.Minor()
	}
	total := r.Total.Minor()
	if books["sales"] != -total || books["provider:simulator"] != total || books["receivable"] != 0 {
		t.Errorf("the ledger has %v for an order of %d", books, total)
	}
}

// TestOrderKeepsWhatTheCartKnew: who buys, where it goes, and what the caller
// calls it.
func TestOrderKeepsWhatTheCartKnew(t *testing.T) {
	s := newShop(t, 2)
	s.sells("mug", 5)
	who, err := s.people.Register(s.ctx(), accounts.Register{Email: "ada@example.com"})
	s.must(err)
	mine, err := s.carts.AddLine(s.ctx(), cart.AddLine{Customer: who.ID, SKU: "mug", Quantity: 1})
	s.must(err)
	contact := cart.Contact{
		Name: "Ada Lovelace", Email: "ada@example.com",
		ShippingAddress: accounts.Address{Line1: "12 St James's Square", City: "London", Country: "GB"},
		BillingAddress:  accounts.Address{Line1: "Rue 1", City: "Paris", Country: "FR"},
	}
	_, err = s.carts.SetContact(s.ctx(), cart.SetContact{Cart: mine.ID, Contact: contact})
	s.must(err)
	bought := time.Date(2011, 12, 9, 12, 50, 0, 0, time.UTC)
	r, err := s.complete(checkout.Complete{Cart: mine.ID, OccurredAt: bought, ExternalReference: "C-1001"})
	s.must(err)
	if r.Customer != who.ID || r.ShippingCountry != "GB" || r.BillingCountry != "FR" || r.ExternalReference != "C-1001" || !r.OccurredAt.Equal(bought) {
		t.Errorf("got %+v", r.Order)
	}
	if got, err := s.orders.Contact(s.ctx(), r.ID); err != nil || got != contact {
		t.Errorf("the order's contact differs from the cart's: %v", err)
	}
	if a := s.attempt(r.ID); a.Provider != "manual" || a.State != payments.Captured {
		t.Errorf("without a provider the payment is %+v", a)
	}
}

func TestNothingToPay(t *testing.T) {
	s := newShop(t, 2)
	s.sells("mug", 5)
	c := s.basket("mug", 5)
	_, err := s.carts.RemoveLine(s.ctx(), c, "mug")
	s.must(err)
	_, err = s.carts.AddLines(s.ctx(), cart.AddLines{Cart: c, Lines: []cart.AddedLine{{SKU: "mug", Quantity: 2, AgreedPrice: new(euro(0)), Reason: "gift"}}})
	s.must(err)
	r, err := s.pay(c, declines)
	s.must(err)
	if r.Status != orders.Placed || !r.Total.IsZero() {
		t.Errorf("got %+v", r)
	}
	s.isA(r.ID, orders.Placed, cart.Completed)
	s.stockIs("mug", 3, 0, 2)
	if n := len(s.bank.Charges()); n != 0 {
		t.Errorf("the bank was asked for %d payments of nothing", n)
	}
	if attempts, err := s.payments.ByOrder(s.ctx(), r.ID); err != nil || len(attempts) != 0 {
		t.Errorf("got %v, %v", attempts, err)
	}
}

// TestServicesNeedNoStock: a SKU whose stock is not counted is sold without
// any, alone and beside goods.
func TestServicesNeedNoStock(t *testing.T) {
	s := newShop(t, 2)
	s.sells("mug", 1)
	_, err := s.catalog.PutProduct(s.ctx(), catalog.PutProduct{Title: "Wrapping", Variants: []catalog.PutVariant{
		{SKU: "wrap", Untracked: true, Prices: []money.Amount{euro(price)}},
	}})
	s.must(err)
	r, err := s.buy("wrap", 7, approves)
	if err != nil || r.Status != orders.Placed {
		t.Errorf("got %s, %v", r.Status, err)
	}
	if r, err = s.buy("wrap", 1, declines); fault.CodeOf(err) != fault.Refused {
		t.Errorf("got %s, %v", r.Status, err)
	}
	c := s.basket("wrap", 1)
	_, err = s.carts.AddLine(s.ctx(), cart.AddLine{Cart: c, SKU: "mug", Quantity: 1})
	s.must(err)
	if r, err = s.pay(c, approves); err != nil || r.Status != orders.Placed {
		t.Errorf("got %s, %v", r.Status, err)
	}
	s.stockIs("mug", 0, 0, 1)
}

// TestDeclineGivesEverythingBack: the same cart can be bought again, and is
// another order then.
func TestDeclineGivesEverythingBack(t *testing.T) {
	s := newShop(t, 2)
	s.sells("mug", 2)
	c := s.basket("mug", 2)
	_, err := s.pay(c, declines)
	d := as[*checkout.DeclinedError](s, err)
	if d.Code != string(payments.DeclineGeneric) || !strings.Contains(d.Error(), string(d.Order)) {
		t.Errorf("got %v", err)
	}
	s.isA(d.Order, orders.Canceled, cart.Active)
	s.stockIs("mug", 2, 0, 0)
	if o := s.order(d.Order); !strings.Contains(o.CancelReason, "declined") {
		t.Errorf("the reason is %q", o.CancelReason)
	}
	r, err := s.pay(c, approves)
	if err != nil || r.Status != orders.Placed || r.ID == d.Order {
		t.Errorf("another card: got %s %s, %v", r.ID, r.Status, err)
	}
	s.stockIs("mug", 0, 0, 2)
}

func TestAuthorizeOnly(t *testing.T) {
	s := newShop(t, 2)
	s.sells("mug", 2)
	r, err := s.complete(checkout.Complete{Cart: s.basket("mug", 2), PayWith: "simulator", Token: approves, AuthorizeOnly: true})
	s.must(err)
	if r.Status != orders.Placed || r.PaymentStatus != orders.Authorized || !r.Captured.IsZero() || r.Authorized != euro(2*price) {
		t.Errorf("got %+v", r.Order)
	}
	_, err = s.payments.Capture(s.ctx(), payments.Capture{Attempt: s.attempt(r.ID).ID, Amount: euro(2 * price)})
	s.must(err)
	if o := s.order(r.ID); o.PaymentStatus != orders.Paid {
		t.Errorf("after the capture it is %s", o.PaymentStatus)
	}
}

// TestRefusals: what a shopper is told, and that nothing was done then.
func TestRefusals(t *testing.T) {
	s := newShop(t, 2)
	s.sells("mug", 5)
	empty := s.basket("mug", 1)
	_, err := s.carts.RemoveLine(s.ctx(), empty, "mug")
	s.must(err)
	full := s.basket("mug", 3)
	greedy := s.basket("mug", 6)
	missing := cart.ID("cart_01KAJ3W7Q8Z5D4F6G7H8J9K0M1")
	cases := []struct {
		name  string
		order checkout.Complete
		code  fault.Code
		says  string
	}{
		{"no cart", checkout.Complete{}, fault.Invalid, `""`},
		{"a malformed ID", checkout.Complete{Cart: "cart_1"}, fault.Invalid, "cart_1"},
		{"an ID of something else", checkout.Complete{Cart: "ord_01KAJ3W7Q8Z5D4F6G7H8J9K0M1"}, fault.Invalid, "ord_01KAJ3W7Q8Z5D4F6G7H8J9K0M1"},
		{"an unknown cart", checkout.Complete{Cart: missing}, fault.NotFound, string(missing)},
		{"an empty cart", checkout.Complete{Cart: empty}, fault.Refused, string(empty)},
		{"another total", checkout.Complete{Cart: full, ExpectedTotal: new(euro(1))}, fault.Conflict, "37.50"},
		{"another currency", checkout.Complete{Cart: full, ExpectedTotal: new(money.New(3*price, "USD"))}, fault.Conflict, "37.50 EUR"},
		{"another version", checkout.Complete{Cart: full, CartVersion: 9}, fault.Conflict, "version"},
		{"an unknown provider", checkout.Complete{Cart: full, PayWith: "stripes"}, fault.Invalid, "stripes"},
		{"a card number", checkout.Complete{Cart: full, Token: "4242 4242 4242 4242"}, fault.Invalid, "card number"},
		{"a long token", checkout.Complete{Cart: full, Token: strings.Repeat("x", 300)}, fault.Invalid, "token"},
		{"a long reference", checkout.Complete{Cart: full, ExternalReference: strings.Repeat("x", 300)}, fault.Invalid, "reference"},
		{"a long key", checkout.Complete{Cart: full, Key: strings.Repeat("x", 300)}, fault.Invalid, "key"},
		{"a text that is none", checkout.Complete{Cart: full, ExternalReference: "\xff"}, fault.Invalid, "UTF-8"},
		{"a far year", checkout.Complete{Cart: full, OccurredAt: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)}, fault.Invalid, "10000"},
		{"too many", checkout.Complete{Cart: greedy}, fault.Refused, "6 of mug"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			r, err := s.checkout.Complete(s.ctx(), c.order)
			if fault.CodeOf(err) != c.code || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v (%v), want %v that says %s", err, fault.CodeOf(err), c.code, c.says)
			}
			if r.ID != "" {
				t.Errorf("and the order %s", r.ID)
			}
		})
	}
	s.stockIs("mug", 5, 0, 0)
	if got := s.cart(full); got.Status != cart.Active || got.Total != euro(3*price) {
		t.Errorf("the cart is %+v", got)
	}
	for o, err := range s.orders.All(s.ctx(), orders.Filter{}) {
		t.Errorf("there is an order %s, %v", o.ID, err)
	}
	as[*inventory.OutOfStockError](s, func() error { _, err := s.pay(greedy, approves); return err }())
}

// TestResultIsPlainData: what comes back can be shown as JSON.
func TestResultIsPlainData(t *testing.T) {
	s := newShop(t, 1)
	s.sells("mug", 1)
	r, err := s.buy("mug", 1, challenges)
	s.must(err)
	if r.NextAction == nil || r.Status != orders.Pending {
		t.Fatalf("got %+v", r)
	}
	if _, err := json.Marshal(r); err != nil {
		t.Error(err)
	}
	_, err = s.checkout.Abandon(s.ctx(), r.ID)
	s.must(err)
}
