// Package search finds products: full text with the spelling, units and
// inflections that people use, filters, facets with counts, and suggestions
// while they type.
//
// A Finder keeps an index beside the store and follows the store's events.
// The index holds nothing that the store does not: if it is lost or damaged,
// it is made again while the shop goes on. Prices and availability of what is
// found are read from the store at that moment, so that a result shows what
// checkout would charge.
package search

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"sync"
	"sync/atomic"

	"github.com/gofrs/flock"
	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/pan"
)

// Options changes how a Finder works. The zero Options are good for a shop in
// English.
type Options struct {
	// Dir is where the index is kept. It defaults to "search" in the store's
	// directory and belongs to one Finder at a time.
	Dir string
	// Locale is the BCP 47 tag of the language that is searched in: "en" if it
	// is "". Products are found by their translation into it, or else by their
	// own texts. Changing it builds the index anew. A shop in several languages
	// has a Finder for each.
	Locale string
	// CacheBytes bounds the memory for postings that were read. It defaults
	// to 64 MiB.
	CacheBytes int
	// Logger hears of what no caller does, such as an index that was built
	// anew. It defaults to slog.DiscardHandler.
	Logger *slog.Logger
	// Plain leaves out the synonyms that the package brings for the language.
	// Those of the shop are in its Merchandising.
	Plain bool
}

// Finder answers queries over a store's catalogue. It is safe for concurrent
// use.
type Finder struct {
	shop    *commerce.Store
	options Options
	dir     directory
	rules   atomic.Pointer[rules]
	misses  misses
	lock    *flock.Flock

	stop    context.CancelFunc
	worker  sync.WaitGroup
	rebuild chan struct{} // asks the worker for a new index

	mu      sync.RWMutex
	active  *index // what queries see; nil until there is one
	state   Status
	at      commerce.Position // up to where events are visible
	changed chan struct{}     // closed and replaced whenever at or state changes
}

// Open opens the index of a store, or begins to build it in the background:
// then queries find what is there already, and Status and After tell when all
// is. An index that cannot be opened is set aside and built anew.
//
// Close the Finder before the store.
func Open(ctx context.Context, shop *commerce.Store, o Options) (*Finder, error) {
	if o.Dir == "" {
		o.Dir = filepath.Join(shop.Dir(), "search")
	}
	if o.Locale == "" {
		o.Locale = "en"
	}
	if o.CacheBytes == 0 {
		o.CacheBytes = 64 << 20
	}
	o.Logger = pan.Logger(o.Logger)
	if o.CacheBytes < 0 {
		return nil, fault.New(fault.Invalid, "the cache of postings cannot have %d bytes", o.CacheBytes)
	}
	f := &Finder{
		shop: shop, options: o, dir: directory{o.Dir},
		rebuild: make(chan struct{}, 1), changed: make(chan struct{}),
	}
	var err error
	if f.lock, err = f.dir.open(); err != nil {
		return nil, err
	}
	first, err := f.openCurrent()
	if err != nil {
		return nil, errors.Join(err, f.lock.Unlock())
	}
	f.active = first
	f.at = commerce.Position(first.head.Position)
	f.state.Building = !first.head.Complete
	run, stop := context.WithCancel(context.Background())
	f.stop = stop
	f.worker.Go(func() { f.run(run) })
	return f, nil
}

// Close ends the Finder. Queries that are running get their answer. Texts that
// found nothing are noted first, unless the store is closed already.
func (f *Finder) Close() error {
	f.stop()
	f.worker.Wait()
	if err := f.noteMisses(context.Background()); err != nil {
		f.options.Logger.Debug("texts that found nothing could not be noted", "error", err)
	}
	f.mu.Lock()
	x := f.active
	f.active = nil
	f.signal()
	f.mu.Unlock()
	var err error
	if x != nil {
		err = x.close()
	}
	return errors.Join(err, f.lock.Unlock())
}

// use calls fn with the index that queries see. The index stays open until fn
// returns.
func (f *Finder) use(fn func(*index) error) error {
	f.mu.RLock()
	x := f.active
	if x == nil {
		f.mu.RUnlock()
		return fault.New(fault.Unavailable, "the search is closed")
	}
	x.users.Add(1)
	f.mu.RUnlock()
	defer x.users.Done()
	err := fn(x)
	if _, damaged := errors.AsType[*damagedError](err); damaged {
		f.damaged(err)
	}
	return err
}

// damaged asks for a new index in place of one that a query found damaged.
func (f *Finder) damaged(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.state.Err == nil {
		f.state.Err = err
		f.state.Rebuilds++
		f.Rebuild()
	}
}

// After waits until everything that happened before a position is visible to
// queries, or until ctx ends, which is fault.Unavailable. Use it to read your
// own writes: the position of a moment is shop.Latest().
func (f *Finder) After(ctx context.Context, p commerce.Position) error {
	for {
		f.mu.RLock()
		done, closed, changed := !f.state.Building && f.at.Includes(p), f.active == nil, f.changed
		f.mu.RUnlock()
		switch {
		case done:
			return nil
		case closed:
			return fault.New(fault.Unavailable, "the search is closed")
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fault.Wrap(fault.Unavailable, context.Cause(ctx), "waiting for the search index")
		}
	}
}

// Status says how the index is.
type Status struct {
	// Building is set while the first index is being built, which is searched
	// as far as it has come.
	Building bool
	// Rebuilding is set while a new index is being built beside the one that
	// is searched.
	Rebuilding bool
	// Indexed is how many products the last building has indexed so far, without
	// those that it had when it was interrupted.
	Indexed int
	// Position is up to where queries see what has happened.
	Position commerce.Position
	// Documents is how many products can be found.
	Documents int
	// Rebuilds counts the indexes that were built because an old one was
	// damaged or out of date, since the Finder was opened.
	Rebuilds int
	// Err is why the last attempt to write the index failed, or nil.
	Err error
}

// Status returns how the index is now.
func (f *Finder) Status() Status {
	f.mu.RLock()
	defer f.mu.RUnlock()
	s := f.state
	s.Position = f.at
	if f.active != nil {
		s.Documents = f.active.count()
	}
	return s
}

// signal wakes those who wait for a change. f.mu is held.
func (f *Finder) signal() {
	close(f.changed)
	f.changed = make(chan struct{})
}

// Rebuild builds a new index in the background, while the old one goes on
// answering, and then takes it into use. Status tells how far it is. If the
// program ends meanwhile, it goes on when the Finder is opened again.
func (f *Finder) Rebuild() {
	select {
	case f.rebuild <- struct{}{}:
	default: // one is asked for already
	}
}
