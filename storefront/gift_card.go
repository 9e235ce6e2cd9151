package storefront

import (
	"strings"

	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/money"
)

// worthView bounds what a shopper may have a gift card be worth.
type worthView struct {
	Least, Most money.Amount
	Step        string // the smallest unit of the currency, as a decimal number
}

// worth returns what can be chosen for a gift card in the shopper's currency,
// nil if nothing can.
func (v *visit) worth(variant catalog.Variant) *worthView {
	if !variant.Digital.IsGiftCard() {
		return nil
	}
	for _, r := range variant.Digital.GiftCard.Ranges {
		if r.Least.Currency() == v.currency {
			return &worthView{Least: r.Least, Most: r.Most, Step: money.New(1, v.currency).Decimal()}
		}
	}
	return nil
}

// chosenWorth returns the property of a gift card whose worth was chosen.
func (v *visit) chosenWorth() []cart.Property {
	worth := strings.TrimSpace(v.r.PostFormValue("worth"))
	if worth == "" {
		return nil
	}
	return []cart.Property{{Name: catalog.GiftCardWorth, Value: clip(worth)}}
}
