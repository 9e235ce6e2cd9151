// Package stripeserver lets a simulator speak HTTP: enough of Stripe's API that
// a program which pays through Stripe can be pointed at it, without a network
// and without an account. It takes Stripe's public test tokens.
//
// PaymentIntents can be made, confirmed, also by a browser, captured, canceled and looked up, with
// and without several captures; refunds made, looked up and listed; means of
// payment kept for a customer by SetupIntents. A request
// under an Idempotency-Key is carried out once. What happens is told to a
// webhook endpoint, signed, twice or in another order if that is wanted, and
// requests fail in all the ways in which Stripe's do, if that is wanted.
package stripeserver

import (
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/keelshop/commerce/payments/simulator"
)

// Server is an http.Handler in front of a simulator. It is safe for concurrent
// use. Make one with New.
type Server struct {
	bank *simulator.Simulator
	mux  *http.ServeMux
	keys keys

	mu      sync.Mutex
	intents map[string]*intent
	refunds map[string]*refund
	asked   int     // requests to refund
	events  []event // not delivered yet, in the order in which they happened
	count   int     // of events so far

	customers, setups int
	expiry            int64            // of vouchers, in seconds since 1970
	now               func() time.Time // nil without a clock
}

// New returns a server whose money is in the books of bank.
func New(bank *simulator.Simulator) *Server {
	s := &Server{bank: bank, mux: http.NewServeMux(), intents: map[string]*intent{}, refunds: map[string]*refund{}}
	s.keys.known = map[string]*answer{}
	for pattern, h := range map[string]func(*http.Request) (any, error){
		"POST /v1/payment_intents":              s.createIntent,
		"GET /v1/payment_intents":               s.listIntents,
		"GET /v1/payment_intents/{id}":          s.retrieveIntent,
		"POST /v1/payment_intents/{id}/confirm": s.confirmIntent,
		"POST /v1/payment_intents/{id}/capture": s.captureIntent,
		"POST /v1/payment_intents/{id}/cancel":  s.cancelIntent,
		"POST /v1/customers":                    s.createCustomer,
		"POST /v1/setup_intents":                s.createSetup,
		"POST /v1/payment_methods/{id}/detach":  s.detachMethod,
		"POST /v1/refunds":                      s.createRefund,
		"GET /v1/refunds":                       s.listRefunds,
		"GET /v1/refunds/{id}":                  s.retrieveRefund,
	} {
		s.mux.Handle(pattern, s.handler(h))
	}
	s.mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		writeError(w, &problem{Status: 404, Type: "invalid_request_error", Code: "resource_missing", Message: "Unrecognized request URL (" + r.Method + ": " + r.URL.Path + ")."})
	})
	return s
}

// ServeHTTP answers one request. It wants a secret key as Stripe does, and
// takes any that begins with sk_test_. For a browser it takes one that begins
// with pk_test_, with the client secret of a payment, to confirm that.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// handler carries a request out once per Idempotency-Key.
func (s *Server) handler(h func(*http.Request) (any, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, 1<<20)
		if err := r.ParseForm(); err != nil {
			writeError(w, invalid("", "the body is not a form"))
			return
		}
		if err := authorize(r); err != nil {
			writeError(w, err)
			return
		}
		a, err := s.keys.once(r, func() (any, error) { return h(r) })
		if _, ok := errors.AsType[*problem](err); err != nil && !ok {
			panic(http.ErrAbortHandler) // the line is cut: what happened is for the caller to find out
		}
		a.write(w)
	})
}

// SetClock says what time it is when payments are made, by which they are
// listed. Without it, all are made at the same time, and all are listed.
func (s *Server) SetClock(now func() time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = now
}

// made returns when what is made now is, in seconds since 1970.
func (s *Server) made() int64 {
	if s.now == nil {
		return 1700000000
	}
	return s.now().Unix()
}

// Confirm does in place of the shopper what a payment's next action asks for.
func (s *Server) Confirm(id string, ok bool) error {
	if err := s.bank.Confirm(id, ok); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if i := s.intents[id]; i != nil {
		s.tell(i)
	}
	return nil
}

// ByMetadata returns the ID of the first payment with a value under a name of
// its metadata.
func (s *Server) ByMetadata(name, value string) (id string, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, i := range s.intents {
		if i.metadata[name] == value {
			return id, true
		}
	}
	return "", false
}
