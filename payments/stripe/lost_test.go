package stripe_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/checkout"
	"github.com/keelshop/commerce/commercetest"
	"github.com/keelshop/commerce/internal/seal"
	"github.com/keelshop/commerce/payments"
	"github.com/keelshop/commerce/payments/stripe"
)

// TestARestoredStoreGivesBack: a store is lost and restored from a backup. What
// it was paid since the backup goes back to the shoppers, and what others are
// paid at the same account stays where it is.
func TestARestoredStoreGivesBack(t *testing.T) {
	clock, dir := commercetest.NewClock(), filepath.Join(t.TempDir(), "shop")
	must(t, os.Mkdir(dir, 0o700))
	ring := filepath.Join(t.TempDir(), "shop.keys")
	keys, err := seal.CreateKeyFile(ring)
	must(t, err)
	s := openWith(t, []stripe.Option{stripe.WithMulticapture()}, clock.Option(), commerce.WithKeyRing(keys))
	kept, err := s.buy(t.Context(), "pm_card_visa")
	must(t, err)
	backup, err := s.Copy(t.Context(), dir)
	must(t, err)

	bought := func(token string, authorize bool) payments.Attempt {
		basket, err := s.Carts.AddLine(t.Context(), cart.AddLine{SKU: "mug", Quantity: 2})
		must(t, err)
		r, err := s.Checkout.Complete(t.Context(), checkout.Complete{Cart: basket.ID, PayWith: stripe.Name, Token: token, AuthorizeOnly: authorize})
		must(t, err)
		all, err := s.Payments.ByOrder(t.Context(), r.ID)
		must(t, err)
		return all[0]
	}
	part := bought("pm_card_visa", true)
	s.must(s.Payments.Capture(t.Context(), payments.Capture{Attempt: part.ID, Amount: euro(1000)}))
	lost := []payments.Attempt{bought("pm_card_visa", false), bought("pm_card_visa", true), part, bought("pm_card_threeDSecure2Required", false)}
	foreign, err := s.provider.Prepare(t.Context(), payments.PayRequest{Key: "basket 7", Token: "pm_card_visa", Amount: euro(900), AutoCapture: true})
	must(t, err)
	s.must(s.provider.Pay(t.Context(), payments.PayRequest{Key: "basket 7", ProviderID: foreign.ProviderID, Token: "pm_card_visa", Amount: euro(900), AutoCapture: true}))

	must(t, backup.Restore(dir, ""))
	again := commercetest.OpenAt(t, dir, clock.Option(), commerce.WithKeyRing(keys), commerce.WithPayments(s.provider))
	compare := func() checkout.Reconciled {
		t.Helper()
		r, err := again.Checkout.Reconcile(t.Context(), stripe.Name, time.Time{})
		must(t, err)
		return r
	}
	if r := compare(); len(r.Open) != 1+len(lost) || len(r.GivenBack) != 0 {
		t.Fatalf("after the restore are open %+v", r.Open)
	}
	clock.Advance(25 * time.Hour)
	if r := compare(); len(r.GivenBack) != len(lost) {
		t.Errorf("given back are %+v", r.GivenBack)
	}
	if r := compare(); len(r.Open) != 1 || r.Open[0].Kind != payments.UnknownPayment {
		t.Errorf("in the end are open %+v", r.Open)
	}
	for l, err := range s.provider.List(t.Context(), time.Time{}) {
		must(t, err)
		left := l.Captured.Minor() - l.Refunded.Minor() + l.Held.Minor()
		switch l.ProviderID {
		case foreign.ProviderID:
			if left != 900 || l.Store != "" {
				t.Errorf("of another program's payment are left %+v", l)
			}
		default:
			mine := l.Key == s.attempt(kept.ID)
			if mine != (left == 2500) || !mine && (left != 0 || l.State == payments.NeedsAction) {
				t.Errorf("the books say %+v", l)
			}
		}
	}
	commercetest.Verify(t, again)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
