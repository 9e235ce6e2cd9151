package commerce

import (
	"testing"

	"github.com/keelshop/commerce/internal/sqlite"
)

// Uncollected returns how many products wait for the rules of collections.
func (s *Store) Uncollected(tb testing.TB) (n int64) {
	for _, l := range s.engine.lanes {
		err := l.shard.View(tb.Context(), func(tx *sqlite.Tx) error {
			here, _, err := tx.Int64(`SELECT count(*) FROM uncollected`)
			n += here
			return err
		})
		if err != nil {
			tb.Fatal(err)
		}
	}
	return n
}

// TotalChanges returns how many rows all shards have changed since the store
// was opened.
func (s *Store) TotalChanges() int64 {
	var n int64
	for _, l := range s.engine.lanes {
		n += l.shard.TotalChanges()
	}
	return n
}

// PagesWritten returns how many pages the commits of all shards have written
// since the store was opened.
func (s *Store) PagesWritten() int64 {
	var n int64
	for _, l := range s.engine.lanes {
		n += l.shard.PagesWritten()
	}
	return n
}
