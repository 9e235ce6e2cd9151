package storefront_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// again is the same browser as it is now, with the same cookies and page, which
// sees nothing of what the first one is answered from here on.
func (s shop) again(b *browser) *browser {
	b.t.Helper()
	other := s.visitor(b.t)
	other.setCookies(b.client.Jar.Cookies(b.at)...)
	other.at, other.doc = b.at, b.doc
	return other
}

func (b *browser) setCookies(cookies ...*http.Cookie) {
	for _, c := range cookies {
		c.Path = "/"
	}
	b.client.Jar.SetCookies(b.at, cookies)
}

const (
	goodCard   = "4242 4242 4242 4242"
	secureCard = "4000 0027 6000 3184"
)

// A guest whose browser never gets the answer to the payment still gets to the
// order, whichever way they try.
func TestAnswerToPaymentIsLost(t *testing.T) {
	for _, test := range []struct {
		name, card string
		next       func(*browser)
		want       string
		stays      bool // the cart is in use still
	}{
		{"paid, sent again", goodCard, func(b *browser) { b.submit("/checkout/payment", nil) }, "Thank you for your order", false},
		{"paid, page loaded again", goodCard, func(b *browser) { b.open("/checkout/payment") }, "Thank you for your order", false},
		{"pending, sent again", secureCard, func(b *browser) { b.submit("/checkout/payment", nil) }, "Your bank asks you to confirm", true},
		{"pending, page loaded again", secureCard, func(b *browser) { b.open("/checkout/payment") }, "Your bank asks you to confirm", true},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := sample.visitor(t)
			b.fill()
			b.frame()
			b.submit("/bank/card", map[string]string{"number": test.card})
			lost := sample.again(b)
			b.submit("/checkout/payment", nil)
			order := b.at.Path
			test.next(lost)
			lost.want(200, test.want)
			if lost.at.Path != order {
				t.Fatalf("came to %s, want %s", lost.at, order)
			}
			if test.stays {
				lost.submit(order+"/abandon", nil)
				lost.want(200, "This order was canceled")
				lost.open("/cart")
				lost.want(200, "Rain coat")
				return
			}
			lost.submitAt("/p/earl-grey", "/cart/add", nil) // the next cart
			lost.open(order)
			lost.want(200, "Thank you for your order")
		})
	}
}

// A payment that ends behind the browser's back leaves the order within reach
// when the next cart takes the place of the one that was bought.
func TestNextCartKeepsTheOrder(t *testing.T) {
	b := sample.visitor(t)
	b.fill()
	b.frame()
	b.submit("/bank/card", map[string]string{"number": secureCard})
	lost := sample.again(b)
	b.submit("/checkout/payment", nil)
	order := b.at.Path
	b.frame()
	b.submit("/bank/3ds/", map[string]string{"answer": "yes"})
	b.want(200, "Thank you for your order")
	lost.submitAt("/p/earl-grey", "/cart/add", nil)
	lost.open(order)
	lost.want(200, "Thank you for your order")
}

// To know the ID of a guest's order is not enough to see it.
func TestOrderIDOpensNothing(t *testing.T) {
	b := sample.visitor(t)
	b.fill()
	b.payWith(goodCard)
	b.want(200, "Thank you for your order")
	id := strings.TrimPrefix(b.at.Path, "/orders/")
	for _, name := range []string{"orders", "cart"} {
		for _, value := range []string{id, id + ".", "."} {
			other := sample.visitor(t)
			other.setCookies(&http.Cookie{Name: name, Value: value})
			other.do("GET", b.at.Path, nil)
			other.want(404)
			other.do("POST", b.at.Path+"/abandon", url.Values{})
			other.want(404)
		}
	}
}

// A cart in a cookie that is no use any more does not hide the one that the
// customer has filled elsewhere.
func TestStaleCartCookie(t *testing.T) {
	for name, cookie := range map[string]string{"gone": "cart_01KAJ3W7Q8Z5D4F6G7H8J9K0M1", "not one": "x", "bought": ""} {
		t.Run(name, func(t *testing.T) {
			email := strings.ReplaceAll(name, " ", "-") + "@example.com"
			desk, phone := sample.visitor(t), sample.visitor(t)
			desk.register(email)
			if cookie == "" { // paid for while the browser was away, so that nothing removed it
				desk.fill()
				desk.payWith(secureCard)
				desk.frame()
				desk.submit("/bank/3ds/", map[string]string{"answer": "yes"})
				desk.want(200, "Thank you for your order")
			} else {
				desk.setCookies(&http.Cookie{Name: "cart", Value: cookie})
			}
			phone.submitAt("/login", "/login", map[string]string{"email": email, "password": "a ship in port is safe"})
			phone.submitAt("/p/earl-grey", "/cart/add", nil)
			phone.want(200, "It is in your cart.")
			desk.open("/cart")
			desk.want(200, "Earl Grey tin", "€14.00")
			desk.submitAt("/checkout", "/checkout", ada) // and it is the one that is bought
			desk.submit("/checkout/delivery", nil)
			desk.open("/checkout/payment?method=manual")
			desk.submit("/checkout/payment", nil)
			desk.want(200, "Thank you for your order", "Earl Grey tin")
			phone.open("/cart")
			phone.want(200, "Your cart is empty.")
		})
	}
}
