// Package listing merges what the shards of a store list into one listing, in
// the order of keys and page by page, never by offset.
package listing

import (
	"context"
	"iter"

	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/internal/sqlite"
)

// pageSize is how many rows of a shard are read in one snapshot.
const pageSize = 100

// List says what to list. A row that is written while the listing runs may be
// missed: a listing is not a feed.
type List[T any] struct {
	Engine command.Engine
	// Slots names the shards, each by a slot of it; nil means all.
	Slots []id.Slot
	After string // only rows whose key sorts behind this
	Limit int    // 0 means no limit
	// Page reads rows of one shard behind a key, in the order of keys.
	Page func(tx *sqlite.Tx, after string, limit int) ([]T, error)
	Key  func(T) string
}

// All returns the rows. After an error it ends.
func (l List[T]) All(ctx context.Context) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		sources := l.sources()
		for n := 0; l.Limit == 0 || n < l.Limit; n++ {
			var least *source[T]
			for _, s := range sources {
				if err := l.fill(ctx, s); err != nil {
					var none T
					yield(none, err)
					return
				}
				if len(s.rows) > 0 && (least == nil || l.Key(s.rows[0]) < l.Key(least.rows[0])) {
					least = s
				}
			}
			if least == nil {
				return
			}
			row := least.rows[0]
			least.rows, least.after = least.rows[1:], l.Key(row)
			if !yield(row, nil) {
				return
			}
		}
	}
}

// source is the listing of one shard.
type source[T any] struct {
	slot  id.Slot
	after string
	rows  []T
	ended bool
}

func (l List[T]) sources() []*source[T] {
	slots := l.Slots
	if slots == nil {
		for i := range l.Engine.Shards() {
			slots = append(slots, l.Engine.SlotOn(i))
		}
	}
	out := make([]*source[T], len(slots))
	for i, slot := range slots {
		out[i] = &source[T]{slot: slot, after: l.After}
	}
	return out
}

func (l List[T]) fill(ctx context.Context, s *source[T]) error {
	if len(s.rows) > 0 || s.ended {
		return nil
	}
	limit := pageSize
	if l.Limit > 0 {
		limit = min(limit, l.Limit)
	}
	err := l.Engine.View(ctx, s.slot, func(tx *sqlite.Tx) (err error) {
		s.rows, err = l.Page(tx, s.after, limit)
		return err
	})
	s.ended = len(s.rows) < limit
	return err
}
