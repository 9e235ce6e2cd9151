package search

import (
	"strings"

	"github.com/keelshop/commerce/search/internal/text"
)

// A group stands for one word of a query: a document has it if it has one of
// the terms.
type group struct {
	word  string // as it was typed, folded
	stem  string
	terms []wanted
	head  bool // it says what the product is

	found     bool   // a document has the word as it was typed
	corrected string // how it is likely spelt
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
func (x *index) parse(q *Query) (parsed, error) {
	s, lexicon := q.Text, q.rules.lexicon
	words := text.Words(s[:whole(s, min(len(s), maxText))])
	words = words[:min(len(words), maxWords)]
	p := parsed{words: words, codes: codesOf(words)}
	for i := 0; i < len(words); i++ {
		g, used := x.group(words, i, lexicon)
		if len(g.terms) > 0 {
			p.groups = append(p.groups, g)
		}
		i += used - 1
	}
	if len(p.groups) == 0 { // nothing but stop words
		for _, w := range words {
			p.groups = append(p.groups, group{word: w.Text, terms: []wanted{{w.Text, 1, []field{titleField, wordField}, "word"}}})
		}
		return p, nil
	}
	lexicon.addSynonyms(&p)
	if err := x.addJoined(&p); err != nil {
		return p, err
	}
	if !q.Exact {
		if err := x.addCorrections(&p); err != nil {
			return p, err
		}
	}
	p.markHead()
	return p, nil
}

// markHead makes the last word of a query one that should say what the
// product is: who types "laptop case" wants a case.
func (p *parsed) markHead() {
	p.groups[len(p.groups)-1].head = true
}

// addSynonyms adds what words and phrases of a query are called otherwise.
func (x *lexicon) addSynonyms(p *parsed) {
	for i := range p.groups {
		phrase := ""
		for n := 1; n <= x.longest && i+n <= len(p.groups); n++ {
			phrase = strings.TrimSpace(phrase + " " + p.groups[i+n-1].stem)
			for _, other := range x.same[phrase] {
				for j := i; j < i+n; j++ {
					p.groups[j].addPhrase(other, 0.8/float64(n))
				}
			}
		}
	}
}

// addPhrase adds a synonym. One of two words is found where they are
// neighbours in a title.
func (g *group) addPhrase(phrase string, weight float64) {
	words := strings.Fields(phrase)
	if len(words) == 1 {
		g.terms = append(g.terms, wanted{phrase, weight, textFields, "synonym"})
		return
	}
	last := words[len(words)-2:]
	g.terms = append(g.terms, wanted{last[0] + last[1], weight, []field{pairField}, "synonym"})
}

// addJoined adds neighbouring words written as one, if the catalogue does so.
func (x *index) addJoined(p *parsed) error {
	for i := 1; i < len(p.groups); i++ {
		a, b := &p.groups[i-1], &p.groups[i]
		if text.HasDigit(a.word) || text.HasDigit(b.word) || x.language.Stop(a.word) {
			continue
		}
		joined := x.language.Stem(a.word + b.word)
		ok, err := x.known(joined, []field{titleField, typeField, categoryField})
		if err != nil {
			return err
		}
		if ok {
			a.terms = append(a.terms, wanted{joined, 0.6, textFields, "written as one"})
			b.terms = append(b.terms, wanted{joined, 0.6, textFields, "written as one"})
		}
	}
	return nil
}

// addCorrections adds other spellings of words that no product has.
func (x *index) addCorrections(p *parsed) error {
	for i := range p.groups {
		g := &p.groups[i]
		if slips(g.word) == 0 {
			continue
		}
		for _, w := range g.terms {
			ok, err := x.known(w.term, w.fields)
			if ok || err != nil {
				if err != nil {
					return err
				}
				g.found = true
				break
			}
		}
		if g.found {
			continue
		}
		corrections, err := x.correct(g.word)
		if err != nil {
			return err
		}
		for n, c := range corrections {
			if n == 0 {
				g.corrected = c
			}
			g.terms = append(g.terms, wanted{x.language.Stem(c), 0.8, textFields, "spelling of " + c})
		}
	}
	return nil
}

// correctedText returns the text with its words corrected, or "" if none was.
func (p *parsed) correctedText() string {
	any := false
	var list []string
	for _, g := range p.groups {
		if g.corrected != "" {
			any = true
			list = append(list, g.corrected)
			continue
		}
		list = append(list, g.word)
	}
	if !any {
		return ""
	}
	return strings.Join(list, " ")
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
func (x *index) group(words []text.Word, i int, lexicon *lexicon) (group, int) {
	w, l := words[i], x.language
	g := group{word: w.Text, stem: l.Stem(w.Text)}
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
	if l.Stop(w.Text) || lexicon.stop[w.Text] {
		return g, 1
	}
	g.terms = append(g.terms, wanted{g.stem, 1, textFields, "word"}, wanted{g.stem, 0.8, []field{pairField}, "words written as one"})
	return g, used
}

func unitOf(w text.Word) string {
	q := text.Words("1 " + w.Text)
	if len(q) == 0 || q[0].Quantity == "" {
		return ""
	}
	return strings.TrimPrefix(q[0].Quantity, "1")
}
