package storefront

import (
	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/orders"
)

// deliveryView is one of several places that an order goes to.
type deliveryView struct {
	Number int64
	To     cart.Contact // its address, and whether it was erased
}

// deliveries returns where an order goes, if to several places.
func (v *visit) deliveries(o orders.Order) ([]deliveryView, error) {
	if !o.Split {
		return nil, nil
	}
	all, err := v.site.shop.Orders.DeliveryAddresses(v.ctx(), o.ID)
	var out []deliveryView
	for _, d := range all {
		out = append(out, deliveryView{d.Delivery, cart.Contact{ShippingAddress: d.Address, Erased: d.Erased}})
	}
	return out, err
}

// cartShipping returns a row for each way in which the cart is sent.
func (v *visit) cartShipping() (rows []amountView) {
	c := v.basket
	if len(c.Deliveries) == 0 {
		for _, o := range c.Offers {
			if o.Method == c.ShippingMethod {
				rows = append(rows, shipping(v.locale.name(o.Name), c.Shipping))
			}
		}
		return rows
	}
	for _, d := range c.Deliveries {
		for _, o := range d.Offers {
			if o.Method == d.ShippingMethod {
				rows = append(rows, shipping(v.deliveryTitle(d.ID, o.Name), d.Shipping))
			}
		}
	}
	return rows
}

// orderShipping returns a row for each way in which the order is sent.
func (v *visit) orderShipping(o orders.Order) (rows []amountView) {
	if !o.Split {
		if o.ShippingMethod != "" || !o.Shipping.IsZero() {
			rows = append(rows, shipping(or(v.locale.name(o.ShippingName), v.locale.text("Shipping")), o.Shipping))
		}
		return rows
	}
	for _, d := range o.Deliveries {
		rows = append(rows, shipping(v.deliveryTitle(int64(d.Number), d.ShippingName), d.Shipping))
	}
	return rows
}

// shipping is a row that says so if it costs nothing.
func shipping(title string, cost money.Amount) amountView {
	return amountView{Title: title, Amount: cost, Free: cost.IsZero()}
}

func (v *visit) deliveryTitle(n int64, method string) string {
	return v.locale.text("Delivery %d", n) + ": " + or(v.locale.name(method), v.locale.text("Shipping"))
}
