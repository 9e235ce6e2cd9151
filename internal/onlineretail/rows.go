package onlineretail

import (
	"bufio"
	"compress/flate"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
	"unicode/utf8"
)

// columns are the names in the header, in the order the format fixes.
const columns = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"

// Rows reads a file, plain or compressed with gzip, which it tells apart by the first bytes. It ends after the last
// row, or with the first error: a *RowError when the file is not as it should be, else what src returned. Every row
// is one line, so a quoted field may not contain a line break, and every line ends with one, so that a file that
// was cut off is noticed. Memory use does not grow with the file. The sequence can be run once, as src can.
func Rows(src io.Reader) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		lines, err := newLines(src)
		if err == nil {
			err = lines.header()
		}
		if err != nil {
			yield(Row{}, err)
			return
		}
		var parse parser
		for {
			line, err := lines.next()
			if err == io.EOF {
				return
			}
			var row Row
			if err == nil {
				row, err = parse.row(lines.number, line)
			}
			if !yield(row, err) || err != nil {
				return
			}
		}
	}
}

// lines cuts the text of a file into lines.
type lines struct {
	text   *bufio.Reader
	number int // of the line that next returned last
}

func newLines(src io.Reader) (*lines, error) {
	raw := bufio.NewReaderSize(src, 64<<10)
	magic, err := raw.Peek(2)
	if err != nil && err != io.EOF {
		return nil, fmt.Errorf("read the start of the file: %w", err)
	}
	if string(magic) != "\x1f\x8b" {
		return &lines{text: bufio.NewReaderSize(raw, MaxLineBytes)}, nil
	}
	plain, err := gzip.NewReader(raw)
	if err != nil {
		return nil, readError(1, err)
	}
	return &lines{text: bufio.NewReaderSize(plain, MaxLineBytes)}, nil
}

// next returns the next line without its end, or io.EOF after the last.
func (l *lines) next() (string, error) {
	line, err := l.text.ReadSlice('\n')
	if err == io.EOF && len(line) == 0 {
		return "", io.EOF
	}
	l.number++
	switch {
	case err == io.EOF:
		return "", &RowError{Line: l.number, Problem: Truncated, Value: shorten(string(line)),
			Detail: "the file ends inside this line"}
	case err == bufio.ErrBufferFull:
		return "", &RowError{Line: l.number, Problem: LineTooLong, Value: shorten(string(line)),
			Detail: fmt.Sprintf("a line has at most %d bytes", MaxLineBytes)}
	case err != nil:
		return "", readError(l.number, err)
	}
	text := strings.TrimSuffix(string(line[:len(line)-1]), "\r")
	if !utf8.ValidString(text) {
		return "", &RowError{Line: l.number, Problem: BadText, Value: shorten(text), Detail: "the line is not UTF-8"}
	}
	return text, nil
}

func (l *lines) header() error {
	line, err := l.next()
	if err == io.EOF {
		return &RowError{Line: 1, Problem: BadHeader, Detail: "the file is empty; the first line must be " + columns}
	}
	if err != nil {
		return err
	}
	if line != columns {
		return &RowError{Line: 1, Problem: BadHeader, Value: shorten(line), Detail: "the first line must be " + columns}
	}
	return nil
}

// readError tells damage in the compressed data from trouble with the source.
func readError(line int, err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return &RowError{Line: line, Problem: Truncated, Detail: "the compressed data ends too early", Err: err}
	}
	_, corrupt := errors.AsType[flate.CorruptInputError](err)
	if corrupt || errors.Is(err, gzip.ErrHeader) || errors.Is(err, gzip.ErrChecksum) {
		return &RowError{Line: line, Problem: BadGzip, Detail: "the compressed data is damaged", Err: err}
	}
	return fmt.Errorf("read line %d: %w", line, err)
}
