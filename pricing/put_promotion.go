package pricing

import (
	"context"

	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/id"
)

// PutPromotion makes a promotion or replaces the one with its ID.
type PutPromotion struct {
	Promotion Promotion `cbor:"1,keyasint"`
	Version   int64     `cbor:"2,keyasint,omitempty"` // of the rules that the caller has read, OnlyNew or OnlyThere; 0 for any
	Key       string    `cbor:"-"`

	// Limits names the promotion's limits.
	Limits string `cbor:"3,keyasint" command:"stamped"`
}

// Kind returns "pricing.put_promotion".
func (PutPromotion) Kind() command.Kind { return "pricing.put_promotion" }

// Validate checks the promotion.
func (c PutPromotion) Validate() error { return c.Promotion.Check() }

func (c PutPromotion) apply(tx *command.Tx) (Receipt, error) {
	if err := setLimits(tx, c.Limits, "promotion "+c.Promotion.ID, c.Promotion.Limits); err != nil {
		return Receipt{}, err
	}
	return put(tx, KindPromotion, c.Promotion.ID, c.Version, c.Promotion)
}

// PutPromotion runs the command and returns the rules as they are then, or a
// *VersionError.
func (s *Service) PutPromotion(ctx context.Context, c PutPromotion) (*Rules, error) {
	call := command.Call{Key: c.Key, Slot: id.StoreSlot, Prepare: func(command.Stamp) error {
		c.Limits = s.limitID(c.Promotion.ID)
		return nil
	}}
	return command.DoThen(ctx, s.engine, &c, call, s.read)
}
