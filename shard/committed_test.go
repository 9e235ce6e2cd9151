package shard_test

import (
	"path/filepath"
	"slices"
	"testing"
)

// TestCachesKnowBeforeEventsTell: who reads of an event and then what it tells
// of must not find an old copy of that in the cache, and keep it.
func TestCachesKnowBeforeEventsTell(t *testing.T) {
	r := openReplica(t, filepath.Join(t.TempDir(), "shard-000.db"), "str_1")
	r.feed(t, 1, 3)
	if want := []int64{0, 0, 1}; !slices.Equal(r.known, want) || r.Events() != 2 {
		t.Errorf("when caches were told, the newest events were %v, want %v; now it is %d", r.known, want, r.Events())
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
}
