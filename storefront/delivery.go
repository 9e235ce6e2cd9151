package storefront

import (
	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/fault"
)

// showDelivery shows the ways in which the goods can be sent to the address.
func showDelivery(v *visit) error {
	data, ok, err := v.splitStep("Delivery")
	if !ok {
		return err
	}
	data.Offers = v.offersOf(v.basket.Offers, v.basket.ShippingMethod)
	if len(v.basket.Deliveries) > 0 {
		if data.Places, err = v.places(data); err != nil {
			return err
		}
	}
	return v.show(200, "delivery", data)
}

func setDelivery(v *visit) error {
	if v.basket.ID == "" {
		return v.redirect("/cart?note=empty")
	}
	if len(v.basket.Deliveries) > 0 {
		return v.setDeliveries()
	}
	method := v.r.PostFormValue("method")
	_, err := v.site.shop.Carts.SetShipping(v.ctx(), cart.SetShipping{Cart: v.basket.ID, Method: method})
	if err == nil && method != "" {
		return v.redirect(paymentPage)
	}
	return v.deliveryRefused(err)
}

// deliveryRefused asks again how the goods shall come.
func (v *visit) deliveryRefused(err error) error {
	switch code := fault.CodeOf(err); {
	case is[*cart.StatusError](err):
		return v.redirect("/cart?note=locked")
	case err == nil || code == fault.Invalid || code == fault.Refused || code == fault.NotFound:
		return v.redirect("/checkout/delivery?note=delivery")
	}
	return err
}
