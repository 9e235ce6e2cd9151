package orders

import (
	"encoding/json"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/inventory"
)

// Demands returns what the units of a line between two counts take from stock:
// Demands(l.Shipped, l.Shipped+2) is what leaves with the next two. A line that
// is not counted takes nothing.
func (l Line) Demands(from, to int64) []inventory.Demand {
	switch {
	case len(l.Parts) > 0:
		return inventory.Take(l.Parts, from, to)
	case l.Pool == "" || to <= from:
		return nil
	}
	return []inventory.Demand{{Pool: l.Pool, SKU: l.SKU, Quantity: to - from}}
}

// Keep returns how a line keeps what it takes from stock: as the pool of its
// units, where it is that, or else as parts.
func Keep(sku catalog.SKU, parts []inventory.Part) (inventory.PoolID, []inventory.Part) {
	if len(parts) == 1 && parts[0].Each == 1 && parts[0].SKU == sku {
		return parts[0].Pool, nil
	}
	return "", parts
}

// encodeParts returns parts as their column takes them; "" is none.
func encodeParts(parts []inventory.Part) (string, error) {
	if len(parts) == 0 {
		return "", nil
	}
	b, err := json.Marshal(parts)
	return string(b), err
}

func decodeParts(text string) (parts []inventory.Part, err error) {
	if text == "" {
		return nil, nil
	}
	if err := json.Unmarshal([]byte(text), &parts); err != nil {
		return nil, fault.Wrap(fault.Broken, err, "reading what a line of an order takes from stock")
	}
	return parts, nil
}
