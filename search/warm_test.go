package search

import (
	"context"
	"slices"
	"testing"
)

// What first letters ask for is in memory once an index is warm, and again
// after a change.
func TestFirstLettersAreWarm(t *testing.T) {
	title := func(id, title string) Document { return Document{ID: id, Title: title} }
	x := newIndex(t, []Document{title("1", "Brown cup 12"), title("2", "Öl für Uhren"), title("3", "硬盘 bag"), title("4", "Zebra")})
	f := &Finder{active: x}
	warm := func(want ...string) {
		t.Helper()
		if !f.warm(t.Context(), x) {
			t.Fatal("it did not come to the end")
		}
		letters, err := x.letters()
		if err != nil || !slices.IsSorted(letters) {
			t.Fatalf("words begin with %q, %v", letters, err)
		}
		for _, l := range want { // words of removed products stay until segments are merged
			if !slices.Contains(letters, l) {
				t.Fatalf("words begin with %q, %q is missing", letters, l)
			}
		}
		for _, l := range letters {
			list, ok := x.completions.Load(completionKey{wordField, l})
			if !ok {
				t.Fatalf("nothing is known of %q", l)
			}
			for _, c := range list.([]completion) {
				have := x.cache.get(postingKey{titleField, x.language.Stem(c.word)})
				if !slices.Equal(have.segments, x.segments) {
					t.Errorf("%q is not in memory", c.word)
				}
			}
		}
	}
	warm("b", "c", "f", "o", "u", "z", "硬")
	before := x.replaced.Load()
	if err := x.write([]Document{title("5", "Mug")}, []string{"4"}, x.head); err != nil {
		t.Fatal(err)
	}
	if x.replaced.Load() == before {
		t.Error("the change is not told")
	}
	if _, ok := x.completions.Load(completionKey{wordField, "b"}); ok {
		t.Error("what was known before a change still is")
	}
	warm("b", "c", "f", "m", "o", "u", "硬")

	ended, end := context.WithCancel(t.Context())
	end()
	if f.warm(ended, x) || (&Finder{active: newIndex(t, nil)}).warm(t.Context(), x) || (&Finder{}).warm(t.Context(), x) {
		t.Error("an index that is not in use is warm")
	}
}
