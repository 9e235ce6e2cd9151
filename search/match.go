package search

import (
	"context"
	"math"
)

// weights say how much a word counts in each field.
var weights = [fields]float64{
	titleField: 3, brandField: 2, typeField: 3, categoryField: 2, attributeField: 0.6, descriptionField: 0.8, pairField: 2, wordField: 1,
}

// scratch is the working memory of one query, by ordinal. It is kept for the
// next query and cleared by what was touched.
type scratch struct {
	tf      []float32 // of one way to have a word
	word    []float32 // the best of them
	score   []float32
	covered []uint8 // words that the document has
	head    []bool  // the current term says what the document is
	code    []bool  // the document has a code that was typed
	touched []uint32
	boost   []int16  // percent, by the merchant's rules
	place   []int64  // in the order, by the merchant's rules; 0 is by its score
	ruled   []uint32 // documents with a boost or a place
	words   []uint32 // documents that have the current word
	terms   []uint32 // documents that have the current term
}

func (x *index) borrow(n int) *scratch {
	s, ok := x.scratch.Get().(*scratch)
	if !ok || len(s.tf) < n {
		room := n + n/4 + 64
		s = &scratch{
			tf: make([]float32, room), word: make([]float32, room), score: make([]float32, room),
			covered: make([]uint8, room), code: make([]bool, room), head: make([]bool, room),
			boost: make([]int16, room), place: make([]int64, room),
		}
	}
	return s
}

func (x *index) giveBack(s *scratch) {
	for _, ord := range s.touched {
		s.score[ord], s.covered[ord], s.code[ord] = 0, 0, false
	}
	for _, ord := range s.ruled {
		s.boost[ord], s.place[ord] = 0, 0
	}
	s.touched, s.ruled = s.touched[:0], s.ruled[:0]
	x.scratch.Put(s)
}

// match scores the documents that have words of the query.
func (x *index) match(ctx context.Context, p parsed, s *scratch) error {
	for i := range p.groups {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := x.matchGroup(&p.groups[i], s); err != nil {
			return err
		}
	}
	return x.matchCodes(p.codes, s)
}

// matchGroup adds to each document's score the best of the ways in which it
// has one word.
func (x *index) matchGroup(g *group, s *scratch) error {
	s.words = s.words[:0]
	for _, w := range g.terms {
		if err := x.matchTerm(w, s); err != nil {
			return err
		}
		idf := idf(x.cols.liveCount(), len(s.terms))
		if g.head {
			if err := x.markHeads(w.term, s); err != nil {
				return err
			}
		}
		for _, ord := range s.terms {
			tf := s.tf[ord]
			s.tf[ord] = 0
			score := float32(w.weight*idf) * tf * (saturation + 1) / (tf + saturation)
			if s.head[ord] {
				s.head[ord] = false
				score *= headFactor
			}
			if s.word[ord] == 0 {
				s.words = append(s.words, ord)
			}
			s.word[ord] = max(s.word[ord], score)
		}
		s.terms = s.terms[:0]
	}
	for _, ord := range s.words {
		if s.covered[ord] == 0 {
			s.touched = append(s.touched, ord)
		}
		s.covered[ord]++
		s.score[ord] += s.word[ord]
		s.word[ord] = 0
	}
	return nil
}

// headFactor is how much more a word counts where it says what the product is.
const headFactor = 3

// markHeads notes in which documents that have a term it says what they are.
func (x *index) markHeads(term string, s *scratch) error {
	lists, err := x.postings(headField, term)
	if err != nil {
		return err
	}
	for _, list := range lists {
		for _, p := range list {
			s.head[p.ord] = s.tf[p.ord] > 0
		}
	}
	return nil
}

// matchTerm sums up how much of each document's fields a term makes up.
func (x *index) matchTerm(w wanted, s *scratch) error {
	for _, f := range w.fields {
		weight := float32(weights[f])
		lists, err := x.postings(f, w.term)
		if err != nil {
			return err
		}
		for _, list := range lists {
			for _, p := range list {
				if !x.cols.live.has(p.ord) {
					continue
				}
				if s.tf[p.ord] == 0 {
					s.terms = append(s.terms, p.ord)
				}
				s.tf[p.ord] += weight * p.tf
			}
		}
	}
	return nil
}

// matchCodes notes the documents that have a code that was typed.
func (x *index) matchCodes(codes []string, s *scratch) error {
	for _, code := range codes {
		lists, err := x.postings(codeField, code)
		if err != nil {
			return err
		}
		for _, list := range lists {
			for _, p := range list {
				if !x.cols.live.has(p.ord) {
					continue
				}
				if s.covered[p.ord] == 0 && !s.code[p.ord] {
					s.touched = append(s.touched, p.ord)
				}
				s.code[p.ord] = true
			}
		}
	}
	return nil
}

// idf is how much a term says that df of n documents have.
func idf(n, df int) float64 {
	return math.Log(1 + (float64(n)-float64(df)+0.5)/(float64(df)+0.5))
}
