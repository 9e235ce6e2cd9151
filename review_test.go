package commerce_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/checkout"
	"github.com/keelshop/commerce/commercetest"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/orders"
	"github.com/keelshop/commerce/payments"
	"github.com/keelshop/commerce/payments/manual"
)

// answering is a provider that answers every payment in one way.
type answering struct {
	payments.Provider
	outcome payments.Outcome
}

func (answering) Name() string { return "answering" }

func (a answering) Pay(context.Context, payments.PayRequest) (payments.Outcome, error) {
	return a.outcome, nil
}

func (a answering) Retrieve(context.Context, payments.LookupRequest) (payments.Outcome, error) {
	return a.outcome, nil
}

func TestOddAnswersOfProviders(t *testing.T) {
	for name, c := range map[string]struct {
		outcome payments.Outcome
		status  orders.Status
		code    fault.Code
	}{
		"a decline in Latin-1":   {payments.Outcome{State: payments.Declined, Raw: "Karte ung\xfcltig"}, orders.Canceled, fault.Refused},
		"authorized for less":    {payments.Outcome{State: payments.Authorized, Amount: money.New(1, "EUR")}, orders.Canceled, fault.Refused},
		"captured less":          {payments.Outcome{State: payments.Captured, Amount: money.New(1249, "EUR")}, orders.Canceled, fault.Refused},
		"captured nothing":       {payments.Outcome{State: payments.Captured, Amount: money.New(0, "EUR")}, orders.Canceled, fault.Refused},
		"captured more":          {payments.Outcome{State: payments.Captured, Amount: money.New(1251, "EUR")}, orders.Placed, 0},
		"another currency":       {payments.Outcome{State: payments.Captured, Amount: money.New(1250, "USD")}, orders.Pending, 0},
		"a negative amount":      {payments.Outcome{State: payments.Captured, Amount: money.New(-5, "EUR")}, orders.Pending, 0},
		"a state of its own":     {payments.Outcome{State: "perhaps"}, orders.Pending, 0},
		"an ID that is no UTF-8": {payments.Outcome{State: payments.Captured, ProviderID: "\xff"}, orders.Pending, 0},
	} {
		t.Run(name, func(t *testing.T) {
			shop := commercetest.Open(t, commerce.WithPayments(answering{manual.New(), c.outcome}))
			stock(t, shop, "mug", 1)
			_, err := buy(t.Context(), shop, "mug", 1, checkout.Complete{PayWith: "answering"})
			if fault.CodeOf(err) != c.code {
				t.Errorf("got %v, want code %v", err, c.code)
			}
			for o, err := range shop.Orders.All(t.Context(), orders.Filter{}) {
				if err != nil || o.Status != c.status {
					t.Errorf("the order is %s, %v; want %s", o.Status, err, c.status)
				}
			}
		})
	}
}

func TestFollowEndsWithTheStore(t *testing.T) {
	shop, err := commerce.Open(t.Context(), t.TempDir()+"/shop", commerce.WithShards(2))
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() {
		for _, err := range shop.Follow(context.Background(), shop.Latest()) {
			ended <- err
		}
	}()
	if err := shop.Close(); err != nil {
		t.Error(err)
	}
	if err := <-ended; !errors.Is(err, fault.Unavailable) {
		t.Errorf("it ended with %v", err)
	}
}

// A directory that has lost its files is not a new store.
func TestLostLogIsNotANewStore(t *testing.T) {
	dir := t.TempDir() + "/shop"
	shop, err := commerce.Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := shop.Close(); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(dir + "/*.db*")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if err := os.Remove(f); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := commerce.Open(t.Context(), dir); !errors.Is(err, fault.Broken) {
		t.Errorf("got %v, want fault.Broken", err)
	}
}

// A checkout is something that hooks see, under its own name, once, and no
// part of it that the engine makes up.
func TestHooksSeeCheckouts(t *testing.T) {
	var seen []string
	no := errors.New("not today")
	refuse := false
	shop := commercetest.Open(t, commerce.WithShards(4), commerce.WithHook(func(_ context.Context, c any) error {
		switch c.(type) {
		case *checkout.Complete:
			seen = append(seen, "checkout")
			if refuse {
				return no
			}
		default:
			if len(seen) > 0 {
				t.Errorf("a hook saw %T", c)
			}
		}
		return nil
	}))
	stock(t, shop, "mug", 10)
	basket, err := shop.Carts.AddLine(t.Context(), cartOf("mug"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := shop.Checkout.Complete(t.Context(), checkout.Complete{Cart: basket.ID}); err != nil || len(seen) != 1 {
		t.Errorf("got %v, hooks saw %v", err, seen)
	}
	refuse = true
	if _, err := shop.Checkout.Complete(t.Context(), checkout.Complete{Cart: basket.ID}); !errors.Is(err, no) {
		t.Errorf("got %v, want the hook's own error", err)
	}
}
