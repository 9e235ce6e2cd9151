package inventory

import (
	"context"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/note"
)

// Note is what other systems keep with the stock of a SKU at a location.
type Note = note.Note

// NoteChange is what changes of a Note. What is nil stays as it is.
type NoteChange = note.Change

// Annotate changes what other systems keep with the stock of a SKU at a
// location.
type Annotate struct {
	SKU      catalog.SKU `cbor:"1,keyasint"`
	Location Location    `cbor:"2,keyasint,omitempty"` // "" is Main
	Note     NoteChange  `cbor:"3,keyasint"`
	Pool     PoolID      `cbor:"4,keyasint" command:"stamped"`
	Key      string      `cbor:"-"`
}

// Kind returns "inventory.annotate".
func (Annotate) Kind() command.Kind { return "inventory.annotate" }

// Validate checks that the metadata are JSON objects within their limits.
func (c Annotate) Validate() error {
	if err := validateStock(c.SKU, c.Location, ""); err != nil {
		return err
	}
	return c.Note.Validate()
}

func (c Annotate) apply(tx *command.Tx) (PoolID, error) {
	s, err := stockTx(tx.Tx, c.Pool)
	if err != nil {
		return "", err
	}
	if !s.known {
		return "", fault.New(fault.NotFound, "there was never any stock of %s at %s", c.SKU, c.Location.orMain())
	}
	return c.Pool, note.Set(tx, string(c.Pool), c.Note)
}

// Annotate runs the command and returns the note as it is then. It returns
// catalog's error for an unknown SKU and fault.NotFound if there was never any
// stock of it at the location.
func (s *Service) Annotate(ctx context.Context, c Annotate) (Note, error) {
	if err := c.Validate(); err != nil {
		return Note{}, err
	}
	key := command.KeyOr(s.engine, c.Key)
	pool, err := s.routeOne(ctx, key, "annotate", c, c.SKU, c.Location)
	if err != nil {
		return Note{}, err
	}
	slot, err := pool.Slot()
	if err != nil {
		return Note{}, err
	}
	if c.Note, err = c.Note.Compact(); err != nil {
		return Note{}, err
	}
	c.Pool = pool
	return command.DoThen(ctx, s.engine, &c, command.Call{Key: key, Slot: slot}, s.noteOn)
}

// Note returns what other systems keep with the stock of a SKU at a location;
// an empty note if nothing.
func (s *Service) Note(ctx context.Context, sku catalog.SKU, l Location) (Note, error) {
	if err := l.validate(); err != nil {
		return Note{}, err
	}
	pools, err := s.poolsOf(ctx, []catalog.SKU{sku}, []Location{l})
	if err != nil {
		return Note{}, err
	}
	return s.noteOn(ctx, pools[0])
}

func (s *Service) noteOn(ctx context.Context, pool PoolID) (Note, error) {
	slot, err := pool.Slot()
	if err != nil {
		return Note{}, err
	}
	return note.Read(ctx, s.engine, slot, string(pool))
}
