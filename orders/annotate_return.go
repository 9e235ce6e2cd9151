package orders

import (
	"context"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/internal/note"
)

// Note is what other systems keep with a return.
type Note = note.Note

// NoteChange is what changes of a Note. What is nil stays as it is.
type NoteChange = note.Change

// AnnotateReturn changes what other systems keep with a return.
type AnnotateReturn struct {
	Return string     `cbor:"1,keyasint"`
	Note   NoteChange `cbor:"2,keyasint"`
	Key    string     `cbor:"-"`
}

// Kind returns "orders.annotate_return".
func (AnnotateReturn) Kind() command.Kind { return "orders.annotate_return" }

// Validate checks that the metadata are JSON objects within their limits.
func (c AnnotateReturn) Validate() error {
	if err := id.Check("ret", c.Return); err != nil {
		return err
	}
	return c.Note.Validate()
}

func (c AnnotateReturn) apply(tx *command.Tx) (struct{}, error) {
	_, found, err := tx.Int64(`SELECT 1 FROM returns WHERE id = ?`, c.Return)
	if err != nil {
		return struct{}{}, err
	}
	if !found {
		return struct{}{}, fault.New(fault.NotFound, "there is no return %s", c.Return)
	}
	return struct{}{}, note.Set(tx, c.Return, c.Note)
}

// AnnotateReturn runs the command and returns the note as it is then. It
// returns fault.NotFound for a return that is not there.
func (s *Service) AnnotateReturn(ctx context.Context, c AnnotateReturn) (Note, error) {
	var err error
	if c.Note, err = c.Note.Compact(); err != nil {
		return Note{}, err
	}
	slot, err := id.SlotOf(c.Return)
	if err != nil {
		return Note{}, err
	}
	return note.Annotate(ctx, s.engine, &c, command.Call{Key: c.Key, Slot: slot}, c.Return)
}

// ReturnNote returns what other systems keep with a return; an empty note if
// nothing.
func (s *Service) ReturnNote(ctx context.Context, ret string) (Note, error) {
	if err := id.Check("ret", ret); err != nil {
		return Note{}, err
	}
	slot, err := id.SlotOf(ret)
	if err != nil {
		return Note{}, err
	}
	return note.Read(ctx, s.engine, slot, ret)
}
