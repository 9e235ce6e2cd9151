package inventory

import (
	"context"
	"errors"
	"fmt"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/fault"
)

// Need is what one unit of something takes from stock: units of a variant
// that is counted.
type Need struct {
	Variant catalog.VariantID
	SKU     catalog.SKU
	Each    int64 // 1 or more
	Free    bool  // sold whether it is there or not
}

// Needs returns what one unit of a variant takes: itself, or the parts of a
// kit; nothing of what is not counted. It returns a *KitError for a kit that
// cannot be put together.
func (s *Service) Needs(ctx context.Context, v catalog.Variant) ([]Need, error) {
	if !v.IsKit() {
		return needsOf(v, 1), nil
	}
	var out []Need
	for _, c := range v.Components {
		part, err := s.catalog.Variants(ctx, []catalog.SKU{c.SKU})
		if _, gone := errors.AsType[*catalog.UnknownSKUError](err); gone {
			return nil, &KitError{SKU: v.SKU, Part: c.SKU}
		}
		if err != nil {
			return nil, err
		}
		if !part[0].CanBePart() {
			return nil, &KitError{SKU: v.SKU, Part: c.SKU}
		}
		out = append(out, needsOf(part[0], c.Quantity)...)
	}
	return out, nil
}

func needsOf(v catalog.Variant, each int64) []Need {
	if v.Untracked {
		return nil
	}
	return []Need{{Variant: v.ID, SKU: v.SKU, Each: each, Free: v.Reserve == catalog.TrackOnly}}
}

// Part is what a line of an order takes from one pool. A line of a kit has one
// for each of its components, and more where goods come from several places.
type Part struct {
	Pool PoolID      `json:"pool" cbor:"1,keyasint"`
	SKU  catalog.SKU `json:"sku" cbor:"2,keyasint"`
	// Each is how many are in one unit of the line.
	Each int64 `json:"each" cbor:"3,keyasint"`
	// From is how many the parts before this one have of the same component.
	From     int64 `json:"from,omitempty" cbor:"4,keyasint,omitempty"`
	Quantity int64 `json:"quantity" cbor:"5,keyasint"`
	// Free says that they are sold whether they are there or not.
	Free bool `json:"free,omitempty" cbor:"6,keyasint,omitempty"`
}

// Of returns how many of the part the first units of the line take. What
// leaves or comes back is always the next of them, so that the counters of the
// line say what has become of its parts.
func (p Part) Of(units int64) int64 { return max(0, min(p.Quantity, units*p.Each-p.From)) }

// Take returns what the units of a line between two counts take of its parts.
func Take(parts []Part, from, to int64) []Demand {
	var out []Demand
	for _, p := range parts {
		if n := p.Of(to) - p.Of(from); n > 0 {
			out = append(out, Demand{Pool: p.Pool, SKU: p.SKU, Quantity: n, Free: p.Free})
		}
	}
	return out
}

// KitError says that a kit cannot be had: a component does not exist, or cannot
// be a part. It counts as fault.Refused.
type KitError struct{ SKU, Part catalog.SKU }

func (e *KitError) Error() string {
	return fmt.Sprintf("the kit %q cannot be put together: there is no part %q", e.SKU, e.Part)
}

// Unwrap returns fault.Refused.
func (e *KitError) Unwrap() error { return fault.Refused }
