package storefront

import (
	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/fault"
)

// showDelivery shows the ways in which the goods can be sent to the address.
func showDelivery(v *visit) error {
	data, ok, err := v.checkoutPage("delivery", "Delivery")
	if !ok {
		return err
	}
	switch {
	case v.basket.ShippingCountry == "":
		return v.redirect("/checkout?note=address")
	case len(v.basket.Offers) == 0:
		return v.redirect("/checkout/payment")
	}
	if data.Contact, err = v.site.shop.Carts.Contact(v.ctx(), v.basket.ID); err != nil {
		return err
	}
	data.Offers = v.offers()
	return v.show(200, "delivery", data)
}

func setDelivery(v *visit) error {
	if v.basket.ID == "" {
		return v.redirect("/cart?note=empty")
	}
	method := v.r.PostFormValue("method")
	_, err := v.site.shop.Carts.SetShipping(v.ctx(), cart.SetShipping{Cart: v.basket.ID, Method: method})
	switch code := fault.CodeOf(err); {
	case err == nil && method != "":
		return v.redirect("/checkout/payment")
	case is[*cart.StatusError](err):
		return v.redirect("/cart?note=locked")
	case err == nil || code == fault.Invalid || code == fault.Refused || code == fault.NotFound:
		return v.redirect("/checkout/delivery?note=delivery")
	}
	return err
}
