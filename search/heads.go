package search

import (
	"strings"

	"github.com/keelshop/commerce/search/internal/text"
)

// heads returns the words of a title that say what the product is, in contrast
// to those that say what it is for: "lamp" in "projector lamp", and neither
// "notebook" nor "case" in "lock for notebook cases".
//
// A word is not a head if another noun follows it, with nothing but words such
// as colours between them. What is written in the product's own brand and
// attributes is taken for such a word, except in those that say its type.
func heads(l text.Language, title string, words []text.Word, specs specs) []string {
	bound := make([]bool, len(words)) // to what comes after it or stands before it
	for i := len(words) - 2; i >= 0; i-- {
		next := words[i+1]
		switch between := title[words[i].End:next.Start]; {
		case strings.Trim(between, " \t\u00a0-®™") == "":
			bound[i] = (isNoun(l, next.Text, specs) || specs.pair(words[i].Text, next.Text) || specs.has(next.Text) && bound[i+1]) &&
				l.Stem(next.Text) != l.Stem(words[i].Text)
		case strings.Trim(between, " /&") == "":
			bound[i] = bound[i+1]
		}
	}
	var terms []string
	purpose := false // behind a word such as "for"
	for i, w := range words {
		before := ""
		if i > 0 {
			before = title[words[i-1].End:w.Start]
		}
		if strings.ContainsAny(before, ",;(–—|") {
			purpose = false
		}
		purpose = purpose || l.Purpose(w.Text)
		if bound[i] || strings.Contains(before, "+") || purpose || text.HasDigit(w.Text) || l.Stop(w.Text) {
			continue
		}
		terms = append(terms, l.Stem(w.Text))
	}
	return terms
}

func isNoun(l text.Language, w string, specs specs) bool {
	return len(w) > 2 && !text.HasDigit(w) && !l.Stop(w) && !l.Purpose(w) && !specs.has(w)
}

// specs are the words of a product's brand and attributes, and which of them
// come after which: "keyboard cover" is one thing there too.
type specs map[spec]bool

// spec is a word, or two that are neighbours.
type spec struct{ word, next string }

// mostSpec is how long the text of an attribute is at most. Longer ones are
// sentences, in bytes.
const mostSpec = 80

func (s specs) add(words []text.Word) {
	for i, w := range words {
		s[spec{word: w.Text}] = true
		if i > 0 {
			s[spec{words[i-1].Text, w.Text}] = true
		}
	}
}

func (s specs) has(w string) bool { return s[spec{word: w}] }

func (s specs) pair(a, b string) bool { return s[spec{a, b}] }
