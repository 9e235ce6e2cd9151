package catalog

import (
	"context"

	"github.com/keelshop/commerce/fault"
)

// Component says how many units of another variant are in one unit of a kit.
// A kit has no stock of its own: as many can be had as its parts allow. Its
// price is its own.
type Component struct {
	SKU      SKU   `json:"sku" cbor:"1,keyasint"`
	Quantity int64 `json:"quantity" cbor:"2,keyasint"` // 1 or more
}

const (
	mostComponents = 50
	mostInKit      = 10_000
)

func checkComponents(v PutVariant) error {
	switch {
	case len(v.Components) > mostComponents:
		return fault.Wrong("components", "kit %q has %d components; the limit is %d", v.SKU, len(v.Components), mostComponents)
	case len(v.Components) > 0 && (v.Untracked || v.Reserve != ReserveOnOrder || v.Digital != nil):
		return fault.Wrong("components", "%q is a kit: how it is counted is up to its components", v.SKU)
	}
	seen := make(map[SKU]bool, len(v.Components))
	for i, c := range v.Components {
		switch {
		case c.SKU == v.SKU:
			return fault.Wrong(fault.Item("components", i)+".sku", "kit %q cannot be a part of itself", v.SKU)
		case c.Quantity < 1 || c.Quantity > mostInKit:
			return fault.Wrong(fault.Item("components", i)+".quantity", "kit %q has %d of %q: it is 1 to %d", v.SKU, c.Quantity, c.SKU, mostInKit)
		case seen[c.SKU]:
			return fault.Wrong(fault.Item("components", i)+".sku", "kit %q names %q twice", v.SKU, c.SKU)
		}
		if err := checkName("sku", "SKU of a component", string(c.SKU)); err != nil {
			return fault.InField(fault.Item("components", i), err)
		}
		seen[c.SKU] = true
	}
	return nil
}

// checkKits refuses kits of what does not exist or cannot be a part. A bulk
// import does not ask, since it may bring the parts later: such a kit cannot
// be bought until they are there.
func (s *Service) checkKits(ctx context.Context, variants []PutVariant) error {
	here := make(map[SKU]PutVariant, len(variants))
	for _, v := range variants {
		here[v.SKU] = v
	}
	for _, v := range variants {
		for _, c := range v.Components {
			part := Variant{SKU: c.SKU}
			if same, ok := here[c.SKU]; ok {
				part.Components, part.Digital = same.Components, same.Digital
			} else {
				var err error
				if part, err = s.BySKU(ctx, c.SKU); err != nil {
					return fault.Wrap(fault.CodeOf(err), err, "the kit %q", v.SKU)
				}
			}
			if !part.CanBePart() {
				return fault.Wrong("variants.components.sku", "%q cannot be a part of the kit %q: it is a kit itself, or digital", c.SKU, v.SKU)
			}
		}
	}
	return nil
}

// IsKit reports whether the variant is made of others.
func (v Variant) IsKit() bool { return len(v.Components) > 0 }

// CanBePart reports whether the variant may be a component of a kit.
func (v Variant) CanBePart() bool { return len(v.Components) == 0 && v.Digital == nil }
