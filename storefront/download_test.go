package storefront_test

import (
	"strings"
	"testing"
	"time"
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
}
