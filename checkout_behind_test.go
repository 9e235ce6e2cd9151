package commerce_test

import (
	"context"
	"testing"
	"time"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/checkout"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/orders"
)

// TestACheckoutOnANodeThatIsBehind: carts were changed, made, emptied and priced anew for their customer on another node
// a moment ago, and the node that is asked has heard of none of that. Nothing is sold by what it knows, and nothing
// refused. As soon as it hears, carts are bought as they are, and the answer is the placed order; so it is when another
// node is asked again with the key.
func TestACheckoutOnANodeThatIsBehind(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	f := newFleet(t, 1)
	ahead := f.nodes[0]
	stock(t, ahead, "mug", 100)
	f.join(1, 2)
	node := f.nodes[2]
	must(t, node.Cluster().Drain(ctx, "node_2"))
	_, err := ahead.Catalog.PutPriceList(ctx, catalog.PutPriceList{Code: "trade", Title: "Trade", Groups: []string{"trade"}, DiscountBasisPoints: 1000})
	must(t, err)
	who, err := ahead.Accounts.Register(ctx, accounts.Register{Email: "a@example.com"})
	must(t, err)
	put := func(c cart.AddLine) cart.Cart {
		t.Helper()
		c.SKU = "mug"
		got, err := ahead.Carts.AddLine(ctx, c)
		must(t, err)
		return got
	}
	grown, refilled, theirs := put(cart.AddLine{Quantity: 1}), put(cart.AddLine{Quantity: 1}), put(cart.AddLine{Quantity: 1, Customer: who.ID})
	refilled, err = ahead.Carts.SetQuantity(ctx, cart.SetQuantity{Cart: refilled.ID, SKU: "mug", Line: refilled.Lines[0].ID, Quantity: 0})
	must(t, err)
	for _, c := range []cart.Cart{grown, refilled, theirs} {
		_, err := node.Carts.Get(commerce.Fresh(ctx), c.ID)
		must(t, err)
	}

	resume := commerce.Pause(node)
	must(t, commerce.TakeCut(ctx, ahead))
	grown = put(cart.AddLine{Cart: grown.ID, Quantity: 2})
	refilled = put(cart.AddLine{Cart: refilled.ID, Quantity: 2})
	unknown := put(cart.AddLine{Quantity: 1})
	_, err = ahead.Accounts.Update(ctx, accounts.Update{Customer: who.ID, Groups: &[]string{"trade"}})
	must(t, err)
	theirs, err = ahead.Carts.Get(ctx, theirs.ID)
	must(t, err)

	wants := map[string]struct {
		cart  cart.Cart
		total int64
	}{"grown": {grown, 3750}, "refilled": {refilled, 2500}, "unknown": {unknown, 1250}, "theirs": {theirs, 1125}}
	asked := func(name string) checkout.Complete {
		total := money.New(wants[name].total, "EUR")
		return checkout.Complete{Cart: wants[name].cart.ID, ExpectedTotal: &total, Key: name}
	}
	for name := range wants {
		commerce.Believe(node)
		short, cancel := context.WithTimeout(ctx, 300*time.Millisecond)
		r, err := node.Checkout.Complete(short, asked(name))
		cancel()
		if code := fault.CodeOf(err); code != fault.Unavailable && code != fault.Uncertain {
			t.Errorf("%s, on a node that is behind: %v %v, %v", name, r.Status, r.Total, err)
		}
	}
	resume()
	for name, want := range wants {
		r, err := node.Checkout.Complete(commerce.Stale(ctx, time.Hour), asked(name))
		if err != nil || r.Status != orders.Placed || r.Total != money.New(want.total, "EUR") || len(r.Lines) != 1 {
			t.Errorf("%s, when it has heard: %v %v, %v", name, r.Status, r.Total, err)
			continue
		}
		for _, other := range f.nodes {
			if again, err := other.Checkout.Complete(ctx, asked(name)); err != nil || again.ID != r.ID || again.Status != orders.Placed {
				t.Errorf("%s, asked again: %v %v, %v", name, again.ID, again.Status, err)
			}
		}
	}
	must(t, node.Cluster().Resume(ctx, "node_2"))
	f.check()
}
