package commerce

import "sync"

// A gate counts those who are inside, so that Close can wait for them.
type gate struct {
	mu     sync.Mutex
	closed bool
	inside int
	empty  chan struct{} // closed when the gate is and nobody is inside
}

func newGate() *gate { return &gate{empty: make(chan struct{})} }

// enter reports false when the gate is closed.
func (g *gate) enter() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.closed {
		g.inside++
	}
	return !g.closed
}

func (g *gate) leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.inside--; g.closed && g.inside == 0 {
		close(g.empty)
	}
}

// close lets nobody in any more and waits until nobody is inside.
func (g *gate) close() {
	g.mu.Lock()
	if !g.closed && g.inside == 0 {
		close(g.empty)
	}
	g.closed = true
	g.mu.Unlock()
	<-g.empty
}
