package stripeserver

import (
	"hash/fnv"
	"net/http"
	"strconv"
)

// Trouble is how often requests that change something fail, each in percent of
// them. Which ones depends on nothing but the seed, the idempotency key and how
// often it was sent, so that a run can be repeated.
type Trouble struct {
	// Unavailable is answered with 503, Limited with 429 and Busy with 409, as
	// for a key that is in use: nothing is done, and the key is free.
	Unavailable, Limited, Busy int
	// Broken is answered with 500 although it was done. As Stripe does, the
	// answer is kept: who asks again under the key gets it again, and has to
	// look the payment up.
	Broken int
}

// Disturb has requests fail from now on. A zero Trouble ends that.
func (s *Server) Disturb(seed uint64, t Trouble) {
	s.keys.mu.Lock()
	defer s.keys.mu.Unlock()
	s.keys.trouble, s.keys.seed = t, seed
	s.keys.sent = map[string]int{}
}

// Failed returns how many requests have failed by a Trouble.
func (s *Server) Failed() int {
	s.keys.mu.Lock()
	defer s.keys.mu.Unlock()
	return s.keys.failed
}

// fate decides what happens to a request. done says that it is carried out all
// the same.
func (k *keys) fate(r *http.Request, key string) (failed *problem, done bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	t := k.trouble
	if t == (Trouble{}) {
		return nil, true
	}
	name := r.URL.Path + " " + key
	k.sent[name]++
	h := fnv.New64a()
	h.Write([]byte(strconv.FormatUint(k.seed, 10) + " " + name + " " + strconv.Itoa(k.sent[name]))) //nolint:errcheck // never fails
	n := int(h.Sum64() >> 8 % 100)
	for _, f := range []struct {
		rate   int
		answer problem
		done   bool
	}{
		{t.Unavailable, problem{Status: 503, Type: "api_error", Message: "The service is unavailable: try again."}, false},
		{t.Limited, problem{Status: 429, Type: "invalid_request_error", Code: "rate_limit", Message: "Too many requests: try again later."}, false},
		{t.Busy, problem{Status: 409, Type: "idempotency_error", Code: "idempotency_key_in_use", Message: "Another request with this key is being carried out."}, false},
		{t.Broken, problem{Status: 500, Type: "api_error", Message: "Something went wrong on Stripe's end."}, true},
	} {
		if n -= f.rate; n < 0 {
			k.failed++
			return &f.answer, f.done
		}
	}
	return nil, true
}
