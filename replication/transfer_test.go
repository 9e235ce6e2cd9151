package replication

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/keelshop/commerce/fault"
)

// TestLeadershipGoesOnlyToWhoHasCaughtUp: a voter that lacks a lot is refused at once; one that lacks a little and does
// not get it is refused after a while. Both times the leader goes on, and hands over once the voter has everything.
func TestLeadershipGoesOnlyToWhoHasCaughtUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		members, net := threeOn(t, 3)
		defer closeAll(t, members)
		leader := members[0].group
		propose := func(n int) {
			t.Helper()
			for range n {
				if _, err := leader.Propose(t.Context(), []byte("x")); err != nil {
					t.Fatal(err)
				}
			}
		}
		refused := func(what string) {
			t.Helper()
			term := leader.Term()
			if err := leader.Transfer(t.Context(), "n3"); fault.CodeOf(err) != fault.Conflict {
				t.Errorf("to one that lacks %s: %v", what, err)
			}
			if !leader.Ready() || leader.Term() != term {
				t.Errorf("after that the leader leads %v, in term %d of %d", leader.Ready(), leader.Term(), term)
			}
			propose(1)
		}
		propose(10)
		time.Sleep(time.Second)
		net.Cut("n1", "n3")
		net.Cut("n3", "n1")
		propose(1)
		refused("an entry")
		propose(maxLag + 1)
		began := time.Now()
		refused("a lot")
		if waited := time.Since(began); waited > patience/2 {
			t.Errorf("it took %v to find that", waited)
		}
		net.Heal()
		for leader.Ready() {
			propose(1)
			if err := leader.Transfer(t.Context(), "n3"); err != nil && fault.CodeOf(err) != fault.Conflict {
				t.Fatal(err)
			}
			time.Sleep(patience)
		}
		if got := members[1].group.Leader(); got != "n3" {
			t.Errorf("%s leads", got)
		}
	})
}
