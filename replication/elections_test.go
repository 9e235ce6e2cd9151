package replication_test

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// TestANewLeaderComesSoon: from the end of a leader to the first entry that another one has confirmed, in virtual time.
// A leader whose process ends is missed at once; one that is cut off, after a lease and a random time.
func TestANewLeaderComesSoon(t *testing.T) {
	for _, c := range []struct {
		how          string
		median, most time.Duration
	}{
		{"ends", 500 * time.Millisecond, 5 * time.Second},
		{"is cut off", 2200 * time.Millisecond, 5 * time.Second},
	} {
		var took []time.Duration
		for seed := range uint64(20) {
			synctest.Test(t, func(t *testing.T) { took = append(took, replaced(t, seed, c.how == "ends")) })
		}
		slices.Sort(took)
		median, most := took[len(took)/2], took[len(took)-1]
		t.Logf("a leader that %s is replaced after %v, at most %v", c.how, median, most)
		if median > c.median || most > c.most {
			t.Errorf("a leader that %s is replaced after %v, at most %v", c.how, median, most)
		}
	}
}

func replaced(t *testing.T, seed uint64, ends bool) time.Duration {
	network, net := onMemory(seed)
	c := newCluster(t, network, "a", "b", "c")
	defer c.stopAll()
	c.form()
	c.settle() // before, a node may not know yet that another one has a vote, and does not vote for it
	time.Sleep(time.Duration(seed) * 137 * time.Millisecond)
	leader := ""
	for name, g := range c.groups {
		if g.Ready() {
			leader = name
		}
	}
	began := time.Now()
	if ends {
		net.Kill(leader)
	} else {
		net.Isolate(leader)
	}
	c.try(func() error {
		for name, g := range c.groups {
			if name == leader {
				continue
			}
			if _, err := g.Propose(t.Context(), []byte("after")); err == nil {
				return nil
			}
		}
		return fmt.Errorf("nobody leads")
	})
	return time.Since(began)
}

// TestANodeThatIsBackIsHeardAtOnce: it was gone for long, and the leader does not wait before it sends what it lacks.
func TestANodeThatIsBackIsHeardAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network, net := onMemory(1)
		c := newCluster(t, network, "a", "b", "c")
		defer c.stopAll()
		c.form()
		net.Isolate("c")
		for range 10 {
			c.propose("without c")
			time.Sleep(6 * time.Second)
		}
		net.Heal()
		began := time.Now()
		c.settle()
		if took := time.Since(began); took > 2*time.Second {
			t.Errorf("after %v it had caught up", took)
		}
	})
}

// TestASlowFollowerHoldsNobodyUp: the majority goes on at its own pace beside a follower that answers after seconds, and
// whose log ends where theirs do not begin any more; it catches up when it is well again.
func TestASlowFollowerHoldsNobodyUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network, net := onMemory(1)
		c := newCluster(t, network, "a", "b", "c")
		defer c.stopAll()
		c.bytes = 8 << 10
		c.form()
		net.Slow("a", "c", 2*time.Second)
		net.Slow("c", "a", 2*time.Second)
		for i := range 300 {
			began := time.Now()
			if _, err := c.groups["a"].Propose(t.Context(), []byte(fmt.Sprint("beside c ", i))); err != nil {
				t.Fatal(err)
			}
			if took := time.Since(began); took > 100*time.Millisecond {
				t.Fatalf("entry %d took %v", i, took)
			}
		}
		if bytes := c.nodes["a"].Status()[0].LogBytes; bytes > 4*c.bytes {
			t.Errorf("the leader keeps %d bytes of log for it", bytes)
		}
		net.Heal()
		c.settle()
	})
}

// TestCallsDoNotWaitForALeaderThatIsGone: what waits for the answer of a leader that was cut off ends when another one
// leads.
func TestCallsDoNotWaitForALeaderThatIsGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network, net := onMemory(1)
		c := newCluster(t, network, "a", "b", "c")
		defer c.stopAll()
		c.form()
		c.settle()
		net.Isolate("a")
		began := time.Now()
		ctx, answered := c.groups["b"].Following(t.Context(), "a")
		defer answered()
		if _, err := c.groups["b"].ReadIndex(t.Context()); err == nil {
			t.Error("a leader that is cut off was asked where to read, and has answered")
		}
		<-ctx.Done()
		if took := time.Since(began); took > 6*time.Second {
			t.Errorf("they waited for %v", took)
		}
	})
}
