package storefront

import (
	"bytes"
	"fmt"
	"html/template"
	"sync"
)

// fragments keeps pieces of pages by everything that they are made of, so that
// none is ever out of date: one that has changed has another key. It is safe for
// concurrent use.
type fragments struct {
	mu   sync.RWMutex
	kept map[string]template.HTML
}

// mostFragments is how many pieces are kept, of about half a kilobyte each.
const mostFragments = 8192

// get returns a piece, which make makes if it is not there. When there are too
// many, all go.
func (f *fragments) get(key string, make func() (template.HTML, error)) (template.HTML, error) {
	f.mu.RLock()
	piece, ok := f.kept[key]
	f.mu.RUnlock()
	if ok {
		return piece, nil
	}
	piece, err := make()
	if err != nil {
		return "", err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.kept == nil || len(f.kept) >= mostFragments {
		f.kept = map[string]template.HTML{}
	}
	f.kept[key] = piece
	return piece, nil
}

// kept renders a card, or takes it from those that were rendered before.
func (t *theme) kept(l *locale) func(card) (template.HTML, error) {
	cards := &fragments{}
	return func(c card) (template.HTML, error) {
		return cards.get(c.key(), func() (template.HTML, error) {
			var b bytes.Buffer
			err := t.shared[l].ExecuteTemplate(&b, "card", c)
			return template.HTML(b.String()), err // what a template has made is escaped already
		})
	}
}

// key holds everything that a card shows.
func (c card) key() string {
	was := ""
	if c.Was != nil {
		was = c.Was.String()
	}
	return fmt.Sprintf("%q %q %q %q %v %t %d %q", c.Title, c.URL, c.Pictures, c.Price.String(), was, c.From, c.Choices, c.Option)
}
