package storefront_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/keelshop/commerce/cart"
)

// TestAnAmountOfOnesOwn: what a gift card is worth can be chosen, within its
// bounds and in the currency of the shopper.
func TestAnAmountOfOnesOwn(t *testing.T) {
	b := sample.visitor(t)
	b.open("/p/gift-card")
	b.want(200, "Another amount, from €10.00 to €500.00")
	b.submit("/cart/add", map[string]string{"worth": "501"})
	b.want(200, "This gift card cannot be worth that.")
	b.submitAt("/p/gift-card", "/cart/add", map[string]string{"worth": "40.50"})
	b.want(200, "It is in your cart.", "€40.50")
	b.submitAt("/p/gift-card", "/cart/add", nil)
	b.want(200, "€25.00", "€65.50")
	b.submitAt("/p/rain-coat", "/cart/add", map[string]string{"worth": "1"})
	b.want(200, "€189.00") // it costs what it costs
	b.open("/p/rain-coat")
	if strings.Contains(b.text, `name="worth"`) {
		t.Error("what is no gift card asks for an amount")
	}
}

// TestAGiftCardIsBought: the order's page shows the buyer the code once it is
// paid, and a stranger nothing.
func TestAGiftCardIsBought(t *testing.T) {
	b := sample.visitor(t)
	b.submitAt("/p/gift-card", "/cart/add", nil)
	b.open("/checkout")
	b.submit("/checkout", ada)
	b.open("/checkout/payment")
	b.payWith("4242424242424242")
	b.want(200, "Thank you for your order")
	page := b.at.Path
	for deadline := time.Now().Add(time.Minute); !strings.Contains(b.text, "Your gift cards"); b.open(page) {
		if time.Now().After(deadline) {
			t.Fatalf("no card was issued: %s", b.text)
		}
	}
	b.want(200, "pay with it")
	stranger := sample.visitor(t)
	stranger.do("GET", page, nil)
	stranger.want(404)
}

// TestALanguageThatCannotBeNoted with a cart keeps nobody from buying: the program
// has put as much into its metadata as that holds.
func TestALanguageThatCannotBeNoted(t *testing.T) {
	b := sample.visitor(t)
	b.submitAt("/p/gift-card", "/cart/add", nil)
	full, err := json.Marshal(map[string]string{"x": strings.Repeat("x", 16<<10-len(`{"x":""}`))})
	if err == nil {
		_, err = sample.store.Carts.Annotate(t.Context(), cart.Annotate{Cart: b.cartID(), Metadata: full})
	}
	if err != nil {
		t.Fatal(err)
	}
	b.submitAt("/checkout", "/checkout", ada)
	if b.at.Path != "/checkout/payment" {
		t.Errorf("the address leads to %s", b.at)
	}
	b.want(200, "ada@example.com", "Gift card")
}

// cartID is the cart that the browser names.
func (b *browser) cartID() cart.ID {
	b.t.Helper()
	for _, c := range b.client.Jar.Cookies(b.at) {
		if c.Name == "cart" {
			return cart.ID(c.Value)
		}
	}
	b.t.Fatal("the browser has no cart")
	return ""
}
