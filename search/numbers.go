package search

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/keelshop/commerce/fault"
)

// NumberRange is a range of an attribute's numbers, both ends included. Use
// math.Inf for an open end.
type NumberRange struct{ Min, Max float64 }

// String returns the range as in "10..20", "10.." or "..20".
func (r NumberRange) String() string { return bound(r.Min) + ".." + bound(r.Max) }

func bound(n float64) string {
	if math.IsInf(n, 0) {
		return ""
	}
	return strconv.FormatFloat(n, 'f', -1, 64)
}

// ParseNumberRange reads a range of decimal numbers as String writes it, as in
// "10..20", "-0.5.." or "..20", and a number alone, as in "10". It returns
// fault.Invalid for anything else, such as a range without an end or one whose
// first end is the larger.
func ParseNumberRange(text string) (NumberRange, error) {
	r := NumberRange{math.Inf(-1), math.Inf(1)}
	from, to, ranged := strings.Cut(text, "..")
	if !ranged {
		to = from
	}
	ok := from != "" || to != ""
	if from != "" {
		r.Min, ok = decimal(from)
	}
	if to != "" && ok {
		r.Max, ok = decimal(to)
	}
	if !ok || r.Max < r.Min {
		return NumberRange{}, fault.Wrong("filter", "%.40q is no range of numbers: write it like 10..20, 10.. or ..20", text)
	}
	return r, nil
}

// decimal reads digits with a sign and a point, and no other notation.
func decimal(text string) (float64, bool) {
	if strings.Trim(text, "+-.0123456789") != "" {
		return 0, false
	}
	n, err := strconv.ParseFloat(text, 64)
	return n, err == nil
}

// numberFacet counts the ranges that a facet names.
func (c *columns) numberFacet(f Facet, set bitset) ([]FacetValue, string) {
	values := make([]FacetValue, len(f.Numbers))
	for i, r := range f.Numbers {
		values[i].Number = r
	}
	col := c.numbers[f.Field]
	if col == nil {
		return values, ""
	}
	last := make([]uint32, len(values)) // the ordinal that counted last, plus 1
	for i, ord := range col.ords {
		if !set.has(ord) {
			continue
		}
		for j, r := range f.Numbers {
			if col.nums[i] >= r.Min && col.nums[i] <= r.Max && last[j] != ord+1 {
				values[j].Count++
				last[j] = ord + 1
			}
		}
	}
	if col.mixed {
		return values, ""
	}
	return values, col.unit
}

// ranges chooses ranges of the numbers in a set that have about as many
// products each, and counts them: none if the numbers are in several units, or
// are not at least so many that they speak for the field.
func (n *numberColumn) ranges(set bitset, most, least int) []FacetValue {
	if n.mixed {
		return nil
	}
	edges := n.edges(set, most)
	values, last := make([]FacetValue, len(edges)), make([]uint32, len(edges))
	sum := 0
	for i, ord := range n.ords {
		if !set.has(ord) {
			continue
		}
		sum++
		num, bar := n.nums[i], 0
		for bar+1 < len(edges) && num >= edges[bar+1] {
			bar++
		}
		v := &values[bar]
		if v.Count == 0 {
			v.Number = NumberRange{num, num}
		}
		v.Number.Min, v.Number.Max = min(v.Number.Min, num), max(v.Number.Max, num)
		if last[bar] != ord+1 { // a product counts once in a range
			v.Count++
			last[bar] = ord + 1
		}
	}
	if sum < least {
		return nil
	}
	return values
}

// edges returns the numbers with which ranges begin, ascending.
func (n *numberColumn) edges(set bitset, most int) []float64 {
	var nums []float64
	for _, i := range sample(n.ords, set) {
		nums = append(nums, n.nums[i])
	}
	if len(nums) == 0 {
		return nil
	}
	slices.Sort(nums)
	edges := nums[:1:1]
	for bar := 1; bar < most; bar++ {
		if edge := nums[len(nums)*bar/most]; edge > edges[len(edges)-1] {
			edges = append(edges, edge)
		}
	}
	return edges
}
