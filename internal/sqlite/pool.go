package sqlite

import (
	"context"
	"errors"
	"sync"

	"github.com/keelshop/commerce/fault"
	lib "modernc.org/sqlite/lib"
)

// Pool lends reading connections to one file. It is safe for concurrent use.
type Pool struct {
	path string
	o    Options

	slots  chan struct{} // one token per connection in use
	closed chan struct{}
	once   sync.Once

	mu   sync.Mutex
	idle []*Conn // the last one was used last; it is lent first, since its cache is warm
}

// NewPool returns a pool of at most n connections to the file at path, which exists. They are opened when they are
// first needed and always for reading only, whatever o says.
func NewPool(path string, n int, o Options) (*Pool, error) {
	if n < 1 {
		return nil, fault.New(fault.Invalid, "a pool of readers needs at least 1 connection, not %d", n)
	}
	o.ReadOnly = true
	return &Pool{path: path, o: o, slots: make(chan struct{}, n), closed: make(chan struct{})}, nil
}

// View calls fn with one unchanging snapshot of the file. It waits for a free connection until ctx ends. When ctx
// ends while fn runs, the statement that is running fails, and so does every later one. An error that ctx caused is
// [fault.Unavailable] and wraps that of ctx; an error of fn comes back as it is.
//
// fn keeps neither the Tx nor anything read from it that is not a copy.
func (p *Pool) View(ctx context.Context, fn func(*Tx) error) error {
	c, err := p.take(ctx)
	if err != nil {
		return err
	}
	defer p.give(c)
	if err := c.Begin(); err != nil {
		return err
	}
	if ctx.Done() != nil {
		defer interruptAfter(ctx, c)()
	}
	err = fn(c.Tx())
	if interrupted(err) && ctx.Err() != nil {
		return fault.Wrap(fault.Unavailable, ctx.Err(), "the reading of %s was stopped", p.path)
	}
	return err
}

// interruptAfter interrupts c when ctx ends. The function that it returns ends that for good: once it has returned,
// no interrupt is on its way to whoever uses c next.
func interruptAfter(ctx context.Context, c *Conn) (stop func()) {
	done := make(chan struct{})
	cancel := context.AfterFunc(ctx, func() {
		defer close(done)
		c.Interrupt()
	})
	return func() {
		if !cancel() {
			<-done
		}
	}
}

func interrupted(err error) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && e.Code&0xff == lib.SQLITE_INTERRUPT
}

// take waits for a slot and returns a connection for it.
func (p *Pool) take(ctx context.Context) (*Conn, error) {
	if err := p.wait(ctx); err != nil {
		return nil, err
	}
	if c := p.pop(); c != nil {
		return c, nil
	}
	c, err := Open(p.path, p.o)
	if err != nil {
		<-p.slots
		return nil, err
	}
	return c, nil
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
	case <-p.closed:
		return fault.New(fault.Unavailable, "the readers of %s are closed", p.path)
	case <-ctx.Done():
		return fault.Wrap(fault.Unavailable, ctx.Err(), "no reader of %s became free in time", p.path)
	}
}

func (p *Pool) pop() *Conn {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.idle) == 0 {
		return nil
	}
	last := len(p.idle) - 1
	c := p.idle[last]
	p.idle = p.idle[:last]
	return c
}

// give ends the snapshot and frees the slot. A connection that cannot even roll back is not lent again.
func (p *Pool) give(c *Conn) {
	if c.Rollback() != nil {
		c.Close()
	} else {
		p.mu.Lock()
		p.idle = append(p.idle, c)
		p.mu.Unlock()
	}
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
		for c := p.pop(); c != nil; c = p.pop() {
			err = errors.Join(err, c.Close())
		}
	})
	return err
}
