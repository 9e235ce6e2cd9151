package httpapi_test

import (
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/keelshop/commerce/httpapi"
)

func TestThePageNeedsNothingFromElsewhere(t *testing.T) {
	w := newWorld(t, httpapi.Options{Prefix: "/shop/api"})
	page := w.must(200, "", "GET", "/docs", "")
	for _, link := range regexp.MustCompile(`(?:src|href)="([^"]*)"`).FindAllStringSubmatch(page.text, -1) {
		if !strings.HasPrefix(link[1], "#") && !strings.HasPrefix(link[1], "/shop/api/") {
			t.Errorf("the page asks for %s", link[1])
		}
	}
	if strings.Contains(page.text, "<script") || strings.Contains(page.text, "style=") {
		t.Error("the page has scripts or styles within, which its own policy forbids")
	}
	for _, want := range []string{"POST", "/carts/{cart}/checkout", `id="inventory.out_of_stock"`, `id="check-out"`} {
		if !strings.Contains(page.text, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	if css := w.must(200, "", "GET", "/docs.css", ""); css.header.Get("Content-Type") != "text/css; charset=utf-8" {
		t.Errorf("the style comes as %s", css.header.Get("Content-Type"))
	}
	w.must(304, "", "GET", "/docs", "", "If-None-Match", page.header.Get("ETag"))
	if doc := w.must(200, "", "GET", "/openapi.json", ""); doc.at("servers.0.url") != "/shop/api" {
		t.Errorf("the document's server is %v", doc.at("servers.0.url"))
	}
}

// TestTheDocumentIsMadeOnce, by the first of many who ask for it at once, while
// others read the same schemas.
func TestTheDocumentIsMadeOnce(t *testing.T) {
	w := newWorld(t)
	bodies := make([]string, 16)
	var all sync.WaitGroup
	for i := range bodies {
		all.Go(func() {
			path := []string{"/openapi.json", "/docs"}[i%2]
			w.ask("", "POST", "/carts", `{"lines":[]}`)
			bodies[i] = w.ask("", "GET", path, "").text
		})
	}
	all.Wait()
	for i, body := range bodies {
		if len(body) < 10_000 || body != bodies[i%2] {
			t.Errorf("the answer %d has %d bytes, which are not those of the first", i, len(body))
		}
	}
}

func TestOptionsThatCannotBeMeant(t *testing.T) {
	w := newWorld(t)
	for name, o := range map[string]httpapi.Options{
		"prefix without /":  {Prefix: "api"},
		"prefix with / end": {Prefix: "/api/"},
		"pattern as prefix": {Prefix: "/{api}"},
		"unknown provider":  {PayWith: []string{"gold"}},
		"odd origin":        {TrustedOrigins: []string{"shop"}},
	} {
		if _, err := httpapi.New(w.shop, o); err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
}
