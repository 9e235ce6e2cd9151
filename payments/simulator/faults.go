package simulator

import (
	"context"
	"errors"

	"github.com/keelshop/commerce/payments"
)

// Call is one request that arrives at the simulator, for a fault plan.
type Call struct {
	Of      payments.OperationKind // what was asked for, or looked up
	Lookup  bool                   // a Retrieve
	Key     string
	Attempt int // from 1: how often this was asked under Key
}

// Fault is what goes wrong with one request.
type Fault int

// The faults.
const (
	None       Fault = iota
	Unreached        // nothing is done, and the caller gets an error
	LostAnswer       // it is done, and the caller gets an error
	Hang             // nothing is done, and the call lasts until its context ends
	HangAfter        // it is done, and the call lasts until its context ends
)

// Rates is how often faults happen, each in percent of all requests.
type Rates struct {
	Unreached, LostAnswer, Hang, HangAfter int
}

// Random returns a fault plan that depends on nothing but the seed and the
// call, so that a run can be repeated whatever the order of its goroutines.
func Random(seed uint64, r Rates) func(Call) Fault {
	return func(c Call) Fault {
		of := string(c.Of)
		if c.Lookup {
			of += " lookup"
		}
		n := int(hash(seed+uint64(c.Attempt), of, c.Key) % 100)
		for _, f := range []struct {
			fault Fault
			rate  int
		}{{Unreached, r.Unreached}, {LostAnswer, r.LostAnswer}, {Hang, r.Hang}, {HangAfter, r.HangAfter}} {
			if n -= f.rate; n < 0 {
				return f.fault
			}
		}
		return None
	}
}

// Errors that a caller of the simulator may see instead of an answer.
var (
	errUnreached = errors.New("connection refused")
	errLost      = errors.New("connection reset while waiting for the answer")
)

// through runs do unless a fault prevents it, and hides its answer if a fault
// says so.
func (s *Simulator) through(ctx context.Context, c Call, do func() (payments.Outcome, error)) (payments.Outcome, error) {
	if err := ctx.Err(); err != nil {
		return payments.Outcome{}, err
	}
	f := s.faultFor(c)
	switch f {
	case Unreached:
		return payments.Outcome{}, errUnreached
	case Hang:
		<-ctx.Done()
		return payments.Outcome{}, ctx.Err()
	}
	o, err := do()
	switch f {
	case LostAnswer:
		return payments.Outcome{}, errLost
	case HangAfter:
		<-ctx.Done()
		return payments.Outcome{}, ctx.Err()
	}
	return o, err
}

func (s *Simulator) faultFor(c Call) Fault {
	plan := s.faults.Load()
	if plan == nil {
		return None
	}
	s.callsMu.Lock()
	id := c // Attempt is 0 here
	s.calls[id]++
	c.Attempt = s.calls[id]
	s.callsMu.Unlock()
	return (*plan)(c)
}

// hash is 64-bit FNV-1a over a seed and texts.
func hash(seed uint64, texts ...string) uint64 {
	const prime = 1099511628211
	h := uint64(14695981039346656037)
	for range 8 {
		h = (h ^ seed&0xff) * prime
		seed >>= 8
	}
	for _, t := range texts {
		for i := range len(t) {
			h = (h ^ uint64(t[i])) * prime
		}
		h = (h ^ 0xff) * prime // a byte that ends a text
	}
	return h ^ h>>32
}
