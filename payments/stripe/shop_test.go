package stripe_test

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/checkout"
	"github.com/keelshop/commerce/commercetest"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/inventory"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/orders"
	"github.com/keelshop/commerce/payments"
	"github.com/keelshop/commerce/payments/simulator"
	"github.com/keelshop/commerce/payments/simulator/stripeserver"
	"github.com/keelshop/commerce/payments/stripe"
)

const secret = "whsec_test"

// shop is a store that pays through Stripe's library at a server of its own,
// and is told by webhook.
type shop struct {
	*testing.T
	*commerce.Store
	bank     *simulator.Simulator
	server   *stripeserver.Server
	hook     *httptest.Server
	provider *stripe.Provider
	down     atomic.Bool // the server cannot be reached
}

func open(t *testing.T, opts ...commerce.Option) *shop { return openWith(t, nil, opts...) }

// openWith is open with an account of other abilities.
func openWith(t *testing.T, account []stripe.Option, opts ...commerce.Option) *shop {
	s := &shop{T: t, bank: simulator.New()}
	s.server = stripeserver.New(s.bank)
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.down.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		s.server.ServeHTTP(w, r)
	}))
	t.Cleanup(web.Close)
	p, err := stripe.New("sk_test_x", append(account, stripe.WithURL(web.URL), stripe.WithWebhookSecrets("whsec_old", secret))...)
	if err != nil {
		t.Fatal(err)
	}
	s.provider = p
	s.Store = commercetest.Open(t, append(opts, commerce.WithPayments(p))...)
	s.hook = httptest.NewServer(http.HandlerFunc(s.receive))
	t.Cleanup(s.hook.Close)
	s.must(s.Catalog.PutProduct(t.Context(), catalog.PutProduct{SKU: "mug", Title: "Mug", Price: money.New(1250, "EUR")}))
	s.must(s.Inventory.Receive(t.Context(), inventory.Receive{SKU: "mug", Quantity: 1000}))
	return s
}

func (s *shop) must(_ any, err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

// receive hands a webhook's request to the store as an HTTP server does.
func (s *shop) receive(w http.ResponseWriter, r *http.Request) {
	body := make([]byte, r.ContentLength)
	if _, err := io.ReadFull(r.Body, body); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	err := s.Checkout.Webhook(r.Context(), stripe.Name, payments.WebhookRequest{Header: r.Header, Body: body})
	switch {
	case errors.Is(err, fault.Denied):
		http.Error(w, err.Error(), http.StatusForbidden)
	case err != nil:
		http.Error(w, err.Error(), http.StatusInternalServerError)
	}
}

func (s *shop) buy(ctx context.Context, token string) (checkout.Result, error) {
	s.Helper()
	basket, err := s.Carts.AddLine(ctx, cart.AddLine{SKU: "mug", Quantity: 2})
	if err != nil {
		s.Fatal(err)
	}
	return s.Checkout.Complete(ctx, checkout.Complete{Cart: basket.ID, PayWith: stripe.Name, Token: token})
}

func (s *shop) deliver(seed uint64) error {
	return s.server.Deliver(s.Context(), stripeserver.Endpoint{URL: s.hook.URL, Secret: secret, Shuffle: true, Twice: true, Seed: seed})
}

// attempt returns the first payment for an order.
func (s *shop) attempt(id orders.ID) string {
	s.Helper()
	all, err := s.Payments.ByOrder(s.Context(), id)
	s.must(all, err)
	return string(all[0].ID)
}

func (s *shop) order(id orders.ID) orders.Order {
	s.Helper()
	o, err := s.Orders.Get(s.Context(), id)
	if err != nil {
		s.Fatal(err)
	}
	return o
}

func TestCardIsCharged(t *testing.T) {
	s := open(t)
	r, err := s.buy(t.Context(), "pm_card_visa")
	if err != nil || r.Status != orders.Placed || r.Captured != money.New(2500, "EUR") {
		t.Fatalf("order %+v, %v", r.Order, err)
	}
	if err := s.deliver(1); err != nil {
		t.Fatal(err)
	}
	if o := s.order(r.ID); o.Captured != r.Captured || o.Version != r.Version {
		t.Errorf("after its webhooks the order is %+v", o)
	}
}

// Stripe's list and the store's books agree, page after page, until somebody
// gives money back in Stripe's own pages.
func TestBooksAreCompared(t *testing.T) {
	s := open(t)
	for range 110 {
		s.must(s.buy(t.Context(), "pm_card_visa"))
	}
	reconcile := func() checkout.Reconciled {
		t.Helper()
		r, err := s.Checkout.Reconcile(t.Context(), stripe.Name, time.Now().Add(-time.Hour))
		s.must(r, err)
		return r
	}
	if r := reconcile(); r.Compared != 110 || len(r.Open) != 0 {
		t.Errorf("%d are compared, %+v are open", r.Compared, r.Open)
	}
	s.must(s.bank.Refund(t.Context(), payments.RefundRequest{Key: "dashboard", PaymentKey: s.bank.Charges()[7].Key, Amount: money.New(100, "EUR")}))
	if r := reconcile(); len(r.Open) != 1 || r.Open[0].Kind != payments.AmountDiffers || r.Open[0].Theirs != money.New(2400, "EUR") {
		t.Errorf("open are %+v", r.Open)
	}
}

// What Stripe lets go of after a capture of a part is let go in the books too,
// and nothing asks for it any more when the order is canceled.
func TestAPartIsCapturedAndTheRestLetGo(t *testing.T) {
	s := open(t)
	basket, err := s.Carts.AddLine(t.Context(), cart.AddLine{SKU: "mug", Quantity: 2})
	s.must(basket, err)
	r, err := s.Checkout.Complete(t.Context(), checkout.Complete{Cart: basket.ID, PayWith: stripe.Name, Token: "pm_card_visa", AuthorizeOnly: true})
	s.must(r, err)
	attempts, err := s.Payments.ByOrder(t.Context(), r.ID)
	s.must(attempts, err)
	s.must(s.Payments.Capture(t.Context(), payments.Capture{Attempt: attempts[0].ID, Amount: money.New(1000, "EUR")}))
	a, err := s.Payments.Get(t.Context(), attempts[0].ID)
	s.must(a, err)
	if a.Captured != money.New(1000, "EUR") || a.Voided != money.New(1500, "EUR") || !a.Open().IsZero() {
		t.Errorf("captured %v, let go %v, open %v", a.Captured, a.Voided, a.Open())
	}
	s.must(s.Orders.Cancel(t.Context(), orders.Cancel{Order: r.ID, Reason: "test"}))
	if err := s.Payments.Settle(t.Context(), r.ID); err != nil {
		t.Error(err)
	}
	operations, err := s.Payments.Operations(t.Context(), r.ID)
	s.must(operations, err)
	for _, op := range operations {
		if op.Kind == payments.KindVoid || op.State != payments.OpSucceeded {
			t.Errorf("operation %d is a %s that %s", op.Number, op.Kind, op.State)
		}
	}
	if o := s.order(r.ID); o.Refunded != money.New(1000, "EUR") || o.Authorized.Minor() != o.Captured.Minor()+o.Voided.Minor() {
		t.Errorf("the order has %v authorized, %v captured, %v let go, %v refunded", o.Authorized, o.Captured, o.Voided, o.Refunded)
	}
}

func TestCardIsDeclined(t *testing.T) {
	s := open(t)
	_, err := s.buy(t.Context(), "pm_card_chargeDeclinedExpiredCard")
	if d, ok := errors.AsType[*checkout.DeclinedError](err); !ok || d.Code != string(payments.DeclineExpired) {
		t.Fatalf("error %v", err)
	}
	_, err = s.buy(t.Context(), "pm_nobody_knows")
	if d, ok := errors.AsType[*checkout.DeclinedError](err); !ok || d.Code != string(payments.DeclineUnsupported) {
		t.Fatalf("error %v", err)
	}
	if err := s.deliver(2); err != nil {
		t.Fatal(err)
	}
}

// TestWebhookFinishesAChallenge never calls Resume: the shopper's browser has
// gone, and only the webhook tells.
func TestWebhookFinishesAChallenge(t *testing.T) {
	s := open(t)
	r, err := s.buy(t.Context(), "pm_card_threeDSecure2Required")
	if err != nil || r.Status != orders.Pending || r.NextAction == nil {
		t.Fatalf("order %+v, %v", r, err)
	}
	if err := s.deliver(3); err != nil { // that it requires an action
		t.Fatal(err)
	}
	if o := s.order(r.ID); o.Status != orders.Pending {
		t.Fatalf("told that the shopper must act, the order is %s", o.Status)
	}
	s.confirm(r.ID, true)
	if err := s.deliver(4); err != nil {
		t.Fatal(err)
	}
	if o := s.order(r.ID); o.Status != orders.Placed || o.Captured != o.Total {
		t.Errorf("order %+v", o)
	}
}

func (s *shop) confirm(o orders.ID, ok bool) {
	s.Helper()
	attempts, err := s.Payments.ByOrder(s.Context(), o)
	if err != nil || len(attempts) != 1 {
		s.Fatalf("attempts %v, %v", attempts, err)
	}
	if err := s.server.Confirm(attempts[0].ProviderID, ok); err != nil {
		s.Fatal(err)
	}
}

// TestBrowserConfirms leaves the card to the provider's script.
func TestBrowserConfirms(t *testing.T) {
	s := open(t)
	r, err := s.buy(t.Context(), "")
	if err != nil || r.NextAction == nil || r.NextAction.Kind != payments.ClientSDK || r.NextAction.ClientSecret == "" {
		t.Fatalf("result %+v, %v", r, err)
	}
	out, err := s.Checkout.Resume(t.Context(), r.ID)
	if err != nil || out.Status != orders.Pending {
		t.Fatalf("before the browser did anything: %+v, %v", out, err)
	}
	out, err = s.Checkout.Abandon(t.Context(), r.ID)
	if err != nil || out.Status != orders.Canceled {
		t.Fatalf("given up: %+v, %v", out, err)
	}
}

// TestBrowserPays: what the browser has confirmed places the order, whether the
// shopper comes back, the webhook tells of it, or they give up too late.
func TestBrowserPays(t *testing.T) {
	for name, next := range map[string]func(*shop, orders.ID) error{
		"comes back": func(s *shop, o orders.ID) error { _, err := s.Checkout.Resume(t.Context(), o); return err },
		"webhook":    func(s *shop, _ orders.ID) error { return s.deliver(1) },
		"too late":   func(s *shop, o orders.ID) error { _, err := s.Checkout.Abandon(t.Context(), o); return err },
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t)
			r, err := s.buy(t.Context(), "")
			s.must(r, err)
			intent, _ := s.server.ByMetadata(attemptKey, s.attempt(r.ID))
			if err := browser(s.server, intent, "pm_card_visa_chargeDeclined"); err == nil {
				t.Error("the card was not declined")
			}
			if out, err := s.Checkout.Resume(t.Context(), r.ID); err != nil || out.Status != orders.Pending || out.NextAction == nil {
				t.Errorf("after a decline in the browser: %+v, %v", out, err)
			}
			s.must(nil, browser(s.server, intent, "pm_card_visa"))
			s.must(nil, next(s, r.ID))
			if o := s.order(r.ID); o.Status != orders.Placed || o.Captured != money.New(2500, "EUR") {
				t.Errorf("order %s, captured %v", o.Status, o.Captured)
			}
		})
	}
}

func TestForgedWebhook(t *testing.T) {
	s := open(t)
	for _, to := range []stripeserver.Endpoint{{Secret: "whsec_forged"}, {Secret: ""}} {
		s.must(s.buy(t.Context(), "pm_card_visa"))
		to.URL = s.hook.URL
		if err := s.server.Deliver(t.Context(), to); err == nil {
			t.Errorf("a webhook signed with %q was taken", to.Secret)
		}
	}
	// With the older of two secrets it is.
	if err := s.server.Deliver(t.Context(), stripeserver.Endpoint{URL: s.hook.URL, Secret: "whsec_old"}); err != nil {
		t.Error(err)
	}
	err := s.Checkout.Webhook(t.Context(), "nobody", payments.WebhookRequest{})
	if _, ok := errors.AsType[*payments.UnknownProviderError](err); !ok {
		t.Errorf("a webhook of an unknown provider: %v", err)
	}
}

// TestWebhooksInAnyOrder races shoppers against webhooks that come twice, in
// any order, before and after the shopper's own calls.
func TestWebhooksInAnyOrder(t *testing.T) {
	s := open(t)
	tokens := []string{"pm_card_visa", "pm_card_threeDSecure2Required", "pm_card_visa_chargeDeclined", "pm_card_threeDSecureRequiredChargeDeclined"}
	rng := rand.New(rand.NewPCG(5, 0))
	var mu sync.Mutex
	var made []orders.ID
	var wg sync.WaitGroup
	for n := range 40 {
		token, pass := tokens[rng.IntN(len(tokens))], rng.IntN(3) > 0
		wg.Go(func() {
			r, err := s.buy(t.Context(), token)
			if d, ok := errors.AsType[*checkout.DeclinedError](err); ok {
				r.ID, err = d.Order, nil
			}
			if err != nil {
				t.Errorf("buying with %s: %v", token, err)
				return
			}
			mu.Lock()
			made = append(made, r.ID)
			mu.Unlock()
			if r.Status == orders.Pending {
				s.confirm(r.ID, pass)
			}
			if n%2 == 0 {
				if _, err := s.Checkout.Resume(t.Context(), r.ID); err != nil {
					if _, declined := errors.AsType[*checkout.DeclinedError](err); !declined {
						t.Errorf("resuming: %v", err)
					}
				}
			}
		})
		wg.Go(func() { _ = s.deliver(uint64(n)) }) // what fails is delivered again
	}
	wg.Wait()
	for n := range uint64(10) {
		if s.deliver(n) == nil {
			break
		}
	}
	for _, id := range made {
		o := s.order(id)
		if o.Status == orders.Pending {
			t.Errorf("order %s is still pending", id)
		}
		if placed := o.Status == orders.Placed; placed != (o.Captured == o.Total) {
			t.Errorf("order %s is %s with %v of %v", id, o.Status, o.Captured, o.Total)
		}
	}
	held, err := s.bank.Held("EUR")
	if err != nil {
		t.Fatal(err)
	}
	if want := s.captured(made); held != want {
		t.Errorf("the bank holds %v, the orders say %v", held, want)
	}
}

func (s *shop) captured(made []orders.ID) money.Amount {
	s.Helper()
	sum := money.Zero("EUR")
	for _, id := range made {
		var err error
		if sum, err = sum.Add(s.order(id).Captured); err != nil {
			s.Fatal(err)
		}
	}
	return sum
}

func TestRefundThatTakesItsTime(t *testing.T) {
	s := open(t)
	r, err := s.buy(t.Context(), "pm_card_pendingRefund")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Orders.Cancel(t.Context(), orders.Cancel{Order: r.ID, Reason: "changed her mind"}); err != nil {
		t.Fatal(err)
	}
	if err := s.Payments.Settle(t.Context(), r.ID); err != nil {
		t.Fatal(err)
	}
	if o := s.order(r.ID); o.Refunded.IsPositive() {
		t.Fatalf("refunded %v already", o.Refunded)
	}
	if err := s.server.DecideRefund("re_sim000001", true); err != nil {
		t.Fatal(err)
	}
	if err := s.deliver(6); err != nil {
		t.Fatal(err)
	}
	if o := s.order(r.ID); o.Refunded != o.Captured {
		t.Errorf("told that the refund is through, the order has %v of %v back", o.Refunded, o.Captured)
	}
}

// TestNoticeOutlivesAnOutage writes a webhook down while the provider cannot be
// asked; the timer goes on when it can.
func TestNoticeOutlivesAnOutage(t *testing.T) {
	clock := commercetest.NewClock()
	s := open(t, clock.Option())
	r, err := s.buy(t.Context(), "pm_card_threeDSecure2Required")
	if err != nil || r.NextAction == nil {
		t.Fatalf("result %+v, %v", r, err)
	}
	s.confirm(r.ID, true)
	s.down.Store(true)
	if err := s.deliver(7); err != nil {
		t.Fatalf("the webhook was not taken: %v", err)
	}
	if o := s.order(r.ID); o.Status != orders.Pending {
		t.Fatalf("nobody could be asked, and the order is %s", o.Status)
	}
	s.down.Store(false)
	if err := s.deliver(8); err != nil { // there is nothing more to deliver
		t.Fatal(err)
	}
	for s.order(r.ID).Status == orders.Pending {
		clock.Advance(time.Second)
		runtime.Gosched()
	}
	if o := s.order(r.ID); o.Status != orders.Placed {
		t.Errorf("order %s", o.Status)
	}
}
