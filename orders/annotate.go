package orders

import (
	"context"
	"encoding/json"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/metadata"
)

// Annotate changes what other systems keep with an order, whatever its status.
// What is nil stays as it is. Nothing personal belongs here: it is not sealed.
type Annotate struct {
	Order             ID              `cbor:"1,keyasint"`
	Metadata          json.RawMessage `cbor:"2,keyasint,omitempty"` // a JSON object of up to 16 KB, public
	PrivateMetadata   json.RawMessage `cbor:"3,keyasint,omitempty"` // the same, not for shoppers
	ExternalReference *string         `cbor:"4,keyasint,omitempty" command:"numbers"`
	Version           int64           `cbor:"5,keyasint,omitempty"` // 0 does not check
	Key               string          `cbor:"-"`
}

const maxReference = 200 // bytes

// Kind returns "orders.annotate".
func (Annotate) Kind() command.Kind { return "orders.annotate" }

// Validate checks that the metadata are JSON objects within their limits.
func (c Annotate) Validate() error {
	if _, err := slotOf(c.Order); err != nil {
		return err
	}
	if c.ExternalReference != nil && len(*c.ExternalReference) > maxReference {
		return fault.Wrong("external_reference", "the external reference is longer than %d bytes", maxReference)
	}
	_, _, err := metadata.CompactBoth(c.Metadata, c.PrivateMetadata)
	return err
}

func (c Annotate) apply(tx *command.Tx) (Receipt, error) {
	o, err := GetTx(tx.Tx, c.Order)
	if err != nil {
		return Receipt{}, err
	}
	if c.Version != 0 && c.Version != o.Version {
		return Receipt{}, &VersionError{Order: c.Order, Want: c.Version, Have: o.Version}
	}
	if c.Metadata != nil {
		o.Metadata = c.Metadata
	}
	if c.PrivateMetadata != nil {
		o.PrivateMetadata = c.PrivateMetadata
	}
	if c.ExternalReference != nil {
		o.ExternalReference = *c.ExternalReference
	}
	if _, err := tx.Exec(`UPDATE orders SET metadata = ?, private_metadata = ?, external_reference = ? WHERE id = ?`,
		textOf(o.Metadata), textOf(o.PrivateMetadata), o.ExternalReference, c.Order); err != nil {
		return Receipt{}, err
	}
	return Receipt{Order: o.ID, Version: o.Version + 1}, Save(tx, &o)
}

func textOf(j json.RawMessage) any {
	if j == nil {
		return nil
	}
	return string(j)
}

// Annotate runs the command and returns the order as it is then. It returns a
// *NotFoundError or a *VersionError.
func (s *Service) Annotate(ctx context.Context, c Annotate) (Order, error) {
	var err error
	if c.Metadata, c.PrivateMetadata, err = metadata.CompactBoth(c.Metadata, c.PrivateMetadata); err != nil {
		return Order{}, err
	}
	slot, err := slotOf(c.Order)
	if err != nil {
		return Order{}, err
	}
	return command.DoThen(ctx, s.engine, &c, command.Call{Key: c.Key, Slot: slot}, s.read)
}
