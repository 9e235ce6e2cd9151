package accounts

import (
	"context"
	"fmt"
	"time"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/claim"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/sqlite"
)

// Failed log-ins are counted for each e-mail address that is tried, known or
// not. From the fifth in a row on, the next has to wait, twice as long each
// time, up to a minute. What is tried meanwhile is not looked at, counts for
// nothing and prolongs nothing. So nobody is locked out for good: sessions go
// on, the wait ends, and a letter for a reset lets its reader in past it.
const (
	freeFailures = 5
	longestWait  = time.Minute
	forgetAfter  = time.Hour // after the last failure

	// TimerForget names the timers that forget failed log-ins.
	TimerForget = "accounts.forget"
)

// waitAfter returns how long to wait after so many failures in a row.
func waitAfter(failures int64) time.Duration {
	if failures < freeFailures {
		return 0
	}
	return min(longestWait, time.Second<<min(failures-freeFailures, 10))
}

// failures returns how many log-ins failed in a row. The error is a
// *ThrottledError if the next must wait.
func (s *Service) failures(ctx context.Context, h claim.Hash) (n int64, err error) {
	var last int64
	err = s.engine.View(ctx, h.Slot(), func(tx *sqlite.Tx) error {
		rows := tx.One(`SELECT failures, last_at FROM login_failures WHERE hash = ?`, h[:])
		if rows.Next() {
			n, last = rows.Int64(0), rows.Int64(1)
		}
		return rows.Close()
	})
	if err != nil {
		return 0, err
	}
	passed := time.Duration(s.engine.Now().UnixMilli()-last) * time.Millisecond
	if wait := waitAfter(n); passed >= 0 && passed < wait { // a clock that went back keeps nobody out
		return n, &ThrottledError{Wait: wait - passed}
	}
	return n, nil
}

// noteFailure counts a failed log-in.
type noteFailure struct {
	Hash claim.Hash `cbor:"1,keyasint"`
}

func (noteFailure) Kind() command.Kind { return "accounts.note_failure" }

func (noteFailure) Validate() error { return nil }

func (c noteFailure) apply(tx *command.Tx) (struct{}, error) {
	due := tx.Clock + forgetAfter.Milliseconds()
	n, err := tx.Exec(`UPDATE login_failures SET failures = failures + 1, last_at = ? WHERE hash = ?`, tx.At, c.Hash[:])
	if err != nil || n > 0 {
		return struct{}{}, err
	}
	_, err = tx.Exec(`INSERT INTO login_failures (hash, slot, failures, last_at, due) VALUES (?, ?, 1, ?, ?)`, c.Hash[:], tx.Slot, tx.At, due)
	if err != nil {
		return struct{}{}, err
	}
	return struct{}{}, tx.SetTimer(due, TimerForget, c.Hash.String())
}

func (s *Service) noteFailure(ctx context.Context, h claim.Hash) error {
	_, err := command.Do[struct{}](ctx, s.engine, &noteFailure{Hash: h}, command.Call{Slot: h.Slot()})
	return err
}

// forgetFailures forgets failed log-ins: at once after one that succeeded,
// otherwise when the last is old.
type forgetFailures struct {
	Hash claim.Hash `cbor:"1,keyasint"`
	Now  bool       `cbor:"2,keyasint"`
}

func (forgetFailures) Kind() command.Kind { return "accounts.forget_failures" }

func (forgetFailures) Validate() error { return nil }

func (c forgetFailures) apply(tx *command.Tx) (struct{}, error) {
	rows := tx.One(`SELECT last_at, due FROM login_failures WHERE hash = ?`, c.Hash[:])
	found := rows.Next()
	last, due := rows.Int64(0), rows.Int64(1)
	if err := rows.Close(); err != nil || !found {
		return struct{}{}, err
	}
	if err := tx.ClearTimer(due, TimerForget, c.Hash.String()); err != nil {
		return struct{}{}, err
	}
	left := min(last+forgetAfter.Milliseconds()-tx.At, forgetAfter.Milliseconds())
	if c.Now || left <= 0 {
		_, err := tx.Exec(`DELETE FROM login_failures WHERE hash = ?`, c.Hash[:])
		return struct{}{}, err
	}
	if _, err := tx.Exec(`UPDATE login_failures SET due = ? WHERE hash = ?`, tx.Clock+left, c.Hash[:]); err != nil {
		return struct{}{}, err
	}
	return struct{}{}, tx.SetTimer(tx.Clock+left, TimerForget, c.Hash.String())
}

func (s *Service) forgive(ctx context.Context, h claim.Hash) error {
	_, err := command.Do[struct{}](ctx, s.engine, &forgetFailures{Hash: h, Now: true}, command.Call{Slot: h.Slot()})
	return err
}

// ForgetTimer answers TimerForget.
func (s *Service) ForgetTimer(ctx context.Context, subject string) error {
	var h claim.Hash
	if err := h.UnmarshalText([]byte(subject)); err != nil {
		return fault.Wrap(fault.Broken, err, "forgetting the failed log-ins of timer %q", subject)
	}
	if _, err := command.Do[struct{}](ctx, s.engine, &forgetFailures{Hash: h}, command.Call{Slot: h.Slot()}); err != nil {
		return fmt.Errorf("forgetting failed log-ins: %w", err)
	}
	return nil
}
