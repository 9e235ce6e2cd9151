package interchange

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/keelshop/commerce/fault"
)

// peekBytes is how much of a file is looked at to recognize it.
const peekBytes = 64 << 10

// plain returns the text of a file that may be compressed, without its byte
// order mark.
func plain(file io.Reader) (*bufio.Reader, error) {
	r := bufio.NewReaderSize(file, peekBytes)
	if head, err := r.Peek(2); err == nil && head[0] == 0x1f && head[1] == 0x8b {
		z, err := gzip.NewReader(r)
		if err != nil {
			return nil, fault.Wrap(fault.Invalid, err, "unpacking the file")
		}
		r = bufio.NewReaderSize(z, peekBytes)
	}
	if head, err := r.Peek(3); err == nil && bytes.Equal(head, []byte("\ufeff")) {
		if _, err := r.Discard(3); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// recognize looks at the first line.
func recognize(r *bufio.Reader) (Format, error) {
	head, err := r.Peek(peekBytes)
	if err != nil && !errors.Is(err, io.EOF) {
		return "", fault.Wrap(fault.Invalid, err, "reading the file")
	}
	if trimmed := bytes.TrimLeft(head, " \t\r\n"); len(trimmed) > 0 && trimmed[0] == '{' {
		return recognizeJSON(trimmed), nil
	}
	t, err := newTable(bufio.NewReaderSize(bytes.NewReader(head), peekBytes))
	if err != nil {
		return "", &UnknownFormatError{}
	}
	for _, f := range []struct {
		format  Format
		columns []string
	}{
		{CSV, []string{"product_handle", "variant_sku"}},
		{Shopify, []string{"handle", "option1 name", "variant price"}},
		{WooCommerce, []string{"type", "sku", "regular price", "attribute 1 name"}},
		{WooCommerce, []string{"type", "sku", "name", "regular price"}},
		{Vendure, []string{"name", "slug", "optiongroups", "optionvalues", "sku"}},
		{Medusa, []string{"product handle", "product title", "variant id"}},
		{Spree, []string{"slug", "sku", "name", "price", "currency"}},
		{SpreeTranslations, []string{"slug", "locale", "name"}},
	} {
		if !slices.ContainsFunc(f.columns, func(c string) bool { _, ok := t.index[c]; return !ok }) {
			return f.format, nil
		}
	}
	return "", &UnknownFormatError{}
}

// recognizeJSON looks at the fields of the first object, of which the end may
// be missing. A line of the own format says what it is about; the names of
// fields below, such as those in metadata, say nothing.
func recognizeJSON(text []byte) Format {
	d := json.NewDecoder(bytes.NewReader(text))
	if _, err := d.Token(); err != nil {
		return JSONLines
	}
	icecat := false
	for d.More() {
		key, err := d.Token()
		if err != nil {
			break
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			break
		}
		name, _ := key.(string)
		var kind string
		if name == "type" && json.Unmarshal(value, &kind) == nil && (kind == "product" || newPart(kind) != nil) {
			return JSONLines
		}
		icecat = icecat || name == "supplier" || strings.HasPrefix(name, "attr_")
	}
	if icecat {
		return Icecat
	}
	return JSONLines
}

// table is a CSV file with a header.
type table struct {
	csv   *csv.Reader
	names []string       // as the header spells them, without white space around
	index map[string]int // by lower-case name
	raw   bool           // white space around cells counts
	// escaped says that the file may have cells that escapeCell has changed,
	// as exports of ours do.
	escaped bool
}

// newTable reads the header and finds out what separates cells.
func newTable(r *bufio.Reader) (*table, error) {
	head, err := r.Peek(peekBytes)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fault.Wrap(fault.Invalid, err, "reading the file")
	}
	first, _, _ := strings.Cut(string(head), "\n")
	comma := byte(',')
	for _, c := range []byte{';', '\t'} {
		if strings.Count(first, string(c)) > strings.Count(first, string(comma)) {
			comma = c
		}
	}
	t := &table{csv: csv.NewReader(&unpad{from: r, comma: comma}), index: map[string]int{}}
	t.csv.Comma = rune(comma)
	t.csv.FieldsPerRecord = -1 // ragged rows
	t.csv.LazyQuotes = true
	names, err := t.csv.Read()
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, err, "reading the header of the file")
	}
	for i, name := range names {
		name = strings.TrimSpace(name)
		t.names = append(t.names, name)
		if _, twice := t.index[strings.ToLower(name)]; !twice {
			t.index[strings.ToLower(name)] = i
		}
	}
	return t, nil
}

// maxCell bounds a cell, and with it a file without an end of line.
const maxCell = 1 << 20

// next returns the next row that is not empty, and io.EOF behind the last.
func (t *table) next() (*row, error) {
	for {
		values, err := t.csv.Read()
		if errors.Is(err, io.EOF) {
			return nil, io.EOF
		}
		line, _ := t.csv.FieldPos(0)
		if err != nil {
			return nil, fault.Wrap(fault.Invalid, err, "reading row %d", line)
		}
		r := &row{table: t, line: line, used: make([]fate, len(values))}
		for _, v := range values {
			if len(v) > maxCell {
				return nil, fault.New(fault.Invalid, "row %d has a cell of %d bytes: the limit is %d", line, len(v), maxCell)
			}
			if !utf8.ValidString(v) {
				return nil, fault.New(fault.Invalid, "row %d is not UTF-8", line)
			}
			if !t.raw {
				v = strings.TrimSpace(v)
			}
			if t.escaped {
				v = unescapeCell(v)
			}
			r.values = append(r.values, v)
		}
		if r.filled() > 0 {
			return r, nil
		}
	}
}

// fate is what became of a cell.
type fate byte

const (
	unused fate = iota
	typed       // ended in a field
	kept        // ended in source metadata
)

// row is one row of a table. It knows which of its cells were used.
type row struct {
	*table
	line   int
	values []string
	used   []fate
}

// column returns the name of cell i.
func (r *row) column(i int) string {
	if i < len(r.names) && r.names[i] != "" {
		return r.names[i]
	}
	return fmt.Sprintf("column %d", i+1)
}

// peek returns a cell by its column's lower-case name; "" if there is none.
func (r *row) peek(name string) string {
	if i, ok := r.index[name]; ok && i < len(r.values) {
		return r.values[i]
	}
	return ""
}

// take is peek for a cell that ends in a field with all that it says.
func (r *row) take(name string) string {
	if i, ok := r.index[name]; ok && i < len(r.values) {
		r.used[i] = typed
		return r.values[i]
	}
	return ""
}

// same takes a cell if it repeats what another row of its product has said.
func (r *row) same(name, said string) {
	if r.peek(name) == said {
		r.take(name)
	}
}

// rest returns what was not taken of the columns that want selects, and counts
// it as kept.
func (r *row) rest(want func(column string) bool) map[string]string {
	out := map[string]string{}
	for i, v := range r.values {
		if v == "" || r.used[i] != unused || !want(strings.ToLower(r.column(i))) {
			continue
		}
		r.used[i] = kept
		out[r.column(i)] = v
	}
	return out
}

func everything(string) bool { return true }

// filled returns how many cells have something in them.
func (r *row) filled() int {
	n := 0
	for _, v := range r.values {
		if v != "" {
			n++
		}
	}
	return n
}

// count returns how many filled cells met a fate.
func (r *row) count(f fate) int {
	n := 0
	for i, v := range r.values {
		if v != "" && r.used[i] == f {
			n++
		}
	}
	return n
}

// with returns the names of the columns for which match returns a text, with
// that text, in the order of the file.
func (t *table) with(match func(column string) (string, bool)) (columns, texts []string) {
	for _, name := range t.names {
		if text, ok := match(strings.ToLower(name)); ok {
			columns, texts = append(columns, strings.ToLower(name)), append(texts, text)
		}
	}
	return columns, texts
}
