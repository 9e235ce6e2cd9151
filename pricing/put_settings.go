package pricing

import (
	"context"

	"github.com/keelshop/commerce/internal/command"
)

// PutSettings replaces the store's settings.
type PutSettings struct {
	Settings Settings `cbor:"1,keyasint"`
	Version  int64    `cbor:"2,keyasint,omitempty"` // of the rules that the caller has read; 0 for any
	Key      string   `cbor:"-"`
}

// Kind returns "pricing.put_settings".
func (PutSettings) Kind() command.Kind { return "pricing.put_settings" }

// Validate checks the settings.
func (c PutSettings) Validate() error { return c.Settings.Check() }

func (c PutSettings) apply(tx *command.Tx) (Receipt, error) {
	return put(tx, KindSettings, "", c.Version, c.Settings)
}

// PutSettings runs the command and returns the rules as they are then, or a
// *VersionError.
func (s *Service) PutSettings(ctx context.Context, c PutSettings) (*Rules, error) {
	return s.do(ctx, &c, c.Key)
}
