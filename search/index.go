package search

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/blevesearch/bleve/v2/index/scorch"
	"github.com/fxamacker/cbor/v2"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/merchandising"
	"github.com/keelshop/commerce/search/internal/text"
)

// index is a directory of documents that can be searched. One goroutine
// writes; any number read.
type index struct {
	dir      string
	language text.Language
	disk     *disk
	saving   chan struct{} // batches that are not on disk yet
	plain    *rules        // for a query without a merchant's
	cache    *postingCache
	scratch  sync.Pool      // of *scratch
	users    sync.WaitGroup // queries that use it
	idle     int            // events since the header was stored

	audiences   audiences
	completions sync.Map      // of completionKey to []completion
	replaced    atomic.Uint64 // how often the view of the disk was

	mu    sync.RWMutex // held for reading during a query, for writing while a batch comes in
	cols  *columns
	snap  *scorch.IndexSnapshot
	parts []part
	head  header

	segments []uint64 // of the parts
}

func openIndex(dir, locale string, cacheBytes int) (*index, error) {
	d, err := openDisk(dir)
	if err != nil {
		return nil, fmt.Errorf("opening the search index in %s: %w", dir, err)
	}
	x := &index{
		dir: dir, saving: make(chan struct{}, unsaved), language: text.NewLanguage(locale), disk: d, cache: newPostingCache(cacheBytes),
		plain: newRules(text.NewLanguage(locale), locale, &merchandising.Rules{}, false),
	}
	head, found, err := d.header()
	if err == nil && !found {
		head = header{Format: format, Locale: locale}
	}
	if err == nil {
		x.head = head
		err = x.load()
	}
	if err != nil {
		_ = d.close()
		return nil, fmt.Errorf("reading the search index in %s: %w", dir, err)
	}
	return x, nil
}

// count returns how many documents can be found.
func (x *index) count() int {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return x.cols.liveCount()
}

// closeTime is how long close waits for batches to be saved. What is not is
// indexed again when the index is opened.
const closeTime = 2 * time.Second

// close ends the index once nobody uses it.
func (x *index) close() error {
	x.users.Wait()
	late := time.After(closeTime)
	for range unsaved {
		select {
		case x.saving <- struct{}{}:
			continue
		case <-late:
		}
		break
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.snap != nil {
		_ = x.snap.Close()
		x.snap, x.parts = nil, nil
	}
	return x.disk.close()
}

// load reads all records into new columns.
func (x *index) load() (err error) {
	defer recovered(&err)
	snap, err := x.disk.snapshot()
	if err != nil {
		return err
	}
	cols := newColumns()
	if x.cols != nil {
		cols.units = x.cols.units
	}
	for _, s := range snap.Segments() {
		if err := loadSegment(cols, s); err != nil {
			_ = snap.Close()
			return err
		}
	}
	parts, err := newParts(snap, nil, cols.ordinal)
	if err != nil {
		_ = snap.Close()
		return err
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.cache = newPostingCache(x.cache.limit * 2) // ordinals mean something else now
	x.cols = cols
	x.replace(snap, parts)
	return nil
}

func loadSegment(cols *columns, s *scorch.SegmentSnapshot) error {
	for n := range s.Segment().Count() {
		if s.Deleted() != nil && s.Deleted().Contains(uint32(n)) {
			continue
		}
		r, err := readRecord(s, n)
		if err != nil {
			return err
		}
		cols.add(r)
	}
	return nil
}

func readRecord(s *scorch.SegmentSnapshot, n uint64) (*record, error) {
	r := new(record)
	var failed error
	err := s.VisitDocument(n, func(name string, _ byte, value []byte, _ []uint64) bool {
		if name != documentField {
			return true
		}
		failed = cbor.Unmarshal(value, r)
		return false
	})
	if err == nil {
		err = failed
	}
	return r, err
}

// newParts finds the ordinals of segments that are new in a snapshot.
func newParts(snap *scorch.IndexSnapshot, known []part, ordinal func(string) uint32) ([]part, error) {
	have := make(map[uint64][]uint32, len(known))
	for _, p := range known {
		have[p.id] = p.ords
	}
	var parts []part
	for _, s := range snap.Segments() {
		p := part{id: s.Id(), segment: s.Segment(), deleted: s.Deleted(), ords: have[s.Id()]}
		if p.ords == nil {
			var err error
			if p.ords, err = readOrds(s, ordinal); err != nil {
				return nil, err
			}
		}
		parts = append(parts, p)
	}
	return parts, nil
}

func (x *index) replace(snap *scorch.IndexSnapshot, parts []part) {
	x.parts, x.segments = parts, make([]uint64, len(parts))
	for i, p := range parts {
		x.segments[i] = p.id
	}
	if x.snap != nil {
		_ = x.snap.Close()
	}
	x.snap = snap
	x.completions.Clear()
	x.replaced.Add(1)
}

// unsaved is how many batches may wait for the disk, and saveTime how long one
// may wait. Beyond that the disk is taken to be full or broken.
const (
	unsaved  = 16
	saveTime = 30 * time.Second
)

// write puts and removes documents and sets the header, and makes it visible.
func (x *index) write(puts []Document, removed []string, h header) error {
	records, all := make([]*record, len(puts)), make([][fields][]string, len(puts))
	x.analyze(puts, records, all)
	select {
	case x.saving <- struct{}{}:
	case <-time.After(saveTime):
		return fault.New(fault.Broken, "the search index in %s has not been saved for %v", x.dir, saveTime)
	}
	saved := func(error) { <-x.saving }
	if err := x.disk.write(records, removed, h, all, saved); err != nil {
		return fmt.Errorf("writing the search index: %w", err)
	}
	if err := x.publish(records, removed, h); err != nil {
		return fmt.Errorf("reading what was written to the search index: %w", err)
	}
	return x.compact()
}

// analyze finds the terms of documents, on two processors.
func (x *index) analyze(puts []Document, records []*record, all [][fields][]string) {
	var wg sync.WaitGroup
	const workers = 2
	for w := range workers {
		wg.Go(func() {
			for i := w; i < len(puts); i += workers {
				records[i], all[i] = x.record(puts[i])
			}
		})
	}
	wg.Wait()
}

// record returns what is stored of a document, and what it is found by.
func (x *index) record(d Document) (*record, [fields][]string) {
	r := &record{Document: d, Created: unixMilli(d.CreatedAt)}
	all := terms(x.language, &r.Document)
	for f := range fields {
		r.Lengths[f] = uint16(len(all[f]))
	}
	return r, all
}

// publish makes a batch that was written visible to queries.
func (x *index) publish(records []*record, removed []string, h header) (err error) {
	defer recovered(&err)
	snap, err := x.disk.snapshot()
	if err != nil {
		return err
	}
	coming := make(map[string]uint32, len(records))
	for i, r := range records {
		coming[r.ID] = uint32(x.cols.size() + i)
	}
	// Large segments that were merged take a while, so that is done before
	// queries have to wait. Only this goroutine changes the columns.
	parts, err := newParts(snap, x.parts, func(id string) uint32 {
		if ord, ok := coming[id]; ok {
			return ord
		}
		return x.cols.ordinal(id)
	})
	if err != nil {
		_ = snap.Close()
		return err
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, id := range removed {
		x.cols.remove(id)
	}
	for _, r := range records {
		x.cols.add(r)
	}
	x.head = h
	x.replace(snap, parts)
	return nil
}

// compact reads the columns anew when most of them is dead.
func (x *index) compact() error {
	const slack = 4096
	if x.cols.dead < slack || x.cols.dead < x.cols.liveCount() {
		return nil
	}
	return x.load()
}

// postings returns the postings of a term, segment by segment, from the cache
// as far as they are there.
func (x *index) postings(f field, term string) ([][]posting, error) {
	k := postingKey{f, term}
	have := x.cache.get(k)
	if slices.Equal(have.segments, x.segments) {
		return have.lists, nil
	}
	fresh := cached{segments: x.segments, lists: make([][]posting, len(x.parts))}
	for i := range x.parts {
		p := &x.parts[i]
		list, known := have.in(p.id)
		if !known {
			var err error
			if list, err = p.read(f, term, x.cols.average(f)); err != nil {
				return nil, err
			}
		}
		fresh.lists[i] = list
	}
	x.cache.put(k, fresh)
	return fresh.lists, nil
}
