package command

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/internal/sqlite"
)

// Tx is all that an apply function sees: the shard's tables inside one
// transaction, and what the log says about the command. It is valid until
// apply returns and must not be kept.
type Tx struct {
	*sqlite.Tx
	// Slot is the slot that the command was routed to.
	Slot id.Slot
	// Shard is the number of this shard.
	Shard int
	// At is when the proposer stamped the command, in milliseconds since 1970
	// UTC by its wall clock. It is for people to read; it may jump.
	At int64
	// Clock is the shard's own clock in milliseconds. It never goes back and
	// never faster than real time; holds and timers run by it.
	Clock int64
	// Level is the shard's logic level.
	Level uint32
	// Principal is who asked.
	Principal string
	// Cut is the shard's cut number.
	Cut uint64

	effects *Effects
}

// Effects is what a transaction did besides its rows. The shard acts on it
// after the commit.
type Effects struct {
	// NextEvent is the sequence number that the next event gets.
	NextEvent int64
	// Touched holds the keys whose cached copies are stale after the commit.
	Touched []string
	// Timers says that a timer was set that is due no later than FirstDue.
	Timers   bool
	FirstDue int64
}

// NewTx returns the Tx for one command. It is for package shard and engines
// used in tests.
func NewTx(db *sqlite.Tx, e *Effects) *Tx { return &Tx{Tx: db, effects: e} }

// Time returns At as a UTC time.
func (tx *Tx) Time() time.Time { return time.UnixMilli(tx.At).UTC() }

// Emit appends an event to the shard's outbox, in the same transaction as the
// effect that it tells of. data must be a struct that encoding/json writes in
// one way only: no maps, no floats, nothing personal.
func (tx *Tx) Emit(kind, subject string, data any) error {
	body, err := json.Marshal(data)
	if err != nil {
		return fmt.Errorf("encoding event %s of %s: %w", kind, subject, err)
	}
	_, err = tx.Exec(`INSERT INTO outbox (seq, slot, at, kind, subject, data) VALUES (?, ?, ?, ?, ?, ?)`,
		tx.effects.NextEvent, tx.Slot, tx.At, kind, subject, body)
	if err != nil {
		return err
	}
	tx.effects.NextEvent++
	return nil
}

// Touch marks the cached copies of key as stale, for when this transaction
// has committed.
func (tx *Tx) Touch(key string) { tx.effects.Touched = append(tx.effects.Touched, key) }

// SetTimer asks for the handler of kind to be called with subject on the
// shard's leader once Clock has reached due. It stays until it is cleared, so
// a handler that dies is called again.
func (tx *Tx) SetTimer(due int64, kind, subject string) error {
	_, err := tx.Exec(`INSERT OR IGNORE INTO timers (due, kind, subject, slot) VALUES (?, ?, ?, ?)`, due, kind, subject, tx.Slot)
	if err == nil && (!tx.effects.Timers || due < tx.effects.FirstDue) {
		tx.effects.Timers, tx.effects.FirstDue = true, due
	}
	return err
}

// ClearTimer removes a timer that SetTimer made. Clearing one that is not
// there does nothing.
func (tx *Tx) ClearTimer(due int64, kind, subject string) error {
	_, err := tx.Exec(`DELETE FROM timers WHERE due = ? AND kind = ? AND subject = ?`, due, kind, subject)
	return err
}

// ClearTimers removes every timer of a kind for subject. It looks at all the
// shard's timers: use ClearTimer on hot paths.
func (tx *Tx) ClearTimers(kind, subject string) error {
	_, err := tx.Exec(`DELETE FROM timers WHERE kind = ? AND subject = ?`, kind, subject)
	return err
}
