package documents

import (
	"context"
	"fmt"

	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/internal/sqlite"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/orders"
)

// TimerNumber is the kind of the durable timer that has a document numbered.
// Its subject is the document.
const TimerNumber = "documents.number"

// NumberTimer handles the timers of kind TimerNumber: it takes the next number
// of the series on the store's slot, and writes it into the document. Both may
// be repeated.
func (s *Service) NumberTimer(ctx context.Context, document string) error {
	slot, err := slotOf("doc", document)
	if err != nil {
		return err
	}
	var kind Kind
	err = s.engine.View(ctx, slot, func(tx *sqlite.Tx) error {
		text, found, err := tx.Text(`SELECT kind FROM documents WHERE id = ?`, document)
		if err == nil && !found {
			err = &NotFoundError{Document: document}
		}
		kind = Kind(text)
		return err
	})
	if err != nil {
		return err
	}
	got, err := command.Do[numbered](ctx, s.engine, &assignNumber{Document: ID(document), Of: kind}, command.Call{Slot: id.StoreSlot})
	if err != nil {
		return fmt.Errorf("taking a number for document %s: %w", document, err)
	}
	c := takeNumber{Document: ID(document), Number: got.Number, IssuedAt: got.IssuedAt}
	if _, err := command.Do[struct{}](ctx, s.engine, &c, command.Call{Slot: slot}); err != nil {
		return fmt.Errorf("numbering document %s: %w", document, err)
	}
	return nil
}

// assignNumber gives a document the next number of its series, on the store's
// slot. One that has a number keeps it.
type assignNumber struct {
	Document ID   `cbor:"1,keyasint"`
	Of       Kind `cbor:"2,keyasint"`
}

// numbered is the answer of assignNumber.
type numbered struct {
	Number   string `cbor:"1,keyasint"`
	IssuedAt int64  `cbor:"2,keyasint"`
}

func (assignNumber) Kind() command.Kind { return "documents.assign_number" }

// Validate returns nil: NumberTimer has read the document.
func (assignNumber) Validate() error { return nil }

func (c assignNumber) apply(tx *command.Tx) (numbered, error) {
	rows := tx.One(`SELECT number, issued_at FROM document_numbers WHERE document = ?`, c.Document)
	if rows.Next() {
		out := numbered{rows.Text(0), rows.Int64(1)}
		return out, rows.Close()
	}
	if err := rows.Close(); err != nil {
		return numbered{}, err
	}
	settings, err := settingsTx(tx.Tx)
	if err != nil {
		return numbered{}, err
	}
	// Numbers follow the dates, although clocks of nodes differ.
	last, _, err := tx.Int64(`SELECT max(last) FROM document_series`)
	if err != nil {
		return numbered{}, err
	}
	at := max(tx.At, last)
	series := settings.series(c.Of, instant(at).Year())
	n, begun, err := tx.Int64(`SELECT next FROM document_series WHERE series = ?`, series)
	if err != nil {
		return numbered{}, err
	}
	if !begun {
		n = 1
	}
	if _, err := tx.Exec(`INSERT INTO document_series (series, slot, next, last) VALUES (?1, ?2, ?3, ?4)
		ON CONFLICT (series) DO UPDATE SET next = ?3, last = ?4`, series, tx.Slot, n+1, at); err != nil {
		return numbered{}, err
	}
	out := numbered{numberIn(series, n), at}
	_, err = tx.Exec(`INSERT INTO document_numbers (series, n, slot, number, document, issued_at) VALUES (?, ?, ?, ?, ?, ?)`,
		series, n, tx.Slot, out.Number, c.Document, at)
	return out, err
}

// takeNumber issues a document: it writes its number into it.
type takeNumber struct {
	Document ID     `cbor:"1,keyasint"`
	Number   string `cbor:"2,keyasint"`
	IssuedAt int64  `cbor:"3,keyasint"`
}

// IssuedEvent is the data of the events document.invoice and
// document.credit_note.
type IssuedEvent struct {
	Document ID             `json:"document"`
	Number   string         `json:"number"`
	Order    orders.ID      `json:"order"`
	Currency money.Currency `json:"currency"`
	Gross    int64          `json:"gross"` // minor units
}

func (takeNumber) Kind() command.Kind { return "documents.take_number" }

// Validate returns nil: NumberTimer has made it.
func (takeNumber) Validate() error { return nil }

func (c takeNumber) apply(tx *command.Tx) (struct{}, error) {
	d, err := documentTx(tx.Tx, c.Document)
	if err != nil {
		return struct{}{}, err
	}
	if err := tx.ClearTimers(TimerNumber, string(c.Document)); err != nil || d.Number != "" {
		return struct{}{}, err
	}
	if _, err := tx.Exec(`UPDATE documents SET number = ?, issued_at = ? WHERE id = ?`, c.Number, c.IssuedAt, c.Document); err != nil {
		return struct{}{}, err
	}
	return struct{}{}, tx.Emit("document."+string(d.Kind), string(d.Order), IssuedEvent{
		Document: d.ID, Number: c.Number, Order: d.Order, Currency: d.Currency, Gross: d.Gross.Minor(),
	})
}
