package sqlite

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/watchdog"
	lib "modernc.org/sqlite/lib"
)

// Pool lends reading connections to one file. It is safe for concurrent use.
type Pool struct {
	path string
	o    Options

	slots  chan struct{} // one token per connection in use
	closed chan struct{}
	once   sync.Once
	hung   chan struct{} // closed when a read has hung for too long

	mu   sync.Mutex
	all  []*reader
	idle []*reader // the last one was used last; it is lent first, since its cache is warm
}

// NewPool returns a pool of at most n connections to the file at path, which exists. They are opened when they are
// first needed and always for reading only, whatever o says.
func NewPool(path string, n int, o Options) (*Pool, error) {
	if n < 1 {
		return nil, fault.New(fault.Invalid, "a pool of readers needs at least 1 connection, not %d", n)
	}
	o.ReadOnly = true
	p := &Pool{path: path, o: o, slots: make(chan struct{}, n), closed: make(chan struct{}), hung: make(chan struct{})}
	for range n {
		p.idle = append(p.idle, &reader{pool: p, hand: newHand()})
	}
	p.all = slices.Clone(p.idle)
	return p, nil
}

// Watch calls hangs, once and with a [*HangingReadError], when a single step of a read has taken longer than limit,
// measured as in package watchdog. From then on no caller waits for a read that hangs. It ends with Close.
func (p *Pool) Watch(limit time.Duration, hangs func(error)) {
	go func() {
		ticker := time.NewTicker(limit / watchdog.Ticks)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
			case <-p.closed:
				return
			}
			if p.tick() {
				close(p.hung)
				hangs(&HangingReadError{Path: p.path})
				return
			}
		}
	}()
}

// tick reports whether a reader has used up its time.
func (p *Pool) tick() (expired bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, r := range p.all {
		expired = r.hand.dog.Tick() || expired
	}
	return expired
}

// View calls fn with one unchanging snapshot of the file, taken at fn's first read, on a goroutine of the pool. It waits for a free connection
// until ctx ends. When ctx ends while fn runs, the statement that is running fails, and so does every later one. An
// error that ctx caused is [fault.Unavailable] and wraps that of ctx; an error of fn comes back as it is.
//
// A read that hangs in the file system is left when ctx ends, with a [*HangingReadError]: fn may then still be running,
// and what it writes to must not be used.
//
// fn keeps neither the Tx nor anything read from it that is not a copy.
func (p *Pool) View(ctx context.Context, fn func(*Tx) error) error {
	r, err := p.take(ctx)
	if err != nil {
		return err
	}
	left := false
	defer func() {
		if !left {
			p.give(r)
		}
	}()
	var out error
	if hangs := r.hand.do(ctx, p.hung, p.path, r.interrupt, func() { out = r.view(ctx, fn) }); hangs != nil {
		left = true
		go p.await(r)
		return hangs
	}
	if interrupted(out) && ctx.Err() != nil {
		return fault.Wrap(fault.Unavailable, ctx.Err(), "the reading of %s was stopped", p.path)
	}
	return out
}

// await takes a reader back whose call hangs.
func (p *Pool) await(r *reader) {
	<-r.hand.done
	p.give(r)
}

// take waits for a slot and returns a reader for it.
func (p *Pool) take(ctx context.Context) (*reader, error) {
	if err := p.wait(ctx); err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	last := len(p.idle) - 1 // whoever has a slot finds one
	r := p.idle[last]
	p.idle = p.idle[:last]
	return r, nil
}

func (p *Pool) wait(ctx context.Context) error {
	select { // when several channels are ready, select picks any: these two come first
	case <-p.closed:
		return fault.New(fault.Unavailable, "the readers of %s are closed", p.path)
	case <-ctx.Done():
		return fault.Wrap(fault.Unavailable, ctx.Err(), "no reader of %s became free in time", p.path)
	default:
	}
	select {
	case p.slots <- struct{}{}:
		return nil
	default:
	}
	select {
	case p.slots <- struct{}{}:
		return nil
	case <-p.closed:
		return fault.New(fault.Unavailable, "the readers of %s are closed", p.path)
	case <-p.hung:
		return &HangingReadError{Path: p.path}
	case <-ctx.Done():
		return fault.Wrap(fault.Unavailable, ctx.Err(), "no reader of %s became free in time", p.path)
	}
}

// give makes a reader and its slot free.
func (p *Pool) give(r *reader) {
	p.mu.Lock()
	p.idle = append(p.idle, r)
	p.mu.Unlock()
	<-p.slots
}

// Close refuses further reads, waits for those that are running, and closes all connections.
func (p *Pool) Close() error {
	var err error
	p.once.Do(func() {
		close(p.closed)
		for range cap(p.slots) {
			p.slots <- struct{}{}
		}
		for _, r := range p.all {
			err = errors.Join(err, r.close())
		}
	})
	return err
}

// reader is one connection of a pool. Its hand makes all calls.
type reader struct {
	pool *Pool
	hand *hand
	conn atomic.Pointer[Conn] // nil until it is opened
}

// view runs fn on a snapshot. A connection that cannot even roll back is not used again.
func (r *reader) view(ctx context.Context, fn func(*Tx) error) error {
	c, err := r.open()
	if err != nil {
		return err
	}
	defer func() {
		if c.Rollback() != nil {
			r.conn.Store(nil)
			c.Close()
		}
	}()
	if err := c.beginLazily(); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil { // an interrupt may have come before Begin
		return fault.Wrap(fault.Unavailable, err, "the reading of %s was stopped", r.pool.path)
	}
	return fn(c.Tx())
}

func (r *reader) open() (*Conn, error) {
	if c := r.conn.Load(); c != nil {
		return c, nil
	}
	r.hand.dog.Begin()
	defer r.hand.dog.End()
	c, err := Open(r.pool.path, r.pool.o)
	if err != nil {
		return nil, err
	}
	c.dog = &r.hand.dog
	r.conn.Store(c)
	return c, nil
}

func (r *reader) interrupt() {
	if c := r.conn.Load(); c != nil {
		c.Interrupt()
	}
}

func (r *reader) close() error {
	close(r.hand.jobs)
	if c := r.conn.Load(); c != nil {
		return c.Close()
	}
	return nil
}

func interrupted(err error) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && e.Code&0xff == lib.SQLITE_INTERRUPT
}
