package accounts

import (
	"context"
	"fmt"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/internal/seal"
)

// SetPassword gives a customer a password without asking for the old one: for
// a new customer and for staff. It ends all their sessions. A customer's own
// wish goes through ChangePassword or Reset.
type SetPassword struct {
	Customer CustomerID    `cbor:"1,keyasint"`
	Password seal.Personal `cbor:"-" command:"secret"`
	// Key makes asking again safe. It does not tell two passwords apart.
	Key string `cbor:"-"`

	Sealed seal.Sealed `cbor:"2,keyasint" command:"stamped"`
}

// Kind returns "accounts.set_password".
func (SetPassword) Kind() command.Kind { return "accounts.set_password" }

// Validate returns fault.Invalid, as a *PasswordError if the password is too
// short for anybody.
func (c SetPassword) Validate() error {
	if err := id.Check("cus", string(c.Customer)); err != nil {
		return err
	}
	return fault.InField("password", checkPassword(c.Password))
}

func (c SetPassword) apply(tx *command.Tx) (struct{}, error) {
	if _, err := findTx(tx, c.Customer, 0); err != nil {
		return struct{}{}, err
	}
	if err := storePassword(tx, c.Customer, c.Sealed); err != nil {
		return struct{}{}, err
	}
	return struct{}{}, passwordChanged(tx, c.Customer)
}

// passwordChanged tells of a new password.
func passwordChanged(tx *command.Tx, customer CustomerID) error {
	return tx.Emit("customer.password_changed", string(customer), struct {
		Customer CustomerID `json:"customer"`
	}{customer})
}

// SetPassword gives a customer a password. The error is a *PasswordError if it
// is not good enough.
func (s *Service) SetPassword(ctx context.Context, c SetPassword) error {
	if err := c.Validate(); err != nil {
		return err
	}
	slot, err := c.Customer.Slot()
	if err != nil {
		return err
	}
	_, err = command.Do[struct{}](ctx, s.engine, &c, command.Call{Key: c.Key, Slot: slot, Prepare: func(command.Stamp) error {
		who, err := s.account(ctx, c.Customer)
		if err != nil {
			return err
		}
		c.Sealed, err = s.newPassword(ctx, who, c.Password)
		return err
	}})
	if err != nil {
		return fmt.Errorf("setting the password of customer %s: %w", c.Customer, err)
	}
	return nil
}
