package search

import (
	"strings"

	"github.com/keelshop/commerce/search/internal/text"
)

// A group stands for one word of a query: a document has it if it has one of
// the terms.
type group struct {
	word  string // as it was typed, folded
	terms []wanted
}

// wanted is one way in which a document may have a word of the query.
type wanted struct {
	term   string
	weight float64
	fields []field
	// why says how it came about, for Explain.
	why string
}

// parsed is a query's text, understood.
type parsed struct {
	groups []group
	codes  []string // folded codes that the whole text or a word of it may be
	words  []text.Word
}

// textFields are searched for the words of a query.
var textFields = []field{titleField, brandField, typeField, categoryField, attributeField, descriptionField}

// parse reads a query's text. There is no syntax: whatever is typed is words.
func (x *index) parse(s string) parsed {
	if len(s) > maxText {
		s = strings.ToValidUTF8(s[:maxText], "")
	}
	words := text.Words(s)
	words = words[:min(len(words), maxWords)]
	p := parsed{words: words}
	p.codes = codesOf(words)
	for i := 0; i < len(words); i++ {
		g, used := x.group(words, i)
		if len(g.terms) > 0 {
			p.groups = append(p.groups, g)
		}
		i += used - 1
	}
	if len(p.groups) == 0 { // nothing but stop words
		for _, w := range words {
			p.groups = append(p.groups, group{w.Text, []wanted{{w.Text, 1, []field{titleField, wordField}, "word"}}})
		}
	}
	return p
}

// codesOf returns what may be a code: the whole text, and words with a digit
// together with those that they are joined to.
func codesOf(words []text.Word) []string {
	var codes []string
	var all strings.Builder
	var run strings.Builder
	flush := func() {
		if c := run.String(); len(c) >= 4 && text.HasDigit(c) {
			codes = append(codes, c)
		}
		run.Reset()
	}
	for _, w := range words {
		if !w.Joined {
			flush()
		}
		piece := strings.ReplaceAll(w.Text, ".", "")
		run.WriteString(piece)
		all.WriteString(piece)
	}
	flush()
	if c := all.String(); c != "" && (len(codes) != 1 || codes[0] != c) {
		codes = append(codes, c)
	}
	return codes
}

// group returns the ways to have the word at i, and how many words it took.
func (x *index) group(words []text.Word, i int) (group, int) {
	w, l := words[i], x.language
	g := group{word: w.Text}
	used := 1
	if w.Quantity != "" && w.Quantity != w.Text {
		g.terms = append(g.terms, wanted{w.Quantity, 1, textFields, "quantity"})
		if i+1 < len(words) && !text.HasDigit(words[i+1].Text) && strings.HasSuffix(w.Quantity, unitOf(words[i+1])) && unitOf(words[i+1]) != "" {
			used = 2 // the unit is part of the quantity
		} else {
			g.terms = append(g.terms, wanted{w.Text, 0.8, textFields, "word"})
		}
		return g, used
	}
	if l.Stop(w.Text) {
		return g, 1
	}
	stem := l.Stem(w.Text)
	g.terms = append(g.terms, wanted{stem, 1, textFields, "word"}, wanted{stem, 0.8, []field{pairField}, "words written as one"})
	return g, used
}

func unitOf(w text.Word) string {
	q := text.Words("1 " + w.Text)
	if len(q) == 0 || q[0].Quantity == "" {
		return ""
	}
	return strings.TrimPrefix(q[0].Quantity, "1")
}
