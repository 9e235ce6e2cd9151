package commerce_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/checkout"
	"github.com/keelshop/commerce/commercetest"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/seal"
	"github.com/keelshop/commerce/inventory"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/orders"
	"github.com/keelshop/commerce/payments"
	"github.com/keelshop/commerce/payments/simulator"
)

// An idempotent call of the store, and the same call with another body. Both
// return what the caller is told, as a text.
type keyed struct {
	name        string
	call, other func(ctx context.Context) (string, error)
	// effects counts what the call has done, ever.
	effects func() int64
}

// current is the store that calls reach: another one after a restart.
type current struct{ *commerce.Store }

// keyedCalls lists one call of each service that takes a key, on a shop with a
// placed order to work on.
func keyedCalls(t *testing.T, shop *current, bank *simulator.Simulator) []keyed {
	ctx := context.Background()
	stock(t, shop.Store, "mug", 100)
	stock(t, shop.Store, "cup", 0)
	full := basket(t, shop.Store, "mug", 2)
	open := basket(t, shop.Store, "mug", 1)
	sold, err := buy(ctx, shop.Store, "mug", 3, checkout.Complete{PayWith: "simulator", Token: approves})
	must(t, err)
	count := func(kind string) func() int64 {
		return func() (n int64) {
			for e, err := range shop.Events(ctx, "") {
				must(t, err)
				if e.Kind == kind {
					n++
				}
			}
			return n
		}
	}
	placed, received, registered := count("order.placed"), count("inventory.received"), count("customer.registered")
	shipped := count("order.shipped")
	start := received()
	complete := func(token string) func(ctx context.Context) (string, error) {
		return func(ctx context.Context) (string, error) {
			r, err := shop.Checkout.Complete(ctx, checkout.Complete{Cart: full, PayWith: "simulator", Token: token, Key: "k"})
			return fmt.Sprint(r.ID, r.Status, r.Total), err
		}
	}
	receive := func(n int64) func(ctx context.Context) (string, error) {
		return func(ctx context.Context) (string, error) {
			s, err := shop.Inventory.Receive(ctx, inventory.Receive{SKU: "cup", Quantity: n, Key: "k"})
			return fmt.Sprint(s.OnHand, s.Version), err
		}
	}
	register := func(name string) func(ctx context.Context) (string, error) {
		return func(ctx context.Context) (string, error) {
			c, err := shop.Accounts.Register(ctx, accounts.Register{Email: seal.Personal(name + "@example.com"), Key: "k"})
			return string(c.ID), err
		}
	}
	ship := func(tracking string) func(ctx context.Context) (string, error) {
		return func(ctx context.Context) (string, error) {
			o, err := shop.Orders.Ship(ctx, orders.Ship{Order: sold.ID, Lines: []orders.LineQuantity{{Line: 1, Quantity: 1}}, Tracking: tracking, Key: "k"})
			return fmt.Sprint(o.ID, o.Shipped), err
		}
	}
	add := func(n int64) func(ctx context.Context) (string, error) {
		return func(ctx context.Context) (string, error) {
			c, err := shop.Carts.AddLine(ctx, cart.AddLine{Cart: open, SKU: "mug", Quantity: n, Key: "k"})
			return fmt.Sprint(c.ID, c.Total), err
		}
	}
	create := func(n int64) func(ctx context.Context) (string, error) {
		return func(ctx context.Context) (string, error) {
			c, err := shop.Carts.AddLine(ctx, cart.AddLine{SKU: "mug", Quantity: n, Key: "new"})
			return fmt.Sprint(c.ID, c.Total), err
		}
	}
	units := func() int64 {
		c, err := shop.Carts.Get(ctx, open)
		must(t, err)
		return c.Lines[0].Quantity - 1
	}
	return []keyed{
		{"checkout", complete(approves), complete(declines), func() int64 {
			if n := int64(len(bank.Charges())); n != 2 {
				t.Errorf("the bank has %d charges, want 2", n)
			}
			return placed() - 1
		}},
		{"receive", receive(7), receive(8), func() int64 { return received() - start }},
		{"register", register("a"), register("b"), registered},
		{"ship", ship("x"), ship("y"), shipped},
		{"add to a cart", add(1), add(2), units},
		{"make a cart", create(1), create(2), nil},
	}
}

// TestIdempotencyStorm: one key and a hundred callers at the same time. There
// is one effect and one answer; the same key with another body is a conflict.
func TestIdempotencyStorm(t *testing.T) {
	bank := simulator.New()
	shop := &current{commercetest.Open(t, commerce.WithShards(4), commerce.WithPayments(bank))}
	for _, c := range keyedCalls(t, shop, bank) {
		t.Run(c.name, func(t *testing.T) {
			answers := make([]string, 100)
			everybody(len(answers), func(i int) {
				var err error
				for answers[i], err = c.call(t.Context()); fault.Retryable(err); {
					answers[i], err = c.call(t.Context())
				}
				if err != nil {
					t.Errorf("caller %d: %v", i, err)
				}
			})
			if slices.Sort(answers); answers[0] != answers[len(answers)-1] {
				t.Errorf("there are several answers, such as %s and %s", answers[0], answers[len(answers)-1])
			}
			if c.effects != nil && c.effects() != 1 {
				t.Errorf("it happened %d times", c.effects())
			}
			_, err := c.other(t.Context())
			wantCode(t, err, fault.Conflict)
			if c.effects != nil && c.effects() != 1 {
				t.Errorf("after the conflict it had happened %d times", c.effects())
			}
		})
	}
}

// TestRetryAfterRestart: the answer of a call outlives the process that gave
// it.
func TestRetryAfterRestart(t *testing.T) {
	bank, dir := simulator.New(), filepath.Join(t.TempDir(), "shop")
	opts := []commerce.Option{commerce.WithShards(4), commerce.WithPayments(bank)}
	shop := &current{open(t, dir, opts...)}
	calls := keyedCalls(t, shop, bank)
	var first []string
	for _, c := range calls {
		answer, err := c.call(t.Context())
		must(t, err)
		first = append(first, answer)
	}
	must(t, shop.Close())
	shop.Store = commercetest.OpenAt(t, dir, opts...)
	for i, c := range calls {
		answer, err := c.call(t.Context())
		if err != nil || answer != first[i] {
			t.Errorf("%s: got %s, %v; the first answer was %s", c.name, answer, err, first[i])
		}
		_, err = c.other(t.Context())
		wantCode(t, err, fault.Conflict)
		if c.effects != nil && c.effects() != 1 {
			t.Errorf("%s happened %d times", c.name, c.effects())
		}
	}
}

// TestRetryOfRefusal: whoever was refused and asks again with the same key is
// refused in the same words, whatever has changed since and after a restart.
func TestRetryOfRefusal(t *testing.T) {
	ctx := context.Background()
	bank, dir := simulator.New(), filepath.Join(t.TempDir(), "shop")
	opts := []commerce.Option{commerce.WithShards(4), commerce.WithPayments(bank)}
	shop := open(t, dir, opts...)
	stock(t, shop, "mug", 2)
	stock(t, shop, "tea", 10)
	full, dear, sold := basket(t, shop, "mug", 3), basket(t, shop, "tea", 1), basket(t, shop, "tea", 1)
	expected := money.New(1, "EUR")
	calls := map[string]func() error{
		"out of stock": func() error {
			_, err := shop.Checkout.Complete(ctx, checkout.Complete{Cart: full, PayWith: "simulator", Token: approves, Key: "k1"})
			return err
		},
		"total changed": func() error {
			_, err := shop.Checkout.Complete(ctx, checkout.Complete{Cart: dear, ExpectedTotal: &expected, PayWith: "simulator", Token: approves, Key: "k2"})
			return err
		},
		"declined": func() error {
			_, err := shop.Checkout.Complete(ctx, checkout.Complete{Cart: sold, PayWith: "simulator", Token: declines, Key: "k3"})
			return err
		},
		"stock changed": func() error {
			_, err := shop.Inventory.Adjust(ctx, inventory.Adjust{SKU: "mug", Delta: -1, Reason: "count", Version: 99, Key: "k4"})
			return err
		},
	}
	first := map[string]error{}
	for name, call := range calls {
		if first[name] = call(); first[name] == nil || fault.Retryable(first[name]) {
			t.Fatalf("%s: got %v, want a refusal", name, first[name])
		}
	}
	same := func(when string) {
		t.Helper()
		for name, call := range calls {
			err := call()
			if err == nil || err.Error() != first[name].Error() || fault.CodeOf(err) != fault.CodeOf(first[name]) {
				t.Errorf("%s, %s: got %v; the first answer was %v", name, when, err, first[name])
			}
		}
	}
	_, err := shop.Inventory.Receive(ctx, inventory.Receive{SKU: "mug", Quantity: 10})
	must(t, err)
	same("when there are goods again")
	must(t, shop.Close())
	shop = commercetest.OpenAt(t, dir, opts...)
	same("after a restart")
	if r, err := shop.Checkout.Complete(ctx, checkout.Complete{Cart: full, Key: "another"}); err != nil || r.Status != orders.Placed {
		t.Errorf("with another key: got %v, %v; there are goods now", r.Status, err)
	}
}

// TestRetryAfterUncertain: a caller that stops waiting while its command is
// being logged does not know what happened. Asking again with the key that the
// error names tells, and nothing happens twice.
func TestRetryAfterUncertain(t *testing.T) {
	bank := simulator.New()
	shop := commercetest.Open(t, commerce.WithShards(4), commerce.WithPayments(bank))
	stock(t, shop, "mug", 1000)
	uncertain, given, withdrawn := 0, 0, 0
	for i := 0; i < 400 && (uncertain < 20 || i < 100); i++ {
		c := checkout.Complete{Cart: basket(t, shop, "mug", 1), PayWith: "simulator", Token: approves, Key: fmt.Sprint("key ", i)}
		ctx, cancel := context.WithTimeout(t.Context(), time.Duration(i*37%3000)*time.Microsecond)
		_, err := shop.Checkout.Complete(ctx, c)
		cancel()
		unknown, isUnknown := errors.AsType[*command.UncertainError](err)
		switch {
		case err == nil:
			given++
		case isUnknown:
			uncertain++
			if unknown.Key != c.Key {
				t.Errorf("got key %q, want %q", unknown.Key, c.Key)
			}
		case fault.CodeOf(err) == fault.Unavailable:
			withdrawn++
		default:
			t.Errorf("a caller that went away got %v", err)
		}
		first, err := shop.Checkout.Complete(t.Context(), c)
		must(t, err)
		second, err := shop.Checkout.Complete(t.Context(), c)
		if err != nil || first.ID != second.ID || first.Status != orders.Placed || second.Status != orders.Placed {
			t.Errorf("asked again: %s %s, then %s %s, %v", first.ID, first.Status, second.ID, second.Status, err)
		}
		attempts, err := shop.Payments.ByOrder(t.Context(), first.ID)
		if err != nil || len(attempts) != 1 || attempts[0].State != payments.Captured {
			t.Errorf("order %s has the attempts %+v, %v", first.ID, attempts, err)
		}
	}
	t.Logf("%d uncertain, %d withdrawn, %d answered in time", uncertain, withdrawn, given)
	if uncertain == 0 {
		t.Error("no caller was left uncertain: this test proves nothing on this machine")
	}
	if err := moneyAgrees(shop, bank); err != nil {
		t.Error(err)
	}
}

// TestSecondClick: buying a cart again, with another key or none, is the order
// that was made the first time.
func TestSecondClick(t *testing.T) {
	bank := simulator.New()
	shop := commercetest.Open(t, commerce.WithShards(4), commerce.WithPayments(bank))
	stock(t, shop, "mug", 100)
	c := basket(t, shop, "mug", 2)
	seen := make([]orders.ID, 50)
	everybody(len(seen), func(i int) {
		r, err := insist(t.Context(), shop, checkout.Complete{Cart: c, PayWith: "simulator", Token: approves})
		if err != nil {
			t.Errorf("click %d: %v", i, err)
		}
		seen[i] = r.ID
	})
	if slices.Sort(seen); seen[0] != seen[len(seen)-1] {
		t.Errorf("one cart became several orders: %v", slices.Compact(seen))
	}
	if charges := bank.Charges(); len(charges) != 1 || charges[0].Captured != money.New(2500, "EUR") {
		t.Errorf("the bank's books are %+v", charges)
	}
	if l := levelOf(t, shop, catalog.SKU("mug")); l.Committed != 2 || l.Available != 98 {
		t.Errorf("the stock is %+v", l)
	}
}
