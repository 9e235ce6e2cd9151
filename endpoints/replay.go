package endpoints

import (
	"context"
	"fmt"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/id"
)

// Replay lets an endpoint go on from another position: an earlier one to be
// told again, a later one to skip. Messages keep their IDs.
type Replay struct {
	Endpoint ID     `cbor:"1,keyasint"`
	Position string `cbor:"2,keyasint,omitempty" command:"numbers"` // a commerce.Position
	Key      string `cbor:"-"`
}

// Kind returns "endpoints.replay".
func (Replay) Kind() command.Kind { return "endpoints.replay" }

// Validate returns fault.Invalid if a field cannot be what it should be.
func (c Replay) Validate() error {
	if len(c.Position) > 4000 {
		return fault.Wrong("position", "a text of %d bytes is no position", len(c.Position))
	}
	return id.Check("whe", string(c.Endpoint))
}

func (c Replay) apply(tx *command.Tx) (struct{}, error) {
	if _, err := findTx(tx, c.Endpoint, 0); err != nil {
		return struct{}{}, err
	}
	_, err := tx.Exec(`UPDATE endpoints SET position = ?, generation = generation + 1, version = version + 1, updated_at = ? WHERE id = ?`,
		c.Position, tx.At, c.Endpoint)
	return struct{}{}, err
}

// Replay lets an endpoint go on from another position.
func (s *Service) Replay(ctx context.Context, c Replay) error {
	if err := c.Validate(); err != nil {
		return err
	}
	if _, err := command.Do[struct{}](ctx, s.engine, &c, command.Call{Key: c.Key, Slot: id.StoreSlot}); err != nil {
		return fmt.Errorf("replaying to endpoint %s: %w", c.Endpoint, err)
	}
	return nil
}
