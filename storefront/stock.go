package storefront

import (
	"github.com/keelshop/commerce/catalog"
)

// stockView says how many of a variant can be bought.
type stockView struct {
	None bool
	Few  int64 // how many, if it is worth saying
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
	case level.Available <= 0:
		return stockView{None: true}, nil
	case level.Available <= fewLeft:
		return stockView{Few: level.Available}, nil
	}
	return stockView{}, nil
}
