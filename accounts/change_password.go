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

// ChangePassword gives the customer of a session another password, if they
// know the present one. It ends all their sessions and opens a new one.
// Without a key, log in with the new password or the old after an uncertain outcome.
type ChangePassword struct {
	Token    seal.Personal `cbor:"-" command:"secret"` // of the session
	Old, New seal.Personal `cbor:"-" command:"secret"`
	Device   seal.Personal `cbor:"-"`
	Lifetime time.Duration `cbor:"-"` // as in LogIn
	// Key makes asking again safe, also with the token of the session that the
	// change has ended: it opens the same session, for who shows the new password.
	Key string `cbor:"-"`

	Customer CustomerID  `cbor:"1,keyasint" command:"stamped"`
	Proven   int64       `cbor:"2,keyasint" command:"stamped"` // the version of the password that was shown
	Sealed   seal.Sealed `cbor:"3,keyasint" command:"stamped"`
	Session  opened      `cbor:"4,keyasint" command:"stamped"`
}

// Kind returns "accounts.change_password".
func (ChangePassword) Kind() command.Kind { return "accounts.change_password" }

// Validate returns fault.Invalid, as a *PasswordError if the new password is
// too short for anybody.
func (c ChangePassword) Validate() error {
	if len(c.Old) > mostPassword {
		return fault.Wrong("old_password", "a password has at most %d bytes", mostPassword)
	}
	return firstError(fault.InField("new_password", checkPassword(c.New)), checkSession(c.Device, c.Lifetime))
}

func (c ChangePassword) apply(tx *command.Tx) (struct{}, error) {
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
	if err := storePassword(tx, c.Customer, c.Sealed); err != nil {
		return struct{}{}, err
	}
	if err := c.Session.store(tx, c.Customer); err != nil {
		return struct{}{}, err
	}
	return struct{}{}, passwordChanged(tx, c.Customer)
}

// ChangePassword changes a password and returns the new session. The error is
// a *NoSessionError, *WrongPasswordError, *ThrottledError or *PasswordError.
func (s *Service) ChangePassword(ctx context.Context, c ChangePassword) (Session, error) {
	if err := c.Validate(); err != nil {
		return Session{}, err
	}
	session, err := repeat(func() (Session, error) { return s.changePassword(ctx, c) })
	if err != nil {
		return Session{}, fmt.Errorf("changing a password: %w", keyless(err))
	}
	return session, nil
}

func (s *Service) changePassword(ctx context.Context, c ChangePassword) (session Session, err error) {
	slot, _, ok := parseToken(sessionToken, c.Token)
	if !ok {
		return Session{}, &NoSessionError{}
	}
	token, prepared := s.tokenOf(ctx, sessionToken, slot, c.Kind(), c.Key, c.Token), false
	_, err = command.Do[struct{}](ctx, s.engine, &c, command.Call{Key: c.Key, Slot: slot, Prepare: func(stamp command.Stamp) error {
		present, err := s.Session(ctx, c.Token)
		if err != nil {
			return err
		}
		who, err := s.account(ctx, present.Customer)
		if err != nil {
			return err
		}
		c.Customer, c.Proven = who.id, who.version
		if _, err := s.prove(ctx, who, s.throttleOf(who), c.Old); err != nil {
			return err
		}
		if c.Sealed, err = s.newPassword(ctx, who, c.New); err != nil {
			return fault.InField("new_password", err)
		}
		session, c.Session, err = s.newSession(ctx, stamp, token, who, c.Device, c.Lifetime)
		prepared = err == nil
		return err
	}})
	if err != nil {
		return Session{}, err
	}
	if !prepared {
		return s.reopened(ctx, token, c.New)
	}
	return session, nil
}

// throttleOf returns what the failures of an account are counted under.
func (s *Service) throttleOf(who account) claim.Hash {
	if who.email != nil {
		return *who.email
	}
	return claim.Of(s.engine, ClaimKind, string(who.id)) // no address looks like this
}
