package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// readAxe returns the script of axe-core, whose axe.min.js the variable AXE_CORE
// names, and "" if it names none.
func readAxe(t *testing.T) string {
	t.Helper()
	path := os.Getenv("AXE_CORE")
	if path == "" {
		return ""
	}
	axe, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(axe)
}

// needAxe is readAxe for tests that are about nothing else.
func needAxe(t *testing.T) string {
	t.Helper()
	axe := readAxe(t)
	if axe == "" {
		t.Skip("AXE_CORE does not name axe.min.js: npm pack axe-core, unpack it, and this test looks for what keeps people out (.ci/run does)")
	}
	return axe
}

// everyPageIsAccessible asks axe-core about the rules of WCAG 2.2 AA.
func everyPageIsAccessible(t *testing.T, browser context.Context, site string) {
	axe := needAxe(t)
	b := newTab(t, browser, site, 1360, "en")
	b.open("/p/rain-coat")
	b.click(".add button")
	b.says("It is in your cart.")
	for _, path := range []string{
		"/", "/c/kitchen", "/c/home?f.Colour=Pine", "/p/rain-coat", "/p/pocket-knife", "/search?q=wool", "/search?q=qqqqq", "/cart", "/checkout",
		"/login", "/register", "/password", "/password/new?token=x", "/verify?token=x", "/nothing", "/pages/about", "/bank/card",
	} {
		b.open(path)
		b.ask(axe, path)
	}
	b.open("/checkout")
	b.address()
	b.ask(axe, "/checkout/payment")
	b.pay(secureCard)
	b.says("Your bank asks you to confirm")
	b.ask(axe, "/orders/… pending")
	b.inFrame(`[value=yes]`)
	b.says("Thank you for your order")
	b.ask(axe, "/orders/…")
}

// ask reports what axe-core, if it is there, finds wrong with the page.
func (b tab) ask(axe, page string) {
	b.t.Helper()
	if axe == "" {
		return
	}
	b.do(chromedp.Evaluate[chromedp.Void](axe))
	found, err := chromedp.Run(b.ctx, chromedp.Evaluate[[]string](`axe.run({runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}).then(r =>
		r.violations.map(v => v.id + ": " + v.nodes.map(n => n.target.join(" ") + " (" + n.failureSummary.split("\n").pop().trim() + ")").slice(0, 3).join("; ")))`, chromedp.EvalAwaitPromise))
	if err != nil {
		b.t.Fatal(err)
	}
	if len(found) > 0 {
		b.t.Errorf("%s is not accessible:\n%s", page, strings.Join(found, "\n"))
	}
}

// germanPagesAreAccessible asks the same of the pages in German, as narrow as a
// phone: their words are longer, and their language is another.
func germanPagesAreAccessible(t *testing.T, browser context.Context, site string) {
	axe := needAxe(t)
	b := newTab(t, browser, site, 390, "de")
	b.open("/p/rain-coat")
	b.click(".add button")
	b.says("Liegt in deinem Warenkorb.")
	for _, path := range []string{
		"/", "/c/kitchen", "/c/home?f.Farbe=Kiefer", "/p/rain-coat", "/search?q=Wolle", "/search?q=qqqqq", "/cart", "/cart?note=added", "/login", "/register", "/password", "/nothing", "/pages/about", "/bank/card?lang=de",
	} {
		b.open(path)
		b.ask(axe, path)
	}
	b.open("/checkout")
	b.do(chromedp.Evaluate[chromedp.Void](`document.querySelector("form.fields").noValidate = true`))
	b.click("form.fields button.main")
	b.until(`document.querySelector("[aria-invalid]")`)
	b.ask(axe, "/checkout with mistakes")
	b.address()
	b.pay(declinedCard)
	b.says("Die Karte wurde abgelehnt.")
	b.ask(axe, "/checkout/payment after a decline")
	b.open("/checkout/delivery")
	b.ask(axe, "/checkout/delivery")
}

// ordersAreAccessible asks about what comes after buying: the account, and an
// order that is confirmed, sent, invoiced and sent back, also on a phone, where
// nothing sticks out.
func ordersAreAccessible(t *testing.T, browser context.Context, site string) {
	axe := readAxe(t)
	b := newTab(t, browser, site, 390, "de")
	b.open("/register")
	b.fill("#f-name", "Emmy Noether")
	b.fill("#f-email", "emmy@example.com")
	b.fill("#f-password", "what is kept is symmetric")
	b.click("form.fields button")
	b.says("Du hast noch nichts bestellt.")
	b.ask(axe, "/account without orders")
	b.open("/p/oak-board")
	b.click(".add button")
	b.says("Liegt in deinem Warenkorb.")
	b.open("/checkout")
	b.fill("#f-line1", "Hafenstraße 1")
	b.fill("#f-postcode", "24103")
	b.fill("#f-city", "Kiel")
	b.click("[name=save]")
	b.click("form.fields button.main")
	b.until(`location.pathname === "/checkout/delivery"`)
	b.click("form.panel button.main")
	b.until(`location.pathname === "/checkout/payment" && document.querySelector("iframe")`)
	b.pay(secureCard)
	b.says("Deine Bank bittet um Bestätigung")
	b.ask(axe, "an order that waits")
	b.inFrame(`[value=yes]`)
	b.says("Danke für deine Bestellung")
	order := b.path()
	b.isSent(browser, order)

	b.open(order)
	b.click(`a[href$="/return"]`)
	b.until(`document.querySelector("#f-reason")`)
	back := b.path()
	b.click("form.fields button.main") // without saying how many
	b.until(`document.querySelector("[role=alert]")`)
	b.ask(axe, "a return without goods")
	b.shot("de-390-return-asked")
	b.do(chromedp.SetValue(chromedp.CSS(`[name^="line-"]`), "1"))
	b.click("form.fields button.main")
	b.until(`location.pathname === ` + quote(order))
	invoice := b.link(`a[href*="/documents/"]`)
	for name, path := range map[string]string{"order-sent": order, "return": back, "account": "/account", "address": "/account/address", "invoice": invoice} {
		for _, width := range []int64{1360, 390} {
			b.do(chromedp.EmulateViewport(width, 900))
			b.open(path)
			b.ask(axe, path)
			b.shot(fmt.Sprintf("de-%d-%s", width, name))
			b.until(`document.documentElement.scrollWidth <= innerWidth`)
		}
	}
}

// isSent has the staff send an order and draw up its invoice.
func (b tab) isSent(browser context.Context, order string) {
	b.t.Helper()
	staff := newTab(b.t, browser, b.site, 1360, "en")
	staff.open("/admin" + order)
	staff.fill("[name=email]", staffEmail)
	staff.fill("[name=password]", staffPassword)
	staff.click("main button")
	staff.says("Overview")
	staff.open("/admin" + order)
	staff.fill("#tracking", "JD0001")
	staff.click(`form[action$="/ship"] button`)
	staff.until(`!document.querySelector('form[action$="/ship"]')`)
	staff.click(`form[action$="/issue"] button`)
	staff.until(`document.querySelector('a[href*="/documents/"]')`)
}

// path is where the tab is.
func (b tab) path() string {
	b.t.Helper()
	at, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](`location.pathname`))
	if err != nil {
		b.t.Fatal(err)
	}
	return at
}

// link returns where a link on the page leads, waiting for it.
func (b tab) link(css string) string {
	b.t.Helper()
	b.until(`document.querySelector(` + quote(css) + `)`)
	to, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](`document.querySelector(`+quote(css)+`).getAttribute("href")`))
	if err != nil {
		b.t.Fatal(err)
	}
	return to
}
