package commerce_test

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/checkout"
	"github.com/keelshop/commerce/commercetest"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/inventory"
	"github.com/keelshop/commerce/orders"
	"github.com/keelshop/commerce/payments/simulator"
)

// waiting opens a store with a checkout that waits for its shopper, who has
// half an hour.
func waiting(t *testing.T, dir string, clock *commercetest.Clock, bank *simulator.Simulator) (*commerce.Store, orders.ID) {
	t.Helper()
	shop := open(t, dir, clock.Option(), commerce.WithShards(1), commerce.WithPayments(bank))
	stock(t, shop, "mug", 5)
	r, err := buy(t.Context(), shop, "mug", 2, checkout.Complete{PayWith: "simulator", Token: challenges})
	if err != nil || r.Status != orders.Pending || r.NextAction == nil {
		t.Fatalf("got %s, %v", r.Status, err)
	}
	return shop, r.ID
}

// settled lets a minute pass and waits until the timers that are due then have
// been called, as it sees by one of its own: timers are called in the order in
// which they are due.
func settled(t *testing.T, shop *commerce.Store, clock *commercetest.Clock) {
	t.Helper()
	r, err := buy(t.Context(), shop, "mug", 1, checkout.Complete{PayWith: "simulator", Token: simulator.TokenLostAnswer})
	if err != nil || r.Status != orders.Pending {
		t.Fatalf("got %s, %v", r.Status, err)
	}
	clock.Advance(time.Minute)
	eventually(t, "a timer that is due is handled", func() bool {
		o, err := shop.Orders.Get(context.Background(), r.ID)
		must(t, err)
		return o.Status == orders.Placed
	})
}

func statusOf(t *testing.T, shop *commerce.Store, o orders.ID) orders.Status {
	t.Helper()
	got, err := shop.Orders.Get(context.Background(), o)
	must(t, err)
	return got.Status
}

// TestWallClockJumpExpiresNothing: a time server says that a year has passed,
// or that it is last year. Holds run by time that passes, not by dates.
func TestWallClockJumpExpiresNothing(t *testing.T) {
	for name, jump := range map[string]time.Duration{"a year ahead": 365 * 24 * time.Hour, "a year back": -365 * 24 * time.Hour} {
		t.Run(name, func(t *testing.T) {
			clock, bank := commercetest.NewClock(), simulator.New()
			shop, o := waiting(t, filepath.Join(t.TempDir(), "shop"), clock, bank)
			defer commercetest.Verify(t, shop)
			clock.Jump(time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC).Add(jump))
			settled(t, shop, clock)
			if got := statusOf(t, shop, o); got != orders.Pending {
				t.Fatalf("the order is %s", got)
			}
			if l := levelOf(t, shop, "mug"); l.Held != 2 {
				t.Errorf("the stock is %+v", l)
			}
			// Time that does pass ends it.
			clock.Advance(30 * time.Minute)
			eventually(t, "the order is given up", func() bool { return statusOf(t, shop, o) == orders.Canceled })
		})
	}
}

// TestWallClockJumpForgetsNoCart: a cart is looked after when hours have passed,
// and kept for days that have passed, whatever the date is said to be. Then the
// date is of no use: a jump back keeps no cart for longer, either.
func TestWallClockJumpForgetsNoCart(t *testing.T) {
	for name, jump := range map[string]time.Duration{"a year ahead": 365 * 24 * time.Hour, "a year back": -365 * 24 * time.Hour} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			clock, bank := commercetest.NewClock(), simulator.New()
			shop := open(t, filepath.Join(t.TempDir(), "shop"), clock.Option(), commerce.WithShards(1), commerce.WithPayments(bank))
			defer commercetest.Verify(t, shop)
			stock(t, shop, "mug", 50)
			c := basket(t, shop, "mug", 1)
			contact := cart.SetContact{Cart: c, Contact: cart.Contact{Email: "a@example.com"}}
			_, err := shop.Carts.SetContact(t.Context(), contact)
			must(t, err)
			clock.Jump(time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC).Add(jump))
			clock.Advance(6*time.Hour + 40*time.Minute)
			settled(t, shop, clock)
			got, err := shop.Carts.Get(t.Context(), c)
			if err != nil || len(got.Lines) != 1 {
				t.Fatalf("after seven hours: %+v, %v", got, err)
			}
			clock.Advance(29 * 24 * time.Hour)
			settled(t, shop, clock)
			if _, err = shop.Carts.Get(t.Context(), c); err != nil {
				t.Fatalf("after 29 days: %v", err)
			}
			clock.Advance(24 * time.Hour)
			eventually(t, "the cart is forgotten after 30 days", func() bool {
				_, err := shop.Carts.Get(context.Background(), c)
				return fault.CodeOf(err) == fault.NotFound
			})
		})
	}
}

// TestShardClockOutlivesRestart: what a shopper had left before a restart is
// what they have left after it, less the time that the store was closed, of
// which an hour counts at most, and nothing if the wall clock went back.
func TestShardClockOutlivesRestart(t *testing.T) {
	for _, c := range []struct {
		name string
		// open and closed are how long the store was; then is how long it is
		// open again before the checkout must be given up.
		open, closed time.Duration
		left         time.Duration
	}{
		{"at once", 10 * time.Minute, 0, 20 * time.Minute},
		{"after a while", 10 * time.Minute, 5 * time.Minute, 15 * time.Minute},
		{"when it is over", 10 * time.Minute, 21 * time.Minute, 0},
		{"after years", 10 * time.Minute, 1000 * 24 * time.Hour, 0},
		{"before it was closed", 10 * time.Minute, -1000 * time.Hour, 20 * time.Minute},
	} {
		t.Run(c.name, func(t *testing.T) {
			clock, bank := commercetest.NewClock(), simulator.New()
			dir := filepath.Join(t.TempDir(), "shop")
			shop, o := waiting(t, dir, clock, bank)
			clock.Advance(c.open)
			settled(t, shop, clock) // a minute, and the last command that the log has a time of
			must(t, shop.Close())

			// The monotonic clock of another process begins anew.
			next := commercetest.NewClock()
			next.Jump(time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC).Add(c.open + time.Minute + c.closed))
			shop = commercetest.OpenAt(t, dir, next.Option(), commerce.WithPayments(bank))
			left := c.left - time.Minute
			if left > 0 {
				next.Advance(left - time.Minute - time.Second) // settled lets a minute pass
				settled(t, shop, next)
				if got := statusOf(t, shop, o); got != orders.Pending {
					t.Fatalf("a second early the order is %s", got)
				}
				next.Advance(time.Second)
			}
			eventually(t, "the order is given up", func() bool { return statusOf(t, shop, o) == orders.Canceled })
		})
	}
}

// TestDowntimeIsBounded: a store that was closed for a year takes in an hour of
// it. What had longer than that is still there.
func TestDowntimeIsBounded(t *testing.T) {
	clock, bank := commercetest.NewClock(), simulator.New()
	dir := filepath.Join(t.TempDir(), "shop")
	shop, o := waiting(t, dir, clock, bank)
	before := shardClock(t, shop)
	must(t, shop.Close())
	clock.Jump(time.Date(2027, 3, 1, 9, 0, 0, 0, time.UTC))
	shop = commercetest.OpenAt(t, dir, clock.Option(), commerce.WithPayments(bank))
	eventually(t, "the order is given up", func() bool { return statusOf(t, shop, o) == orders.Canceled })
	if took := shardClock(t, shop) - before; took != time.Hour {
		t.Errorf("the shard's clock took in %v, want an hour", took)
	}
}

// TestALeadersWallClockEndsNoHold: a node of a cluster is started again with a
// wall clock that is most of an hour ahead, and leads at once. The shards' clocks
// do not follow it.
func TestALeadersWallClockEndsNoHold(t *testing.T) {
	t.Parallel()
	f := newFleet(t, 1)
	stock(t, f.nodes[0], "mug", 10)
	f.join(1, 2)
	f.stop(2, false)
	began := time.Now()
	f.open(2, commerce.WithClock(commerce.Clock{
		Wall: func() time.Time { return time.Now().Add(50 * time.Minute) }, Elapsed: func() time.Duration { return time.Since(began) },
		Poll: time.Second,
	}))
	before := shardClock(t, f.nodes[0])
	eventually(t, "it leads", func() bool {
		_ = f.nodes[2].Cluster().Drain(t.Context(), "node_0") // tried again
		_ = commerce.HandTo(t.Context(), f.nodes[1], 0, "node_2")
		return len(commerce.Leads(f.nodes[2])) == 1
	})
	if took, most := shardClock(t, f.nodes[2])-before, time.Since(began); took < 0 || took > most {
		t.Errorf("the shard's clock took in %v within %v", took, most)
	}
	f.check()
}

// shardClock makes a store's only shard take the time, and returns it.
func shardClock(t *testing.T, shop *commerce.Store) time.Duration {
	t.Helper()
	_, err := shop.Inventory.Receive(t.Context(), inventory.Receive{SKU: "mug", Quantity: 1})
	must(t, err)
	return commerce.ShardClock(shop, 0)
}
