// Package note keeps what other systems have to say about payments, refunds,
// returns and pools of stock. Products, customers, carts and orders carry that
// themselves; these seldom need it, and are written too often to have it.
package note

import (
	"context"
	_ "embed"
	"encoding/json"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/internal/metadata"
	"github.com/keelshop/commerce/internal/sqlite"
)

//go:embed schema.sql
var schema string

// Module returns the package's table. It has no commands: those of the domain
// packages call Set.
func Module() command.Module {
	return command.Module{Name: "note", Schema: map[uint32]string{1: schema}}
}

// Note is what other systems keep with something. Nothing personal belongs
// here: it is not sealed.
type Note struct {
	ExternalReference string
	Metadata          json.RawMessage // a JSON object or nil
	PrivateMetadata   json.RawMessage // a JSON object or nil; not for shoppers
}

// MaxReference bounds an external reference, in bytes.
const MaxReference = 200

// Change is what a caller wants to change of a note. What is nil stays as it is.
type Change struct {
	Metadata          json.RawMessage `cbor:"1,keyasint,omitempty"` // a JSON object of up to 16 KB, public
	PrivateMetadata   json.RawMessage `cbor:"2,keyasint,omitempty"` // the same, not for shoppers
	ExternalReference *string         `cbor:"3,keyasint,omitempty" command:"numbers"`
}

// Validate checks that the metadata are JSON objects within their limits.
func (c Change) Validate() error {
	if c.ExternalReference != nil && len(*c.ExternalReference) > MaxReference {
		return fault.New(fault.Invalid, "the external reference is longer than %d bytes", MaxReference)
	}
	_, err := c.Compact()
	return err
}

// Compact returns the change without white space in its metadata.
func (c Change) Compact() (Change, error) {
	var err error
	c.Metadata, c.PrivateMetadata, err = metadata.CompactBoth(c.Metadata, c.PrivateMetadata)
	return c, err
}

// Set changes the note about a subject, which the caller has found to exist.
func Set(tx *command.Tx, subject string, c Change) error {
	_, err := tx.Exec(`INSERT INTO notes (subject, slot, external_reference, metadata, private_metadata)
		VALUES (?1, ?2, coalesce(?3, ''), ?4, ?5) ON CONFLICT (subject) DO UPDATE SET
		external_reference = coalesce(?3, external_reference), metadata = coalesce(?4, metadata), private_metadata = coalesce(?5, private_metadata)`,
		subject, tx.Slot, reference(c.ExternalReference), text(c.Metadata), text(c.PrivateMetadata))
	return err
}

func reference(s *string) any {
	if s == nil {
		return nil
	}
	return *s
}

func text(j json.RawMessage) any {
	if j == nil {
		return nil
	}
	return string(j)
}

// Annotate runs a command that changes the note about a subject on the call's
// slot, and returns the note as it is then.
func Annotate(ctx context.Context, e command.Engine, c command.Command, call command.Call, subject string) (Note, error) {
	return command.DoThen(ctx, e, c, call, func(ctx context.Context, _ struct{}) (Note, error) {
		return Read(ctx, e, call.Slot, subject)
	})
}

// Read returns the note about a subject on slot; an empty one if there is none.
func Read(ctx context.Context, e command.Engine, slot id.Slot, subject string) (n Note, err error) {
	err = e.View(ctx, slot, func(tx *sqlite.Tx) error {
		n, err = Get(tx, subject)
		return err
	})
	return n, err
}

// Get returns the note about a subject; an empty one if there is none.
func Get(tx *sqlite.Tx, subject string) (Note, error) {
	var n Note
	row := tx.One(`SELECT external_reference, metadata, private_metadata FROM notes WHERE subject = ?`, subject)
	if row.Next() {
		n.ExternalReference, n.Metadata, n.PrivateMetadata = row.Text(0), object(row.Text(1)), object(row.Text(2))
	}
	return n, row.Close()
}

func object(text string) json.RawMessage {
	if text == "" {
		return nil
	}
	return json.RawMessage(text)
}
