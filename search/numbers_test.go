package search_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/search"
	"pgregory.net/rapid"
)

func measure(name, number, unit string) catalog.Attribute {
	n, err := catalog.ParseNumber(number)
	if err != nil {
		panic(err)
	}
	return catalog.Attribute{Name: name, Kind: catalog.NumberAttribute, Number: n, Unit: unit}
}

// screens puts products with displays of 10.1, 10.2 … inch into a shop, and
// with one of four weights.
func (s *store) screens(n int) {
	s.Helper()
	var batch []catalog.PutProduct
	for i := range n {
		batch = append(batch, item(fmt.Sprint("SCREEN-", i), "Screen", []string{"Keel", "Kiln"}[i%2], 100,
			measure("Display", fmt.Sprintf("%d.%d", 10+(i+1)/10, (i+1)%10), "inch"), measure("Weight", fmt.Sprint(1+i%4), "kg")))
	}
	if _, err := s.Catalog.PutProducts(s.Context(), batch); err != nil {
		s.Fatal(err)
	}
	s.settle()
}

// TestRangesOfNumbers: many numbers are put into ranges from one that occurs to
// one that occurs, in which every product is that has a number; few are values.
func TestRangesOfNumbers(t *testing.T) {
	s := open(t)
	s.screens(80)
	display, weight := search.AttributeField("Display"), search.AttributeField("Weight")
	facets := []search.Facet{{Field: display}, {Field: weight}, {Field: display, Limit: 3}, {Field: display, Limit: 80}}
	r := s.result(search.Query{Facets: facets})
	if got := r.Facets[0]; len(got.Values) != 8 || got.Unit != "inch" || got.Other != 0 {
		t.Fatalf("got %+v", got)
	}
	next := 0
	for _, v := range r.Facets[0].Values {
		low, high := 10.1+float64(next)/10, 10.1+float64(next+9)/10
		if math.Abs(v.Number.Min-low) > 1e-9 || math.Abs(v.Number.Max-high) > 1e-9 || v.Count != 10 || v.Value != "" {
			t.Errorf("%+v, want %v to %v", v, low, high)
		}
		next += 10
		found := s.result(search.Query{Filters: []search.Filter{{Field: display, Numbers: []search.NumberRange{v.Number}}}})
		if found.Total != v.Count {
			t.Errorf("the filter %v finds %d, counted are %d", v.Number, found.Total, v.Count)
		}
	}
	if got := print(r.Facets[1]); got != "Weight: 1 20, 2 20, 3 20, 4 20" && got != "attribute:Weight: 1 20, 2 20, 3 20, 4 20" {
		t.Error(got)
	}
	if n := len(r.Facets[2].Values); n != 3 {
		t.Errorf("%d ranges, with a limit of 3", n)
	}
	if got := r.Facets[3].Values; len(got) != 80 || got[0].Value == "" {
		t.Errorf("within the limit %d values: %+v", len(got), got[0])
	}
	// A filter does not narrow its own facet, and any of several ranges will do.
	some := []search.NumberRange{r.Facets[0].Values[0].Number, r.Facets[0].Values[7].Number}
	narrowed := s.result(search.Query{Facets: facets[:2], Filters: []search.Filter{{Field: display, Numbers: some}, {Field: search.FieldBrand, Values: []string{"Keel"}}}})
	if narrowed.Total != 10 || len(narrowed.Facets[0].Values) != 8 || narrowed.Facets[0].Values[3].Count != 5 {
		t.Errorf("%d, %+v", narrowed.Total, narrowed.Facets[0])
	}
	if got := s.result(search.Query{Choices: 2}).Facets; len(got) != 2 || got[0].Field != display {
		t.Errorf("chosen were %+v", got)
	}
	// A page does not go on under another range.
	q := search.Query{Limit: 1, Filters: []search.Filter{{Field: display, Numbers: some}}}
	q.After = s.result(q).Next
	s.result(q)
	q.Filters = []search.Filter{{Field: display, Numbers: some[:1]}}
	if _, err := s.Find(t.Context(), q); fault.CodeOf(err) != fault.Invalid {
		t.Errorf("another range's page: %v", err)
	}
}

// TestNumbersCountOnce: a product with two numbers in a range counts once, in
// ranges that are named and in those that are chosen.
func TestNumbersCountOnce(t *testing.T) {
	s := open(t)
	for i := range 12 {
		p := item(fmt.Sprint("DISK-", i), "Disk", "Keel", 100, measure("Size", fmt.Sprint(1+2*i), "GB"))
		p.Variants[0].Attributes = []catalog.Attribute{measure("Size", fmt.Sprint(2+2*i), "GB")}
		s.put(p)
	}
	s.settle()
	size := search.AttributeField("Size")
	r := s.result(search.Query{Facets: []search.Facet{
		{Field: size, Numbers: []search.NumberRange{{Min: 1, Max: 4}, {Min: math.Inf(-1), Max: math.Inf(1)}}}, {Field: size, Limit: 4},
	}})
	if v := r.Facets[0].Values; v[0].Count != 2 || v[1].Count != 12 {
		t.Errorf("named: %+v", v)
	}
	for i, v := range r.Facets[1].Values {
		want := search.NumberRange{Min: float64(1 + 6*i), Max: float64(6 + 6*i)}
		if v.Count != 3 || v.Number != want {
			t.Errorf("chosen: %+v, want 3 in %v", v, want)
		}
	}
}

// TestMixedUnitsAreValues: numbers that do not compare are put into no ranges.
func TestMixedUnitsAreValues(t *testing.T) {
	s := open(t)
	for i := range 6 {
		s.put(item(fmt.Sprint("A-", i), "Disk", "Keel", 100, measure("Size", fmt.Sprint(1+i), []string{"TB", "GB"}[i%2])))
		s.put(item(fmt.Sprint("B-", i), "Disk", "Keel", 100, measure("Size", fmt.Sprint(10+i), "GB"), attribute("Note", fmt.Sprint(i))))
	}
	s.settle()
	r := s.result(search.Query{Facets: []search.Facet{{Field: search.AttributeField("Size"), Limit: 3}}})
	if got := r.Facets[0]; len(got.Values) != 3 || got.Values[0].Value == "" || got.Unit != "" || got.Other != 9 {
		t.Errorf("got %+v", got)
	}
}

func TestParseNumberRange(t *testing.T) {
	for text, want := range map[string]search.NumberRange{
		"10..20": {Min: 10, Max: 20}, "-1.5..0": {Min: -1.5}, "7": {Min: 7, Max: 7}, "..3": {Min: math.Inf(-1), Max: 3}, "3..": {Min: 3, Max: math.Inf(1)},
	} {
		got, err := search.ParseNumberRange(text)
		if err != nil || got != want {
			t.Errorf("%q is %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "..", "x", "1..x", "20..10", "NaN", "Inf..", "0x10", "1e3..2e3", "1_0", "1..2..3", "1...5", "1,5", " 1"} {
		if got, err := search.ParseNumberRange(text); fault.CodeOf(err) != fault.Invalid {
			t.Errorf("%q is %v, %v", text, got, err)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		r := search.NumberRange{Min: rapid.Float64().Draw(t, "min")}
		r.Max = rapid.Float64Min(r.Min).Draw(t, "max")
		if got, err := search.ParseNumberRange(r.String()); err != nil || got != r {
			t.Fatalf("%v reads %v, %v", r, got, err)
		}
	})
}
