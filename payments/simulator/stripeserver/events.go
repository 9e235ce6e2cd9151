package stripeserver

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"

	"github.com/keelshop/commerce/payments"
)

// event is something that a webhook endpoint is to be told.
type event struct {
	id, kind string
	object   object
}

// APIVersion is the version of Stripe's API whose events the server sends.
const APIVersion = "2026-03-25.dahlia"

var kinds = map[payments.State]string{
	payments.NeedsAction: "payment_intent.requires_action",
	payments.Pending:     "payment_intent.processing",
	payments.Authorized:  "payment_intent.amount_capturable_updated",
	payments.Captured:    "payment_intent.succeeded",
	payments.Declined:    "payment_intent.payment_failed",
	payments.Canceled:    "payment_intent.canceled",
	payments.Voided:      "payment_intent.canceled",
}

// tell queues the event of an intent's new state.
func (s *Server) tell(i *intent) {
	state := s.outcome(i).State
	if i.canceled {
		state = payments.Canceled
	}
	kind := kinds[state]
	if state == payments.Pending && vouchers[i.method] != nil {
		kind = kinds[payments.NeedsAction]
	}
	if kind == "" || state == i.said && state != payments.Captured {
		return
	}
	i.said = state
	s.queue(kind, s.show(i))
}

func (s *Server) tellRefund(f *refund) {
	kind := "refund.created"
	if f.state == payments.Declined {
		kind = "refund.failed"
	} else if f.state == payments.Refunded {
		kind = "refund.updated"
	}
	s.queue(kind, f.show())
}

func (s *Server) queue(kind string, o object) {
	s.count++
	s.events = append(s.events, event{id: fmt.Sprintf("evt_sim%06d", s.count), kind: kind, object: o})
}

// Endpoint is where events go.
type Endpoint struct {
	URL    string
	Secret string // whsec_…
	// Now stamps the signatures; nil is time.Now.
	Now func() time.Time
	// Shuffle delivers in an order that depends on Seed, and Twice delivers
	// each event twice.
	Shuffle, Twice bool
	Seed           uint64
	Client         *http.Client // nil is http.DefaultClient
}

// Deliver sends what has happened since the last call. Events that the endpoint
// does not answer with 2xx stay for the next call, and the first such answer is
// the error.
func (s *Server) Deliver(ctx context.Context, to Endpoint) error {
	s.mu.Lock()
	events := s.events
	s.events = nil
	s.mu.Unlock()
	if to.Twice {
		events = append(events, events...)
	}
	if to.Shuffle {
		rng := rand.New(rand.NewPCG(to.Seed, 0))
		rng.Shuffle(len(events), func(a, b int) { events[a], events[b] = events[b], events[a] })
	}
	var failed error
	for _, e := range events {
		if err := to.send(ctx, e); err != nil {
			failed = err
			s.mu.Lock()
			s.events = append(s.events, e)
			s.mu.Unlock()
		}
	}
	return failed
}

func (to Endpoint) send(ctx context.Context, e event) error {
	now := time.Now
	if to.Now != nil {
		now = to.Now
	}
	at := now().Unix()
	body, err := json.Marshal(object{
		"id": e.id, "object": "event", "type": e.kind, "created": at, "api_version": APIVersion, "livemode": false,
		"pending_webhooks": 1, "data": object{"object": e.object},
	})
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, to.URL, bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Stripe-Signature", Sign(body, at, to.Secret))
	client := to.Client
	if client == nil {
		client = http.DefaultClient
	}
	response, err := client.Do(r)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if _, err := io.Copy(io.Discard, io.LimitReader(response.Body, 1<<16)); err != nil {
		return err
	}
	if response.StatusCode/100 != 2 {
		return fmt.Errorf("the endpoint answered event %s (%s) with %s", e.id, e.kind, response.Status)
	}
	return nil
}

// Sign returns the header Stripe-Signature of a body at a time in seconds
// (docs.stripe.com/webhooks#verify-manually).
func Sign(body []byte, at int64, secret string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	t := strconv.FormatInt(at, 10)
	mac.Write([]byte(t + "."))
	mac.Write(body)
	return "t=" + t + ",v1=" + hex.EncodeToString(mac.Sum(nil))
}
