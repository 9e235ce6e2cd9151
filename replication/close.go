package replication

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/keelshop/commerce/internal/watchdog"
)

const (
	// closeLimit is how long Close waits while nothing comes ahead, and closeMost how long while something does.
	closeLimit = 5 * time.Second
	closeMost  = time.Minute

	// drainLimit is how long a node waits for proposals that are on their way before it leaves its peers.
	drainLimit = closeLimit / 5

	// leaveLimit is how long a leader that has left its peers may take to notice, and to answer what it has not
	// confirmed.
	leaveLimit = 2*patience + drainLimit
)

// Close ends the node: it lets proposals that are on their way finish, closes the transports, shuts down the groups,
// and writes raft.db so that the next start finds it in order, unless the node has failed. Later calls return the same. When
// nothing has come ahead for 5 seconds, or after a minute, it returns a [*HangingError] that says what has not ended; that may
// go on using files until the process ends. While the process is paused no time passes.
//
// Closing a node that has failed is not an error; see [Node.Err].
func (n *Node) Close() error { return n.CloseWithin(closeMost) }

// CloseWithin is Close with another bound than a minute.
func (n *Node) CloseWithin(most time.Duration) error {
	n.shut.Do(func() { go n.close() })
	const tick = closeLimit / watchdog.Ticks
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	last, limit := n.steps(), most
	for all, idle := time.Duration(0), time.Duration(0); all < most; all += tick {
		select {
		case <-n.closed:
			return n.err
		case <-ticker.C:
		}
		if now := n.steps(); now != last {
			last, idle = now, 0
		} else if idle += tick; idle >= closeLimit {
			limit = closeLimit
			break
		}
	}
	n.end()
	return &HangingError{Limit: limit, Parts: n.parts.list()}
}

// steps counts up with whatever is done.
func (n *Node) steps() (sum int64) {
	if n.conf.Steps != nil {
		sum = n.conf.Steps.Load()
	}
	for _, g := range n.running() {
		if g.steps != nil {
			sum += g.steps.Load()
		}
	}
	return sum + n.parts.changes()
}

func (n *Node) close() {
	n.stop()
	<-n.down
	n.end()
	if net := n.network.Load(); net != nil {
		done := n.parts.begin("the network")
		n.err = (*net).Close()
		done()
	}
	done := n.parts.begin("saving what other nodes have acknowledged")
	n.saving.Wait()
	done()
	done = n.parts.begin("closing " + n.file.Path())
	if n.Err() == nil {
		n.err = errors.Join(n.err, n.file.Close())
	} else {
		n.err = errors.Join(n.err, n.file.Abandon())
	}
	done()
	done = n.parts.begin("the call of OnFailed")
	n.calls.Wait()
	done()
	close(n.closed)
}

// stop begins to end all groups; n.down is closed when they have ended.
func (n *Node) stop() {
	n.stopping.Do(func() {
		n.mu.Lock()
		n.closing = true
		n.mu.Unlock()
		go func() {
			defer close(n.down)
			var all sync.WaitGroup
			for _, g := range n.running() {
				all.Go(g.stop)
			}
			all.Wait()
		}()
	})
}

// stop ends the group.
func (g *Group) stop() {
	done := g.node.parts.begin(g.part("raft or its machine"))
	g.drain()
	g.trans.close()
	close(g.leaving)
	g.raft.Shutdown().Error()
	done()
	close(g.quit)
	done = g.node.parts.begin(g.part("its machine"))
	g.machine.Wait()
	done()
	done = g.node.parts.begin(g.part("following the leadership, or truncating the log"))
	g.tasks.Wait()
	done()
}

// drain lets proposals finish before raft is shut down: then it forgets those that are between its goroutines, and
// their callers are never answered. Those that followers do not acknowledge, as when they first need a copy, would keep
// it waiting: after a while the node leaves its peers, and raft steps down and answers them. A node that has failed
// leaves at once. Only when raft's main goroutine has ended is nobody there to refuse what is still to be taken;
// Shutdown does that.
//
// A disk that hangs makes the node fail in the end, so a lone voter waits for it, for longer than Close does.
func (g *Group) drain() {
	idle := g.flight.close()
	patient := drainLimit
	if g.alone() {
		patient += max(g.node.conf.LogDeadline, g.node.conf.MachineDeadline)
	}
	select {
	case <-idle:
		return
	case <-time.After(patient):
	case <-g.node.failed:
	}
	g.trans.close() // at once, so that peers elect another leader
	select {
	case <-idle:
	case <-time.After(leaveLimit):
	}
}

func (g *Group) part(what string) string { return fmt.Sprintf("group %d: %s", g.id, what) }

// parts names what has begun to end and has not ended.
type parts struct {
	mu    sync.Mutex
	next  int
	ended int64
	open  map[int]string
}

func (p *parts) begin(name string) (done func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.open == nil {
		p.open = map[int]string{}
	}
	id := p.next
	p.next++
	p.open[id] = name
	return func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		delete(p.open, id)
		p.ended++
	}
}

func (p *parts) changes() int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.ended
}

func (p *parts) list() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Sorted(maps.Values(p.open))
}
