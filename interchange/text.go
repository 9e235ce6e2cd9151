package interchange

import (
	"strings"

	"github.com/keelshop/commerce/fault"
	"golang.org/x/net/html"
)

// maxRows bounds the rows of one product, pictures included.
const maxRows = 5000

func errTooManyRows(line int) error {
	return fault.New(fault.Invalid, "the product of row %d has more than %d rows", line, maxRows)
}

// mostHTML is how much of a description is kept as it was beside its text.
const mostHTML = 8 << 10

// description takes a description that may be HTML. The field gets its text;
// the original stays in the source if it has tags.
func (r *record) description(w *row, column string) {
	text := w.peek(column)
	if text == "" {
		return
	}
	stripped := textOf(text)
	switch {
	case stripped == text:
		w.take(column)
	case len(text) > mostHTML:
		r.warn(w.line, column, "html_description", "the HTML is too long to be kept beside its text: it is the description as it is")
		w.take(column)
		stripped = text
	}
	r.put.Description = stripped
}

// blocks begin a new line of text.
var blocks = map[string]bool{
	"p": true, "br": true, "div": true, "li": true, "ul": true, "ol": true, "tr": true, "table": true,
	"h1": true, "h2": true, "h3": true, "h4": true, "h5": true, "h6": true, "blockquote": true,
}

// textOf returns the text of HTML. A text without tags stays as it is.
func textOf(s string) string {
	if !strings.Contains(s, "<") && !strings.Contains(s, "&") {
		return s
	}
	var b strings.Builder
	tags := false
	hidden := 0
	z := html.NewTokenizer(strings.NewReader(s))
	for {
		switch z.Next() {
		case html.ErrorToken:
			if !tags && b.String() == s {
				return s
			}
			return tidy(b.String())
		case html.TextToken:
			if hidden == 0 {
				b.WriteString(z.Token().Data)
			}
		case html.StartTagToken, html.EndTagToken, html.SelfClosingTagToken:
			tags = true
			t := z.Token()
			if t.Data == "script" || t.Data == "style" {
				if t.Type == html.StartTagToken {
					hidden++
				} else if t.Type == html.EndTagToken && hidden > 0 {
					hidden--
				}
			}
			if blocks[t.Data] {
				b.WriteByte('\n')
			}
		}
	}
}

// tidy leaves at most one empty line between paragraphs.
func tidy(s string) string {
	var lines []string
	for line := range strings.SplitSeq(s, "\n") {
		line = strings.Join(strings.Fields(line), " ")
		if line == "" && (len(lines) == 0 || lines[len(lines)-1] == "") {
			continue
		}
		lines = append(lines, line)
	}
	return strings.TrimSpace(strings.Join(lines, "\n"))
}
