package replication

import (
	"testing"
	"testing/synctest"

	"github.com/hashicorp/raft"
)

// TestLateOffersOfACopy: a copy that holds nothing new is answered and not taken, however late its offer comes. What is
// of another history or of another term is left to raft.
func TestLateOffersOfACopy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		members := three(t, 3)
		defer closeAll(t, members)
		for range 20 {
			if _, err := members[0].group.Propose(t.Context(), []byte("entry")); err != nil {
				t.Fatal(err)
			}
		}
		synctest.Wait()
		g := members[1].group
		now, last := g.raft.CurrentTerm(), g.log.Last()
		for name, c := range map[string]struct {
			index, lastTerm, term uint64
			answered              bool
		}{
			"long applied":               {3, now, now, true},
			"applied, of whatever term":  {3, now - 1, now, true},
			"the newest entry":           {last, now, now, true},
			"beyond the log":             {last + 1, now, now, false},
			"far beyond":                 {last + 1000, now, now, false},
			"by a leader that was":       {3, now, now - 1, false},
			"by one that is not known":   {3, now, now + 1, false},
			"of another history, beyond": {last + 1, now - 1, now, false},
		} {
			got := g.welcome(&raft.InstallSnapshotRequest{Term: c.term, LastLogIndex: c.index, LastLogTerm: c.lastTerm})
			if (got != nil) != c.answered {
				t.Errorf("%s: got %+v", name, got)
			}
			if got != nil && (!got.Success || got.Term != now) {
				t.Errorf("%s: the answer is %+v", name, got)
			}
		}
	})
}
