package documents_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/checkout"
	"github.com/keelshop/commerce/documents"
	"github.com/keelshop/commerce/orders"
)

var update = flag.Bool("update", false, "write golden files instead of comparing with them")

func TestPagesGolden(t *testing.T) {
	s := newShop(t)
	p, err := documents.NewPrinter()
	s.must(err)
	o := s.buys(checkout.Complete{})
	s.issue(o.ID, 1)
	s.grant(orders.GrantRefund{Order: o.ID, Lines: []orders.RefundLine{{Line: 1, Amount: euro(500)}, {Line: 2, Quantity: 2}}, Other: euro(250)})
	for i, d := range s.issue(o.ID, 2) {
		d.OrderNumber = "1KAJ-3W7Q-8Z5D-4F6G" // made of the time and chance
		to, err := s.Documents.Contact(t.Context(), d)
		s.must(err)
		for _, language := range []string{"en", "de-AT"} {
			var b bytes.Buffer
			s.must(p.HTML(&b, d, to, language))
			golden(t, string(d.Kind)+"."+language[:2]+".html", b.Bytes())
			if i == 0 && !strings.Contains(b.String(), "<style>") {
				t.Error("the page has no styles")
			}
			_, style, _ := strings.Cut(b.String(), "<style>")
			style, _, _ = strings.Cut(style, "</style>")
			if sum := sha256.Sum256([]byte(style)); p.StyleSource() != "'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+"'" {
				t.Error("the policy that the printer names does not allow its own styles")
			}
		}
	}
}

// TestPagesEscape: a name is text, whatever it looks like.
func TestPagesEscape(t *testing.T) {
	p, err := documents.NewPrinter()
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	d := documents.Document{Kind: documents.Invoice, Currency: "EUR", Lines: []documents.Line{{Kind: documents.Goods, Title: "<b>bold</b>"}}}
	to := cart.Contact{BillingAddress: accounts.Address{Name: "<script>alert(1)</script>", Line1: "x"}}
	if err := p.HTML(&b, d, to, ""); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(b.String(), "<script>") || strings.Contains(b.String(), "<b>") {
		t.Errorf("a text became markup: %s", b.String())
	}
	b.Reset()
	if err := p.HTML(&b, d, cart.Contact{Erased: true}, "en"); err != nil || !strings.Contains(b.String(), "was erased") {
		t.Errorf("the page of an erased shopper is %s, %v", b.String(), err)
	}
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s is not what is printed; run go test ./documents -run Golden -update and look at the page", file)
	}
}
