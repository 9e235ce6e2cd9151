package accounts

import (
	"context"
	"errors"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/claim"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/internal/seal"
	"github.com/keelshop/commerce/internal/sqlite"
	"github.com/keelshop/commerce/internal/subject"
)

// account is what proving who a customer is needs to know of them. The zero
// account is nobody's.
type account struct {
	id       CustomerID
	staff    bool
	email    *claim.Hash
	wrapped  seal.WrappedKey
	password seal.Sealed // nil without one
	version  int64       // of the password
}

// readAccount returns the zero account for a customer who does not exist or
// was erased.
func readAccount(tx *sqlite.Tx, customer CustomerID) (a account, err error) {
	rows := tx.One(`SELECT EXISTS (SELECT 1 FROM json_each(c.groups) WHERE value = ?), c.email_claim, k.password, coalesce(k.version, 0)
		FROM customers c LEFT JOIN credentials k ON k.customer = c.id WHERE c.id = ? AND c.erased = 0`, StaffGroup, customer)
	if rows.Next() {
		a.id, a.staff, a.password, a.version = customer, rows.Bool(0), rows.Blob(2), rows.Int64(3)
		if !rows.Null(1) {
			h := claim.Hash(rows.Blob(1))
			a.email = &h
		}
	}
	if err := rows.Close(); err != nil || a.id == "" {
		return account{}, err
	}
	a.wrapped, err = subject.WrappedTx(tx, string(customer))
	return a, err
}

// account reads one by the customer's ID. The error is an
// *UnknownCustomerError if nobody has it, or nobody any more.
func (s *Service) account(ctx context.Context, customer CustomerID) (a account, err error) {
	slot, err := customer.Slot()
	if err != nil {
		return account{}, err
	}
	err = s.engine.View(ctx, slot, func(tx *sqlite.Tx) (err error) {
		a, err = readAccount(tx, customer)
		return err
	})
	if err == nil && a.id == "" {
		err = &UnknownCustomerError{Customer: customer}
	}
	return a, err
}

// accountByEmail reads the account of who has an e-mail address. It returns
// the zero account if nobody does.
func (s *Service) accountByEmail(ctx context.Context, h claim.Hash) (account, error) {
	owner, _, err := claim.Owner(ctx, s.engine, ClaimKind, h)
	if err != nil || owner == "" {
		return account{}, err
	}
	a, err := s.account(ctx, CustomerID(owner))
	_, unknown := errors.AsType[*UnknownCustomerError](err)
	if unknown || err == nil && !sameHash(a.email, &h) { // reserved, not taken
		return account{}, nil
	}
	return a, err
}

// slotOr returns where the account lives, or other for nobody's.
func (a account) slotOr(other id.Slot) (id.Slot, error) {
	if a.id == "" {
		return other, nil
	}
	return a.id.Slot()
}

// judgeFor finds what is wrong with a new password of a customer.
func (s *Service) judgeFor(ctx context.Context, a account, p seal.Personal) error {
	c, err := s.Get(ctx, a.id)
	if err != nil {
		return err
	}
	return s.judge(ctx, p, a.staff, c.Email, c.Name)
}

// sealPassword hashes a new password and seals the hash.
func (s *Service) sealPassword(ctx context.Context, key seal.DataKey, customer CustomerID, p seal.Personal) (seal.Sealed, error) {
	hashed, err := s.passwords.hash(ctx, p)
	if err != nil {
		return nil, err
	}
	return s.sealer.SealText(key, string(customer), passwordField, hashed)
}

// newPassword judges, hashes and seals the new password of an account.
func (s *Service) newPassword(ctx context.Context, a account, p seal.Personal) (seal.Sealed, error) {
	if err := s.judgeFor(ctx, a, p); err != nil {
		return nil, err
	}
	key, err := s.sealer.OpenKey(ctx, string(a.id), a.wrapped)
	if err != nil {
		return nil, err
	}
	return s.sealPassword(ctx, key, a.id, p)
}

// storePassword gives a customer a new password and ends what the old one had
// opened: every session, and every letter for a reset.
func storePassword(tx *command.Tx, customer CustomerID, sealed seal.Sealed) error {
	_, err := tx.Exec(`INSERT INTO credentials (customer, slot, password, version, expire_due) VALUES (?, ?, ?, 1, 0)
		ON CONFLICT (customer) DO UPDATE SET password = excluded.password, version = version + 1`, customer, tx.Slot, []byte(sealed))
	if err != nil {
		return err
	}
	if _, err := tx.Exec(`DELETE FROM letters WHERE customer = ? AND kind = ?`, customer, ResetPassword); err != nil {
		return err
	}
	return endSessions(tx, customer)
}

// dropAccount removes all that a customer could prove themselves with.
func dropAccount(tx *command.Tx, customer CustomerID) error {
	if err := clearExpiry(tx, customer); err != nil {
		return err
	}
	if err := endSessions(tx, customer); err != nil {
		return err
	}
	if _, err := tx.Exec(`DELETE FROM letters WHERE customer = ?`, customer); err != nil {
		return err
	}
	_, err := tx.Exec(`DELETE FROM credentials WHERE customer = ?`, customer)
	return err
}

// keyless returns the error of a command that has no key of its caller's. If it
// is uncertain, there is nothing to ask again with.
func keyless(err error) error {
	if u, ok := errors.AsType[*command.UncertainError](err); ok {
		return fault.Wrap(fault.Uncertain, u.Err, "it is not known whether this was done: do it once more")
	}
	return err
}
