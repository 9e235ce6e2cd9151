package search

import (
	"slices"
	"strings"

	"github.com/keelshop/commerce/merchandising"
	"github.com/keelshop/commerce/search/internal/text"
)

// lexicon holds synonyms, by the stems of a phrase with blanks between them,
// and words that say nothing.
type lexicon struct {
	same    map[string][]string // each phrase to the others of its groups
	longest int                 // words of the longest phrase
	stop    map[string]bool     // folded words
}

func newLexicon(l text.Language, words []merchandising.Vocabulary) *lexicon {
	x := &lexicon{same: map[string][]string{}, stop: map[string]bool{}}
	for _, v := range words {
		for _, group := range v.Synonyms {
			x.addGroup(l, group)
		}
		for _, stop := range v.StopWords {
			for _, w := range text.Words(stop) {
				x.stop[w.Text] = true
			}
		}
	}
	return x
}

func (x *lexicon) addGroup(l text.Language, group []string) {
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

// stems writes a phrase as the stems of its words.
func stems(l text.Language, phrase string) string {
	var list []string
	for _, w := range text.Words(phrase[:whole(phrase, min(len(phrase), maxText))]) {
		list = append(list, l.Stem(w.Text))
	}
	return strings.Join(list, " ")
}
