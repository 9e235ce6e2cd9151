package catalog

import (
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/claim"
	"github.com/keelshop/commerce/internal/command"
)

// putProducts puts products that each live on the slot of their only name, all
// of them on one shard.
type putProducts struct {
	Products []PutProduct `cbor:"1,keyasint"`
}

// allStored is the answer to putProducts.
type allStored struct {
	Products []stored `cbor:"1,keyasint"`
}

// Kind returns "catalog.put_products".
func (putProducts) Kind() command.Kind { return "catalog.put_products" }

// Validate refuses products that need more than one slot.
func (c putProducts) Validate() error {
	for _, p := range c.Products {
		if !p.local() {
			return fault.New(fault.Invalid, "product %q cannot be put together with others", p.Handle)
		}
		if err := p.Validate(); err != nil {
			return err
		}
	}
	return nil
}

// apply puts all of the products or, when one is refused, none.
func (c putProducts) apply(tx *command.Tx) (allStored, error) {
	all := allStored{Products: make([]stored, len(c.Products))}
	for i, p := range c.Products {
		slot := p.Claim.Slot()
		if err := claim.OwnedTx(tx, slot); err != nil {
			return allStored{}, err
		}
		own := *tx // each product's rows, events and claims belong to its slot
		own.Slot = slot
		var err error
		if all.Products[i], err = p.apply(&own); err != nil {
			return allStored{}, err
		}
	}
	return all, nil
}
