package inventory

import (
	"strings"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/id"
)

// Location names a place where goods are kept. "" means Main.
type Location string

// Main is the location of shops that have one.
const Main Location = "main"

const maxLocation = 64

func (l Location) orMain() Location {
	if l == "" {
		return Main
	}
	return l
}

func (l Location) validate() error { return l.named("place") }

// named is validate for a place that the caller knows by another name.
func (l Location) named(field string) error {
	if len(l) > maxLocation || strings.ContainsFunc(string(l), func(r rune) bool { return r <= ' ' || r == '@' || r == 0x7f }) {
		return fault.Wrong(field, "location %q is not a name of up to %d bytes without spaces and @", l, maxLocation)
	}
	return nil
}

// PoolID names the stock of one variant at one location. Nothing else is kept
// under it: two pools never share goods.
type PoolID string

// PoolOf returns the pool of a variant at a location.
func PoolOf(v catalog.VariantID, l Location) PoolID {
	return PoolID(string(v) + "@" + string(l.orMain()))
}

// Slot returns the slot of the pool's authority, which is that of its variant.
// It returns fault.Invalid if p is not a pool.
func (p PoolID) Slot() (id.Slot, error) {
	variant, _, ok := strings.Cut(string(p), "@")
	if !ok {
		return 0, fault.New(fault.Invalid, "%q is not a pool of stock", p)
	}
	return id.SlotOf(variant)
}

// Variant returns what the goods are.
func (p PoolID) Variant() catalog.VariantID {
	v, _, _ := strings.Cut(string(p), "@")
	return catalog.VariantID(v)
}

// Location returns where the goods are.
func (p PoolID) Location() Location {
	_, l, _ := strings.Cut(string(p), "@")
	return Location(l)
}
