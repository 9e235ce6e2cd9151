package merchandising

import (
	"context"

	"github.com/keelshop/commerce/internal/command"
)

// RemoveRule takes the rule for a text away.
type RemoveRule struct {
	Query   string `cbor:"1,keyasint,omitempty"`
	Locale  string `cbor:"2,keyasint,omitempty"`
	Version int64  `cbor:"3,keyasint,omitempty"` // of the rules that the caller has read; 0 for any
	Key     string `cbor:"-"`
}

// Kind returns "merchandising.remove_rule".
func (RemoveRule) Kind() command.Kind { return "merchandising.remove_rule" }

// Validate returns fault.Invalid for a version that cannot be.
func (c RemoveRule) Validate() error { return checkVersion(c.Version) }

func (c RemoveRule) apply(tx *command.Tx) (Receipt, error) {
	next, err := advance(tx, c.Version)
	if err != nil {
		return Receipt{}, err
	}
	query := normal(c.Query)
	n, err := tx.Exec(`DELETE FROM search_rules WHERE locale = ? AND query = ?`, c.Locale, query)
	if err != nil {
		return Receipt{}, err
	}
	if n == 0 {
		return Receipt{}, &UnknownRuleError{Locale: c.Locale, Query: query}
	}
	return changed(tx, ChangedEvent{What: "rule", Locale: c.Locale, Query: query, Version: next})
}

// RemoveRule removes a rule, and returns the rules as they are then. The errors
// are *UnknownRuleError and *VersionError.
func (s *Service) RemoveRule(ctx context.Context, c RemoveRule) (*Rules, error) {
	return s.do(ctx, &c, c.Key)
}
