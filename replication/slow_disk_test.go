package replication

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// TestSlowDisksMakeNoElections: each sync takes a tenth of a second on all three nodes, for ten minutes of load.
// Heartbeats wait for the disk, and nobody takes that for the end of the leader.
func TestSlowDisksMakeNoElections(t *testing.T) {
	const lasts = 10 * time.Minute
	synctest.Test(t, func(t *testing.T) {
		members := three(t, 3)
		defer closeAll(t, members)
		term := members[0].group.Term()
		for _, m := range members {
			m.fs.SlowSyncs(100 * time.Millisecond)
		}
		ctx, cancel := context.WithTimeout(t.Context(), lasts)
		defer cancel()
		var confirmed atomic.Int64
		var load sync.WaitGroup
		for range 16 {
			load.Go(func() {
				for ctx.Err() == nil {
					if _, err := members[0].group.Propose(t.Context(), make([]byte, 1000)); err != nil {
						t.Error(err)
						return
					}
					confirmed.Add(1)
				}
			})
		}
		load.Wait()
		for i, m := range members {
			if got := m.group.Term(); got != term {
				t.Errorf("member %d is in term %d, it was %d", i+1, got, term)
			}
			m.fs.SlowSyncs(0)
		}
		if n := confirmed.Load(); n < int64(lasts/time.Second) {
			t.Errorf("%d entries were confirmed in %v", n, lasts)
		} else {
			t.Logf("%d entries in %v", n, lasts)
		}
	})
}
