package simulator_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/payments"
	"github.com/keelshop/commerce/payments/paymentstest"
	"github.com/keelshop/commerce/payments/simulator"
)

func TestKeepsTheProvidersPromises(t *testing.T) {
	paymentstest.Run(t, func(*testing.T) paymentstest.Harness {
		s := simulator.New(simulator.WithSeed(7))
		return paymentstest.Harness{
			Provider: s, Currency: "EUR", Approve: "pm_card_visa", Decline: "pm_card_visa_chargeDeclined",
			Challenge: "pm_card_threeDSecure2Required", Confirm: s.Confirm,
			Voucher: simulator.TokenVoucher, Decide: s.Decide,
			PendingRefund: "pm_card_pendingRefund", FailedRefund: "pm_card_refundFail",
			DecideRefund: func(paymentKey, key, _ string, ok bool) error { return s.DecideRefund(paymentKey, key, ok) },
			Currencies:   []money.Currency{"JPY", "KWD", "CLF"},
		}
	})
}

func request(key, token string) payments.PayRequest {
	return payments.PayRequest{Key: key, Token: token, Amount: money.New(500, "EUR"), AutoCapture: true}
}

func TestTokens(t *testing.T) {
	for _, c := range []struct {
		number, token string
		state         payments.State
		decline       payments.DeclineCode
	}{
		{"4242 4242 4242 4242", "pm_card_visa", payments.Captured, ""},
		{"3782-822463-10005", "pm_card_amex", payments.Captured, ""},
		{"", "tok_visa", payments.Captured, ""},
		{"4000000000000002", "pm_card_visa_chargeDeclined", payments.Declined, payments.DeclineGeneric},
		{"", "tok_chargeDeclinedInsufficientFunds", payments.Declined, payments.DeclineInsufficientFunds},
		{"4000000000000069", "pm_card_chargeDeclinedExpiredCard", payments.Declined, payments.DeclineExpired},
		{"4000000000000127", "pm_card_chargeDeclinedIncorrectCvc", payments.Declined, payments.DeclineIncorrectDetails},
		{"4000000000009979", "pm_card_visa_chargeDeclinedStolenCard", payments.Declined, payments.DeclineFraud},
		{"4000000000003220", "pm_card_threeDSecure2Required", payments.NeedsAction, ""},
		{"", simulator.TokenPending, payments.Pending, ""},
		{"", "pm_card_unheardof", payments.Declined, payments.DeclineUnsupported},
		{"", "visa", payments.Declined, payments.DeclineUnsupported},
		{"", "", payments.Declined, payments.DeclineUnsupported},
	} {
		if c.number != "" {
			if token, ok := simulator.Token(c.number); token != c.token || !ok {
				t.Errorf("number %s is token %q, want %q", c.number, token, c.token)
			}
		}
		o, err := simulator.New().Pay(t.Context(), request("k", c.token))
		if err != nil || o.State != c.state || o.Decline != c.decline {
			t.Errorf("%s: %+v, %v; want %s %s", c.token, o, err, c.state, c.decline)
		}
	}
	if token, ok := simulator.Token("4111111111111111"); ok {
		t.Errorf("an unlisted number became %q", token)
	}
}

func TestChallengeDecides(t *testing.T) {
	for _, c := range []struct {
		token   string
		pass    bool
		state   payments.State
		decline payments.DeclineCode
	}{
		{"pm_card_threeDSecure2Required", true, payments.Captured, ""},
		{"pm_card_threeDSecure2Required", false, payments.Declined, payments.DeclineAuthentication},
		{"pm_card_authenticationRequiredChargeDeclinedInsufficientFunds", true, payments.Declined, payments.DeclineInsufficientFunds},
	} {
		s := simulator.New()
		if _, err := s.Pay(t.Context(), request("k", c.token)); err != nil {
			t.Fatal(err)
		}
		if err := s.Confirm("k", c.pass); err != nil {
			t.Fatal(err)
		}
		o, err := s.Retrieve(t.Context(), payments.LookupRequest{Of: payments.KindPayment, Key: "k", PaymentKey: "k"})
		if err != nil || o.State != c.state || o.Decline != c.decline {
			t.Errorf("%s, passed %t: %+v, %v", c.token, c.pass, o, err)
		}
		if err := s.Confirm("k", true); err == nil {
			t.Error("a decided payment was confirmed again")
		}
	}
}

func TestPendingPaymentIsDecided(t *testing.T) {
	for _, approve := range []bool{true, false} {
		s := simulator.New()
		if _, err := s.Pay(t.Context(), request("k", simulator.TokenPending)); err != nil {
			t.Fatal(err)
		}
		if err := s.Decide("k", approve); err != nil {
			t.Fatal(err)
		}
		if c, _ := s.Charge("k"); (c.State == payments.Captured) != approve {
			t.Errorf("approve %t: %s", approve, c.State)
		}
	}
}

func TestVoidEndsWhatIsUndecidedOrUnseen(t *testing.T) {
	s := simulator.New()
	if _, err := s.Pay(t.Context(), request("open", "pm_card_threeDSecure2Required")); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"open", "unseen"} {
		o, err := s.Void(t.Context(), payments.VoidRequest{Key: key + "/end", PaymentKey: key})
		if err != nil || o.State != payments.Canceled {
			t.Errorf("voiding %s: %+v, %v", key, o, err)
		}
	}
	o, err := s.Pay(t.Context(), request("unseen", "pm_card_visa"))
	if err != nil || o.State != payments.Canceled {
		t.Errorf("a late request: %+v, %v", o, err)
	}
	if held, err := s.Held("EUR"); err != nil || !held.IsZero() {
		t.Errorf("the bank holds %v, %v", held, err)
	}
}

func TestPendingRefundIsDecided(t *testing.T) {
	for _, ok := range []bool{true, false} {
		s := simulator.New()
		if _, err := s.Pay(t.Context(), request("k", "pm_card_pendingRefund")); err != nil {
			t.Fatal(err)
		}
		ask := func(key string, minor int64) payments.State {
			o, err := s.Refund(t.Context(), payments.RefundRequest{Key: key, PaymentKey: "k", Amount: money.New(minor, "EUR")})
			if err != nil {
				t.Fatal(err)
			}
			return o.State
		}
		if got := ask("k/1", 300); got != payments.Pending {
			t.Fatalf("refund is %s", got)
		}
		if got := ask("k/2", 300); got != payments.Declined {
			t.Errorf("a refund beyond what is left is %s", got)
		}
		if err := s.DecideRefund("k", "k/1", ok); err != nil {
			t.Fatal(err)
		}
		if c, _ := s.Charge("k"); (c.Refunded.Minor() == 300) != ok {
			t.Errorf("ok %t: refunded %v", ok, c.Refunded)
		}
		if err := s.DecideRefund("k", "k/1", ok); err == nil {
			t.Error("a refund was decided twice")
		}
	}
}

func TestLostAnswerIsFoundAgain(t *testing.T) {
	s := simulator.New()
	r := request("k", simulator.TokenLostAnswer)
	if _, err := s.Pay(t.Context(), r); err == nil {
		t.Fatal("the first answer arrived")
	}
	o, err := s.Pay(t.Context(), r)
	if err != nil || o.State != payments.Captured {
		t.Fatalf("asked again: %+v, %v", o, err)
	}
	if c, _ := s.Charge("k"); c.Captured != r.Amount || c.Requests != 2 {
		t.Errorf("the bank captured %v in %d requests", c.Captured, c.Requests)
	}
}

func TestFaults(t *testing.T) {
	for _, c := range []struct {
		fault simulator.Fault
		err   bool
		done  bool
	}{
		{simulator.None, false, true}, {simulator.Unreached, true, false}, {simulator.LostAnswer, true, true},
		{simulator.Hang, true, false}, {simulator.HangAfter, true, true},
	} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			s := simulator.New(simulator.WithFaults(func(simulator.Call) simulator.Fault { return c.fault }))
			_, err := s.Pay(ctx, request("k", "pm_card_visa"))
			if _, done := s.Charge("k"); (err != nil) != c.err || done != c.done {
				t.Errorf("fault %d: done %t, error %v", c.fault, done, err)
			}
			if hangs := c.fault == simulator.Hang || c.fault == simulator.HangAfter; hangs && !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("fault %d: %v", c.fault, err)
			}
		})
	}
}

// The same seed gives the same run, whatever the order of goroutines.
func TestRandomFaultsRepeat(t *testing.T) {
	run := func(seed uint64) string {
		s := simulator.New(simulator.WithSeed(seed), simulator.WithFaults(simulator.Random(seed, simulator.Rates{Unreached: 20, LostAnswer: 20})))
		var wg sync.WaitGroup
		for i := range 100 {
			wg.Go(func() {
				for range 3 {
					s.Pay(context.Background(), request(fmt.Sprint("k", i), "pm_card_visa"))
				}
			})
		}
		wg.Wait()
		var b strings.Builder
		for _, c := range s.Charges() {
			fmt.Fprintln(&b, c.Key, c.ProviderID, c.Captured, c.Requests)
		}
		return b.String()
	}
	if a, b := run(1), run(1); a != b {
		t.Errorf("the same seed gave\n%s\nand\n%s", a, b)
	}
	if run(1) == run(2) {
		t.Error("two seeds gave the same run")
	}
}

func BenchmarkPay(b *testing.B) {
	s := simulator.New()
	ctx := b.Context()
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		n++
		if _, err := s.Pay(ctx, request(fmt.Sprint(n), "pm_card_visa")); err != nil {
			b.Fatal(err)
		}
	}
}
