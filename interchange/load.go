package interchange

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/fault"
)

// Bounds of what is put at once.
const (
	batchProducts = 500
	batchVariants = 2000
)

// loader writes records into a store.
type loader struct {
	shop    *commerce.Store
	options Options
	summary Summary

	batch    []*record
	variants int
	working  *work            // a batch that is being written while the next is read
	skus     map[[16]byte]int // rows of SKUs and handles so far

	fresh       bool                          // the store had no products when the import began
	categories  map[string]catalog.CategoryID // by handle
	collections map[string]bool               // handles
}

func (l *loader) run(ctx context.Context, all records) error {
	if !l.options.DryRun {
		l.fresh = true
		for _, err := range l.shop.Catalog.IDs(ctx, catalog.Filter{Limit: 1}) {
			if err != nil {
				return fmt.Errorf("looking for products: %w", err)
			}
			l.fresh = false
		}
	}
	for r, err := range all {
		if err == nil {
			err = ctx.Err()
		}
		if err == nil {
			err = l.add(ctx, r)
		}
		if err != nil {
			return errors.Join(l.flush(ctx), l.settle(), err)
		}
	}
	return errors.Join(l.flush(ctx), l.settle())
}

func (l *loader) add(ctx context.Context, r *record) error {
	if r.part != nil {
		return l.putPart(ctx, r)
	}
	l.summary.Rows += max(1, len(r.rows))
	l.repeated(r)
	if !r.refused() {
		if err := l.prepare(ctx, r); err != nil {
			return err
		}
	}
	l.batch = append(l.batch, r) // a refused one too: what is told comes in the order of the file
	if l.variants += len(r.put.Variants); len(l.batch) >= batchProducts || l.variants >= batchVariants {
		return l.flush(ctx)
	}
	return nil
}

// repeated refuses a product whose handle or SKU another one of the file has.
func (l *loader) repeated(r *record) {
	names := map[[16]byte]bool{}
	watch := func(kind, name, column, rule string) {
		sum := sha256.Sum256([]byte(kind + name))
		key := [16]byte(sum[:16])
		if first, seen := l.skus[key]; seen {
			r.refuse(r.line, column, rule, "%q is that of row %d too", name, first)
			return
		}
		if names[key] {
			r.refuse(r.line, column, rule, "the product has %q twice", name)
		}
		names[key] = true
	}
	if r.put.Handle != "" {
		watch("handle ", r.put.Handle, "handle", "repeated_handle")
	}
	for _, v := range r.put.Variants {
		watch("sku ", string(v.SKU), "sku", "repeated_sku")
	}
	if r.refused() {
		return
	}
	for key := range names {
		l.skus[key] = r.line
	}
}

// prepare resolves what a record names outside of itself, and checks it.
func (l *loader) prepare(ctx context.Context, r *record) error {
	if err := l.existing(ctx, r); err != nil {
		return err
	}
	if r.own != nil {
		if err := l.bring(ctx, r, r.own.assets()); err != nil {
			return err
		}
	}
	if !r.kept {
		if l.options.Picture != nil && !l.options.DryRun {
			l.fetch(ctx, r)
		}
		r.keepMedia()
		if err := l.categorize(ctx, r); err != nil {
			return err
		}
		if err := l.classify(ctx, r); err != nil {
			return err
		}
	}
	if err := l.listed(ctx, r); err != nil {
		return err
	}
	for _, c := range r.counts() {
		if err := c.check(); err != nil {
			r.refuse(r.line, "", "bad_stock", "%v", err)
		}
	}
	if err := r.put.Validate(); err != nil && !r.kept {
		r.refuse(r.line, "", "invalid", "%v", err)
	}
	return nil
}

// fetch turns pictures into media.
func (l *loader) fetch(ctx context.Context, r *record) {
	for _, p := range r.pictures {
		asset, err := l.options.Picture(ctx, p.name)
		if err != nil {
			r.warn(r.line, "", "no_picture", "%s: %v", p.name, err)
			continue
		}
		m := catalog.Media{Asset: asset, Alt: p.alt}
		for _, i := range p.variants {
			if sku := r.put.Variants[i].SKU; !slices.Contains(m.SKUs, sku) {
				m.SKUs = append(m.SKUs, sku)
			}
		}
		r.put.Media = append(r.put.Media, m)
		l.summary.Pictures++
	}
}

// work is a batch that is being written.
type work struct {
	batch  []*record
	stocks stocks
	done   chan error
}

// flush begins to write what has been gathered, when the batch before is
// written.
func (l *loader) flush(ctx context.Context) error {
	if err := l.settle(); err != nil {
		return err
	}
	if len(l.batch) == 0 {
		return nil
	}
	w := &work{batch: l.batch, done: make(chan error, 1)}
	l.batch, l.variants, l.working = nil, 0, w
	go func() {
		err := error(nil)
		if !l.options.DryRun {
			if err = l.put(ctx, w.batch); err == nil {
				err = l.list(ctx, w.batch)
			}
			if err == nil {
				w.stocks, err = l.stock(ctx, w.batch)
			}
		}
		w.done <- err
	}()
	return nil
}

// settle waits for the batch that is being written and reports it.
func (l *loader) settle() error {
	w := l.working
	if w == nil {
		return nil
	}
	l.working = nil
	if err := <-w.done; err != nil {
		return err
	}
	l.summary.Stocked += w.stocks.set
	l.summary.StockKept += w.stocks.kept
	for _, r := range w.batch {
		l.report(r)
	}
	if l.options.Progress != nil {
		l.options.Progress(l.summary)
	}
	return nil
}

// put puts a batch. If the store refuses one of it, each is put alone, so that
// the issue gets its row.
func (l *loader) put(ctx context.Context, batch []*record) error {
	for _, r := range batch {
		if len(r.added) == 0 || r.refused() {
			continue
		}
		err := patiently(ctx, func() error {
			_, err := l.shop.Catalog.PutVariants(ctx, catalog.PutVariants{Product: r.have.ID, Variants: r.added})
			return err
		})
		switch {
		case err == nil:
		case productsFault(err):
			r.refuse(r.line, "", ruleOf(err), "%v", err)
		default:
			return fmt.Errorf("adding variants to the product of row %d: %w", r.line, err)
		}
	}
	batch = slices.DeleteFunc(slices.Clone(batch), func(r *record) bool { return r.kept || r.refused() })
	if len(batch) == 0 {
		return nil
	}
	all := make([]catalog.PutProduct, len(batch))
	for i, r := range batch {
		all[i] = r.put
	}
	err := patiently(ctx, func() error { return l.shop.Catalog.StoreProducts(ctx, all) })
	if err == nil {
		return nil
	}
	if !productsFault(err) {
		return fmt.Errorf("putting the products of rows %d to %d: %w", batch[0].line, batch[len(batch)-1].line, err)
	}
	for _, r := range batch {
		err := patiently(ctx, func() error {
			_, err := l.shop.Catalog.PutProduct(ctx, r.put)
			return err
		})
		switch {
		case err == nil:
		case productsFault(err):
			r.refuse(r.line, "", ruleOf(err), "%v", err)
		default:
			return fmt.Errorf("putting the product of row %d: %w", r.line, err)
		}
	}
	return nil
}

// How often, and how long, a put is tried whose names are being taken.
const (
	busyPause = 250 * time.Millisecond
	mostBusy  = 240
)

// patiently repeats a put while names of it are being taken or given up. An
// import that was killed leaves names that it was about to take, and whether
// it has them is known seconds later: the next import waits for that.
func patiently(ctx context.Context, put func() error) error {
	for n := 1; ; n++ {
		err := put()
		if _, busy := errors.AsType[*catalog.NameBusyError](err); !busy || n == mostBusy {
			return err
		}
		select {
		case <-ctx.Done():
			return errors.Join(context.Cause(ctx), err)
		case <-time.After(busyPause):
		}
	}
}

// productsFault reports whether the store refused a product for what it is.
func productsFault(err error) bool {
	switch fault.CodeOf(err) {
	case fault.Invalid, fault.Conflict, fault.Refused, fault.NotFound:
		return true
	}
	return false
}

func ruleOf(err error) string {
	if _, ok := errors.AsType[*catalog.NameTakenError](err); ok {
		return "name_taken"
	}
	if _, ok := errors.AsType[*catalog.DuplicateOptionsError](err); ok {
		return "duplicate_options"
	}
	return fault.CodeOf(err).String()
}

// report counts what became of a record.
func (l *loader) report(r *record) {
	s := &l.summary
	refused := r.refused()
	for _, i := range r.issues {
		s.Rules[i.Rule]++
		if !i.Refused {
			s.Warnings++
		}
		if l.options.Issue != nil {
			l.options.Issue(i)
		}
	}
	for _, w := range r.rows {
		if refused {
			s.CellsRefused += w.filled()
			continue
		}
		s.CellsTyped += w.count(typed)
		s.CellsKept += w.count(kept)
	}
	switch {
	case refused:
		s.Refused++
	case r.part == nil:
		s.Products++
		s.Variants += len(r.put.Variants)
		if r.kept {
			s.Kept++
		}
	}
}
