package replication

import "sync"

// flight counts the requests that are with raft, so that a group can be closed without leaving one unanswered.
type flight struct {
	mu     sync.Mutex
	closed bool
	n      int
	idle   []chan struct{} // closed when n is 0
}

// begin notes a request. It reports false when the group takes no more.
func (f *flight) begin() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return false
	}
	f.n++
	return true
}

// end notes that a request was answered.
func (f *flight) end() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.n--
	f.wake()
}

// close lets no more requests in. It returns a channel that is closed when all have been answered.
func (f *flight) close() <-chan struct{} {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = true
	idle := make(chan struct{})
	f.idle = append(f.idle, idle)
	f.wake()
	return idle
}

func (f *flight) wake() {
	if f.n > 0 {
		return
	}
	for _, idle := range f.idle {
		close(idle)
	}
	f.idle = nil
}
