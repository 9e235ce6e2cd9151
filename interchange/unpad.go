package interchange

import (
	"bufio"
	"io"
)

// unpad takes away white space between a quoted cell's last quote and what ends
// the cell, as files have it that are aligned for the eye. Go's reader would
// take such a quote for a part of the text.
type unpad struct {
	from    *bufio.Reader
	comma   byte
	state   cellState
	pending []byte // white space that may have to be given after all
	held    []byte // to be given before anything else is read
}

type cellState byte

const (
	cellStart  cellState = iota
	cellPlain            // in a cell without quotes
	cellQuoted           // in quotes
	cellQuote            // behind a quote in quotes
)

func (u *unpad) Read(p []byte) (int, error) {
	n := 0
	for n < len(p) {
		if len(u.held) > 0 {
			m := copy(p[n:], u.held)
			u.held = u.held[m:]
			n += m
			continue
		}
		c, err := u.from.ReadByte()
		if err == io.EOF {
			u.pending = nil
		}
		if err != nil {
			if n > 0 {
				return n, nil
			}
			return 0, err
		}
		u.step(c)
	}
	return n, nil
}

// step takes one byte in and holds what it makes certain.
func (u *unpad) step(c byte) {
	if u.state == cellQuote && (c == ' ' || c == '\t' && u.comma != '\t') {
		u.pending = append(u.pending, c)
		return
	}
	padded := u.pending
	u.pending = nil
	switch {
	case u.state == cellQuoted && c == '"':
		u.state = cellQuote
	case u.state == cellQuoted:
	case u.state == cellQuote && c == '"' && len(padded) == 0:
		u.state = cellQuoted // two quotes are one in the text
	case c == u.comma || c == '\n':
		u.state, padded = cellStart, nil
	case c == '\r' && u.state == cellQuote:
		padded = nil
	case u.state == cellQuote:
		u.state = cellQuoted // it was a part of the text after all
	case u.state == cellStart && c == '"':
		u.state = cellQuoted
	case u.state == cellStart && (c == ' ' || c == '\t'):
	default:
		u.state = cellPlain
	}
	u.held = append(append(u.held[:0], padded...), c)
}
