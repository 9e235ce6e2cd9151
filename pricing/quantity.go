package pricing

import (
	"context"
	"fmt"

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
	// PerCustomer bounds how many units of each SKU one customer may buy over all
	// orders that are made while the rule says so; 0 is no bound. Guests may buy
	// none then. An order that is canceled does not count; units of one that are
	// canceled by themselves, or come back, do.
	PerCustomer int64 `cbor:"6,keyasint,omitempty" json:"per_customer,omitempty"`
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
	if r.PerCustomer < 0 || r.PerCustomer > maxUnits {
		return fault.Wrong("per_customer", "quantity rule %q: %d for each customer", r.ID, r.PerCustomer)
	}
	return fault.InField("items", r.Items.check())
}

// MaxUnitUses bounds the goods with a bound for each customer that one order may
// have, so that its command does not outgrow its limit.
const MaxUnitUses = 500

// UnitUses returns what lines use of the bounds for each customer, in the order
// of the lines.
func (r *Rules) UnitUses(lines []Line) (out []Redemption) {
	for j := range r.quantities {
		q := &r.quantities[j]
		if q.PerCustomer == 0 {
			continue
		}
		first := map[catalog.SKU]int{} // where in out
		for i := range lines {
			l := &lines[i]
			if at, known := first[l.SKU]; known {
				out[at].Units += l.Quantity
			} else if q.items.matches(l) {
				first[l.SKU] = len(out)
				out = append(out, Redemption{Of: "qty_" + q.ID + "/" + string(l.SKU), SKU: l.SKU, Units: l.Quantity, PerCustomer: q.PerCustomer})
			}
		}
	}
	return out
}

// Left returns how many units the customer who has made uses may still buy.
func (r *Redemption) Left(had Uses) int64 { return max(0, r.PerCustomer-had[r.Of]) }

// BoughtError says that a customer would have bought more of something than one
// customer may, over all their orders.
type BoughtError struct {
	SKU      catalog.SKU
	Customer string // "" is a guest, who may buy none
	Want     int64
	Left     int64 // that they may still buy
}

func (e *BoughtError) Error() string {
	if e.Customer == "" {
		return fmt.Sprintf("%q is sold to customers who are logged in: log in", e.SKU)
	}
	return fmt.Sprintf("customer %s may still buy %d of %q, not %d: take the others out", e.Customer, e.Left, e.SKU, e.Want)
}

// Unwrap returns fault.Refused.
func (e *BoughtError) Unwrap() error { return fault.Refused }

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
	Version int64        `cbor:"2,keyasint,omitempty"` // of the rules that the caller has read, OnlyNew or OnlyThere; 0 for any
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
