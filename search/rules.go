package search

import (
	"math"
	"slices"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/search/internal/text"
)

// Merchandising is what a merchant wants to be found, whatever the words say.
// A rule's Query means all texts with the same words, inflected or not. Rules
// change the order by relevance only.
type Merchandising struct {
	// Pins put products first, in the order given, if the filters let them.
	Pins []Pin
	// Buries put products last.
	Buries []Pin
	// Boosts lift or lower products that have a value.
	Boosts []Boost
	// Redirects send shoppers elsewhere.
	Redirects []Redirect
}

// Pin names products for a query.
type Pin struct {
	Query    string // "" is a listing without a text
	Products []catalog.ProductID
}

// Boost multiplies the score of products that a filter keeps.
type Boost struct {
	Query   string // "" is every query
	Filter  Filter // without prices
	Percent int    // 50 makes it half as much again, -50 half; above -100, up to 1,000
}

// Redirect is an address for a query, such as one about opening hours.
type Redirect struct {
	Query string
	To    string
}

const maxRules = 10_000

// rules are Merchandising, by the stems of the query.
type rules struct {
	language  text.Language
	pins      map[string][]string
	buries    map[string][]string
	boosts    map[string][]Boost
	redirects map[string]string
}

func newRules(l text.Language, m Merchandising) (*rules, error) {
	if n := len(m.Pins) + len(m.Buries) + len(m.Boosts) + len(m.Redirects); n > maxRules {
		return nil, fault.New(fault.Invalid, "there are %d rules of merchandising; the limit is %d", n, maxRules)
	}
	r := &rules{
		language: l, pins: map[string][]string{}, buries: map[string][]string{},
		boosts: map[string][]Boost{}, redirects: map[string]string{},
	}
	for _, p := range m.Pins {
		for _, id := range p.Products {
			r.pins[stems(l, p.Query)] = append(r.pins[stems(l, p.Query)], string(id))
		}
	}
	for _, p := range m.Buries {
		for _, id := range p.Products {
			r.buries[stems(l, p.Query)] = append(r.buries[stems(l, p.Query)], string(id))
		}
	}
	for _, b := range m.Boosts {
		if err := b.check(); err != nil {
			return nil, err
		}
		r.boosts[stems(l, b.Query)] = append(r.boosts[stems(l, b.Query)], b)
	}
	for _, d := range m.Redirects {
		if d.To == "" || stems(l, d.Query) == "" {
			return nil, fault.New(fault.Invalid, "a redirect needs a query and an address")
		}
		r.redirects[stems(l, d.Query)] = d.To
	}
	return r, nil
}

func (b Boost) check() error {
	if b.Percent <= -100 || b.Percent > 1000 {
		return fault.New(fault.Invalid, "a boost is above -100 and at most 1000 percent, not %d", b.Percent)
	}
	if b.Filter.Field == FieldPrice {
		return fault.New(fault.Invalid, "a boost cannot go by prices")
	}
	return b.Filter.check(&Query{})
}

// SetMerchandising replaces the rules. It returns fault.Invalid for a rule
// that cannot be meant. They are not stored in the index: give them again
// when it is opened, in Options.
func (f *Finder) SetMerchandising(m Merchandising) error {
	r, err := newRules(text.NewLanguage(f.options.Locale), m)
	if err != nil {
		return err
	}
	f.rules.Store(r)
	return nil
}

// redirect returns where the merchant sends a text, or "".
func (r *rules) redirect(s string) string {
	if len(r.redirects) == 0 {
		return ""
	}
	return r.redirects[stems(r.language, s)]
}

// applyRules changes scores, and adds pinned documents to those that match.
func (x *index) applyRules(q *Query, s *scratch, matched *bitset) {
	r := q.rules
	if r == nil || q.Sort != ByRelevance {
		return
	}
	typed := stems(r.language, q.Text)
	boosts := r.boosts[""]
	if typed != "" {
		boosts = slices.Concat(boosts, r.boosts[typed])
	}
	for _, b := range boosts {
		x.cols.having(q, b.Filter).each(func(ord uint32) {
			s.boost[ord] = int16(max(-99, min(int(s.boost[ord])+b.Percent, math.MaxInt16)))
			s.ruled = append(s.ruled, ord)
		})
	}
	x.applyPins(r, typed, s, matched)
}

func (x *index) applyPins(r *rules, typed string, s *scratch, matched *bitset) {
	for rank, id := range r.buries[typed] {
		if ord := x.cols.ordinal(id); ord != gone {
			s.place[ord] = int64(math.MinInt64/2 - rank)
			s.ruled = append(s.ruled, ord)
		}
	}
	if len(r.pins[typed]) > 0 {
		*matched = slices.Clone(*matched)
	}
	for rank, id := range r.pins[typed] {
		if ord := x.cols.ordinal(id); ord != gone {
			matched.set(ord)
			s.place[ord] = int64(math.MaxInt64/2 - rank)
			s.ruled = append(s.ruled, ord)
		}
	}
}
