package payments

import (
	"context"
	"fmt"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/note"
)

// Note is what other systems keep with a payment or one of its operations.
type Note = note.Note

// NoteChange is what changes of a Note. What is nil stays as it is.
type NoteChange = note.Change

// Annotate changes what other systems keep with a payment or with one of its
// operations, such as a refund, whatever its state.
type Annotate struct {
	Attempt   ID         `cbor:"1,keyasint"`
	Operation int        `cbor:"2,keyasint,omitempty"` // 0 is the payment itself
	Note      NoteChange `cbor:"3,keyasint"`
	Key       string     `cbor:"-"`
}

// Kind returns "payments.annotate".
func (Annotate) Kind() command.Kind { return "payments.annotate" }

// Validate checks that the metadata are JSON objects within their limits.
func (c Annotate) Validate() error {
	if _, err := slotOf(Prefix, string(c.Attempt)); err != nil {
		return err
	}
	if c.Operation < 0 {
		return fault.Wrong("operation", "there is no operation %d", c.Operation)
	}
	return c.Note.Validate()
}

func (c Annotate) apply(tx *command.Tx) (struct{}, error) {
	if _, err := AttemptTx(tx.Tx, c.Attempt); err != nil {
		return struct{}{}, err
	}
	if c.Operation > 0 {
		if _, err := operationTx(tx.Tx, c.Attempt, c.Operation); err != nil {
			return struct{}{}, err
		}
	}
	return struct{}{}, note.Set(tx, noteOn(c.Attempt, c.Operation), c.Note)
}

// noteOn is the subject of a note.
func noteOn(a ID, operation int) string {
	if operation == 0 {
		return string(a)
	}
	return fmt.Sprintf("%s/%d", a, operation)
}

// Annotate runs the command and returns the note as it is then. It returns a
// *NotFoundError.
func (s *Service) Annotate(ctx context.Context, c Annotate) (Note, error) {
	var err error
	if c.Note, err = c.Note.Compact(); err != nil {
		return Note{}, err
	}
	slot, err := slotOf(Prefix, string(c.Attempt))
	if err != nil {
		return Note{}, err
	}
	return note.Annotate(ctx, s.engine, &c, command.Call{Key: c.Key, Slot: slot}, noteOn(c.Attempt, c.Operation))
}

// Note returns what other systems keep with a payment, or with one of its
// operations if that is not 0; an empty note if nothing.
func (s *Service) Note(ctx context.Context, a ID, operation int) (Note, error) {
	slot, err := slotOf(Prefix, string(a))
	if err != nil {
		return Note{}, err
	}
	return note.Read(ctx, s.engine, slot, noteOn(a, operation))
}
