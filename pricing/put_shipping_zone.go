package pricing

import (
	"context"

	"github.com/keelshop/commerce/internal/command"
)

// PutShippingZone makes a shipping zone or replaces the one with its ID.
type PutShippingZone struct {
	Zone    ShippingZone `cbor:"1,keyasint"`
	Version int64        `cbor:"2,keyasint,omitempty"` // of the rules that the caller has read, OnlyNew or OnlyThere; 0 for any
	Key     string       `cbor:"-"`
}

// Kind returns "pricing.put_shipping_zone".
func (PutShippingZone) Kind() command.Kind { return "pricing.put_shipping_zone" }

// Validate checks the zone.
func (c PutShippingZone) Validate() error { return c.Zone.Check() }

func (c PutShippingZone) apply(tx *command.Tx) (Receipt, error) {
	return put(tx, KindShippingZone, c.Zone.ID, c.Version, c.Zone)
}

// PutShippingZone runs the command and returns the rules as they are then, or a
// *VersionError.
func (s *Service) PutShippingZone(ctx context.Context, c PutShippingZone) (*Rules, error) {
	return s.do(ctx, &c, c.Key)
}
