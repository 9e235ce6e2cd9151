package storefront_test

import (
	"crypto/rand"
	"net/url"
	"path"
	"strings"
	"testing"

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
// asks, the page says so.
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
	b.want(200, "Still to be paid: €"+money.New(due.Minor()-300, "EUR").Decimal())
	if got := left(); !got.IsZero() {
		t.Errorf("%v is left on the gift card", got)
	}
	b.duePaidWith(page, "4000002760003184")
	b.frame()
	b.submit("/bank/3ds/", map[string]string{"answer": "yes"})
	b.want(200, "Thank you for your order")
	if got := b.due(o.ID); !got.IsZero() {
		t.Errorf("%v is due", got)
	}
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
