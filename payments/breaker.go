package payments

import (
	"context"
	"errors"
	"time"

	"github.com/sony/gobreaker/v2"
)

// When a provider is left alone: at least half of its requests, and tripAt of
// them, had no answer within window. After rest a few are let through, and when
// those are answered, all.
const (
	window = 30 * time.Second
	rest   = 15 * time.Second
	tripAt = 20
	trials = 4
)

// errSpared is why a request was not made.
var errSpared = errors.New("it has not answered for a while and is left alone")

// breaker keeps a provider that does not answer from being asked, and the shop
// from waiting for it.
type breaker struct {
	of *gobreaker.CircuitBreaker[Outcome]
}

func newBreaker(name string) breaker {
	return breaker{gobreaker.NewCircuitBreaker[Outcome](gobreaker.Settings{
		Name: name, MaxRequests: trials, Interval: window, Timeout: rest,
		ReadyToTrip: func(c gobreaker.Counts) bool { return c.Requests >= tripAt && 2*c.TotalFailures >= c.Requests },
		// A caller who has lost patience says nothing about the provider.
		IsExcluded: func(err error) bool { return errors.Is(err, context.Canceled) },
	})}
}

// call makes a request unless the provider is left alone.
func (b breaker) call(request func() (Outcome, error)) (Outcome, error) {
	o, err := b.of.Execute(request)
	if errors.Is(err, gobreaker.ErrOpenState) || errors.Is(err, gobreaker.ErrTooManyRequests) {
		return Outcome{}, errSpared
	}
	return o, err
}

// closed reports whether requests are let through.
func (b breaker) closed() bool { return b.of.State() != gobreaker.StateOpen }

// maxWaiting bounds the requests that wait for one of a provider's places.
const maxWaiting = 4096

// Ready returns a *ThrottledError while a provider is not worth asking: it has
// not answered for a while, or too many requests wait for it already. It is for
// callers who have not begun anything yet.
func (s *Service) Ready(provider string) error {
	p, err := s.Provider(provider)
	if err != nil {
		return err
	}
	g := gateOf(p)
	switch {
	case g == nil || g.own:
		return nil
	case !g.breaker.closed():
		return &ThrottledError{Provider: provider, Wait: rest}
	case g.waiting.Load() >= maxWaiting:
		return &ThrottledError{Provider: provider, Wait: time.Second}
	}
	return nil
}

// gateOf returns the guard of a provider that a Service has handed out.
func gateOf(p Provider) *guarded {
	switch g := p.(type) {
	case *guarded:
		return g
	case *guardedPreparer:
		return g.guarded
	}
	return nil
}
