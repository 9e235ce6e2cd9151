package accounts

import (
	"context"
	"errors"

	"github.com/keelshop/commerce/internal/claim"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/internal/seal"
	"github.com/keelshop/commerce/internal/sqlite"
	"github.com/keelshop/commerce/internal/subject"
)

// The names of sealed fields. They are part of the sealed form and never
// change.
const (
	emailField    = "email"
	nameField     = "name"
	phoneField    = "phone"
	addressField  = "address"
	deviceField   = "device"
	passwordField = "password"
)

// base is what commands need to know of a customer before they change them.
type base struct {
	id      CustomerID
	version int64
	erased  bool
	email   *claim.Hash
}

func readBase(tx *sqlite.Tx, customer CustomerID) (b base, found bool, err error) {
	b.id = customer
	rows := tx.One(`SELECT version, erased, email_claim FROM customers WHERE id = ?`, customer)
	if found = rows.Next(); found {
		b.version, b.erased = rows.Int64(0), rows.Bool(1)
		if !rows.Null(2) {
			h := claim.Hash(rows.Blob(2))
			b.email = &h
		}
	}
	return b, found, rows.Close()
}

// KnownTx returns nil for a customer who is known and was not erased, otherwise
// an *UnknownCustomerError or an *ErasedError.
func KnownTx(tx *sqlite.Tx, customer CustomerID) error {
	b, found, err := readBase(tx, customer)
	switch {
	case err != nil:
		return err
	case !found:
		return &UnknownCustomerError{Customer: customer}
	case b.erased:
		return &ErasedError{Customer: customer}
	}
	return nil
}

// findTx returns a customer who may be changed.
func findTx(tx *command.Tx, customer CustomerID, version int64) (base, error) {
	b, found, err := readBase(tx.Tx, customer)
	switch {
	case err != nil:
		return base{}, err
	case !found:
		return base{}, &UnknownCustomerError{Customer: customer}
	case b.erased:
		return base{}, &ErasedError{Customer: customer}
	case version != 0 && version != b.version:
		return base{}, &VersionError{Customer: customer, Have: b.version, Want: version}
	}
	return b, nil
}

// changed is the data of the events customer.registered, .updated and .erased.
type changed struct {
	Customer CustomerID `json:"customer"`
	Version  int64      `json:"version"`
}

// touch counts a change of the customer and tells of it.
func (b base) touch(tx *command.Tx, event string) (version int64, err error) {
	version = b.version + 1
	if _, err := tx.Exec(`UPDATE customers SET version = ?, updated_at = ? WHERE id = ?`, version, tx.At, b.id); err != nil {
		return 0, err
	}
	return version, tx.Emit(event, string(b.id), changed{Customer: b.id, Version: version})
}

func ensureKey(tx *command.Tx, customer CustomerID, wrapped seal.WrappedKey) error {
	err := subject.EnsureTx(tx, string(customer), wrapped)
	if _, erased := errors.AsType[*subject.ErasedError](err); erased {
		return &ErasedError{Customer: customer}
	}
	return err
}

// key returns the customer's data key, or makes one.
func (s *Service) key(ctx context.Context, slot id.Slot, customer CustomerID) (seal.DataKey, seal.WrappedKey, error) {
	key, wrapped, _, err := subject.Key(ctx, s.engine, s.sealer, slot, string(customer))
	if _, erased := errors.AsType[*subject.ErasedError](err); erased {
		err = &ErasedError{Customer: customer}
	}
	return key, wrapped, err
}

func hashOf(h *claim.Hash) []byte {
	if h == nil {
		return nil
	}
	return h[:]
}
