package payments_test

import (
	"testing"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/checkout"
	"github.com/keelshop/commerce/commercetest"
	"github.com/keelshop/commerce/inventory"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/orders"
	"github.com/keelshop/commerce/payments"
	"github.com/keelshop/commerce/payments/simulator"
)

// TestAuthorizationRunsOut lets the bank take an authorization back. An order of
// which nothing has left is withdrawn; one that has left stays, unpaid.
func TestAuthorizationRunsOut(t *testing.T) {
	for _, shipped := range []bool{false, true} {
		bank := simulator.New()
		shop := commercetest.Open(t, commerce.WithPayments(bank))
		if _, err := shop.Catalog.PutProduct(t.Context(), catalog.PutProduct{SKU: "mug", Title: "Mug", Price: money.New(1250, "EUR")}); err != nil {
			t.Fatal(err)
		}
		if _, err := shop.Inventory.Receive(t.Context(), inventory.Receive{SKU: "mug", Quantity: 2}); err != nil {
			t.Fatal(err)
		}
		basket, err := shop.Carts.AddLine(t.Context(), cart.AddLine{SKU: "mug", Quantity: 2})
		if err != nil {
			t.Fatal(err)
		}
		r, err := shop.Checkout.Complete(t.Context(), checkout.Complete{Cart: basket.ID, PayWith: "simulator", Token: "pm_card_visa", AuthorizeOnly: true})
		if err != nil {
			t.Fatal(err)
		}
		if shipped {
			if _, err := shop.Orders.Ship(t.Context(), orders.Ship{Order: r.ID}); err != nil {
				t.Fatal(err)
			}
		}
		attempts, err := shop.Payments.ByOrder(t.Context(), r.ID)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := bank.Void(t.Context(), payments.VoidRequest{Key: "bank", PaymentKey: attempts[0].Key()}); err != nil {
			t.Fatal(err)
		}
		out, err := shop.Checkout.Resume(t.Context(), r.ID)
		if err != nil {
			t.Fatal(err)
		}
		level, err := shop.Inventory.Level(t.Context(), "mug", inventory.Main)
		if err != nil {
			t.Fatal(err)
		}
		want, free := orders.Canceled, int64(2)
		if shipped {
			want, free = orders.Placed, 0
		}
		if out.Status != want || out.PaymentStatus != "voided" || level.Available != free {
			t.Errorf("shipped %v: the order is %s, %s; %d are for sale", shipped, out.Status, out.PaymentStatus, level.Available)
		}
	}
}
