package pricing

import (
	"context"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
)

// QuantityRule bounds how many units of one SKU a cart may have, over all its
// lines: of each SKU that Items selects.
type QuantityRule struct {
	ID    string   `cbor:"1,keyasint" json:"id,omitempty"`
	Items Selector `cbor:"2,keyasint,omitempty" json:"items,omitempty,omitzero"`
	Min   int64    `cbor:"3,keyasint,omitempty" json:"min,omitempty"`  // 0 is 1
	Max   int64    `cbor:"4,keyasint,omitempty" json:"max,omitempty"`  // 0 is no bound
	Step  int64    `cbor:"5,keyasint,omitempty" json:"step,omitempty"` // multiples of it only; 0 is 1
}

// Check returns fault.Invalid unless the rule can be used.
func (r QuantityRule) Check() error {
	if err := checkID("quantity rule", r.ID); err != nil {
		return err
	}
	if r.Min < 0 || r.Min > maxUnits {
		return fault.Wrong("min", "quantity rule %q: from %d on", r.ID, r.Min)
	}
	if r.Step < 0 || r.Step > maxUnits {
		return fault.Wrong("step", "quantity rule %q: in steps of %d", r.ID, r.Step)
	}
	if r.Max < 0 || r.Max > maxUnits || r.Max > 0 && r.Max < r.Min {
		return fault.Wrong("max", "quantity rule %q: from %d to %d in steps of %d", r.ID, r.Min, r.Max, r.Step)
	}
	return fault.InField("items", r.Items.check())
}

// QuantityProblem is a SKU of which there are too few or too many units, or a
// number between the steps.
type QuantityProblem struct {
	SKU   catalog.SKU
	Have  int64
	Rule  string
	Kind  QuantityKind
	Bound int64 // the least or greatest number, or the step
}

// QuantityKind says what is wrong with a number of units.
type QuantityKind string

// The kinds of problems with quantities.
const (
	BelowMin QuantityKind = "below_minimum"
	AboveMax QuantityKind = "above_maximum"
	OffStep  QuantityKind = "off_step"
)

// boundedBy is a quantity rule, ready to be asked.
type boundedBy struct {
	QuantityRule
	items matcher
}

// CheckQuantities returns what the rules object to, in the order of the lines:
// for each SKU the first rule, by ID, that is broken.
func (r *Rules) CheckQuantities(lines []Line) []QuantityProblem {
	if len(r.quantities) == 0 {
		return nil
	}
	units := make(map[catalog.SKU]int64, len(lines))
	for _, l := range lines {
		units[l.SKU] += l.Quantity
	}
	var out []QuantityProblem
	for i := range lines {
		have, first := units[lines[i].SKU]
		if !first {
			continue
		}
		delete(units, lines[i].SKU)
		for j := range r.quantities {
			q := &r.quantities[j]
			if !q.items.matches(&lines[i]) {
				continue
			}
			if kind, bound := q.breaks(have); kind != "" {
				out = append(out, QuantityProblem{SKU: lines[i].SKU, Have: have, Rule: q.ID, Kind: kind, Bound: bound})
				break
			}
		}
	}
	return out
}

func (r *QuantityRule) breaks(have int64) (QuantityKind, int64) {
	switch {
	case have < r.Min:
		return BelowMin, r.Min
	case r.Max > 0 && have > r.Max:
		return AboveMax, r.Max
	case r.Step > 0 && have%r.Step != 0:
		return OffStep, r.Step
	}
	return "", 0
}

// PutQuantityRule makes a quantity rule or replaces the one with its ID.
type PutQuantityRule struct {
	Rule    QuantityRule `cbor:"1,keyasint"`
	Version int64        `cbor:"2,keyasint,omitempty"` // of the rules that the caller has read; 0 for any
	Key     string       `cbor:"-"`
}

// Kind returns "pricing.put_quantity_rule".
func (PutQuantityRule) Kind() command.Kind { return "pricing.put_quantity_rule" }

// Validate checks the rule.
func (c PutQuantityRule) Validate() error { return c.Rule.Check() }

func (c PutQuantityRule) apply(tx *command.Tx) (Receipt, error) {
	return put(tx, KindQuantityRule, c.Rule.ID, c.Version, c.Rule)
}

// PutQuantityRule runs the command and returns the rules as they are then, or
// a *VersionError.
func (s *Service) PutQuantityRule(ctx context.Context, c PutQuantityRule) (*Rules, error) {
	return s.do(ctx, &c, c.Key)
}
