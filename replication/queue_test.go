package replication_test

import (
	"context"
	"encoding/binary"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/replication"
)

// hold keeps a machine busy with whatever comes next until release is called, with what the machine is to answer.
func (m *machine) hold() (release func(error)) {
	gate := make(chan struct{})
	var answer error
	m.mu.Lock()
	defer m.mu.Unlock()
	m.hook = func([]replication.Entry) error { <-gate; return answer }
	return func(err error) {
		answer = err
		m.mu.Lock()
		m.hook = nil
		m.mu.Unlock()
		close(gate)
	}
}

// slow has a machine take its time for each batch.
func (m *machine) slow(pause time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.hook = func([]replication.Entry) error { time.Sleep(pause); return nil }
}

// counted returns the numbers that a machine has applied, in order, and in how many batches all came.
func (m *machine) counted() (numbers []uint64, batches int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, n := range m.numbers {
		numbers = append(numbers, n.N)
	}
	return numbers, m.batches
}

// count has a leader confirm n numbers from one on.
func (c *cluster) count(leader string, from, n uint64) {
	c.t.Helper()
	var all []replication.Future
	for i := range n {
		all = append(all, c.groups[leader].ProposeAsync(binary.BigEndian.AppendUint64(nil, from+i)))
	}
	for _, f := range all {
		if _, err := f.Wait(); err != nil {
			c.t.Fatal(err)
		}
	}
}

// gathering is three nodes, led by a, of which c is busy and has some numbers from 1 on in its queue.
func gathering(t *testing.T, n uint64) (c *cluster, release func(error)) {
	t.Helper()
	network, _ := onMemory(1)
	c = newCluster(t, network, "a", "b", "c")
	c.form()
	c.settle()
	release = c.machines["c"].hold()
	c.count("a", 1, n)
	c.handedOver("c")
	return c, release
}

// handedOver waits until a node has heard that all of its log is committed, and raft does no more.
func (c *cluster) handedOver(name string) {
	c.t.Helper()
	c.try(func() error {
		s := c.nodes[name].Status()[0]
		if s.Committed != s.LastIndex || s.LastIndex < c.groups["a"].LastIndex() {
			return errors.New("it lacks entries")
		}
		return nil
	})
	synctest.Wait()
}

// allCounted checks that a node's machine has applied 1 to n, in this order.
func (c *cluster) allCounted(name string, n int) {
	c.t.Helper()
	got, _ := c.machines[name].counted()
	if len(got) != n || !slices.IsSorted(got) || got[0] != 1 || got[n-1] != uint64(n) {
		c.t.Errorf("%s has applied %d numbers, not %d in order: %v", name, len(got), n, got)
	}
}

// TestABusyFollowerGathers: what comes while a follower's machine is busy becomes few batches, in order. Until they are
// applied, nothing says that they are, and who leads does not wait.
func TestABusyFollowerGathers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, release := gathering(t, 60)
		defer c.stopAll()
		g := c.groups["c"]
		before := c.machines["c"].now().applied
		_, batches := c.machines["c"].counted()
		if queued, bytes := replication.Queued(g); queued < 30 || bytes != 8*queued {
			t.Errorf("%d entries of %d bytes are in the queue", queued, bytes)
		}
		if g.Applied() > before {
			t.Errorf("the group has applied entry %d, and its machine %d", g.Applied(), before)
		}
		index, err := g.ReadIndex(t.Context())
		if err != nil || index < before+60 {
			t.Fatalf("a read has to wait for entry %d, %v", index, err)
		}
		short, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := g.WaitApplied(short, index); fault.CodeOf(err) != fault.Unavailable {
			t.Errorf("waiting for what is in the queue: %v", err)
		}
		if s, err := c.groups["a"].StateOf(t.Context(), "c"); err != nil || s.Applied > before {
			t.Errorf("it tells others that it has applied entry %d, %v", s.Applied, err)
		}
		release(nil)
		if err := g.WaitApplied(t.Context(), index); err != nil || c.machines["c"].now().applied < index {
			t.Errorf("after the wait for entry %d the machine has applied %d, %v", index, c.machines["c"].now().applied, err)
		}
		_, now := c.machines["c"].counted()
		if now-batches > 8 {
			t.Errorf("60 entries were applied in %d batches", now-batches)
		}
		c.settle()
		c.allCounted("c", 60)
	})
}

// TestReadersNeedNotWaitForTheWholeQueue: whoever waits for an entry goes on when that is applied.
func TestReadersNeedNotWaitForTheWholeQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, release := gathering(t, 400)
		defer c.stopAll()
		first := c.machines["c"].now().applied + 1
		began := time.Now()
		release(nil)
		c.machines["c"].slow(100 * time.Millisecond)
		if err := c.groups["c"].WaitApplied(t.Context(), first+100); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); took > 1500*time.Millisecond {
			t.Errorf("the 100th of 400 entries was waited for %v", took)
		}
		c.machines["c"].slow(0)
		c.settle()
	})
}

// TestAQueueIsBounded: raft waits while it is full.
func TestAQueueIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const n = replication.MostQueued + 300
		c, release := gathering(t, 1)
		defer c.stopAll()
		c.count("a", 2, n-1)
		time.Sleep(5 * time.Second) // of the bubble
		if queued, _ := replication.Queued(c.groups["c"]); queued < replication.MostQueued || queued > replication.MostQueued+64 {
			t.Errorf("of %d entries %d are in the queue", n, queued)
		}
		release(nil)
		c.settle()
		c.allCounted("c", n)
	})
}

// TestANewLeaderEmptiesItsQueueFirst: it takes nothing and answers no read before.
func TestANewLeaderEmptiesItsQueueFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, release := gathering(t, 40)
		defer c.stopAll()
		g := c.groups["c"]
		if err := c.groups["a"].Transfer(t.Context(), "c"); err != nil {
			t.Fatal(err)
		}
		c.try(func() error {
			if !g.Leading() {
				return errors.New("c does not lead")
			}
			return nil
		})
		time.Sleep(2 * time.Second) // of the bubble
		if !g.Leading() || g.Ready() {
			t.Fatalf("with entries in the queue: leading is %v, ready %v", g.Leading(), g.Ready())
		}
		if _, err := g.Propose(t.Context(), []byte("early")); fault.CodeOf(err) != fault.Unavailable {
			t.Errorf("proposing to it: %v", err)
		}
		if index, err := g.ReadIndex(t.Context()); fault.CodeOf(err) != fault.Unavailable {
			t.Errorf("reading from it: %d, %v", index, err)
		}
		release(nil)
		c.try(func() error {
			if !g.Ready() {
				return errors.New("c is not ready")
			}
			return nil
		})
		c.allCounted("c", 40)
		c.count("c", 41, 5)
		c.settle()
		c.allCounted("c", 45)
	})
}

// TestTheLogIsTruncatedBehindAQueue: a checkpoint comes after what is in the queue, so that nothing is missing when the
// node starts again with what was durable.
func TestTheLogIsTruncatedBehindAQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network, _ := onMemory(1)
		c := newCluster(t, network, "a", "b", "c")
		c.bytes = 1 << 10
		defer c.stopAll()
		c.form()
		c.settle()
		release := c.machines["c"].hold()
		c.count("a", 1, 1)
		c.handedOver("c") // its machine is at it
		marks := c.machines["c"].checkpoints()
		c.count("a", 2, 199)
		c.handedOver("c")
		time.Sleep(time.Second) // of the bubble
		if now := c.machines["c"].checkpoints(); now != marks {
			t.Errorf("there were %d checkpoints while entries were in the queue", now-marks)
		}
		release(nil)
		c.settle()
		c.try(func() error {
			if c.machines["c"].checkpoints() == marks {
				return errors.New("there was no checkpoint")
			}
			return nil
		})
		c.stop("c")
		c.start("c", false)
		c.settle()
		c.allCounted("c", 200)
	})
}

// TestACopyComesBehindAQueue: a node that needs a copy while entries are in its queue applies these first.
func TestACopyComesBehindAQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network, net := onMemory(1)
		c := newCluster(t, network, "a", "b", "c")
		c.bytes = 1 << 10
		defer c.stopAll()
		c.form()
		c.settle()
		release := c.machines["c"].hold()
		c.count("a", 1, 40)
		c.handedOver("c")
		net.Isolate("c")
		reach := c.groups["c"].LastIndex()
		next := uint64(41)
		for ; c.nodes["a"].Status()[0].FirstIndex <= reach+1; next++ {
			c.count("a", next, 1)
		}
		net.Heal()
		time.Sleep(5 * time.Second) // of the bubble, in which the copy comes
		if n := c.machines["c"].copies; n > 0 {
			t.Errorf("it was replaced %d times while entries were in its queue", n)
		}
		release(nil)
		c.settle()
		if c.machines["c"].copies == 0 {
			t.Error("it got no copy")
		}
		c.allCounted("c", int(next)-1)
	})
}

// TestNothingComesBehindAFailure: when the machine fails, or the node does, what is in the queue is left out, and so is
// all that comes behind it. The next start applies it.
func TestNothingComesBehindAFailure(t *testing.T) {
	broken := errors.New("broken")
	for what, fail := range map[string]func(n *replication.Node, release func(error)){
		"machine": func(_ *replication.Node, release func(error)) { release(broken) },
		"node": func(n *replication.Node, release func(error)) {
			n.Fail(broken)
			release(nil)
		},
	} {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, release := gathering(t, 60)
				defer c.stopAll()
				n, m := c.nodes["c"], c.machines["c"]
				_, before := m.counted()
				fail(n, release)
				<-n.Failed()
				if !errors.Is(n.Err(), broken) {
					t.Errorf("it failed of %v", n.Err())
				}
				c.count("a", 61, 20)
				if err := c.groups["c"].Rebuild("nothing"); fault.CodeOf(err) != fault.Broken {
					t.Errorf("rebuilding: %v", err)
				}
				if err := n.Close(); err != nil {
					t.Errorf("closing: %v", err)
				}
				if got, after := m.counted(); after > before+1 || len(got) > 16 {
					t.Errorf("%d batches reached the machine: %v", after-before, got)
				}
				c.machines["c"] = m.reopened()
				c.start("c", false)
				c.settle()
				c.allCounted("c", 80)
			})
		})
	}
}

// TestAnEntryOfATermThatIsNotReadyIsUncertain: a node loses the leadership, and wins it again, between the question
// whether it leads and the entry. Nobody knows the reply then, and the answer says so.
func TestAnEntryOfATermThatIsNotReadyIsUncertain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network, _ := onMemory(1)
		c := newCluster(t, network, "a", "b", "c")
		defer c.stopAll()
		c.form()
		c.settle()
		a := c.groups["a"]
		send := replication.ProposeLater(a, binary.BigEndian.AppendUint64(nil, 4))
		c.try(func() error { return a.Transfer(t.Context(), "b") })
		c.try(func() error {
			if !c.groups["b"].Ready() {
				return errors.New("b is not ready")
			}
			return nil
		})
		release := c.machines["a"].hold()
		c.count("b", 1, 3)
		c.try(func() error { return c.groups["b"].Transfer(t.Context(), "a") })
		c.try(func() error {
			if !a.Leading() {
				return errors.New("a does not lead")
			}
			return nil
		})
		if reply, err := send().Wait(); fault.CodeOf(err) != fault.Uncertain {
			t.Errorf("the reply is %v, %v", reply, err)
		}
		release(nil)
		c.settle()
		c.allCounted("a", 4)
		c.allCounted("b", 4)
	})
}

// TestClosingDoesNotWaitForAQueue: what is in it is in the log. That holds for one that has just been elected, too.
func TestClosingDoesNotWaitForAQueue(t *testing.T) {
	for _, what := range []string{"follower", "leader"} {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, release := gathering(t, 600)
				defer c.stopAll()
				release(nil)
				c.machines["c"].slow(300 * time.Millisecond)
				if what == "leader" {
					c.try(func() error { return c.groups["a"].Transfer(t.Context(), "c") })
				}
				began := time.Now()
				c.stop("c")
				if took := time.Since(began); took > 7*time.Second {
					t.Errorf("closing took %v", took)
				}
				c.start("c", false)
				c.settle()
				c.allCounted("c", 600)
			})
		})
	}
}
