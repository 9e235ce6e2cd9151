package search

import (
	"strings"

	"github.com/keelshop/commerce/search/internal/text"
)

// field is one of the few fields that the index has, whatever attributes the
// catalogue has: thousands of attribute names share one of them.
type field int

const (
	titleField       field = iota
	brandField             // the brand's name
	typeField              // what the product is
	categoryField          // titles of its categories and those above
	attributeField         // values of attributes, and names of those that are yes
	descriptionField       //
	headField              // words of the title that say what the product is
	pairField              // neighbouring words of the title, written as one
	codeField              // codes, folded, whole
	wordField              // words without digits as they are written, for suggestions and spelling
	fields                 // how many there are
)

// names are the fields' names on disk.
var names = [fields]string{"t", "b", "y", "g", "a", "d", "h", "p", "c", "w"}

// documentField is the stored record.
const documentField = "r"

// record is what is stored of a document.
type record struct {
	Document
	Lengths [fields]uint16 `cbor:"20,keyasint"` // in terms
	Created int64          `cbor:"21,keyasint"` // Unix milliseconds
}

// maxTerms bounds the terms of a field: what comes after says little.
const maxTerms = 4096

// terms returns what a document is found by, field by field.
func terms(l text.Language, d *Document) (all [fields][]string) {
	title, brand, kind, categories := text.Words(d.Title), text.Words(d.Brand), text.Words(d.Type), text.Words(categoryText(d))
	all[titleField] = l.Index(nil, title)
	all[brandField] = l.Index(nil, brand)
	all[typeField] = l.Index(nil, kind)
	all[categoryField] = l.Index(nil, categories)
	specs := specs{}
	specs.add(brand)
	all[attributeField] = make([]string, 0, 4*len(d.Attributes))
	for i := range d.Attributes {
		a := &d.Attributes[i]
		words := text.Words(a.words())
		if !a.Unsearched {
			all[attributeField] = l.Index(all[attributeField], words)
		}
		if len(a.Text) <= mostSpec && !l.Type(a.Name) {
			specs.add(words)
		}
	}
	all[descriptionField] = l.Index(nil, text.Words(plain(d.Description)))
	all[headField] = heads(l, d.Title, title, specs)
	all[pairField] = l.Pairs(d.Title, title)
	for _, c := range d.Codes {
		all[codeField] = append(all[codeField], text.Code(c))
	}
	for _, words := range [][]text.Word{title, brand, kind, categories} {
		for _, w := range words {
			if len(w.Text) > 1 && !text.HasDigit(w.Text) {
				all[wordField] = append(all[wordField], w.Text)
			}
		}
	}
	for i := range all {
		all[i] = all[i][:min(len(all[i]), maxTerms)]
	}
	return all
}

// words returns an attribute as a shopper would name it: "4 GB" for a number,
// and the name alone for a yes.
func (a *Attribute) words() string {
	switch {
	case a.Bool && a.Text == yes:
		return a.Name
	case a.Bool:
		return ""
	case a.Unit != "":
		return a.Text + " " + a.Unit
	}
	return a.Text
}

func categoryText(d *Document) string {
	var b strings.Builder
	for _, c := range d.Categories {
		b.WriteString(c.Title)
		b.WriteByte('\n')
	}
	return b.String()
}

// plain drops the tags of HTML. It need not understand it: tags only must not
// be found.
func plain(s string) string {
	if !strings.ContainsRune(s, '<') {
		return s
	}
	var b strings.Builder
	for {
		before, rest, ok := strings.Cut(s, "<")
		b.WriteString(before)
		if !ok {
			return b.String()
		}
		if len(rest) == 0 || !tagStart(rest[0]) {
			b.WriteByte('<')
			s = rest
			continue
		}
		_, after, ok := strings.Cut(rest, ">")
		if !ok {
			b.WriteString(rest)
			return b.String()
		}
		b.WriteByte(' ')
		s = after
	}
}

func tagStart(c byte) bool {
	return c == '/' || c == '!' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}
