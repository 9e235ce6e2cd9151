package text

import "strings"

// A Term is what an index compares.
type Term struct {
	Text       string
	Start, End int // in bytes of the text
}

// Terms returns what a text is found by: the stems of its words, quantities in
// one form ("15.6in"), and words that belong together written as one, so that
// "TN-2110" is found as "tn2110". Stop words are left out.
func (l Language) Terms(s string) []Term {
	words := Words(s)
	terms := make([]Term, 0, len(words)+len(words)/4)
	l.each(words, func(text string, start, end int) { terms = append(terms, Term{text, start, end}) })
	return terms
}

// Index appends the terms of words to a list.
func (l Language) Index(list []string, words []Word) []string {
	l.each(words, func(text string, _, _ int) { list = append(list, text) })
	return list
}

func (l Language) each(words []Word, fn func(text string, start, end int)) {
	for i, w := range words {
		if w.Quantity != "" && w.Quantity != w.Text {
			fn(w.Quantity, w.Start, w.End)
		}
		if w.Joined || !l.Stop(w.Text) {
			fn(l.Stem(w.Text), w.Start, w.End)
		}
		if w.Joined && (i == 0 || !words[i-1].Joined) {
			joined, end := join(words[i-1:])
			fn(l.Stem(joined), words[i-1].Start, end)
		}
	}
}

// maxJoined bounds how many words are written as one.
const maxJoined = 4

// join writes the first word and those that are joined to it as one.
func join(words []Word) (string, int) {
	var b strings.Builder
	end := 0
	for i, w := range words {
		if i > 0 && !w.Joined || i == maxJoined {
			break
		}
		b.WriteString(strings.ReplaceAll(w.Text, ".", ""))
		end = w.End
	}
	return cut(b.String()), end
}

// Pairs returns neighbouring words of a text written as one, so that "smart watch" is
// found by "smartwatch", and the short form of a name with capitals inside and
// a number behind: "PlayStation 4" is "ps4".
func (l Language) Pairs(s string, words []Word) []string {
	var terms []string
	for i := 1; i < len(words); i++ {
		a, b := words[i-1], words[i]
		if short := capitals(s[a.Start:a.End]); len(short) > 1 && isNumber(b.Text) && len(b.Text) < 6 {
			terms = append(terms, short+b.Text)
			continue
		}
		if HasDigit(a.Text) || HasDigit(b.Text) || l.Stop(a.Text) || l.Stop(b.Text) || len(a.Text) < 2 || len(b.Text) < 2 {
			continue
		}
		terms = append(terms, l.Stem(cut(a.Text+b.Text)))
	}
	return terms
}

// capitals returns the capital letters of a word that has lower ones too, in
// lower case: "ps" for "PlayStation".
func capitals(w string) string {
	var b []byte
	lower := false
	for i := range len(w) {
		switch c := w[i]; {
		case c >= 'A' && c <= 'Z':
			b = append(b, c+'a'-'A')
		case c >= 'a' && c <= 'z':
			lower = true
		default:
			return ""
		}
	}
	if !lower {
		return ""
	}
	return string(b)
}
