package stripe_test

import (
	"strings"
	"testing"
	"time"

	"github.com/keelshop/commerce/commercetest"
	"github.com/keelshop/commerce/orders"
	"github.com/keelshop/commerce/payments"
	"github.com/keelshop/commerce/payments/simulator/stripeserver"
)

// voucher opens a shop and buys with what is paid in three days.
func voucher(t *testing.T, token string) (*shop, *commercetest.Clock, orders.ID) {
	t.Helper()
	clock := commercetest.NewClock()
	s := open(t, clock.Option())
	expires := time.Date(2026, 3, 4, 9, 0, 0, 0, time.UTC) // three days by the clock
	s.server.SetVoucherExpiry(expires)
	r, err := s.buy(t.Context(), token)
	if err != nil || r.Status != orders.Pending || r.NextAction == nil || r.NextAction.Kind != payments.Voucher {
		t.Fatalf("order %+v, %v", r, err)
	}
	if n := r.NextAction; n.URL == "" || token != stripeserver.TokenBankTransfer && n.ExpiresAt != expires.UnixMilli() {
		t.Fatalf("the shopper is told %+v", n)
	}
	return s, clock, r.ID
}

// pass lets time pass and does what the order's timer does when it is due.
func (s *shop) pass(clock *commercetest.Clock, order orders.ID, hours int) {
	s.Helper()
	for range hours {
		clock.Advance(time.Hour)
		if err := s.Checkout.Recover(s.Context(), string(order)); err != nil {
			s.Fatalf("looking after the order: %v", err)
		}
	}
}

// held returns how much of the goods is set aside.
func (s *shop) held() int64 {
	s.Helper()
	level, err := s.Inventory.Level(s.Context(), "mug", "")
	s.must(level, err)
	return level.Held
}

// decide says that a voucher was paid, or that it was not in time.
func (s *shop) decide(o orders.ID, paid bool) {
	s.Helper()
	attempts, err := s.Payments.ByOrder(s.Context(), o)
	s.must(attempts, err)
	if err := s.server.Decide(attempts[0].ProviderID, paid); err != nil {
		s.Fatal(err)
	}
}

// Who pays a voucher on its third day gets what was ordered: nobody gives the
// order up meanwhile, and the webhook tells.
func TestVoucherIsPaidDaysLater(t *testing.T) {
	for _, token := range []string{stripeserver.TokenBoleto, stripeserver.TokenBankTransfer} {
		t.Run(token, func(t *testing.T) {
			s, clock, id := voucher(t, token)
			s.pass(clock, id, 70)
			if o := s.order(id); o.Status != orders.Pending {
				t.Fatalf("on the third day the order is %s (%s)", o.Status, o.CancelReason)
			}
			if err := s.deliver(1); err != nil { // that it waits
				t.Fatal(err)
			}
			s.decide(id, true)
			if err := s.deliver(2); err != nil {
				t.Fatal(err)
			}
			if o := s.order(id); o.Status != orders.Placed || o.Captured != o.Total {
				t.Errorf("order %+v", o)
			}
		})
	}
}

// A voucher that nobody pays gives the goods back when it has expired, told by
// webhook or, if that got lost, when it is asked about.
func TestVoucherExpires(t *testing.T) {
	for _, told := range []bool{true, false} {
		s, clock, id := voucher(t, stripeserver.TokenOXXO)
		s.pass(clock, id, 72)
		if o := s.order(id); o.Status != orders.Pending || s.held() != 2 {
			t.Fatalf("while the voucher is good the order is %s, and %d are set aside", o.Status, s.held())
		}
		s.decide(id, false)
		if told {
			if err := s.deliver(3); err != nil {
				t.Fatal(err)
			}
		}
		if !told {
			s.pass(clock, id, 1)
		}
		if o := s.order(id); o.Status != orders.Canceled || s.held() != 0 {
			t.Errorf("the order is %s, and %d are set aside", o.Status, s.held())
		}
	}
}

// What each way to pay elsewhere shows the shopper.
func TestVouchersShowHowToPay(t *testing.T) {
	for token, want := range map[string]string{
		stripeserver.TokenBoleto: "number", stripeserver.TokenOXXO: "number", stripeserver.TokenKonbini: "", stripeserver.TokenMultibanco: "entity reference",
		stripeserver.TokenPix: "number", stripeserver.TokenBankTransfer: "account_holder iban bic reference",
	} {
		h := harness(t, false)
		h.Voucher = token
		p := h.Provider.(payments.Preparer)
		r := payments.PayRequest{Key: "pay_1", Order: "ord_1", Token: token, Amount: euro(100), AutoCapture: true}
		made, err := p.Prepare(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		r.ProviderID = made.ProviderID
		o, err := p.Pay(t.Context(), r)
		if err != nil || o.State != payments.Pending || o.Next == nil {
			t.Fatalf("%s: %+v, %v", token, o, err)
		}
		var names []string
		for _, d := range o.Next.Details {
			names = append(names, d.Name)
		}
		if got := strings.Join(names, " "); got != want || o.Next.URL == "" {
			t.Errorf("%s shows %q and %q, want %q", token, got, o.Next.URL, want)
		}
	}
}
