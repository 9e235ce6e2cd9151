package search

import (
	"slices"
	"strings"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/search/internal/text"
)

// Vocabulary adds to what is known of a language.
type Vocabulary struct {
	// Synonyms are groups of words and phrases that mean the same: a product
	// that has one of a group is found by each of them.
	Synonyms [][]string
	// StopWords say nothing in this shop.
	StopWords []string
	// Plain leaves out the synonyms that the package brings for the language.
	Plain bool
}

// lexicon holds synonyms, by the stems of a phrase with blanks between them.
type lexicon struct {
	same    map[string][]string // each phrase to the others of its groups
	longest int                 // words of the longest phrase
}

const maxSynonyms = 10_000 // phrases

func newLexicon(l text.Language, locale string, v Vocabulary) (*lexicon, error) {
	groups := v.Synonyms
	if !v.Plain {
		groups = append(slices.Clone(groups), text.Synonyms(locale)...)
	}
	x := &lexicon{same: map[string][]string{}}
	for _, group := range groups {
		var phrases []string
		for _, phrase := range group {
			if p := stems(l, phrase); p != "" && !slices.Contains(phrases, p) {
				phrases = append(phrases, p)
			}
		}
		for _, p := range phrases {
			for _, other := range phrases {
				if other != p && !slices.Contains(x.same[p], other) {
					x.same[p] = append(x.same[p], other)
				}
			}
			x.longest = max(x.longest, strings.Count(p, " ")+1)
		}
	}
	if len(x.same) > maxSynonyms {
		return nil, fault.New(fault.Invalid, "there are %d synonyms; the limit is %d", len(x.same), maxSynonyms)
	}
	return x, nil
}

// stems writes a phrase as the stems of its words.
func stems(l text.Language, phrase string) string {
	var list []string
	for _, w := range text.Words(phrase) {
		list = append(list, l.Stem(w.Text))
	}
	return strings.Join(list, " ")
}
