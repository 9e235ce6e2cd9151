package accounts

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/claim"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/seal"
	"github.com/keelshop/commerce/internal/sqlite"
	"github.com/keelshop/commerce/internal/subject"
)

// Get returns a customer. The error is an *UnknownCustomerError if there is
// none; one who was erased is returned with Erased set.
func (s *Service) Get(ctx context.Context, customer CustomerID) (Customer, error) {
	slot, err := customer.Slot()
	if err != nil {
		return Customer{}, err
	}
	var r record
	var found bool
	err = s.engine.View(ctx, slot, func(tx *sqlite.Tx) (err error) {
		r, found, err = readRecord(tx, customer)
		return err
	})
	switch {
	case err != nil:
		return Customer{}, fmt.Errorf("reading customer %s: %w", customer, err)
	case !found:
		return Customer{}, &UnknownCustomerError{Customer: customer}
	}
	return s.open(ctx, r)
}

// read returns the customer whom the command under key has made or changed.
func (s *Service) read(ctx context.Context, key string, customer CustomerID) (Customer, error) {
	return command.Then(ctx, key, func(ctx context.Context) (Customer, error) { return s.Get(ctx, customer) })
}

// ByEmail returns the customer with an e-mail address, without regard to case.
// The error is an *UnknownCustomerError if there is none.
func (s *Service) ByEmail(ctx context.Context, email seal.Personal) (Customer, error) {
	if err := CheckEmail(email); err != nil {
		return Customer{}, err
	}
	h := s.emailClaim(email)
	owner, _, err := claim.Owner(ctx, s.engine, ClaimKind, *h)
	if err != nil {
		return Customer{}, fmt.Errorf("looking up an e-mail address: %w", err)
	}
	if owner == "" {
		return Customer{}, &UnknownCustomerError{}
	}
	c, err := s.Get(ctx, CustomerID(owner))
	_, unknown := errors.AsType[*UnknownCustomerError](err)
	if unknown || err == nil && !sameHash(h, s.emailClaim(c.Email)) { // reserved, not taken
		return Customer{}, &UnknownCustomerError{}
	}
	return c, err
}

// record is a customer with the fields as they are stored.
type record struct {
	Customer
	wrapped            seal.WrappedKey
	email, name, phone seal.Sealed
	addresses          []sealedAddress
}

type sealedAddress struct {
	id      AddressID
	sealed  seal.Sealed
	country string
}

func readRecord(tx *sqlite.Tx, customer CustomerID) (r record, found bool, err error) {
	rows := tx.One(`SELECT email, name, phone, groups, external_reference, metadata, private_metadata, version, erased, created_at, updated_at,
			email_verified FROM customers WHERE id = ?`, customer)
	defer rows.Close()
	if !rows.Next() {
		return record{}, false, rows.Err()
	}
	r.ID, r.email, r.name, r.phone = customer, rows.Blob(0), rows.Blob(1), rows.Blob(2)
	if groups := rows.Text(3); groups != "[]" {
		if err := json.Unmarshal([]byte(groups), &r.Groups); err != nil {
			return record{}, false, fault.Wrap(fault.Broken, err, "reading the groups of customer %s", customer)
		}
	}
	r.ExternalReference, r.Metadata, r.PrivateMetadata = rows.Text(4), jsonOf(rows, 5), jsonOf(rows, 6)
	r.Version, r.Erased, r.EmailVerified = rows.Int64(7), rows.Bool(8), rows.Bool(11)
	r.CreatedAt, r.UpdatedAt = timeOf(rows, 9), timeOf(rows, 10)
	if r.Erased {
		return r, true, nil
	}
	if r.wrapped, err = subject.WrappedTx(tx, string(customer)); err != nil {
		return record{}, false, err
	}
	return r, true, r.readAddresses(tx)
}

func (r *record) readAddresses(tx *sqlite.Tx) error {
	rows := tx.Query(`SELECT id, sealed, country FROM addresses WHERE customer = ? ORDER BY id`, r.ID)
	for rows.Next() {
		r.addresses = append(r.addresses, sealedAddress{AddressID(rows.Text(0)), rows.Blob(1), rows.Text(2)})
	}
	return rows.Close()
}

// open decrypts what is sealed in a record.
func (s *Service) open(ctx context.Context, r record) (Customer, error) {
	c := r.Customer
	if c.Erased {
		return c, nil
	}
	key, err := s.sealer.OpenKey(ctx, string(c.ID), r.wrapped)
	if err != nil {
		return Customer{}, err
	}
	for _, f := range []struct {
		name   string
		sealed seal.Sealed
		to     *seal.Personal
	}{{emailField, r.email, &c.Email}, {nameField, r.name, &c.Name}, {phoneField, r.phone, &c.Phone}} {
		if f.sealed == nil {
			continue
		}
		if *f.to, err = s.sealer.OpenText(key, string(c.ID), f.name, f.sealed); err != nil {
			return Customer{}, err
		}
	}
	for _, a := range r.addresses {
		opened, err := OpenAddress(s.sealer, key, string(c.ID), addressField, a.sealed, a.country)
		if err != nil {
			return Customer{}, err
		}
		c.Addresses = append(c.Addresses, SavedAddress{ID: a.id, Address: opened})
	}
	return c, nil
}

func jsonOf(rows *sqlite.Rows, col int) json.RawMessage {
	if rows.Null(col) {
		return nil
	}
	return json.RawMessage(rows.Text(col))
}

func timeOf(rows *sqlite.Rows, col int) time.Time { return time.UnixMilli(rows.Int64(col)).UTC() }

// GroupsTx returns the groups of a customer, sorted; none if there is no such
// customer. It is for packages that act where the customer lives.
func GroupsTx(tx *sqlite.Tx, customer CustomerID) (groups []string, err error) {
	text, found, err := tx.Text(`SELECT groups FROM customers WHERE id = ?`, customer)
	if err != nil || !found {
		return nil, err
	}
	if err := json.Unmarshal([]byte(text), &groups); err != nil {
		return nil, fault.Wrap(fault.Broken, err, "reading the groups of customer %s", customer)
	}
	return groups, nil
}
