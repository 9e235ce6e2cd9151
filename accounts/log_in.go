package accounts

import (
	"context"
	"fmt"
	"time"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/claim"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/seal"
)

// LogIn opens a session for who knows a customer's e-mail address and password.
// Without a key, log in again after an uncertain outcome: a session whose
// token nobody got to know ends by itself.
type LogIn struct {
	Email    seal.Personal `cbor:"-"`
	Password seal.Personal `cbor:"-" command:"secret"`
	// Device is shown in the customer's list of sessions. It may be "".
	Device seal.Personal `cbor:"-"`
	// Lifetime is how long the session lasts. 0 means 30 days, and 12 hours
	// for staff.
	Lifetime time.Duration `cbor:"-"`
	// Key makes asking again safe: it opens the same session, for who shows the
	// password. "" opens another each time.
	Key string `cbor:"-"`

	Customer CustomerID  `cbor:"1,keyasint" command:"stamped"`
	Session  opened      `cbor:"2,keyasint" command:"stamped"`
	Proven   int64       `cbor:"3,keyasint" command:"stamped"` // the version of the password that was shown
	Upgraded seal.Sealed `cbor:"4,keyasint,omitempty" command:"stamped"`
}

// Kind returns "accounts.log_in".
func (LogIn) Kind() command.Kind { return "accounts.log_in" }

// Validate returns fault.Invalid if nobody could log in like this.
func (c LogIn) Validate() error {
	if err := CheckEmail(c.Email); err != nil {
		return err
	}
	if c.Password == "" || len(c.Password) > mostPassword {
		return fault.Wrong("password", "a password has 1 to %d bytes", mostPassword)
	}
	return checkSession(c.Device, c.Lifetime)
}

func (c LogIn) apply(tx *command.Tx) (struct{}, error) {
	if _, err := findTx(tx, c.Customer, 0); err != nil {
		return struct{}{}, err
	}
	version, _, err := tx.Int64(`SELECT version FROM credentials WHERE customer = ?`, c.Customer)
	if err != nil {
		return struct{}{}, err
	}
	if version != c.Proven {
		return struct{}{}, &movedError{Customer: c.Customer}
	}
	if c.Upgraded != nil {
		if _, err := tx.Exec(`UPDATE credentials SET password = ? WHERE customer = ?`, []byte(c.Upgraded), c.Customer); err != nil {
			return struct{}{}, err
		}
	}
	return struct{}{}, c.Session.store(tx, c.Customer)
}

// LogIn opens a session. The error is a *WrongPasswordError if the e-mail
// address is unknown or the password is another, after the same time and work,
// and a *ThrottledError after too many of these, also whether or not somebody
// has the address. A *OutgrownPasswordError says that the password is right and
// too short for staff. fault.Unavailable says that too many log in at once.
func (s *Service) LogIn(ctx context.Context, c LogIn) (Session, error) {
	if err := c.Validate(); err != nil {
		return Session{}, err
	}
	session, err := repeat(func() (Session, error) { return s.logIn(ctx, c) })
	if err != nil {
		return Session{}, fmt.Errorf("logging in: %w", keyless(err))
	}
	return session, nil
}

func (s *Service) logIn(ctx context.Context, c LogIn) (session Session, err error) {
	h := *s.emailClaim(c.Email)
	who, err := s.accountByEmail(ctx, h)
	if err != nil {
		return Session{}, err
	}
	slot, err := who.slotOr(h.Slot())
	if err != nil {
		return Session{}, err
	}
	token := s.tokenOf(ctx, sessionToken, slot, c.Kind(), c.Key, "")
	var unproven error
	_, err = command.Do[struct{}](ctx, s.engine, &c, command.Call{Key: c.Key, Slot: slot, Prepare: func(stamp command.Stamp) (err error) {
		defer func() { unproven = err }()
		stale, err := s.prove(ctx, who, h, c.Password)
		if err != nil {
			return err
		}
		if err := checkOutgrown(who, c.Password); err != nil {
			return err
		}
		c.Customer, c.Proven, c.Upgraded = who.id, who.version, nil
		if stale {
			if c.Upgraded, err = s.upgrade(ctx, who, c.Password); err != nil {
				return err
			}
		}
		session, c.Session, err = s.newSession(ctx, stamp, token, who, c.Device, c.Lifetime)
		return err
	}})
	if unproven != nil { // what the key has opened is not for them
		err = unproven
	}
	if err != nil {
		return Session{}, err
	}
	return s.opened(ctx, session, c.Key)
}

// opened returns a session that was just opened: with a key, it may be the one
// that was opened the first time.
func (s *Service) opened(ctx context.Context, session Session, key string) (Session, error) {
	if key == "" {
		return session, nil
	}
	first, err := s.Session(ctx, session.Token)
	first.Token = session.Token
	return first, err
}

// prove checks a password, under the memory of one hash, so that those who
// guess at once wait for each other's failures. It reports whether the hash is
// of other parameters than new ones.
func (s *Service) prove(ctx context.Context, who account, h claim.Hash, password seal.Personal) (stale bool, err error) {
	stored := nobody(s.passwords.cost)
	if who.password != nil {
		if stored, err = s.openPassword(ctx, who); err != nil {
			return false, err
		}
	}
	release, err := s.passwords.reserve(ctx, stored.cost)
	if err != nil {
		return false, err
	}
	defer release()
	failures, err := s.failures(ctx, h)
	if err != nil {
		return false, err
	}
	if !stored.matches(normalizePassword(password)) {
		if err := s.noteFailure(ctx, h); err != nil {
			return false, err
		}
		return false, &WrongPasswordError{}
	}
	if failures > 0 {
		err = s.forgive(ctx, h)
	}
	return stored.cost != s.passwords.cost, err
}

func (s *Service) openPassword(ctx context.Context, who account) (hash, error) {
	key, err := s.sealer.OpenKey(ctx, string(who.id), who.wrapped)
	if err != nil {
		return hash{}, err
	}
	text, err := s.sealer.OpenText(key, string(who.id), passwordField, who.password)
	if err != nil {
		return hash{}, err
	}
	return parseHash(text.Reveal())
}

// upgrade hashes a password that was just shown with the parameters of today.
func (s *Service) upgrade(ctx context.Context, who account, password seal.Personal) (seal.Sealed, error) {
	key, err := s.sealer.OpenKey(ctx, string(who.id), who.wrapped)
	if err != nil {
		return nil, err
	}
	return s.sealPassword(ctx, key, who.id, password)
}
