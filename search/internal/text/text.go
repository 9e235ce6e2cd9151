// Package text turns what people write into the terms that a search index
// compares: folded, split, numbers joined to their units, and stemmed by the
// rules of a language. It knows nothing of an index.
package text

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// MaxWord bounds the bytes of a word. What is longer is cut: nobody types it,
// and it would only fill the index.
const MaxWord = 64

// A Word is a piece of a text.
type Word struct {
	// Text is folded: lower case, without accents.
	Text string
	// Start and End are where the word is in the text, in bytes.
	Start, End int
	// Joined means that no space comes between this word and the one before,
	// as in "e-mail" and "tn-2110".
	Joined bool
	// Quantity is set for a number that a unit follows: the number and the
	// unit's symbol, as in "15.6in". The unit's own word follows.
	Quantity string
}

// Words splits a text. Words are runs of letters and digits. A number keeps
// its decimal point, however that is written.
func Words(s string) []Word {
	words := make([]Word, 0, len(s)/6+1)
	gap := true
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		if !isWord(r) {
			if q := quoteUnit(r); q != "" && len(words) > 0 && !gap && isNumber(words[len(words)-1].Text) {
				words[len(words)-1].Quantity = canonical(words[len(words)-1].Text, q)
			}
			gap = gap || unicode.IsSpace(r)
			i += size
			continue
		}
		end := wordEnd(s, i)
		piece := s[i:end]
		if grouped(piece) {
			piece = strings.ReplaceAll(piece, ",", "")
		}
		if w := fold(piece); w != "" {
			words = append(words, Word{Text: cut(w), Start: i, End: end, Joined: !gap && len(words) > 0})
			gap = false
		}
		i = end
	}
	return quantities(words)
}

// wordEnd returns where the word that begins at i ends. Letters and digits
// stay together, as in "tn2110".
func wordEnd(s string, i int) int {
	for i < len(s) {
		if c := s[i]; c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' {
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case isWord(r) || unicode.Is(unicode.Mn, r):
		case (r == '.' || r == ',') && digitAt(s, i-1) && digitAt(s, i+1):
		case r == '\'' || r == '’':
			if !letterAt(s, i-1) || !letterAt(s, i+size) {
				return i
			}
		default:
			return i
		}
		i += size
	}
	return i
}

// grouped reports whether the commas of a number group its digits, as in
// "20,100".
func grouped(s string) bool {
	if strings.IndexByte(s, ',') < 0 {
		return false
	}
	groups := strings.Split(s, ",")
	for i, g := range groups {
		if !isNumber(g) || i > 0 && len(g) != 3 || i == 0 && len(g) > 3 || strings.Contains(g, ".") {
			return false
		}
	}
	return true
}

func digitAt(s string, i int) bool { return i >= 0 && i < len(s) && s[i] >= '0' && s[i] <= '9' }

func letterAt(s string, i int) bool {
	if i < 0 || i >= len(s) {
		return false
	}
	r, _ := utf8.DecodeRuneInString(s[i:])
	return unicode.IsLetter(r) || s[i] >= utf8.RuneSelf
}

func isWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

func cut(w string) string {
	for len(w) > MaxWord {
		_, size := utf8.DecodeLastRuneInString(w)
		w = w[:len(w)-size]
	}
	return w
}

// fold returns a word in lower case, without accents and apostrophes, and
// with a decimal point for a decimal comma.
func fold(s string) string {
	if ascii(s) {
		return foldASCII(s)
	}
	var b strings.Builder
	for _, r := range norm.NFKD.String(s) {
		r = unicode.ToLower(r)
		if whole, ok := spelled(r); ok {
			b.WriteString(whole)
			continue
		}
		switch {
		case isWord(r) || r == '.':
			b.WriteRune(r)
		case r == ',':
			b.WriteByte('.')
		case r == '’' || r == '\'':
			if b.Len() > 0 && strings.HasSuffix(s, "s") && strings.HasSuffix(strings.TrimSuffix(s, "s"), string(r)) {
				return b.String() // "women's"
			}
		}
	}
	return b.String()
}

// spelled returns the plain letters of a letter that has no accent to drop.
func spelled(r rune) (string, bool) {
	switch r {
	case 'ß':
		return "ss", true
	case 'æ':
		return "ae", true
	case 'œ':
		return "oe", true
	case 'ø':
		return "o", true
	case 'đ', 'ð':
		return "d", true
	case 'ł':
		return "l", true
	case 'þ':
		return "th", true
	}
	return "", false
}

// folded reports whether a word of ASCII stays as it is.
func folded(s string) bool {
	for i := range len(s) {
		if c := s[i]; c >= 'A' && c <= 'Z' || c == ',' || c == '\'' {
			return false
		}
	}
	return true
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

func foldASCII(s string) string {
	if folded(s) {
		return s
	}
	b := make([]byte, 0, len(s))
	for i := range len(s) {
		c := s[i]
		switch {
		case c >= 'A' && c <= 'Z':
			b = append(b, c+'a'-'A')
		case c == ',':
			b = append(b, '.')
		case c == '\'':
			if i == len(s)-2 && (s[i+1] == 's' || s[i+1] == 'S') {
				return string(b)
			}
		default:
			b = append(b, c)
		}
	}
	return string(b)
}

// Code returns a code as it is compared: folded, and nothing but letters and
// digits. "TN-2110" and "tn 2110" are the same code.
func Code(s string) string {
	var b strings.Builder
	for _, w := range Words(s) {
		b.WriteString(strings.ReplaceAll(w.Text, ".", ""))
	}
	return cut(b.String())
}
