package documents

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"math/big"
	"strings"
	"time"

	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/pricing"
)

//go:embed document.html document.css
var files embed.FS

// Printer writes documents as HTML pages that print well. It is safe for
// concurrent use.
type Printer struct {
	page  *template.Template
	style string
}

// NewPrinter returns a Printer.
func NewPrinter() (*Printer, error) {
	style, err := files.ReadFile("document.css")
	if err != nil {
		return nil, err
	}
	page, err := template.New("document.html").Funcs(template.FuncMap{"css": func() template.CSS { return template.CSS(style) }}).ParseFS(files, "document.html")
	if err != nil {
		return nil, fmt.Errorf("reading the template of documents: %w", err)
	}
	return &Printer{page: page, style: string(style)}, nil
}

// StyleSource returns what a content security policy must allow for a page's
// styles, as in 'sha256-…'. The pages need nothing else.
func (p *Printer) StyleSource() string {
	sum := sha256.Sum256([]byte(p.style))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// HTML writes a document for its contact in a language: "de", or English for
// any other. deliveries are where its goods went, if to several places: see
// Service.Deliveries. Nothing is written if it fails.
func (p *Printer) HTML(w io.Writer, d Document, to cart.Contact, language string, deliveries ...cart.DeliveryAddress) error {
	l := english
	if base, _, _ := strings.Cut(strings.ToLower(language), "-"); base == "de" {
		l = german
	}
	var b bytes.Buffer
	if err := p.page.Execute(&b, sheet{Document: d, To: to, Deliveries: deliveries, l: l}); err != nil {
		return fmt.Errorf("printing document %s: %w", d.ID, err)
	}
	_, err := w.Write(b.Bytes())
	return err
}

// sheet is a document as the template sees it.
type sheet struct {
	Document
	To         cart.Contact
	Deliveries []cart.DeliveryAddress
	l          *locale
}

// Lang returns the language of the page.
func (s sheet) Lang() string { return s.l.code }

// T returns a text in the language of the page. Its key is the English one.
func (s sheet) T(key string) string {
	if text, ok := s.l.texts[key]; ok {
		return text
	}
	return key
}

// Heading returns what the document is called.
func (s sheet) Heading() string {
	if s.Kind == CreditNote {
		return s.T("Credit note")
	}
	return s.T("Invoice")
}

// Date returns a day; "" for none.
func (s sheet) Date(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(s.l.date)
}

// Money returns an amount with its currency.
func (s sheet) Money(a money.Amount) string {
	return s.l.number(a.Decimal()) + "\u00a0" + string(a.Currency())
}

// Minor returns an amount of minor units.
func (s sheet) Minor(minor int64) string { return s.Money(money.New(minor, s.Currency)) }

// Percent returns the rate of a tax, as in 19 %; "" if it has none.
func (s sheet) Percent(t pricing.TaxSum) string {
	if t.Rate == (money.Rate{}) {
		return ""
	}
	percent := new(big.Rat).SetFrac64(t.Rate.Num(), t.Rate.Den())
	text := percent.Mul(percent, big.NewRat(100, 1)).FloatString(4)
	text = strings.TrimSuffix(strings.TrimRight(text, "0"), ".")
	return strings.ReplaceAll(text, ".", s.l.point) + "\u00a0%"
}

// Title returns what a row is called.
func (s sheet) Title(l Line) string {
	switch {
	case l.Kind == Shipping && l.Title == "":
		return s.T("Shipping")
	case l.Kind == Shipping:
		return s.T("Shipping") + ": " + l.Title
	case l.Kind == Fee && l.Title == "":
		return s.T("Fees")
	case l.Kind == Other && l.Title == "":
		return s.T("Credited before")
	}
	return l.Title
}

// Recipient returns the rows of the address that the document is for.
func (s sheet) Recipient() []string {
	a := s.To.BillingAddress
	if a.Line1 == "" && a.City == "" {
		a = s.To.ShippingAddress
	}
	return s.rows(a)
}

// Rows returns the rows of an address that goods went to.
func (s sheet) Rows(d cart.DeliveryAddress) []string { return s.rows(d.Address) }

func (s sheet) rows(a accounts.Address) []string {
	name := a.Name.Reveal()
	if name == "" {
		name = s.To.Name.Reveal()
	}
	town := strings.TrimSpace(a.Postcode.Reveal() + " " + a.City.Reveal())
	if region := a.Region.Reveal(); region != "" {
		town += ", " + region
	}
	var out []string
	for _, row := range []string{a.Company.Reveal(), name, a.Line1.Reveal(), a.Line2.Reveal(), town, a.Country} {
		if row != "" {
			out = append(out, row)
		}
	}
	return out
}

// locale is a language that documents are printed in.
type locale struct {
	code, point, group, date string
	texts                    map[string]string
}

// number writes a decimal number as the language does, in groups of three.
func (l *locale) number(decimal string) string {
	sign := ""
	if strings.HasPrefix(decimal, "-") {
		sign, decimal = "−", decimal[1:]
	}
	whole, part, fraction := strings.Cut(decimal, ".")
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + l.group + whole[i:]
	}
	if fraction {
		whole += l.point + part
	}
	return sign + whole
}
