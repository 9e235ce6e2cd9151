package credit_test

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/keelshop/commerce/credit"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/payments"
	"github.com/keelshop/commerce/payments/paymentstest"
	"pgregory.net/rapid"
)

// TestTheyAreProviders: gift cards keep what a payment provider promises.
func TestTheyAreProviders(t *testing.T) {
	paymentstest.Run(t, func(t *testing.T) paymentstest.Harness {
		s := newShop(t)
		full, empty := s.card(100_000), s.card(1)
		return paymentstest.Harness{
			Provider: s.credit.Providers()[0], Currency: "EUR",
			Approve: string(full.ID), Decline: string(empty.ID),
		}
	})
}

// A payment that was ended before it was asked for is never taken.
func TestAnEndedPaymentIsNotTaken(t *testing.T) {
	s := newShop(t)
	card, p := s.card(5000), s.credit.Providers()[0]
	r := payments.PayRequest{Key: "pay_1", Token: string(card.ID), Amount: euro(100), AutoCapture: true}
	if o, err := p.Void(s.ctx(), payments.VoidRequest{Key: "pay_1/end", PaymentKey: "pay_1", Token: r.Token}); err != nil || o.State != payments.Canceled {
		t.Fatalf("got %+v, %v", o, err)
	}
	if o, err := p.Pay(s.ctx(), r); err != nil || o.State != payments.Canceled {
		t.Errorf("got %+v, %v", o, err)
	}
	if o, err := p.Retrieve(s.ctx(), payments.LookupRequest{Of: payments.KindPayment, Key: "pay_1", Token: r.Token}); err != nil || o.State != payments.Canceled {
		t.Errorf("looked up: %+v, %v", o, err)
	}
	if b := s.get(card.ID); b.Left != euro(5000) {
		t.Errorf("%v is left", b.Left)
	}
}

// TestNobodySpendsMoreThanThereIs: payments of all sizes at once on one card.
func TestNobodySpendsMoreThanThereIs(t *testing.T) {
	s := newShop(t)
	card, p := s.card(1000), s.credit.Providers()[0]
	var wg sync.WaitGroup
	var mu sync.Mutex
	taken := int64(0)
	for i := range 40 {
		wg.Go(func() {
			o, err := p.Pay(s.ctx(), payments.PayRequest{Key: fmt.Sprint("pay_", i), Token: string(card.ID), Amount: euro(int64(30 + i)), AutoCapture: i%2 == 0})
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			if o.State.Paid() {
				taken += int64(30 + i)
			}
		})
	}
	wg.Wait()
	b := s.get(card.ID)
	if taken > 1000 || b.Left.Minor() != 1000-taken || b.Left.Minor() >= 69 {
		t.Errorf("%d were taken of 1000, and %v are left", taken, b.Left)
	}
}

// model is what a card should be like after some requests.
type model struct {
	issued int64
	pays   map[string]*struct{ amount, captured, voided, refunded int64 }
}

// TestBalancesAgreeWithAModel: random requests, repeated at random.
func TestBalancesAgreeWithAModel(t *testing.T) {
	s := newShop(t)
	rapid.Check(t, func(rt *rapid.T) {
		owed, given := s.account(credit.GiftCardsOwed), s.account(payments.ProviderAccount(credit.GiftCards))
		ctx := context.Background()
		card, p := s.card(1000), s.credit.Providers()[0]
		m := model{issued: 1000, pays: map[string]*struct{ amount, captured, voided, refunded int64 }{}}
		left := func() int64 {
			n := m.issued
			for _, x := range m.pays {
				n -= x.amount - x.voided - x.refunded
			}
			return n
		}
		for step := range rapid.IntRange(1, 12).Draw(rt, "steps") {
			key := fmt.Sprint(card.ID, "_", rapid.IntRange(0, 3).Draw(rt, "payment"))
			n := rapid.Int64Range(1, 600).Draw(rt, "amount")
			op := fmt.Sprint(key, "/", step)
			x := m.pays[key]
			var o payments.Outcome
			var err error
			want := payments.Declined
			var ask func()
			switch kind := rapid.SampledFrom([]string{"pay", "capture", "void", "refund", "adjust"}).Draw(rt, "kind"); {
			case kind == "pay" && x == nil:
				ask = func() {
					o, err = p.Pay(ctx, payments.PayRequest{Key: key, Token: string(card.ID), Amount: euro(n)})
				}
				if n <= left() {
					m.pays[key], want = &struct{ amount, captured, voided, refunded int64 }{amount: n}, payments.Authorized
				} else {
					m.pays[key] = &struct{ amount, captured, voided, refunded int64 }{}
				}
			case x == nil || kind == "pay":
				continue
			case kind == "capture":
				ask = func() {
					o, err = p.Capture(ctx, payments.CaptureRequest{Key: op, PaymentKey: key, ProviderID: string(card.ID), Amount: euro(n)})
				}
				if n <= x.amount-x.captured-x.voided {
					x.captured, want = x.captured+n, payments.Captured
				}
			case kind == "refund":
				ask = func() {
					o, err = p.Refund(ctx, payments.RefundRequest{Key: op, PaymentKey: key, ProviderID: string(card.ID), Amount: euro(n)})
				}
				if n <= x.captured-x.refunded {
					x.refunded, want = x.refunded+n, payments.Refunded
				}
			case kind == "void":
				ask = func() {
					o, err = p.Void(ctx, payments.VoidRequest{Key: op, PaymentKey: key, ProviderID: string(card.ID)})
				}
				x.voided, want = x.amount-x.captured, ""
			default:
				if _, err := s.credit.Adjust(ctx, credit.Adjust{Balance: card.ID, Amount: euro(-n), Reason: "test"}); (err == nil) != (n <= left()) {
					rt.Fatalf("taking out %d of %d: %v", n, left(), err)
				} else if err == nil {
					m.issued -= n
				}
				continue
			}
			for range rapid.IntRange(1, 2).Draw(rt, "times") {
				ask()
				if err != nil || want != "" && o.State != want {
					rt.Fatalf("got %+v, %v, want %s", o, err, want)
				}
			}
			if b := s.get(card.ID); b.Left.Minor() != left() {
				rt.Fatalf("%v are left, want %d", b.Left, left())
			}
		}
		var spent int64
		for _, x := range m.pays {
			spent += x.captured - x.refunded
		}
		if got := s.account(credit.GiftCardsOwed) - owed; got != -(m.issued - spent) {
			rt.Fatalf("the ledger owes %d, want %d", -got, m.issued-spent)
		}
		if got := s.account(payments.ProviderAccount(credit.GiftCards)) - given; got != -spent {
			rt.Fatalf("orders got %d, want %d", -got, spent)
		}
	})
}

// TestStoreCreditNeedsNoToken and is paid with by its customer alone.
func TestStoreCreditNeedsNoToken(t *testing.T) {
	s := newShop(t)
	purse := s.credit.Providers()[1]
	if _, err := purse.Keep("something"); err == nil {
		t.Error("a token was taken")
	}
	if _, err := purse.Open(s.ctx(), payments.OpenRequest{Currency: "EUR"}); err == nil {
		t.Error("a guest has store credit")
	}
	o, err := purse.Open(s.ctx(), payments.OpenRequest{Customer: "cus_01KAJ3W7Q8Z5D4F6G7H8J9K0M1", Currency: "EUR"})
	if err != nil || o.Left != money.Zero("EUR") {
		t.Errorf("got %+v, %v", o, err)
	}
}
