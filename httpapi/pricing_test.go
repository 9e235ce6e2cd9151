package httpapi_test

import (
	"testing"

	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/pricing"
)

// TestShippingTaxAndACode walks a cart through everything that changes what it
// costs.
func TestShippingTaxAndACode(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	area := []pricing.Area{{Country: "DE"}}
	_, err := w.shop.Pricing.PutTaxZone(ctx, pricing.PutTaxZone{Zone: pricing.TaxZone{
		ID: "de", Areas: area, Rates: []pricing.TaxRate{{Name: "VAT", Rate: money.Percent(19)}},
	}})
	if err == nil {
		_, err = w.shop.Pricing.PutShippingZone(ctx, pricing.PutShippingZone{Zone: pricing.ShippingZone{
			ID: "de", Areas: area, Methods: []pricing.ShippingMethod{
				{ID: "parcel", Name: "Parcel", Rates: []pricing.ShippingRate{{Currency: "EUR", Tiers: []pricing.ShippingTier{{Price: 495}}}}},
			},
		}})
	}
	if err == nil {
		_, err = w.shop.Pricing.PutPromotion(ctx, pricing.PutPromotion{Promotion: pricing.Promotion{
			ID: "ten", Name: "Ten percent", NeedsCode: true, Effect: pricing.Effect{Kind: pricing.PercentOff, Rate: money.Percent(10)},
		}})
	}
	if err == nil {
		_, err = w.shop.Pricing.PutCoupon(ctx, pricing.PutCoupon{Code: "TEN", Promotion: "ten"})
	}
	if err != nil {
		t.Fatal(err)
	}
	cart := w.cart("", "mug", 2)
	if r := w.ask("", "POST", cart+"/checkout", goodCard); r.status != 409 || r.at("error") != "checkout.incomplete" {
		t.Errorf("without an address: %d %s", r.status, r.text)
	}
	offered := w.must(200, "", "PATCH", cart, `{"contact":{"shipping_address":{"line1":"1 Way","city":"Ulm","country":"DE"}}}`)
	if offered.at("shipping_offers.0.method") != "parcel" || offered.at("missing.0") != "shipping_method" {
		t.Errorf("with an address: %s", offered.text)
	}
	if r := w.ask("", "PATCH", cart, `{"shipping_method":"rocket"}`); r.status != 409 && r.status != 422 || r.at("error") != "cart.method" {
		t.Errorf("a method that there is not: %d %s", r.status, r.text)
	}
	w.must(200, "", "PATCH", cart, `{"shipping_method":"parcel"}`)
	if r := w.ask("", "POST", cart+"/codes", `{"code":"NOPE"}`); r.status != 404 || r.at("error") != "pricing.unknown_code" {
		t.Errorf("a code that there is not: %d %s", r.status, r.text)
	}
	coded := w.must(200, "", "POST", cart+"/codes", `{"code":"ten"}`)
	if coded.at("codes.0.code") != "TEN" || coded.at("discount.minor") != 250.0 {
		t.Errorf("with the code: %s", coded.text)
	}
	quote := w.must(200, "", "GET", cart+"/quote", "")
	// 25.00 − 2.50 + 4.95, and 19 % of both parts: 4.275 and 0.9405, rounded each
	if quote.at("total.minor") != 3267.0 || quote.at("taxes.0.name") != "VAT" || quote.at("taxes.0.rate") != "19%" {
		t.Errorf("the quote is %s", quote.text)
	}
	done := w.must(200, "", "POST", cart+"/checkout", goodCard, "If-Match", quote.header.Get("ETag"))
	if done.at("order.total.minor") != 3267.0 {
		t.Errorf("the order is %s", done.text)
	}
	other := w.cart("", "cup", 1)
	w.must(200, "", "POST", other+"/codes", `{"code":"TEN"}`)
	if r := w.must(200, "", "DELETE", other+"/codes/TEN", ""); r.at("codes.0") != nil {
		t.Errorf("without the code: %s", r.text)
	}
}
