package credit

import (
	"context"

	"github.com/keelshop/commerce/internal/command"
)

// Disable keeps a balance from paying, or lets it pay again: of a gift card
// that was lost, say. What payments hold already is theirs, and refunds still
// go to it.
type Disable struct {
	Balance ID     `cbor:"1,keyasint"`
	Enable  bool   `cbor:"2,keyasint,omitempty"` // the other way around
	Reason  string `cbor:"3,keyasint,omitempty"`
	Key     string `cbor:"-"`
}

// Kind returns "credit.disable".
func (Disable) Kind() command.Kind { return "credit.disable" }

// Validate refuses what is not a balance's ID.
func (c Disable) Validate() error {
	if _, err := slotOf(c.Balance); err != nil {
		return err
	}
	return checkReason(c.Reason)
}

func (c Disable) apply(tx *command.Tx) (struct{}, error) {
	b, err := balanceTx(tx.Tx, c.Balance)
	if err != nil || b.Disabled == !c.Enable {
		return struct{}{}, err
	}
	b.Disabled, b.Version = !c.Enable, b.Version+1
	if _, err := tx.Exec(`UPDATE balances SET disabled = ?, version = ?, updated_at = ? WHERE id = ?`, b.Disabled, b.Version, tx.At, b.ID); err != nil {
		return struct{}{}, err
	}
	return struct{}{}, b.tell(tx, "credit.disabled", 0, c.Reason)
}

// Disable runs the command and returns the balance.
func (s *Service) Disable(ctx context.Context, c Disable) (Balance, error) {
	slot, err := slotOf(c.Balance)
	if err != nil {
		return Balance{}, err
	}
	return command.DoThen(ctx, s.engine, &c, command.Call{Key: c.Key, Slot: slot}, func(ctx context.Context, _ struct{}) (Balance, error) {
		return s.Get(ctx, c.Balance)
	})
}
