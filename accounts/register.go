package accounts

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/claim"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/metadata"
	"github.com/keelshop/commerce/internal/seal"
)

// Register makes a new customer. With Key, asking again gives the same one.
type Register struct {
	// Email is unique among customers, without regard to case. It may be "":
	// then the customer is known to the shop by other means.
	Email             seal.Personal   `cbor:"-"`
	Name              seal.Personal   `cbor:"-"`
	Phone             seal.Personal   `cbor:"-" command:"phone"`
	Password          seal.Personal   `cbor:"-" command:"secret"` // "" means none: no log-in yet
	Groups            []string        `cbor:"1,keyasint,omitempty"`
	ExternalReference string          `cbor:"2,keyasint,omitempty" command:"numbers"`
	Metadata          json.RawMessage `cbor:"3,keyasint,omitempty"`
	PrivateMetadata   json.RawMessage `cbor:"4,keyasint,omitempty"`
	Key               string          `cbor:"-"`

	NewID       CustomerID      `cbor:"5,keyasint" command:"stamped"`
	Wrapped     seal.WrappedKey `cbor:"6,keyasint" command:"stamped"`
	SealedEmail seal.Sealed     `cbor:"7,keyasint,omitempty" command:"stamped"`
	SealedName  seal.Sealed     `cbor:"8,keyasint,omitempty" command:"stamped"`
	SealedPhone seal.Sealed     `cbor:"9,keyasint,omitempty" command:"stamped"`
	EmailClaim  *claim.Hash     `cbor:"10,keyasint,omitempty" command:"stamped"`
	Reserved    *Reserved       `cbor:"11,keyasint,omitempty" command:"stamped"`
	PhoneHash   *claim.Hash     `cbor:"12,keyasint,omitempty" command:"stamped"`
	Sealed      seal.Sealed     `cbor:"13,keyasint,omitempty" command:"stamped"` // the hash of the password
}

// Kind returns "accounts.register".
func (Register) Kind() command.Kind { return "accounts.register" }

// Validate returns fault.Invalid if a field cannot be what it should be.
func (c Register) Validate() error {
	if c.Email != "" {
		if err := CheckEmail(c.Email); err != nil {
			return err
		}
	}
	if c.Password != "" {
		if err := checkPassword(c.Password); err != nil {
			return fault.InField("password", err)
		}
	}
	_, err := c.normalized()
	return firstError(err, checkPersonal("name", "name", c.Name), checkPersonal("phone", "phone number", c.Phone),
		checkGroups(c.Groups), checkReference(c.ExternalReference))
}

func (c Register) normalized() (Register, error) {
	var err error
	c.Groups = sortedGroups(c.Groups)
	c.Metadata, c.PrivateMetadata, err = metadata.CompactBoth(c.Metadata, c.PrivateMetadata)
	return c, err
}

func (c Register) apply(tx *command.Tx) (stored, error) {
	token, err := c.Reserved.check(tx, 0)
	if err != nil {
		return stored{}, err
	}
	if err := ensureKey(tx, c.NewID, c.Wrapped); err != nil {
		return stored{}, err
	}
	groups, err := encodeGroups(c.Groups)
	if err != nil {
		return stored{}, err
	}
	_, err = tx.Exec(`INSERT INTO customers (id, slot, email, email_claim, email_verified, name, phone, phone_hash, groups,
			external_reference, metadata, private_metadata, version, erased, created_at, updated_at)
		VALUES (?, ?, ?, ?, 0, ?, ?, ?, ?, ?, ?, ?, 1, 0, ?, ?)`,
		c.NewID, tx.Slot, []byte(c.SealedEmail), hashOf(c.EmailClaim), []byte(c.SealedName), []byte(c.SealedPhone),
		hashOf(c.PhoneHash), groups, c.ExternalReference, textOf(c.Metadata), textOf(c.PrivateMetadata), tx.At, tx.At)
	if err != nil {
		return stored{}, err
	}
	if c.Sealed != nil {
		if err := storePassword(tx, c.NewID, c.Sealed); err != nil {
			return stored{}, err
		}
	}
	err = tx.Emit("customer.registered", string(c.NewID), changed{Customer: c.NewID, Version: 1})
	return stored{ID: c.NewID, Version: 1, Token: token}, err
}

// Register makes a new customer and returns them. The error is an
// *EmailTakenError if another customer has the e-mail address, and a
// *PasswordError if the password is not good enough.
func (s *Service) Register(ctx context.Context, c Register) (Customer, error) {
	if err := c.Validate(); err != nil {
		return Customer{}, err
	}
	c, err := c.normalized()
	if err != nil {
		return Customer{}, err
	}
	customer, err := repeat(func() (Customer, error) { return s.register(ctx, c) })
	if err != nil {
		return Customer{}, fmt.Errorf("registering a customer: %w", err)
	}
	return customer, nil
}

func (s *Service) register(ctx context.Context, c Register) (Customer, error) {
	key := command.KeyOr(s.engine, c.Key)
	var r *claim.Reservation
	done, err := command.Do[stored](ctx, s.engine, &c, command.Call{Key: key, Create: true, Prepare: func(stamp command.Stamp) (err error) {
		c.NewID = CustomerID(stamp.NewID("cus"))
		if err := s.sealNew(ctx, &c); err != nil {
			return err
		}
		c.EmailClaim = s.emailClaim(c.Email)
		c.Reserved, r, err = s.reserve(ctx, c.NewID, 0, c.EmailClaim, nil)
		return firstError(err, c.Reserved.hopeless(c.Key))
	}})
	s.settle(ctx, r, true, done, err)
	if err != nil {
		return Customer{}, err
	}
	return s.read(ctx, key, done.ID)
}

func (s *Service) sealNew(ctx context.Context, c *Register) error {
	key, wrapped, err := s.sealer.NewKey(ctx, string(c.NewID))
	if err != nil {
		return err
	}
	c.Wrapped, c.PhoneHash, c.Sealed = wrapped, s.phoneHash(c.Phone), nil
	if c.Password != "" {
		if err := s.judge(ctx, c.Password, slices.Contains(c.Groups, StaffGroup), c.Email, c.Name); err != nil {
			return fault.InField("password", err)
		}
		if c.Sealed, err = s.sealPassword(ctx, key, c.NewID, c.Password); err != nil {
			return err
		}
	}
	return firstError(
		s.seal(&c.SealedEmail, key, c.NewID, emailField, c.Email),
		s.seal(&c.SealedName, key, c.NewID, nameField, c.Name),
		s.seal(&c.SealedPhone, key, c.NewID, phoneField, c.Phone),
	)
}

// seal stores the sealed field in to, nil for an empty one.
func (s *Service) seal(to *seal.Sealed, key seal.DataKey, customer CustomerID, field string, plain seal.Personal) (err error) {
	if *to = nil; plain == "" {
		return nil
	}
	*to, err = s.sealer.SealText(key, string(customer), field, plain)
	return err
}
