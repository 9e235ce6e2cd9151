package accounts

import (
	"context"
	"fmt"

	"github.com/keelshop/commerce/internal/claim"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/internal/subject"
)

// Erase makes everything personal of a customer unreadable for good: fields,
// addresses, and what carts and orders keep of them under the same data key.
// Password, sessions and letters go, and metadata too, since nobody knows what is in it; groups and the external
// reference stay. Erasing twice does nothing more.
type Erase struct {
	Customer CustomerID `cbor:"1,keyasint"`
	Key      string     `cbor:"-"`

	Reserved *Reserved `cbor:"2,keyasint,omitempty" command:"stamped"`
}

// Kind returns "accounts.erase".
func (Erase) Kind() command.Kind { return "accounts.erase" }

// Validate returns fault.Invalid if Customer is not a customer's ID.
func (c Erase) Validate() error { return id.Check("cus", string(c.Customer)) }

func (c Erase) apply(tx *command.Tx) (stored, error) {
	have, found, err := readBase(tx.Tx, c.Customer)
	switch {
	case err != nil:
		return stored{}, err
	case !found:
		return stored{}, &UnknownCustomerError{Customer: c.Customer}
	case have.erased:
		return stored{ID: c.Customer, Version: have.version}, nil
	}
	token, err := c.Reserved.check(tx, have.version)
	if err != nil {
		return stored{}, err
	}
	if have.email != nil && c.Reserved == nil {
		return stored{}, &movedError{Customer: c.Customer}
	}
	if err := subject.EraseTx(tx, string(c.Customer)); err != nil {
		return stored{}, err
	}
	if err := dropAccount(tx, c.Customer); err != nil {
		return stored{}, err
	}
	if _, err := tx.Exec(`DELETE FROM addresses WHERE customer = ?`, c.Customer); err != nil {
		return stored{}, err
	}
	_, err = tx.Exec(`UPDATE customers SET erased = 1, email = NULL, email_claim = NULL, email_verified = 0, name = NULL, phone = NULL,
		phone_hash = NULL, metadata = NULL, private_metadata = NULL WHERE id = ?`, c.Customer)
	if err != nil {
		return stored{}, err
	}
	version, err := have.touch(tx, "customer.erased")
	return stored{ID: c.Customer, Version: version, Token: token}, err
}

// Erase makes everything personal of a customer unreadable. Copies of their
// data key in the log and in backups die with the epoch that wrapped them: see
// package seal.
func (s *Service) Erase(ctx context.Context, c Erase) error {
	if err := c.Validate(); err != nil {
		return err
	}
	if _, err := repeat(func() (stored, error) { return s.erase(ctx, c) }); err != nil {
		return fmt.Errorf("erasing customer %s: %w", c.Customer, err)
	}
	return nil
}

func (s *Service) erase(ctx context.Context, c Erase) (stored, error) {
	slot, err := c.Customer.Slot()
	if err != nil {
		return stored{}, err
	}
	var r *claim.Reservation
	var email *claim.Hash
	done, err := command.Do[stored](ctx, s.engine, &c, command.Call{Key: c.Key, Slot: slot, Prepare: func(command.Stamp) error {
		have, err := s.base(ctx, slot, c.Customer)
		if err != nil {
			return err
		}
		email = have.email
		c.Reserved, r, err = s.reserve(ctx, c.Customer, have.version, nil, have.email)
		return err
	}})
	s.settle(ctx, r, false, done, err)
	if err == nil && email != nil {
		_ = s.forgive(ctx, *email) // failed log-ins; otherwise a timer forgets them within the hour
	}
	return done, err
}
