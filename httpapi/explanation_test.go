package httpapi_test

import (
	"strings"
	"testing"

	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/pricing"
)

// What staff wrote down for each other about prices is not told to shoppers, by
// the cart's quote or by the order, and staff read all of it.
func TestShoppersReadNoReasonsOfStaff(t *testing.T) {
	w := newWorld(t)
	w.stock("tea", 700, 10)
	list, err := w.shop.Catalog.PutPriceList(t.Context(), catalog.PutPriceList{Code: "may", Title: "May", Sale: true, DiscountBasisPoints: 1000})
	if err != nil {
		t.Fatal(err)
	}
	for id, rate := range map[string]int64{"ten": 10, "five": 5} {
		off, err := money.NewRate(rate, 100)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.shop.Pricing.PutPromotion(t.Context(), pricing.PutPromotion{Promotion: pricing.Promotion{
			ID: id, Name: "Some off", Group: "season", Effect: pricing.Effect{Kind: pricing.PercentOff, Rate: off},
		}}); err != nil {
			t.Fatal(err)
		}
	}
	path := w.cart(w.alice, "mug", 1)
	if _, err := w.shop.Carts.AddLines(t.Context(), cart.AddLines{Cart: cart.ID(strings.TrimPrefix(path, "/carts/")), Lines: []cart.AddedLine{
		{SKU: "tea", Quantity: 1, AgreedPrice: new(money.New(500, "EUR")), Reason: "she threatened to sue"},
	}}); err != nil {
		t.Fatal(err)
	}
	quote := [2]string{w.must(200, w.alice, "GET", path+"/quote", "").text, w.must(200, "staff", "GET", path+"/quote", "").text}
	bought := w.must(200, w.alice, "POST", path+"/checkout", goodCard)
	order := "/orders/" + bought.at("order.id").(string)
	first := w.must(200, w.alice, "GET", order+"/explanation", "")
	told := [2]string{first.text, w.must(200, "staff", "GET", "/staff"+order+"/explanation", "").text}
	for _, secret := range []string{"she threatened to sue", string(list.ID), "[five]"} {
		for what, text := range map[string][2]string{"quote": quote, "order": told} {
			if strings.Contains(text[0], secret) {
				t.Errorf("the %s tells shoppers of %q: %s", what, secret, text[0])
			}
			if !strings.Contains(text[1], secret) {
				t.Errorf("the %s does not tell staff of %q: %s", what, secret, text[1])
			}
		}
	}
	if !strings.Contains(told[0], "1 × tea at 5.00 = 5.00") || !strings.Contains(told[0], "Some off [ten] takes off") {
		t.Errorf("the order is explained by %s", told[0])
	}
	for what, r := range map[string]reply{"the order": w.must(200, w.alice, "GET", order, ""), "the checkout": bought} {
		if strings.Contains(r.text, "explanation") {
			t.Errorf("%s explains itself unasked: %s", what, r.text)
		}
	}
	for who, want := range map[string]int{w.bob: 404, "": 401} {
		if r := w.ask(who, "GET", order+"/explanation", ""); r.status != want {
			t.Errorf("of somebody else: %d %s", r.status, r.text)
		}
	}
	if r := w.ask(w.alice, "GET", "/staff"+order+"/explanation", ""); r.status != 403 {
		t.Errorf("staff's explanation for a customer: %d %s", r.status, r.text)
	}
	w.must(304, w.alice, "GET", order+"/explanation", "", "If-None-Match", first.header.Get("ETag"))
}
