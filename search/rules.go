package search

import (
	"context"
	"math"
	"slices"
	"strings"

	"github.com/keelshop/commerce/merchandising"
	"github.com/keelshop/commerce/search/internal/text"
)

// rules are what the merchant wants in one locale, by the stems of the query,
// with the words of the shop. They change the order by relevance only.
type rules struct {
	version   int64
	language  text.Language
	lexicon   *lexicon
	pins      map[string][]string
	buries    map[string][]string
	boosts    map[string][]boost
	redirects map[string]string
}

// boost lifts what a filter keeps.
type boost struct {
	filter  Filter
	percent int
}

// newRules prepares what a store's merchandising says for a locale. plain
// leaves out the synonyms that come with the package.
func newRules(l text.Language, locale string, m *merchandising.Rules, plain bool) *rules {
	r := &rules{
		version: m.Version, language: l, pins: map[string][]string{}, buries: map[string][]string{},
		boosts: map[string][]boost{}, redirects: map[string]string{},
	}
	var words []merchandising.Vocabulary
	for _, v := range m.Vocabularies {
		if speaks(locale, v.Locale) {
			words = append(words, v)
		}
	}
	if !plain {
		words = append(words, merchandising.Vocabulary{Synonyms: text.Synonyms(locale)})
	}
	r.lexicon = newLexicon(l, words)
	for _, rule := range m.Rules {
		if speaks(locale, rule.Locale) {
			r.add(rule)
		}
	}
	return r
}

// speaks reports whether what is for one locale is for another: "de" is for
// "de-AT" too, and "" for all.
func speaks(locale, rule string) bool {
	locale, rule = strings.ToLower(locale), strings.ToLower(rule)
	return rule == "" || locale == rule || strings.HasPrefix(locale, rule+"-")
}

func (r *rules) add(rule merchandising.Rule) {
	query := stems(r.language, rule.Query)
	for _, id := range rule.Pins {
		r.pins[query] = append(r.pins[query], string(id))
	}
	for _, id := range rule.Buries {
		r.buries[query] = append(r.buries[query], string(id))
	}
	for _, b := range rule.Boosts {
		r.boosts[query] = append(r.boosts[query], boost{Filter{Field: b.Field, Values: b.Values}, b.Percent})
	}
	if rule.Redirect != "" && query != "" {
		r.redirects[query] = rule.Redirect
	}
}

// guidance returns the rules as they are in the store now.
func (f *Finder) guidance(ctx context.Context) (*rules, error) {
	m, err := f.shop.Merchandising.Rules(ctx)
	if err != nil {
		return nil, err
	}
	r := f.rules.Load()
	if r == nil || r.version != m.Version {
		r = newRules(text.NewLanguage(f.options.Locale), f.options.Locale, m, f.options.Plain)
		f.rules.Store(r)
	}
	return r, nil
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
	if q.Sort != ByRelevance {
		return
	}
	typed := ""
	if len(r.boosts)+len(r.pins)+len(r.buries) > 0 {
		typed = stems(r.language, q.Text)
	}
	boosts := r.boosts[""]
	if typed != "" {
		boosts = slices.Concat(boosts, r.boosts[typed])
	}
	for _, b := range boosts {
		x.cols.having(q, b.filter).each(func(ord uint32) {
			s.boost[ord] = int16(max(-99, min(int(s.boost[ord])+b.percent, math.MaxInt16)))
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
