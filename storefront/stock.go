package storefront

import (
	"time"

	"github.com/keelshop/commerce/catalog"
)

// stockView says how many of a variant can be bought.
type stockView struct {
	None bool
	Few  int64 // how many, if it is worth saying
	// Later says that it can be bought and is not there yet. Expected is when it
	// should be, zero if nobody knows.
	Later    bool
	Expected time.Time
}

// fewLeft is from when on the shop says how many there are.
const fewLeft = 5

func (v *visit) stock(variant catalog.Variant) (stockView, error) {
	if variant.Untracked {
		return stockView{}, nil
	}
	level, err := v.site.shop.Inventory.AvailableOne(v.ctx(), variant.SKU)
	if err != nil {
		return stockView{}, err
	}
	switch {
	case level.Unlimited:
	case level.Available <= 0 && level.Backorder > 0:
		return stockView{Later: true, Expected: level.ExpectedAt}, nil
	case level.Available <= 0:
		return stockView{None: true}, nil
	case level.Available <= fewLeft:
		return stockView{Few: level.Available}, nil
	}
	return stockView{}, nil
}
