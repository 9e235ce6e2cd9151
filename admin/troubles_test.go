package admin_test

import (
	"fmt"
	"testing"

	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/checkout"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/orders"
	"github.com/keelshop/commerce/payments"
	"github.com/keelshop/commerce/payments/simulator"
)

// TestSomebodyLooks: staff say what became of a payment, clear what books do not
// agree about, and decide that money is paid back; each with a form that may be
// sent twice.
func TestSomebodyLooks(t *testing.T) {
	o := open(t).logIn()
	o.get("/troubles").want(200, "There is nothing.", "They agree.")
	basket, err := o.Carts.AddLine(t.Context(), cart.AddLine{SKU: "mug-b", Quantity: 1})
	if err != nil {
		t.Fatal(err)
	}
	r, err := o.Checkout.Complete(t.Context(), checkout.Complete{Cart: basket.ID, PayWith: "simulator", Token: simulator.TokenUnreached})
	if err != nil || r.Status != orders.Pending {
		t.Fatalf("got %s, %v", r.Status, err)
	}
	attempts, err := o.Payments.ByOrder(t.Context(), r.ID)
	if err != nil {
		t.Fatal(err)
	}
	payment := "/payments/" + string(attempts[0].ID)
	o.post(payment+"/resolve", "state", "declined", "key", "r0").want(400)
	for range 2 {
		o.post(payment+"/resolve", "state", "declined", "reason", nasty, "key", "r1").want(200, "Saved.")
	}
	o.post(payment+"/resolve", "state", "captured", "reason", "x", "key", "r2").want(422)
	if got, err := o.Orders.Get(t.Context(), r.ID); err != nil || got.Status != orders.Canceled {
		t.Errorf("the order is %s, %v", got.Status, err)
	}
	o.get("/orders/"+string(r.ID)).want(200, "Payment resolved")

	sold := o.sell(2, false)
	if attempts, err = o.Payments.ByOrder(t.Context(), sold.ID); err != nil {
		t.Fatal(err)
	}
	d := payments.Discrepancy{Kind: payments.AmountDiffers, Provider: "simulator", Key: string(attempts[0].ID), Order: sold.ID, Ours: sold.Total, Theirs: money.New(1, "EUR")}
	if err := o.Payments.Report(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	o.get("/troubles").want(200, "amount differs", "0.01 EUR", string(sold.ID))
	o.post("/discrepancies", "kind", string(d.Kind), "provider", "simulator", "payment", d.Key, "note", nasty, "key", "d1").want(200, "They agree.")
	o.post("/discrepancies", "kind", string(d.Kind), "provider", "nobody", "payment", d.Key, "note", "x", "key", "d2").want(404)

	o.post("/orders/"+string(sold.ID)+"/grant", "line-1", "1", "reason", "scratched", "version", fmt.Sprint(sold.Version), "key", "g1").want(200, "scratched", "Pay it")
	o.post("/orders/"+string(sold.ID)+"/release", "grant", "1", "key", "g2").want(200, "released")
	o.post(payment+"/refunded", "reference", "transfer 1", "key", "f1").want(422)
}
