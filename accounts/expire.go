package accounts

import (
	"context"
	"fmt"

	"github.com/keelshop/commerce/internal/command"
)

// TimerExpire names the timers that drop a customer's sessions and letters
// that have expired. They are no good from that moment on, timer or not.
const TimerExpire = "accounts.expire"

const expireSlack = 60_000 // ms, so that one round drops what expires together

// expireAt makes sure that a timer drops what expires at a wall time in ms. A
// customer has one timer, for what expires first.
func expireAt(tx *command.Tx, customer CustomerID, at int64) error {
	due := tx.Clock + max(at-tx.At, 0) + expireSlack
	have, _, err := tx.Int64(`SELECT expire_due FROM credentials WHERE customer = ?`, customer)
	if err != nil || have != 0 && have <= due {
		return err
	}
	if have != 0 {
		if err := tx.ClearTimer(have, TimerExpire, string(customer)); err != nil {
			return err
		}
	}
	_, err = tx.Exec(`INSERT INTO credentials (customer, slot, password, version, expire_due) VALUES (?, ?, NULL, 0, ?)
		ON CONFLICT (customer) DO UPDATE SET expire_due = excluded.expire_due`, customer, tx.Slot, due)
	if err != nil {
		return err
	}
	return tx.SetTimer(due, TimerExpire, string(customer))
}

// clearExpiry removes a customer's timer.
func clearExpiry(tx *command.Tx, customer CustomerID) error {
	due, _, err := tx.Int64(`SELECT expire_due FROM credentials WHERE customer = ?`, customer)
	if err != nil || due == 0 {
		return err
	}
	if err := tx.ClearTimer(due, TimerExpire, string(customer)); err != nil {
		return err
	}
	_, err = tx.Exec(`UPDATE credentials SET expire_due = 0 WHERE customer = ?`, customer)
	return err
}

// expire drops a customer's sessions and letters that have expired.
type expire struct {
	Customer CustomerID `cbor:"1,keyasint"`
}

func (expire) Kind() command.Kind { return "accounts.expire" }

func (expire) Validate() error { return nil }

func (c expire) apply(tx *command.Tx) (struct{}, error) {
	if err := clearExpiry(tx, c.Customer); err != nil {
		return struct{}{}, err
	}
	if _, err := tx.Exec(`DELETE FROM sessions WHERE customer = ? AND expires_at <= ?`, c.Customer, tx.At); err != nil {
		return struct{}{}, err
	}
	if _, err := tx.Exec(`DELETE FROM letters WHERE customer = ? AND expires_at <= ?`, c.Customer, tx.At); err != nil {
		return struct{}{}, err
	}
	next, _, err := tx.Int64(`SELECT min(expires_at) FROM
		(SELECT expires_at FROM sessions WHERE customer = ?1 UNION ALL SELECT expires_at FROM letters WHERE customer = ?1)`, c.Customer)
	if err != nil || next == 0 {
		return struct{}{}, err
	}
	return struct{}{}, expireAt(tx, c.Customer, next)
}

// ExpireTimer answers TimerExpire.
func (s *Service) ExpireTimer(ctx context.Context, subject string) error {
	slot, err := CustomerID(subject).Slot()
	if err != nil {
		return err
	}
	if _, err := command.Do[struct{}](ctx, s.engine, &expire{Customer: CustomerID(subject)}, command.Call{Slot: slot}); err != nil {
		return fmt.Errorf("dropping what has expired of customer %s: %w", subject, err)
	}
	return nil
}
