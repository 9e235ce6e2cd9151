package accounts

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/internal/seal"
	"github.com/keelshop/commerce/internal/sqlite"
)

// StartReset makes the letter by which a customer who forgot their password
// gets another. It is good for a quarter of an hour.
type StartReset struct {
	Email seal.Personal `cbor:"-"`
	Key   string        `cbor:"-"` // with it, asking again gives the same letter

	Letter written `cbor:"1,keyasint" command:"stamped"`
}

// Kind returns "accounts.start_reset".
func (StartReset) Kind() command.Kind { return "accounts.start_reset" }

// Validate returns fault.Invalid if Email cannot be an address.
func (c StartReset) Validate() error { return CheckEmail(c.Email) }

func (c StartReset) apply(tx *command.Tx) (int64, error) { return c.Letter.store(tx, ResetPassword) }

// StartReset returns the letter to send. The error is an *UnknownCustomerError
// if nobody has the address, after the same work, and a *TooManyLettersError if
// they have enough letters. A stranger must not learn which: see SendReset.
func (s *Service) StartReset(ctx context.Context, c StartReset) (Letter, error) {
	if err := c.Validate(); err != nil {
		return Letter{}, err
	}
	letter, err := repeat(func() (Letter, error) { return s.startReset(ctx, c) })
	if err == nil {
		err = s.address(ctx, &letter)
	}
	if err != nil {
		return Letter{}, fmt.Errorf("resetting a password: %w", keyless(err))
	}
	return letter, nil
}

func (s *Service) startReset(ctx context.Context, c StartReset) (letter Letter, err error) {
	h := *s.emailClaim(c.Email)
	who, err := s.accountByEmail(ctx, h)
	if err != nil {
		return Letter{}, err
	}
	slot, err := who.slotOr(h.Slot())
	if err != nil {
		return Letter{}, err
	}
	token := s.tokenOf(ctx, letterToken, slot, c.Kind(), c.Key, "")
	until, err := command.Do[int64](ctx, s.engine, &c, command.Call{Key: c.Key, Slot: slot, Prepare: func(stamp command.Stamp) error {
		letter, c.Letter = s.write(stamp, ResetPassword, token, who, h, resetLifetime)
		return nil
	}})
	letter.ExpiresAt = time.UnixMilli(until).UTC()
	return letter, err
}

// SendReset makes a letter for a reset and sends it, if somebody has the
// address. Its outcome does not tell whether somebody does: it is nil also if
// the letter cannot be addressed or m fails, which happens for those only who
// are there. A Mailer that can fail tells of it by itself.
func (s *Service) SendReset(ctx context.Context, m Mailer, c StartReset) error {
	if err := c.Validate(); err != nil {
		return err
	}
	letter, err := repeat(func() (Letter, error) { return s.startReset(ctx, c) })
	_, unknown := errors.AsType[*UnknownCustomerError](err)
	_, many := errors.AsType[*TooManyLettersError](err)
	switch {
	case unknown || many:
		return nil
	case err != nil:
		return fmt.Errorf("resetting a password: %w", keyless(err))
	}
	if s.address(ctx, &letter) == nil {
		_ = m.Send(ctx, letter) // to return it would tell that there is somebody to send to
	}
	return nil
}

// Reset gives the customer who shows a letter's token a new password. It ends
// all their sessions and opens a new one, also while log-ins with the address
// have to wait. Without a key, log in with the new password after an uncertain
// outcome, or ask for another letter.
type Reset struct {
	Token    seal.Personal `cbor:"-" command:"secret"`
	Password seal.Personal `cbor:"-" command:"secret"`
	Device   seal.Personal `cbor:"-"`
	Lifetime time.Duration `cbor:"-"` // as in LogIn
	// Key makes asking again safe, also with the letter that is used up: it opens
	// the same session, for who shows the new password.
	Key string `cbor:"-"`

	Hash    tokenHash   `cbor:"1,keyasint" command:"stamped"`
	Sealed  seal.Sealed `cbor:"2,keyasint" command:"stamped"`
	Session opened      `cbor:"3,keyasint" command:"stamped"`
}

// Kind returns "accounts.reset".
func (Reset) Kind() command.Kind { return "accounts.reset" }

// Validate returns fault.Invalid, as a *PasswordError if the password is too
// short for anybody.
func (c Reset) Validate() error {
	return firstError(fault.InField("password", checkPassword(c.Password)), checkSession(c.Device, c.Lifetime))
}

func (c Reset) apply(tx *command.Tx) (struct{}, error) {
	have, err := useLetter(tx, ResetPassword, c.Hash)
	if err != nil {
		return struct{}{}, err
	}
	if err := storePassword(tx, have.id, c.Sealed); err != nil {
		return struct{}{}, err
	}
	if err := c.Session.store(tx, have.id); err != nil {
		return struct{}{}, err
	}
	if err := passwordChanged(tx, have.id); err != nil {
		return struct{}{}, err
	}
	return struct{}{}, markVerified(tx, have) // the letter has arrived
}

// Reset gives a customer a new password and returns their new session. The
// error is a *NoLetterError or a *PasswordError, which leaves the letter good.
func (s *Service) Reset(ctx context.Context, c Reset) (Session, error) {
	if err := c.Validate(); err != nil {
		return Session{}, err
	}
	session, err := repeat(func() (Session, error) { return s.reset(ctx, c) })
	if err != nil {
		return Session{}, fmt.Errorf("resetting a password: %w", keyless(err))
	}
	return session, nil
}

func (s *Service) reset(ctx context.Context, c Reset) (session Session, err error) {
	slot, h, ok := parseToken(letterToken, c.Token)
	if !ok {
		return Session{}, &NoLetterError{}
	}
	var who account
	token, prepared := s.tokenOf(ctx, sessionToken, slot, c.Kind(), c.Key, c.Token), false
	_, err = command.Do[struct{}](ctx, s.engine, &c, command.Call{Key: c.Key, Slot: slot, Prepare: func(stamp command.Stamp) (err error) {
		if who, err = s.reader(ctx, slot, h, stamp.At); err != nil {
			return err
		}
		c.Hash = h
		if c.Sealed, err = s.newPassword(ctx, who, c.Password); err != nil {
			return fault.InField("password", err)
		}
		session, c.Session, err = s.newSession(ctx, stamp, token, who, c.Device, c.Lifetime)
		prepared = err == nil
		return err
	}})
	if err != nil {
		return Session{}, err
	}
	if !prepared {
		return s.reopened(ctx, token, c.Password)
	}
	// What is left of the wait ends by itself.
	_ = s.forgive(ctx, s.throttleOf(who))
	return session, nil
}

// reader returns the account of who has a letter for a reset.
func (s *Service) reader(ctx context.Context, slot id.Slot, h tokenHash, at time.Time) (who account, err error) {
	err = s.engine.View(ctx, slot, func(tx *sqlite.Tx) error {
		customer, _, err := findLetter(tx, ResetPassword, h, at.UnixMilli())
		if err != nil {
			return err
		}
		who, err = readAccount(tx, customer)
		return err
	})
	if err == nil && who.id == "" {
		err = &NoLetterError{}
	}
	return who, err
}
