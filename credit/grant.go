package credit

import (
	"context"
	"time"

	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/money"
)

// Grant gives a customer store credit. All that they have in a currency is one
// balance.
type Grant struct {
	Customer accounts.CustomerID `cbor:"1,keyasint"`
	Amount   money.Amount        `cbor:"2,keyasint"`
	Reason   string              `cbor:"3,keyasint,omitempty"`
	Key      string              `cbor:"-"`

	ID ID `cbor:"4,keyasint" command:"stamped"`
}

// Kind returns "credit.grant".
func (Grant) Kind() command.Kind { return "credit.grant" }

// Validate refuses amounts that are not above nothing.
func (c Grant) Validate() error {
	if err := id.Check("cus", string(c.Customer)); err != nil {
		return err
	}
	return checkGiven(c.Amount, c.Reason)
}

func (c Grant) apply(tx *command.Tx) (ID, error) {
	if _, found, err := tx.Int64(`SELECT 1 FROM customers WHERE id = ?`, c.Customer); err != nil || !found {
		if err == nil {
			err = &accounts.UnknownCustomerError{Customer: c.Customer}
		}
		return "", err
	}
	if _, err := insert(tx, Balance{ID: c.ID, Kind: CustomerCredit, Customer: c.Customer}, c.Amount.Currency()); err != nil {
		return "", err
	}
	return c.ID, put(tx, c.ID, "credit.granted", c.Amount.Minor(), c.Reason)
}

// Grant runs the command and returns the customer's balance.
func (s *Service) Grant(ctx context.Context, c Grant) (Balance, error) {
	slot, err := id.SlotOf(string(c.Customer))
	if err != nil {
		return Balance{}, err
	}
	call := command.Call{Key: c.Key, Slot: slot, Prepare: func(command.Stamp) error {
		c.ID = s.creditOf(c.Customer, slot, c.Amount.Currency())
		return nil
	}}
	return command.DoThen(ctx, s.engine, &c, call, func(ctx context.Context, b ID) (Balance, error) { return s.Get(ctx, b) })
}

// creditOf returns the ID of a customer's store credit in a currency.
func (s *Service) creditOf(customer accounts.CustomerID, slot id.Slot, c money.Currency) ID {
	h := s.engine.Hash("store credit", string(customer)+"\x00"+string(c))
	return ID(id.FromHash(storeCreditPrefix, slot, time.UnixMilli(epochMillis), h))
}
