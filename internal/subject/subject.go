// Package subject keeps the data keys under which personal fields are sealed:
// one for each person, wrapped by the store's key ring, on the slot where the
// person's things live.
//
// A subject is named by an ID: a customer's, or that of a guest's cart. Its
// first command brings the key along; to erase the subject is to delete it.
package subject

import (
	"context"
	_ "embed"
	"fmt"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/internal/seal"
	"github.com/keelshop/commerce/internal/sqlite"
)

//go:embed schema.sql
var schema string

// Module returns what the package adds to the state machine.
func Module() command.Module {
	return command.Module{
		Name:     "subject",
		Commands: []command.Definition{command.DefineRepeatable(Rewrap.apply)},
		Schema:   map[uint32]string{1: schema},
		Errors: []fault.Type{
			fault.Typed[*KeyExistsError]("subject.key_exists"),
			fault.Typed[*ErasedError]("subject.erased"),
		},
	}
}

// Key returns the data key of a subject that lives on slot, and the wrapped
// form. If isNew, it was made just now: the command that seals with it must
// carry wrapped and give it to EnsureTx. The error is an *ErasedError if the
// subject was erased.
func Key(ctx context.Context, e command.Engine, sealer *seal.Sealer, slot id.Slot, subject string) (key seal.DataKey, wrapped seal.WrappedKey, isNew bool, err error) {
	err = e.View(ctx, slot, func(tx *sqlite.Tx) (err error) {
		wrapped, err = WrappedTx(tx, subject)
		return err
	})
	switch {
	case err != nil:
		return key, nil, false, fmt.Errorf("reading the data key of %s: %w", subject, err)
	case wrapped == nil:
		key, wrapped, err = sealer.NewKey(ctx, subject)
		return key, wrapped, true, err
	}
	key, err = sealer.OpenKey(ctx, subject, wrapped)
	return key, wrapped, false, err
}

// WrappedTx returns a subject's wrapped key, nil if it has none yet, and an
// *ErasedError if it was erased.
func WrappedTx(tx *sqlite.Tx, subject string) (seal.WrappedKey, error) {
	wrapped, found, err := tx.Blob(`SELECT wrapped FROM subject_keys WHERE subject = ?`, subject)
	switch {
	case err != nil || !found:
		return nil, err
	case wrapped == nil:
		return nil, &ErasedError{Subject: subject}
	}
	return wrapped, nil
}
