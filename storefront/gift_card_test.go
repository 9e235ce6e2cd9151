package storefront_test

import (
	"strings"
	"testing"
	"time"
)

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
