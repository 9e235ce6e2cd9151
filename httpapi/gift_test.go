package httpapi_test

import (
	"testing"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/pricing"
)

// A cart says which gift is due, and adding it costs nothing.
func TestGiftsOverHTTP(t *testing.T) {
	w := newWorld(t)
	w.stock("tea", 700, 10)
	cart := w.cart("", "mug", 3)
	before := w.must(200, "", "GET", cart, "")
	_, err := w.shop.Pricing.PutPromotion(t.Context(), pricing.PutPromotion{Promotion: pricing.Promotion{
		ID: "tea", Name: "A tea with three mugs", If: pricing.Conditions{MinQuantity: 3},
		Effect: pricing.Effect{Kind: pricing.Gift, Items: pricing.Selector{SKUs: []catalog.SKU{"tea"}}, Get: 1},
	}})
	if err != nil {
		t.Fatal(err)
	}
	due := w.must(200, "", "GET", cart, "")
	if due.at("gifts.0.promotion") != "tea" || due.at("gifts.0.units") != 1.0 || due.at("gifts.0.choices.0.sku") != "tea" || due.header.Get("ETag") == before.header.Get("ETag") {
		t.Errorf("with three mugs: %s", due.text)
	}
	given := w.must(200, "", "POST", cart+"/lines", `{"lines":[{"sku":"tea","quantity":1}]}`)
	if given.at("gifts") != nil || given.at("total.minor") != before.at("total.minor") || given.at("discount.minor") != 700.0 {
		t.Errorf("with the tea: %s", given.text)
	}
}
