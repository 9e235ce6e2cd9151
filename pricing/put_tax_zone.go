package pricing

import (
	"context"

	"github.com/keelshop/commerce/internal/command"
)

// PutTaxZone makes a tax zone or replaces the one with its ID.
type PutTaxZone struct {
	Zone    TaxZone `cbor:"1,keyasint"`
	Version int64   `cbor:"2,keyasint,omitempty"` // of the rules that the caller has read, OnlyNew or OnlyThere; 0 for any
	Key     string  `cbor:"-"`
}

// Kind returns "pricing.put_tax_zone".
func (PutTaxZone) Kind() command.Kind { return "pricing.put_tax_zone" }

// Validate checks the zone.
func (c PutTaxZone) Validate() error { return c.Zone.Check() }

func (c PutTaxZone) apply(tx *command.Tx) (Receipt, error) {
	return put(tx, KindTaxZone, c.Zone.ID, c.Version, c.Zone)
}

// PutTaxZone runs the command and returns the rules as they are then, or a
// *VersionError.
func (s *Service) PutTaxZone(ctx context.Context, c PutTaxZone) (*Rules, error) {
	return s.do(ctx, &c, c.Key)
}
