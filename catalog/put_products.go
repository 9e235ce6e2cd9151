package catalog

import (
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/claim"
	"github.com/keelshop/commerce/internal/command"
)

// putProducts puts products that all live on one shard. What changes of their
// names on other slots has been reserved.
type putProducts struct {
	Products []PutProduct `cbor:"1,keyasint" command:"asked"`
}

// allStored is the answer to putProducts.
type allStored struct {
	Products []stored `cbor:"1,keyasint"`
}

// Kind returns "catalog.put_products".
func (putProducts) Kind() command.Kind { return "catalog.put_products" }

// Validate returns what is wrong with one of the products.
func (c putProducts) Validate() error {
	for i, p := range c.Products {
		if len(p.Variants) == 0 {
			return fault.Wrong(fault.Item("products", i)+".variants", "product %q has no variants", p.Handle)
		}
		if err := p.Validate(); err != nil {
			return fault.InField(fault.Item("products", i), err)
		}
	}
	return nil
}

// apply puts all of the products or, when one is refused, none.
func (c putProducts) apply(tx *command.Tx) (allStored, error) {
	all := allStored{Products: make([]stored, len(c.Products))}
	for i, p := range c.Products {
		slot, err := p.home()
		if err != nil {
			return allStored{}, err
		}
		if err := claim.OwnedTx(tx, slot); err != nil {
			return allStored{}, err
		}
		own := *tx // each product's rows, events and claims belong to its slot
		own.Slot = slot
		if all.Products[i], err = p.apply(&own); err != nil {
			return allStored{}, err
		}
	}
	return all, nil
}
