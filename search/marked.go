package search

import (
	"strings"
	"unicode/utf8"

	"github.com/keelshop/commerce/search/internal/text"
)

// Marked is a text with the words that were found in it marked.
type Marked struct {
	Text  string
	Spans []Span // ascending, apart from each other
}

// Span is a part of a text, in bytes.
type Span struct{ Start, End int }

// Part is a piece of a Marked text.
type Part struct {
	Text  string
	Match bool // it was found
}

// Parts returns the text in pieces, for templates.
func (m Marked) Parts() []Part {
	var parts []Part
	at := 0
	for _, s := range m.Spans {
		if s.Start > at {
			parts = append(parts, Part{Text: m.Text[at:s.Start]})
		}
		parts = append(parts, Part{Text: m.Text[s.Start:s.End], Match: true})
		at = s.End
	}
	if at < len(m.Text) {
		parts = append(parts, Part{Text: m.Text[at:]})
	}
	return parts
}

// marker marks the words of a query in texts.
type marker struct {
	language text.Language
	terms    map[string]bool
}

func (x *index) newMarker(p parsed) marker {
	m := marker{x.language, map[string]bool{}}
	for _, g := range p.groups {
		for _, w := range g.terms {
			m.terms[w.term] = true
		}
	}
	for _, c := range p.codes {
		m.terms[c] = true
	}
	return m
}

// spans returns the words of a text that the query has.
func (m marker) spans(s string) []Span {
	if len(m.terms) == 0 {
		return nil
	}
	var spans []Span
	for _, t := range m.language.Terms(s) {
		if !m.terms[t.Text] {
			continue
		}
		if n := len(spans); n > 0 && t.Start < spans[n-1].End {
			spans[n-1].Start, spans[n-1].End = min(spans[n-1].Start, t.Start), max(spans[n-1].End, t.End)
			continue
		}
		spans = append(spans, Span{t.Start, t.End})
	}
	return spans
}

func (m marker) title(s string) Marked { return Marked{Text: s, Spans: m.spans(s)} }

// The bounds of a snippet: how much of a text is looked at, how long it is at
// most, and how much of it comes before the first word that was found.
const (
	snippetLook   = 4096
	snippetLength = 200
	snippetBefore = 60
)

// snippet returns the surroundings of the first word that was found.
func (m marker) snippet(s string) Marked {
	if len(m.terms) == 0 {
		return Marked{}
	}
	s = strings.Join(strings.Fields(plain(s[:whole(s, min(len(s), snippetLook))])), " ")
	spans := m.spans(s)
	if len(spans) == 0 {
		return Marked{}
	}
	start := 0
	if spans[0].Start > snippetBefore {
		start = spans[0].Start - snippetBefore
		if i := strings.IndexByte(s[start:], ' '); i >= 0 && start+i < spans[0].Start {
			start += i + 1
		}
		start = whole(s, start)
	}
	end := whole(s, min(len(s), max(start+snippetLength, spans[0].End)))
	out := Marked{Text: s[start:end]}
	for _, span := range spans {
		if span.End <= end {
			out.Spans = append(out.Spans, Span{span.Start - start, span.End - start})
		}
	}
	return out
}

// whole moves a place in a text back to where a character begins.
func whole(s string, at int) int {
	for at > 0 && at < len(s) && !utf8.RuneStart(s[at]) {
		at--
	}
	return at
}
