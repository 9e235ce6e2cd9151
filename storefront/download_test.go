package storefront_test

import (
	"net/http/httptest"
	"path"
	"strings"
	"testing"
	"time"

	"github.com/keelshop/commerce/downloads"
	"github.com/keelshop/commerce/orders"
)

// TestAPatternIsDownloaded: what is digital needs no address to be sent to, is
// there once it is paid, and as often as it says.
func TestAPatternIsDownloaded(t *testing.T) {
	b := sample.visitor(t)
	b.submitAt("/p/beanie-pattern", "/cart/add", nil)
	b.open("/checkout")
	b.submit("/checkout", ada)
	b.open("/checkout/payment")
	b.payWith("4242424242424242")
	b.want(200, "Thank you for your order", "Your downloads", "beanie-pattern.pdf")
	page := b.at.Path
	for deadline := time.Now().Add(time.Minute); !strings.Contains(b.text, "3 downloads left"); b.open(page) {
		if time.Now().After(deadline) {
			t.Fatalf("nothing was delivered: %s", b.text)
		}
	}
	b.submit(page+"/downloads", nil)
	if !strings.HasPrefix(b.text, "%PDF-1.4") || !strings.Contains(b.text, "cast on 88 stitches") {
		t.Fatalf("downloaded %.200q", b.text)
	}
	b.open(page)
	b.want(200, "2 downloads left")
	stranger := sample.visitor(t)
	stranger.do("GET", page, nil)
	stranger.want(404)

	order := orders.ID(path.Base(page))
	link, err := sample.store.Downloads.Link(t.Context(), downloads.Link{Order: order, Line: 1, File: 1})
	if err != nil {
		t.Fatal(err)
	}
	files, err := sample.store.Downloads.ByOrder(t.Context(), order)
	if err != nil {
		t.Fatal(err)
	}
	stranger.do("GET", "/media/"+string(files[0].Asset), nil) // its buyers know the hash
	stranger.want(404)
	byLetter := "/downloads/" + link.Token.Reveal()
	for range 2 { // what reads letters follows links
		stranger.open(byLetter)
		stranger.want(200, "beanie-pattern.pdf", "2 downloads left")
	}
	w := httptest.NewRecorder()
	sample.handler.ServeHTTP(w, httptest.NewRequest("GET", byLetter, nil))
	if kept := w.Header().Get("Cache-Control"); kept == "" || strings.Contains(kept, "public") {
		t.Errorf("the page of a link is kept: %q", kept)
	}
	if !strings.Contains(w.Body.String(), "noindex") {
		t.Error("search engines may list the page of a link")
	}
	for left := 1; left >= 0; left-- {
		stranger.open(byLetter)
		stranger.submit(byLetter, nil)
		if !strings.HasPrefix(stranger.text, "%PDF-1.4") {
			t.Fatalf("the link led to %.200q", stranger.text)
		}
	}
	stranger.open(byLetter)
	stranger.want(200, "Downloaded as often as possible")
	stranger.do("POST", byLetter, nil)
	stranger.want(200, "Downloaded as often as possible")
	for _, wrong := range []string{"x", "dwn_x", byLetter[len("/downloads/"):] + "x", strings.Repeat("y", 300)} {
		stranger.do("GET", "/downloads/"+wrong, nil)
		stranger.want(404)
	}
}
