package commerce_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/checkout"
	"github.com/keelshop/commerce/internal/sqlite/faultvfs"
	"github.com/keelshop/commerce/orders"
)

// long reports whether the tests of disks that break are to take their time.
func long() bool { return os.Getenv("COMMERCE_LONG") != "" }

// template makes a closed store with two shards and some goods, for tests that
// need many.
func template(t *testing.T) (dir string) {
	t.Helper()
	fs := faultvfs.New(t.Name() + " template")
	defer fs.Close()
	dir = filepath.Join(t.TempDir(), "shop")
	shop := open(t, dir, commerce.WithShards(2), commerce.WithVFS(fs.Name()))
	for _, sku := range shelf {
		stock(t, shop, sku, 10_000)
	}
	must(t, shop.Close())
	return dir
}

var shelf = []catalog.SKU{"mug", "plate", "spoon"}

// sale is what a shopper wants and has been told of it.
type sale struct {
	sku   catalog.SKU
	key   string
	cart  cart.ID   // "" until it was acknowledged
	order orders.ID // "" until it was acknowledged as placed
}

// shopping is what the shoppers of a store ask for and are told. It is safe
// for concurrent use.
type shopping struct {
	mu  sync.Mutex
	all []*sale
}

// want begins one more purchase.
func (s *shopping) want() *sale {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := len(s.all)
	p := &sale{sku: shelf[n%len(shelf)], key: fmt.Sprintf("purchase %d", n)}
	s.all = append(s.all, p)
	return p
}

// now returns what everybody has been told so far.
func (s *shopping) now() []sale {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]sale, len(s.all))
	for i, p := range s.all {
		out[i] = *p
	}
	return out
}

// buy makes a purchase, or finds it made.
func (s *shopping) buy(shop *commerce.Store, p *sale) error {
	ctx := context.Background()
	c, err := shop.Carts.AddLine(ctx, cart.AddLine{SKU: p.sku, Quantity: 1, Key: p.key})
	if err != nil {
		return err
	}
	s.mu.Lock()
	p.cart = c.ID
	s.mu.Unlock()
	r, err := shop.Checkout.Complete(ctx, checkout.Complete{Cart: c.ID, Key: p.key})
	if err != nil {
		return err
	}
	if r.Status != orders.Placed {
		return fmt.Errorf("%s: order %s is %v", p.key, r.ID, r.Status)
	}
	s.mu.Lock()
	p.order = r.ID
	s.mu.Unlock()
	return nil
}

// rush lets some shoppers make some purchases each, at the same time. A shopper
// leaves at the first error.
func (s *shopping) rush(shop *commerce.Store, shoppers, each int) error {
	errs := make([]error, shoppers)
	everybody(shoppers, func(i int) {
		for range each {
			if errs[i] = s.buy(shop, s.want()); errs[i] != nil {
				return
			}
		}
	})
	return errors.Join(errs...)
}

// expect opens a store and fails the test unless it is sound and has all that
// was told, exactly once, and goes on.
func expect(t *testing.T, told []sale, dir string, opts ...commerce.Option) {
	t.Helper()
	shop, err := commerce.Open(context.Background(), dir, opts...)
	if err != nil {
		t.Errorf("opening what is left: %v", err)
		return
	}
	expectOpen(t, told, shop)
	if err := shop.Close(); err != nil {
		t.Errorf("closing what is left: %v", err)
	}
}

func expectOpen(t *testing.T, told []sale, shop *commerce.Store) {
	t.Helper()
	ofCart := map[string]orders.ID{}
	for o, err := range shop.Orders.All(t.Context(), orders.Filter{}) {
		if err != nil {
			t.Errorf("listing orders: %v", err)
			return
		}
		if other, twice := ofCart[o.Cart]; twice {
			t.Errorf("the orders %s and %s are of one cart", o.ID, other)
		}
		ofCart[o.Cart] = o.ID
	}
	if len(ofCart) > len(told) {
		t.Errorf("there are %d orders, and only %d were asked for", len(ofCart), len(told))
	}
	again := shopping{}
	for i, p := range told {
		if p.order != "" {
			o, err := shop.Orders.Get(t.Context(), p.order)
			if err != nil || o.Status != orders.Placed {
				t.Errorf("%s: the acknowledged order %s is %q now, %v", p.key, p.order, o.Status, err)
			}
		}
		if i%5 != 0 && i < len(told)-8 {
			continue // asking again takes its time
		}
		now := sale{sku: p.sku, key: p.key}
		if err := again.buy(shop, &now); err != nil {
			t.Errorf("%s: asked again: %v", p.key, err)
		}
		if p.cart != "" && now.cart != p.cart || p.order != "" && now.order != p.order {
			t.Errorf("%s: asked again: %s and %s, first %s and %s", p.key, now.cart, now.order, p.cart, p.order)
		}
	}
	expectSound(t, shop)
}

func expectSound(t *testing.T, shop *commerce.Store) {
	t.Helper()
	found, err := shop.Verify(context.Background())
	if err != nil {
		t.Errorf("verifying: %v", err)
	}
	for _, v := range found {
		t.Errorf("not sound: %v", v)
	}
}

// copyKeys gives a copy of a store its keys.
func copyKeys(t *testing.T, from, to string) {
	t.Helper()
	keys, err := os.ReadFile(from + ".keys")
	must(t, err)
	must(t, os.WriteFile(to+".keys", keys, 0o600))
}
