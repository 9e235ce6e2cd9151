package replication_test

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/keelshop/commerce/replication"
)

// TestASlowMachineHoldsNobodyUp: one of three applies two orders of magnitude
// more slowly than the others, another time its line is slow. The majority
// goes on as without it, the log that waits for it stays bounded, and in the
// end it has everything, also by a copy that comes while it is checkpointing.
func TestASlowMachineHoldsNobodyUp(t *testing.T) {
	const entries, size, limit = 400, 10 << 10, 256 << 10
	for _, what := range []string{"machine", "line"} {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				network, net := onMemory(1)
				c := newCluster(t, network, "a", "b", "c")
				c.bytes = limit
				defer c.stopAll()
				c.form()
				c.settle()
				pace := func(pause time.Duration) {
					if what == "line" {
						net.Slow("a", "c", pause)
						net.Slow("c", "a", pause)
						return
					}
					m := c.machines["c"]
					m.mu.Lock()
					defer m.mu.Unlock()
					m.hook = func([]replication.Entry) error { time.Sleep(pause); return nil }
				}
				pace(400 * time.Millisecond)
				var worst time.Duration
				var most int64
				for i := range entries {
					began := time.Now()
					data := append([]byte(fmt.Sprintf("%8d", i)), make([]byte, size)...)
					if _, err := c.groups["a"].Propose(t.Context(), data); err != nil {
						t.Fatal(err)
					}
					worst = max(worst, time.Since(began))
					for _, s := range c.nodes["a"].Status() {
						most = max(most, s.LogBytes)
					}
					time.Sleep(time.Millisecond)
				}
				if worst > 100*time.Millisecond {
					t.Errorf("a proposal took %v", worst)
				}
				if most > 2*limit {
					t.Errorf("the leader's log grew to %d bytes", most)
				}
				if behind := c.groups["a"].Applied() - c.machines["c"].now().applied; behind < entries/10 {
					t.Errorf("the slow one is only %d entries behind", behind)
				}
				pace(0)
				c.settle()
			})
		})
	}
}

// TestManyGroups: when a node dies, each of its many groups has a leader again
// soon, and they do not all move to one node.
func TestManyGroups(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const groups = 16
		network, _ := onMemory(1)
		names := []string{"a", "b", "c"}
		nodes := map[string]*replication.Node{}
		of := map[string][]*replication.Group{}
		for i, name := range names {
			n, err := replication.Start(t.Context(), replication.Config{Dir: t.TempDir(), NodeID: name, Joining: i > 0, Network: network(name)})
			if err != nil {
				t.Fatal(err)
			}
			nodes[name] = n
			for id := range groups {
				g, err := n.AddGroup(t.Context(), uint32(id), &machine{})
				if err != nil {
					t.Fatal(err)
				}
				of[name] = append(of[name], g)
			}
		}
		until := func(what string, limit time.Duration, done func() bool) {
			t.Helper()
			for began := time.Now(); !done(); time.Sleep(10 * time.Millisecond) {
				if time.Since(began) > limit {
					t.Fatalf("this has not come about in %v: %s", limit, what)
				}
			}
		}
		for id := range groups {
			for _, name := range names[1:] {
				until("it is added", time.Minute, func() bool { return of["a"][id].Add(t.Context(), name) == nil })
			}
			for _, name := range names[1:] {
				until("it has a vote", time.Minute, func() bool { return of["a"][id].Promote(t.Context(), name) == nil })
			}
		}
		if err := nodes["a"].Close(); err != nil {
			t.Error(err)
		}
		leads := func(name string) (n int) {
			for _, g := range of[name] {
				if g.Ready() {
					n++
				}
			}
			return n
		}
		until("each group has a leader", 10*time.Second, func() bool { return leads("b")+leads("c") == groups })
		if !slices.ContainsFunc(of["b"], (*replication.Group).Ready) || !slices.ContainsFunc(of["c"], (*replication.Group).Ready) {
			t.Errorf("b leads %d groups, c %d", leads("b"), leads("c"))
		}
		for _, name := range names[1:] {
			if err := nodes[name].Close(); err != nil {
				t.Error(err)
			}
		}
	})
}
