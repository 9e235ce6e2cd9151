package search

import (
	"math"
	"runtime/debug"
	"slices"
	"sync"

	"github.com/RoaringBitmap/roaring/v2"
	"github.com/blevesearch/bleve/v2/index/scorch"
	segment "github.com/blevesearch/scorch_segment_api/v2"
)

// A posting is one document that has a term: its ordinal, and how much of a
// field the term makes up, by BM25's rule.
type posting struct {
	ord uint32
	tf  float32
}

// part is one segment of the index as a view sees it.
type part struct {
	id      uint64
	segment segment.Segment
	deleted *roaring.Bitmap
	ords    []uint32 // by the segment's own numbers; gone for deleted ones
}

const gone = math.MaxUint32

// readOrds finds the ordinals of a segment's documents.
func readOrds(s *scorch.SegmentSnapshot, ordinal func(string) uint32) (ords []uint32, err error) {
	defer recovered(&err)
	seg := s.Segment()
	ords = make([]uint32, seg.Count())
	for n := range ords {
		ords[n] = gone
		if s.Deleted() != nil && s.Deleted().Contains(uint32(n)) {
			continue
		}
		id, err := seg.DocID(uint64(n))
		if err != nil {
			return nil, err
		}
		ords[n] = ordinal(string(id))
	}
	return ords, nil
}

// The constants of BM25. Titles are short and fields are weighted, so that a
// word counts for longer before more of it says no more.
const (
	saturation = 3
	lengthNorm = 0.6
)

// read returns the postings of a term in one segment.
func (p *part) read(f field, term string, average float64) (list []posting, err error) {
	defer recovered(&err)
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	dict, err := p.segment.Dictionary(names[f])
	if err != nil {
		return nil, err
	}
	found, err := dict.PostingsList([]byte(term), nil, nil)
	if err != nil {
		return nil, err
	}
	counted := f != codeField && f != wordField
	it := found.Iterator(counted, counted, false, nil)
	list = make([]posting, 0, found.Count())
	for {
		next, err := it.Next()
		if err != nil {
			return nil, err
		}
		if next == nil {
			return list, nil
		}
		ord := p.ords[next.Number()]
		if ord == gone {
			continue
		}
		tf := 1.0
		if counted {
			length := 1.0
			if norm := next.Norm(); norm > 0 {
				length = 1 / (norm * norm)
			}
			tf = float64(next.Frequency()) / (1 - lengthNorm + lengthNorm*length/average)
		}
		list = append(list, posting{ord, float32(tf)})
	}
}

// postingKey names the postings of a term in all segments.
type postingKey struct {
	field field
	term  string
}

// cached are the postings of a term in the segments that there were when they
// were read last.
type cached struct {
	segments []uint64
	lists    [][]posting // by segment
}

// in returns the postings in a segment, and false if they were not read.
func (c cached) in(segment uint64) ([]posting, bool) {
	i := slices.Index(c.segments, segment)
	if i < 0 {
		return nil, false
	}
	return c.lists[i], true
}

// postingCache keeps postings that were read. It is safe for concurrent use.
// It has two generations: what was not asked for while one filled up is
// forgotten with it.
type postingCache struct {
	mu         sync.Mutex
	limit      int // bytes in one generation
	bytes      int
	young, old map[postingKey]cached
}

func newPostingCache(bytes int) *postingCache {
	return &postingCache{limit: max(bytes/2, 1<<16), young: map[postingKey]cached{}, old: map[postingKey]cached{}}
}

func (c *postingCache) get(k postingKey) cached {
	c.mu.Lock()
	defer c.mu.Unlock()
	if have, ok := c.young[k]; ok {
		return have
	}
	have, ok := c.old[k]
	if ok {
		c.keep(k, have)
	}
	return have
}

func (c *postingCache) put(k postingKey, have cached) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.keep(k, have)
}

func (c *postingCache) keep(k postingKey, have cached) {
	cost := have.cost(k)
	if c.bytes+cost > c.limit {
		c.old, c.young, c.bytes = c.young, map[postingKey]cached{}, 0
	}
	if before, ok := c.young[k]; ok {
		c.bytes -= before.cost(k)
	}
	c.young[k] = have
	c.bytes += cost
}

func (c cached) cost(k postingKey) int {
	const overhead = 96
	n := overhead + len(k.term)
	for _, list := range c.lists {
		n += 24 + cap(list)*8
	}
	return n
}
