package sim

import (
	"testing"
	"testing/synctest"
	"time"
)

// TestTheFirstNodeComesBack: the node that made the store loses power before any of its shards has written a checkpoint,
// and opens again although another node leads.
func TestTheFirstNodeComesBack(t *testing.T) {
	for seed := range uint64(4) {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, config{seed: seed, nodes: 3, shards: 2, log: 64 << 20})
			defer func() {
				for _, n := range w.nodes {
					w.quit(n)
				}
			}()
			if !w.found() {
				return
			}
			w.crash(w.nodes[0])
			time.Sleep(5 * time.Second) // the others have a leader
			if err := w.open(t.Context(), w.nodes[0]); err != nil {
				t.Error(err)
			}
		})
	}
}
