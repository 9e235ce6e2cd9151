package search

import (
	"strings"

	"github.com/keelshop/commerce/search/internal/text"
)

// heads returns the words of a title that say what the product is, in contrast
// to those that say what it is for: "lamp" in "projector lamp", and neither
// "notebook" nor "case" in "lock for notebook cases".
//
// A word is not a head if another noun follows it directly. What is written in
// the product's own brand and attributes, such as a colour, is no noun here.
func heads(l text.Language, d *Document) []text.Term {
	words := text.Words(d.Title)
	specs := specsOf(d)
	bound := make([]bool, len(words)) // to what comes after it or stands before it
	for i := len(words) - 2; i >= 0; i-- {
		next := words[i+1]
		switch between := d.Title[words[i].End:next.Start]; {
		case strings.Trim(between, " \t\u00a0-®™") == "":
			bound[i] = (isNoun(l, next.Text, specs) || specs[words[i].Text+" "+next.Text]) && l.Stem(next.Text) != l.Stem(words[i].Text)
		case strings.Trim(between, " /&") == "":
			bound[i] = bound[i+1]
		}
	}
	var terms []text.Term
	purpose := false // behind a word such as "for"
	for i, w := range words {
		if i > 0 && strings.ContainsAny(d.Title[words[i-1].End:w.Start], ",;(–—|") {
			purpose = false
		}
		purpose = purpose || l.Purpose(w.Text)
		if bound[i] || purpose || text.HasDigit(w.Text) || l.Stop(w.Text) {
			continue
		}
		terms = append(terms, text.Term{Text: l.Stem(w.Text)})
	}
	return terms
}

func isNoun(l text.Language, w string, specs map[string]bool) bool {
	return len(w) > 2 && !text.HasDigit(w) && !l.Stop(w) && !l.Purpose(w) && !specs[w]
}

// specsOf returns the words of a product's brand and attributes, and pairs of
// neighbours among them: "keyboard cover" is one thing there too.
func specsOf(d *Document) map[string]bool {
	specs := map[string]bool{}
	for _, w := range text.Words(d.Brand) {
		specs[w.Text] = true
	}
	for _, a := range d.Attributes {
		if len(a.Text) > 80 {
			continue // a sentence
		}
		before := ""
		for _, w := range text.Words(a.Text) {
			specs[w.Text], specs[before+" "+w.Text] = true, true
			before = w.Text
		}
	}
	return specs
}
