package commerce_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/checkout"
	"github.com/keelshop/commerce/commercetest"
	"github.com/keelshop/commerce/fault"
)

// Hooks see the caller's command, may change it and may refuse it. A retry is
// told apart by what the caller asked, not by what a hook made of it.
func TestHooks(t *testing.T) {
	closed := errors.New("the shop is closed on Sundays")
	double, sunday := true, false
	shop := commercetest.Open(t,
		commerce.WithHook(func(_ context.Context, c any) error {
			if add, ok := c.(*cart.AddLines); ok && double {
				add.Lines[0].Quantity *= 2
			}
			return nil
		}),
		commerce.WithHook(func(context.Context, any) error {
			if sunday {
				return closed
			}
			return nil
		}))
	stock(t, shop, "mug", 10)
	first, err := shop.Carts.AddLine(t.Context(), cart.AddLine{SKU: "mug", Quantity: 1, Key: "k"})
	if err != nil || first.Lines[0].Quantity != 2 {
		t.Fatalf("got %+v, %v; want 2 mugs", first.Lines, err)
	}
	double = false
	again, err := shop.Carts.AddLine(t.Context(), cart.AddLine{SKU: "mug", Quantity: 1, Key: "k"})
	if err != nil || again.ID != first.ID || again.Version != first.Version {
		t.Errorf("asked again: got %+v, %v", again, err)
	}
	sunday = true
	if _, err := shop.Carts.AddLine(t.Context(), cart.AddLine{SKU: "mug", Quantity: 1}); !errors.Is(err, closed) {
		t.Errorf("got %v, want the hook's own error", err)
	}
}

// Events come in the order of their shard and without gaps, and a position
// that was stored half way goes on exactly there.
func TestEventsGoOnFromAnyPosition(t *testing.T) {
	shop := commercetest.Open(t, commerce.WithShards(4))
	stock(t, shop, "mug", 100)
	for range 20 {
		if _, err := buy(t.Context(), shop, "mug", 1, checkout.Complete{}); err != nil {
			t.Fatal(err)
		}
	}
	var all []commerce.Event
	next := map[int]int64{}
	for e, err := range shop.Events(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		if e.Sequence != next[e.Shard]+1 {
			t.Errorf("shard %d: event %d follows %d", e.Shard, e.Sequence, next[e.Shard])
		}
		next[e.Shard] = e.Sequence
		all = append(all, e)
	}
	placed := 0
	for i, e := range all {
		if e.Kind == "order.placed" {
			placed++
		}
		n := 0
		for _, err := range shop.Events(t.Context(), e.Position) {
			if err != nil {
				t.Fatal(err)
			}
			n++
		}
		if n != len(all)-i-1 {
			t.Errorf("after event %d of %d come %d", i+1, len(all), n)
		}
	}
	if placed != 20 || shop.Latest() != all[len(all)-1].Position {
		t.Errorf("%d orders were placed; latest %s, last %s", placed, shop.Latest(), all[len(all)-1].Position)
	}
}

// Follow waits for what is yet to happen, and ends with its context.
func TestFollowWaits(t *testing.T) {
	shop := commercetest.Open(t, commerce.WithShards(4))
	stock(t, shop, "mug", 100)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	got := make(chan string, 100)
	ended := make(chan error, 1)
	go func() {
		for e, err := range shop.Follow(ctx, shop.Latest()) {
			if err != nil {
				ended <- err
				return
			}
			if e.Kind == "order.placed" {
				got <- e.Subject
			}
		}
	}()
	for range 5 {
		order, err := buy(t.Context(), shop, "mug", 1, checkout.Complete{})
		if err != nil {
			t.Fatal(err)
		}
		if id := <-got; id != string(order.ID) {
			t.Errorf("followed to %s, want %s", id, order.ID)
		}
	}
	stop()
	if err := <-ended; !errors.Is(err, fault.Unavailable) || !errors.Is(err, context.Canceled) {
		t.Errorf("it ended with %v", err)
	}
}

func ExampleStore_Events() {
	shop, err := commerce.Open(context.Background(), "shop.data")
	if err != nil {
		return
	}
	defer shop.Close()
	position := commerce.Position("") // as it was stored beside what was made of the events
	for event, err := range shop.Events(context.Background(), position) {
		if err != nil {
			return
		}
		fmt.Println(event.Kind, event.Subject)
		position = event.Position // store it, in one transaction with the above
	}
}

func BenchmarkCommercetestOpen(b *testing.B) {
	for b.Loop() {
		shop, err := commerce.Open(context.Background(), b.TempDir()+"/shop", commerce.WithShards(1))
		if err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		shop.Close()
		b.StartTimer()
	}
}
