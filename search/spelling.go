package search

import (
	"slices"
	"unicode/utf8"

	"github.com/keelshop/commerce/search/internal/text"
)

// known reports whether any document has a term in one of the fields.
func (x *index) known(term string, in []field) (bool, error) {
	for _, f := range in {
		lists, err := x.postings(f, term)
		if err != nil {
			return false, err
		}
		for _, list := range lists {
			if slices.ContainsFunc(list, func(p posting) bool { return x.cols.live.has(p.ord) }) {
				return true, nil
			}
		}
	}
	return false, nil
}

// slips returns how many letters of a word may be wrong: none in a short one,
// since it would soon be another word, and none in one with digits.
func slips(w string) int {
	switch n := utf8.RuneCountInString(w); {
	case text.HasDigit(w) || n < 4:
		return 0
	case n < 8:
		return 1
	}
	return 2
}

// maxCorrections is how many spellings of a word are tried.
const maxCorrections = 4

// correct returns words of the catalogue that an unknown word may be meant
// for, likely ones first: fewer slips, then more documents.
func (x *index) correct(w string) (list []string, err error) {
	defer recovered(&err)
	for n := 1; n <= slips(w) && len(list) == 0; n++ {
		_, size := utf8.DecodeRuneInString(w)
		var found []completion
		for _, prefix := range []string{w[:size], ""} {
			dict, err := x.snap.FieldDictFuzzy(names[wordField], w, n, prefix)
			if err != nil {
				return nil, err
			}
			for {
				entry, err := dict.Next()
				if err != nil || entry == nil {
					break
				}
				if utf8.RuneCountInString(entry.Term) > 2 {
					found = append(found, completion{word: entry.Term})
				}
			}
			_ = dict.Close()
			if len(found) > 0 {
				break // the first letter is seldom wrong
			}
		}
		for i := range found {
			if found[i].count, err = x.frequency(wordField, found[i].word); err != nil {
				return nil, err
			}
		}
		slices.SortStableFunc(found, func(a, b completion) int { return b.count - a.count })
		for _, c := range found[:min(len(found), maxCorrections)] {
			if c.count > 0 {
				list = append(list, c.word)
			}
		}
	}
	return list, nil
}

// frequency returns how many documents have a term in a field.
func (x *index) frequency(f field, term string) (n int, err error) {
	lists, err := x.postings(f, term)
	if err != nil {
		return 0, err
	}
	for _, list := range lists {
		for _, p := range list {
			if x.cols.live.has(p.ord) {
				n++
			}
		}
	}
	return n, nil
}
