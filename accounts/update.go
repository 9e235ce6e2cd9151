package accounts

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/claim"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/internal/metadata"
	"github.com/keelshop/commerce/internal/seal"
	"github.com/keelshop/commerce/internal/sqlite"
)

// Update changes the fields of a customer that are not nil. A pointer to an
// empty value, or the JSON object {}, empties a field. Who joins StaffGroup is
// logged out everywhere, and logs in again under the rules for staff.
type Update struct {
	Customer          CustomerID      `cbor:"1,keyasint"`
	Email             *seal.Personal  `cbor:"-"`
	Name              *seal.Personal  `cbor:"-"`
	Phone             *seal.Personal  `cbor:"-" command:"phone"`
	Groups            *[]string       `cbor:"2,keyasint"`
	ExternalReference *string         `cbor:"3,keyasint" command:"numbers"`
	Metadata          json.RawMessage `cbor:"4,keyasint,omitempty"`
	PrivateMetadata   json.RawMessage `cbor:"5,keyasint,omitempty"`
	Version           int64           `cbor:"6,keyasint,omitempty"` // the one that the caller has read; 0 for any
	Key               string          `cbor:"-"`

	Wrapped    seal.WrappedKey `cbor:"7,keyasint" command:"stamped"`
	NewEmail   *Sealed         `cbor:"8,keyasint" command:"stamped"`
	NewName    *Sealed         `cbor:"9,keyasint" command:"stamped"`
	NewPhone   *Sealed         `cbor:"10,keyasint" command:"stamped"`
	EmailClaim *claim.Hash     `cbor:"11,keyasint" command:"stamped"`
	Reserved   *Reserved       `cbor:"12,keyasint,omitempty" command:"stamped"`
	PhoneHash  *claim.Hash     `cbor:"13,keyasint,omitempty" command:"stamped"`
}

// Sealed is a new value of a personal field; nil inside empties it.
type Sealed struct {
	Value seal.Sealed `cbor:"1,keyasint"`
}

// Kind returns "accounts.update".
func (Update) Kind() command.Kind { return "accounts.update" }

// Validate returns fault.Invalid if a field cannot be what it should be.
func (c Update) Validate() error {
	if err := id.Check("cus", string(c.Customer)); err != nil {
		return err
	}
	if c.Version < 0 {
		return fault.Wrong("version", "version %d of a customer cannot exist", c.Version)
	}
	if c.Email != nil && *c.Email != "" {
		if err := CheckEmail(*c.Email); err != nil {
			return err
		}
	}
	_, err := c.normalized()
	return firstError(err, checkPersonal("name", "name", deref(c.Name)), checkPersonal("phone", "phone number", deref(c.Phone)),
		checkGroups(deref(c.Groups)), checkReference(deref(c.ExternalReference)))
}

func deref[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}

func (c Update) normalized() (Update, error) {
	if c.Groups != nil {
		groups := sortedGroups(*c.Groups)
		c.Groups = &groups
		if groups == nil {
			c.Groups = &[]string{} // a nil list would arrive as "unchanged"
		}
	}
	var err error
	c.Metadata, c.PrivateMetadata, err = metadata.CompactBoth(c.Metadata, c.PrivateMetadata)
	return c, err
}

func (c Update) apply(tx *command.Tx) (stored, error) {
	have, err := findTx(tx, c.Customer, c.Version)
	if err != nil {
		return stored{}, err
	}
	token, err := c.Reserved.check(tx, have.version)
	if err != nil {
		return stored{}, err
	}
	if c.NewEmail != nil && c.Reserved == nil && !sameHash(have.email, c.EmailClaim) {
		return stored{}, &movedError{Customer: c.Customer}
	}
	if err := ensureKey(tx, c.Customer, c.Wrapped); err != nil {
		return stored{}, err
	}
	if err := c.joinStaff(tx); err != nil {
		return stored{}, err
	}
	if err := c.store(tx); err != nil {
		return stored{}, err
	}
	if c.NewEmail != nil && !sameHash(have.email, c.EmailClaim) { // letters to the old address prove nothing any more
		if _, err := tx.Exec(`DELETE FROM letters WHERE customer = ?`, c.Customer); err != nil {
			return stored{}, err
		}
	}
	version, err := have.touch(tx, "customer.updated")
	return stored{ID: c.Customer, Version: version, Token: token}, err
}

// joinStaff ends the sessions of who becomes one of the staff: they were opened
// to last as long as a shopper's, by a password that need not be good enough.
func (c Update) joinStaff(tx *command.Tx) error {
	if !slices.Contains(deref(c.Groups), StaffGroup) {
		return nil
	}
	if staff, err := isStaff(tx, c.Customer); staff || err != nil {
		return err
	}
	return endSessions(tx, c.Customer)
}

func isStaff(tx *command.Tx, customer CustomerID) (bool, error) {
	n, _, err := tx.Int64(`SELECT count(*) FROM customers c, json_each(c.groups) g WHERE c.id = ? AND g.value = ?`, customer, StaffGroup)
	return n > 0, err
}

func (c Update) store(tx *command.Tx) error {
	groups, err := encodeGroups(deref(c.Groups))
	if err != nil {
		return err
	}
	_, err = tx.Exec(`UPDATE customers SET
			email_verified     = CASE WHEN ?1 AND email_claim IS NOT ?3 THEN 0 ELSE email_verified END,
			email              = CASE WHEN ?1 THEN ?2 ELSE email END,
			email_claim        = CASE WHEN ?1 THEN ?3 ELSE email_claim END,
			name               = CASE WHEN ?4 THEN ?5 ELSE name END,
			phone              = CASE WHEN ?6 THEN ?7 ELSE phone END,
			phone_hash         = CASE WHEN ?6 THEN ?15 ELSE phone_hash END,
			groups             = CASE WHEN ?8 THEN ?9 ELSE groups END,
			external_reference = CASE WHEN ?10 THEN ?11 ELSE external_reference END,
			metadata           = coalesce(?12, metadata),
			private_metadata   = coalesce(?13, private_metadata)
		WHERE id = ?14`,
		c.NewEmail != nil, []byte(deref(c.NewEmail).Value), hashOf(c.EmailClaim),
		c.NewName != nil, []byte(deref(c.NewName).Value), c.NewPhone != nil, []byte(deref(c.NewPhone).Value),
		c.Groups != nil, groups, c.ExternalReference != nil, deref(c.ExternalReference),
		textOf(c.Metadata), textOf(c.PrivateMetadata), c.Customer,
		hashOf(c.PhoneHash))
	return err
}

// Update changes a customer and returns them. The error is an
// *EmailTakenError if another customer has the new e-mail address.
func (s *Service) Update(ctx context.Context, c Update) (Customer, error) {
	if err := c.Validate(); err != nil {
		return Customer{}, err
	}
	c, err := c.normalized()
	if err != nil {
		return Customer{}, err
	}
	customer, err := repeat(func() (Customer, error) { return s.update(ctx, c) })
	if err != nil {
		return Customer{}, fmt.Errorf("updating customer %s: %w", c.Customer, err)
	}
	return customer, nil
}

func (s *Service) update(ctx context.Context, c Update) (Customer, error) {
	slot, err := c.Customer.Slot()
	if err != nil {
		return Customer{}, err
	}
	key := command.KeyOr(s.engine, c.Key)
	var r *claim.Reservation
	done, err := command.Do[stored](ctx, s.engine, &c, command.Call{Key: key, Slot: slot, Prepare: func(command.Stamp) (err error) {
		if err := s.sealUpdate(ctx, slot, &c); err != nil {
			return err
		}
		c.EmailClaim, c.Reserved = nil, nil
		if c.Email == nil {
			return nil
		}
		have, err := s.base(ctx, slot, c.Customer)
		if err != nil {
			return err
		}
		c.EmailClaim = s.emailClaim(*c.Email)
		c.Reserved, r, err = s.reserve(ctx, c.Customer, have.version, c.EmailClaim, have.email)
		return firstError(err, c.Reserved.hopeless(c.Key))
	}})
	s.settle(ctx, r, false, done, err)
	if err != nil {
		return Customer{}, err
	}
	return s.read(ctx, key, c.Customer)
}

func (s *Service) sealUpdate(ctx context.Context, slot id.Slot, c *Update) error {
	key, wrapped, err := s.key(ctx, slot, c.Customer)
	if err != nil {
		return err
	}
	c.Wrapped, c.NewEmail, c.NewName, c.NewPhone = wrapped, nil, nil, nil
	if c.PhoneHash = nil; c.Phone != nil {
		c.PhoneHash = s.phoneHash(*c.Phone)
	}
	for _, f := range []struct {
		name  string
		plain *seal.Personal
		to    **Sealed
	}{{emailField, c.Email, &c.NewEmail}, {nameField, c.Name, &c.NewName}, {phoneField, c.Phone, &c.NewPhone}} {
		if f.plain == nil {
			continue
		}
		*f.to = new(Sealed)
		if err := s.seal(&(*f.to).Value, key, c.Customer, f.name, *f.plain); err != nil {
			return err
		}
	}
	return nil
}

// base reads what is needed before a command is made for a customer. One who
// does not exist has no base; the command will say so.
func (s *Service) base(ctx context.Context, slot id.Slot, customer CustomerID) (b base, err error) {
	err = s.engine.View(ctx, slot, func(tx *sqlite.Tx) (err error) {
		b, _, err = readBase(tx, customer)
		return err
	})
	return b, err
}
