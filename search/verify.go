package search

import (
	"bytes"
	"context"
	"fmt"

	"github.com/fxamacker/cbor/v2"
	"github.com/keelshop/commerce/catalog"
)

// maxDifferences is how many differences Verify tells of.
const maxDifferences = 100

// Verify compares the index with the catalogue and returns what differs: a
// product that is missing, one that should not be there, and one whose record
// or terms are not what they would be if it were indexed now. It waits until
// all that has happened is visible. What happens meanwhile may be reported.
func (f *Finder) Verify(ctx context.Context) ([]string, error) {
	if err := f.After(ctx, f.shop.Latest()); err != nil {
		return nil, err
	}
	var found []string
	err := f.use(func(x *index) (err error) {
		found, err = f.compare(ctx, x)
		return err
	})
	return found, err
}

func (f *Finder) compare(ctx context.Context, x *index) ([]string, error) {
	have, err := x.records()
	if err != nil {
		return nil, err
	}
	var differ []string
	tell := func(format string, args ...any) {
		if len(differ) < maxDifferences {
			differ = append(differ, fmt.Sprintf(format, args...))
		}
	}
	batch := make([]catalog.Product, 0, batchSize)
	check := func() error {
		docs, err := f.documents(ctx, batch)
		if err != nil {
			return err
		}
		for i := range docs {
			raw, ok := have[docs[i].ID]
			delete(have, docs[i].ID)
			if !ok {
				tell("product %s is not in the index", docs[i].ID)
				continue
			}
			if err := x.compare(&docs[i], raw, tell); err != nil {
				return err
			}
		}
		batch = batch[:0]
		return nil
	}
	for p, err := range f.shop.Catalog.All(ctx, catalog.Filter{Status: catalog.Active}) {
		if err != nil {
			return nil, err
		}
		if batch = append(batch, p); len(batch) == batchSize {
			if err := check(); err != nil {
				return nil, err
			}
		}
	}
	if err := check(); err != nil {
		return nil, err
	}
	for id := range have {
		tell("the index has %s, which is not on sale", id)
	}
	return differ, nil
}

// records returns the stored records by product.
func (x *index) records() (list map[string][]byte, err error) {
	defer recovered(&err)
	x.mu.RLock()
	defer x.mu.RUnlock()
	list = map[string][]byte{}
	for _, s := range x.snap.Segments() {
		for n := range s.Segment().Count() {
			if s.Deleted() != nil && s.Deleted().Contains(uint32(n)) {
				continue
			}
			id, err := s.Segment().DocID(n)
			if err != nil {
				return nil, err
			}
			err = s.VisitDocument(n, func(name string, _ byte, value []byte, _ []uint64) bool {
				if name == documentField {
					list[string(id)] = bytes.Clone(value)
				}
				return true
			})
			if err != nil {
				return nil, err
			}
		}
	}
	return list, nil
}

// compare tells how what the index knows of a product differs from what it
// would know now.
func (x *index) compare(d *Document, have []byte, tell func(string, ...any)) error {
	r, all := x.record(*d)
	want, err := cbor.Marshal(r)
	if err != nil {
		return err
	}
	if !bytes.Equal(have, want) {
		tell("the record of product %s is out of date", d.ID)
		return nil
	}
	x.mu.RLock()
	defer x.mu.RUnlock()
	ord := x.cols.ordinal(d.ID)
	if ord == gone {
		tell("product %s has no place in the columns", d.ID)
		return nil
	}
	for f := range fields {
		for _, t := range all[f] {
			share, err := x.share(f, t, ord)
			if err != nil {
				return err
			}
			if share == 0 {
				tell("product %s is not found by %q in the field %s", d.ID, t, fieldNames[f])
			}
		}
	}
	return nil
}
