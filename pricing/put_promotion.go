package pricing

import (
	"context"

	"github.com/keelshop/commerce/internal/command"
)

// PutPromotion makes a promotion or replaces the one with its ID.
type PutPromotion struct {
	Promotion Promotion `cbor:"1,keyasint"`
	Version   int64     `cbor:"2,keyasint,omitempty"` // of the rules that the caller has read; 0 for any
	Key       string    `cbor:"-"`
}

// Kind returns "pricing.put_promotion".
func (PutPromotion) Kind() command.Kind { return "pricing.put_promotion" }

// Validate checks the promotion.
func (c PutPromotion) Validate() error { return c.Promotion.Check() }

func (c PutPromotion) apply(tx *command.Tx) (Receipt, error) {
	return put(tx, KindPromotion, c.Promotion.ID, c.Version, c.Promotion)
}

// PutPromotion runs the command and returns the rules as they are then, or a
// *VersionError.
func (s *Service) PutPromotion(ctx context.Context, c PutPromotion) (*Rules, error) {
	return s.do(ctx, &c, c.Key)
}
