package storefront

import (
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/currency"
	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"
	"golang.org/x/text/language/display"
	"golang.org/x/text/message"
	"golang.org/x/text/message/catalog"

	"github.com/keelshop/commerce/money"
)

// locale is a language that the storefront speaks. It is safe for concurrent
// use.
type locale struct {
	Code    string // as in "de"
	Name    string // in its own language
	tag     language.Tag
	printer *message.Printer
	regions display.Namer
	point   string // of decimal numbers
	after   bool   // the currency stands behind the number
	dates   string // as time.Format takes it
}

// newLocales returns the languages, the default first.
func newLocales() []*locale {
	texts := catalog.NewBuilder(catalog.Fallback(language.English))
	for key, text := range germanTexts {
		must(texts.SetString(language.German, key, text))
	}
	for key, text := range englishTexts {
		must(texts.SetString(language.English, key, text))
	}
	for key, forms := range plurals {
		must(texts.Set(language.English, key, plural.Selectf(1, "%d", "=1", forms[0], "other", forms[1])))
		must(texts.Set(language.German, key, plural.Selectf(1, "%d", "=1", forms[2], "other", forms[3])))
	}
	all := []*locale{
		{Code: "en", Name: "English", tag: language.English, regions: display.English.Regions(), point: ".", dates: "2 January 2006"},
		{Code: "de", Name: "Deutsch", tag: language.German, regions: display.German.Regions(), point: ",", dates: "02.01.2006", after: true},
	}
	for _, l := range all {
		l.printer = message.NewPrinter(l.tag, message.Catalog(texts))
	}
	return all
}

// newMatcher finds the locale that a browser asks for, by its index.
func newMatcher(locales []*locale) language.Matcher {
	tags := make([]language.Tag, len(locales))
	for i, l := range locales {
		tags[i] = l.tag
	}
	return language.NewMatcher(tags)
}

// must is for texts of this package, which the tests read.
func must(err error) {
	if err != nil {
		panic(err)
	}
}

// text returns a text in the locale's language. Its key is the English one.
func (l *locale) text(key string, args ...any) string { return l.printer.Sprintf(key, args...) }

// name translates the name of a thing that the shop named, such as a way to
// send goods, if it is one that the storefront knows.
func (l *locale) name(s string) string {
	if other, ok := germanTexts[s]; ok && l.Code == "de" {
		return other
	}
	return s
}

// number writes a whole number with its separators of thousands.
func (l *locale) number(n int64) string { return l.printer.Sprintf("%d", n) }

// decimal writes a decimal number, which has a point, without such separators.
func (l *locale) decimal(text string) string { return strings.Replace(text, ".", l.point, 1) }

// percent writes a rate of whole or decimal percents: 19 %, 5.5 %.
func (l *locale) percent(r money.Rate) string {
	text, ok := strings.CutSuffix(r.String(), "%")
	if !ok {
		return r.String() // a fraction, such as 1/3
	}
	text = strings.Replace(text, ".", l.point, 1)
	if l.after {
		return text + "\u00a0%"
	}
	return text + "%"
}

// money writes an amount as people of the locale do: €12.50, 12,50 €. The zero
// Amount, which is no price, is "".
func (l *locale) money(a money.Amount) string {
	if a.Currency() == "" {
		return ""
	}
	whole, fraction, _ := strings.Cut(strings.TrimPrefix(a.Decimal(), "-"), ".")
	n, err := strconv.ParseInt(whole, 10, 64)
	if err != nil { // not a decimal: as money has it
		return a.String()
	}
	text := l.number(n)
	if fraction != "" {
		text += l.point + fraction
	}
	if l.after {
		text += "\u00a0" + l.symbol(a.Currency())
	} else {
		text = l.symbol(a.Currency()) + text
	}
	if a.IsNegative() {
		text = "−" + text
	}
	return text
}

func (l *locale) symbol(c money.Currency) string {
	unit, err := currency.ParseISO(string(c))
	if err != nil {
		return string(c)
	}
	symbol := l.printer.Sprint(currency.NarrowSymbol(unit))
	if symbol == string(c) && !l.after {
		symbol += "\u00a0" // CHF 5.00
	}
	return symbol
}

func (l *locale) date(t time.Time) string { return t.Format(l.dates) }

// country returns the name of a country by its ISO 3166-1 code.
func (l *locale) country(code string) string {
	region, err := language.ParseRegion(code)
	if err != nil {
		return code
	}
	return l.regions.Name(region)
}
