package accounts

import (
	"context"
	"fmt"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/internal/seal"
)

const mostAddresses = 100 // of one customer

// AddAddress adds an address to a customer's address book.
type AddAddress struct {
	Customer CustomerID `cbor:"1,keyasint"`
	Address  Address    `cbor:"-"`
	Version  int64      `cbor:"2,keyasint,omitempty"` // the one that the caller has read; 0 for any
	Key      string     `cbor:"-"`

	NewID   AddressID   `cbor:"3,keyasint" command:"stamped"`
	Sealed  seal.Sealed `cbor:"4,keyasint" command:"stamped"`
	Country string      `cbor:"5,keyasint" command:"stamped"`
	// Wrapped is the customer's data key, which a first command brings along.
	Wrapped seal.WrappedKey `cbor:"6,keyasint" command:"stamped"`
}

// Kind returns "accounts.add_address".
func (AddAddress) Kind() command.Kind { return "accounts.add_address" }

// Validate returns fault.Invalid if the address cannot be one.
func (c AddAddress) Validate() error {
	if err := id.Check("cus", string(c.Customer)); err != nil {
		return err
	}
	return c.Address.Validate()
}

// added is the answer of AddAddress.
type added struct {
	ID      AddressID `cbor:"1,keyasint"`
	Version int64     `cbor:"2,keyasint"`
}

func (c AddAddress) apply(tx *command.Tx) (added, error) {
	have, err := findTx(tx, c.Customer, c.Version)
	if err != nil {
		return added{}, err
	}
	if err := ensureKey(tx, c.Customer, c.Wrapped); err != nil {
		return added{}, err
	}
	n, _, err := tx.Int64(`SELECT count(*) FROM addresses WHERE customer = ?`, c.Customer)
	if err != nil {
		return added{}, err
	}
	if n >= mostAddresses {
		return added{}, fault.New(fault.Refused, "customer %s has %d addresses, which is the limit: remove one first", c.Customer, n)
	}
	_, err = tx.Exec(`INSERT INTO addresses (id, slot, customer, sealed, country, created_at) VALUES (?, ?, ?, ?, ?, ?)`,
		c.NewID, tx.Slot, c.Customer, []byte(c.Sealed), c.Country, tx.At)
	if err != nil {
		return added{}, err
	}
	version, err := have.touch(tx, "customer.updated")
	return added{ID: c.NewID, Version: version}, err
}

// AddAddress adds an address to a customer's address book and returns its ID.
func (s *Service) AddAddress(ctx context.Context, c AddAddress) (AddressID, error) {
	if err := c.Validate(); err != nil {
		return "", err
	}
	slot, err := c.Customer.Slot()
	if err != nil {
		return "", err
	}
	done, err := command.Do[added](ctx, s.engine, &c, command.Call{Key: c.Key, Slot: slot, Prepare: func(stamp command.Stamp) (err error) {
		var key seal.DataKey
		if key, c.Wrapped, err = s.key(ctx, slot, c.Customer); err != nil {
			return err
		}
		c.NewID, c.Country = AddressID(stamp.NewID("adr")), c.Address.Country
		c.Sealed, err = SealAddress(s.sealer, key, string(c.Customer), addressField, c.Address)
		return err
	}})
	if err != nil {
		return "", fmt.Errorf("adding an address of customer %s: %w", c.Customer, err)
	}
	return done.ID, nil
}

// RemoveAddress removes an address from a customer's address book. Orders that
// went there keep their own copy.
type RemoveAddress struct {
	Customer CustomerID `cbor:"1,keyasint"`
	Address  AddressID  `cbor:"2,keyasint"`
	Version  int64      `cbor:"3,keyasint,omitempty"` // the one that the caller has read; 0 for any
	Key      string     `cbor:"-"`
}

// Kind returns "accounts.remove_address".
func (RemoveAddress) Kind() command.Kind { return "accounts.remove_address" }

// Validate returns fault.Invalid if an ID is not one.
func (c RemoveAddress) Validate() error {
	if err := id.Check("cus", string(c.Customer)); err != nil {
		return err
	}
	return id.Check("adr", string(c.Address))
}

func (c RemoveAddress) apply(tx *command.Tx) (int64, error) {
	have, err := findTx(tx, c.Customer, c.Version)
	if err != nil {
		return 0, err
	}
	n, err := tx.Exec(`DELETE FROM addresses WHERE id = ? AND customer = ?`, c.Address, c.Customer)
	if err != nil {
		return 0, err
	}
	if n == 0 {
		return 0, &UnknownAddressError{Customer: c.Customer, Address: c.Address}
	}
	return have.touch(tx, "customer.updated")
}

// RemoveAddress removes an address from a customer's address book.
func (s *Service) RemoveAddress(ctx context.Context, c RemoveAddress) error {
	if err := c.Validate(); err != nil {
		return err
	}
	slot, err := c.Customer.Slot()
	if err != nil {
		return err
	}
	if _, err := command.Do[int64](ctx, s.engine, &c, command.Call{Key: c.Key, Slot: slot}); err != nil {
		return fmt.Errorf("removing address %s: %w", c.Address, err)
	}
	return nil
}
