package endpoints

import (
	"context"
	"fmt"

	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/internal/subject"
)

// Remove removes an endpoint with its secrets and its log.
type Remove struct {
	Endpoint ID     `cbor:"1,keyasint"`
	Key      string `cbor:"-"`
}

// Kind returns "endpoints.remove".
func (Remove) Kind() command.Kind { return "endpoints.remove" }

// Validate returns fault.Invalid if Endpoint is not an endpoint's ID.
func (c Remove) Validate() error { return id.Check("whe", string(c.Endpoint)) }

func (c Remove) apply(tx *command.Tx) (struct{}, error) {
	if _, err := findTx(tx, c.Endpoint, 0); err != nil {
		return struct{}{}, err
	}
	for _, table := range []string{
		`DELETE FROM deliveries WHERE endpoint = ?`, `DELETE FROM endpoint_secrets WHERE endpoint = ?`, `DELETE FROM endpoints WHERE id = ?`,
	} {
		if _, err := tx.Exec(table, c.Endpoint); err != nil {
			return struct{}{}, err
		}
	}
	return struct{}{}, subject.EraseTx(tx, string(c.Endpoint))
}

// Remove removes an endpoint. The error is an *UnknownEndpointError if there is
// none.
func (s *Service) Remove(ctx context.Context, c Remove) error {
	if err := c.Validate(); err != nil {
		return err
	}
	if _, err := command.Do[struct{}](ctx, s.engine, &c, command.Call{Key: c.Key, Slot: id.StoreSlot}); err != nil {
		return fmt.Errorf("removing endpoint %s: %w", c.Endpoint, err)
	}
	return nil
}
