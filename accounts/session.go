package accounts

import (
	"context"
	"fmt"
	"time"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/internal/seal"
	"github.com/keelshop/commerce/internal/sqlite"
)

// SessionID identifies a session without giving access to it, as in
// ssn_01KAJ3W7Q8Z5D4F6G7H8J9K0M1.
type SessionID string

// Session is a customer who is logged in somewhere.
type Session struct {
	ID SessionID
	// Token is what its bearer shows: a secret of 256 random bits. Only the
	// call that opens a session returns it; the store does not know it.
	Token     seal.Personal
	Customer  CustomerID
	Staff     bool          // the customer is in StaffGroup now
	Device    seal.Personal // as it was given at the log-in
	CreatedAt time.Time
	ExpiresAt time.Time
}

// How long sessions last and how many a customer has at once. One more ends
// the oldest.
const (
	sessionLifetime      = 30 * 24 * time.Hour
	staffSessionLifetime = 12 * time.Hour
	longestSession       = 366 * 24 * time.Hour
	mostSessions         = 20
)

// opened is the session that a command opens.
type opened struct {
	ID        SessionID   `cbor:"1,keyasint"`
	Hash      tokenHash   `cbor:"2,keyasint"`
	Device    seal.Sealed `cbor:"3,keyasint,omitempty"`
	ExpiresAt int64       `cbor:"4,keyasint"`
	Staff     bool        `cbor:"5,keyasint,omitempty"` // it was made under the rules for staff
}

func checkSession(device seal.Personal, lifetime time.Duration) error {
	if lifetime < 0 || lifetime > longestSession {
		return fault.New(fault.Invalid, "a session lasts at most %v, not %v", longestSession, lifetime)
	}
	return checkPersonal("device", "name of the device", device)
}

// newSession makes a session for a customer and the form in which it is stored.
func (s *Service) newSession(ctx context.Context, stamp command.Stamp, token seal.Personal, who account, device seal.Personal, lifetime time.Duration) (Session, opened, error) {
	if lifetime == 0 {
		lifetime = sessionLifetime
		if who.staff {
			lifetime = staffSessionLifetime
		}
	}
	session := Session{
		ID: SessionID(stamp.NewID("ssn")), Token: token, Customer: who.id, Staff: who.staff, Device: device,
		CreatedAt: stamp.At.Truncate(time.Millisecond).UTC(), ExpiresAt: stamp.At.Add(lifetime).Truncate(time.Millisecond).UTC(),
	}
	o := opened{ID: session.ID, Hash: hashOfToken(session.Token), ExpiresAt: session.ExpiresAt.UnixMilli(), Staff: who.staff}
	key, err := s.sealer.OpenKey(ctx, string(who.id), who.wrapped)
	if err == nil {
		err = s.seal(&o.Device, key, who.id, deviceField, device)
	}
	return session, o, err
}

// store opens the session, and ends what the customer has too many of. The
// error is a *movedError if they have joined or left the staff since it was made.
func (o opened) store(tx *command.Tx, customer CustomerID) error {
	if o.ExpiresAt <= tx.At {
		return fault.New(fault.Refused, "the session would have ended before it began")
	}
	staff, err := isStaff(tx, customer)
	if err != nil {
		return err
	}
	if staff != o.Staff {
		return &movedError{Customer: customer}
	}
	_, err = tx.Exec(`DELETE FROM sessions WHERE customer = ?1 AND (expires_at <= ?2 OR id IN
			(SELECT id FROM sessions WHERE customer = ?1 AND expires_at > ?2 ORDER BY id DESC LIMIT -1 OFFSET ?3))`,
		customer, tx.At, mostSessions-1)
	if err != nil {
		return err
	}
	_, err = tx.Exec(`INSERT INTO sessions (id, slot, customer, hash, device, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?)
			ON CONFLICT DO NOTHING`,
		o.ID, tx.Slot, customer, o.Hash[:], []byte(o.Device), tx.At, o.ExpiresAt)
	if err != nil {
		return err
	}
	return expireAt(tx, customer, o.ExpiresAt)
}

// endSessions ends all sessions of a customer.
func endSessions(tx *command.Tx, customer CustomerID) error {
	_, err := tx.Exec(`DELETE FROM sessions WHERE customer = ?`, customer)
	return err
}

// Session returns the session that a token opens. The error is a
// *NoSessionError if there is none, or none any more.
func (s *Service) Session(ctx context.Context, token seal.Personal) (Session, error) {
	slot, h, ok := parseToken(sessionToken, token)
	if !ok {
		return Session{}, &NoSessionError{}
	}
	sessions, err := s.sessions(ctx, slot, `s.hash = ?`, h[:])
	switch {
	case err != nil:
		return Session{}, fmt.Errorf("reading a session: %w", err)
	case len(sessions) == 0:
		return Session{}, &NoSessionError{}
	}
	return sessions[0], nil
}

// reopened returns the session that a key has opened, to who shows the password
// that its customer has: the key alone proves nothing. The error is a
// *NoSessionError if it has ended since, and a *WrongPasswordError.
func (s *Service) reopened(ctx context.Context, token, password seal.Personal) (Session, error) {
	session, err := s.Session(ctx, token)
	if err != nil {
		return Session{}, err
	}
	who, err := s.account(ctx, session.Customer)
	if err != nil {
		return Session{}, err
	}
	if _, err := s.prove(ctx, who, s.throttleOf(who), password); err != nil {
		return Session{}, err
	}
	session.Token = token
	return session, nil
}

// Sessions returns the sessions of a customer, the newest first.
func (s *Service) Sessions(ctx context.Context, customer CustomerID) ([]Session, error) {
	slot, err := customer.Slot()
	if err != nil {
		return nil, err
	}
	sessions, err := s.sessions(ctx, slot, `s.customer = ?`, customer)
	if err != nil {
		return nil, fmt.Errorf("reading the sessions of customer %s: %w", customer, err)
	}
	return sessions, nil
}

// sessions returns those that have not expired, the newest first.
func (s *Service) sessions(ctx context.Context, slot id.Slot, where string, arg any) (found []Session, err error) {
	var devices []seal.Sealed
	var who account
	err = s.engine.View(ctx, slot, func(tx *sqlite.Tx) error {
		rows := tx.Query(`SELECT s.id, s.customer, s.device, s.created_at, s.expires_at FROM sessions s
			WHERE `+where+` AND s.expires_at > ? ORDER BY s.id DESC`, arg, s.engine.Now().UnixMilli())
		for rows.Next() {
			found = append(found, Session{ID: SessionID(rows.Text(0)), Customer: CustomerID(rows.Text(1)), CreatedAt: timeOf(rows, 3), ExpiresAt: timeOf(rows, 4)})
			devices = append(devices, rows.Blob(2))
		}
		if err := rows.Close(); err != nil || len(found) == 0 {
			return err
		}
		who, err = readAccount(tx, found[0].Customer)
		return err
	})
	if err != nil || len(found) == 0 {
		return nil, err
	}
	key, err := s.sealer.OpenKey(ctx, string(who.id), who.wrapped)
	if err != nil {
		return nil, err
	}
	for i := range found {
		found[i].Staff = who.staff
		if devices[i] == nil {
			continue
		}
		if found[i].Device, err = s.sealer.OpenText(key, string(who.id), deviceField, devices[i]); err != nil {
			return nil, err
		}
	}
	return found, nil
}
