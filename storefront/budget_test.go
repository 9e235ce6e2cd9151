package storefront_test

import (
	"io"
	"net/http"
	"net/url"
	"path"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// budget is what a page may cost whoever opens it for the first time: bytes as
// they are sent, compressed, and requests. Pictures further down wait until they
// are scrolled to.
type budget struct{ html, css, js, pictures, requests int }

// budgets are the limits that docs/storefront.md promises.
var budgets = map[string]budget{
	"/":              {6 << 10, 7 << 10, 3 << 10, 16 << 10, 10},
	"/c/kitchen":     {6 << 10, 7 << 10, 3 << 10, 16 << 10, 10},
	"/search?q=wool": {6 << 10, 7 << 10, 3 << 10, 16 << 10, 10},
	"/p/rain-coat":   {5 << 10, 7 << 10, 3 << 10, 16 << 10, 10},
	"/cart":          {3 << 10, 7 << 10, 3 << 10, 0, 4},
	"/login":         {3 << 10, 7 << 10, 3 << 10, 0, 4},
	"/nothing":       {3 << 10, 7 << 10, 3 << 10, 0, 4},
}

func TestPagesKeepToTheirBudget(t *testing.T) {
	for page, most := range budgets {
		text, sent := fetch(t, page)
		got := budget{html: sent, requests: 1}
		for _, file := range needed(t, text) {
			body, n := fetch(t, file)
			if len(body) == 0 {
				t.Errorf("%s needs %s, which is not there", page, file)
			}
			got.requests++
			switch at, _, _ := strings.Cut(file, "?"); path.Ext(at) {
			case ".css":
				got.css += n
			case ".js":
				got.js += n
			default:
				got.pictures += n
			}
		}
		t.Logf("%s: %+v", page, got)
		if got.html > most.html || got.css > most.css || got.js > most.js || got.pictures > most.pictures || got.requests > most.requests {
			t.Errorf("%s costs %+v, of at most %+v", page, got, most)
		}
	}
}

// fetch returns a file, and how many bytes of it were sent.
func fetch(t *testing.T, at string) (text string, sent int) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, sample.url+at, nil)
	if err != nil {
		t.Fatal(err)
	}
	plain, err := http.DefaultTransport.RoundTrip(r.Clone(t.Context()))
	if err != nil {
		t.Fatal(err)
	}
	defer plain.Body.Close()
	whole, err := io.ReadAll(plain.Body)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept-Encoding", "gzip") // set by hand, it is not undone
	packed, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer packed.Body.Close()
	n, err := io.Copy(io.Discard, packed.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(whole), int(n)
}

// needed returns what a page loads at once: styles, scripts and pictures that do
// not wait.
func needed(t *testing.T, page string) (files []string) {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for n := range doc.Descendants() {
		at := ""
		switch {
		case n.Data == "link" && attr(n, "rel") == "stylesheet", n.Data == "link" && attr(n, "rel") == "icon":
			at = attr(n, "href")
		case n.Data == "script", n.Data == "img" && attr(n, "loading") != "lazy":
			at = attr(n, "src")
		}
		if at == "" || seen[at] || strings.HasPrefix(at, "data:") {
			continue
		}
		if u, err := url.Parse(at); err != nil || u.Host != "" {
			t.Errorf("the page asks another server for %s", at)
			continue
		}
		seen[at] = true
		files = append(files, at)
	}
	return files
}
