package search

import (
	"slices"
	"sort"
)

// filtered is what filters leave: all of them together, and for each field
// that is filtered, all but those on that field.
type filtered struct {
	all    bitset
	except map[string]bitset
}

// applyFilters narrows down what matches. It keeps one set for each filtered
// field, so that its facet can count what else could be chosen.
func (c *columns) applyFilters(q *Query, matched bitset) filtered {
	byField := map[string]bitset{}
	var order []string
	filters := q.Filters
	if q.Category != "" {
		filters = append([]Filter{{Field: FieldCategory, Values: []string{q.Category}}}, filters...)
	}
	for _, f := range filters {
		set := c.having(q, f)
		if have, ok := byField[f.Field]; ok {
			have.and(set)
			continue
		}
		byField[f.Field] = set
		order = append(order, f.Field)
	}
	out := filtered{all: matched, except: map[string]bitset{}}
	if len(order) == 0 {
		return out
	}
	for _, field := range order {
		set := append(bitset(nil), matched...)
		for _, other := range order {
			if other != field {
				set.and(byField[other])
			}
		}
		out.except[field] = set
	}
	out.all = append(bitset(nil), matched...)
	for _, set := range byField {
		out.all.and(set)
	}
	return out
}

// having returns the documents that one filter keeps.
func (c *columns) having(q *Query, f Filter) bitset {
	set := newBitset(c.size())
	switch {
	case f.Field == FieldPrice:
		c.inPrices(q, f.Prices, set)
		return set
	case f.Field == FieldAvailable:
		c.inStock(f.Values, set)
		return set
	}
	if col := c.values[f.Field]; col != nil && len(f.Values) > 0 {
		wanted := make([]bool, len(col.names))
		for _, v := range f.Values {
			if i, ok := col.index[v]; ok {
				wanted[i] = true
			}
		}
		for i, ord := range col.ords {
			if wanted[col.vals[i]] {
				set.set(ord)
			}
		}
	}
	if col := c.numbers[f.Field]; col != nil {
		for i, ord := range col.ords {
			for _, r := range f.Numbers {
				if col.nums[i] >= r.Min && col.nums[i] <= r.Max {
					set.set(ord)
				}
			}
		}
	}
	return set
}

func (c *columns) inPrices(q *Query, ranges []PriceRange, set bitset) {
	col := q.column
	if col == nil {
		return
	}
	for i, ord := range col.ords {
		for _, r := range ranges {
			if col.overlaps(i, r) {
				set.set(ord)
			}
		}
	}
}

func (c *columns) inStock(values []string, set bitset) {
	for _, v := range values {
		for i := range set {
			switch v {
			case yes:
				set[i] |= c.available[i]
			case no:
				set[i] |= c.live[i] &^ c.available[i]
			}
		}
	}
}

const (
	yes = "yes"
	no  = "no"
)

// facet counts one field in a set of documents.
func (c *columns) facet(q *Query, f Facet, set bitset) FacetResult {
	limit := f.Limit
	if limit == 0 {
		limit = 10
	}
	out := FacetResult{Field: f.Field}
	switch {
	case f.Field == FieldPrice:
		out.Values = c.priceFacet(q, f, set)
	case f.Field == FieldAvailable:
		out.Values = c.stockFacet(set)
	case len(f.Numbers) > 0:
		out.Values, out.Unit = c.numberFacet(f, set)
	default:
		out.Values, out.Other = c.valueFacet(f.Field, limit, set)
		if n := c.numbers[f.Field]; n != nil && !n.mixed {
			out.Unit = n.unit
		}
	}
	return out
}

// Documents that tell which facets there are, and how many values each has.
const (
	choosingDocuments = 1000
	chosenValues      = 12
)

// chooseFacets returns facets of the fields in which the most of what matches,
// whatever is filtered, has a value to choose: of equals, those that were seen
// first. A number counts half: many have a weight, and few shop by it.
func (c *columns) chooseFacets(q *Query, matched bitset) []Facet {
	if q.Choices == 0 {
		return nil
	}
	if q.Category != "" {
		set := slices.Clone(matched)
		set.and(c.having(q, Filter{Field: FieldCategory, Values: []string{q.Category}}))
		matched = set
	}
	counts := make([]int, len(c.fields))
	stride, i := matched.count()/choosingDocuments+1, 0
	matched.each(func(ord uint32) {
		if i++; i%stride == 0 {
			for _, n := range c.choices[ord] {
				counts[n]++
			}
		}
	})
	var order []uint16
	for n, count := range counts {
		if c.numbers[c.fields[n]] == nil {
			counts[n] *= 2
		}
		if count > 0 {
			order = append(order, uint16(n))
		}
	}
	slices.SortStableFunc(order, func(a, b uint16) int { return counts[b] - counts[a] })
	var out []Facet
	for _, n := range order {
		asked := slices.ContainsFunc(q.Facets, func(f Facet) bool { return f.Field == c.fields[n] })
		if len(out) < q.Choices && !asked {
			out = append(out, Facet{Field: c.fields[n], Limit: chosenValues})
		}
	}
	return out
}

func (c *columns) stockFacet(set bitset) []FacetValue {
	in := 0
	set.each(func(ord uint32) {
		if c.available.has(ord) {
			in++
		}
	})
	return []FacetValue{{Value: yes, Count: in}, {Value: no, Count: set.count() - in}}
}

func (c *columns) valueFacet(field string, limit int, set bitset) (values []FacetValue, other int) {
	col := c.values[field]
	if col == nil {
		return nil, 0
	}
	counts := col.count(set)
	found, sum := make([]uint32, 0, 64), 0
	for v, n := range counts {
		if n > 0 {
			found = append(found, uint32(v))
			sum += int(n)
		}
	}
	if n := c.numbers[field]; n != nil && len(found) > limit {
		if ranges := n.ranges(set, min(limit, histogramBars), sum/2); len(ranges) > 1 {
			return ranges, 0
		}
	}
	sort.Slice(found, func(i, j int) bool {
		a, b := found[i], found[j]
		if counts[a] != counts[b] {
			return counts[a] > counts[b]
		}
		return col.names[a] < col.names[b]
	})
	for _, v := range found[:min(limit, len(found))] {
		value := FacetValue{Value: col.names[v], Count: int(counts[v])}
		if field == FieldCategory {
			value.Title = c.titles[value.Value].text
		}
		values = append(values, value)
	}
	return values, max(0, len(found)-limit)
}

func (v *valueColumn) count(set bitset) []uint32 {
	counts := make([]uint32, len(v.names))
	for i, ord := range v.ords {
		if set.has(ord) {
			counts[v.vals[i]]++
		}
	}
	return counts
}

func (c *columns) priceFacet(q *Query, f Facet, set bitset) []FacetValue {
	col := q.column
	if col == nil {
		return nil
	}
	ranges := f.Prices
	if len(ranges) == 0 {
		ranges = col.histogram(set)
	}
	values := make([]FacetValue, len(ranges))
	for i, r := range ranges {
		values[i].Price = r
	}
	for i, ord := range col.ords {
		if !set.has(ord) {
			continue
		}
		for j, r := range ranges {
			if col.overlaps(i, r) {
				values[j].Count++
			}
		}
	}
	return values
}

func (p *priceColumn) overlaps(i int, r PriceRange) bool {
	return p.max[i] >= r.Min && (r.Max == 0 || p.min[i] <= r.Max)
}

// histogramBars is how many ranges a price histogram has at most.
const histogramBars = 8

// sample returns places in a column that belong to a set: all of them, or as
// many as tell how its values are spread.
func sample(ords []uint32, set bitset) (places []int) {
	const enough, few = 2048, 256
	for step := max(1, len(ords)/enough); ; step = 1 {
		for i := 0; i < len(ords); i += step {
			if set.has(ords[i]) {
				places = append(places, i)
			}
		}
		if step == 1 || len(places) >= few {
			return places
		}
		places = places[:0] // the set is a small part of the column
	}
}

// histogram chooses ranges of round prices that hold about as many products
// each, and at least one.
func (p *priceColumn) histogram(set bitset) []PriceRange {
	var prices []int64
	for _, i := range sample(p.ords, set) {
		prices = append(prices, p.min[i])
	}
	if len(prices) == 0 {
		return nil
	}
	sort.Slice(prices, func(i, j int) bool { return prices[i] < prices[j] })
	ranges := []PriceRange{{}}
	for bar := 1; bar < histogramBars; bar++ {
		edge := roundPrice(prices[len(prices)*bar/histogramBars])
		last := &ranges[len(ranges)-1]
		if edge > last.Min && edge > prices[0] && edge <= prices[len(prices)-1] {
			last.Max = edge - 1
			ranges = append(ranges, PriceRange{Min: edge})
		}
	}
	return ranges
}

// roundPrice rounds to 1, 1.5, 2, 3, 5 or 7 times a power of ten, downwards.
func roundPrice(minor int64) int64 {
	power := int64(1)
	for minor/power >= 100 {
		power *= 10
	}
	for _, n := range []int64{70, 50, 30, 20, 15, 10, 7, 5, 3, 2, 1} {
		if n*power <= minor {
			return n * power
		}
	}
	return 0
}
