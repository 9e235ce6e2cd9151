package pricing

import (
	"context"

	"github.com/keelshop/commerce/internal/command"
)

// PutFee makes a fee or replaces the one with its ID.
type PutFee struct {
	Fee     Fee    `cbor:"1,keyasint"`
	Version int64  `cbor:"2,keyasint,omitempty"` // of the rules that the caller has read, OnlyNew or OnlyThere; 0 for any
	Key     string `cbor:"-"`
}

// Kind returns "pricing.put_fee".
func (PutFee) Kind() command.Kind { return "pricing.put_fee" }

// Validate checks the fee.
func (c PutFee) Validate() error { return c.Fee.Check() }

func (c PutFee) apply(tx *command.Tx) (Receipt, error) {
	n, _, err := tx.Int64(`SELECT count(*) FROM price_rules WHERE kind = 'fee' AND id <> ?`, c.Fee.ID)
	if err != nil {
		return Receipt{}, err
	}
	if n >= MaxFees {
		return Receipt{}, &FullError{Kind: KindFee, Max: MaxFees}
	}
	return put(tx, KindFee, c.Fee.ID, c.Version, c.Fee)
}

// PutFee runs the command and returns the rules as they are then. It returns a
// *FullError if the store has as many as it may, or a *VersionError.
func (s *Service) PutFee(ctx context.Context, c PutFee) (*Rules, error) { return s.do(ctx, &c, c.Key) }
