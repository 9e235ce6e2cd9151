package accounts

import (
	"context"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/claim"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/internal/seal"
)

// StartVerification makes the letter by which a customer shows that mail to
// their address reaches them. It is good for a day.
type StartVerification struct {
	Customer CustomerID `cbor:"1,keyasint"`
	Key      string     `cbor:"-"` // with it, asking again gives the same letter

	Letter written `cbor:"2,keyasint" command:"stamped"`
}

// Kind returns "accounts.start_verification".
func (StartVerification) Kind() command.Kind { return "accounts.start_verification" }

// Validate returns fault.Invalid if Customer is not a customer's ID.
func (c StartVerification) Validate() error { return id.Check("cus", string(c.Customer)) }

func (c StartVerification) apply(tx *command.Tx) (int64, error) {
	return c.Letter.store(tx, VerifyEmail)
}

// StartVerification returns the letter to send. The error is fault.Refused if
// the customer has no e-mail address, and a *TooManyLettersError if they have
// enough letters.
func (s *Service) StartVerification(ctx context.Context, c StartVerification) (letter Letter, err error) {
	if err := c.Validate(); err != nil {
		return Letter{}, err
	}
	letter, err = repeat(func() (Letter, error) { return s.startVerification(ctx, c) })
	if err != nil {
		return Letter{}, fmt.Errorf("verifying the e-mail address of customer %s: %w", c.Customer, keyless(err))
	}
	return letter, nil
}

func (s *Service) startVerification(ctx context.Context, c StartVerification) (letter Letter, err error) {
	slot, err := c.Customer.Slot()
	if err != nil {
		return Letter{}, err
	}
	token := s.tokenOf(ctx, letterToken, slot, c.Kind(), c.Key, "")
	until, err := command.Do[int64](ctx, s.engine, &c, command.Call{Key: c.Key, Slot: slot, Prepare: func(stamp command.Stamp) error {
		who, err := s.account(ctx, c.Customer)
		if err != nil {
			return err
		}
		if who.email == nil {
			return fault.New(fault.Refused, "customer %s has no e-mail address to verify", c.Customer)
		}
		letter, c.Letter = s.write(stamp, VerifyEmail, token, who, *who.email, verifyLifetime)
		return nil
	}})
	if err != nil {
		return Letter{}, err
	}
	letter.ExpiresAt = time.UnixMilli(until).UTC()
	return letter, s.address(ctx, &letter)
}

// Verify marks the e-mail address of the customer who shows a letter's token as
// verified. Showing it again within a week gives the same answer.
type Verify struct {
	Token seal.Personal `cbor:"-" command:"secret"`

	Hash tokenHash `cbor:"1,keyasint" command:"stamped"`
}

// Kind returns "accounts.verify".
func (Verify) Kind() command.Kind { return "accounts.verify" }

// Validate finds nothing wrong: a text that is no token is a *NoLetterError.
func (Verify) Validate() error { return nil }

// shown is its answer, which stays the same when it is repeated, also after the
// customer took another address.
type shown struct {
	Customer CustomerID `cbor:"1,keyasint"`
	Email    claim.Hash `cbor:"2,keyasint"`
}

func (c Verify) apply(tx *command.Tx) (shown, error) {
	have, err := useLetter(tx, VerifyEmail, c.Hash)
	if err != nil {
		return shown{}, err
	}
	return shown{Customer: have.id, Email: *have.email}, markVerified(tx, have)
}

func markVerified(tx *command.Tx, have base) error {
	n, err := tx.Exec(`UPDATE customers SET email_verified = 1 WHERE id = ? AND email_verified = 0`, have.id)
	if err != nil || n == 0 {
		return err
	}
	_, err = have.touch(tx, "customer.verified")
	return err
}

// Verify marks an e-mail address as verified and returns whose it is. The error
// is a *NoLetterError.
func (s *Service) Verify(ctx context.Context, c Verify) (CustomerID, error) {
	m, err := s.VerifyMailbox(ctx, c)
	return m.customer, err
}

// Mailbox is a proof that whoever showed a letter's token reads the mail to an
// address, and that the address was a customer's then. It does not say that it
// was the customer who showed it: anybody can register with an address, and its
// owner may press a button in a letter that they did not ask for. Only
// VerifyMailbox makes one; the zero Mailbox proves nothing.
type Mailbox struct {
	customer CustomerID
	email    claim.Hash
}

// Customer returns whose address it was.
func (m Mailbox) Customer() CustomerID { return m.customer }

// Email returns the address's hash: see HashOf.
func (m Mailbox) Email() claim.Hash { return m.email }

// VerifyMailbox is Verify with a proof of what the token showed.
func (s *Service) VerifyMailbox(ctx context.Context, c Verify) (Mailbox, error) {
	slot, h, ok := parseToken(letterToken, c.Token)
	if !ok {
		return Mailbox{}, &NoLetterError{}
	}
	call := command.Call{Key: "letter " + hex.EncodeToString(h[:]), Slot: slot, Prepare: func(command.Stamp) error {
		c.Hash = h
		return nil
	}}
	m, err := command.Do[shown](ctx, s.engine, &c, call)
	if err != nil {
		return Mailbox{}, fmt.Errorf("verifying an e-mail address: %w", keyless(err))
	}
	return Mailbox{customer: m.Customer, email: m.Email}, nil
}
