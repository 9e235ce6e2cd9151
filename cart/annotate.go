package cart

import (
	"context"
	"encoding/json"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/metadata"
)

// Annotate changes what other systems keep with a cart, whatever its status.
// What is nil stays as it is. Nothing personal belongs here: it is not sealed.
type Annotate struct {
	Cart              ID              `cbor:"1,keyasint"`
	Metadata          json.RawMessage `cbor:"2,keyasint,omitempty"` // a JSON object of up to 16 KB, public
	PrivateMetadata   json.RawMessage `cbor:"3,keyasint,omitempty"` // the same, not for shoppers
	ExternalReference *string         `cbor:"4,keyasint,omitempty"`
	Version           int64           `cbor:"5,keyasint,omitempty"` // 0 does not check
	Key               string          `cbor:"-"`
}

// Kind returns "cart.annotate".
func (Annotate) Kind() command.Kind { return "cart.annotate" }

// Validate checks that the metadata are JSON objects within their limits.
func (c Annotate) Validate() error {
	if _, err := slotOf(c.Cart); err != nil {
		return err
	}
	if c.ExternalReference != nil && len(*c.ExternalReference) > mostReference {
		return fault.Wrong("external_reference", "the external reference is longer than %d bytes", mostReference)
	}
	_, _, err := metadata.CompactBoth(c.Metadata, c.PrivateMetadata)
	return err
}

func (c Annotate) apply(tx *command.Tx) (Receipt, error) {
	h, err := loadHeader(tx.Tx, c.Cart)
	if err != nil {
		return Receipt{}, err
	}
	if c.Version != 0 && c.Version != h.version {
		return Receipt{}, &VersionError{Cart: c.Cart, Want: c.Version, Have: h.version}
	}
	if _, err := tx.Exec(`UPDATE carts SET metadata = coalesce(?, metadata), private_metadata = coalesce(?, private_metadata),
		external_reference = coalesce(?, external_reference) WHERE id = ?`,
		textOf(c.Metadata), textOf(c.PrivateMetadata), orNull(c.ExternalReference), c.Cart); err != nil {
		return Receipt{}, err
	}
	return h.save(tx)
}

func textOf(j json.RawMessage) any {
	if j == nil {
		return nil
	}
	return string(j)
}

func orNull(s *string) any {
	if s == nil {
		return nil
	}
	return *s
}

// Annotate runs the command and returns the whole cart as it is then. It
// returns a *NotFoundError or a *VersionError.
func (s *Service) Annotate(ctx context.Context, c Annotate) (Cart, error) {
	var err error
	if c.Metadata, c.PrivateMetadata, err = metadata.CompactBoth(c.Metadata, c.PrivateMetadata); err != nil {
		return Cart{}, err
	}
	slot, err := slotOf(c.Cart)
	if err != nil {
		return Cart{}, err
	}
	return command.DoThen(ctx, s.engine, &c, command.Call{Key: c.Key, Slot: slot}, s.read)
}
