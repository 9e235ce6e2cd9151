package accounts

import (
	"context"
	"fmt"
	"time"

	"github.com/keelshop/commerce/internal/claim"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/seal"
	"github.com/keelshop/commerce/internal/sqlite"
)

// LetterKind says what a letter is for.
type LetterKind string

// The kinds of letters.
const (
	VerifyEmail   LetterKind = "verify_email"
	ResetPassword LetterKind = "reset_password"
)

// Letter is what a customer gets by e-mail, so that they can show that they
// read it. It works once and only while they have the same address.
type Letter struct {
	Kind     LetterKind
	Customer CustomerID
	To       seal.Personal // the e-mail address
	Name     seal.Personal // the customer's
	// Token goes into the link: a secret of 256 random bits. The store does
	// not know it.
	Token     seal.Personal
	ExpiresAt time.Time
}

// Mailer sends letters. The program implements it; whoever asks for a letter
// hands it over, since no command sends anything.
type Mailer interface {
	// Send sends a letter, or queues it, which is better: how long it takes
	// must not tell whether somebody has an address. It is safe for concurrent
	// use. SendReset drops the error, lest it tell the same: what fails is
	// logged or counted here. The link's host is one that the program knows, never one that a
	// request names.
	Send(ctx context.Context, letter Letter) error
}

// How long letters are good for, and how many of a kind a customer has at
// once. No more are made then: the reader has that many that work.
const (
	verifyLifetime = 24 * time.Hour
	resetLifetime  = 15 * time.Minute
	mostLetters    = 5
)

// written is the letter that a command makes.
type written struct {
	Customer  CustomerID `cbor:"1,keyasint"` // "" if nobody has the address
	Hash      tokenHash  `cbor:"2,keyasint"`
	Email     claim.Hash `cbor:"3,keyasint"`
	ExpiresAt int64      `cbor:"4,keyasint"`
}

// store keeps a letter and returns when it expires, in milliseconds.
func (w written) store(tx *command.Tx, kind LetterKind) (int64, error) {
	if w.Customer == "" {
		return 0, &UnknownCustomerError{}
	}
	have, err := findTx(tx, w.Customer, 0)
	if err != nil {
		return 0, err
	}
	if !sameHash(have.email, &w.Email) {
		return 0, &movedError{Customer: w.Customer}
	}
	_, err = tx.Exec(`DELETE FROM letters WHERE customer = ? AND expires_at <= ?`, w.Customer, tx.At)
	if err != nil {
		return 0, err
	}
	n, _, err := tx.Int64(`SELECT count(*) FROM letters WHERE customer = ? AND kind = ?`, w.Customer, kind)
	if err != nil {
		return 0, err
	}
	if n >= mostLetters {
		return 0, &TooManyLettersError{Customer: w.Customer}
	}
	_, err = tx.Exec(`INSERT INTO letters (hash, slot, customer, kind, email_claim, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?)
			ON CONFLICT DO NOTHING`,
		w.Hash[:], tx.Slot, w.Customer, kind, w.Email[:], tx.At, w.ExpiresAt)
	if err != nil {
		return 0, err
	}
	return w.ExpiresAt, expireAt(tx, w.Customer, w.ExpiresAt)
}

// write makes a letter and the form in which it is stored. For nobody, who has
// the address email, the work is the same.
func (s *Service) write(stamp command.Stamp, kind LetterKind, token seal.Personal, who account, email claim.Hash, lifetime time.Duration) (Letter, written) {
	letter := Letter{
		Kind: kind, Customer: who.id, Token: token,
		ExpiresAt: stamp.At.Add(lifetime).Truncate(time.Millisecond).UTC(),
	}
	return letter, written{Customer: who.id, Hash: hashOfToken(token), Email: email, ExpiresAt: letter.ExpiresAt.UnixMilli()}
}

// address fills in where a letter goes.
func (s *Service) address(ctx context.Context, letter *Letter) error {
	c, err := s.Get(ctx, letter.Customer)
	if err != nil {
		return fmt.Errorf("addressing a letter: %w", err)
	}
	letter.To, letter.Name = c.Email, c.Name
	return nil
}

// useLetter uses up the letter of a kind with a token and returns whose it is.
// The error is a *NoLetterError.
func useLetter(tx *command.Tx, kind LetterKind, h tokenHash) (base, error) {
	customer, email, err := findLetter(tx.Tx, kind, h, tx.At)
	if err != nil {
		return base{}, err
	}
	if _, err := tx.Exec(`DELETE FROM letters WHERE hash = ?`, h[:]); err != nil {
		return base{}, err
	}
	have, err := findTx(tx, customer, 0)
	if err == nil && !sameHash(have.email, &email) {
		err = &NoLetterError{}
	}
	return have, err
}

func findLetter(tx *sqlite.Tx, kind LetterKind, h tokenHash, at int64) (customer CustomerID, email claim.Hash, err error) {
	rows := tx.One(`SELECT customer, email_claim FROM letters WHERE hash = ? AND kind = ? AND expires_at > ?`, h[:], kind, at)
	if rows.Next() {
		customer, email = CustomerID(rows.Text(0)), claim.Hash(rows.Blob(1))
	}
	if err := rows.Close(); err != nil {
		return "", email, err
	}
	if customer == "" {
		return "", email, &NoLetterError{}
	}
	return customer, email, nil
}
