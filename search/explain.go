package search

import (
	"context"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/fault"
)

// Explanation says how a product came to its score for a query.
type Explanation struct {
	// Score is the sum of the words' scores × Coverage, and 1,000 more for a
	// Code, × (1 + Boost/100).
	Score float64
	Words []WordScore
	// Coverage is (words that the product has ÷ words of the query)².
	Coverage float64
	// Code means that a code of the product was typed.
	Code bool
	// Boost is in percent: of the product, and of the merchant's rules.
	Boost float64
	// Matched is false for a product that the query does not find.
	Matched bool
}

// WordScore is the share of one word of the query. Of the ways in which the
// product has it, it is the one that scores highest.
type WordScore struct {
	Word   string // as it was typed
	Term   string // as the product has it, "" if it has not
	Why    string // word, quantity, synonym, spelling of …
	Score  float64
	Weight float64 // of the way
	IDF    float64 // how rare the term is
	Head   bool    // it says what the product is, and counts more for that
	Fields []FieldScore
}

// FieldScore says how much of a field a term makes up.
type FieldScore struct {
	Field  string
	Weight float64
	Share  float64 // occurrences, fewer if the field is longer than others
}

// fieldNames are for people.
var fieldNames = [fields]string{
	titleField: "title", brandField: "brand", typeField: "type", categoryField: "category", attributeField: "attributes",
	descriptionField: "description", headField: "head of the title", pairField: "neighbours in the title",
	codeField: "code", wordField: "words",
}

// Explain says how a product comes to its score for a query. The error is
// fault.NotFound if the index does not have the product.
func (f *Finder) Explain(ctx context.Context, q Query, product catalog.ProductID) (Explanation, error) {
	if err := q.check(); err != nil {
		return Explanation{}, err
	}
	ctx, stop := context.WithTimeout(ctx, queryTime)
	defer stop()
	if err := f.prepare(ctx, &q); err != nil {
		return Explanation{}, err
	}
	var e Explanation
	err := f.use(func(x *index) (err error) {
		e, err = x.explain(ctx, &q, string(product))
		return err
	})
	return e, err
}

func (x *index) explain(ctx context.Context, q *Query, id string) (Explanation, error) {
	if q.rules == nil {
		q.rules = x.plain
	}
	x.mu.RLock()
	defer x.mu.RUnlock()
	ord := x.cols.ordinal(id)
	if ord == gone {
		return Explanation{}, fault.New(fault.NotFound, "product %s is not in the search index", id)
	}
	s := x.borrow(x.cols.size())
	defer x.giveBack(s)
	var p page
	matched, err := x.matched(ctx, q, s, &p)
	if err != nil {
		return Explanation{}, err
	}
	x.applyRules(q, s, &matched)
	e := Explanation{
		Score: x.score(ord, s), Code: s.code[ord], Matched: matched.has(ord), Coverage: 1,
		Boost: float64(x.cols.boost[ord]) + float64(s.boost[ord]),
	}
	if n := len(p.terms.groups); n > 0 {
		share := float64(s.covered[ord]) / float64(n)
		e.Coverage = share * share
	}
	for i := range p.terms.groups {
		w, err := x.explainWord(&p.terms.groups[i], ord)
		if err != nil {
			return Explanation{}, err
		}
		e.Words = append(e.Words, w)
	}
	return e, nil
}

func (x *index) explainWord(g *group, ord uint32) (WordScore, error) {
	s := x.borrow(x.cols.size())
	defer x.giveBack(s)
	best := WordScore{Word: g.word}
	for _, w := range g.terms {
		if err := x.matchTerm(w, s); err != nil {
			return best, err
		}
		tf, idf := float64(s.tf[ord]), idf(x.cols.liveCount(), len(s.terms))
		for _, o := range s.terms {
			s.tf[o] = 0
		}
		s.terms = s.terms[:0]
		if tf == 0 {
			continue
		}
		ws := WordScore{Word: g.word, Term: w.term, Why: w.why, Weight: w.weight, IDF: idf}
		ws.Score = w.weight * idf * tf * (saturation + 1) / (tf + saturation)
		if share, err := x.share(headField, w.term, ord); err != nil {
			return best, err
		} else if g.head && share > 0 {
			ws.Head = true
			ws.Score *= headFactor
		}
		for _, f := range w.fields {
			share, err := x.share(f, w.term, ord)
			if err != nil {
				return best, err
			}
			if share > 0 {
				ws.Fields = append(ws.Fields, FieldScore{fieldNames[f], weights[f], share})
			}
		}
		if ws.Score > best.Score {
			best = ws
		}
	}
	return best, nil
}

// share returns how much of a document's field a term makes up.
func (x *index) share(f field, term string, ord uint32) (float64, error) {
	lists, err := x.postings(f, term)
	if err != nil {
		return 0, err
	}
	for _, list := range lists {
		for _, p := range list {
			if p.ord == ord {
				return float64(p.tf), nil
			}
		}
	}
	return 0, nil
}
