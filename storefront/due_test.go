package storefront_test

import (
	"context"
	"crypto/rand"
	"net/url"
	"path"
	"strings"
	"testing"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/checkout"
	"github.com/keelshop/commerce/credit"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/orders"
	"github.com/keelshop/commerce/storefront"
)

// changedOrder buys something as a guest and has staff add a pot of tea, which is
// then due.
func (b *browser) changedOrder() orders.Order {
	b.t.Helper()
	b.toPayment("/p/camp-mug")
	b.payWith(goodCard)
	b.want(200, "Thank you for your order")
	ctx, order := b.t.Context(), orders.ID(path.Base(b.at.Path))
	o, err := sample.store.Orders.Get(ctx, order)
	if err != nil {
		b.t.Fatal(err)
	}
	o, err = sample.store.Checkout.Confirm(ctx, checkout.Change{Order: o.ID, Version: o.Version, Reason: "by phone", Add: []checkout.AddedLine{{SKU: "EARL-GREY", Quantity: 2}}})
	if err != nil {
		b.t.Fatal(err)
	}
	return o
}

func (b *browser) due(o orders.ID) money.Amount {
	b.t.Helper()
	due, err := sample.store.Checkout.Due(b.t.Context(), o)
	if err != nil {
		b.t.Fatal(err)
	}
	return due
}

// TestAShopperPaysForAChange: what staff have added to an order is paid on a page
// of its own, which the order leads to; a declined card leaves it due, and a form
// that is sent twice pays once.
func TestAShopperPaysForAChange(t *testing.T) {
	b := sample.visitor(t)
	o := b.changedOrder()
	due := b.due(o.ID)
	page := "/orders/" + string(o.ID)
	b.open(page)
	b.want(200, "Still to be paid: €"+due.Decimal(), "Pay €"+due.Decimal())
	b.open(page + "/payment")
	b.want(200, "Pay for your order", "Paid so far €18.90", "Still to be paid €"+due.Decimal())

	b.duePaidWith(page, "4000000000000002")
	b.want(200, "The card was declined.", "Pay for your order")
	if got := b.due(o.ID); got != due {
		t.Fatalf("after a decline %v is due", got)
	}
	b.do("POST", page+"/payment", url.Values{"method": {"manual"}, "due": {"1 EUR"}})
	b.want(200, "What is to be paid has changed.")
	b.do("POST", page+"/payment", url.Values{"method": {"nobody"}, "due": {due.String()}})
	b.want(200, "This way to pay is not there any more.")

	b.open(page + "/payment?method=manual")
	again := url.Values{"method": {"manual"}, "due": {due.String()}, "key": {rand.Text()}}
	for range 2 {
		b.do("POST", page+"/payment", again)
		b.want(200, "Thank you for your order")
	}
	if got := b.due(o.ID); !got.IsZero() || strings.Contains(b.text, "Still to be paid") {
		t.Errorf("%v is due afterwards: %s", got, words(b.doc))
	}
	b.open(page + "/payment") // leads to the order
	b.want(200, "Thank you for your order")
}

// TestAChangeIsPaidByGiftCardAndCard: the card is asked first, and while the bank
// asks, the page says so. The gift card pays only once the card has.
func TestAChangeIsPaidByGiftCardAndCard(t *testing.T) {
	card, err := sample.store.Credit.Issue(t.Context(), credit.Issue{Amount: money.New(300, "EUR"), Reason: "test"})
	if err != nil {
		t.Fatal(err)
	}
	b := sample.visitor(t)
	o := b.changedOrder()
	due := b.due(o.ID)
	page := "/orders/" + string(o.ID)
	b.open(page + "/payment")
	b.submit("/checkout/gift", map[string]string{"gift": "no such card"})
	b.want(200, "There is nothing left on this card")
	b.submit("/checkout/gift", map[string]string{"gift": card.Code})
	b.want(200, "Pay for your order", "−€3.00")
	b.duePaidWith(page, "4000000000000002")
	b.want(200, "The card was declined.")
	left := func() money.Amount {
		balance, err := sample.store.Credit.ByCode(t.Context(), card.Code)
		if err != nil {
			t.Fatal(err)
		}
		return balance.Left
	}
	if got := left(); got != money.New(300, "EUR") {
		t.Fatalf("a declined card left %v on the gift card", got)
	}
	b.duePaidWith(page, "4000002760003184")
	b.want(200, "Your bank asks you to confirm")
	b.open(page)
	b.want(200, "A payment is under way")
	b.open(page + "/payment")
	b.submit(page+"/abandon", nil)
	b.want(200, "Still to be paid: €"+due.Decimal())
	if got := left(); got != money.New(300, "EUR") {
		t.Errorf("a payment that was given up left %v on the gift card", got)
	}
	b.duePaidWith(page, "4000002760003184")
	b.frame()
	b.submit("/bank/3ds/", map[string]string{"answer": "yes"})
	b.want(200, "Thank you for your order", "Still to be paid: €3.00")
	b.open(page + "/payment")
	b.want(200, "−€3.00", "Pay €3.00")
	b.submit(page+"/payment", nil)
	b.want(200, "Thank you for your order")
	if got := b.due(o.ID); !got.IsZero() || !left().IsZero() {
		t.Errorf("%v is due, %v is left on the gift card", got, left())
	}
}

// TestAnOrderThatNothingWasPaidForIsPaid: one on payment terms, and one that was
// free until staff added something.
func TestAnOrderThatNothingWasPaidForIsPaid(t *testing.T) {
	paid := func(b *browser, page string) {
		t.Helper()
		due := b.due(orders.ID(path.Base(page)))
		if !due.IsPositive() {
			t.Fatalf("%v is due for %s", due, page)
		}
		b.open(page + "/payment?method=manual")
		b.want(200, "Pay for your order", "Paid so far €0.00", "Pay €"+due.Decimal())
		b.submit(page+"/payment", nil)
		b.want(200, "Thank you for your order")
		if got := b.due(orders.ID(path.Base(page))); !got.IsZero() {
			t.Errorf("%v is due for %s", got, page)
		}
	}
	t.Run("on terms", func(t *testing.T) {
		b := sample.visitor(t)
		c := b.registered()
		set := func(terms ...orders.Terms) {
			if _, err := sample.store.Orders.SetTerms(context.WithoutCancel(t.Context()), orders.SetTerms{Terms: terms}); err != nil {
				t.Error(err)
			}
		}
		set(orders.Terms{Name: "net_14", Days: 14, Customers: []accounts.CustomerID{c}, Limits: []money.Amount{money.New(10000, "EUR")}})
		t.Cleanup(func() { set() })
		b.toPayment("/p/camp-mug")
		b.open("/checkout/payment?method=terms:net_14")
		b.submit("/checkout/payment", nil)
		b.want(200, "Thank you for your order", "To be paid by")
		paid(b, b.at.Path)
	})
	t.Run("free", func(t *testing.T) {
		sample.put(t, "free-sticker", 0, 5)
		b := sample.visitor(t)
		b.submitAt("/p/free-sticker", "/cart/add", nil)
		b.submitAt("/checkout", "/checkout", ada)
		b.open("/checkout/delivery")
		b.submit("/checkout/delivery", map[string]string{"method": "pickup"})
		b.open("/checkout/payment")
		b.submit("/checkout/payment", nil)
		b.want(200, "Thank you for your order")
		page := b.at.Path
		o, err := sample.store.Orders.Get(t.Context(), orders.ID(path.Base(page)))
		if err == nil {
			_, err = sample.store.Checkout.Confirm(t.Context(), checkout.Change{Order: o.ID, Version: o.Version, Reason: "by phone", Add: []checkout.AddedLine{{SKU: "EARL-GREY", Quantity: 1}}})
		}
		if err != nil {
			t.Fatal(err)
		}
		paid(b, page)
	})
}

// TestAGuestsOrderIsPaidWhileLoggedIn: credit pays for orders of its customer
// only, and is not offered for what was bought before they logged in.
func TestAGuestsOrderIsPaidWhileLoggedIn(t *testing.T) {
	b := sample.visitor(t)
	o := b.changedOrder()
	due := b.due(o.ID)
	page := "/orders/" + string(o.ID)
	grant := credit.Grant{Customer: b.registered(), Amount: money.New(300, "EUR"), Reason: "sorry"}
	if _, err := sample.store.Credit.Grant(t.Context(), grant); err != nil {
		t.Fatal(err)
	}
	b.do("POST", "/checkout/credit", url.Values{"use": {"1"}, "order": {string(o.ID)}})
	b.want(200, "Pay for your order", "Still to be paid €"+due.Decimal())
	if strings.Contains(words(b.doc), "Your credit") {
		t.Error("credit is offered for an order of nobody's account")
	}
	b.open(page + "/payment?method=manual")
	b.submit(page+"/payment", nil)
	b.want(200, "Thank you for your order")
	if got := b.due(o.ID); !got.IsZero() {
		t.Errorf("%v is due", got)
	}
}

// registered makes an account of its own for the browser.
func (b *browser) registered() accounts.CustomerID {
	b.t.Helper()
	email := strings.ToLower(rand.Text()) + "@example.com"
	b.register(email)
	c, err := sample.store.Accounts.ByEmail(b.t.Context(), commerce.Personal(email))
	if err != nil {
		b.t.Fatal(err)
	}
	return c.ID
}

// duePaidWith pays what is due for an order with a test card.
func (b *browser) duePaidWith(page, card string) {
	b.t.Helper()
	b.open(page + "/payment")
	b.frame()
	b.submit("/bank/card", map[string]string{"number": card})
	b.want(200, "Card ending in "+card[len(card)-4:])
	b.submit(page+"/payment", nil)
}

// TestTheLinkOfAGuestsOrder opens it in another browser, and pays there; no other
// link does.
func TestTheLinkOfAGuestsOrder(t *testing.T) {
	b := sample.visitor(t)
	o := b.changedOrder()
	page := "/orders/" + string(o.ID)
	other := sample.visitor(t)
	for _, wrong := range []string{page, page + "/payment", page + "/of/cart_00000000000000000000000000", page + "/of/x", "/orders/x/of/" + o.Cart} {
		other.do("GET", wrong, nil)
		other.want(404)
	}
	other.header.Set("Accept-Language", "de")
	other.open(storefront.OrderPath(o))
	if other.at.Path != page || strings.Contains(other.text, o.Cart) {
		t.Errorf("the link leads to %s and shows its secret: %v", other.at, strings.Contains(other.text, o.Cart))
	}
	other.want(200, "Danke für deine Bestellung", "Noch zu zahlen")
	other.open(page + "/payment?method=manual")
	other.want(200, "Deine Bestellung bezahlen")
	other.submit(page+"/payment", nil)
	if got := b.due(o.ID); !got.IsZero() {
		t.Errorf("%v is due", got)
	}
	o.Customer = "cus_x"
	if storefront.OrderPath(o) != page {
		t.Error("the link of a customer's order holds a secret")
	}
}
