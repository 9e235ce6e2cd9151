package replication

import "sync"

// flight counts the requests that are with raft, so that a group can be closed without leaving one unanswered.
type flight struct {
	mu     sync.Mutex
	closed bool
	asking int // waiting for raft to take them
	taken  int // taken, not answered; raft answers them as long as it runs
	idle   []idleWaiter
}

type idleWaiter struct {
	all  bool // wait for those that are asking too
	done chan struct{}
}

// ask notes a request. It reports false when the group takes no more.
func (f *flight) ask() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return false
	}
	f.asking++
	return true
}

// take notes that raft has taken a request.
func (f *flight) take() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asking--
	f.taken++
}

// land notes that a request was answered.
func (f *flight) land() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.taken--
	f.wake()
}

// close lets no more requests in.
func (f *flight) close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = true
}

// wait returns a channel that is closed when all requests that raft has taken are answered; with all, also those
// that it has yet to take.
func (f *flight) wait(all bool) <-chan struct{} {
	f.mu.Lock()
	defer f.mu.Unlock()
	w := idleWaiter{all, make(chan struct{})}
	f.idle = append(f.idle, w)
	f.wake()
	return w.done
}

func (f *flight) wake() {
	if f.taken > 0 {
		return
	}
	kept := f.idle[:0]
	for _, w := range f.idle {
		if w.all && f.asking > 0 {
			kept = append(kept, w)
			continue
		}
		close(w.done)
	}
	f.idle = kept
}
