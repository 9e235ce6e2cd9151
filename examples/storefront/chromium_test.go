package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/commercetest"
	"github.com/keelshop/commerce/internal/samplegoods"
	"github.com/keelshop/commerce/metrics"
	"github.com/keelshop/commerce/payments/simulator"
)

// patience is how long a page may take before a test gives up on it.
const patience = 2 * time.Minute

// startShop opens the example as main does, and returns its address.
func startShop(t *testing.T) string {
	t.Helper()
	bank := simulator.New(simulator.WithURL("/bank"))
	shop := commercetest.Open(t, commerce.WithPayments(bank))
	if _, err := samplegoods.Load(t.Context(), shop); err != nil {
		t.Fatal(err)
	}
	finders, err := openFinders(t.Context(), shop)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeFinders(finders) })
	if err := hireStaff(t.Context(), shop, staffPassword, io.Discard); err != nil {
		t.Fatal(err)
	}
	handler, err := parts{shop, bank, finders, &console{to: io.Discard}, nil, slog.New(slog.DiscardHandler), metrics.New()}.routes()
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server.URL
}

const staffPassword = "only for the tests of it"

// startChromium starts a browser without a window, or skips the test where
// there is none.
func startChromium(t *testing.T) context.Context {
	t.Helper()
	path := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			path = found
			break
		}
	}
	if path == "" {
		t.Skip("there is no Chromium here: apt-get install chromium, and this test buys things in it")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.Flag("disable-dev-shm-usage", true),
		chromedp.Flag("force-prefers-reduced-motion", true)) // no smooth scrolling: what is clicked stands still
	if os.Geteuid() == 0 {
		options = append(options, chromedp.NoSandbox) // it refuses to run as root otherwise
	}
	allocator, stop := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(stop)
	browser, end := chromedp.NewContext(allocator)
	t.Cleanup(end)
	if err := chromedp.Do(browser); err != nil {
		t.Fatalf("starting %s: %v", path, err)
	}
	return browser
}

// tab is a page in a browser, with cookies of its own.
type tab struct {
	t    *testing.T
	ctx  context.Context
	site string
}

// newTab opens a tab of a width, for somebody who reads a language.
func newTab(t *testing.T, browser context.Context, site string, width int64, language string) tab {
	t.Helper()
	ctx, end := chromedp.NewContext(browser, chromedp.WithNewBrowserContext())
	t.Cleanup(end)
	if err := chromedp.Do(ctx, chromedp.EmulateViewport(width, 900)); err != nil {
		t.Fatal(err)
	}
	focus := emulation.SetFocusEmulationEnabledParams{Enabled: true} // several tabs at once: each as if it were in front
	if _, err := chromedp.Call(ctx, emulation.SetFocusEmulationEnabled, focus); err != nil {
		t.Fatal(err)
	}
	headers := network.SetExtraHTTPHeadersParams{Headers: network.Headers{"Accept-Language": language}}
	if _, err := chromedp.Call(ctx, network.SetExtraHTTPHeaders, headers); err != nil {
		t.Fatal(err)
	}
	return tab{t, ctx, site}
}

func (b tab) do(actions ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, stop := context.WithTimeout(b.ctx, patience)
	defer stop()
	for _, a := range actions {
		err := chromedp.Do(ctx, a)
		for ; stale(err) && ctx.Err() == nil; err = chromedp.Do(ctx, a) {
			time.Sleep(20 * time.Millisecond)
		}
		if err != nil {
			b.t.Fatalf("%v\nat %s", err, b.where())
		}
	}
}

// stale reports whether an element was gone before anything was done with it:
// a page that finishes loading numbers its elements anew.
func stale(err error) bool {
	return err != nil && (strings.Contains(err.Error(), "Could not find node with given id") || strings.Contains(err.Error(), "No node with given id"))
}

func (b tab) where() string {
	at, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](`location.href + "\n" + document.body.innerText`))
	if err != nil {
		return err.Error()
	}
	return at
}

func (b tab) open(path string) {
	b.t.Helper()
	b.do(chromedp.Navigate(b.site + path))
}

func (b tab) click(css string) {
	b.t.Helper()
	b.do(chromedp.Click(chromedp.CSS(css)))
}

func (b tab) fill(css, text string) {
	b.t.Helper()
	b.do(chromedp.SendKeys(chromedp.CSS(css), text))
}

func (b tab) press(keys ...string) {
	b.t.Helper()
	for _, k := range keys {
		b.do(chromedp.KeyEvent(k))
	}
}

// pressUntil presses a key again and again until an expression is true.
func (b tab) pressUntil(key, expression string) {
	b.t.Helper()
	for range 20 {
		b.press(key)
		if ok, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool](`Boolean(`+expression+`)`)); err == nil && ok {
			return
		}
	}
	b.t.Fatalf("however often a key is pressed, %s does not become true\nat %s", expression, b.where())
}

// until waits for an expression to become true. While a page is loading, it
// cannot be evaluated, which is not an error.
func (b tab) until(expression string) {
	b.t.Helper()
	ctx, stop := context.WithTimeout(b.ctx, patience)
	defer stop()
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for {
		if ok, err := chromedp.Run(ctx, chromedp.Evaluate[bool](`Boolean(`+expression+`)`)); err == nil && ok {
			return
		}
		select {
		case <-ctx.Done():
			b.t.Fatalf("%s never became true\nat %s", expression, b.where())
		case <-again.C:
		}
	}
}

// says waits until the page shows a text.
func (b tab) says(text string) {
	b.t.Helper()
	b.until(fmt.Sprintf(`document.body.innerText.replaceAll("\u00a0", " ").includes(%s)`, quote(text)))
}

// inFrame clicks something in the page's frame.
func (b tab) inFrame(css string) {
	b.t.Helper()
	found := fmt.Sprintf(`document.querySelector("iframe").contentDocument.querySelector(%s)`, quote(css))
	b.until(found)
	b.do(chromedp.Evaluate[chromedp.Void](found + `.click()`))
}

func quote(text string) string {
	out, err := json.Marshal(text)
	if err != nil {
		panic(err) // strings always encode
	}
	return string(out)
}

// shot keeps a picture of the page in the directory that STOREFRONT_SHOTS
// names, if it does.
func (b tab) shot(name string) {
	b.t.Helper()
	dir := os.Getenv("STOREFRONT_SHOTS")
	if dir == "" {
		return
	}
	b.until(`(document.querySelectorAll("img[loading=lazy]").forEach(i => i.loading = "eager"), [...document.images].every(i => i.complete))`)
	picture, err := chromedp.Run(b.ctx, chromedp.FullScreenshot(100))
	if err == nil {
		err = os.MkdirAll(dir, 0o755)
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, name+".png"), picture, 0o644)
	}
	if err != nil {
		b.t.Fatal(err)
	}
}

// focused tells what has the focus, also inside a frame: its text, label or
// name.
func (b tab) focused() string {
	b.t.Helper()
	text, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](`(() => {
		let e = document.activeElement;
		if (e && e.tagName === "IFRAME") e = e.contentDocument.activeElement;
		if (!e || e === document.body) return "";
		return (e.getAttribute("name") || "") + " " + (e.innerText || e.getAttribute("aria-label") || e.id || "");
	})()`))
	if err != nil {
		b.t.Fatal(err)
	}
	return strings.TrimSpace(text)
}

// tabTo presses the tabulator until something has the focus whose name or text
// contains what is wanted, and whose focus can be seen.
func (b tab) tabTo(want string) {
	b.t.Helper()
	for range 120 {
		b.press(kb.Tab)
		if !strings.Contains(b.focused(), want) {
			continue
		}
		b.until(`(() => {
			let e = document.activeElement;
			if (e.tagName === "IFRAME") e = e.contentDocument.activeElement;
			return getComputedStyle(e).outlineStyle !== "none";
		})()`)
		return
	}
	b.t.Fatalf("the tabulator does not lead to %q\nat %s", want, b.where())
}
