package commerce_test

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/checkout"
	"github.com/keelshop/commerce/commercetest"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/inventory"
	"github.com/keelshop/commerce/orders"
	"github.com/keelshop/commerce/payments"
	"github.com/keelshop/commerce/payments/simulator"
)

// TestNotes: other systems keep what they like with a payment, a refund, a
// return and a pool of stock; what they do not name stays.
func TestNotes(t *testing.T) {
	ctx := t.Context()
	shop := commercetest.Open(t, commerce.WithShards(4), commerce.WithPayments(simulator.New()))
	stock(t, shop, "mug", 10)
	o, err := buy(ctx, shop, "mug", 2, checkout.Complete{PayWith: "simulator", Token: approves})
	must(t, err)
	paid, err := shop.Payments.ByOrder(ctx, o.ID)
	must(t, err)
	pay := paid[0].ID
	lines := []orders.LineQuantity{{Line: 1, Quantity: 1}}
	_, err = shop.Orders.Ship(ctx, orders.Ship{Order: o.ID, Lines: lines})
	must(t, err)
	_, err = shop.Orders.Return(ctx, orders.Return{Order: o.ID, Lines: lines, Reason: "broken"})
	must(t, err)
	must(t, shop.Payments.Settle(ctx, o.ID))
	var ret string
	for row, err := range shop.Query(ctx, `SELECT id FROM returns`) {
		must(t, err)
		ret = row.Values[0].(string)
	}
	for name, c := range map[string]struct {
		set  func(payments.NoteChange) (payments.Note, error)
		read func() (payments.Note, error)
	}{
		"payment": {
			func(n payments.NoteChange) (payments.Note, error) {
				return shop.Payments.Annotate(ctx, payments.Annotate{Attempt: pay, Note: n})
			}, func() (payments.Note, error) { return shop.Payments.Note(ctx, pay, 0) }},
		"refund": {
			func(n payments.NoteChange) (payments.Note, error) {
				return shop.Payments.Annotate(ctx, payments.Annotate{Attempt: pay, Operation: 1, Note: n})
			}, func() (payments.Note, error) { return shop.Payments.Note(ctx, pay, 1) }},
		"return": {
			func(n payments.NoteChange) (payments.Note, error) {
				return shop.Orders.AnnotateReturn(ctx, orders.AnnotateReturn{Return: ret, Note: n})
			}, func() (payments.Note, error) { return shop.Orders.ReturnNote(ctx, ret) }},
		"pool": {
			func(n payments.NoteChange) (payments.Note, error) {
				return shop.Inventory.Annotate(ctx, inventory.Annotate{SKU: "mug", Note: n})
			}, func() (payments.Note, error) { return shop.Inventory.Note(ctx, "mug", "") }},
	} {
		if n, err := c.read(); err != nil || n.ExternalReference != "" || n.Metadata != nil || n.PrivateMetadata != nil {
			t.Errorf("%s: at first %+v, %v", name, n, err)
		}
		_, err := c.set(payments.NoteChange{ExternalReference: new(name + "-7"), Metadata: json.RawMessage(`{ "a": 1 }`)})
		must(t, err)
		n, err := c.set(payments.NoteChange{PrivateMetadata: json.RawMessage(`{"b": 2}`)})
		if err != nil || n.ExternalReference != name+"-7" || string(n.Metadata) != `{"a":1}` || string(n.PrivateMetadata) != `{"b":2}` {
			t.Errorf("%s: got %+v, %v", name, n, err)
		}
		if _, err := c.set(payments.NoteChange{Metadata: json.RawMessage(`[]`)}); !errors.Is(err, fault.Invalid) {
			t.Errorf("%s: metadata that is no object: %v", name, err)
		}
	}
	n := 0
	for row, err := range shop.Query(ctx, `SELECT subject FROM notes WHERE external_reference LIKE '%-7'`) {
		must(t, err)
		if n++; row.Values[0] == "" {
			t.Error("a note about nothing")
		}
	}
	if n != 4 {
		t.Errorf("there are %d notes, want 4", n)
	}
	missing := payments.Annotate{Attempt: pay, Operation: 9}
	if _, err := shop.Payments.Annotate(ctx, missing); !errors.Is(err, fault.NotFound) {
		t.Errorf("an operation that is not there: %v", err)
	}
	if _, err := shop.Inventory.Annotate(ctx, inventory.Annotate{SKU: "mug", Location: "north"}); !errors.Is(err, fault.NotFound) {
		t.Errorf("a pool that is not there: %v", err)
	}
}
