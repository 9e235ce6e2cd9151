package accounts

import (
	"context"
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/claim"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/seal"
	"github.com/keelshop/commerce/internal/sqlite"
)

// ClaimKind is the kind of the claims on e-mail addresses. Their owner is a
// customer.
const ClaimKind = "email"

const mostEmail = 254 // bytes, as in RFC 5321

// normalizeEmail returns the form in which two addresses are the same one.
func normalizeEmail(email seal.Personal) string {
	return strings.ToLower(strings.TrimSpace(email.Reveal()))
}

// CheckEmail returns fault.Invalid, in the field email, for what cannot be an
// address. Whether mail arrives there is only found out by sending some.
func CheckEmail(email seal.Personal) error {
	s := normalizeEmail(email)
	local, domain, found := strings.Cut(s, "@")
	bad := func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }
	if !found || local == "" || domain == "" || strings.Contains(domain, "@") || len(email) > mostEmail ||
		!utf8.ValidString(email.Reveal()) || strings.ContainsFunc(s, bad) {
		return fault.Wrong("email", "the e-mail address is not of the form name@domain with at most %d bytes", mostEmail)
	}
	return nil
}

func (s *Service) emailClaim(email seal.Personal) *claim.Hash { return HashOf(s.engine, email) }

// HashOf returns the keyed hash that stands for an e-mail address, as in the
// claims on them; nil for "".
func HashOf(e command.Engine, email seal.Personal) *claim.Hash {
	normalized := normalizeEmail(email)
	if normalized == "" {
		return nil
	}
	h := claim.Of(e, ClaimKind, normalized)
	return &h
}

// VerifiedTx returns the hash of a customer's e-mail address, or an
// *UnverifiedError if they have not shown that mail to it reaches them. It returns an
// *UnknownCustomerError or an *ErasedError as well.
func VerifiedTx(tx *sqlite.Tx, customer CustomerID) (claim.Hash, error) {
	if err := KnownTx(tx, customer); err != nil {
		return claim.Hash{}, err
	}
	rows := tx.One(`SELECT email_claim FROM customers WHERE id = ? AND email_verified = 1`, customer)
	if !rows.Next() {
		if err := rows.Close(); err != nil {
			return claim.Hash{}, err
		}
		return claim.Hash{}, &UnverifiedError{Customer: customer}
	}
	h := claim.Hash(rows.Blob(0))
	return h, rows.Close()
}

// sameHash also holds when there is no address on either side.
func sameHash(a, b *claim.Hash) bool {
	return a == b || a != nil && b != nil && *a == *b
}

// Reserved says what a command that takes or drops an e-mail address went by.
type Reserved struct {
	Base     int64  `cbor:"1,keyasint,omitempty"` // the customer's version; 0 if they are new
	Deadline int64  `cbor:"2,keyasint,omitempty"`
	Token    string `cbor:"3,keyasint,omitempty"`
	Taken    bool   `cbor:"4,keyasint,omitempty"` // another customer has the address
	Busy     bool   `cbor:"5,keyasint,omitempty"` // another customer perhaps has it
}

// check returns the token for the answer. A nil Reserved has none.
func (r *Reserved) check(tx *command.Tx, version int64) (token string, err error) {
	switch {
	case r == nil:
		return "", nil
	case r.Taken:
		return "", &EmailTakenError{}
	case r.Busy:
		return "", &EmailBusyError{}
	case r.Base != version:
		return "", &movedError{}
	}
	return r.Token, claim.InTime(tx, r.Deadline)
}

// hopeless returns the refusal that a command without a key from its caller
// would get. One with a key is run all the same: it was perhaps done before,
// which its key will tell.
func (r *Reserved) hopeless(key string) error {
	switch {
	case r == nil || key != "":
		return nil
	case r.Taken:
		return &EmailTakenError{}
	case r.Busy:
		return &EmailBusyError{}
	}
	return nil
}

// stored is the answer of the commands that may move an e-mail address.
type stored struct {
	ID      CustomerID `cbor:"1,keyasint"`
	Version int64      `cbor:"2,keyasint"`
	Token   string     `cbor:"3,keyasint,omitempty"`
}

// reserve reserves the addresses that a customer takes and drops. Another who
// has the address is no error here: see hopeless.
func (s *Service) reserve(ctx context.Context, customer CustomerID, base int64, take, drop *claim.Hash) (*Reserved, *claim.Reservation, error) {
	change := claim.Change{Kind: ClaimKind, Owner: string(customer)}
	if sameHash(take, drop) {
		return nil, nil, nil
	}
	if take != nil {
		change.Take = []claim.Hash{*take}
	}
	if drop != nil {
		change.Drop = []claim.Hash{*drop}
	}
	r, err := claim.Reserve(ctx, s.engine, change)
	if _, taken := errors.AsType[*claim.TakenError](err); taken {
		return &Reserved{Taken: true}, r, nil
	}
	if _, busy := errors.AsType[*claim.BusyError](err); busy {
		return &Reserved{Busy: true}, r, nil
	}
	if err != nil {
		return nil, r, err
	}
	return &Reserved{Base: base, Deadline: r.Deadline, Token: r.Token}, r, nil
}

// settle ends a reservation as far as its outcome is certain. What fails here
// settles itself later, so no error matters.
func (s *Service) settle(ctx context.Context, r *claim.Reservation, isNew bool, done stored, err error) {
	switch {
	case r == nil || fault.CodeOf(err) == fault.Uncertain:
	case err == nil && done.Token == r.Token:
		_ = r.Settle(ctx, s.engine)
	case isNew:
		_ = r.Abandon(ctx, s.engine)
	}
}

// attempts bounds how often a command starts over because what it went by
// changed.
const attempts = 8

// repeat runs a command until it does not have to start over.
func repeat[T any](once func() (T, error)) (done T, err error) {
	for range attempts {
		done, err = once()
		_, moved := errors.AsType[*movedError](err)
		_, late := errors.AsType[*claim.LateError](err)
		if !moved && !late {
			break
		}
	}
	return done, err
}

// Holds is the claim.Holder of ClaimKind: it reports whether a customer has an
// e-mail address, by its hash.
func (s *Service) Holds(ctx context.Context, _ string, h claim.Hash, customer string) (holds bool, err error) {
	slot, err := CustomerID(customer).Slot()
	if err != nil {
		return false, err
	}
	err = s.engine.View(ctx, slot, func(tx *sqlite.Tx) error {
		_, holds, err = tx.Int64(`SELECT 1 FROM customers WHERE id = ? AND email_claim = ?`, customer, h[:])
		return err
	})
	return holds, err
}
