package replication

import (
	"context"
	"sync"
	"time"
)

// deaf knows which followers do not answer. Raft tries to send them entries again after a pause that doubles, up to ten
// seconds, so a follower that is back would stay behind for as long, and the group would not survive the end of another
// one. So requests to append wait here until a heartbeat, which raft sends more often, was answered.
type deaf struct {
	mu    sync.Mutex
	nodes map[string]chan struct{} // closed when the node answers again
}

// deafCheck is how often one that waits looks whether it still leads.
const deafCheck = patience / 2

// note takes in whether a node has answered.
func (d *deaf) note(node string, failed bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	waits := d.nodes[node]
	switch {
	case failed && waits == nil:
		if d.nodes == nil {
			d.nodes = map[string]chan struct{}{}
		}
		d.nodes[node] = make(chan struct{})
	case !failed && waits != nil:
		close(waits)
		delete(d.nodes, node)
	}
}

// wait waits until a node answers, the context ends, or it is of no use any more.
func (d *deaf) wait(ctx context.Context, node string, useful func() bool) {
	d.mu.Lock()
	answers := d.nodes[node]
	d.mu.Unlock()
	if answers == nil {
		return
	}
	check := time.NewTicker(deafCheck)
	defer check.Stop()
	for useful() {
		select {
		case <-answers:
			return
		case <-check.C:
		case <-ctx.Done():
			return
		}
	}
}
