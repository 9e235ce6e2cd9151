package replication_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/replication"
	"github.com/keelshop/commerce/replication/peer"
)

// TestANewcomerCatchesUpUnderLoad: the log does not reach back to the beginning any more, and goes on growing and being
// truncated while the copy is under way.
func TestANewcomerCatchesUpUnderLoad(t *testing.T) {
	test := func(t *testing.T, network func(string) peer.Network) {
		c := newCluster(t, network, "a", "b")
		c.bytes = 2 << 10
		defer c.stopAll()
		c.start("a", false)
		for i := range 100 {
			c.propose(fmt.Sprint("early ", i))
		}
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			for ctx.Err() == nil {
				c.groups["a"].Propose(ctx, []byte("meanwhile"))
				time.Sleep(5 * time.Millisecond)
			}
		}()
		c.start("b", true)
		a := c.groups["a"]
		if err := a.Add(t.Context(), "b"); err != nil {
			t.Error(err)
		}
		c.try(func() error { return a.Promote(t.Context(), "b") })
		stop()
		<-done
		c.settle()
		if c.machines["b"].copies == 0 {
			t.Error("the newcomer got no copy")
		}
		left, err := filepath.Glob(filepath.Join(c.dirs["b"], "group-*"))
		if err != nil || len(left) > 0 {
			t.Errorf("files are left behind: %v, %v", left, err)
		}
	}
	t.Run("memory", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			network, _ := onMemory(1)
			test(t, network)
		})
	})
	t.Run("tcp", func(t *testing.T) { test(t, onTCP(t)) })
}

// TestACrashWhileACopyIsPutInPlace: the machine fails before or after it has taken the copy over. The next start goes on
// with the copy that was received.
func TestACrashWhileACopyIsPutInPlace(t *testing.T) {
	for _, after := range []bool{false, true} {
		t.Run(fmt.Sprintf("after the swap %v", after), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { crashAtCopy(t, after) })
		})
	}
}

type fragile struct {
	*machine
	after bool
}

func (f *fragile) Replace(path string) error {
	if f.after {
		if err := f.machine.Replace(path); err != nil {
			return err
		}
	}
	return fault.New(fault.Broken, "the power goes")
}

func crashAtCopy(t *testing.T, after bool) {
	network, _ := onMemory(1)
	c := newCluster(t, network, "a", "b")
	c.bytes = 1 << 10
	defer c.stopAll()
	c.start("a", false)
	for i := range 100 {
		c.propose(fmt.Sprint("early ", i))
	}
	n, err := replication.Start(t.Context(), replication.Config{Dir: c.dirs["b"], NodeID: "b", Joining: true, Network: network("b"), SnapshotBytes: c.bytes})
	if err != nil {
		t.Fatal(err)
	}
	m := &fragile{c.machines["b"], after}
	if _, err := n.AddGroup(t.Context(), 1, m); err != nil {
		t.Fatal(err)
	}
	if err := c.groups["a"].Add(t.Context(), "b"); err != nil {
		t.Fatal(err)
	}
	<-n.Failed()
	if err := n.Close(); err != nil {
		t.Error(err)
	}
	c.start("b", true)
	if c.machines["b"].now().entries < 50 {
		t.Errorf("after the restart the machine is at %+v", c.machines["b"].now())
	}
	c.settle()
}

// behind makes three nodes of which c lacks entries that have left the logs of the others, stops all, and starts b and c
// again. So b is elected with the vote of c, and cannot confirm anything before c has a copy.
func behind(t *testing.T, c *cluster) {
	c.bytes = 1 << 10
	c.form()
	c.stop("c")
	for i := range 100 {
		c.propose(fmt.Sprint("without c ", i))
	}
	c.settle()
	// A change of members that the marker in the log knows nothing of.
	c.try(func() error { return c.groups["a"].Add(t.Context(), "d") })
	c.try(func() error { return c.groups["a"].Remove(t.Context(), "d") })
	c.settle()
	c.stopAll()
}

// TestALeaderMayHaveToCopyFirst: a leader that has just been elected finds only one other node, which needs a copy.
func TestALeaderMayHaveToCopyFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network, _ := onMemory(1)
		c := newCluster(t, network, "a", "b", "c")
		defer c.stopAll()
		behind(t, c)
		c.start("b", false)
		c.start("c", false)
		c.settle()
		if c.machines["c"].copies == 0 {
			t.Error("c got no copy")
		}
		for _, m := range c.groups["c"].Members() {
			if !m.Voter || m.Node == "d" {
				t.Errorf("the copy says that the members are %+v", c.groups["c"].Members())
			}
		}
	})
}

// TestACopyNeedsRoom: a node without room for a copy takes none, and stops for that as little as the one that sends it.
// When there is room the copy comes.
func TestACopyNeedsRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network, _ := onMemory(1)
		c := newCluster(t, network, "a", "b", "c")
		defer c.stopAll()
		behind(t, c)
		var full atomic.Bool
		full.Store(true)
		var asked, parts atomic.Int64
		c.start("b", false)
		c.room = func(bytes int64) error { // on c
			asked.Add(bytes)
			if bytes == 1<<20 {
				parts.Add(1)
			}
			if full.Load() {
				return fault.New(fault.Unavailable, "the disk is full")
			}
			return nil
		}
		c.start("c", false)
		time.Sleep(time.Minute)
		if n := parts.Load(); n > 0 {
			t.Errorf("%d times it has begun to take a copy for which there is no room", n)
		}
		if c.machines["c"].copies > 0 || asked.Load() == 0 {
			t.Errorf("%d copies were put in place, and there was no room (%d bytes were asked for)", c.machines["c"].copies, asked.Load())
		}
		for _, name := range []string{"b", "c"} {
			if err := c.nodes[name].Err(); err != nil {
				t.Errorf("node %s has stopped: %v", name, err)
			}
		}
		full.Store(false)
		c.settle()
		if c.machines["c"].copies == 0 {
			t.Error("c got no copy")
		}
	})
}

// TestALateCopyTakesNothingBack: a crash after a copy has taken its place leaves its file behind, and this node goes on
// before it looks at it again.
func TestALateCopyTakesNothingBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network, _ := onMemory(1)
		c := newCluster(t, network, "a", "b", "c")
		defer c.stopAll()
		behind(t, c)
		path, kept := filepath.Join(c.dirs["c"], "group-1.incoming"), []byte(nil)
		c.machines["c"].replaced = func() {
			var err error
			if kept, err = os.ReadFile(path); err != nil {
				t.Error(err)
			}
		}
		for _, name := range []string{"a", "b", "c"} {
			c.start(name, false)
		}
		c.settle()
		for _, further := range []int{0, 10} {
			for i := range further {
				c.propose(fmt.Sprint("after the copy ", i))
			}
			c.settle()
			copies := c.machines["c"].copies // a leader that is slow to hear of the first one sends another
			c.stop("c")
			if err := os.WriteFile(path, kept, 0o600); err != nil || len(kept) == 0 {
				t.Fatal(err, len(kept))
			}
			c.start("c", false)
			if n := c.machines["c"].copies; n != copies {
				t.Errorf("the machine was replaced %d times, before that %d", n, copies)
			}
			if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("the file is still there: %v", err)
			}
			c.settle()
		}
	})
}

// TestClosingALeaderThatCannotConfirm: its followers hear it, so it goes on leading, but they acknowledge nothing.
func TestClosingALeaderThatCannotConfirm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network, _ := onMemory(1)
		c := newCluster(t, network, "a", "b", "c")
		defer c.stopAll()
		behind(t, c)
		c.machines["b"].uncopied = fault.New(fault.Unavailable, "it cannot be copied")
		c.start("b", false)
		c.start("c", false)
		c.try(func() error {
			if !c.groups["b"].Leading() {
				return errors.New("b does not lead")
			}
			return nil
		})
		time.Sleep(10 * time.Second)
		if !c.groups["b"].Leading() || c.groups["b"].Ready() {
			t.Error("b has confirmed something, or does not lead any more")
		}
		c.stop("b")
	})
}

func TestADamagedCopyIsRefused(t *testing.T) {
	network, _ := onMemory(1)
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t, network, "a")
		c.start("a", false)
		c.propose("one")
		c.stop("a")
		path := filepath.Join(c.dirs["a"], "group-1.incoming")
		if err := os.WriteFile(path, []byte("not a copy, but long enough to be taken for one at first sight"), 0o600); err != nil {
			t.Fatal(err)
		}
		n := start(t, replication.Config{Dir: c.dirs["a"], NodeID: "a"})
		if _, err := n.AddGroup(t.Context(), 1, c.machines["a"]); fault.CodeOf(err) != fault.Broken {
			t.Errorf("got %v", err)
		}
	})
}

// TestTheLogOutlastsACopy: a copy takes five seconds, in which more is written than the log may hold. A
// newcomer catches up all the same, since the log then keeps what is written during a copy.
func TestTheLogOutlastsACopy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network, _ := onMemory(1)
		c := newCluster(t, network, "a", "b")
		c.bytes = 192 << 10
		defer c.stopAll()
		c.start("a", false)
		c.machines["a"].slowly = 5 * time.Second
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			for ctx.Err() == nil {
				c.groups["a"].Propose(ctx, make([]byte, 10_000))
				time.Sleep(100 * time.Millisecond)
			}
		}()
		time.Sleep(10 * time.Second)
		c.start("b", true)
		a := c.groups["a"]
		if err := a.Add(t.Context(), "b"); err != nil {
			t.Error(err)
		}
		for began := time.Now(); a.Promote(t.Context(), "b") != nil; time.Sleep(time.Second) {
			if time.Since(began) > 5*time.Minute {
				t.Fatalf("after %d copies it has not caught up", c.machines["b"].copies)
			}
		}
		stop()
		<-done
		c.settle()
		if n := c.machines["b"].copies; n < 1 || n > 3 {
			t.Errorf("it took %d copies", n)
		}
	})
}
