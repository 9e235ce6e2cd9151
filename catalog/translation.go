package catalog

import (
	"cmp"
	"slices"
	"strings"

	"github.com/keelshop/commerce/fault"
)

// Translation is what the texts of a product or category are in another
// language than the shop's own. A text that is "" falls back.
type Translation struct {
	// Locale is a BCP 47 tag of language, script and region, as in "de",
	// "de-AT" or "zh-Hant-TW".
	Locale      string `cbor:"1,keyasint" json:"locale"`
	Title       string `cbor:"2,keyasint,omitempty" json:"title,omitempty"`
	Description string `cbor:"3,keyasint,omitempty" json:"description,omitempty"`
	SEO         SEO    `cbor:"4,keyasint,omitempty" json:"seo,omitzero"`
	// Terms are option names and values, and names, units and values of
	// attributes. One that is not here falls back.
	Terms []Term `cbor:"5,keyasint,omitempty" json:"terms,omitempty"`
}

// Term is a short text and what it is in another language.
type Term struct {
	Text        string `cbor:"1,keyasint" json:"text"`
	Translation string `cbor:"2,keyasint" json:"translation"`
}

func (t Translation) equal(other Translation) bool {
	return t.Locale == other.Locale && t.Title == other.Title && t.Description == other.Description &&
		t.SEO == other.SEO && slices.Equal(t.Terms, other.Terms)
}

// Fallbacks returns a locale and the less specific ones that stand in for it:
// "de-AT", "de".
func Fallbacks(locale string) []string {
	chain := []string{locale}
	for i := strings.LastIndexByte(locale, '-'); i > 0; i = strings.LastIndexByte(locale, '-') {
		locale = locale[:i]
		chain = append(chain, locale)
	}
	return chain
}

// In returns the product with each of its texts in the first of the locales
// that has it, or a less specific one that stands in; a text that none has is
// in the shop's own language. The product itself does not change.
func (p Product) In(locales ...string) Product {
	chain := chosen(p.Translations, locales)
	if len(chain) == 0 {
		return p
	}
	p.Title, p.Description, p.SEO = translated(chain, p.Title, p.Description, p.SEO)
	terms := termsOf(chain)
	p.Attributes = translateAttributes(p.Attributes, terms)
	p.Variants = slices.Clone(p.Variants)
	for i := range p.Variants {
		v := &p.Variants[i]
		v.Options = slices.Clone(v.Options)
		for j, o := range v.Options {
			v.Options[j] = Option{Name: terms.of(o.Name), Value: terms.of(o.Value)}
		}
		v.Attributes = translateAttributes(v.Attributes, terms)
		v.complete(&p)
	}
	return p
}

// In returns the category with each of its texts in the first of the locales
// that has it: see Product.In.
func (c Category) In(locales ...string) Category {
	c.Title, c.Description, c.SEO = translated(chosen(c.Translations, locales), c.Title, c.Description, c.SEO)
	return c
}

// chosen returns the translations that the locales mean, the best first.
func chosen(all []Translation, locales []string) (chain []Translation) {
	if len(all) == 0 {
		return nil
	}
	for _, locale := range locales {
		for _, l := range Fallbacks(locale) {
			i, found := slices.BinarySearchFunc(all, l, func(t Translation, l string) int { return strings.Compare(t.Locale, l) })
			if found {
				chain = append(chain, all[i])
			}
		}
	}
	return chain
}

func translated(chain []Translation, title, description string, seo SEO) (string, string, SEO) {
	for _, t := range slices.Backward(chain) {
		title, description = cmp.Or(t.Title, title), cmp.Or(t.Description, description)
		seo.Title, seo.Description = cmp.Or(t.SEO.Title, seo.Title), cmp.Or(t.SEO.Description, seo.Description)
	}
	return title, description, seo
}

type terms map[string]string

func termsOf(chain []Translation) terms {
	all := terms{}
	for _, t := range slices.Backward(chain) {
		for _, term := range t.Terms {
			all[term.Text] = term.Translation
		}
	}
	return all
}

func (t terms) of(text string) string { return cmp.Or(t[text], text) }

func translateAttributes(list []Attribute, terms terms) []Attribute {
	list = slices.Clone(list)
	for i := range list {
		a := &list[i]
		a.Name, a.Text, a.Unit = terms.of(a.Name), terms.of(a.Text), terms.of(a.Unit)
		a.Values = slices.Clone(a.Values)
		for j, v := range a.Values {
			a.Values[j] = terms.of(v)
		}
	}
	return list
}

// normalTranslations returns translations sorted by locale and their terms
// sorted by text, nil for none.
func normalTranslations(list []Translation) []Translation {
	if len(list) == 0 {
		return nil
	}
	list = slices.Clone(list)
	slices.SortStableFunc(list, func(a, b Translation) int { return strings.Compare(a.Locale, b.Locale) })
	for i := range list {
		list[i].Terms = slices.Clone(noneIfEmpty(list[i].Terms))
		slices.SortStableFunc(list[i].Terms, func(a, b Term) int { return strings.Compare(a.Text, b.Text) })
	}
	return list
}

// checkTranslations takes what normalTranslations returned.
func checkTranslations(list []Translation) error {
	for i, t := range list {
		if err := firstError(CheckLocale(t.Locale), checkText("title", "title in "+t.Locale, t.Title, 0, mostTitle),
			checkText("description", "description in "+t.Locale, t.Description, 0, mostDescription), fault.InField("seo", t.SEO.check()), t.checkTerms()); err != nil {
			return fault.InField("translations", err) // without a number: they have been sorted
		}
		if i > 0 && list[i-1].Locale == t.Locale {
			return fault.Wrong("translations.locale", "there are two translations for the locale %s", t.Locale)
		}
	}
	return nil
}

func (t Translation) checkTerms() error {
	if len(t.Terms) > mostTerms {
		return fault.Wrong("terms", "the translation for %s has %d terms; the limit is %d", t.Locale, len(t.Terms), mostTerms)
	}
	for i, term := range t.Terms {
		if err := firstError(checkText("text", "term", term.Text, 1, mostAttribute), checkText("translation", "term", term.Translation, 1, mostAttribute)); err != nil {
			return fault.InField("terms", err)
		}
		if i > 0 && t.Terms[i-1].Text == term.Text {
			return fault.Wrong("terms", "the translation for %s has the term %q twice", t.Locale, term.Text)
		}
	}
	return nil
}

// CheckLocale returns fault.Invalid unless a locale is a BCP 47 tag of
// language, script and region in the usual letter case, as in "zh-Hant-TW".
func CheckLocale(locale string) error {
	language, rest, _ := strings.Cut(locale, "-")
	script, region, both := strings.Cut(rest, "-")
	if !both && !isScript(script) {
		script, region = "", script
	}
	ok := isAll(language, 'a', 'z', 2, 3) && (script == "" || isScript(script)) &&
		(region == "" || isAll(region, 'A', 'Z', 2, 2) || isAll(region, '0', '9', 3, 3))
	if !ok || strings.HasSuffix(locale, "-") {
		if len(locale) > 40 {
			locale = locale[:40] + "…"
		}
		return fault.Wrong("locale", "%q is not a locale: write it like \"de\", \"de-AT\" or \"zh-Hant-TW\"", locale)
	}
	return nil
}

func isScript(s string) bool {
	return len(s) == 4 && isAll(s[:1], 'A', 'Z', 1, 1) && isAll(s[1:], 'a', 'z', 3, 3)
}

func isAll(s string, first, last byte, least, most int) bool {
	for i := range len(s) {
		if s[i] < first || s[i] > last {
			return false
		}
	}
	return len(s) >= least && len(s) <= most
}
