package storefront

import (
	"slices"
	"time"

	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/money"
)

// priceView is what a variant costs.
type priceView struct {
	Amount money.Amount
	Was    *money.Amount // what it is shown against
	Lowest *money.Amount // the lowest of the 30 days before a reduction
}

// ask says how the shopper looks at goods now.
func (v *visit) ask() catalog.Ask {
	return catalog.Ask{At: time.Now(), Currency: v.currency, Market: v.market, Groups: v.groups}
}

// readPrices gets the price lists, and the customer's groups if a list is for
// some only.
func (v *visit) readPrices() (err error) {
	if v.lists != nil {
		return nil
	}
	if v.lists, err = v.site.shop.Catalog.PriceLists(v.ctx()); err != nil {
		return err
	}
	if v.customer != "" && v.lists.AskForGroups() {
		var c accounts.Customer
		if c, err = v.site.shop.Accounts.Get(v.ctx(), v.customer); err != nil {
			return err
		}
		v.groups = c.Groups
	}
	return nil
}

// price returns what a unit of a variant costs the shopper, and false if it is
// not sold for their currency. readPrices comes before it.
func (v *visit) price(variant catalog.Variant) (priceView, bool) {
	price, ok := v.lists.Price(variant, v.ask())
	if !ok {
		return priceView{}, false
	}
	view := priceView{Amount: price.Amount}
	if price.CompareAt.Minor() > price.Amount.Minor() {
		view.Was = &price.CompareAt
		if prior, ok := variant.PriorPrice(v.currency); ok {
			view.Lowest = &prior
		}
	}
	return view, true
}

// offered says what the shopper may do with a product now.
func (v *visit) offered(p catalog.Product) catalog.Offer { return p.Offered(v.ask()) }

// cheapest returns the lowest price of a product's variants, and whether others
// cost more.
func (v *visit) cheapest(variants []catalog.Variant) (lowest priceView, from, ok bool) {
	var prices []priceView
	for _, variant := range variants {
		if price, ok := v.price(variant); ok {
			prices = append(prices, price)
		}
	}
	if len(prices) == 0 {
		return priceView{}, false, false
	}
	by := func(a, b priceView) int { return int(min(max(a.Amount.Minor()-b.Amount.Minor(), -1), 1)) }
	lowest = slices.MinFunc(prices, by)
	return lowest, by(lowest, slices.MaxFunc(prices, by)) < 0, true
}
