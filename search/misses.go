package search

import (
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/keelshop/commerce/search/internal/text"
)

// Miss is a text that found nothing.
type Miss struct {
	Text  string // folded
	Count int
	Last  time.Time
}

// misses counts texts that found nothing. It keeps the most frequent ones.
type misses struct {
	mu   sync.Mutex
	seen map[string]*Miss
}

const maxMisses = 1000

func (m *misses) note(s string, at time.Time) {
	var words []string
	for _, w := range text.Words(s[:whole(s, min(len(s), maxText))]) {
		words = append(words, w.Text)
	}
	key := strings.Join(words, " ")
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.seen == nil {
		m.seen = map[string]*Miss{}
	}
	if have := m.seen[key]; have != nil {
		have.Count++
		have.Last = at
		return
	}
	if len(m.seen) >= maxMisses {
		m.forget()
	}
	m.seen[key] = &Miss{Text: key, Count: 1, Last: at}
}

// forget drops the less frequent half, the older ones first.
func (m *misses) forget() {
	list := m.list()
	for _, miss := range list[len(list)/2:] {
		delete(m.seen, miss.Text)
	}
}

func (m *misses) list() []Miss {
	var list []Miss
	for _, miss := range m.seen {
		list = append(list, *miss)
	}
	slices.SortFunc(list, func(a, b Miss) int {
		if a.Count != b.Count {
			return b.Count - a.Count
		}
		if c := b.Last.Compare(a.Last); c != 0 {
			return c
		}
		return strings.Compare(a.Text, b.Text)
	})
	return list
}

// Misses returns the texts that have found nothing since the Finder was
// opened, the most frequent first: a merchant adds synonyms or goods for them.
// At most 1,000 are remembered.
func (f *Finder) Misses() []Miss {
	f.misses.mu.Lock()
	defer f.misses.mu.Unlock()
	return f.misses.list()
}
