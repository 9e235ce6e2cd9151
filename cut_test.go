package commerce

import (
	"context"
	"testing"
)

// Every shard takes a cut, keeps it over a restart, and never falls back.
func TestCutReachesEveryShard(t *testing.T) {
	dir := t.TempDir() + "/shop"
	for want := uint64(1); want <= 3; want++ {
		shop, err := Open(context.Background(), dir, WithShards(4))
		if err != nil {
			t.Fatal(err)
		}
		cut, err := shop.engine.raiseCut(context.Background())
		if err != nil || cut != want {
			t.Errorf("got cut %d, %v; want %d", cut, err, want)
		}
		for _, s := range shop.Status().Shards {
			if s.Cut != want {
				t.Errorf("shard %d is at cut %d, want %d", s.Shard, s.Cut, want)
			}
		}
		found, err := shop.Verify(context.Background())
		if err != nil || len(found) > 0 {
			t.Errorf("verify: %v, %v", found, err)
		}
		if err := shop.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
