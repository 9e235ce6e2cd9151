package pricing

import (
	"context"
	"fmt"

	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/internal/sqlite"
)

// Kind names what a rule is.
type Kind string

// The kinds of rules.
const (
	KindSettings     Kind = "settings"
	KindTaxZone      Kind = "tax_zone"
	KindShippingZone Kind = "shipping_zone"
	KindPromotion    Kind = "promotion"
	KindQuantityRule Kind = "quantity_rule"
	KindFee          Kind = "fee"
	KindExemption    Kind = "exemption" // of a customer, not of the store
	KindCoupon       Kind = "code"      // of a promotion, not of the store
)

// rulesKey names the snapshot to the cache.
const rulesKey = "pricing:rules"

// Rules returns the store's rules as they are now.
func (s *Service) Rules(ctx context.Context) (*Rules, error) {
	if err := s.engine.Recent(ctx, id.StoreSlot); err != nil {
		return nil, err
	}
	v, err := s.cache.Get(rulesKey, func() (any, error) {
		return s.load(context.WithoutCancel(ctx)) // others may wait for this load
	})
	if err != nil {
		return nil, err
	}
	return v.(*Rules), nil
}

func (s *Service) load(ctx context.Context) (r *Rules, err error) {
	err = s.engine.View(ctx, id.StoreSlot, func(tx *sqlite.Tx) error {
		r, err = rulesTx(tx)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading the pricing rules: %w", err)
	}
	return r, nil
}

func rulesTx(tx *sqlite.Tx) (*Rules, error) {
	r := new(Rules)
	var err error
	if r.Version, err = versionTx(tx); err != nil {
		return nil, err
	}
	rows := tx.Query(`SELECT kind, id, body FROM price_rules ORDER BY kind, id`)
	for rows.Next() && err == nil {
		err = r.take(Kind(rows.Text(0)), rows.Blob(2))
	}
	if err := rows.Close(); err != nil {
		return nil, err
	}
	r.compile()
	return r, err
}

func versionTx(tx *sqlite.Tx) (int64, error) {
	version, _, err := tx.Int64(`SELECT version FROM price_rules_version WHERE one = 1`)
	return version, err
}

// take decodes one rule.
func (r *Rules) take(k Kind, body []byte) error {
	switch k {
	case KindSettings:
		return command.Unmarshal(body, &r.Settings)
	case KindTaxZone:
		return appendRule(&r.taxZones, body)
	case KindShippingZone:
		return appendRule(&r.shippingZones, body)
	case KindPromotion:
		var all []Promotion
		if err := appendRule(&all, body); err != nil {
			return err
		}
		r.addPromotions(all)
	case KindQuantityRule:
		var all []QuantityRule
		if err := appendRule(&all, body); err != nil {
			return err
		}
		r.addQuantities(all)
	case KindFee:
		var all []Fee
		if err := appendRule(&all, body); err != nil {
			return err
		}
		r.addFees(all)
	}
	return nil
}

func appendRule[T any](to *[]T, body []byte) error {
	var v T
	err := command.Unmarshal(body, &v)
	*to = append(*to, v)
	return err
}

// Receipt is the recorded answer of a change of the rules.
type Receipt struct {
	Version int64 `cbor:"1,keyasint"` // of all rules, after the change
}

// put stores a rule over the one of the same kind and ID. want is the version
// of the rules that the caller has read, 0 for any, or what is wanted of the rule.
func put(tx *command.Tx, k Kind, rule string, want int64, value any) (Receipt, error) {
	want, err := ruleMeets(tx, k, rule, want)
	if err != nil {
		return Receipt{}, err
	}
	next, err := advance(tx, want)
	if err != nil {
		return Receipt{}, err
	}
	body, err := command.Marshal(value)
	if err != nil {
		return Receipt{}, err
	}
	_, err = tx.Exec(`INSERT INTO price_rules (kind, id, slot, body, version, updated_at) VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT (kind, id) DO UPDATE SET body = excluded.body, version = excluded.version, updated_at = excluded.updated_at`,
		k, rule, tx.Slot, body, next, tx.At)
	if err != nil {
		return Receipt{}, err
	}
	return changed(tx, k, rule, next)
}

// ruleMeets refuses a rule that is there although it should be new, or is not
// there although it should be replaced. It returns what is wanted of all rules.
func ruleMeets(tx *command.Tx, k Kind, rule string, want int64) (ofAll int64, err error) {
	if want != OnlyNew && want != OnlyThere {
		return want, nil
	}
	_, there, err := tx.Int64(`SELECT 1 FROM price_rules WHERE kind = ? AND id = ?`, k, rule)
	switch {
	case err != nil:
		return 0, err
	case want == OnlyNew && there:
		return 0, &ExistsError{Kind: k, ID: rule}
	case want == OnlyThere && !there:
		return 0, &NotFoundError{Kind: k, ID: rule}
	}
	return 0, nil
}

// advance moves the version of the rules on.
func advance(tx *command.Tx, want int64) (next int64, err error) {
	have, err := versionTx(tx.Tx)
	if err != nil {
		return 0, err
	}
	if !command.Meets(want, have) {
		return 0, &VersionError{Have: have, Want: want}
	}
	_, err = tx.Exec(`INSERT INTO price_rules_version (one, version) VALUES (1, ?)
		ON CONFLICT (one) DO UPDATE SET version = excluded.version`, have+1)
	return have + 1, err
}

// ChangedEvent is the data of the event pricing.changed.
type ChangedEvent struct {
	Kind    Kind   `json:"kind"`
	ID      string `json:"id,omitempty"`
	Version int64  `json:"version"` // of all rules
}

func changed(tx *command.Tx, k Kind, rule string, version int64) (Receipt, error) {
	tx.Touch(rulesKey)
	return Receipt{Version: version}, tx.Emit("pricing.changed", string(k)+":"+rule, ChangedEvent{Kind: k, ID: rule, Version: version})
}

// do runs a command that changes the rules and returns them as they are then.
func (s *Service) do(ctx context.Context, c command.Command, key string) (*Rules, error) {
	call := command.Call{Key: key, Slot: id.StoreSlot}
	return command.DoThen(ctx, s.engine, c, call, s.read)
}

func (s *Service) read(ctx context.Context, _ Receipt) (*Rules, error) { return s.Rules(ctx) }
