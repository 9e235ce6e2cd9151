package pricing

import (
	"context"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
)

// Remove takes a rule away. Orders keep what they were priced by.
type Remove struct {
	Rule    Kind   `cbor:"1,keyasint"` // any but KindSettings
	ID      string `cbor:"2,keyasint"`
	Version int64  `cbor:"3,keyasint,omitempty"` // of the rules that the caller has read; 0 for any
	Key     string `cbor:"-"`
}

// Kind returns "pricing.remove".
func (Remove) Kind() command.Kind { return "pricing.remove" }

// Validate requires a kind of rule that can be removed.
func (c Remove) Validate() error {
	if c.Rule == KindSettings || c.ID == "" {
		return fault.New(fault.Invalid, "a rule to remove has a kind and an ID; settings are replaced, not removed")
	}
	return nil
}

func (c Remove) apply(tx *command.Tx) (Receipt, error) {
	next, err := advance(tx, c.Version)
	if err != nil {
		return Receipt{}, err
	}
	n, err := tx.Exec(`DELETE FROM price_rules WHERE kind = ? AND id = ?`, c.Rule, c.ID)
	if err != nil {
		return Receipt{}, err
	}
	if n == 0 {
		return Receipt{}, &NotFoundError{Kind: c.Rule, ID: c.ID}
	}
	return changed(tx, c.Rule, c.ID, next)
}

// Remove runs the command and returns the rules as they are then. It returns a
// *NotFoundError if there is no such rule, or a *VersionError.
func (s *Service) Remove(ctx context.Context, c Remove) (*Rules, error) { return s.do(ctx, &c, c.Key) }
