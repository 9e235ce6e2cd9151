package search

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/keelshop/commerce/fault"
)

func fewDocuments() []Document {
	n := 15.6
	return []Document{
		{ID: "a", Title: "EliteBook 840 notebook", Brand: "HP", Codes: []string{"NB-840", "4006381333931"}, Prices: []Price{{"EUR", 100, 200}},
			Attributes: []Attribute{{Name: "Display", Text: "15.6", Number: &n, Unit: "inch"}}, Description: "A <b>light</b> one with 1 TB"},
		{ID: "b", Title: "Notebook case 15.6\" black", Brand: "Targus", Available: true, Categories: []Category{{"c1", "Bags & cases"}}},
		{ID: "c", Title: "Straßenschuh, größe 42 – für Damen", Brand: "Müller"},
	}
}

// FuzzFind asks for whatever can be typed: it must not fail, and what is found
// must be explained by the same score.
func FuzzFind(f *testing.F) {
	for _, s := range []string{"notebook case", "TN-2110", "15,6\"", "größe", "a*b?~2 (x OR y)^9", "\xff\xfe", "'s", "1e9in", "½ ™", "the", "..,,--"} {
		f.Add(s, "")
	}
	x := newIndex(f, fewDocuments())
	f.Fuzz(func(t *testing.T, s, after string) {
		q := Query{Text: s, After: after, Currency: "EUR", Facets: []Facet{{Field: FieldBrand}, {Field: FieldPrice}, {Field: FieldCategory}}}
		p, err := x.find(context.Background(), &q)
		if err != nil {
			if after == "" || !errors.Is(err, fault.Invalid) {
				t.Fatal(err)
			}
			return
		}
		if len(p.found) > p.total {
			t.Fatalf("%d found of %d", len(p.found), p.total)
		}
		for _, it := range p.found {
			e, err := x.explain(context.Background(), &q, it.id)
			if err != nil || e.Score != it.score || !e.Matched {
				t.Fatalf("%s has the score %v, explained by %+v, %v", it.id, it.score, e, err)
			}
		}
		m := x.newMarker(p.terms)
		for _, d := range fewDocuments() {
			for _, marked := range []Marked{m.title(d.Title), m.snippet(d.Description)} {
				var b strings.Builder
				for _, part := range marked.Parts() {
					b.WriteString(part.Text)
				}
				if b.String() != marked.Text {
					t.Fatalf("the parts of %q make %q", marked.Text, b.String())
				}
			}
		}
	})
}

// FuzzSuggest asks for suggestions after whatever can be typed.
func FuzzSuggest(f *testing.F) {
	for _, s := range []string{"not", "TN-2", "notebook c", "4006", "größ", "", " ", "\xff"} {
		f.Add(s)
	}
	x := newIndex(f, fewDocuments())
	f.Fuzz(func(t *testing.T, s string) {
		if _, err := x.suggest(context.Background(), &Query{}, s, 5); err != nil {
			t.Fatal(err)
		}
	})
}

func TestHostileQueriesAreBounded(t *testing.T) {
	x := newIndex(t, fewDocuments())
	for name, s := range map[string]string{
		"10,000 words": strings.Repeat("notebook ", 10_000), "10,000 other words": words(10_000),
		"nesting": strings.Repeat("(", 10_000) + "x" + strings.Repeat(")", 10_000), "wildcards": strings.Repeat("*?", 10_000),
		"one word": strings.Repeat("x", 1<<20), "joined": strings.Repeat("a-", 10_000), "numbers": strings.Repeat("1.", 10_000),
		"nulls": strings.Repeat("\x00", 10_000), "letters": strings.Repeat("a ", 10_000),
	} {
		p, err := x.find(t.Context(), &Query{Text: s})
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		terms := 0
		for _, g := range p.terms.groups {
			terms += len(g.terms)
		}
		if len(p.terms.groups) > maxWords || terms > 20*maxWords {
			t.Errorf("%s: %d words, %d terms", name, len(p.terms.groups), terms)
		}
		if _, err := x.suggest(t.Context(), &Query{}, s, 5); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	late, stop := context.WithCancel(t.Context())
	stop()
	if _, err := x.find(late, &Query{Text: "notebook"}); !errors.Is(err, context.Canceled) {
		t.Errorf("a query that nobody waits for: %v", err)
	}
}

func words(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "w%dx ", i)
	}
	return b.String()
}

// TestManyAttributeNames makes sure that attributes do not make fields.
func TestManyAttributeNames(t *testing.T) {
	var docs []Document
	for i := range 600 {
		d := Document{ID: fmt.Sprint("p", i), Title: "Thing"}
		for j := range 10 {
			d.Attributes = append(d.Attributes, Attribute{Name: fmt.Sprintf("name %d", i*10+j), Text: "value"})
		}
		docs = append(docs, d)
	}
	x := newIndex(t, docs)
	stored, err := x.snap.Fields()
	if err != nil {
		t.Fatal(err)
	}
	if len(stored) > int(fields)+2 { // and the ID and the record
		t.Errorf("6,000 attribute names made %d fields: %v", len(stored), stored)
	}
	p, err := x.find(t.Context(), &Query{Filters: []Filter{{Field: AttributeField("name 5999"), Values: []string{"value"}}}})
	if err != nil || p.total != 1 || p.found[0].id != "p599" {
		t.Errorf("got %+v, %v", p, err)
	}
}

// TestReadAgain makes sure that an index that is opened, or read anew because
// most of it has died, is the same as one that has just been written.
func TestReadAgain(t *testing.T) {
	x := newIndex(t, fewDocuments())
	for i := range 5 {
		docs := fewDocuments()
		docs[0].Title = fmt.Sprint("EliteBook 840 notebook ", i)
		if err := x.write(docs[:1+i%3], nil, x.head); err != nil {
			t.Fatal(err)
		}
	}
	q := Query{Text: "notebook", Currency: "EUR", Facets: []Facet{{Field: FieldBrand}, {Field: AttributeField("Display")}, {Field: FieldPrice}}}
	before, err := x.find(t.Context(), &q)
	if err != nil {
		t.Fatal(err)
	}
	if err := x.load(); err != nil {
		t.Fatal(err)
	}
	after, err := x.find(t.Context(), &q)
	if err != nil {
		t.Fatal(err)
	}
	if x.cols.dead != 0 || fmt.Sprint(before.facets) != fmt.Sprint(after.facets) || before.total != after.total {
		t.Errorf("%+v became %+v", before, after)
	}
	for i := range before.found {
		if before.found[i].id != after.found[i].id || before.found[i].score != after.found[i].score {
			t.Errorf("%+v became %+v", before.found[i], after.found[i])
		}
	}
}
