package search

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/fault"
)

// changes are what some events ask for.
type changes struct {
	products   map[catalog.ProductID]bool
	categories map[catalog.CategoryID]bool
	types      map[catalog.ProductTypeID]bool
	skus       map[catalog.SKU]bool // whose stock has changed
	upTo       commerce.Position
	events     int
}

func newChanges() *changes {
	return &changes{
		products: map[catalog.ProductID]bool{}, categories: map[catalog.CategoryID]bool{}, types: map[catalog.ProductTypeID]bool{}, skus: map[catalog.SKU]bool{},
	}
}

func (c *changes) empty() bool {
	return len(c.products)+len(c.categories)+len(c.types)+len(c.skus) == 0
}

// note takes in one event.
func (c *changes) note(e commerce.Event) {
	c.upTo = e.Position
	c.events++
	noun, _, _ := strings.Cut(e.Kind, ".")
	switch noun {
	case "product":
		c.products[catalog.ProductID(e.Subject)] = true
	case "product_type":
		c.types[catalog.ProductTypeID(e.Subject)] = true
	case "category":
		c.categories[catalog.CategoryID(e.Subject)] = true
	case "inventory":
		var stock struct {
			SKU catalog.SKU `json:"sku"`
		}
		if json.Unmarshal(e.Data, &stock) == nil && stock.SKU != "" {
			c.skus[stock.SKU] = true
		}
	}
}

// run keeps the index in step with the store until ctx ends.
func (f *Finder) run(ctx context.Context) {
	for ctx.Err() == nil {
		err := f.serve(ctx)
		if ctx.Err() != nil || err == nil {
			continue
		}
		f.options.Logger.Warn("the search index is behind and will be tried again", "error", err)
		f.failed(err)
		wait(ctx, retryAfter)
	}
}

const retryAfter = time.Second

func wait(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

func (f *Finder) failed(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.state.Err = err
	f.signal()
}

// serve finishes the index in use if it is not complete, and follows the
// store. It returns when something is wrong that trying again may mend.
func (f *Finder) serve(ctx context.Context) error {
	x := f.active // only this goroutine changes it
	if !x.head.Complete {
		if err := f.build(ctx, x); err != nil {
			return err
		}
		f.mu.Lock()
		f.state.Building, f.state.Err = false, nil
		f.signal()
		f.mu.Unlock()
	}
	err := f.follow(ctx, x)
	if _, expired := errors.AsType[*commerce.PositionExpiredError](err); expired || errors.Is(err, fault.Broken) && f.shop.Err() == nil {
		f.options.Logger.Warn("the search index is built anew", "cause", err)
		f.failed(err)
		f.starting()
		f.mu.Lock()
		f.state.Rebuilds++
		f.mu.Unlock()
		return f.take(ctx, f.replace(ctx))
	}
	return err
}

// follow applies events to an index until ctx ends, something fails, or
// another index is in use.
func (f *Finder) follow(ctx context.Context, x *index) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	events := make(chan commerce.Event, 1024)
	go func() {
		defer close(events)
		stop(f.listen(ctx, commerce.Position(x.head.Position), events))
	}()
	surveyed := make(chan survey)
	f.worker.Go(func() { f.surveys(ctx, surveyed) })
	f.worker.Go(func() { f.keepWarm(ctx, x) })
	built := make(chan replacement, 1)
	var builders int
	defer func() {
		for range builders {
			stop(nil)
			if r := <-built; r.x != nil {
				_ = r.x.close()
			}
		}
	}()
	for {
		select {
		case e, ok := <-events:
			if !ok {
				return context.Cause(ctx)
			}
			c, err := f.gather(ctx, e, events)
			if err != nil {
				return err
			}
			if err := f.apply(ctx, x, c); err != nil {
				return err
			}
		case s := <-surveyed:
			x.setSold(s.sold)
			c, err := s.changes(ctx, f, x)
			if err != nil {
				return err
			}
			c.upTo = commerce.Position(x.head.Position)
			if err := f.apply(ctx, x, c); err != nil {
				return err
			}
		case <-f.rebuild:
			if builders > 0 {
				continue
			}
			builders++
			f.starting()
			go func() { built <- f.replace(ctx) }()
		case r := <-built:
			builders--
			return f.take(ctx, r)
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// listenPause is how long the events of others are let gather after one. To
// read each by itself would take a tenth of what a checkout does.
const listenPause = gatherTime / 2

// listen sends events from a position on, until ctx ends or something fails.
func (f *Finder) listen(ctx context.Context, at commerce.Position, to chan<- commerce.Event) error {
	send := func(e commerce.Event) {
		at = e.Position
		select {
		case to <- e:
		case <-ctx.Done():
		}
	}
	for ctx.Err() == nil {
		for e, err := range f.shop.Follow(ctx, at) { // waits for one
			if err != nil {
				return err
			}
			send(e)
			break
		}
		wait(ctx, listenPause)
		for e, err := range f.shop.Events(ctx, at) {
			if err != nil {
				return err
			}
			if send(e); ctx.Err() != nil {
				break
			}
		}
	}
	return context.Cause(ctx)
}

func (f *Finder) starting() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.state.Indexed, f.state.Rebuilding = 0, true
	f.signal()
}

// take brings a new index up to now and takes it into use.
func (f *Finder) take(ctx context.Context, r replacement) error {
	defer func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.state.Rebuilding = false
		f.signal()
	}()
	if r.err != nil {
		return r.err
	}
	if err := f.catchUp(ctx, r.x); err != nil {
		return errors.Join(err, r.x.close())
	}
	return f.swap(r)
}

// catchUp applies all events that there are.
func (f *Finder) catchUp(ctx context.Context, x *index) error {
	c := newChanges()
	for e, err := range f.shop.Events(ctx, commerce.Position(x.head.Position)) {
		if err != nil {
			return err
		}
		if c.note(e); len(c.products) >= batchSize {
			if err := f.apply(ctx, x, c); err != nil {
				return err
			}
			c = newChanges()
		}
	}
	if c.events == 0 {
		return nil
	}
	return f.apply(ctx, x, c)
}

// gatherTime is how long to wait for more events, so that a batch is worth
// its while. It is what a change needs at least to become visible.
const gatherTime = 10 * time.Millisecond

// gather takes in an event and those that come right after it.
func (f *Finder) gather(ctx context.Context, e commerce.Event, events <-chan commerce.Event) (*changes, error) {
	c := newChanges()
	c.note(e)
	enough := time.NewTimer(gatherTime)
	defer enough.Stop()
	for len(c.products) < batchSize && len(c.skus) < batchSize {
		select {
		case e, ok := <-events:
			if !ok {
				return c, context.Cause(ctx)
			}
			c.note(e)
		case <-enough.C:
			return c, nil
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
	return c, nil
}

// idleEvents is how many events that change nothing may come before the
// position is stored all the same.
const idleEvents = 10_000

// apply brings an index up to the last of some events.
func (f *Finder) apply(ctx context.Context, x *index, c *changes) error {
	puts, removed, err := f.resolve(ctx, x, c)
	if err != nil {
		return err
	}
	h := x.head
	h.Position = string(c.upTo)
	x.idle += c.events
	if len(puts)+len(removed) > 0 || x.idle > idleEvents {
		if err := x.write(puts, removed, h); err != nil {
			return fault.Wrap(fault.Broken, err, "indexing products")
		}
		x.idle = 0
	}
	x.head = h
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.active == x {
		f.at = c.upTo
		f.state.Err = nil
		f.signal()
	}
	return nil
}
