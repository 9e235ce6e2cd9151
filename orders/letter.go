package orders

import (
	"fmt"
	"time"

	"github.com/keelshop/commerce/internal/sqlite"
)

// Letter says how far the letter is that brings a gift card to its buyer.
type Letter struct {
	Line  int         `cbor:"1,keyasint"` // of the order
	Unit  int         `cbor:"2,keyasint"` // of the line, from 1
	State LetterState `cbor:"3,keyasint"`
	By    string      `cbor:"4,keyasint,omitempty"` // who sends it; "" unless it is being sent
	Tries int         `cbor:"5,keyasint"`
	// Since is when it was first tried, and At when its state was noted, in
	// milliseconds since 1970 UTC.
	Since int64 `cbor:"6,keyasint"`
	At    int64 `cbor:"7,keyasint"`
	// Wait is how long it is not to be taken by others, in milliseconds. It is in
	// the answer of NoteLetter alone.
	Wait int64 `cbor:"8,keyasint,omitempty"`

	until int64 // by the shard's clock
}

// LetterState is how far a letter is.
type LetterState string

// The states.
const (
	LetterSending LetterState = "sending"
	LetterWaiting LetterState = "waiting" // it could not be sent and is tried again
	LetterSent    LetterState = "sent"
	LetterFailed  LetterState = "failed" // it could not be sent and is given up
)

func (s LetterState) known() bool {
	return s == LetterSending || s == LetterWaiting || s.Final()
}

// Final reports whether a letter is done with.
func (s LetterState) Final() bool { return s == LetterSent || s == LetterFailed }

const selectLetter = `SELECT line, unit, state, by, until, tries, since, at FROM order_letters WHERE order_id = ?`

func scanLetter(rows *sqlite.Rows) Letter {
	return Letter{
		Line: int(rows.Int64(0)), Unit: int(rows.Int64(1)), State: LetterState(rows.Text(2)), By: rows.Text(3),
		until: rows.Int64(4), Tries: int(rows.Int64(5)), Since: rows.Int64(6), At: rows.Int64(7),
	}
}

func letterTx(tx *sqlite.Tx, o ID, line, unit int) (l Letter, found bool, err error) {
	row := tx.One(selectLetter+` AND line = ? AND unit = ?`, o, line, unit)
	if found = row.Next(); found {
		l = scanLetter(row)
	}
	return l, found, row.Close()
}

func lettersTx(tx *sqlite.Tx, o ID) (out []Letter, err error) {
	rows := tx.Query(selectLetter+` ORDER BY line, unit`, o)
	for rows.Next() {
		out = append(out, scanLetter(rows))
	}
	return out, rows.Close()
}

// moments tells staff of a letter that was given up: the buyer has the code on
// the page of the order alone.
func (l Letter) moments() []Moment {
	if l.State != LetterFailed {
		return nil
	}
	return []Moment{{At: time.UnixMilli(l.At).UTC(), Kind: "gift_card.letter_failed", Subject: fmt.Sprintf("%d/%d", l.Line, l.Unit), Internal: true}}
}
