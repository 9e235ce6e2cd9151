package storefront_test

import (
	"testing"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/pricing"
)

// The cart offers a gift, and puts it in for nothing.
func TestAGiftIsPutIntoTheCart(t *testing.T) {
	_, err := sample.store.Pricing.PutPromotion(t.Context(), pricing.PutPromotion{Promotion: pricing.Promotion{
		ID: "salt", Name: "Salt with your tea", NeedsCode: true, If: pricing.Conditions{Items: pricing.Selector{SKUs: []catalog.SKU{"EARL-GREY"}}},
		Effect: pricing.Effect{Kind: pricing.Gift, Items: pricing.Selector{SKUs: []catalog.SKU{"SEA-SALT"}}, Get: 1},
	}})
	if err == nil {
		_, err = sample.store.Pricing.PutCoupon(t.Context(), pricing.PutCoupon{Code: "SALT", Promotion: "salt"})
	}
	if err != nil {
		t.Fatal(err)
	}
	b := sample.visitor(t)
	b.submitAt("/p/earl-grey", "/cart/add", nil)
	b.submit("/cart/code", map[string]string{"code": "salt"})
	b.want(200, "Yours for nothing: Salt with your tea", "Add 1 to the cart")
	b.submit("/cart/add", nil)
	b.want(200, "It is in your cart.", "Salt with your tea −€6.90")
}
