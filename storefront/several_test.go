package storefront_test

import (
	"testing"

	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/cart"
)

// A cart that a program has divided over deliveries is shown as it is, changed
// line by line, bought, and its order says where everything goes.
func TestSeveralDeliveriesAreShown(t *testing.T) {
	b := sample.visitor(t)
	b.fill()
	var id cart.ID
	for _, c := range b.client.Jar.Cookies(b.at) {
		if c.Name == "cart" || c.Name == "__Host-cart" {
			id = cart.ID(c.Value)
		}
	}
	ctx, carts := t.Context(), sample.store.Carts
	c, err := carts.SetDelivery(ctx, cart.SetDelivery{Cart: id, Address: accounts.Address{Name: "Grace", Line1: "Rue du Port 9", Postcode: "75001", City: "Paris", Country: "FR"}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err = carts.AssignLines(ctx, cart.AssignLines{Cart: id, Lines: []cart.AssignedLine{{Line: c.Lines[0].ID, Delivery: 2, Quantity: 1}}}); err != nil {
		t.Fatal(err)
	}
	if _, err = carts.SetShipping(ctx, cart.SetShipping{Cart: id, Delivery: 2, Method: "parcel"}); err != nil {
		t.Fatal(err)
	}
	b.open("/cart")
	b.want(200, "Delivery 1: Express €12.90", "Delivery 2: Parcel")
	b.submit("/cart/change", map[string]string{"quantity": "2"}) // of the first line
	if got, err := carts.Get(ctx, id); err != nil || got.Lines[0].Quantity != 2 || got.Lines[1].Quantity != 1 {
		t.Errorf("the cart has %+v, %v", got.Lines, err)
	}
	b.open("/checkout/payment")
	b.payWith("4242 4242 4242 4242")
	b.want(200, "Thank you for your order", "Delivery 1", "Hafenstraße 1", "Delivery 2", "Rue du Port 9", "France", "Delivery 2: Parcel", "ada@example.com")
}
