package subject

import (
	"bytes"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/seal"
)

// EnsureTx stores the key of a subject on tx.Slot unless it is there already.
// The error is a *KeyExistsError if another is, and an *ErasedError if the
// subject was erased.
func EnsureTx(tx *command.Tx, subject string, wrapped seal.WrappedKey) error {
	stored, err := WrappedTx(tx.Tx, subject)
	switch {
	case err != nil:
		return err
	case stored != nil && !sameKey(stored, wrapped):
		return &KeyExistsError{Subject: subject}
	case stored != nil:
		return nil
	}
	epoch, err := wrapped.Epoch()
	if err != nil {
		return fault.Wrap(fault.Invalid, err, "storing the data key of %s", subject)
	}
	_, err = tx.Exec(`INSERT INTO subject_keys (subject, slot, epoch, wrapped, erased) VALUES (?, ?, ?, ?, 0)`,
		subject, tx.Slot, epoch, []byte(wrapped))
	return err
}

// sameKey also holds when one of the two was wrapped again under a newer epoch.
func sameKey(a, b seal.WrappedKey) bool {
	if bytes.Equal(a, b) {
		return true
	}
	x, errX := a.KeyID()
	y, errY := b.KeyID()
	return errX == nil && errY == nil && x == y
}

// EraseTx deletes the key of a subject for good: what was sealed under it can
// no longer be read from this store. To erase a subject that has no key yet
// keeps it from getting one. Erasing twice does nothing more.
func EraseTx(tx *command.Tx, subject string) error {
	_, err := tx.Exec(`INSERT INTO subject_keys (subject, slot, epoch, wrapped, erased) VALUES (?, ?, 1, NULL, 1)
		ON CONFLICT (subject) DO UPDATE SET wrapped = NULL, erased = 1`, subject, tx.Slot)
	return err
}
