package merchandising

import (
	"context"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/internal/command"
)

// PutRule makes the rule for a text, or replaces it.
type PutRule struct {
	Rule    Rule   `cbor:"1,keyasint"`
	Version int64  `cbor:"2,keyasint,omitempty"` // of the rules that the caller has read; 0 for any
	Key     string `cbor:"-"`
}

// mostRules is how many rules a store has.
const mostRules = 10_000

// Kind returns "merchandising.put_rule".
func (PutRule) Kind() command.Kind { return "merchandising.put_rule" }

// Validate returns fault.Invalid for a rule that cannot be meant.
func (c PutRule) Validate() error {
	if err := checkVersion(c.Version); err != nil {
		return err
	}
	return c.Rule.check()
}

func (c PutRule) apply(tx *command.Tx) (Receipt, error) {
	r := c.Rule
	r.Query = normal(r.Query)
	_, known, err := tx.Int64(`SELECT 1 FROM search_rules WHERE locale = ? AND query = ?`, r.Locale, r.Query)
	if err != nil {
		return Receipt{}, err
	}
	if n, _, err := tx.Int64(`SELECT count(*) FROM search_rules`); err != nil || !known && n >= mostRules {
		if err == nil {
			err = &TooManyError{Most: mostRules}
		}
		return Receipt{}, err
	}
	next, err := advance(tx, c.Version)
	if err != nil {
		return Receipt{}, err
	}
	pins, buries, boosts, err := encode3(r.Pins, r.Buries, r.Boosts)
	if err != nil {
		return Receipt{}, err
	}
	_, err = tx.Exec(`INSERT INTO search_rules (locale, query, slot, pins, buries, boosts, redirect, version, updated_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (locale, query) DO UPDATE SET pins = excluded.pins, buries = excluded.buries, boosts = excluded.boosts,
			redirect = excluded.redirect, version = excluded.version, updated_at = excluded.updated_at`,
		r.Locale, r.Query, tx.Slot, pins, buries, boosts, r.Redirect, next, tx.At)
	if err != nil {
		return Receipt{}, err
	}
	return changed(tx, ChangedEvent{What: "rule", Locale: r.Locale, Query: r.Query, Version: next})
}

// encode3 writes the lists of a rule as JSON.
func encode3(pins, buries []catalog.ProductID, boosts []Boost) (p, b, o string, err error) {
	if p, err = encode(pins); err == nil {
		if b, err = encode(buries); err == nil {
			o, err = encode(boosts)
		}
	}
	return p, b, o, err
}

// PutRule makes or replaces a rule, and returns the rules as they are then. The
// errors are *VersionError and *TooManyError.
func (s *Service) PutRule(ctx context.Context, c PutRule) (*Rules, error) {
	return s.do(ctx, &c, c.Key)
}
