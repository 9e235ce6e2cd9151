package peer

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/keelshop/commerce/fault"
)

// Memory connects nodes of one process. It does to their requests what a bad network does, and works in the virtual
// time of testing/synctest. The zero Faults do nothing. All methods are safe for concurrent use.
type Memory struct {
	mu     sync.Mutex
	nodes  map[string]*MemoryNode
	faults Faults
	cut    map[[2]string]bool          // from, to
	slow   map[[2]string]time.Duration // from, to
	random *rand.Rand
	sent   int64
}

// Faults says what happens to each message, which is a request or an answer.
type Faults struct {
	Loss      float64       // probability that it is lost
	Duplicate float64       // probability that a request is served a second time, later; never for one with a body
	MinDelay  time.Duration // how long it takes, between this
	MaxDelay  time.Duration // and this; messages overtake each other
	Late      time.Duration // how much later the second copy of a request comes at most; 0 means MaxDelay
}

// NewMemory returns a network without nodes. Its faults follow from the seed and from the order of the messages.
func NewMemory(seed uint64) *Memory {
	return &Memory{nodes: map[string]*MemoryNode{}, cut: map[[2]string]bool{}, slow: map[[2]string]time.Duration{}, random: rand.New(rand.NewPCG(seed, 0))}
}

// Node returns a node's way to the others. A node that comes back after its Close asks for a new one.
func (m *Memory) Node(id string) Network { return m.Join(Greeting{Node: id}) }

// Join is Node for one that tells newcomers what its store is like. Its address is its name.
func (m *Memory) Join(g Greeting) *MemoryNode {
	m.mu.Lock()
	defer m.mu.Unlock()
	ctx, stop := context.WithCancel(context.Background())
	n := &MemoryNode{net: m, id: g.Node, greeting: g, handler: newHandler(), ctx: ctx, stop: stop}
	m.nodes[n.id] = n
	return n
}

// Greet asks the node with a name what its store is like, before the one who asks belongs to it.
func (m *Memory) Greet(from, node string) (Greeting, error) {
	target, there, back := m.reach(from, node)
	if target == nil || there.lost || back.lost {
		return Greeting{}, fault.New(fault.Unavailable, "node %s cannot be reached", node)
	}
	return target.greeting, nil
}

// reach draws the fate of a question and its answer.
func (m *Memory) reach(from, to string) (target *MemoryNode, there, back fate) {
	target, there = m.plan(from, to)
	_, back = m.plan(to, from)
	return target, there, back
}

// SetFaults sets what happens to messages from now on.
func (m *Memory) SetFaults(f Faults) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.faults = f
}

// Cut loses all messages from one node to another, until Heal. The other direction still works.
func (m *Memory) Cut(from, to string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.cut[[2]string{from, to}] = true
}

// Isolate cuts a node off from all others, in both directions, until Heal.
func (m *Memory) Isolate(id string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for other := range m.nodes {
		if other != id {
			m.cut[[2]string{id, other}], m.cut[[2]string{other, id}] = true, true
		}
	}
}

// Kill ends a node at once, as when its process dies: nothing that it has received or is about to say counts any more.
// Its Close still waits for what is being served.
func (m *Memory) Kill(id string) {
	m.mu.Lock()
	n := m.nodes[id]
	delete(m.nodes, id)
	m.mu.Unlock()
	if n != nil {
		n.end()
	}
	m.miss(id)
}

// miss tells the nodes that could hear of it that one has ended.
func (m *Memory) miss(id string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for other, n := range m.nodes {
		if n.lost != nil && !m.cut[[2]string{id, other}] {
			go n.lost(id)
		}
	}
}

// Slow makes all messages from one node to another take longer by d, until Heal. What is under way already is not
// changed, here as with Cut.
func (m *Memory) Slow(from, to string, d time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.slow[[2]string{from, to}] = d
}

// Heal mends all cuts and slow ways. Faults stay.
func (m *Memory) Heal() {
	m.mu.Lock()
	defer m.mu.Unlock()
	clear(m.cut)
	clear(m.slow)
}

// Sent returns how many messages were sent so far, requests and answers, whether or not they came.
func (m *Memory) Sent() int64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.sent
}

// errLost ends what waits for a message that will not come.
var errLost = errors.New("the message was lost")

// plan draws the fate of a message.
func (m *Memory) plan(from, to string) (target *MemoryNode, fate fate) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.sent++
	f := m.faults
	fate.lost = m.cut[[2]string{from, to}] || m.random.Float64() < f.Loss
	fate.delay = f.MinDelay + m.slow[[2]string{from, to}]
	if f.MaxDelay > f.MinDelay {
		fate.delay += time.Duration(m.random.Int64N(int64(f.MaxDelay - f.MinDelay)))
	}
	if fate.twice = m.random.Float64() < f.Duplicate; fate.twice {
		if late := max(f.Late, f.MaxDelay); late > 0 {
			fate.again = time.Duration(m.random.Int64N(int64(late)))
		}
	}
	return m.nodes[to], fate
}

type fate struct {
	lost, twice  bool
	delay, again time.Duration
}

func (m *Memory) isCut(from, to string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.cut[[2]string{from, to}]
}

// MemoryNode is one node's part in a Memory.
type MemoryNode struct {
	net      *Memory
	id       string
	greeting Greeting
	handler  *handler
	lost     func(string)    // see Watcher
	ctx      context.Context // ends with Close
	stop     context.CancelFunc

	mu     sync.Mutex
	closed bool
	work   sync.WaitGroup // requests that are being served here
}

// Addr returns the node's name.
func (n *MemoryNode) Addr() string { return n.id }

// Discover says which node has an address, if it can be reached.
func (n *MemoryNode) Discover(_ context.Context, addr string) (string, error) {
	g, err := n.net.Greet(n.id, addr)
	return g.Node, err
}

// OnLost is Watcher.OnLost: nodes notice at once that another one has ended, unless the way from it is cut.
func (n *MemoryNode) OnLost(lost func(string)) {
	n.net.mu.Lock()
	defer n.net.mu.Unlock()
	n.lost = lost
}

// Serve is Network.Serve.
func (n *MemoryNode) Serve(h Handler) { n.handler.serve(h) }

// Call is Network.Call.
func (n *MemoryNode) Call(ctx context.Context, to string, r Request) ([]byte, error) {
	if err := check(r); err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	defer context.AfterFunc(n.ctx, stop)()
	target, fate := n.net.plan(n.id, to)
	if target == nil || n.ctx.Err() != nil {
		return nil, fault.New(fault.Unavailable, "node %s cannot be reached", to)
	}
	if fate.lost && r.Body != nil { // its connection breaks
		return nil, fault.Wrap(fault.Uncertain, errLost, "sending to node %s", to)
	}
	if fate.lost {
		<-ctx.Done() // as a caller of a real network, who hears nothing
		return nil, fault.Wrap(fault.Uncertain, errLost, "asking node %s", to)
	}
	if fate.twice && r.Body == nil {
		time.AfterFunc(fate.delay+fate.again, func() { target.accept(n.id, r, func([]byte, error) {}) })
	}
	done := make(chan reply, 1)
	deliver := func() {
		if r.Body != nil {
			r.Body = &cutReader{net: n.net, from: n.id, to: to, ctx: ctx, r: r.Body}
		}
		target.accept(n.id, r, func(answer []byte, err error) {
			_, back := n.net.plan(to, n.id)
			if back.lost && r.Body != nil {
				done <- reply{nil, fault.Wrap(fault.Uncertain, errLost, "sending to node %s", to)}
			}
			if !back.lost {
				wait(ctx, back.delay)
				done <- reply{answer, err}
			}
		})
	}
	if fate.delay == 0 {
		deliver()
	} else {
		time.AfterFunc(fate.delay, deliver)
	}
	select {
	case got := <-done:
		return got.answer, got.err
	case <-ctx.Done():
		return nil, fault.Wrap(fault.Uncertain, context.Cause(ctx), "node %s has not answered", to)
	}
}

type reply struct {
	answer []byte
	err    error
}

// accept serves a request, unless the node is closed: then it is lost.
func (n *MemoryNode) accept(from string, r Request, answer func([]byte, error)) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.closed {
		return
	}
	n.work.Go(func() {
		data, err := n.handler.call(n.ctx, from, r)
		if n.ctx.Err() == nil { // else nobody is there to say it
			answer(data, err)
		}
	})
}

func (n *MemoryNode) end() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.closed = true
	n.stop()
}

// Close is Network.Close.
func (n *MemoryNode) Close() error {
	n.end()
	n.work.Wait()
	n.net.mu.Lock()
	ours := n.net.nodes[n.id] == n
	if ours {
		delete(n.net.nodes, n.id)
	}
	n.net.mu.Unlock()
	if ours {
		n.net.miss(n.id)
	}
	return nil
}

// cutReader is a body on its way. It breaks off when its way is cut.
type cutReader struct {
	net      *Memory
	from, to string
	ctx      context.Context
	r        io.Reader
}

func (c *cutReader) Read(p []byte) (int, error) {
	if c.ctx.Err() != nil || c.net.isCut(c.from, c.to) {
		return 0, errLost
	}
	return c.r.Read(p)
}

func wait(ctx context.Context, d time.Duration) {
	if d <= 0 {
		return
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
