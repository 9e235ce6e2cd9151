package search

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/catalog"
)

// openCurrent opens the index in use. One that cannot be opened or was made
// by other rules is set aside, and a new one begun.
func (f *Finder) openCurrent() (*index, error) {
	name, err := f.dir.current()
	if err != nil {
		return nil, err
	}
	if name != "" {
		x, err := f.openNamed(name)
		if err == nil {
			return x, f.keepBuilding(name)
		}
		f.options.Logger.Warn("the search index cannot be used and is built anew", "index", f.dir.file(name), "cause", err)
		f.state.Rebuilds++
		if err := f.dir.quarantine(name); err != nil {
			return nil, fmt.Errorf("setting the search index aside: %w", err)
		}
	}
	if err := f.dir.sweep(); err != nil {
		return nil, err
	}
	return f.begin()
}

// keepBuilding removes the indexes beside the one in use, but for one that was
// being built to replace it: that goes on.
func (f *Finder) keepBuilding(current string) error {
	next, err := f.dir.building()
	if err != nil {
		return err
	}
	if next == "" || next == current { // or it was taken into use a moment before the end
		return f.dir.sweep(current)
	}
	f.Rebuild()
	return f.dir.sweep(current, next)
}

// openNamed opens an index and refuses one that does not fit the store.
func (f *Finder) openNamed(name string) (*index, error) {
	x, err := openIndex(f.dir.file(name), f.options.Locale, f.options.CacheBytes)
	if err != nil {
		return nil, err
	}
	h := x.head
	switch {
	case h.Format != format:
		err = fmt.Errorf("it has format %d, and this program writes %d", h.Format, format)
	case h.Locale != f.options.Locale:
		err = fmt.Errorf("it is for the locale %q, not %q", h.Locale, f.options.Locale)
	case h.Store != f.shop.ID():
		err = errors.New("it belongs to another store")
	case !f.shop.Latest().Includes(commerce.Position(h.Position)):
		err = errors.New("it is ahead of the store, which may have been restored from a backup")
	default:
		return x, nil
	}
	return nil, errors.Join(err, x.close())
}

// begin makes a new index that is taken into use at once.
func (f *Finder) begin() (*index, error) {
	name := f.dir.next()
	x, err := f.create(name)
	if err != nil {
		return nil, err
	}
	if err := f.dir.setCurrent(name); err != nil {
		return nil, errors.Join(err, x.close())
	}
	return x, nil
}

// create makes an empty index. Its position is that of now: what happens
// while it is built is read after it.
func (f *Finder) create(name string) (*index, error) {
	x, err := openIndex(f.dir.file(name), f.options.Locale, f.options.CacheBytes)
	if err != nil {
		return nil, err
	}
	h := header{Format: format, Locale: f.options.Locale, Store: f.shop.ID(), Position: string(f.shop.Latest())}
	if err := x.write(nil, nil, h); err != nil {
		return nil, errors.Join(err, x.close())
	}
	return x, nil
}

// batchSize is how many products are indexed at a time, and buildSize how many
// while an index is built: fewer and larger segments cost less to merge.
const (
	batchSize = 1000
	buildSize = 2000
)

// chunk is a part of the catalogue as it is read.
type chunk struct {
	docs []Document
	last catalog.ProductID
	err  error
}

// build puts the whole catalogue into an index. It goes on where it was
// interrupted. One part is read while the part before it is indexed.
func (f *Finder) build(ctx context.Context, x *index) error {
	ctx, stop := context.WithCancel(ctx)
	chunks := make(chan chunk)
	go func() {
		defer close(chunks)
		f.readAll(ctx, catalog.ProductID(x.head.Next), chunks)
	}()
	defer func() {
		stop()
		for range chunks { // until the reader has ended
		}
	}()
	h := x.head
	for c := range chunks {
		if c.err != nil {
			return c.err
		}
		from := h.Next
		h.Next = string(c.last)
		if err := x.write(c.docs, nil, h); err != nil {
			return err
		}
		f.progress(len(c.docs))
		f.options.Logger.DebugContext(ctx, "products were indexed", "products", len(c.docs), "behind", from, "last", h.Next)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	h.Complete, h.Next = true, ""
	return x.write(nil, nil, h)
}

// readAll sends the products behind one as documents, until ctx ends.
func (f *Finder) readAll(ctx context.Context, after catalog.ProductID, to chan<- chunk) {
	send := func(list []catalog.Product, err error) bool {
		c := chunk{err: err}
		if err == nil {
			c.last = list[len(list)-1].ID
			c.docs, c.err = f.documents(ctx, list)
		}
		select {
		case to <- c:
			return c.err == nil
		case <-ctx.Done():
			return false
		}
	}
	var list []catalog.Product
	for p, err := range f.shop.Catalog.All(ctx, catalog.Filter{Status: catalog.Active, After: after}) {
		if err != nil {
			send(nil, err)
			return
		}
		if list = append(list, p); len(list) == buildSize {
			if !send(list, nil) {
				return
			}
			list = make([]catalog.Product, 0, buildSize)
		}
	}
	if len(list) > 0 {
		send(list, nil)
	}
}

// progress tells that more products were indexed.
func (f *Finder) progress(n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.state.Indexed += n
	f.signal()
}

// replacement is an index that was built beside the one in use.
type replacement struct {
	name string
	x    *index
	err  error
}

// replace builds a new index beside the one in use, or goes on with one that
// was interrupted.
func (f *Finder) replace(ctx context.Context) replacement {
	name, x, err := f.resume(ctx)
	if err == nil && x == nil {
		name, x, err = f.fresh()
	}
	if err != nil {
		return replacement{err: err}
	}
	if !x.head.Complete {
		err = f.build(ctx, x)
	}
	if err != nil {
		return replacement{name: name, err: errors.Join(err, x.close())}
	}
	return replacement{name: name, x: x}
}

// fresh makes an empty index to be built.
func (f *Finder) fresh() (string, *index, error) {
	name := f.dir.next()
	if err := f.dir.setBuilding(name); err != nil {
		return "", nil, err
	}
	x, err := f.create(name)
	return name, x, err
}

// resume opens the index whose building was interrupted, or returns nil. One
// that cannot be used, or that events it needs have expired for, is removed.
func (f *Finder) resume(ctx context.Context) (string, *index, error) {
	name, err := f.dir.building()
	if err != nil || name == "" {
		return "", nil, err
	}
	if current, err := f.dir.current(); err != nil || name == current {
		return "", nil, err
	}
	if _, err := os.Lstat(f.dir.file(name)); errors.Is(err, fs.ErrNotExist) {
		return "", nil, nil
	}
	x, err := f.openNamed(name)
	if err == nil {
		if err = f.readable(ctx, x); err == nil {
			return name, x, nil
		}
		err = errors.Join(err, x.close())
	}
	if ctx.Err() != nil {
		return "", nil, err
	}
	f.options.Logger.Warn("the search index that was being built is begun anew", "index", f.dir.file(name), "cause", err)
	return "", nil, os.RemoveAll(f.dir.file(name))
}

// readable tells whether the events behind an index can still be read.
func (f *Finder) readable(ctx context.Context, x *index) error {
	for _, err := range f.shop.Events(ctx, commerce.Position(x.head.Position)) {
		return err
	}
	return nil
}

// swap takes a new index into use and removes the old one.
func (f *Finder) swap(r replacement) error {
	if err := f.dir.setCurrent(r.name); err != nil {
		return errors.Join(fmt.Errorf("taking the new search index into use: %w", err), r.x.close())
	}
	f.mu.Lock()
	old := f.active
	f.active = r.x
	f.at = commerce.Position(r.x.head.Position)
	f.state.Building, f.state.Err = false, nil
	f.signal()
	f.mu.Unlock()
	err := old.close()
	return errors.Join(err, f.dir.sweep(r.name))
}
