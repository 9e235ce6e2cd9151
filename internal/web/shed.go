package web

import (
	"net/http"
	"sync"
	"time"

	"github.com/keelshop/commerce/fault"
)

// Shedder keeps a server that has more to do than it can from failing
// everybody. It bounds how many requests are worked on at once. What can be
// done without is turned away when requests take longer than they should:
// the bound on it shrinks by a tenth, and grows again one by one (additive
// increase, multiplicative decrease, as in TCP). What is essential, a
// checkout, is turned away by the outer bound only, so that memory stays
// bounded; BoundBodies bounds the bodies that are read before.
// It is safe for concurrent use.
type Shedder struct {
	target time.Duration
	most   int
	refuse Refuse

	mu       sync.Mutex
	running  int     // requests being worked on
	optional int     // of these, the ones that can be done without
	limit    float64 // bound on optional
	window   window
}

// window is what was seen since the limit was last looked at.
type window struct {
	begun  time.Time
	seen   int
	slow   int  // of them, those that took longer than they should
	pushed bool // the limit was reached
}

const (
	shedWindow  = 100 * time.Millisecond
	shedSamples = 20 // a window is not judged by fewer
	minOptional = 4
)

// NewShedder returns a Shedder that lets at most most requests run at once and
// sheds when more than a tenth of them take longer than target.
func NewShedder(most int, target time.Duration, refuse Refuse) *Shedder {
	return &Shedder{target: target, most: most, refuse: refuse, limit: float64(most) / 2}
}

// Admission is a request that may go on. It counts as running until Done or,
// behind Observe, until its answer begins to be sent: from then on it waits for
// the client, which says nothing about the server and may last.
type Admission struct {
	shedder   *Shedder
	essential bool
	over      bool
	start     time.Time
}

// Admit reports whether a request may go on; if not, it has been answered with
// 503. The body has been read before, by ReadBody: a client that sends slowly
// would take up a place. The caller calls Done when the request has been
// answered.
func (s *Shedder) Admit(w http.ResponseWriter, r *http.Request, essential bool) (*Admission, bool) {
	if !s.enter(essential) {
		turnedAway(r.Context())
		w.Header().Set("Retry-After", "1")
		s.refuse(w, r, http.StatusServiceUnavailable, fault.New(fault.Unavailable, "too much is going on: try again in a moment"))
		return nil, false
	}
	a := &Admission{shedder: s, essential: essential, start: time.Now()}
	if n := noteOf(r.Context()); n != nil {
		n.admission = a
	}
	return a, true
}

// Done says that the server has done its part. Only the first call counts.
func (a *Admission) Done() {
	if !a.over {
		a.over = true
		a.shedder.leave(a.essential, time.Since(a.start))
	}
}

func (s *Shedder) enter(essential bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.running >= s.most {
		return false
	}
	if !essential {
		if s.optional >= int(s.limit) {
			s.window.pushed = true
			return false
		}
		s.optional++
	}
	s.running++
	return true
}

func (s *Shedder) leave(essential bool, took time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.running--
	if !essential {
		s.optional--
	}
	now := time.Now()
	if s.window.begun.IsZero() {
		s.window.begun = now
	}
	s.window.seen++
	if took > s.target {
		s.window.slow++
	}
	if s.window.seen >= shedSamples && now.Sub(s.window.begun) >= shedWindow {
		s.adapt()
		s.window = window{begun: now}
	}
}

// adapt moves the limit by what the window has seen.
func (s *Shedder) adapt() {
	switch {
	case s.window.slow*10 > s.window.seen:
		s.limit = max(s.limit*0.9, minOptional)
	case s.window.pushed:
		s.limit = min(s.limit+max(1, s.limit/20), float64(s.most)/2)
	}
}

// Limit returns how many requests that can be done without may run at once.
func (s *Shedder) Limit() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return int(s.limit)
}
