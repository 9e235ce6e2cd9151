package replication

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/keelshop/commerce/fault"
)

// TestAReplacedLeaderServesNoRead: a leader whose followers have elected another one hears their answers to requests
// of before. Raft's VerifyLeader takes these for a proof that it still leads.
func TestAReplacedLeaderServesNoRead(t *testing.T) {
	bothWays(t, func(t *testing.T, sending func(*Config)) {
		fooled := 0
		for range 10 {
			synctest.Test(t, func(t *testing.T) {
				if replaceLeader(t, sending) {
					fooled++
				}
			})
		}
		if fooled == 0 {
			t.Error("VerifyLeader was never fooled: the scenario is not what it should be")
		}
	})
}

// bothWays runs a test with one request to a follower at a time, and with several.
func bothWays(t *testing.T, test func(t *testing.T, sending func(*Config))) {
	t.Run("one at a time", func(t *testing.T) { test(t, func(*Config) {}) })
	t.Run("pipelined", func(t *testing.T) { test(t, func(c *Config) { c.Pipeline = true }) })
}

func replaceLeader(t *testing.T, sending func(*Config)) (fooled bool) {
	members, net := threeOn(t, 3, sending)
	defer closeAll(t, members)
	old, next := members[0].group, members[1].group
	if _, err := old.Propose(t.Context(), []byte("first")); err != nil {
		t.Fatal(err)
	}
	if index, err := old.ReadIndex(t.Context()); err != nil || index < 2 {
		t.Fatalf("a healthy leader: %d, %v", index, err)
	}
	// From now on answers to the leader are under way for long.
	net.Slow("n2", "n1", 900*time.Millisecond)
	net.Slow("n3", "n1", 900*time.Millisecond)
	time.Sleep(3 * time.Second)
	old.raft.VerifyLeader() // sends heartbeats, if none are under way
	time.Sleep(time.Millisecond)
	moment := old.trans.acks.now.Load()

	net.Cut("n2", "n1")
	net.Cut("n3", "n1")
	if err := next.trans.lead(t.Context()); err != nil {
		t.Fatal(err)
	}
	for range 100 {
		if !next.Ready() {
			time.Sleep(time.Millisecond)
		}
	}
	_, err := next.Propose(t.Context(), []byte("second"))
	if err != nil || !old.Ready() {
		return false // there was another election, or the old leader noticed in time
	}
	verified := old.raft.VerifyLeader()
	ctx, cancel := context.WithTimeout(t.Context(), 950*time.Millisecond)
	defer cancel()
	index, err := old.ReadIndex(ctx)
	if err == nil || fault.CodeOf(err) != fault.Unavailable {
		t.Errorf("the old leader allows reading at %d, %v", index, err)
	}
	if index, err := next.ReadIndex(t.Context()); err != nil || next.Applied() < index || members[1].machine.entries != 2 {
		t.Errorf("the new leader: %d, %v", index, err)
	}
	// What makes the difference is when the acknowledged requests were begun.
	late, _ := old.trans.acks.quorum("n1", old.ready.Load(), moment, old.electorates()...)
	if late {
		t.Error("a majority has acknowledged requests of after the cut")
	}
	return verified.Error() == nil
}

// TestReadsOnFollowers: what was confirmed anywhere is seen by a read that begins later anywhere.
func TestReadsOnFollowers(t *testing.T) {
	bothWays(t, func(t *testing.T, sending func(*Config)) {
		synctest.Test(t, func(t *testing.T) { readOnFollowers(t, sending) })
	})
}

func readOnFollowers(t *testing.T, sending func(*Config)) {
	members, _ := threeOn(t, 3, sending)
	defer closeAll(t, members)
	time.Sleep(patience) // until the followers know who leads
	for i := range 30 {
		if _, err := members[0].group.Propose(t.Context(), []byte("entry")); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		for n, m := range members {
			index, err := m.group.ReadIndex(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if err := m.group.WaitApplied(t.Context(), index); err != nil {
				t.Fatal(err)
			}
			if got := m.machine.count.Load(); got != int64(i+1) {
				t.Errorf("member %d has %d entries after %d were confirmed", n+1, got, i+1)
			}
		}
		if took := time.Since(began); took > 50*time.Millisecond {
			t.Errorf("reading took %v: nobody told the followers what is committed", took)
		}
	}
}

// TestReadsNeedBothElectorates: while members change, the voters of the committed configuration count as well as those
// of the latest.
func TestReadsNeedBothElectorates(t *testing.T) {
	var a acks
	a.note("n2", 5, a.begin(), 1)
	before := a.begin()
	if ok, _ := a.quorum("n1", 5, before, []string{"n1", "n2", "n3"}); ok {
		t.Error("an older acknowledgement counts")
	}
	a.note("n2", 5, a.begin(), 2)
	if ok, _ := a.quorum("n1", 5, before, []string{"n1", "n2", "n3"}); !ok {
		t.Error("a newer acknowledgement does not count")
	}
	if ok, _ := a.quorum("n1", 5, before, []string{"n1", "n2", "n3"}, []string{"n1", "n3", "n4"}); ok {
		t.Error("one electorate is enough")
	}
	if ok, _ := a.quorum("n1", 6, before, []string{"n1", "n2", "n3"}); ok {
		t.Error("an acknowledgement of another term counts")
	}
}
