package stripe_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/checkout"
	"github.com/keelshop/commerce/credit"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/orders"
	"github.com/keelshop/commerce/payments"
	"github.com/keelshop/commerce/payments/simulator"
	"github.com/keelshop/commerce/payments/simulator/stripeserver"
	"github.com/keelshop/commerce/payments/stripe"
)

func euro(minor int64) money.Amount { return money.New(minor, "EUR") }

// authorized is a placed order of 25.00 whose card is only authorized.
func (s *shop) authorized() (orders.ID, payments.ID) {
	s.Helper()
	basket, err := s.Carts.AddLine(s.Context(), cart.AddLine{SKU: "mug", Quantity: 2})
	s.must(basket, err)
	r, err := s.Checkout.Complete(s.Context(), checkout.Complete{Cart: basket.ID, PayWith: stripe.Name, Token: "pm_card_visa", AuthorizeOnly: true})
	s.must(r, err)
	all, err := s.Payments.ByOrder(s.Context(), r.ID)
	s.must(all, err)
	return r.ID, all[0].ID
}

func (s *shop) payment(id payments.ID) payments.Attempt {
	s.Helper()
	a, err := s.Payments.Get(s.Context(), id)
	s.must(a, err)
	return a
}

// succeeded fails the test unless an operation has.
func (s *shop) succeeded(op payments.Operation, err error) {
	s.Helper()
	if err != nil || op.State != payments.OpSucceeded {
		s.Fatalf("operation %+v, %v", op, err)
	}
}

// Of a gift card and two cards of Stripe's, all but the last are captured when
// the order is placed, by requests of their own.
func TestGiftCardAndStripe(t *testing.T) {
	s := open(t)
	card, err := s.Credit.Issue(t.Context(), credit.Issue{Amount: euro(1000), Reason: "test"})
	s.must(card, err)
	basket, err := s.Carts.AddLine(t.Context(), cart.AddLine{SKU: "mug", Quantity: 2})
	s.must(basket, err)
	part := euro(900)
	r, err := s.Checkout.Complete(t.Context(), checkout.Complete{Cart: basket.ID, Tenders: []checkout.Tender{
		{PayWith: stripe.Name, Token: "pm_card_visa", Amount: &part}, {PayWith: stripe.Name, Token: "pm_card_mastercard"},
		{PayWith: credit.GiftCards, Token: card.Code},
	}})
	s.must(r, err)
	if err := s.Payments.Settle(t.Context(), r.ID); err != nil {
		t.Fatal(err)
	}
	if o := s.order(r.ID); o.Status != orders.Placed || o.Captured != o.Total {
		t.Errorf("the order is %s with %v of %v captured", o.Status, o.Captured, o.Total)
	}
	if held, err := s.bank.Held("EUR"); err != nil || held != euro(1500) {
		t.Errorf("the bank holds %v, %v", held, err)
	}
}

// What an account that may captures in parts is refunded in parts, too.
func TestCapturesAndRefundsInParts(t *testing.T) {
	s := openWith(t, []stripe.Option{stripe.WithMulticapture()})
	order, id := s.authorized()
	for range 3 {
		s.succeeded(s.Payments.Capture(t.Context(), payments.Capture{Attempt: id, Amount: euro(500)}))
	}
	s.succeeded(s.Payments.Capture(t.Context(), payments.Capture{Attempt: id}))
	for range 5 {
		_, err := s.Payments.Refund(t.Context(), payments.Refund{Order: order, Amount: euro(300), Reason: "scratched"})
		s.must(nil, err)
	}
	if err := s.Payments.Settle(t.Context(), order); err != nil {
		t.Fatal(err)
	}
	if a := s.payment(id); a.Captured != euro(2500) || a.Refunded != euro(1500) || !a.Open().IsZero() {
		t.Errorf("the payment is %+v", a)
	}
	if held, err := s.bank.Held("EUR"); err != nil || held != euro(1000) {
		t.Errorf("the bank holds %v, %v", held, err)
	}
}

// What cannot be captured any more, since goods were canceled, is let go by
// itself: the shopper's bank does not hold it until it runs out.
func TestWhatIsNotNeededIsLetGo(t *testing.T) {
	s := openWith(t, []stripe.Option{stripe.WithMulticapture()})
	order, id := s.authorized()
	s.must(s.Orders.CancelLines(t.Context(), orders.CancelLines{Order: order, Lines: []orders.LineQuantity{{Line: 1, Quantity: 1}}, Reason: "out of print"}))
	if a := s.payment(id); a.Open() != euro(2500) {
		t.Fatalf("before the capture %v is held", a.Open())
	}
	s.succeeded(s.Payments.Capture(t.Context(), payments.Capture{Attempt: id, Amount: euro(1250)}))
	if err := s.Payments.Settle(t.Context(), order); err != nil {
		t.Fatal(err)
	}
	if a := s.payment(id); a.Captured != euro(1250) || a.Voided != euro(1250) {
		t.Errorf("captured %v, let go %v", a.Captured, a.Voided)
	}
	if c := s.bank.Charges()[0]; c.Voided != euro(1250) {
		t.Errorf("the bank let go of %v", c.Voided)
	}
}

// Whatever is asked of Stripe keeps to its limits, as often as it takes.
func TestManyCapturesFitTheMetadata(t *testing.T) {
	h := harness(t, true)
	const key = "pay_01KAJ3W7Q8Z5D4F6G7H8J9K0M1"
	p := h.Provider.(*stripe.Provider)
	r := payments.PayRequest{Key: key, Order: "ord_01KAJ3W7Q8Z5D4F6G7H8J9K0M2", Token: h.Approve, Amount: euro(2500)}
	made, err := p.Prepare(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	r.ProviderID = made.ProviderID
	if o, err := p.Pay(t.Context(), r); err != nil || o.State != payments.Authorized {
		t.Fatalf("%+v, %v", o, err)
	}
	for n := int64(1); n <= 50; n++ {
		k := fmt.Sprintf("%s/%d", key, n)
		look := payments.LookupRequest{Of: payments.KindCapture, Key: k, PaymentKey: key, PaymentID: made.ProviderID}
		if o, err := p.Retrieve(t.Context(), look); err != nil || o.State != payments.NotFound {
			t.Fatalf("before capture %d: %+v, %v", n, o, err)
		}
		o, err := p.Capture(t.Context(), payments.CaptureRequest{Key: k, PaymentKey: key, ProviderID: made.ProviderID, Amount: euro(10), Total: euro(10 * n)})
		if err != nil || o.State != payments.Captured || o.Amount != euro(10*n) {
			t.Fatalf("capture %d: %+v, %v", n, o, err)
		}
		if o, err = p.Retrieve(t.Context(), look); err != nil || o.State != payments.Captured {
			t.Fatalf("after capture %d: %+v, %v", n, o, err)
		}
	}
}

// The server refuses what Stripe refuses.
func TestMetadataLimits(t *testing.T) {
	server := stripeserver.New(simulator.New())
	send := func(meta map[string]string) int {
		form := url.Values{"amount": {"100"}, "currency": {"eur"}}
		for k, v := range meta {
			form.Set("metadata["+k+"]", v)
		}
		r := httptest.NewRequest(http.MethodPost, "/v1/payment_intents", strings.NewReader(form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Authorization", "Bearer sk_test_x")
		w := httptest.NewRecorder()
		server.ServeHTTP(w, r)
		return w.Code
	}
	many := map[string]string{}
	for n := range 50 {
		many[fmt.Sprint(n)] = "x"
	}
	for _, c := range []struct {
		name string
		meta map[string]string
		want int
	}{
		{"a key of 40", map[string]string{strings.Repeat("k", 40): "v"}, 200},
		{"a key of 41", map[string]string{strings.Repeat("k", 41): "v"}, 400},
		{"a value of 500", map[string]string{"k": strings.Repeat("ü", 500)}, 200},
		{"a value of 501", map[string]string{"k": strings.Repeat("v", 501)}, 400},
		{"brackets", map[string]string{"a[b]": "v"}, 400},
		{"50 keys", many, 200},
	} {
		if got := send(c.meta); got != c.want {
			t.Errorf("%s is answered with %d, want %d", c.name, got, c.want)
		}
	}
	many["one more"] = "x"
	if got := send(many); got != http.StatusBadRequest {
		t.Errorf("51 keys are answered with %d", got)
	}
}
