package storefront

import (
	"slices"
	"strings"

	"github.com/keelshop/commerce/orders"
)

// onTerms begins the names that the payment terms of the store have among the
// ways to pay.
const onTerms = "terms:"

// terms returns the payment terms that the customer may use: they pay later.
func (v *visit) terms() ([]orders.Terms, error) {
	if v.customer == "" {
		return nil, nil
	}
	all, err := v.site.shop.Orders.Terms(v.ctx())
	if err != nil || len(all) == 0 {
		return nil, err
	}
	c, err := v.site.shop.Accounts.Get(v.ctx(), v.customer)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(all, func(t orders.Terms) bool {
		named := func(group string) bool { return slices.Contains(c.Groups, group) }
		return !slices.Contains(t.Customers, c.ID) && !slices.ContainsFunc(t.Groups, named)
	}), nil
}

// termsTitle is what shoppers call payment terms.
func (v *visit) termsTitle(t orders.Terms) string {
	if t.Days == 0 {
		return v.locale.text("On account, to be paid at once")
	}
	return v.locale.text("On account, %d days to pay", t.Days)
}

// Terms returns the payment terms that the way to pay stands for, "" if for none.
func (m methodView) Terms() string {
	terms, _ := strings.CutPrefix(m.Provider, onTerms)
	if terms == m.Provider {
		return ""
	}
	return terms
}
