package storefront_test

import (
	"context"
	"crypto/rand"
	"strings"
	"testing"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/credit"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/orders"
)

// TestPayingLater: those whom payment terms name choose them like any way to
// pay, up to what they may owe; nobody else is offered them.
func TestPayingLater(t *testing.T) {
	shop := sample.store
	terms := orders.Terms{Name: "net_30", Days: 30, Groups: []string{"workshops"}, Limits: []money.Amount{money.New(10000, "EUR")}}
	if _, err := shop.Orders.SetTerms(t.Context(), orders.SetTerms{Terms: []orders.Terms{terms}}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := shop.Orders.SetTerms(t.Context(), orders.SetTerms{}); err != nil && t.Context().Err() == nil {
			t.Error(err)
		}
	})
	card, err := shop.Credit.Issue(t.Context(), credit.Issue{Amount: money.New(1000, "EUR"), Reason: "test"})
	if err != nil {
		t.Fatal(err)
	}
	b := sample.visitor(t)
	b.register("workshop@example.com")
	b.toPayment("/p/oak-board")
	if strings.Contains(b.text, "On account") {
		t.Fatal("anybody may pay later")
	}
	b.open("/checkout/payment?method=terms:net_30")
	if strings.Contains(b.text, `value="terms:net_30"`) {
		t.Error("anybody may name terms")
	}
	c, err := shop.Accounts.ByEmail(t.Context(), commerce.Personal("workshop@example.com"))
	if err == nil {
		_, err = shop.Accounts.Update(t.Context(), accounts.Update{Customer: c.ID, Groups: &[]string{"workshops"}})
	}
	if err != nil {
		t.Fatal(err)
	}
	b.open("/checkout/payment")
	b.want(200, "On account, 30 days to pay")
	b.submit("/checkout/gift", map[string]string{"gift": card.Code})
	b.open("/checkout/payment?method=terms:net_30")
	b.want(200, "−€10.00", "Place the order")
	b.submit("/checkout/payment", nil)
	b.want(200, "Thank you for your order", "To be paid by", "€26.90")

	b.toPayment("/p/rain-coat") // is more than they may owe
	b.open("/checkout/payment?method=terms:net_30")
	b.submit("/checkout/payment", nil)
	b.want(200, "With this order you would owe more than was agreed.")
	b.open("/checkout/payment?method=manual")
	b.submit("/checkout/payment", nil)
	b.want(200, "Thank you for your order")
	if strings.Contains(b.text, "To be paid by") {
		t.Error("what is paid is to be paid")
	}
}

// TestTermsThatHaveEnded: an order on terms that have ended since they were shown
// is paid by no other way, and one by a way that the shop does not have neither.
func TestTermsThatHaveEnded(t *testing.T) {
	shop := sample.store
	set := func(terms ...orders.Terms) {
		if _, err := shop.Orders.SetTerms(context.WithoutCancel(t.Context()), orders.SetTerms{Terms: terms}); err != nil {
			t.Error(err)
		}
	}
	set(orders.Terms{Name: "net_30", Days: 30, Groups: []string{"plumbers"}, Limits: []money.Amount{money.New(100000, "EUR")}})
	t.Cleanup(func() { set() })
	b := sample.visitor(t)
	email := strings.ToLower(rand.Text()) + "@example.com"
	b.register(email)
	c, err := shop.Accounts.ByEmail(t.Context(), commerce.Personal(email))
	if err == nil {
		_, err = shop.Accounts.Update(t.Context(), accounts.Update{Customer: c.ID, Groups: &[]string{"plumbers"}})
	}
	if err != nil {
		t.Fatal(err)
	}
	b.toPayment("/p/oak-board")
	b.open("/checkout/payment?method=terms:net_30")
	b.want(200, "On account, 30 days to pay")
	set()
	const refused = "You cannot buy on these terms. Please choose another way to pay."
	b.submit("/checkout/payment", nil)
	b.want(200, refused)
	for _, method := range []string{"cheque", ""} {
		b.open("/checkout/payment?method=manual")
		b.submit("/checkout/payment", map[string]string{"method": method})
		b.want(200, refused)
	}
	b.open("/checkout/payment?method=manual")
	b.submit("/checkout/payment", nil)
	b.want(200, "Thank you for your order")
}
