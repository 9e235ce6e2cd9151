package shard

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
)

// Log takes entries to the shard's replicas. The replication group is one.
type Log interface {
	// Propose appends an entry without waiting and returns a function that
	// waits for its replies. An error of that function says what is known.
	Propose(entry []byte) (wait func() ([]Reply, error))
}

// Bounds of one gathered entry. They bound latency and memory, never delay a
// lone caller: an entry goes out as soon as there is a place in flight.
const (
	maxBatchCommands = 256
	maxBatchBytes    = 1 << 20
	maxInFlight      = 2
	maxWaitingBytes  = 64 << 20
	maxBacklogBytes  = 512 << 20
	ownBytes         = 1 << 20 // of each shard, that do not count for the backlog
)

// A Backlog bounds what waits for all shards of a node together, at 512 MiB
// beside one MiB for each shard: those that are stuck keep no other one from
// going on. The zero value is ready for use.
type Backlog struct {
	bytes atomic.Int64

	mu     sync.Mutex // held before that of a proposer, never after
	shards map[*Proposer]bool
}

func (b *Backlog) join(p *Proposer) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.shards == nil {
		b.shards = map[*Proposer]bool{}
	}
	b.shards[p] = true
}

func (b *Backlog) leave(p *Proposer) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.shards, p)
}

// wait returns when there will be room: when the slowest shard has some.
func (b *Backlog) wait() time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	longest := shortestWait
	for p := range b.shards {
		p.mu.Lock()
		longest = max(longest, p.wait())
		p.mu.Unlock()
	}
	return longest
}

// take reports whether there was room.
func (b *Backlog) take(bytes int) bool {
	if b.bytes.Add(int64(bytes)) <= maxBacklogBytes {
		return true
	}
	b.give(bytes)
	return false
}

func (b *Backlog) give(bytes int) { b.bytes.Add(-int64(bytes)) }

// A Proposer gathers the commands that are waiting for a shard into log
// entries, so that one fsync and one transaction serve many callers.
type Proposer struct {
	log     Log
	clock   func() int64  // the leader's reading of the shard clock
	cut     func() uint64 // the highest cut number that this node has seen
	backlog *Backlog

	mu      sync.Mutex
	waiting []*waiter
	took    time.Duration // by the last entry, from its proposal to its replies
	sent    []time.Time   // when the entries in flight were proposed
	bytes   int
	stopped error

	wake     chan struct{}
	inFlight chan struct{}
	done     chan struct{}
	replies  sync.WaitGroup
}

type waiter struct {
	raw   []byte
	taken bool // an entry holds it; guarded by Proposer.mu
	reply chan outcome
}

type outcome struct {
	reply Reply
	err   error
}

// NewProposer starts a proposer. clock reads the leader's shard clock, cut the
// highest cut number that this node has seen. The proposers of a node share a
// backlog.
func NewProposer(log Log, clock func() int64, cut func() uint64, backlog *Backlog) *Proposer {
	p := &Proposer{
		log: log, clock: clock, cut: cut, backlog: backlog,
		wake: make(chan struct{}, 1), inFlight: make(chan struct{}, maxInFlight), done: make(chan struct{}),
	}
	backlog.join(p)
	go p.run()
	return p
}

// Submit adds an encoded envelope to the next entry and waits for its reply.
// If ctx ends first, the error is fault.Unavailable while the command is still
// waiting (it is withdrawn) and fault.Uncertain once it is in an entry.
func (p *Proposer) Submit(ctx context.Context, raw []byte) (Reply, error) {
	w := &waiter{raw: raw, reply: make(chan outcome, 1)}
	if err := p.enqueue(w); err != nil {
		return Reply{}, err
	}
	select {
	case o := <-w.reply:
		return o.reply, o.err
	case <-ctx.Done():
		return p.abandon(ctx, w)
	}
}

// Waiting returns how many commands are waiting for an entry.
func (p *Proposer) Waiting() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.waiting)
}

func (p *Proposer) enqueue(w *waiter) error {
	room, err := p.push(w)
	if err == nil && !room {
		return &command.OverloadedError{Wait: p.backlog.wait()}
	}
	return err
}

// push reports whether the backlog had room.
func (p *Proposer) push(w *waiter) (room bool, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch bytes := p.bytes + len(w.raw); {
	case p.stopped != nil:
		return false, p.stopped
	case bytes > maxWaitingBytes:
		return false, &command.OverloadedError{Wait: p.wait()}
	case !p.backlog.take(counted(bytes) - counted(p.bytes)):
		return false, nil
	}
	p.waiting = append(p.waiting, w)
	p.bytes += len(w.raw)
	select {
	case p.wake <- struct{}{}:
	default:
	}
	return true, nil
}

// counted returns what a shard's bytes are to the backlog.
func counted(bytes int) int { return max(bytes-ownBytes, 0) }

// less counts down what waits. The caller holds the lock.
func (p *Proposer) less(bytes int) {
	before := counted(p.bytes)
	p.bytes -= bytes
	p.backlog.give(before - counted(p.bytes))
}

// wait returns when there will be room: half of what waits has to go, as fast
// as the last entry went, or slower when one in flight takes longer. The caller
// holds the lock.
func (p *Proposer) wait() time.Duration {
	entries, took := time.Duration(p.bytes/(2*maxBatchBytes*maxInFlight)), p.took
	if len(p.sent) > 0 {
		took = max(took, time.Since(p.sent[0]))
	}
	return min(max(entries*min(took, longestWait), shortestWait), longestWait).Round(time.Millisecond)
}

// Bounds of what a caller is told to wait.
const (
	shortestWait = time.Second
	longestWait  = 30 * time.Second
)

func (p *Proposer) abandon(ctx context.Context, w *waiter) (Reply, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if w.taken {
		return Reply{}, fault.Wrap(fault.Uncertain, context.Cause(ctx), "the command is in the log's hands and the caller stopped waiting")
	}
	for i, other := range p.waiting {
		if other == w {
			p.waiting = append(p.waiting[:i], p.waiting[i+1:]...)
			p.less(len(w.raw))
			break
		}
	}
	return Reply{}, fault.Wrap(fault.Unavailable, context.Cause(ctx), "the caller stopped waiting before the command was logged")
}

func (p *Proposer) run() {
	for {
		select {
		case <-p.wake:
		case <-p.done:
			return
		}
		for {
			select {
			case p.inFlight <- struct{}{}:
			case <-p.done:
				return
			}
			batch := p.gather()
			if len(batch) == 0 {
				<-p.inFlight
				break
			}
			p.propose(batch)
		}
	}
}

// gather takes what is waiting, up to the bounds of one entry.
func (p *Proposer) gather() []*waiter {
	p.mu.Lock()
	defer p.mu.Unlock()
	n, size := 0, 0
	for n < len(p.waiting) && n < maxBatchCommands {
		size += len(p.waiting[n].raw)
		if n > 0 && size > maxBatchBytes {
			size -= len(p.waiting[n].raw)
			break
		}
		p.waiting[n].taken = true
		n++
	}
	batch := p.waiting[:n:n]
	p.waiting = p.waiting[n:]
	p.less(size)
	return batch
}

func (p *Proposer) propose(batch []*waiter) {
	entry := command.Batch{Clock: p.clock(), Cut: p.cut(), Commands: make([][]byte, len(batch))}
	size := 32
	for i, w := range batch {
		entry.Commands[i] = w.raw
		size += len(w.raw) + 4
	}
	proposed := time.Now()
	p.mu.Lock()
	p.sent = append(p.sent, proposed)
	p.mu.Unlock()
	wait := p.log.Propose(command.AppendBatch(make([]byte, 0, size), entry))
	p.replies.Go(func() {
		replies, err := wait()
		<-p.inFlight
		p.mu.Lock()
		p.took, p.sent = time.Since(proposed), p.sent[1:]
		p.mu.Unlock()
		for i, w := range batch {
			if err != nil {
				w.reply <- outcome{err: err}
				continue
			}
			if !replies[i].Steps.Began.IsZero() {
				replies[i].Steps.Proposed = proposed
			}
			w.reply <- outcome{reply: replies[i]}
		}
	})
}

// Stop ends the proposer: commands that are waiting and later ones get err,
// those in flight get what the log says. It waits for the latter.
func (p *Proposer) Stop(err error) {
	p.mu.Lock()
	if p.stopped != nil {
		p.mu.Unlock()
		return
	}
	defer p.backlog.leave(p)
	p.stopped = err
	waiting := p.waiting
	p.waiting = nil
	p.less(p.bytes)
	close(p.done)
	p.mu.Unlock()
	for _, w := range waiting {
		w.reply <- outcome{err: err}
	}
	p.replies.Wait()
}
