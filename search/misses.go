package search

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/keelshop/commerce/merchandising"
	"github.com/keelshop/commerce/payments"
	"github.com/keelshop/commerce/search/internal/text"
)

// misses counts texts that found nothing until they are noted in the store.
type misses struct {
	mu   sync.Mutex
	seen map[string]merchandising.Miss // by text
}

// waitingMisses is how many texts wait to be noted at most. What comes beyond
// is not counted: who sends as many in a minute is no shopper.
const waitingMisses = 1000

// note counts a text. One that may name a person or hold a card number is not
// kept.
func (m *misses) note(typed, locale string, at time.Time) {
	if strings.ContainsRune(typed, '@') || payments.RefusePAN(typed) != nil || payments.RefusePAN(digits(typed)) != nil {
		return
	}
	var words []string
	for _, w := range text.Words(typed[:whole(typed, min(len(typed), maxText))]) {
		words = append(words, w.Text)
	}
	folded := strings.Join(words, " ")
	if folded == "" {
		return
	}
	folded = folded[:whole(folded, min(len(folded), maxText))]
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.seen == nil {
		m.seen = map[string]merchandising.Miss{}
	}
	miss, known := m.seen[folded]
	if !known && len(m.seen) >= waitingMisses {
		return
	}
	m.seen[folded] = merchandising.Miss{Locale: locale, Text: folded, Count: miss.Count + 1, LastAt: at.UnixMilli()}
}

// digits returns the digits of a text, whatever is between them.
func digits(s string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
}

// take returns the most frequent texts and forgets all.
func (m *misses) take() []merchandising.Miss {
	m.mu.Lock()
	defer m.mu.Unlock()
	list := slices.SortedFunc(maps.Values(m.seen), func(a, b merchandising.Miss) int {
		if a.Count != b.Count {
			return int(b.Count - a.Count)
		}
		return strings.Compare(a.Text, b.Text)
	})
	m.seen = nil
	return list[:min(len(list), merchandising.MostNoted)]
}

// noteTime is how long a store may take to note misses. What it has not noted
// then is not counted.
const noteTime = 10 * time.Second

// noteMisses writes down what found nothing since it was called last.
func (f *Finder) noteMisses(ctx context.Context) error {
	list := f.misses.take()
	if len(list) == 0 {
		return nil
	}
	ctx, stop := context.WithTimeout(ctx, noteTime)
	defer stop()
	return f.shop.Merchandising.NoteMisses(ctx, merchandising.NoteMisses{Misses: list})
}
