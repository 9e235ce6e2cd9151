package accounts

import (
	"context"
	"fmt"

	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/internal/seal"
)

// LogOut ends the session of a token. One that has ended already is no error.
type LogOut struct {
	Token seal.Personal `cbor:"-" command:"secret"`

	Hash tokenHash `cbor:"1,keyasint" command:"stamped"`
}

// Kind returns "accounts.log_out".
func (LogOut) Kind() command.Kind { return "accounts.log_out" }

// Validate finds nothing wrong: with a text that is no token, there is nothing
// to end.
func (LogOut) Validate() error { return nil }

func (c LogOut) apply(tx *command.Tx) (struct{}, error) {
	_, err := tx.Exec(`DELETE FROM sessions WHERE hash = ?`, c.Hash[:])
	return struct{}{}, err
}

// LogOut ends the session of a token.
func (s *Service) LogOut(ctx context.Context, c LogOut) error {
	slot, h, ok := parseToken(sessionToken, c.Token)
	if !ok {
		return nil
	}
	_, err := command.Do[struct{}](ctx, s.engine, &c, command.Call{Slot: slot, Prepare: func(command.Stamp) error {
		c.Hash = h
		return nil
	}})
	if err != nil {
		return fmt.Errorf("logging out: %w", keyless(err))
	}
	return nil
}

// LogOutEverywhere ends sessions of a customer: all, all but one, or one.
type LogOutEverywhere struct {
	Customer CustomerID `cbor:"1,keyasint"`
	Except   SessionID  `cbor:"2,keyasint,omitempty"` // it goes on; "" means none
	Only     SessionID  `cbor:"3,keyasint,omitempty"` // the one to end; "" means all
}

// Kind returns "accounts.log_out_everywhere".
func (LogOutEverywhere) Kind() command.Kind { return "accounts.log_out_everywhere" }

// Validate returns fault.Invalid if an ID is not one.
func (c LogOutEverywhere) Validate() error {
	if err := id.Check("cus", string(c.Customer)); err != nil {
		return err
	}
	for _, session := range []SessionID{c.Except, c.Only} {
		if session == "" {
			continue
		}
		if err := id.Check("ssn", string(session)); err != nil {
			return err
		}
	}
	return nil
}

func (c LogOutEverywhere) apply(tx *command.Tx) (struct{}, error) {
	if _, err := findTx(tx, c.Customer, 0); err != nil {
		return struct{}{}, err
	}
	_, err := tx.Exec(`DELETE FROM sessions WHERE customer = ? AND id <> ? AND (? = '' OR id = ?)`, c.Customer, c.Except, c.Only, c.Only)
	return struct{}{}, err
}

// LogOutEverywhere ends sessions of a customer. When it has returned, their
// tokens open nothing any more, on any node.
func (s *Service) LogOutEverywhere(ctx context.Context, c LogOutEverywhere) error {
	if err := c.Validate(); err != nil {
		return err
	}
	slot, err := c.Customer.Slot()
	if err != nil {
		return err
	}
	if _, err := command.Do[struct{}](ctx, s.engine, &c, command.Call{Slot: slot}); err != nil {
		return fmt.Errorf("logging customer %s out: %w", c.Customer, keyless(err))
	}
	return nil
}
