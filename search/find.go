package search

import (
	"context"
	"math"
	"slices"
	"strings"
)

// found is one document of a page, before the catalog is asked about it.
type found struct {
	id    string
	ord   uint32
	score float64
	key   sortKey
}

// page is what the index answers to a query.
type page struct {
	found     []found
	total     int
	facets    []FacetResult
	next      string
	corrected string
	partial   bool
	terms     parsed
}

// find answers a query from the index alone.
func (x *index) find(ctx context.Context, q *Query) (page, error) {
	if err := q.check(); err != nil {
		return page{}, err
	}
	after, err := parseCursor(q)
	if err != nil {
		return page{}, err
	}
	if q.rules == nil {
		q.rules = x.plain
	}
	x.mu.RLock()
	defer x.mu.RUnlock()
	s := x.borrow(x.cols.size())
	defer x.giveBack(s)
	var out page
	matched, err := x.matched(ctx, q, s, &out)
	if err != nil {
		return page{}, err
	}
	x.applyRules(q, s, &matched)
	x.hide(q, &matched)
	q.column = x.priceColumn(q)
	left := x.cols.applyFilters(q, matched)
	out.total = left.all.count()
	for _, f := range append(slices.Clip(q.Facets), x.cols.chooseFacets(q, matched)...) {
		set, ok := left.except[f.Field]
		if !ok {
			set = left.all
		}
		out.facets = append(out.facets, x.cols.facet(q, f, set))
	}
	limit := q.Limit
	if limit == 0 {
		limit = 20
	}
	out.found = x.best(q, left.all, s, limit+1, after)
	if len(out.found) > limit {
		out.found = out.found[:limit]
		out.next = out.found[limit-1].key.cursor(q)
	}
	return out, nil
}

// matched returns the documents that have the words of a query: all of the
// words, or, if no document has, as many as any document has.
func (x *index) matched(ctx context.Context, q *Query, s *scratch, out *page) (bitset, error) {
	if strings.TrimSpace(q.Text) == "" {
		return x.cols.live, nil
	}
	p, err := x.parse(q)
	if err != nil {
		return nil, err
	}
	out.terms, out.corrected = p, p.correctedText()
	if err := x.match(ctx, p, s); err != nil {
		return nil, err
	}
	return x.covering(p, s, out), nil
}

// enough is how many products with all words of a query make those with some
// of them unwanted.
const enough = 20

// covering returns the documents that have all words of a query, and if these
// are few, those that have most.
func (x *index) covering(p parsed, s *scratch, out *page) bitset {
	set := newBitset(x.cols.size())
	var count [maxWords + 1]int
	all, exact := len(p.groups), false
	for _, ord := range s.touched {
		count[s.covered[ord]]++
		exact = exact || s.code[ord]
	}
	least, sum := all, count[all]
	for !exact && least > 1 && sum < enough && 2*(least-1) >= all {
		least--
		sum += count[least]
	}
	out.partial = sum > count[all]
	for _, ord := range s.touched {
		if s.code[ord] || int(s.covered[ord]) >= least {
			set.set(ord)
		}
		if n := int(s.covered[ord]); n < all { // words that are missing cost twice
			share := float32(n) / float32(all)
			s.score[ord] *= share * share
		}
	}
	return set
}

// codeScore lifts a document with the code that was typed above all others.
const codeScore = 1000

// best returns the first documents of a set in the query's order, behind the
// end of the page before.
func (x *index) best(q *Query, set bitset, s *scratch, limit int, after *sortKey) []found {
	top := topList{limit: limit}
	order := x.order(q)
	// What is newest was mostly indexed last: where that comes first, the list
	// is full of it at once.
	set.eachDown(func(ord uint32) {
		key := sortKey{value: order(ord, s), id: x.cols.ids[ord]}
		if after != nil && !after.before(key) {
			return
		}
		top.add(found{id: key.id, ord: ord, key: key})
	})
	for i := range top.list {
		top.list[i].score = x.score(top.list[i].ord, s)
	}
	return top.list
}

// score returns a document's relevance.
func (x *index) score(ord uint32, s *scratch) float64 {
	score := float64(s.score[ord])
	if s.code[ord] {
		score += codeScore
	}
	return score * max(0.01, 1+float64(x.cols.boost[ord])/100+float64(s.boost[ord])/100)
}

// order returns what documents are sorted by, largest first.
func (x *index) order(q *Query) func(uint32, *scratch) int64 {
	c := x.cols
	switch {
	case q.Sort == ByPriceUp:
		col := q.column
		return func(ord uint32, _ *scratch) int64 {
			if min, _, ok := col.at(ord); ok {
				return -min
			}
			return math.MinInt64 // without a price: last
		}
	case q.Sort == ByPriceDown:
		col := q.column
		return func(ord uint32, _ *scratch) int64 {
			if _, max, ok := col.at(ord); ok {
				return max
			}
			return math.MinInt64
		}
	case q.Sort == ByBestSelling:
		return func(ord uint32, _ *scratch) int64 { return c.sold[ord] }
	case q.Sort == ByNewest:
		return func(ord uint32, _ *scratch) int64 { return c.created[ord] }
	case strings.TrimSpace(q.Text) == "":
		return func(ord uint32, s *scratch) int64 {
			if s.place[ord] != 0 {
				return s.place[ord]
			}
			return c.created[ord]
		}
	}
	return func(ord uint32, s *scratch) int64 {
		if s.place[ord] != 0 {
			return s.place[ord]
		}
		return int64(x.score(ord, s) * scoreUnit)
	}
}

// scoreUnit makes scores whole numbers, so that a cursor holds them exactly.
const scoreUnit = 1 << 20

// at returns a document's lowest and highest price.
func (p *priceColumn) at(ord uint32) (lowest, highest int64, ok bool) {
	if p == nil {
		return 0, 0, false
	}
	i, ok := slices.BinarySearch(p.ords, ord)
	if !ok {
		return 0, 0, false
	}
	return p.min[i], p.max[i], true
}
