package replication

import (
	"slices"
	"sync"
	"sync/atomic"

	"github.com/hashicorp/raft"
)

// acks notes what followers have acknowledged, and when the requests were begun that they acknowledge. Time is a
// number that rises with each request and each read; so nothing depends on the resolution of a clock.
type acks struct {
	now atomic.Uint64

	mu    sync.Mutex
	term  uint64
	begun map[string]uint64 // for each follower, when the newest request that it has acknowledged was begun
	match map[string]uint64 // for each follower, how far its log is like ours
	wake  chan struct{}     // closed at the next acknowledgement; nil when nobody waits
}

// begin returns a moment that is later than all before it.
func (a *acks) begin() uint64 { return a.now.Add(1) }

// note takes an acknowledgement in.
func (a *acks) note(follower string, term, begun, match uint64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if term < a.term {
		return
	}
	if term > a.term || a.begun == nil {
		a.term, a.begun, a.match = term, map[string]uint64{}, map[string]uint64{}
	}
	a.begun[follower] = max(a.begun[follower], begun)
	a.match[follower] = max(a.match[follower], match)
	if a.wake != nil {
		close(a.wake)
		a.wake = nil
	}
}

// quorum reports whether majorities of all the given sets of voters have acknowledged requests of a term that were
// begun after a moment. It also returns a channel that is closed when that may have changed.
func (a *acks) quorum(self string, term, after uint64, sets ...[]string) (ok bool, changed <-chan struct{}) {
	a.mu.Lock()
	defer a.mu.Unlock()
	ok = true
	for _, voters := range sets {
		n := 0
		for _, v := range voters {
			if v == self || a.term == term && a.begun[v] > after {
				n++
			}
		}
		ok = ok && 2*n > len(voters)
	}
	if a.wake == nil {
		a.wake = make(chan struct{})
	}
	return ok, a.wake
}

// matched returns how far a follower's log is like ours, as far as we know in this term.
func (a *acks) matched(follower string, term uint64) uint64 {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.term != term {
		return 0
	}
	return a.match[follower]
}

// voters returns the voters of a configuration.
func voters(c raft.Configuration) []string {
	var list []string
	for _, s := range c.Servers {
		if s.Suffrage == raft.Voter {
			list = append(list, string(s.ID))
		}
	}
	slices.Sort(list)
	return list
}
