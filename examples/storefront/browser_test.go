package main

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// Test cards by the place of their button in the bank's field.
const (
	goodCard     = `.sample:nth-of-type(1)`
	declinedCard = `.sample:nth-of-type(2)`
	secureCard   = `.sample:nth-of-type(3)`
)

// TestInABrowser buys in a real browser, as a newcomer does.
func TestInABrowser(t *testing.T) {
	browser := startChromium(t)
	site := startShop(t)
	for name, test := range map[string]func(*testing.T, context.Context, string){
		"good card": buyWithGoodCard, "declined card": buyWithDeclinedCard, "3-D Secure": buyWithThreeDSecure,
		"account": buyWithAccount, "German": buyInGerman, "keyboard only": buyByKeyboard, "no scripts": buyWithoutScripts, "phone": buyOnAPhone,
		"accessible": everyPageIsAccessible, "accessible in German": germanPagesAreAccessible, "afterwards": ordersAreAccessible,
		"office": workInTheOffice, "several deliveries": divideTheCart,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // each in a tab of its own, with cookies of its own
			test(t, browser, site)
		})
	}
}

// toPayment searches for a teapot, chooses a colour and goes as far as the
// payment.
func (b tab) toPayment() {
	b.t.Helper()
	b.open("/")
	b.shot("home")
	b.fill("#q", "teap")
	b.until(`document.querySelector(".suggestions a")`)
	b.shot("suggestions")
	b.click(`.suggestions a[href="/p/east-wind-teapot"]`)
	b.says("East wind teapot")
	b.click(`.option li:nth-child(2) a`) // another colour, without loading the page anew
	b.says("Colour: Clay")
	b.until(`location.search.includes("CLAY") && document.querySelector(".add [name=sku]").value.endsWith("CLAY")`)
	b.shot("product")
	b.click(".add button")
	b.says("It is in your cart.")
	b.says("Clay")
	b.shot("cart")
	b.click(".summary a.main")
	b.says("Where shall it go?")
	b.address()
}

// address fills in the form and chooses the first way to send.
func (b tab) address() {
	b.t.Helper()
	b.fill("#f-email", "ada@example.com")
	b.fill("#f-name", "Ada Byron")
	b.fill("#f-line1", "Hafenstraße 1")
	b.fill("#f-postcode", "24103")
	b.fill("#f-city", "Kiel")
	b.click("form.fields button.main")
	b.until(`location.pathname === "/checkout/delivery"`)
	b.shot("delivery")
	b.click("form.panel button.main")
	b.until(`location.pathname === "/checkout/payment" && document.querySelector("iframe")`)
}

// pay gives the bank a card and presses the button.
func (b tab) pay(card string) {
	b.t.Helper()
	b.inFrame(card)
	b.until(`document.querySelector("button.wide")`)
	b.click("button.wide")
}

func buyWithGoodCard(t *testing.T, browser context.Context, site string) {
	b := newTab(t, browser, site, 1360, "en")
	b.toPayment()
	b.shot("payment")
	b.pay(goodCard)
	b.says("Thank you for your order")
	b.says("€68.90") // with the parcel
	b.shot("order")
}

func buyWithDeclinedCard(t *testing.T, browser context.Context, site string) {
	b := newTab(t, browser, site, 1360, "en")
	b.toPayment()
	b.pay(declinedCard)
	b.says("The card was declined.")
	b.shot("declined")
	b.pay(goodCard)
	b.says("Thank you for your order")
}

func buyWithThreeDSecure(t *testing.T, browser context.Context, site string) {
	b := newTab(t, browser, site, 1360, "en")
	b.toPayment()
	b.pay(secureCard)
	b.says("Your bank asks you to confirm")
	b.shot("3ds")
	b.inFrame(`[value=yes]`)
	b.says("Thank you for your order")
}

func buyWithAccount(t *testing.T, browser context.Context, site string) {
	b := newTab(t, browser, site, 1360, "en")
	b.open("/register")
	b.fill("#f-name", "Grace Hopper")
	b.fill("#f-email", "grace@example.com")
	b.fill("#f-password", "a ship in port is safe")
	b.click("form.fields button")
	b.says("You have not ordered anything yet.")
	b.open("/p/oak-board")
	b.click(".add button")
	b.says("It is in your cart.")
	b.open("/checkout")
	b.until(`document.querySelector("#f-email").value === "grace@example.com"`)
	b.fill("#f-line1", "Kai 7")
	b.fill("#f-postcode", "20457")
	b.fill("#f-city", "Hamburg")
	b.click("form.fields button.main")
	b.until(`location.pathname === "/checkout/delivery"`)
	b.click("form.panel button.main")
	b.until(`location.pathname === "/checkout/payment" && document.querySelector("iframe")`)
	b.pay(goodCard)
	b.says("Thank you for your order")
	b.open("/account")
	b.says("€36.90")
	b.shot("account")
}

func buyInGerman(t *testing.T, browser context.Context, site string) {
	b := newTab(t, browser, site, 1360, "de-DE,de;q=0.9")
	b.open("/")
	b.says("Weniger Dinge, die länger bleiben")
	b.shot("home-de")
	b.fill("#q", "Regenm")
	b.until(`document.querySelector(".suggestions a")`)
	b.click(`.suggestions a[href="/p/rain-coat"]`)
	b.says("189,00 €")
	b.click(".add button")
	b.says("Liegt in deinem Warenkorb.")
	b.click(".summary a.main")
	b.says("Wohin soll es gehen?")
	b.address()
	b.pay(goodCard)
	b.says("Danke für deine Bestellung")
	b.says("davon MwSt. 19 %")
	b.until(`[...document.querySelectorAll(".sum dd")].some(e => e.textContent === "kostenlos")`) // the parcel of so dear a coat
	b.shot("order-de")
	b.germanPages()
}

// germanPages looks at pages whose words are longer in German, as wide as a desk
// and as narrow as a phone, also with nothing to show and with mistakes in them.
func (b tab) germanPages() {
	b.t.Helper()
	b.open("/p/rain-coat")
	b.click(".add button")
	b.says("Liegt in deinem Warenkorb.")
	for _, width := range []int64{1360, 390} {
		b.do(chromedp.EmulateViewport(width, 900))
		for name, path := range map[string]string{
			"product": "/p/rain-coat", "category": "/c/kitchen", "search": "/search?q=Wolle", "nothing-found": "/search?q=qqqqq", "no-page": "/nothing",
			"cart": "/cart", "checkout": "/checkout", "login": "/login", "register": "/register", "about": "/pages/about",
		} {
			b.open(path)
			b.until(`document.documentElement.scrollWidth <= innerWidth`)
			b.shot(fmt.Sprintf("de-%d-%s", width, name))
		}
		b.open("/checkout")
		b.do(chromedp.Evaluate[chromedp.Void](`document.querySelector("form.fields").noValidate = true`))
		b.click("form.fields button.main")
		b.until(`document.querySelector("[aria-invalid]")`)
		b.until(`document.documentElement.scrollWidth <= innerWidth`)
		b.shot(fmt.Sprintf("de-%d-mistakes", width))
	}
}

// buyByKeyboard never touches a mouse. Wherever it stops, the focus can be
// seen.
func buyByKeyboard(t *testing.T, browser context.Context, site string) {
	b := newTab(t, browser, site, 1360, "en")
	b.open("/")
	b.press(kb.Tab)
	if got := b.focused(); got != "Skip to the content" {
		t.Errorf("the first thing to reach is %q", got)
	}
	b.tabTo("q ")
	b.do(chromedp.KeyEvent("storm lant"))
	b.until(`document.querySelector(".suggestions:not([hidden]) a[href='/p/storm-lantern']")`)
	b.pressUntil(kb.ArrowDown, `document.querySelector(".suggestions a.chosen[href='/p/storm-lantern']")`)
	b.press(kb.Enter)
	b.until(`location.pathname === "/p/storm-lantern"`)
	b.tabTo("Add to cart")
	b.press(kb.Enter)
	b.says("It is in your cart.")
	b.tabTo("Checkout")
	b.press(kb.Enter)
	b.says("Where shall it go?")
	for _, field := range []struct{ name, text string }{
		{"email", "k@example.com"}, {"name", "Key Board"}, {"line1", "Deich 2"}, {"postcode", "25746"}, {"city", "Heide"},
	} {
		b.tabTo(field.name)
		b.do(chromedp.KeyEvent(field.text))
	}
	b.press(kb.Enter)
	b.says("How shall it come?")
	b.tabTo("Continue")
	b.press(kb.Enter)
	b.until(`document.querySelector("iframe") && document.querySelector("iframe").contentDocument.querySelector("#number")`)
	b.tabTo("number")
	b.do(chromedp.KeyEvent("4242424242424242"))
	b.tabTo("expiry")
	b.do(chromedp.KeyEvent("12/30"))
	b.tabTo("cvc")
	b.do(chromedp.KeyEvent("123"))
	b.press(kb.Enter)
	b.says("Card ending in 4242")
	b.tabTo("Pay ")
	b.press(kb.Enter)
	b.says("Thank you for your order")
}

func buyWithoutScripts(t *testing.T, browser context.Context, site string) {
	b := newTab(t, browser, site, 1360, "en")
	if _, err := chromedp.Call(b.ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}); err != nil {
		t.Fatal(err)
	}
	b.open("/")
	b.fill("#q", "blanket")
	b.press(kb.Enter)
	b.says("Search for “blanket”")
	b.click(`.grid a[href="/p/wool-blanket"]`)
	b.click(`.option li:nth-child(3) a`)
	b.says("Colour: Clay")
	b.click(".add button")
	b.says("It is in your cart.")
	b.click(".summary a.main")
	b.address()
	b.pay(secureCard)
	b.says("Your bank asks you to confirm")
	b.inFrame(`[value=yes]`)
	b.says("Thank you for your order")
	b.do(chromedp.SetValue(chromedp.CSS("#language"), "de"))
	b.click(".preferences button")
	b.says("Danke für deine Bestellung")
}

func buyOnAPhone(t *testing.T, browser context.Context, site string) {
	b := newTab(t, browser, site, 390, "en")
	for name, path := range map[string]string{
		"home": "/", "category": "/c/clothing", "product": "/p/lambswool-sweater", "search": "/search?q=wool", "login": "/login", "gift-card": "/p/gift-card",
	} {
		b.open(path)
		b.until(`document.documentElement.scrollWidth <= innerWidth`) // nothing sticks out
		b.shot("phone-" + name)
	}
	b.open("/p/harbour-roast")
	b.click(".add button")
	b.says("It is in your cart.")
	b.until(`document.documentElement.scrollWidth <= innerWidth`)
	b.shot("phone-cart")
	b.click(".summary a.main")
	b.address()
	b.until(`document.documentElement.scrollWidth <= innerWidth`)
	b.shot("phone-payment")
	b.pay(goodCard)
	b.says("Thank you for your order")
	b.until(`document.documentElement.scrollWidth <= innerWidth`)
	b.shot("phone-order")
}

// workInTheOffice logs in as staff and looks at every page that the menu leads
// to, also on a phone, and sends an order.
func workInTheOffice(t *testing.T, browser context.Context, site string) {
	axe := readAxe(t)
	b := newTab(t, browser, site, 1360, "en")
	b.open("/p/oak-board")
	b.click(".add button")
	b.says("It is in your cart.")
	b.open("/checkout")
	b.address()
	b.pay(goodCard)
	b.says("Thank you for your order")
	order := b.path()
	b.open("/admin/")
	b.fill("[name=email]", staffEmail)
	b.fill("[name=password]", staffPassword)
	b.click("main button")
	b.says("Overview")
	for _, width := range []int64{1360, 390} {
		b.do(chromedp.EmulateViewport(width, 900))
		for _, page := range []string{
			"/", "/orders", "/products", "/categories", "/stock", "/customers", "/promotions", "/search", "/price-lists", "/terms", "/balances", "/health", "/backups",
		} {
			b.open("/admin" + page)
			b.until(`document.querySelector("h1")`)
			b.until(`document.documentElement.scrollWidth <= innerWidth`)
			b.shot(fmt.Sprintf("admin-%d%s", width, strings.ReplaceAll(page, "/", "-")))
			if width > 1000 {
				b.ask(axe, "/admin"+page)
			}
		}
	}
	b.open("/admin/products?q=oak")
	b.click(`td a[href*="/products/"]`)
	b.says("Stock")
	b.until(`document.documentElement.scrollWidth <= innerWidth`)
	b.shot("admin-product")
	b.ask(axe, "/admin/products/…")
	b.open("/admin" + order)
	b.says("Draw up what is lacking")
	for _, width := range []int64{1360, 390} {
		b.do(chromedp.EmulateViewport(width, 900))
		b.until(`document.documentElement.scrollWidth <= innerWidth`)
		b.shot(fmt.Sprintf("admin-%d-order", width))
		b.ask(axe, "/admin/orders/…")
	}
	b.changes(axe)
	b.paysTheChange(axe, order)
}

// divideTheCart sends a part of a cart to another address, in German, and looks at
// each step as narrow as a phone, too.
func divideTheCart(t *testing.T, browser context.Context, site string) {
	axe := readAxe(t)
	b := newTab(t, browser, site, 1360, "de")
	look := func(page string) {
		b.t.Helper()
		for _, width := range []int64{390, 1360} {
			b.do(chromedp.EmulateViewport(width, 900))
			b.until(`document.documentElement.scrollWidth <= innerWidth`)
			b.ask(axe, page)
			b.shot(fmt.Sprintf("de-%d-split-%s", width, page))
		}
	}
	b.open("/p/oak-board")
	b.do(chromedp.SetValue(chromedp.CSS(`.add [name=quantity]`), "3"))
	b.click(".add button")
	b.says("Liegt in deinem Warenkorb.")
	b.open("/p/camp-mug")
	b.click(".add button")
	b.says("Liegt in deinem Warenkorb.")
	b.open("/checkout")
	b.fill("#f-email", "ada@example.com")
	b.writesTo("Ada Byron", "Hafenstraße 1", "24103", "Kiel")
	b.until(`location.pathname === "/checkout/delivery"`)
	b.click(`a[href="/checkout/split"]`)
	b.says("Mehrere Lieferungen")
	look("one")
	b.click(`a[href="/checkout/split/new"]`)
	b.says("Wohin soll es gehen?")
	look("address")
	b.writesTo("Grace Hopper", "Elbchaussee 1", "22763", "Hamburg")
	b.says("Dorthin geht noch nichts.")
	b.do(chromedp.SetValue(chromedp.CSS(`.move [name=quantity]`), "2"))
	b.tabTo("Verschieben")
	b.press(kb.Enter)
	b.until(`document.querySelectorAll(".place")[1].querySelectorAll("li").length === 1`)
	look("two")
	b.click(`.two a.main`)
	b.until(`location.pathname === "/checkout/delivery"`)
	look("ways")
	b.click("form button.main")
	b.until(`location.pathname === "/checkout/payment" && document.querySelector("iframe")`)
	look("payment")
	b.pay(goodCard)
	b.says("Danke für deine Bestellung")
	look("order")
}

// writesTo fills in an address and sends it.
func (b tab) writesTo(name, street, postcode, town string) {
	b.t.Helper()
	b.fill("#f-name", name)
	b.fill("#f-line1", street)
	b.fill("#f-postcode", postcode)
	b.fill("#f-city", town)
	b.click("form.fields button.main")
}

// paysTheChange has the shopper pay for what staff have added, in English and on
// a phone, with a bank that asks back.
func (b tab) paysTheChange(axe, order string) {
	b.t.Helper()
	b.open(order)
	b.says("Still to be paid")
	b.ask(axe, "/orders/… with something due")
	b.shot("order-due")
	b.click(".due a")
	b.until(`document.querySelector("iframe")`)
	for _, width := range []int64{1360, 390} {
		b.do(chromedp.EmulateViewport(width, 900))
		b.until(`document.documentElement.scrollWidth <= innerWidth`)
		b.ask(axe, "/orders/…/payment")
		b.shot(fmt.Sprintf("%d-due", width))
	}
	b.pay(declinedCard)
	b.says("The card was declined.")
	b.pay(secureCard)
	b.says("Your bank asks you to confirm")
	b.until(`document.documentElement.scrollWidth <= innerWidth`)
	b.ask(axe, "/orders/…/payment while the bank asks")
	b.shot("390-due-bank")
	b.inFrame(`[value=yes]`)
	b.says("Thank you for your order")
	b.until(`!document.querySelector(".due")`)
}

// changes has staff change what was ordered, on the page of the order.
func (b tab) changes(axe string) {
	b.t.Helper()
	b.click(`a[href$="/change"]`)
	b.says("See what it comes to")
	b.do(chromedp.SetValue(chromedp.CSS(`#line-1`), "2"))
	b.fill("#reason", "They rang up.")
	for _, width := range []int64{1360, 390} {
		b.do(chromedp.EmulateViewport(width, 900))
		b.until(`document.documentElement.scrollWidth <= innerWidth`)
		b.ask(axe, "/admin/orders/…/change")
		b.shot(fmt.Sprintf("admin-%d-change", width))
	}
	b.click("form.card button")
	b.says("Is to be paid afterwards")
	b.until(`document.documentElement.scrollWidth <= innerWidth`)
	b.ask(axe, "what a change comes to")
	b.shot("admin-change-seen")
	b.click(".card form button")
	b.says("The order is changed.")
}
