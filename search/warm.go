package search

import (
	"context"
	"time"
	"unicode/utf8"
)

// A suggestion for the first letter of a word looks at many words and at all
// products that have one of them. From the disk that takes milliseconds, from
// memory tenths. So what the first letters ask for is read before anybody types
// them, and again when the index has changed.
const (
	warmPause = 10 * time.Second // between two times
	warmShare = 4                // rests as many times as long as it works
	warmRanks = 1000             // letters at most: some scripts have more
)

// keepWarm reads what first letters ask for, until ctx ends or another index is
// in use. An error is for those who ask to tell.
func (f *Finder) keepWarm(ctx context.Context, x *index) {
	for done := uint64(0); ctx.Err() == nil; wait(ctx, warmPause) {
		if now := x.replaced.Load(); now != done && f.warm(ctx, x) {
			done = now
		}
	}
}

// warm reports whether it came to the end.
func (f *Finder) warm(ctx context.Context, x *index) bool {
	var letters []string
	used := func(fn func() error) bool {
		return ctx.Err() == nil && f.use(func(now *index) error {
			if now != x {
				return context.Canceled
			}
			return fn()
		}) == nil
	}
	if !used(func() (err error) { letters, err = x.letters(); return err }) {
		return false
	}
	for _, letter := range letters {
		started := time.Now()
		if !used(func() error { _, err := x.suggest(ctx, &Query{}, letter, 1); return err }) {
			return false
		}
		wait(ctx, warmShare*time.Since(started))
	}
	return true
}

// letters returns what the words of the index begin with.
func (x *index) letters() (list []string, err error) {
	defer recovered(&err)
	x.mu.RLock()
	defer x.mu.RUnlock()
	for from := []byte{0}; len(list) < warmRanks; {
		word, err := x.wordFrom(from)
		if err != nil || word == "" {
			return list, err
		}
		first, n := utf8.DecodeRuneInString(word)
		list = append(list, word[:n])
		from = utf8.AppendRune(nil, first+1)
	}
	return list, nil
}

// wordFrom returns the first word that does not come before another, or "".
func (x *index) wordFrom(from []byte) (string, error) {
	dict, err := x.snap.FieldDictRange(names[wordField], from, nil)
	if err != nil {
		return "", err
	}
	defer dict.Close()
	entry, err := dict.Next()
	if err != nil || entry == nil {
		return "", err
	}
	return entry.Term, nil
}
