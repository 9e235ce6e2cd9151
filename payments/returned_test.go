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

// authorized sells two mugs for 25.00 without taking the money yet.
func authorized(t *testing.T) (*commerce.Store, orders.Order, payments.ID) {
	t.Helper()
	shop := commercetest.Open(t, commerce.WithPayments(simulator.New()))
	var err error
	must := func(_ any, e error) {
		t.Helper()
		if e != nil {
			t.Fatal(e)
		}
	}
	must(shop.Catalog.PutProduct(t.Context(), catalog.PutProduct{SKU: "mug", Title: "Mug", Price: money.New(1250, "EUR")}))
	must(shop.Inventory.Receive(t.Context(), inventory.Receive{SKU: "mug", Quantity: 5}))
	basket, err := shop.Carts.AddLine(t.Context(), cart.AddLine{SKU: "mug", Quantity: 2})
	must(basket, err)
	r, err := shop.Checkout.Complete(t.Context(), checkout.Complete{Cart: basket.ID, PayWith: "simulator", Token: "pm_card_visa", AuthorizeOnly: true})
	must(r, err)
	attempts, err := shop.Payments.ByOrder(t.Context(), r.ID)
	must(attempts, err)
	return shop, r.Order, attempts[0].ID
}

// TestReturnBeforeCapture takes one of two mugs back before any money is taken.
// Then 12.50 are to be paid, not paid and given back.
func TestReturnBeforeCapture(t *testing.T) {
	for _, c := range []struct{ take, goodwill, want int64 }{
		{1250, 0, 0},      // what is still owed
		{2500, 0, 1250},   // all of it: the returned mug's price goes back
		{2000, 0, 750},    // more than is owed
		{2500, 300, 1550}, // and a kindness
	} {
		shop, order, attempt := authorized(t)
		if _, err := shop.Orders.Ship(t.Context(), orders.Ship{Order: order.ID}); err != nil {
			t.Fatal(err)
		}
		_, err := shop.Orders.Return(t.Context(), orders.Return{Order: order.ID, Lines: []orders.LineQuantity{{Line: 1, Quantity: 1}}, Reason: "broken"})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := shop.Payments.Capture(t.Context(), payments.Capture{Attempt: attempt, Amount: money.New(c.take, "EUR")}); err != nil {
			t.Fatal(err)
		}
		if c.goodwill > 0 {
			if _, err := shop.Payments.Refund(t.Context(), payments.Refund{Order: order.ID, Amount: money.New(c.goodwill, "EUR"), Reason: "late"}); err != nil {
				t.Fatal(err)
			}
		}
		if err := shop.Payments.Settle(t.Context(), order.ID); err != nil {
			t.Fatal(err)
		}
		o, err := shop.Orders.Get(t.Context(), order.ID)
		if err != nil || o.Refunded != money.New(c.want, "EUR") {
			t.Errorf("%d taken: %v given back, %v; want %d", c.take, o.Refunded, err, c.want)
		}
	}
}

// TestCancelAfterFullRefund clears every account of the order, although their
// sum is zero already.
func TestCancelAfterFullRefund(t *testing.T) {
	shop, order, attempt := authorized(t)
	if _, err := shop.Payments.Capture(t.Context(), payments.Capture{Attempt: attempt}); err != nil {
		t.Fatal(err)
	}
	if _, err := shop.Payments.Refund(t.Context(), payments.Refund{Order: order.ID, Reason: "kindness"}); err != nil {
		t.Fatal(err)
	}
	if err := shop.Payments.Settle(t.Context(), order.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := shop.Orders.Cancel(t.Context(), orders.Cancel{Order: order.ID, Reason: "changed her mind"}); err != nil {
		t.Fatal(err)
	}
	if err := shop.Payments.Settle(t.Context(), order.ID); err != nil {
		t.Fatal(err)
	}
	balances, err := shop.Payments.Balances(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range balances {
		if !b.Amount.IsZero() {
			t.Errorf("account %s has a balance of %v", b.Account, b.Amount)
		}
	}
}
