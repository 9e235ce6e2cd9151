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
func terms(l text.Language, d *Document) (all [fields][]text.Term) {
	all[titleField] = l.Terms(d.Title)
	all[brandField] = l.Terms(d.Brand)
	all[typeField] = l.Terms(d.Type)
	all[categoryField] = l.Terms(categoryText(d))
	all[attributeField] = l.Terms(attributeText(d))
	all[descriptionField] = l.Terms(plain(d.Description))
	all[headField] = heads(l, d)
	all[pairField] = l.Pairs(d.Title)
	for _, c := range d.Codes {
		all[codeField] = append(all[codeField], text.Term{Text: text.Code(c)})
	}
	for _, w := range text.Words(d.Title + " " + d.Brand + " " + d.Type + " " + categoryText(d)) {
		if !text.HasDigit(w.Text) && len(w.Text) > 1 {
			all[wordField] = append(all[wordField], text.Term{Text: w.Text})
		}
	}
	for i := range all {
		all[i] = all[i][:min(len(all[i]), maxTerms)]
	}
	return all
}

func categoryText(d *Document) string {
	var b strings.Builder
	for _, c := range d.Categories {
		b.WriteString(c.Title)
		b.WriteByte('\n')
	}
	return b.String()
}

// attributeText writes attributes as a shopper would name them: "4 GB" for a
// number, and the name alone for a yes.
func attributeText(d *Document) string {
	var b strings.Builder
	for _, a := range d.Attributes {
		switch {
		case a.Bool && a.Text == "yes":
			b.WriteString(a.Name)
		case a.Bool:
			continue
		default:
			b.WriteString(a.Text)
			if a.Unit != "" {
				b.WriteByte(' ')
				b.WriteString(a.Unit)
			}
		}
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
