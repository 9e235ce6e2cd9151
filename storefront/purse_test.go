package storefront_test

import (
	"crypto/rand"
	"strings"
	"testing"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/credit"
	"github.com/keelshop/commerce/money"
)

// TestAGiftCardPays a part of one order and all of another.
func TestAGiftCardPays(t *testing.T) {
	card, err := sample.store.Credit.Issue(t.Context(), credit.Issue{Amount: money.New(6000, "EUR"), Reason: "test"})
	if err != nil {
		t.Fatal(err)
	}
	b := sample.visitor(t)
	b.toPayment("/p/east-wind-teapot") // more than the card holds
	b.submit("/checkout/gift", map[string]string{"gift": "no such card"})
	b.want(200, "There is nothing left on this card")
	b.submit("/checkout/gift", map[string]string{"gift": card.Code})
	b.want(200, "Gift card", "−€60.00")
	b.open("/checkout/payment?method=manual")
	b.submit("/checkout/payment", nil)
	b.want(200, "Thank you for your order", "Gift card, Invoice")
	left, err := sample.store.Credit.ByCode(t.Context(), card.Code)
	if err != nil || !left.Left.IsZero() {
		t.Errorf("afterwards %v are left (%v)", left.Left, err)
	}
}

// TestCreditPays an order that it covers, if the customer wants that.
func TestCreditPays(t *testing.T) {
	b, email := sample.visitor(t), strings.ToLower(rand.Text())+"@example.com"
	b.submitAt("/register", "/register", map[string]string{"name": "Ada", "email": email, "password": "a long walk home"})
	c, err := sample.store.Accounts.ByEmail(t.Context(), commerce.Personal(email))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := sample.store.Credit.Grant(t.Context(), credit.Grant{Customer: c.ID, Amount: money.New(50000, "EUR"), Reason: "sorry"}); err != nil {
		t.Fatal(err)
	}
	b.toPayment("/p/camp-mug")
	b.want(200, "Your credit", "Use it")
	b.submit("/checkout/credit", map[string]string{"use": "1"})
	b.want(200, "Do not use it", "Place the order")
	b.submit("/checkout/payment", nil)
	b.want(200, "Thank you for your order", "Your credit")
}

// TestAKitSaysWhatIsInIt and is sold by what its parts allow.
func TestAKitSaysWhatIsInIt(t *testing.T) {
	_, err := sample.store.Catalog.PutProduct(t.Context(), catalog.PutProduct{Handle: "camp-set", Title: "Camp set", Variants: []catalog.PutVariant{
		{SKU: "camp-set", Prices: []money.Amount{money.New(2500, "EUR")}, Components: []catalog.Component{{SKU: "CAMP-MUG-CLAY", Quantity: 2}}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	b := sample.visitor(t)
	b.open("/p/camp-set")
	b.want(200, "In this set", "2 × Camp mug, Clay", "In stock")
}

// toPayment puts something into the cart and goes as far as the payment.
func (b *browser) toPayment(product string) {
	b.t.Helper()
	b.submitAt(product, "/cart/add", nil)
	b.submitAt("/checkout", "/checkout", map[string]string{"email": "ada@example.com", "name": "Ada", "line1": "1 Way", "postcode": "24103", "city": "Kiel", "country": "DE"})
	b.open("/checkout/delivery")
	b.submit("/checkout/delivery", nil)
	b.open("/checkout/payment")
}
